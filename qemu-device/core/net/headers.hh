/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offsets and numbers of the headers that the engines read and write. */
#ifndef NET_HEADERS_HH
#define NET_HEADERS_HH

#include <cstddef>
#include <cstdint>

namespace net
{

namespace ethernet
{
inline constexpr size_t type_offset = 12, header_length = 14, vlan_tag_length = 4;
inline constexpr uint16_t type_ipv4 = 0x0800, type_ipv6 = 0x86dd;
inline constexpr uint16_t type_vlan = 0x8100 /* 802.1Q */, type_service_vlan = 0x88a8 /* 802.1ad */;
} // namespace ethernet

namespace protocol
{
inline constexpr uint8_t tcp = 6, udp = 17;
/* IPv6 extension headers */
inline constexpr uint8_t hop_by_hop = 0, routing = 43, fragment = 44, destination_options = 60;
inline constexpr uint8_t none = 59;
} // namespace protocol

namespace ipv4
{
inline constexpr size_t total_length = 2, identification = 4, fragment = 6, next_protocol = 9,
			checksum = 10, source = 12, destination = 16;
inline constexpr size_t min_header = 20, address_length = 4;
inline constexpr uint16_t fragment_mask = 0x3fff; /* more fragments, offset */
} // namespace ipv4

namespace ipv6
{
inline constexpr size_t payload_length = 4, next_header = 6, source = 8, destination = 24;
inline constexpr size_t fixed_header = 40, address_length = 16;
inline constexpr unsigned int max_extensions = 8;
inline constexpr uint16_t fragment_mask = 0xfff9; /* offset, more fragments */
} // namespace ipv6

namespace tcp
{
inline constexpr size_t sequence = 4, data_offset = 12, flags = 13, checksum = 16;
inline constexpr size_t min_header = 20;
inline constexpr uint8_t fin = 0x01, rst = 0x04, psh = 0x08, cwr = 0x80;
} // namespace tcp

namespace udp
{
inline constexpr size_t length = 4, checksum = 6;
inline constexpr size_t header = 8;
} // namespace udp

} // namespace net

#endif
