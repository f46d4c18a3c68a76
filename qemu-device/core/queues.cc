// SPDX-License-Identifier: GPL-2.0-or-later
#include "queues.hh"

#include <bit>

namespace ena
{

namespace
{
constexpr unsigned int word_size = 4;

constexpr const char *name(Direction d)
{
	return d == Direction::tx ? "TX" : "RX";
}
} // namespace

ena_admin_status Queues::check_depth(const char *what, Direction d, uint16_t depth)
{
	if (Ring::valid_depth(depth) && depth >= min_queue_depth && depth <= max_depth(d))
		return ENA_ADMIN_SUCCESS;
	return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
			    "%s: %s depth %u is not a power of two between %u and %u", what,
			    name(d), depth, min_queue_depth, max_depth(d));
}

bool Queues::may_be(Direction d, size_t size) const
{
	const bool stamps = config_.features & ENA_BIT(ENA_FEATURE_HW_TIMESTAMP);

	if (d == Direction::tx)
		return size == sizeof(ena_tx_cdesc) || (stamps && size == sizeof(ena_tx_cdesc_ext));
	return size == sizeof(ena_rx_cdesc) || (stamps && size == sizeof(ena_rx_cdesc_ext));
}

Queues::Use Queues::in_use() const
{
	Use use;

	for (const QueueSlot &slot : slots_) {
		if (!slot.cq.live)
			continue;
		const uint16_t size = slot.cq.ring.ring().entry_size();
		const bool tx = slot.sq.live ? slot.sq.direction == Direction::tx
					     : !may_be(Direction::rx, size);
		const bool rx = slot.sq.live ? !tx : !may_be(Direction::tx, size);
		use.total++;
		use.tx = static_cast<uint16_t>(use.tx + tx);
		use.rx = static_cast<uint16_t>(use.rx + rx);
	}
	return use;
}

ena_admin_status Queues::check_entry_size(uint32_t words)
{
	if (may_be(Direction::tx, words * word_size) || may_be(Direction::rx, words * word_size))
		return ENA_ADMIN_SUCCESS;
	if (config_.features & ENA_BIT(ENA_FEATURE_HW_TIMESTAMP))
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_CQ: entries of %u words, must be 2 (TX), 4 (RX, or TX "
				    "with timestamps) or 8 (RX with timestamps)",
				    words);
	return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
			    "CREATE_CQ: entries of %u words, must be 2 (TX) or 4 (RX)", words);
}

