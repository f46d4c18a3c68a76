// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/segment.hh"

#include <algorithm>
#include <cstring>

#include "core/net/bytes.hh"
#include "core/net/checksum.hh"
#include "core/net/headers.hh"
#include "core/net/ipv6_extensions.hh"

namespace net
{

namespace
{

constexpr size_t max_ip_length = 0xffff; /* IPv4: of the packet, IPv6: of its payload */

[[nodiscard]] bool lengths_fit(size_t frame_length, const SegmentRequest &r)
{
	const size_t header = size_t{r.l4_offset} + r.l4_length;

	if (r.mss == 0 || r.l3_offset < ethernet::header_length ||
	    r.l3_length < (r.ipv6 ? ipv6::fixed_header : ipv4::min_header) ||
	    r.l4_offset != size_t{r.l3_offset} + r.l3_length || r.l4_length < tcp::min_header ||
	    header > Segmenter::max_header || header > frame_length)
		return false;

	const size_t largest = std::min<size_t>(r.mss, frame_length - header);
	const size_t ip_headers = header - r.l3_offset - (r.ipv6 ? ipv6::fixed_header : 0);

	return ip_headers + largest <= max_ip_length;
}

[[nodiscard]] bool is_tcp4(const uint8_t *ip, const SegmentRequest &r)
{
	return ip[0] >> 4 == 4 && (ip[0] & 0xf) * 4u == r.l3_length &&
	       ip[ipv4::next_protocol] == protocol::tcp &&
	       (load_be16(ip + ipv4::fragment) & ipv4::fragment_mask) == 0;
}

[[nodiscard]] bool is_tcp6(std::span<const uint8_t> header, const SegmentRequest &r)
{
	if (header[r.l3_offset] >> 4 != 6)
		return false;
	const Ipv6Walk walk = walk_ipv6_extensions(header, r.l3_offset);

	return walk.protocol == protocol::tcp && walk.offset == r.l4_offset;
}

} // namespace

bool Segmenter::init(std::span<const uint8_t> frame, const SegmentRequest &request)
{
	finished_ = true;
	payload_ = {};
	if (!lengths_fit(frame.size(), request))
		return false;

	request_ = request;
	std::memcpy(header_.data(), frame.data(), header_length());

	const std::span<const uint8_t> header(header_.data(), header_length());
	const uint8_t *ip = &header_[request.l3_offset];
	const uint8_t *tcp_header = &header_[request.l4_offset];

	if (!(request.ipv6 ? is_tcp6(header, request) : is_tcp4(ip, request)) ||
	    (tcp_header[tcp::data_offset] >> 4) * 4u != request.l4_length)
		return false;

	payload_ = frame.subspan(header_length());
	done_ = 0;
	sequence_ = load_be32(tcp_header + tcp::sequence);
	tcp_flags_ = tcp_header[tcp::flags];
	identification_ = load_be16(ip + ipv4::identification);
	finished_ = false;
	return true;
}

size_t Segmenter::header_length() const
{
	return size_t{request_.l4_offset} + request_.l4_length;
}

size_t Segmenter::count() const
{
	return payload_.empty() ? 1 : (payload_.size() + request_.mss - 1) / request_.mss;
}

void Segmenter::fix_l3(size_t payload_length)
{
	uint8_t *ip = &header_[request_.l3_offset];
	const size_t length = size_t{request_.l3_length} + request_.l4_length + payload_length;

	if (request_.ipv6) {
		store_be16(ip + ipv6::payload_length,
			   static_cast<uint16_t>(length - ipv6::fixed_header));
		return;
	}
	const size_t index = done_ / request_.mss;
	Sum sum;

	store_be16(ip + ipv4::total_length, static_cast<uint16_t>(length));
	store_be16(ip + ipv4::identification, static_cast<uint16_t>(identification_ + index));
	store_be16(ip + ipv4::checksum, 0);
	sum.add({ip, request_.l3_length});
	store_be16(ip + ipv4::checksum, sum.checksum());
}

void Segmenter::fix_tcp(std::span<const uint8_t> payload, bool first, bool last)
{
	const uint8_t *ip = &header_[request_.l3_offset];
	uint8_t *header = &header_[request_.l4_offset];
	uint8_t flags = tcp_flags_;
	Sum sum;

	/* The reduced window is said once (RFC 3168); push and end belong to the last byte. */
	if (!first)
		flags &= static_cast<uint8_t>(~tcp::cwr);
	if (!last)
		flags &= static_cast<uint8_t>(~(tcp::fin | tcp::psh));
	header[tcp::flags] = flags;
	store_be32(header + tcp::sequence, sequence_ + static_cast<uint32_t>(done_));
	store_be16(header + tcp::checksum, 0);

	if (request_.ipv6)
		sum.add({ip + ipv6::source, 2 * ipv6::address_length});
	else
		sum.add({ip + ipv4::source, 2 * ipv4::address_length});
	sum.add_word(protocol::tcp);
	sum.add_word(static_cast<uint16_t>(request_.l4_length + payload.size()));
	sum.add({header, request_.l4_length});
	sum.add(payload);
	store_be16(header + tcp::checksum, sum.checksum());
}

bool Segmenter::next(std::array<iovec, 2> &segment)
{
	if (finished_)
		return false;

	const size_t length = std::min<size_t>(request_.mss, payload_.size() - done_);
	const std::span<const uint8_t> payload = payload_.subspan(done_, length);
	const bool last = done_ + length == payload_.size();

	fix_l3(length);
	fix_tcp(payload, done_ == 0, last);
	segment[0] = {header_.data(), header_length()};
	segment[1] = {const_cast<uint8_t *>(payload.data()), length};
	done_ += length;
	finished_ = last;
	return true;
}

} // namespace net
