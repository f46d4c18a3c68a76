// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/ipv6_extensions.hh"

#include "core/net/bytes.hh"
#include "core/net/headers.hh"

namespace net
{

namespace
{

constexpr size_t extension_unit = 8;
constexpr size_t segments_left = 3; /* in a routing header */

[[nodiscard]] bool is_extension(uint8_t type, bool first)
{
	switch (type) {
	case protocol::hop_by_hop:
		return first;
	case protocol::routing:
	case protocol::fragment:
	case protocol::destination_options:
		return true;
	default:
		return false;
	}
}

[[nodiscard]] size_t extension_length(uint8_t type, const uint8_t *header)
{
	return type == protocol::fragment ? extension_unit : (header[1] + 1u) * extension_unit;
}

} // namespace

Ipv6Walk walk_ipv6_extensions(std::span<const uint8_t> head, size_t l3_offset)
{
	Ipv6Walk walk{l3_offset + ipv6::fixed_header, head[l3_offset + ipv6::next_header], false,
		      false};

	for (unsigned int i = 0; is_extension(walk.protocol, i == 0); i++) {
		const uint8_t type = walk.protocol;

		walk.extensions = true;
		walk.protocol = protocol::none;
		if (i == ipv6::max_extensions || head.size() - walk.offset < extension_unit)
			break;
		const uint8_t *header = head.data() + walk.offset;
		const size_t length = extension_length(type, header);

		if (type == protocol::fragment &&
		    (load_be16(header + 2) & ipv6::fragment_mask) != 0) {
			walk.fragment = true;
			break;
		}
		/* The final destination, which checksums cover, is in this header. */
		if (type == protocol::routing && header[segments_left] != 0)
			break;
		if (head.size() - walk.offset < length)
			break;
		walk.offset += length;
		walk.protocol = header[0];
	}
	return walk;
}

} // namespace net
