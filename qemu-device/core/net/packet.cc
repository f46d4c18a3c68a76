// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/packet.hh"

#include "core/net/bytes.hh"
#include "core/net/headers.hh"
#include "core/net/ipv6_extensions.hh"

namespace net
{

namespace
{

using Bytes = std::span<const uint8_t>;

[[nodiscard]] Bytes part(Bytes head, size_t offset, size_t length)
{
	if (offset > head.size() || head.size() - offset < length)
		return {};
	return head.subspan(offset, length);
}

[[nodiscard]] Bytes first(Bytes head, size_t length)
{
	return head.size() > length ? head.first(length) : head;
}

/* The offset behind the EtherType, and that type; type 0: the frame is too short. */
struct EtherType {
	size_t end;
	uint16_t type;
};

[[nodiscard]] EtherType skip_vlan_tags(Bytes head, Packet &packet)
{
	size_t offset = ethernet::type_offset;

	for (;; offset += ethernet::vlan_tag_length) {
		const Bytes field = part(head, offset, 2);

		if (field.empty())
			return {0, 0};
		const uint16_t type = load_be16(field.data());
		const bool tag = type == ethernet::type_vlan || type == ethernet::type_service_vlan;

		if (!tag || packet.vlan_count == 2)
			return {offset + 2, type};
		packet.vlan_count++;
	}
}

/* @ip_end: where the IP packet ends in the frame; @head does not go beyond it. */
void parse_l4(Bytes head, size_t ip_end, uint8_t type, Packet &packet)
{
	const size_t offset = packet.l3_offset + packet.l3_length;
	const size_t length = ip_end - offset;
	size_t header;

	if (type == protocol::tcp) {
		const Bytes fixed = part(head, offset, tcp::min_header);

		if (fixed.empty())
			return;
		header = (fixed[tcp::data_offset] >> 4) * 4u;
		if (header < tcp::min_header || part(head, offset, header).empty())
			return;
		packet.l4 = L4::tcp;
	} else if (type == protocol::udp) {
		const Bytes fixed = part(head, offset, udp::header);

		if (fixed.empty())
			return;
		const uint16_t udp_length = load_be16(&fixed[udp::length]);

		header = udp::header;
		if (udp_length < header || udp_length > length)
			return;
		packet.l4 = L4::udp;
	} else {
		return;
	}
	packet.l4_offset = static_cast<uint16_t>(offset);
	packet.l4_length = static_cast<uint16_t>(length);
	packet.header_length = static_cast<uint16_t>(offset + header);
}

void parse_ipv4(Bytes head, size_t frame_length, size_t offset, Packet &packet)
{
	const Bytes fixed = part(head, offset, ipv4::min_header);

	if (fixed.empty() || fixed[0] >> 4 != 4)
		return;
	const size_t header = (fixed[0] & 0xf) * 4u;

	if (header < ipv4::min_header || part(head, offset, header).empty())
		return;
	packet.l3 = L3::ipv4;
	packet.l3_offset = static_cast<uint16_t>(offset);
	packet.l3_length = static_cast<uint16_t>(header);
	packet.fragment = (load_be16(&fixed[ipv4::fragment]) & ipv4::fragment_mask) != 0;

	const size_t total = load_be16(&fixed[ipv4::total_length]);

	if (packet.fragment || total < header || total > frame_length - offset)
		return;
	parse_l4(first(head, offset + total), offset + total, fixed[ipv4::next_protocol], packet);
}

void parse_ipv6(Bytes head, size_t frame_length, size_t offset, Packet &packet)
{
	const Bytes fixed = part(head, offset, ipv6::fixed_header);

	if (fixed.empty() || fixed[0] >> 4 != 6)
		return;
	const size_t end = offset + ipv6::fixed_header + load_be16(&fixed[ipv6::payload_length]);

	head = first(head, end);
	const Ipv6Walk walk = walk_ipv6_extensions(head, offset);

	packet.l3 = L3::ipv6;
	packet.l3_offset = static_cast<uint16_t>(offset);
	packet.l3_length = static_cast<uint16_t>(walk.offset - offset);
	packet.ipv6_ext = walk.extensions;
	packet.fragment = walk.fragment;
	if (end <= frame_length)
		parse_l4(head, end, walk.protocol, packet);
}

[[nodiscard]] Bytes address(const Packet &packet, Bytes head, size_t in_ipv4, size_t in_ipv6)
{
	switch (packet.l3) {
	case L3::ipv4:
		return part(head, packet.l3_offset + in_ipv4, ipv4::address_length);
	case L3::ipv6:
		return part(head, packet.l3_offset + in_ipv6, ipv6::address_length);
	case L3::none:
		break;
	}
	return {};
}

} // namespace

std::span<const uint8_t> Packet::source(std::span<const uint8_t> head) const
{
	return address(*this, head, ipv4::source, ipv6::source);
}

std::span<const uint8_t> Packet::destination(std::span<const uint8_t> head) const
{
	return address(*this, head, ipv4::destination, ipv6::destination);
}

std::span<const uint8_t> Packet::source_port(std::span<const uint8_t> head) const
{
	return l4 == L4::none ? Bytes{} : part(head, l4_offset, 2);
}

std::span<const uint8_t> Packet::destination_port(std::span<const uint8_t> head) const
{
	return l4 == L4::none ? Bytes{} : part(head, l4_offset + 2u, 2);
}

Packet parse(std::span<const uint8_t> head, size_t frame_length)
{
	Packet packet;

	head = first(first(head, parse_window), frame_length);
	const EtherType ether = skip_vlan_tags(head, packet);

	if (ether.type == ethernet::type_ipv4)
		parse_ipv4(head, frame_length, ether.end, packet);
	else if (ether.type == ethernet::type_ipv6)
		parse_ipv6(head, frame_length, ether.end, packet);
	return packet;
}

} // namespace net
