// SPDX-License-Identifier: GPL-2.0-or-later
#include "rx.hh"
#include "frame_cursor.hh"

#include "completion_faults.hh"
#include "strict.hh"

#include <bit>
#include <cstring>

namespace ena
{

namespace
{
constexpr QueueIndex lowest(uint64_t mask)
{
	return {static_cast<uint16_t>(std::countr_zero(mask))};
}

constexpr uint32_t buffer_length(const ena_rx_desc &desc)
{
	return desc.length.get() ? desc.length.get() : 65536u;
}

constexpr BusAddress buffer_address(const ena_rx_desc &desc)
{
	return {desc.addr_lo.get() | uint64_t{desc.addr_hi.get()} << 32};
}
} // namespace

void Receiver::reset()
{
	starving_ = 0;
	pace_ = {};
	/* No queue is left that frames could be held for. */
	held_ = false;
	host_.receive_ready();
}

void Receiver::resume()
{
	for (uint16_t i = 0; i < max_queue_slots; i++) {
		const QueueSlot *slot = queues_.find(i, Direction::rx);
		if (slot && (slot->rx.dropping || slot->rx.drop_from_ns != no_deadline))
			starving_ |= QueueIndex{i}.bit();
	}
}

void Receiver::release_held()
{
	if (!held_)
		return;
	held_ = false;
	host_.receive_ready();
}

void Receiver::buffers_posted(QueueIndex q)
{
	RxState &rx = queues_[q].rx;
	rx.drop_from_ns = no_deadline;
	rx.dropping = false;
	starving_ &= ~q.bit();
	release_held();
}

void Receiver::queue_destroyed()
{
	for (uint16_t i = 0; i < max_queue_slots; i++)
		if (!queues_.find(i, Direction::rx))
			starving_ &= ~QueueIndex{i}.bit();
	/* What was held for the queue must not block the others. */
	release_held();
}

uint64_t Receiver::deadline() const
{
	uint64_t deadline = pace_.waits ? pace_.until_ns : no_deadline;
	for (uint64_t left = starving_; left; left &= left - 1) {
		const RxState &rx = queues_[lowest(left)].rx;
		if (!rx.dropping)
			deadline = std::min(deadline, rx.drop_from_ns);
	}
	return deadline;
}

void Receiver::expire(uint64_t now_ns)
{
	bool expired = pace_.waits && now_ns >= pace_.until_ns;

	if (expired)
		pace_.waits = false;
	for (uint64_t left = starving_; left; left &= left - 1) {
		const QueueIndex q = lowest(left);
		RxState &rx = queues_[q].rx;
		if (rx.dropping || now_ns < rx.drop_from_ns)
			continue;
		rx.dropping = true;
		expired = true;
		host_.trace("RX queue %u has no buffers: frames are dropped until it has", q.value);
	}
	if (expired)
		release_held();
}

ena_receive_result Receiver::drop(const char *reason)
{
	statistics_.rx_drop(reason);
	host_.tell(Happening(ENA_HISTORY_FRAME_DROPPED, reason), "a frame is dropped: %s", reason);
	return ENA_RECEIVE_TAKEN;
}

Happening Receiver::dropped(QueueIndex q, const char *reason, uint64_t frames)
{
	statistics_.rx_drop(reason, frames);
	queues_[q].traffic.drops += frames;
	return Happening(ENA_HISTORY_FRAME_DROPPED, reason).with(ENA_HISTORY_QUEUE, q.value);
}

void Receiver::overrun(QueueIndex q, uint64_t frames)
{
	const char *reason = "the driver has posted no buffers";

	statistics_.rx_overrun(frames);
	host_.tell(dropped(q, reason, frames), "RX queue %u: frames dropped: %llu: %s", q.value,
		   static_cast<unsigned long long>(frames), reason);
}

/* The queue is out of buffers: hold the frame for a while, then drop. */
ena_receive_result Receiver::starve(QueueIndex q)
{
	RxState &rx = queues_[q].rx;

	if (!rx.dropping) {
		if (rx.drop_from_ns == no_deadline)
			rx.drop_from_ns = host_.now() + rx_patience_ns;
		starving_ |= q.bit();
		held_ = true;
		return ENA_RECEIVE_HOLD;
	}
	overrun(q, 1);
	return ENA_RECEIVE_TAKEN;
}

ena_receive_result Receiver::receive(std::span<const iovec> frame, const ena_vnet_hdr *hdr)
{
	size_t length = 0;
	for (const iovec &part : frame)
		length += part.iov_len;

	if (length < ethernet_header)
		return drop("it is shorter than an Ethernet header");
	return share_.limited() ? receive_paced(frame, length, hdr) : accept(frame, length, hdr);
}

ena_receive_result Receiver::accept(std::span<const iovec> frame, size_t length,
				    const ena_vnet_hdr *hdr)
{
	if (hdr && (hdr->flags & ENA_VNET_NEEDS_CSUM || hdr->gso_type != ENA_VNET_GSO_NONE))
		return receive_unfinished(frame, length, *hdr);
	const bool valid = hdr && hdr->flags & ENA_VNET_DATA_VALID;
	return deliver(frame, length, valid ? Known::l4_good : Known::nothing);
}

/* Do what the sender left to its adapter, on a copy. */
ena_receive_result Receiver::receive_unfinished(std::span<const iovec> frame, size_t length,
						const ena_vnet_hdr &hdr)
{
	if (length > bounce_.size())
		return drop("it is longer than an IP packet can be");
	const std::span<uint8_t> copy(bounce_.data(), length);
	copy_out(frame, copy);
	if (hdr.gso_type != ENA_VNET_GSO_NONE)
		return receive_large(copy, hdr);
	if (!net::fill_partial(copy, hdr.csum_start, hdr.csum_offset))
		return drop("the checksum to finish is outside of it");
	const iovec iov = {copy.data(), copy.size()};
	return deliver({&iov, 1}, length, Known::l4_good);
}

ena_receive_result Receiver::receive_large(std::span<uint8_t> frame, const ena_vnet_hdr &hdr)
{
	const auto head = frame.first(std::min(frame.size(), net::parse_window));
	const net::Packet p = net::parse(head, frame.size());
	const unsigned int type = hdr.gso_type & ~ENA_VNET_GSO_ECN;
	const bool ipv6 = type == ENA_VNET_GSO_TCPV6;

	if ((type != ENA_VNET_GSO_TCPV4 && !ipv6) || p.l4 != net::L4::tcp ||
	    p.l3 != (ipv6 ? net::L3::ipv6 : net::L3::ipv4))
		return drop("it is to be cut into segments and is no TCP");
	const uint32_t headers = p.header_length - p.l3_offset;
	if (headers >= features_.mtu())
		return drop("its headers are longer than the MTU");
	const auto mss =
		static_cast<uint16_t>(std::min<uint32_t>(hdr.gso_size, features_.mtu() - headers));
	const net::SegmentRequest request = {
		.l3_offset = p.l3_offset,
		.l3_length = static_cast<uint16_t>(p.l4_offset - p.l3_offset),
		.l4_offset = p.l4_offset,
		.l4_length = static_cast<uint16_t>(p.header_length - p.l4_offset),
		.ipv6 = ipv6,
		.mss = mss,
	};
	if (!segmenter_.init(frame, request))
		return drop("its headers do not allow segmentation");

	/* All of it or nothing: a frame that was begun cannot be held back. */
	uint32_t hash;
	const auto q = choose(p, head, hash);
	if (!q)
		return drop("RSS leads to no running queue");
	if (!room_for(*q, segmenter_.count(), p.header_length + size_t{mss}))
		return starve(*q);
	std::array<iovec, 2> segment;
	size_t left = segmenter_.count();
	while (segmenter_.next(segment)) {
		const size_t length = segment[0].iov_len + segment[1].iov_len;
		if (deliver(segment, length, Known::l4_good) == ENA_RECEIVE_HOLD)
			break;
		left--;
	}
	if (left)
		overrun(*q, left);
	return ENA_RECEIVE_TAKEN;
}

/* The queue that a flow rule or else RSS names, if it takes frames. */
std::optional<QueueIndex> Receiver::choose(const net::Packet &packet, std::span<const uint8_t> head,
					   uint32_t &hash)
{
	const Rss::Result result = rss_.classify(packet, head);
	const auto steered = steering_.classify(packet, head);
	const auto spread = result.queue ? result.queue : queues_.first_rx();
	const auto q = steered ? steered : spread;

	hash = result.hash;
	if (!q || !queues_[*q].sq.runs(Direction::rx))
		return std::nullopt;
	return q;
}

ena_receive_result Receiver::deliver(std::span<const iovec> frame, size_t length, Known known)
{
	Head copy;
	Arrival a{frame, length, {}, {}, 0, known};

	if (length > features_.mtu() + frame_overhead)
		return drop("it is longer than the MTU");
	const size_t head = std::min(length, net::parse_window);
	if (frame[0].iov_len >= head) {
		a.head = {static_cast<const uint8_t *>(frame[0].iov_base), head};
	} else {
		copy_out(frame, std::span(copy).first(head));
		a.head = std::span<const uint8_t>(copy).first(head);
	}
	a.packet = net::parse(a.head, length);
	const auto q = choose(a.packet, a.head, a.hash);
	if (!q)
		return drop("RSS leads to no running queue");

	const Plan p = plan(*q, length);
	switch (p.fit) {
	case Plan::Fit::yes:
		return complete(*q, p.descs, a);
	case Plan::Fit::short_of_buffers:
		return starve(*q);
	case Plan::Fit::too_long:
		host_.complain(dropped(*q, "it does not fit the buffers that a frame may have"),
			       "RX queue %u: a frame of %zu bytes does not fit %u of its buffers",
			       q->value, length, ENA_DEVICE_MAX_RX_DESCS);
		return ENA_RECEIVE_TAKEN;
	case Plan::Fit::stopped:
		break;
	}
	return drop("its queue has been stopped");
}

bool Receiver::refill(QueueIndex q)
{
	SubmissionQueue &sq = queues_[q].sq;
	RxState &rx = queues_[q].rx;

	/* What is left moves to the front; there is less of it than of one frame. */
	const uint16_t left = rx.held();
	memmove(rx.cache.data(), rx.cache.data() + rx.next, left * sizeof(rx.cache[0]));
	rx.cached = left;
	rx.next = 0;
	while (rx.cached < RxState::cache_size && sq.waiting()) {
		const auto room = static_cast<uint16_t>(RxState::cache_size - rx.cached);
		const uint16_t n = sq.ring.contiguous(sq.head, std::min(sq.waiting(), room));
		ena_rx_desc *descs = &rx.cache[rx.cached];
		if (!host_.read(sq.ring.at(sq.head), descs, n * sizeof(*descs))) {
			queues_.stop(q, "its descriptors cannot be read");
			return false;
		}
		for (uint16_t i = 0; i < n; i++) {
			if ((descs[i].ctrl & ENA_RXD_PHASE) != sq.ring.phase(sq.head)) {
				queues_.stop(q, "a descriptor before its doorbell has the wrong "
						"phase");
				return false;
			}
			if (const char *why = config_.strict ? check_strictly(descs[i]) : nullptr) {
				queues_.stop(q, why);
				return false;
			}
			sq.head++;
			rx.cached++;
		}
	}
	return true;
}

Receiver::Plan Receiver::plan(QueueIndex q, size_t length)
{
	RxState &rx = queues_[q].rx;

	if (rx.held() < ENA_DEVICE_MAX_RX_DESCS && queues_[q].sq.waiting() && !refill(q))
		return {Plan::Fit::stopped, 0};
	size_t room = 0;
	for (uint16_t n = 1; n <= ENA_DEVICE_MAX_RX_DESCS; n++) {
		if (rx.next + n > rx.cached)
			return {Plan::Fit::short_of_buffers, 0};
		room += buffer_length(rx.cache[rx.next + n - 1u]);
		if (room >= length)
			return {Plan::Fit::yes, n};
	}
	return {Plan::Fit::too_long, 0};
}

/* Buffers for @frames, as far as the next buffer's length tells and the ring allows. */
bool Receiver::room_for(QueueIndex q, size_t frames, size_t frame_length)
{
	const SubmissionQueue &sq = queues_[q].sq;
	RxState &rx = queues_[q].rx;

	if (rx.next == rx.cached && (!refill(q) || rx.next == rx.cached))
		return false;
	const size_t available = size_t{sq.waiting()} + rx.held();
	const size_t each = buffer_length(rx.cache[rx.next]);
	const size_t needed = frames * ((frame_length + each - 1) / each);
	return available >= std::min<size_t>(needed, sq.ring.depth() / 2);
}

bool Receiver::write_payload(const RxState &rx, uint16_t descs, const Arrival &a)
{
	FrameCursor cursor(a.frame);

	for (uint16_t i = 0; i < descs; i++) {
		const ena_rx_desc &desc = rx.cache[rx.next + i];
		BusAddress to = buffer_address(desc);
		size_t room = buffer_length(desc);
		while (room) {
			const auto part = cursor.take(room);
			if (part.empty())
				return true;
			if (!host_.write(to, part.data(), part.size()))
				return false;
			to = to + part.size();
			room -= part.size();
		}
	}
	return true;
}

ena_receive_result Receiver::complete(QueueIndex q, uint16_t descs, const Arrival &a)
{
	QueueSlot &slot = queues_[q];
	RxState &rx = slot.rx;
	/* Twice what a frame needs: for a fault that tells it twice. */
	std::array<ena_rx_cdesc_ext, 2 * ENA_DEVICE_MAX_RX_DESCS> cdescs;
	Completions<ena_rx_cdesc_ext> done{cdescs, descs};
	const uint64_t arrived_ns = timestamps_.take(Direction::rx, slot.cq);
	size_t left = a.length;

	if (!write_payload(rx, descs, a)) {
		host_.complain(
			dropped(q, "a buffer cannot be written"),
			"RX queue %u: a frame of %zu bytes cannot be written to the buffer "
			"at 0x%llx",
			q.value, a.length,
			static_cast<unsigned long long>(buffer_address(rx.cache[rx.next]).value));
		return ENA_RECEIVE_TAKEN;
	}
	for (uint16_t i = 0; i < descs; i++) {
		const ena_rx_desc &desc = rx.cache[rx.next + i];
		const bool last = i == descs - 1;
		const size_t n = std::min<size_t>(left, buffer_length(desc));
		ena_rx_cdesc_ext &cdesc = cdescs[i];
		cdesc = {};
		cdesc.base.status.set((i == 0 ? ENA_RXC_FIRST : 0) | ENA_RXC_BUFFER |
				      (last ? ENA_RXC_LAST | describe(a) : 0));
		cdesc.base.length.set(static_cast<uint16_t>(n));
		cdesc.base.req_id.set(desc.req_id.get());
		cdesc.base.sub_qid.set(q.value);
		if (last && config_.rx_offloads & ENA_OFFLOAD_RX_HASH)
			cdesc.base.hash.set(a.hash);
		cdesc.addr_lo = desc.addr_lo;
		cdesc.addr_hi = desc.addr_hi;
		cdesc.timestamp_lo.set(static_cast<uint32_t>(arrived_ns));
		cdesc.timestamp_hi.set(static_cast<uint32_t>(arrived_ns >> 32));
		left -= n;
	}

	rx.next = static_cast<uint16_t>(rx.next + descs);
	if (host_.faults().set(rx_completion_faults)) [[unlikely]]
		spoil_rx(host_, q, rx, done);
	if (!done.publish(host_, slot.cq)) {
		queues_.stop(q, "its completions cannot be written");
		return drop("its queue has been stopped");
	}
	statistics_.received(a.length);
	slot.traffic.packets++;
	slot.traffic.bytes += a.length;
	if (done.count && slot.cq.vector != no_vector)
		interrupts_.completed(slot.cq.vector, Direction::rx);
	return ENA_RECEIVE_TAKEN;
}

} // namespace ena