ena_admin_status Queues::create_cq(const ena_create_cq_cmd &cmd, ena_create_cq_resp &resp)
{
	const uint32_t words = field_get(ENA_CQ_CAPS2_ENTRY_WORDS, cmd.caps2);
	const uint16_t depth = cmd.depth.get();
	const uint32_t vector = cmd.msix_vector.get();

	if (const auto status = check_entry_size(words))
		return status;
	const auto entry_size = static_cast<uint16_t>(words * word_size);
	const bool tx = may_be(Direction::tx, entry_size), rx = may_be(Direction::rx, entry_size);
	/* While it may be of both, the one that allows more. */
	const Direction direction =
		tx && (!rx || config_.tx_depth > config_.rx_depth) ? Direction::tx : Direction::rx;
	if (const auto status = check_depth("CREATE_CQ", direction, depth))
		return status;
	if (vector != ENA_CQ_NO_VECTOR && vector >= config_.vectors)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_CQ: vector %u, the adapter has 0 to %u", vector,
				    config_.vectors - 1u);
	if (!bus_address(cmd.base))
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER, "CREATE_CQ: ring address is 0");

	std::optional<QueueIndex> free_slot;
	for (uint16_t i = 0; i < max_queue_slots && !free_slot; i++)
		if (!slots_[i].cq.live)
			free_slot = QueueIndex{i};
	const Use use = in_use();
	const bool room = (tx && use.tx < config_.queues) || (rx && use.rx < config_.queues);
	if (!room || use.total >= 2 * config_.queues || !free_slot)
		return host_.refuse(ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE,
				    "CREATE_CQ: all %u %s completion queues are in use",
				    config_.queues, name(direction));

	const bool silent = vector == ENA_CQ_NO_VECTOR || !(cmd.caps1 & ENA_CQ_CAPS1_INTERRUPT);
	const Ring ring(bus_address(cmd.base), depth, entry_size);
	CompletionQueue &cq = slots_[free_slot->value].cq;
	cq.live = true;
	cq.vector = silent ? no_vector : static_cast<uint16_t>(vector);
	cq.ring = CompletionRing(ring, cdesc_phase_byte);

	resp.cq_idx.set(free_slot->value);
	resp.actual_depth.set(depth);
	resp.numa_node_offset.set(register_offset(*free_slot, QueueRegister::numa));
	resp.unmask_offset.set(register_offset(*free_slot, QueueRegister::unmask));
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Queues::destroy_cq(const ena_destroy_cq_cmd &cmd)
{
	const uint16_t index = cmd.cq_idx.get();

	if (index >= max_queue_slots || !slots_[index].cq.live)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "DESTROY_CQ: there is no completion queue %u", index);
	if (slots_[index].sq.live)
		return host_.refuse(ENA_ADMIN_RESOURCE_BUSY,
				    "DESTROY_CQ: submission queue %u still completes to it, "
				    "destroy that first",
				    index);
	slots_[index].cq = {};
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Queues::check_placement(const ena_create_sq_cmd &cmd, Direction direction)
{
	const uint32_t placement = field_get(ENA_SQ_CAPS2_PLACEMENT, cmd.caps2);

	if (placement == ENA_PLACEMENT_HOST) {
		if (bus_address(cmd.base))
			return ENA_ADMIN_SUCCESS;
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER, "CREATE_SQ: ring address is 0");
	}
	if (placement != ENA_PLACEMENT_DEVICE)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_SQ: placement %u, must be %u (host memory) or %u (the "
				    "adapter)",
				    placement, ENA_PLACEMENT_HOST, ENA_PLACEMENT_DEVICE);
	if (!llq_.offered())
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_SQ: placement %u, only %u (host memory) is offered: "
				    "feature 4 (LLQ) is not announced",
				    placement, ENA_PLACEMENT_HOST);
	if (direction == Direction::rx)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_SQ: placement %u for an RX queue, which must lie in "
				    "host memory (%u)",
				    placement, ENA_PLACEMENT_HOST);
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Queues::check_sq(const ena_create_sq_cmd &cmd, Direction direction)
{
	const uint16_t cq_idx = cmd.cq_idx.get();

	if (const auto status = check_placement(cmd, direction))
		return status;
	if (const auto status = check_depth("CREATE_SQ", direction, cmd.depth.get()))
		return status;
	if (cq_idx >= max_queue_slots || !slots_[cq_idx].cq.live)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_SQ: there is no completion queue %u", cq_idx);

	const CompletionQueue &cq = slots_[cq_idx].cq;
	const Direction other = direction == Direction::tx ? Direction::rx : Direction::tx;
	if (!may_be(direction, cq.ring.ring().entry_size()))
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_SQ: completion queue %u has the entry size of %s, the "
				    "queue is %s",
				    cq_idx, name(other), name(direction));
	if (slots_[cq_idx].sq.live)
		return host_.refuse(ENA_ADMIN_RESOURCE_BUSY,
				    "CREATE_SQ: completion queue %u already has a submission queue",
				    cq_idx);
	if (cmd.depth.get() > cq.ring.ring().depth())
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_SQ: depth %u, its completion queue has only %u",
				    cmd.depth.get(), cq.ring.ring().depth());
	/* One that was undecided until now. */
	if (may_be(other, cq.ring.ring().entry_size()) && in_use().of(direction) >= config_.queues)
		return host_.refuse(ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE,
				    "CREATE_SQ: all %u %s queues are in use", config_.queues,
				    name(direction));
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Queues::create_sq(const ena_create_sq_cmd &cmd, ena_create_sq_resp &resp)
{
	const uint32_t wire_direction = field_get(ENA_SQ_IDENTITY_DIRECTION, cmd.identity);

	if (wire_direction != ENA_SQ_TX && wire_direction != ENA_SQ_RX)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_SQ: direction %u, must be %u (TX) or %u (RX)",
				    wire_direction, ENA_SQ_TX, ENA_SQ_RX);
	const auto direction = static_cast<Direction>(wire_direction);
	if (const auto status = check_sq(cmd, direction))
		return status;

	const QueueIndex q{cmd.cq_idx.get()};
	QueueSlot &slot = slots_[q.value];
	static_assert(sizeof(ena_tx_desc) == sizeof(ena_rx_desc));
	slot.sq = {};
	slot.sq.ring = Ring(bus_address(cmd.base), cmd.depth.get(), sizeof(ena_tx_desc));
	if (field_get(ENA_SQ_CAPS2_PLACEMENT, cmd.caps2) == ENA_PLACEMENT_DEVICE) {
		if (const auto status = llq_.claim(cmd.depth.get(), slot.sq.llq))
			return status;
		slot.sq.ring = llq_.ring(slot.sq.llq, cmd.depth.get());
		resp.llq_descriptors_offset.set(static_cast<uint32_t>(slot.sq.ring.at(0).value));
	}
	slot.sq.live = true;
	slot.sq.direction = direction;
	slot.tx = {};
	slot.rx = {};
	if (direction == Direction::rx) {
		running_rx_ |= q.bit();
		slot.sq.number = static_cast<uint16_t>(std::countr_one(rx_numbers_));
		rx_numbers_ |= 1u << slot.sq.number;
		rx_by_number_[slot.sq.number] = q;
	}

	slot.traffic = {};
	host_.tell(Happening(ENA_HISTORY_QUEUE_CREATED).with(ENA_HISTORY_QUEUE, q.value),
		   "%s queue %u created, %u entries, completions %u, vector %d", name(direction),
		   q.value, cmd.depth.get(), slot.cq.ring.ring().depth(),
		   slot.cq.vector == no_vector ? -1 : slot.cq.vector);

	resp.sq_idx.set(q.value);
	resp.doorbell_offset.set(register_offset(q, QueueRegister::doorbell));
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Queues::destroy_sq(const ena_destroy_sq_cmd &cmd)
{
	const uint32_t wire_direction = field_get(ENA_SQ_IDENTITY_DIRECTION, cmd.identity);
	QueueSlot *slot = find(cmd.sq_idx.get(), static_cast<Direction>(wire_direction));

	if (!slot)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "DESTROY_SQ: there is no submission queue %u of direction %u",
				    cmd.sq_idx.get(), wire_direction);
	const QueueIndex q{cmd.sq_idx.get()};
	host_.tell(Happening(ENA_HISTORY_QUEUE_DESTROYED).with(ENA_HISTORY_QUEUE, q.value),
		   "%s queue %u destroyed", name(slot->sq.direction), q.value);
	llq_.release(slot->sq.llq);
	if (slot->sq.direction == Direction::rx)
		rx_numbers_ &= ~(1u << slot->sq.number);
	slot->sq = {};
	running_rx_ &= ~q.bit();
	return ENA_ADMIN_SUCCESS;
}

