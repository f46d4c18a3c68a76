// SPDX-License-Identifier: GPL-2.0-or-later
/* The checksums of a parsed packet: verified in pieces, filled in one. */
#include "core/net/packet.hh"

#include <cstring>

#include "core/net/bytes.hh"
#include "core/net/checksum.hh"
#include "core/net/headers.hh"

namespace net
{

namespace
{

/* Call @use with each piece of the range; false: the frame ends before it does. */
template <class Use>
[[nodiscard]] bool for_range(std::span<const iovec> frame, size_t offset, size_t length, Use use)
{
	for (const iovec &piece : frame) {
		if (length == 0)
			break;
		if (offset >= piece.iov_len) {
			offset -= piece.iov_len;
			continue;
		}
		const size_t here = piece.iov_len - offset;
		const size_t step = here < length ? here : length;

		use(std::span(static_cast<const uint8_t *>(piece.iov_base) + offset, step));
		offset = 0;
		length -= step;
	}
	return length == 0;
}

[[nodiscard]] bool sum_range(std::span<const iovec> frame, size_t offset, size_t length, Sum &sum)
{
	return for_range(frame, offset, length,
			 [&](std::span<const uint8_t> bytes) { sum.add(bytes); });
}

/* 0: not in the frame */
[[nodiscard]] uint16_t read_be16(std::span<const iovec> frame, size_t offset)
{
	uint8_t field[2] = {};
	size_t got = 0;

	if (!for_range(frame, offset, sizeof(field), [&](std::span<const uint8_t> bytes) {
		    std::memcpy(field + got, bytes.data(), bytes.size());
		    got += bytes.size();
	    }))
		return 0;
	return load_be16(field);
}

[[nodiscard]] size_t addresses_offset(const Packet &packet)
{
	return packet.l3_offset + (packet.l3 == L3::ipv4 ? ipv4::source : ipv6::source);
}

[[nodiscard]] size_t addresses_length(const Packet &packet)
{
	return 2 * (packet.l3 == L3::ipv4 ? ipv4::address_length : ipv6::address_length);
}

[[nodiscard]] size_t l4_checksum_offset(const Packet &packet)
{
	return packet.l4_offset + (packet.l4 == L4::udp ? udp::checksum : tcp::checksum);
}

/*
 * What the L4 checksum covers; 0: nothing sensible. The UDP length is read
 * again, the frame's owner may have changed it since parse().
 */
[[nodiscard]] size_t covered(const Packet &packet, uint16_t udp_length)
{
	if (packet.l4 != L4::udp)
		return packet.l4_length;
	return udp_length < udp::header || udp_length > packet.l4_length ? 0 : udp_length;
}

[[nodiscard]] Sum pseudo_sum(const Packet &packet, size_t length)
{
	Sum sum;

	sum.add_word(packet.l4 == L4::udp ? protocol::udp : protocol::tcp);
	sum.add_word(static_cast<uint16_t>(length));
	return sum;
}

[[nodiscard]] Check verify_l3(const Packet &packet, std::span<const iovec> frame)
{
	Sum sum;

	if (packet.l3 != L3::ipv4 || !sum_range(frame, packet.l3_offset, packet.l3_length, sum))
		return Check::none;
	return sum.fold() == 0xffff ? Check::good : Check::bad;
}

[[nodiscard]] Check verify_l4(const Packet &packet, std::span<const iovec> frame)
{
	if (packet.l4 == L4::none)
		return Check::none;
	if (packet.l4 == L4::udp && read_be16(frame, l4_checksum_offset(packet)) == 0)
		return Check::none;

	const size_t length = covered(packet, read_be16(frame, packet.l4_offset + udp::length));
	Sum sum = pseudo_sum(packet, length);

	if (length == 0 ||
	    !sum_range(frame, addresses_offset(packet), addresses_length(packet), sum) ||
	    !sum_range(frame, packet.l4_offset, length, sum))
		return Check::none;
	return sum.fold() == 0xffff ? Check::good : Check::bad;
}

} // namespace

ChecksumResult verify(const Packet &packet, std::span<const iovec> frame)
{
	return {verify_l3(packet, frame), verify_l4(packet, frame)};
}

void fill_l3(std::span<uint8_t> head, const Packet &packet)
{
	const size_t end = static_cast<size_t>(packet.l3_offset) + packet.l3_length;

	if (packet.l3 != L3::ipv4 || end > head.size())
		return;
	const std::span<uint8_t> header = head.subspan(packet.l3_offset, packet.l3_length);
	Sum sum;

	store_be16(&header[ipv4::checksum], 0);
	sum.add(header);
	store_be16(&header[ipv4::checksum], sum.checksum());
}

bool fill_l4_full(std::span<uint8_t> frame, const Packet &packet)
{
	if (packet.l4 == L4::none || packet.header_length > frame.size())
		return false;
	const size_t length = covered(packet, load_be16(&frame[packet.l4_offset + udp::length]));

	if (length == 0 || frame.size() - packet.l4_offset < length)
		return false;
	Sum sum = pseudo_sum(packet, length);
	uint8_t *field = &frame[l4_checksum_offset(packet)];

	store_be16(field, 0);
	sum.add(frame.subspan(addresses_offset(packet), addresses_length(packet)));
	sum.add(frame.subspan(packet.l4_offset, length));

	/* In UDP zero says "not computed"; its other form is 0xffff. */
	const uint16_t checksum = sum.checksum();

	store_be16(field, packet.l4 == L4::udp && checksum == 0 ? 0xffff : checksum);
	return true;
}

bool fill_partial(std::span<uint8_t> frame, size_t csum_start, size_t csum_offset)
{
	if (csum_start > frame.size() || csum_offset > frame.size() - csum_start ||
	    frame.size() - csum_start - csum_offset < 2)
		return false;
	Sum sum;

	sum.add(frame.subspan(csum_start));
	/* Whether this is UDP is not known here; TCP takes 0xffff for zero as well. */
	const uint16_t checksum = sum.checksum();

	store_be16(&frame[csum_start + csum_offset], checksum == 0 ? 0xffff : checksum);
	return true;
}

} // namespace net
