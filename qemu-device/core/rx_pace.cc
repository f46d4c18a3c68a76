// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of the receive path that waits for the instance's allowance. */
#include "rx.hh"

#include "frame_cursor.hh"

namespace ena
{

/*
 * A frame that may not come yet stays with the host, and so do those behind it.
 * When they have waited for too long, what has no allowance is dropped for a
 * moment, in which the host empties its queue.
 */
ena_receive_result Receiver::hold_back(const Verdict &verdict, const WirePacket &wire,
				       uint64_t now_ns)
{
	if (!pace_.backlog) {
		pace_ = {};
		pace_.backlog = true;
		pace_.since_ns = now_ns;
	}
	pace_.excess = verdict.excess;
	pace_.until_ns = verdict.until_ns;
	if (now_ns - pace_.since_ns >= share_.allowance().patience_ns()) {
		pace_.since_ns = now_ns;
		pace_.drop_until_ns = now_ns + Allowance::tick_ns;
	}
	if (now_ns < pace_.drop_until_ns) {
		share_.count(verdict.excess, wire.packets);
		return drop(over_allowance);
	}
	pace_.waits = true;
	pace_.refused = true;
	held_ = true;
	return ENA_RECEIVE_HOLD;
}

ena_receive_result Receiver::receive_paced(std::span<const iovec> frame, size_t length,
					   const ena_vnet_hdr *hdr)
{
	Head copy;
	const std::span<const uint8_t> head(copy.data(), copy_out(frame, copy));
	const uint64_t now = host_.now();
	WirePacket wire{length, 1, head, net::parse(head, length)};

	if (hdr && hdr->gso_type != ENA_VNET_GSO_NONE && hdr->gso_size) {
		wire.packets = (length + hdr->gso_size - 1) / hdr->gso_size;
		wire.bytes += (wire.packets - 1) * wire.packet.header_length;
	}
	const Verdict verdict = share_.ask(Way::in, wire, now);
	/* While frames wait, one is refused in each tick. */
	if (pace_.refused)
		pace_.until_ns = std::max(pace_.until_ns, now);
	else if (now >= pace_.until_ns + 2 * Allowance::tick_ns)
		pace_.backlog = false;
	pace_.refused = false;
	if (verdict.say == Verdict::Say::drop) {
		share_.count(verdict.excess, wire.packets);
		return drop(over_allowance);
	}
	if (verdict.say == Verdict::Say::wait)
		return hold_back(verdict, wire, now);

	const ena_receive_result result = accept(frame, length, hdr);
	if (result == ENA_RECEIVE_TAKEN) {
		share_.charge(Way::in, wire);
		if (pace_.backlog)
			share_.count(pace_.excess, wire.packets);
	}
	return result;
}

} // namespace ena
