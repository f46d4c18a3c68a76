// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of the snapshot that holds a large packet whose segments are not all out. */
#include "tx.hh"

namespace ena
{

namespace
{
void snapshot_request(Snapshot &s, net::SegmentRequest &r)
{
	s.value("L3 offset", r.l3_offset);
	s.value("L3 length", r.l3_length);
	s.value("L4 offset", r.l4_offset);
	s.value("L4 length", r.l4_length);
	s.value("IPv6", r.ipv6);
	s.value("MSS", r.mss);
}
} // namespace

/*
 * The segmenter has no state of its own in here: it is set up again from the
 * packet, which checks the request as the first time, and passes over what is out.
 */
void Transmitter::snapshot_suspended(Snapshot &s)
{
	Suspended p = suspended_;

	s.value("queue", p.queue.value, 0, max_queue_slots - 1);
	s.value("req_id", p.req_id);
	s.value("timestamp", p.sent_ns);
	auto segments = static_cast<uint32_t>(p.segments), length = static_cast<uint32_t>(p.length);
	s.value("segments left", segments, 1);
	s.value("packet length", length, 0, bounce_.size());
	snapshot_request(s, p.request);
	s.require(size_t{p.request.l4_offset} + p.request.l4_length + p.request.mss <=
			  config_.max_mtu + frame_overhead,
		  "segments are longer than the largest MTU");
	if (s.failed())
		return;
	s.bytes("packet", std::span(bounce_).first(length));

	const QueueSlot *slot = queues_.find(p.queue.value, Direction::tx);
	s.require(slot, "half-sent packet is of no queue");
	if (!s.loading() || s.failed())
		return;
	s.require(segmenter_.init({bounce_.data(), length}, p.request) &&
			  segments <= segmenter_.count(),
		  "half-sent packet cannot be cut up, or has fewer segments");
	if (s.failed())
		return;
	std::array<iovec, 2> out;
	for (size_t i = segmenter_.count() - segments; i; i--)
		(void)segmenter_.next(out);
	p.active = true;
	p.segments = segments;
	p.length = length;
	suspended_ = p;
}

void Transmitter::snapshot(Snapshot &s)
{
	bool active = suspended_.active;

	s.section("tx", 1, Absent::refused, [&] {
		s.value("half-sent packet", active);
		if (active && !s.failed())
			snapshot_suspended(s);
	});
	if (!s.loading())
		return;
	for (uint16_t i = 0; i < max_queue_slots; i++) {
		const QueueSlot *slot = queues_.find(i, Direction::tx);
		if (slot && (slot->sq.waiting() || slot->tx.pace.waits))
			doorbell(QueueIndex{i});
	}
}

} // namespace ena
