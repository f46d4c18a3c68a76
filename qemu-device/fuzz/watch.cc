// SPDX-License-Identifier: GPL-2.0-or-later
#include "watch.hh"

#include "tests/fuzz/input.hh"

#include <utility>

namespace fuzz
{

namespace
{
using ull = unsigned long long;

template <class T> T from_bytes(std::span<const uint8_t> bytes)
{
	T value;
	FUZZ_CHECK(bytes.size() >= sizeof(value), "%zu bytes for %zu", bytes.size(), sizeof(value));
	memcpy(&value, bytes.data(), sizeof(value));
	return value;
}
template <class To, class From> To as(const From &from)
{
	To to;
	static_assert(sizeof(to) <= sizeof(from));
	memcpy(&to, &from, sizeof(to));
	return to;
}
void set_lo(uint64_t &address, uint64_t value)
{
	address = (address & ~uint64_t{0xffffffff}) | (value & 0xffffffff);
}
void set_hi(uint64_t &address, uint64_t value)
{
	address = (address & 0xffffffff) | value << 32;
}
bool is_create(const ena_aq_entry &command)
{
	return command.common.opcode == ENA_ADMIN_CREATE_CQ ||
	       command.common.opcode == ENA_ADMIN_CREATE_SQ;
}
} // namespace

void Watch::reset()
{
	answer_ = aq_base_ = acq_base_ = aenq_base_ = 0;
	aq_ = acq_ = aenq_ = time_ = {};
	masked_ = false;
	exact_ = true;
	command_.reset();
	cqs_.clear();
	sqs_.clear();
	unmask_.clear();
	vectors_.clear();
	armed_.clear();
}

void Watch::power_on_reset()
{
	reset();
	in_reset_ = false;
}

std::optional<Region> Watch::admin_ring(uint64_t base, uint32_t caps)
{
	const uint32_t depth = ena::field_get(ENA_RING_CAPS_DEPTH, caps);
	const uint32_t size = ena::field_get(ENA_RING_CAPS_ENTRY_SIZE, caps);

	if (!base || !depth || depth & (depth - 1) || size != ENA_ADMIN_ENTRY_SIZE)
		return std::nullopt;
	return Region{base, uint64_t{depth} * size};
}

void Watch::register_write(uint64_t offset, uint64_t value64, unsigned int size)
{
	const auto value = static_cast<uint32_t>(value64);
	const auto activate = [&](Region &ring, uint64_t base) {
		if (const auto given = admin_ring(base, value)) {
			ring = {};
			claim(*given);
			ring = *given;
		}
	};

	if (size != 4 || offset % 4 || offset >= ENA_DEVICE_BAR0_SIZE)
		return;
	switch (offset) {
	case ENA_REG_MMIO_RESP_LO:
		return set_lo(answer_, value);
	case ENA_REG_MMIO_RESP_HI:
		return set_hi(answer_, value);
	case ENA_REG_MMIO_REG_READ:
		claim({answer_, sizeof(ena_mmio_read_resp)});
		answering_ = true;
		return;
	case ENA_REG_DEV_CTL:
		if (value & ENA_DEV_CTL_RESET)
			reset();
		in_reset_ = value & ENA_DEV_CTL_RESET;
		return;
	default:
		break;
	}
	if (in_reset_)
		return;
	switch (offset) {
	case ENA_REG_AQ_BASE_LO:
		return set_lo(aq_base_, value);
	case ENA_REG_AQ_BASE_HI:
		return set_hi(aq_base_, value);
	case ENA_REG_ACQ_BASE_LO:
		return set_lo(acq_base_, value);
	case ENA_REG_ACQ_BASE_HI:
		return set_hi(acq_base_, value);
	case ENA_REG_AENQ_BASE_LO:
		return set_lo(aenq_base_, value);
	case ENA_REG_AENQ_BASE_HI:
		return set_hi(aenq_base_, value);
	case ENA_REG_AQ_CAPS:
		return activate(aq_, aq_base_);
	case ENA_REG_ACQ_CAPS:
		return activate(acq_, acq_base_);
	case ENA_REG_AENQ_CAPS:
		return activate(aenq_, aenq_base_);
	case ENA_REG_INTR_MASK:
		masked_ = value & ENA_INTR_MASK_MGMT;
		return;
	case ENA_REG_PHC_DB:
		telling_time_ = true;
		return;
	default:
		return queue_register_write(static_cast<uint32_t>(offset), value);
	}
}

void Watch::queue_register_write(uint32_t offset, uint32_t value)
{
	if (const auto unmask = unmask_.find(offset);
	    unmask != unmask_.end() && value & ENA_INTR_UNMASK)
		armed_.insert(unmask->second);
	for (SubmissionQueue &q : sqs_)
		if (q.doorbell && q.doorbell == offset) {
			q.rung += static_cast<uint16_t>(value - q.tail);
			q.tail = static_cast<uint16_t>(value);
		}
}

bool Watch::touches_ring(const Region &region) const
{
	bool touches = aq_.overlaps(region) || acq_.overlaps(region) || aenq_.overlaps(region) ||
		       Region{answer_, sizeof(ena_mmio_read_resp)}.overlaps(region);
	for (const CompletionQueue &q : cqs_)
		touches |= q.ring.overlaps(region);
	for (const SubmissionQueue &q : sqs_)
		touches |= q.ring.overlaps(region);
	return touches;
}

bool Watch::touches_buffer(const Region &region) const
{
	bool touches = false;
	for (const SubmissionQueue &q : sqs_) {
		for (const RxBuffer &buffer : q.rx_buffers)
			touches |= buffer.region.overlaps(region);
		for (const auto &[address, length] : q.tx_buffers)
			touches |= Region{address, length}.overlaps(region);
	}
	return touches;
}

void Watch::claim(const Region &region)
{
	if (region.base == answer_ && region.size == sizeof(ena_mmio_read_resp)) {
		const uint64_t answer = std::exchange(answer_, 0);
		exact_ &= !touches_ring(region);
		answer_ = answer;
	} else {
		exact_ &= !touches_ring(region) && !touches_buffer(region);
	}
}

Region Watch::control_buffer() const
{
	return {ena::load(command_->ctrl.address), command_->ctrl.length.get()};
}

/* Of the command, if it is one that gives one. */
Region Watch::host_page() const
{
	const auto set = as<ena_set_feature_cmd>(*command_);
	ena_host_attr attr;

	if (set.feature.feature_id != ENA_FEATURE_HOST_ATTR)
		return {};
	memcpy(&attr, set.data, sizeof(attr));
	return {ena::load(attr.os_info), ENA_HOST_INFO_PAGE};
}

bool Watch::may_read(const Region &r) const
{
	if (aq_.contains(r.base, r.size))
		return true;
	if (command_ && command_->common.opcode == ENA_ADMIN_SET_FEATURE) {
		if (control_buffer().contains(r.base, r.size) ||
		    host_page().contains(r.base, r.size))
			return true;
	}
	for (const SubmissionQueue &q : sqs_) {
		if (q.llq || q.ring.contains(r.base, r.size))
			return true;
		for (const auto &[address, length] : q.tx_buffers)
			if (Region{address, length}.contains(r.base, r.size))
				return true;
	}
	return false;
}

bool Watch::may_write(const Region &r) const
{
	if (answering_ && r.base == answer_ && r.size == sizeof(ena_mmio_read_resp))
		return true;
	if (telling_time_ && time_.contains(r.base, r.size))
		return true;
	if (acq_.contains(r.base, r.size) || aenq_.contains(r.base, r.size))
		return true;
	if (command_ &&
	    (command_->common.opcode == ENA_ADMIN_GET_FEATURE ||
	     command_->common.opcode == ENA_ADMIN_GET_STATS) &&
	    control_buffer().contains(r.base, r.size))
		return true;
	for (const CompletionQueue &q : cqs_)
		if (q.ring.contains(r.base, r.size))
			return true;
	for (const SubmissionQueue &q : sqs_)
		for (const RxBuffer &buffer : q.rx_buffers)
			if (buffer.region.contains(r.base, r.size))
				return true;
	return false;
}

void Watch::map(uint64_t address, size_t length) const
{
	FUZZ_CHECK(may_read({address, length}), "map of %zu bytes at 0x%llx", length,
		   static_cast<ull>(address));
}

void Watch::read(uint64_t address, std::span<const uint8_t> bytes, bool worked)
{
	FUZZ_CHECK(may_read({address, bytes.size()}), "read of %zu bytes at 0x%llx", bytes.size(),
		   static_cast<ull>(address));
	if (!worked)
		return;
	if (aq_.contains(address, bytes.size()) && bytes.size() == ENA_ADMIN_ENTRY_SIZE &&
	    !(command_ && exact_ && control_buffer().contains(address, bytes.size())))
		begin_command(bytes);
	for (SubmissionQueue &q : sqs_)
		if (q.ring.size && q.ring.contains(address, bytes.size()))
			read_descriptors(q, bytes);
}

void Watch::begin_command(std::span<const uint8_t> bytes)
{
	const auto command = from_bytes<ena_aq_entry>(bytes);

	command_ = command;
	time_asked_ = {};
	exact_ &= !touches_ring(control_buffer());
	if (command.common.opcode == ENA_ADMIN_SET_FEATURE)
		exact_ &= !touches_ring(host_page());
	if (const auto set = as<ena_set_feature_cmd>(command);
	    command.common.opcode == ENA_ADMIN_SET_FEATURE &&
	    set.feature.feature_id == ENA_FEATURE_PHC) {
		ena_phc_config phc;
		memcpy(&phc, set.data, sizeof(phc));
		time_asked_ = {ena::load(phc.output_address), sizeof(ena_phc_answer)};
		exact_ &= !touches_ring(time_asked_) && !touches_buffer(time_asked_);
	}
	if (command.common.opcode == ENA_ADMIN_CREATE_CQ) {
		const auto create = as<ena_create_cq_cmd>(command);
		CompletionQueue q;
		q.depth = create.depth.get();
		q.entry = static_cast<uint16_t>(
			4 * ena::field_get(ENA_CQ_CAPS2_ENTRY_WORDS, create.caps2));
		q.ring = {ena::load(create.base), uint64_t{q.depth} * q.entry};
		q.vector = create.msix_vector.get();
		q.bytes.resize(q.ring.size);
		claim(q.ring);
		cqs_.push_back(std::move(q));
	} else if (command.common.opcode == ENA_ADMIN_CREATE_SQ) {
		const auto create = as<ena_create_sq_cmd>(command);
		SubmissionQueue q;
		q.rx = ena::field_get(ENA_SQ_IDENTITY_DIRECTION, create.identity) == ENA_SQ_RX;
		q.cq = create.cq_idx.get();
		q.llq = ena::field_get(ENA_SQ_CAPS2_PLACEMENT, create.caps2) ==
			ENA_PLACEMENT_DEVICE;
		/* Completions may then overrun each other before anybody sees them. */
		for (const CompletionQueue &cq : cqs_)
			exact_ &= cq.index != q.cq || cq.depth >= create.depth.get();
		if (!q.llq)
			q.ring = {ena::load(create.base), create.depth.get() * sizeof(ena_tx_desc)};
		claim(q.ring);
		sqs_.push_back(std::move(q));
	}
}

void Watch::end_command(const ena_acq_entry &answer)
{
	const ena_aq_entry command = *command_;
	const bool success = answer.common.status == ENA_ADMIN_SUCCESS;

	command_.reset();
	FUZZ_CHECK(answer.common.command_id.get() == (command.common.command_id.get() & 0xfff),
		   "answer to command 0x%x has id 0x%x", command.common.command_id.get(),
		   answer.common.command_id.get());
	if (!success && is_create(command)) {
		if (command.common.opcode == ENA_ADMIN_CREATE_CQ)
			cqs_.pop_back();
		else
			sqs_.pop_back();
		return;
	}
	if (!success)
		return;
	if (command.common.opcode == ENA_ADMIN_SET_FEATURE && time_asked_.size)
		time_ = std::exchange(time_asked_, {});
	if (command.common.opcode == ENA_ADMIN_CREATE_CQ) {
		const auto created = as<ena_create_cq_resp>(answer);
		CompletionQueue &q = cqs_.back();
		q.index = created.cq_idx.get();
		if (q.vector != ENA_CQ_NO_VECTOR) {
			unmask_[created.unmask_offset.get()] = q.vector;
			vectors_.insert(q.vector);
		}
	} else if (command.common.opcode == ENA_ADMIN_CREATE_SQ) {
		sqs_.back().doorbell = as<ena_create_sq_resp>(answer).doorbell_offset.get();
	} else if (command.common.opcode == ENA_ADMIN_DESTROY_CQ) {
		const uint16_t index = as<ena_destroy_cq_cmd>(command).cq_idx.get();
		const auto gone = std::find_if(cqs_.begin(), cqs_.end(),
					       [&](const auto &q) { return q.index == index; });
		FUZZ_CHECK(gone != cqs_.end(), "completion queue %u was destroyed", index);
		cqs_.erase(gone);
	} else if (command.common.opcode == ENA_ADMIN_DESTROY_SQ) {
		const uint16_t index = as<ena_destroy_sq_cmd>(command).sq_idx.get();
		const auto gone = std::find_if(sqs_.begin(), sqs_.end(),
					       [&](const auto &q) { return q.cq == index; });
		FUZZ_CHECK(gone != sqs_.end(), "submission queue %u was destroyed", index);
		sqs_.erase(gone);
	}
}

void Watch::read_descriptors(SubmissionQueue &q, std::span<const uint8_t> bytes)
{
	for (; bytes.size() >= sizeof(ena_tx_desc); bytes = bytes.subspan(sizeof(ena_tx_desc))) {
		if (q.rx) {
			const auto d = from_bytes<ena_rx_desc>(bytes);
			const uint32_t length = d.length.get() ? d.length.get() : 65536u;
			const Region buffer{d.addr_lo.get() | uint64_t{d.addr_hi.get()} << 32,
					    length};
			exact_ &= !touches_ring(buffer);
			q.rx_buffers.push_back({buffer, d.req_id.get()});
			continue;
		}
		const auto d = from_bytes<ena_tx_desc>(bytes);
		const uint32_t word0 = d.word0.get();
		if (word0 & ENA_TXD_META)
			continue;
		const uint64_t address = d.addr_lo.get() | uint64_t{d.word3.get() & 0xffff} << 32;
		const uint32_t length = ena::field_get(ENA_TXD0_LENGTH, word0);
		exact_ &= !touches_ring({address, length});
		q.tx_buffers.insert({address, length});
		q.tx_ids.insert(
			static_cast<uint16_t>(ena::field_get(ENA_TXD0_REQ_ID_HI, word0) << 10 |
					      ena::field_get(ENA_TXD1_REQ_ID_LO, d.word1.get())));
	}
}

void Watch::write(uint64_t address, std::span<const uint8_t> bytes, bool worked)
{
	FUZZ_CHECK(may_write({address, bytes.size()}), "write of %zu bytes at 0x%llx", bytes.size(),
		   static_cast<ull>(address));
	const bool answer = acq_.contains(address, bytes.size());
	if (!worked) {
		/* What the adapter did before is known to it alone. */
		if (answer)
			exact_ = false;
		return;
	}
	if (!exact_)
		return;
	if (answer && bytes.size() == ENA_ADMIN_ENTRY_SIZE) {
		FUZZ_CHECK(command_, "an answer without a command");
		FUZZ_CHECK((address - acq_.base) % ENA_ADMIN_ENTRY_SIZE == 0, "misplaced answer");
		end_command(from_bytes<ena_acq_entry>(bytes));
	}
	for (CompletionQueue &q : cqs_)
		if (q.ring.contains(address, bytes.size()))
			write_completion(q, address, bytes);
}

void Watch::write_completion(CompletionQueue &q, uint64_t address, std::span<const uint8_t> bytes)
{
	const uint64_t at = address - q.ring.base;
	constexpr size_t phase_byte = 3; /* of both kinds */

	FUZZ_CHECK(bytes.size() == 1 ? at % q.entry == phase_byte
				     : at % q.entry == 0 && bytes.size() % q.entry == 0,
		   "completion of %zu bytes at 0x%llx of the ring", bytes.size(),
		   static_cast<ull>(at));
	std::copy(bytes.begin(), bytes.end(), q.bytes.begin() + static_cast<ptrdiff_t>(at));
	if (bytes.size() != 1)
		return;
	for (;;) {
		const std::span<const uint8_t> entry(&q.bytes[size_t{q.entry} * (q.head % q.depth)],
						     q.entry);
		if ((entry[phase_byte] & 1) != (q.head & q.depth ? 0 : 1))
			return;
		q.head++;
		const SubmissionQueue *sq = queue_of(q);
		FUZZ_CHECK(sq, "a completion without a queue");
		/* Longer entries begin with the same. */
		if (sq->rx)
			complete_rx(q, from_bytes<ena_rx_cdesc>(entry));
		else
			complete_tx(q, from_bytes<ena_tx_cdesc>(entry));
	}
}

Watch::SubmissionQueue *Watch::queue_of(const CompletionQueue &q)
{
	for (SubmissionQueue &sq : sqs_)
		if (q.index == sq.cq)
			return &sq;
	return nullptr;
}

void Watch::complete_tx(CompletionQueue &q, const ena_tx_cdesc &c)
{
	SubmissionQueue *sq = queue_of(q);

	FUZZ_CHECK(sq->llq || sq->tx_ids.count(c.req_id.get()), "req_id %u was never given",
		   c.req_id.get());
	FUZZ_CHECK(++sq->completed <= sq->rung, "%llu completions of %llu descriptors",
		   static_cast<ull>(sq->completed), static_cast<ull>(sq->rung));
	FUZZ_CHECK(!(c.flags & ENA_TX_CDESC_MBZ), "flags 0x%x", c.flags);
	tx_completions_++;
}

void Watch::complete_rx(CompletionQueue &q, const ena_rx_cdesc &c)
{
	const uint32_t status = c.status.get();
	SubmissionQueue *sq = queue_of(q);

	FUZZ_CHECK(!sq->rx_buffers.empty(), "more completions than buffers");
	const RxBuffer buffer = sq->rx_buffers.front();
	sq->rx_buffers.pop_front();
	FUZZ_CHECK(buffer.req_id == c.req_id.get(), "req_id %u where %u is due", c.req_id.get(),
		   buffer.req_id);
	FUZZ_CHECK(c.length.get() <= buffer.region.size, "%u bytes in a buffer of %llu",
		   c.length.get(), static_cast<ull>(buffer.region.size));
	FUZZ_CHECK(!(status & (ENA_BIT(7) | ENA_BIT(17))), "status 0x%x", status);
	FUZZ_CHECK(bool(status & ENA_RXC_FIRST) == !q.in_frame, "status 0x%x", status);
	FUZZ_CHECK(!(status & ENA_RXC_L4_CSUM_ERR) || status & ENA_RXC_L4_CSUM_CHECKED,
		   "status 0x%x", status);
	q.in_frame = !(status & ENA_RXC_LAST);
	rx_frames_ += !q.in_frame;
}

void Watch::raise(unsigned int vector)
{
	FUZZ_CHECK(vector < config_.vectors, "vector %u of %u", vector, config_.vectors);
	if (!exact_)
		return;
	if (vector == 0 && !masked_)
		return;
	FUZZ_CHECK(vectors_.count(vector), "no queue has vector %u", vector);
	FUZZ_CHECK(armed_.erase(vector), "vector %u is not armed", vector);
}

} // namespace fuzz
