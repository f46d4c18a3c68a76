// SPDX-License-Identifier: GPL-2.0-or-later
/* What the last completion descriptor of a frame says about it. */
#include "rx.hh"

#include "core/net/checksum.hh"

namespace ena
{

namespace
{
net::Check check_ipv4_header(const net::Packet &packet, std::span<const uint8_t> head)
{
	if (packet.l3 != net::L3::ipv4 || packet.l3_offset + packet.l3_length > head.size())
		return net::Check::none;
	net::Sum sum;
	sum.add(head.subspan(packet.l3_offset, packet.l3_length));
	return sum.checksum() == 0 ? net::Check::good : net::Check::bad;
}

uint32_t protocols(const net::Packet &packet)
{
	uint32_t status = field_put(ENA_RXC_VLAN_COUNT, packet.vlan_count);

	if (packet.l3 == net::L3::ipv4)
		status |= field_put(ENA_RXC_L3_PROTO, ENA_L3_IPV4);
	else if (packet.l3 == net::L3::ipv6)
		status |= field_put(ENA_RXC_L3_PROTO, ENA_L3_IPV6);
	if (packet.l4 == net::L4::tcp)
		status |= field_put(ENA_RXC_L4_PROTO, ENA_L4_TCP);
	else if (packet.l4 == net::L4::udp)
		status |= field_put(ENA_RXC_L4_PROTO, ENA_L4_UDP);
	if (packet.l3 == net::L3::ipv4 && packet.fragment)
		status |= ENA_RXC_IPV4_FRAG;
	return status;
}
} // namespace

uint32_t Receiver::describe(const Arrival &a) const
{
	const uint32_t offered = config_.rx_offloads;
	const uint32_t l4_bit = a.packet.l3 == net::L3::ipv6 ? ENA_OFFLOAD_RX_L4_CSUM_V6
							     : ENA_OFFLOAD_RX_L4_CSUM_V4;
	uint32_t status = protocols(a.packet);
	net::ChecksumResult result;

	if (!(offered & (ENA_OFFLOAD_RX_L3_CSUM_V4 | l4_bit)))
		return status;
	if (a.known == Known::l4_good && a.packet.l4 != net::L4::none) {
		result.l3 = check_ipv4_header(a.packet, a.head);
		result.l4 = net::Check::good;
	} else {
		result = net::verify(a.packet, a.frame);
	}
	if (offered & ENA_OFFLOAD_RX_L3_CSUM_V4 && result.l3 == net::Check::bad)
		status |= ENA_RXC_L3_CSUM_ERR;
	if (offered & l4_bit && result.l4 != net::Check::none) {
		status |= ENA_RXC_L4_CSUM_CHECKED;
		if (result.l4 == net::Check::bad)
			status |= ENA_RXC_L4_CSUM_ERR;
	}
	return status;
}

} // namespace ena
