// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of the transmit path that waits for the instance's allowance, or its own rate. */
#include "tx.hh"

#include <bit>

namespace ena
{

namespace
{
/* What the packet is on the wire, as far as its descriptors tell. */
WirePacket on_the_wire(const TxPacket &packet, std::span<const uint8_t> head)
{
	WirePacket wire{packet.length, 1, head, net::parse(head, packet.length)};
	const TxMeta &meta = packet.meta;
	const uint32_t header = meta.l3_offset + meta.l3_length + meta.l4_words * 4u;

	if (packet.word1 & ENA_TXD1_TSO && meta.mss && header < packet.length) {
		wire.packets = (packet.length - header + meta.mss - 1) / meta.mss;
		wire.bytes += (wire.packets - 1) * header;
	}
	return wire;
}
} // namespace

uint64_t Transmitter::deadline() const
{
	uint64_t deadline = no_deadline;
	for (uint64_t left = waiting_; left; left &= left - 1) {
		const QueueIndex q{static_cast<uint16_t>(std::countr_zero(left))};
		deadline = std::min(deadline, queues_[q].tx.pace.until_ns);
	}
	return deadline;
}

void Transmitter::expire(uint64_t now_ns)
{
	for (uint64_t left = waiting_; left; left &= left - 1) {
		const QueueIndex q{static_cast<uint16_t>(std::countr_zero(left))};
		if (now_ns < queues_[q].tx.pace.until_ns)
			continue;
		waiting_ &= ~q.bit();
		rung_ |= q.bit();
	}
}

void Transmitter::count_srd_eligible(const WirePacket &wire)
{
	const bool group = wire.head[0] & 1;
	const bool able = wire.packet.l4 == net::L4::tcp ||
			  (wire.packet.l4 == net::L4::udp && config_.ena_express_udp);

	if (config_.ena_express && able && !group)
		statistics_.srd_eligible(wire.packets);
}

/* False: it has waited for too long. */
bool Transmitter::keep_waiting(QueueIndex q, const Verdict &verdict, uint64_t now_ns)
{
	QueueSlot &slot = queues_[q];
	TxPace &pace = slot.tx.pace;

	if (!pace.backlog) {
		pace.backlog = true;
		pace.mark = slot.sq.tail;
		pace.mark_ns = now_ns;
	}
	pace.refused = true;
	pace.excess = static_cast<uint8_t>(verdict.excess);
	const uint64_t patience = share_.limited() ? share_.allowance().patience_ns() : 0;
	if (now_ns - pace.mark_ns >= std::max(patience, rate_.patience_ns()))
		return false;
	pace.waits = true;
	pace.until_ns = verdict.until_ns;
	rung_ &= ~q.bit();
	waiting_ |= q.bit();
	return true;
}

/* The limits, from the nearest to the farthest. @reason: of a drop, if it comes to that. */
Verdict Transmitter::ask(const WirePacket &wire, uint64_t now_ns, const char *&reason)
{
	reason = over_allowance;
	if (fragments_.limited() && !fragments_.may_send(wire.packet, now_ns))
		return {Verdict::Say::drop, Excess::packets};
	if (rate_.limited()) {
		const Verdict verdict = rate_.ask(now_ns);
		if (verdict.say != Verdict::Say::pass) {
			reason = over_rate;
			return verdict;
		}
	}
	return share_.limited() ? share_.ask(Way::out, wire, now_ns) : Verdict{};
}

void Transmitter::charge(const WirePacket &wire)
{
	if (rate_.limited())
		rate_.charge(wire.bytes);
	if (share_.limited())
		share_.charge(Way::out, wire);
}

/*
 * The packet waits where it is, in the guest's memory, and so do those behind it
 * in the ring. What has waited there for too long is dropped.
 */
Verdict::Say Transmitter::pace(QueueIndex q)
{
	using Say = Verdict::Say;
	QueueSlot &slot = queues_[q];
	TxPace &pace = slot.tx.pace;
	const TxPacket &packet = slot.tx.packet;
	const size_t head = std::min<size_t>(packet.length, net::parse_window);

	/* What send() refuses costs nothing. */
	if (head < ethernet_header || packet.length > bounce_.size() || !gather(packet, 0, head))
		return Say::pass;
	const WirePacket wire = on_the_wire(packet, std::span(bounce_).first(head));
	const uint64_t now = host_.now();
	const char *reason;
	Verdict verdict = ask(wire, now, reason);

	if (verdict.say == Say::wait) {
		if (keep_waiting(q, verdict, now))
			return Say::wait;
		verdict.say = Say::drop;
	}

	pace.waits = false;
	if (verdict.say == Say::drop) {
		share_.count(verdict.excess, wire.packets);
		drop_unasked(q, reason);
	} else {
		if (pace.backlog)
			share_.count(static_cast<Excess>(pace.excess), wire.packets);
		charge(wire);
		served_ = q.value;
		count_srd_eligible(wire);
	}
	advance_mark(slot);
	return verdict.say;
}

/* Past the mark, what is in the ring now is what has been waiting, if anything was refused. */
void Transmitter::advance_mark(QueueSlot &slot)
{
	TxPace &pace = slot.tx.pace;
	const auto ahead = static_cast<uint16_t>(pace.mark - slot.sq.head);

	if (!pace.backlog || (ahead && ahead <= slot.sq.ring.depth()))
		return;
	pace.backlog = pace.refused && slot.sq.waiting();
	pace.refused = false;
	pace.mark = slot.sq.tail;
	pace.mark_ns = host_.now();
}

} // namespace ena