QueueSlot *Queues::find(uint32_t index, Direction direction)
{
	if (index >= max_queue_slots || !slots_[index].sq.live ||
	    slots_[index].sq.direction != direction)
		return nullptr;
	return &slots_[index];
}

std::optional<QueueIndex> Queues::first_rx() const
{
	if (!running_rx_)
		return std::nullopt;
	return QueueIndex{static_cast<uint16_t>(std::countr_zero(running_rx_))};
}

std::optional<QueueIndex> Queues::running_rx(uint16_t number) const
{
	if (number >= rx_by_number_.size() || !(rx_numbers_ >> number & 1))
		return std::nullopt;
	const QueueIndex q = rx_by_number_[number];
	return running_rx_ & q.bit() ? std::optional(q) : std::nullopt;
}

bool Queues::ring_doorbell(QueueIndex q, uint16_t tail)
{
	SubmissionQueue &sq = slots_[q.value].sq;

	if (!sq.live) {
		host_.complain("doorbell of queue %u, which does not exist", q.value);
		return false;
	}
	if (sq.stopped)
		return false;
	const uint32_t waiting = uint32_t{static_cast<uint16_t>(tail - sq.head)} +
				 (sq.direction == Direction::rx ? slots_[q.value].rx.held() : 0u);
	if (waiting > sq.ring.depth()) {
		host_.complain("doorbell of queue %u: tail %u is %u entries ahead of the adapter, "
			       "the ring has %u",
			       q.value, tail, waiting, sq.ring.depth());
		stop(q, "its doorbell is out of range");
		return false;
	}
	const uint16_t burst = sq.llq.layout.burst;
	const auto rung = static_cast<uint16_t>(tail - sq.tail);
	if (burst && rung > burst) {
		host_.complain("doorbell of queue %u: %u entries at once, the limit of a burst is "
			       "%u",
			       q.value, rung, burst);
		stop(q, "its doorbell is beyond the limit of a burst");
		return false;
	}
	sq.tail = tail;
	return true;
}

void Queues::stop(QueueIndex q, const char *why)
{
	slots_[q.value].sq.stopped = true;
	slots_[q.value].sq.why_stopped = why;
	running_rx_ &= ~q.bit();
	host_.complain(Happening(ENA_HISTORY_QUEUE_STOPPED, why).with(ENA_HISTORY_QUEUE, q.value),
		       "%s queue %u is stopped until it is created again: %s",
		       name(slots_[q.value].sq.direction), q.value, why);
	events_.post(ENA_AENQ_WARNING);
}

unsigned int Queues::live() const
{
	unsigned int n = 0;
	for (const QueueSlot &slot : slots_)
		n += slot.sq.live;
	return n;
}

void Queues::reset()
{
	running_rx_ = 0;
	llq_.reset();
	rx_numbers_ = 0;
	for (QueueSlot &slot : slots_) {
		slot.cq = {};
		slot.sq = {};
		slot.tx = {};
		slot.rx = {};
	}
}

} // namespace ena
