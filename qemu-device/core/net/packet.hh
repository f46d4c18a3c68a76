/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an Ethernet frame carries, and the checksums in it. */
#ifndef NET_PACKET_HH
#define NET_PACKET_HH

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace net
{

enum class L3 : uint8_t { none, ipv4, ipv6 };
enum class L4 : uint8_t { none, tcp, udp };

/* Bytes of a frame that parse() looks at; headers beyond are not seen. */
inline constexpr size_t parse_window = 256;

/*
 * Where the headers are. All that is named here was inside the head given to
 * parse(), with l4_length inside the frame. l4 is none exactly when l4_offset
 * is 0: fragment, other protocol, truncated or malformed, or an IPv6 routing
 * header still to be processed (the pseudo header's destination is not the
 * one in the IPv6 header then).
 */
struct Packet {
	uint16_t l3_offset = 0; /* 14, or more behind VLAN tags; 0: not IP */
	uint16_t l3_length = 0; /* with IPv4 options, or the IPv6 extension headers walked over */
	uint16_t l4_offset = 0;
	uint16_t l4_length = 0; /* to the end of the IP packet, Ethernet padding excluded */
	uint16_t header_length = 0; /* Ethernet to L4 header, TCP options included; 0: no L4 */
	uint8_t vlan_count = 0; /* 0 to 2 */
	L3 l3 = L3::none;
	L4 l4 = L4::none;
	bool fragment = false; /* the first fragment included; not an IPv6 "atomic" one */
	bool ipv6_ext = false; /* extension headers are present */

	/* Parts of @head, which must be what parse() saw; empty if absent. */
	[[nodiscard]] std::span<const uint8_t> source(std::span<const uint8_t> head) const;
	[[nodiscard]] std::span<const uint8_t> destination(std::span<const uint8_t> head) const;
	[[nodiscard]] std::span<const uint8_t> source_port(std::span<const uint8_t> head) const;
	[[nodiscard]] std::span<const uint8_t>
	destination_port(std::span<const uint8_t> head) const;
};

/*
 * @head: the first min(@frame_length, parse_window) bytes of the frame or more.
 * Any bytes are acceptable; what makes no sense is reported as absent.
 */
[[nodiscard]] Packet parse(std::span<const uint8_t> head, size_t frame_length);

enum class Check : uint8_t { none /* cannot say */, good, bad };

struct ChecksumResult {
	Check l3 = Check::none;
	Check l4 = Check::none;
};

/*
 * The checksums of a frame in pieces. A UDP checksum of zero gives none: over
 * IPv4 the sender did not compute it, over IPv6 only the receiving stack knows
 * whether it allows that (RFC 6935).
 */
[[nodiscard]] ChecksumResult verify(const Packet &packet, std::span<const iovec> frame);

/* Store the IPv4 header checksum. Nothing happens for other packets. */
void fill_l3(std::span<uint8_t> head, const Packet &packet);

/*
 * Compute and store the TCP or UDP checksum, whatever the field held. False,
 * frame untouched: no L4 header, or its bytes are not all in @frame.
 */
[[nodiscard]] bool fill_l4_full(std::span<uint8_t> frame, const Packet &packet);

/*
 * Finish a checksum whose field holds the pseudo-header sum: over all bytes
 * from @csum_start to the end, stored at @csum_start + @csum_offset (virtio's
 * NEEDS_CSUM). False, frame untouched: the field is outside the frame.
 */
[[nodiscard]] bool fill_partial(std::span<uint8_t> frame, size_t csum_start, size_t csum_offset);

} // namespace net

#endif
