// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of the snapshot that holds the queues; each is checked as at its creation. */
#include "queues.hh"

namespace ena
{

namespace
{
constexpr uint64_t address_limit = (uint64_t{1} << 48) - 1;

void snapshot_meta(Snapshot &s, TxMeta &meta)
{
	s.value("MSS", meta.mss, 0, field_get(ENA_TXM0_MSS_HI, UINT32_MAX) << 10 | 0x3ff);
	s.value("L3 offset", meta.l3_offset);
	s.value("L3 length", meta.l3_length);
	s.value("L4 words", meta.l4_words, 0, field_get(ENA_TXM2_L4_HDR_WORDS, UINT32_MAX));
}

/* A packet whose last descriptor has not come. */
void snapshot_packet(Snapshot &s, TxPacket &packet)
{
	s.value("pushed header", packet.header_length, 0, packet.header.size());
	if (s.failed())
		return;
	s.bytes("header", std::span(packet.header).first(packet.header_length));
	uint64_t length = packet.header_length;

	s.value("descriptors", packet.count);
	s.value("buffers", packet.buffer_count, 0, packet.buffers.size());
	s.value("packet length", packet.length);
	s.value("packet word 1", packet.word1);
	s.value("req_id", packet.req_id);
	s.value("meta seen", packet.meta_seen);
	s.value("fault", packet.fault, TxFault::last);
	snapshot_meta(s, packet.meta);
	for (uint16_t i = 0; i < packet.buffer_count; i++) {
		TxBuffer &buffer = packet.buffers[i];
		s.value("buffer address", buffer.address.value, 0, address_limit);
		s.value("buffer length", buffer.length, 1);
		length += buffer.length;
	}
	s.require(packet.buffer_count <= packet.count, "packet has more buffers than descriptors");
	s.require(packet.fault != TxFault::none ||
			  (packet.count <= packet.buffers.size() && length == packet.length),
		  "packet has not the descriptors that its length needs");
}

/* What was read ahead and is not used up moves to the front. */
void snapshot_cache(Snapshot &s, RxState &rx)
{
	uint16_t left = rx.held();

	s.value("descriptors read ahead", left, 0, rx.cache.size());
	if (s.failed())
		return;
	if (s.loading()) {
		rx.next = 0;
		rx.cached = left;
	}
	s.bytes("descriptors",
		{reinterpret_cast<uint8_t *>(&rx.cache[rx.next]), left * sizeof(rx.cache[0])});
	s.deadline("drop from", rx.drop_from_ns, rx_patience_ns);
	s.value("dropping", rx.dropping);
}
} // namespace

void Queues::snapshot_completions(Snapshot &s, CompletionQueue &cq)
{
	uint16_t entry_size = cq.ring.ring().entry_size();

	s.value("vector", cq.vector);
	s.require(cq.vector == no_vector || cq.vector < config_.vectors,
		  "completion queue has a vector that the adapter has not");
	s.value("entry size", entry_size);
	const bool tx = may_be(Direction::tx, entry_size), rx = may_be(Direction::rx, entry_size);
	s.require(tx || rx, "completion queue has entries of a size that is not offered");
	if (s.failed())
		return;
	cq.ring.snapshot(s, entry_size, cdesc_phase_byte);
	const uint16_t depth = cq.ring.ring().depth();
	s.require(depth >= min_queue_depth && ((tx && depth <= max_depth(Direction::tx)) ||
					       (rx && depth <= max_depth(Direction::rx))),
		  "completion ring is deeper than the adapter offers, or is none");
}

void Queues::snapshot_submissions(Snapshot &s, QueueSlot &slot)
{
	SubmissionQueue &sq = slot.sq;

	s.value("direction", sq.direction, Direction::rx);
	s.require(may_be(sq.direction, slot.cq.ring.ring().entry_size()),
		  "submission queue has a completion queue of the other direction");
	s.value("stopped", sq.stopped);
	if (s.loading() && sq.stopped)
		sq.why_stopped = "it was stopped before the adapter came here";
	if (sq.direction == Direction::tx)
		llq_.snapshot(s, sq.llq);
	if (sq.llq.live) {
		uint16_t depth = sq.ring.depth();
		s.value("ring depth", depth, 0, llq_max_depth(config_, sq.llq.layout.entry_size));
		s.require(Ring::valid_depth(depth), "ring in BAR2 has an odd depth");
		sq.ring = llq_.ring(sq.llq, depth);
	} else {
		sq.ring.snapshot(s, sizeof(ena_tx_desc));
	}
	s.value("head", sq.head);
	s.value("tail", sq.tail);
	s.require(sq.ring.depth() >= min_queue_depth &&
			  sq.ring.depth() <= slot.cq.ring.ring().depth(),
		  "submission ring is deeper than its completion ring, or is none");
	s.require(sq.waiting() <= sq.ring.depth(), "tail is further ahead than the ring is deep");
	if (sq.direction == Direction::tx) {
		snapshot_meta(s, slot.tx.meta);
		snapshot_packet(s, slot.tx.packet);
		/* It asks the allowance of the other end anew. */
		s.value("packet waits", slot.tx.pace.waits);
		s.require(!slot.tx.pace.waits ||
				  (slot.tx.packet.count && slot.tx.packet.fault == TxFault::none),
			  "packet that waits is none");
	} else {
		s.value("number", sq.number, 0, config_.queues - 1u);
		snapshot_cache(s, slot.rx);
	}
}

/* What follows from a queue that was loaded. */
void Queues::take_up(Snapshot &s, QueueIndex q)
{
	const SubmissionQueue &sq = slots_[q.value].sq;

	if (!s.loading() || s.failed() || sq.direction != Direction::rx)
		return;
	if (!sq.stopped)
		running_rx_ |= q.bit();
	s.require(!(rx_numbers_ >> sq.number & 1), "two RX queues have the same number");
	rx_numbers_ |= 1u << sq.number;
	rx_by_number_[sq.number] = q;
}

void Queues::snapshot(Snapshot &s)
{
	s.section("queues", 1, Absent::refused, [&] {
		for (uint16_t i = 0; i < max_queue_slots && !s.failed(); i++) {
			QueueSlot &slot = slots_[i];
			s.item(i);
			s.value("completion queue exists", slot.cq.live);
			if (!slot.cq.live)
				continue;
			snapshot_completions(s, slot.cq);
			s.value("submission queue exists", slot.sq.live);
			if (!slot.sq.live)
				continue;
			snapshot_submissions(s, slot);
			take_up(s, QueueIndex{i});
		}
		if (s.failed())
			return;
		const Use use = in_use();
		s.require(use.total <= 2 * config_.queues &&
				  use.of(Direction::tx) <= config_.queues &&
				  use.of(Direction::rx) <= config_.queues,
			  "there are more queues than the adapter offers");
	});
}

} // namespace ena
