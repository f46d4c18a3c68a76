/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk over IPv6 extension headers to the upper layer. */
#ifndef NET_IPV6_EXTENSIONS_HH
#define NET_IPV6_EXTENSIONS_HH

#include <cstddef>
#include <cstdint>
#include <span>

namespace net
{

struct Ipv6Walk {
	size_t offset; /* behind the last header walked over */
	uint8_t protocol; /* what is at @offset; protocol::none: nothing usable */
	bool extensions; /* there was at least one */
	bool fragment; /* part of a packet: no upper layer to be seen */
};

/* @head holds the fixed header, at @l3_offset, whole; the walk stays inside it. */
[[nodiscard]] Ipv6Walk walk_ipv6_extensions(std::span<const uint8_t> head, size_t l3_offset);

} // namespace net

#endif
