// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of the transmit path for packets that ask for checksums or segmentation. */
#include "tx.hh"

#include "core/net/bytes.hh"
#include "core/net/checksum.hh"
#include "core/net/headers.hh"

namespace ena
{

namespace
{
uint16_t checksum_offset(bool tcp)
{
	return static_cast<uint16_t>(tcp ? net::tcp::checksum : net::udp::checksum);
}
} // namespace

/*
 * Segmentation goes by the meta descriptor alone: the length in the IP header
 * says nothing of a frame that is cut up, and drivers leave it as they like
 * (store_ip_length()).
 */
const char *Transmitter::decode_tso(const TxPacket &packet, std::span<const uint8_t> head,
				    TxOffload &o) const
{
	const TxMeta &meta = packet.meta;
	const uint32_t l3 = field_get(ENA_TXD1_L3_PROTO, packet.word1);
	const size_t l4 = size_t{meta.l3_offset} + meta.l3_length;
	const size_t header = l4 + meta.l4_words * 4u;

	if (!meta.mss)
		return "segmentation is asked for with an MSS of 0 (no meta descriptor?)";
	if (l3 != ENA_L3_IPV4 && l3 != ENA_L3_IPV6)
		return "segmentation is asked for and its descriptor names no IP version";
	if (meta.l3_offset < ethernet_header || meta.l4_words * 4u < net::tcp::min_header ||
	    meta.l3_length < (l3 == ENA_L3_IPV4 ? net::ipv4::min_header : net::ipv6::fixed_header))
		return "segmentation is asked for and its meta descriptor names no TCP over IP";
	if (header > head.size() || header > net::Segmenter::max_header)
		return "segmentation is asked for and its headers reach beyond its first 256 bytes";
	if (l3 == ENA_L3_IPV4 && packet.length - meta.l3_offset > UINT16_MAX)
		return "it is longer than an IP packet can be";
	if (header + meta.mss > config_.max_mtu + frame_overhead)
		return "its MSS makes segments longer than the largest MTU";

	o.packet.l3 = l3 == ENA_L3_IPV4 ? net::L3::ipv4 : net::L3::ipv6;
	o.packet.l4 = net::L4::tcp;
	o.packet.l3_offset = meta.l3_offset;
	o.packet.l3_length = meta.l3_length;
	o.packet.l4_offset = static_cast<uint16_t>(l4);
	o.packet.l4_length = static_cast<uint16_t>(packet.length - l4);
	o.packet.header_length = static_cast<uint16_t>(header);
	o.mss = meta.mss;
	o.l4_csum = true;
	o.l3_csum = packet.word1 & ENA_TXD1_L3_CSUM;
	o.csum_start = o.packet.l4_offset;
	o.csum_offset = net::tcp::checksum;
	o.ecn = head[l4 + net::tcp::flags] & net::tcp::cwr;
	return nullptr;
}

const char *Transmitter::decode(const TxPacket &packet, size_t head_length, TxOffload &o) const
{
	const std::span<const uint8_t> head(bounce_.data(), head_length);
	const bool tcp = field_get(ENA_TXD1_L4_PROTO, packet.word1) == ENA_L4_TCP;

	o.tso = packet.word1 & ENA_TXD1_TSO;
	if (o.tso)
		return decode_tso(packet, head, o);
	o.packet = net::parse(head, packet.length);
	o.l3_csum = packet.word1 & ENA_TXD1_L3_CSUM;
	o.l4_csum = packet.word1 & ENA_TXD1_L4_CSUM;
	o.l4_partial = o.l4_csum && packet.word1 & ENA_TXD1_L4_PARTIAL;
	o.csum_start = o.packet.l4_offset;
	o.csum_offset = checksum_offset(o.packet.l4 == net::L4::tcp);

	if (o.l4_partial) {
		/* The sum covers whatever the driver says it does; headers are not needed. */
		o.csum_offset = checksum_offset(tcp);
		if (packet.meta.l3_length)
			o.csum_start = static_cast<uint16_t>(packet.meta.l3_offset +
							     packet.meta.l3_length);
		/* Stored by the receiver, it must not change what the switch has judged. */
		if (o.csum_start < ethernet_header)
			return "the checksum to finish begins in its Ethernet header";
		if (o.csum_start + o.csum_offset + 2u > packet.length)
			return "the checksum to finish is outside of it";
		return nullptr;
	}
	if (o.l4_csum && o.packet.l4 == net::L4::none)
		return "a checksum is asked for and it has no TCP or UDP header";
	return nullptr;
}

/* Its peer sums up to the end of the frame: no padding, and nothing behind a UDP datagram. */
bool Transmitter::l4_ends_frame(const TxPacket &packet, const TxOffload &o,
				std::span<const uint8_t> head)
{
	const net::Packet &p = o.packet;

	if (size_t{p.l4_offset} + p.l4_length != packet.length)
		return false;
	return p.l4 != net::L4::udp ||
	       net::load_be16(&head[p.l4_offset + net::udp::length]) == p.l4_length;
}

/* The wire's peer, or the functions that get it. */
bool Transmitter::peer_resolves(const TxPacket &packet, const TxOffload &o,
				std::span<const uint8_t> head) const
{
	if (o.l4_csum && !o.l4_partial && !l4_ends_frame(packet, o, head))
		return false;
	return wire_resolves(o) || host_.stays_inside(head);
}

bool Transmitter::wire_resolves(const TxOffload &o) const
{
	if (o.tso)
		return vnet_.csum && (o.packet.l3 == net::L3::ipv4 ? vnet_.tso4 : vnet_.tso6) &&
		       (!o.ecn || vnet_.ecn);
	return !o.l4_csum || vnet_.csum;
}

/* What NEEDS_CSUM expects in the checksum field; drivers leave it to the adapter. */
void Transmitter::store_pseudo_sum(const TxOffload &o, std::span<uint8_t> head) const
{
	net::Sum sum;
	sum.add(o.packet.source(head));
	sum.add(o.packet.destination(head));
	sum.add_word(o.packet.l4 == net::L4::tcp ? net::protocol::tcp : net::protocol::udp);
	sum.add_word(o.packet.l4_length);
	net::store_be16(&head[o.csum_start + o.csum_offset], sum.fold());
}

/* Peers go by it, and a driver may have left it at 0, as Windows does. */
void Transmitter::store_ip_length(const TxOffload &o, size_t frame_length, std::span<uint8_t> head)
{
	const size_t length = frame_length - o.packet.l3_offset;

	if (o.packet.l3 == net::L3::ipv4) {
		net::store_be16(&head[o.packet.l3_offset + net::ipv4::total_length],
				static_cast<uint16_t>(length));
		net::fill_l3(head, o.packet);
	} else {
		net::store_be16(&head[o.packet.l3_offset + net::ipv6::payload_length],
				static_cast<uint16_t>(length - net::ipv6::fixed_header));
	}
}

const char *Transmitter::send_to_able_peer(QueueIndex q, const TxPacket &packet, const TxOffload &o,
					   size_t head_length)
{
	const std::span<uint8_t> head(bounce_.data(), head_length);
	ena_vnet_hdr hdr{};
	uint64_t segments = 1;

	if (o.tso)
		store_ip_length(o, packet.length, head);
	else if (o.l3_csum)
		net::fill_l3(head, o.packet);
	if (o.l4_csum) {
		if (!o.l4_partial)
			store_pseudo_sum(o, head);
		hdr.flags = ENA_VNET_NEEDS_CSUM;
		hdr.csum_start = o.csum_start;
		hdr.csum_offset = o.csum_offset;
	}
	if (o.tso) {
		hdr.gso_type = o.packet.l3 == net::L3::ipv4 ? ENA_VNET_GSO_TCPV4
							    : ENA_VNET_GSO_TCPV6;
		hdr.gso_type |= o.ecn ? ENA_VNET_GSO_ECN : 0;
		hdr.gso_size = o.mss;
		hdr.hdr_len = o.packet.header_length;
		const uint32_t payload = packet.length - o.packet.header_length;
		segments = std::max<uint64_t>(1, (payload + o.mss - 1u) / o.mss);
		/* One segment is a packet like any other: receivers refuse GSO of it. */
		if (segments == 1) {
			hdr.gso_type = ENA_VNET_GSO_NONE;
			hdr.gso_size = 0;
		}
	}

	FrameMap frame(host_, std::span(bounce_).subspan(head_length));
	frame.add_local(head);
	static_assert(llq_max_header <= net::parse_window); /* the head has all that was pushed */
	size_t skip = head_length - packet.header_length;
	for (uint16_t i = 0; i < packet.buffer_count; i++) {
		const TxBuffer &buffer = packet.buffers[i];
		const size_t skipped = std::min<size_t>(skip, buffer.length);
		skip -= skipped;
		if (!frame.add(buffer.address + skipped, buffer.length - skipped))
			return "its buffers cannot be read";
	}
	emit(q, frame.iov(), hdr, segments,
	     packet.length + (segments - 1) * o.packet.header_length);
	return nullptr;
}

/* The bounce buffer has the head already, which was believed; only the rest is read. */
const char *Transmitter::send_resolved(QueueIndex q, const TxPacket &packet, const TxOffload &o,
				       size_t head_length)
{
	const std::span<uint8_t> frame(bounce_.data(), packet.length);

	if (!gather(packet, head_length, packet.length))
		return "its buffers cannot be read";
	if (o.tso)
		return start_segments(q, packet, o);
	if (o.l3_csum)
		net::fill_l3(frame, o.packet);
	if (o.l4_partial && !net::fill_partial(frame, o.csum_start, o.csum_offset))
		return "the checksum to finish is outside of it";
	if (!o.l4_partial && o.l4_csum && !net::fill_l4_full(frame, o.packet))
		return "a checksum is asked for and its TCP or UDP part is cut off";
	const iovec iov = {frame.data(), frame.size()};
	emit(q, {&iov, 1}, {}, 1, frame.size());
	return nullptr;
}

const char *Transmitter::start_segments(QueueIndex q, const TxPacket &packet, const TxOffload &o)
{
	const net::SegmentRequest request = {
		.l3_offset = o.packet.l3_offset,
		.l3_length = static_cast<uint16_t>(o.packet.l4_offset - o.packet.l3_offset),
		.l4_offset = o.packet.l4_offset,
		.l4_length = static_cast<uint16_t>(o.packet.header_length - o.packet.l4_offset),
		.ipv6 = o.packet.l3 == net::L3::ipv6,
		.mss = o.mss,
	};
	if (!segmenter_.init({bounce_.data(), packet.length}, request))
		return "its headers do not allow segmentation";
	suspended_ = {true, q, packet.req_id, segmenter_.count(), packet.length, request};
	send_segments();
	return nullptr;
}

/* As many as host and budget take; suspended_ stays active if there are more. */
void Transmitter::send_segments()
{
	std::array<iovec, 2> segment;

	while (suspended_.segments && budget_ && !blocked_) {
		if (!segmenter_.next(segment)) {
			suspended_.segments = 0;
			break;
		}
		suspended_.segments--;
		budget_--;
		const size_t parts = segment[1].iov_len ? 2 : 1;
		emit(suspended_.queue, {segment.data(), parts}, {}, 1,
		     segment[0].iov_len + segment[1].iov_len);
	}
	if (!suspended_.segments)
		suspended_.active = false;
}

} // namespace ena
