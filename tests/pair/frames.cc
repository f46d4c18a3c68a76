// SPDX-License-Identifier: GPL-2.0-or-later
#include "frames.hh"

namespace
{

constexpr size_t ethernet = 14;

void put16(Bytes &b, size_t at, unsigned v)
{
	b[at] = static_cast<uint8_t>(v >> 8);
	b[at + 1] = static_cast<uint8_t>(v);
}

unsigned get16(const Bytes &b, size_t at)
{
	return static_cast<unsigned>(b[at] << 8 | b[at + 1]);
}

unsigned add_carry(unsigned long sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return static_cast<unsigned>(sum);
}

/* The ones' complement sum, word by word, as RFC 1071 writes it. */
unsigned sum_of(const Bytes &b, size_t from, size_t to, unsigned long sum = 0)
{
	for (size_t i = from; i < to; i += 2)
		sum += static_cast<unsigned>(b[i] << 8) | (i + 1 < to ? b[i + 1] : 0u);
	return add_carry(sum);
}

struct Layout {
	bool ipv6, udp;
	size_t l3, l4, end; /* end: of the IP packet */
	size_t l4_header, checksum;
};

/* The checksum of the pseudo header, without the length where TSO wants none. */
unsigned pseudo(const Bytes &b, const Layout &at, bool with_length = true)
{
	unsigned long sum = at.ipv6 ? sum_of(b, at.l3 + 8, at.l3 + 40)
				    : sum_of(b, at.l3 + 12, at.l3 + 20);
	sum += at.udp ? 17 : 6;
	if (with_length)
		sum += static_cast<unsigned long>(at.end - at.l4);
	return add_carry(sum);
}

/* False with a word in @why where the frame is not what it says. */
bool locate(const Bytes &b, Layout &at, std::string &why)
{
	if (b.size() < ethernet)
		return why = "shorter than Ethernet", false;
	at.l3 = ethernet;
	const unsigned type = get16(b, 12);
	unsigned protocol;
	if (type == 0x0800) {
		at.ipv6 = false;
		if (b.size() < at.l3 + 20 || b[at.l3] >> 4 != 4)
			return why = "no IPv4 header", false;
		at.l4 = at.l3 + (b[at.l3] & 15u) * 4;
		at.end = at.l3 + get16(b, at.l3 + 2);
		protocol = b[at.l3 + 9];
	} else if (type == 0x86dd) {
		at.ipv6 = true;
		if (b.size() < at.l3 + 40 || b[at.l3] >> 4 != 6)
			return why = "no IPv6 header", false;
		at.l4 = at.l3 + 40;
		at.end = at.l4 + get16(b, at.l3 + 4);
		protocol = b[at.l3 + 6];
		if (protocol == 0) {
			protocol = b[at.l4];
			at.l4 += (b[at.l4 + 1] + 1u) * 8;
		}
	} else {
		return why = "not IP", false;
	}
	if (at.end > b.size())
		return why = "IP length beyond the frame", false;
	if (protocol != 6 && protocol != 17)
		return why = "neither TCP nor UDP", false;
	at.udp = protocol == 17;
	at.checksum = at.l4 + (at.udp ? 6 : 16);
	at.l4_header = at.udp ? 8 : (b[at.l4 + 12] >> 4) * 4u;
	if (at.l4 + at.l4_header > at.end)
		return why = "L4 header beyond the packet", false;
	return true;
}

Layout layout_of(const Bytes &b)
{
	Layout at{};
	std::string why;
	if (!locate(b, at, why))
		__builtin_trap();
	return at;
}

void write_ipv4(Bytes &b, const FrameShape &shape, size_t length, Random &random)
{
	const size_t l3 = ethernet, header = 20 + shape.ip_options;
	b[l3] = static_cast<uint8_t>(0x40 | header / 4);
	/* A TSO frame may be longer than the field can say. */
	put16(b, l3 + 2, static_cast<unsigned>(header + length));
	put16(b, l3 + 4, static_cast<unsigned>(random() & 0xffff));
	put16(b, l3 + 6, 0x4000);
	b[l3 + 8] = 64;
	b[l3 + 9] = shape.udp ? 17 : 6;
	const uint8_t addresses[] = {10, 0, 0, 1, 10, 0, 0, 2};
	std::copy(addresses, addresses + 8, b.begin() + l3 + 12);
	std::fill_n(b.begin() + l3 + 20, shape.ip_options, uint8_t{1});
	put16(b, l3 + 10, ~sum_of(b, l3, l3 + header) & 0xffff);
}

void write_ipv6(Bytes &b, const FrameShape &shape, size_t length)
{
	const size_t l3 = ethernet;
	const uint8_t protocol = shape.udp ? 17 : 6;
	b[l3] = 0x60;
	put16(b, l3 + 4, static_cast<unsigned>(shape.ip_options + length));
	b[l3 + 6] = shape.ip_options ? 0 : protocol;
	b[l3 + 7] = 64;
	b[l3 + 8] = b[l3 + 24] = 0xfd;
	b[l3 + 23] = 1;
	b[l3 + 39] = 2;
	if (shape.ip_options) {
		b[l3 + 40] = protocol;
		b[l3 + 41] = static_cast<uint8_t>(shape.ip_options / 8 - 1);
		b[l3 + 42] = 1; /* PadN over the rest */
		b[l3 + 43] = static_cast<uint8_t>(shape.ip_options - 4);
	}
}

Bytes build_headers(const FrameShape &shape, Random &random)
{
	const size_t l3_header = (shape.ipv6 ? 40 : 20) + shape.ip_options;
	const size_t l4_header = shape.udp ? 8 : 20 + shape.tcp_options;
	const size_t l4 = ethernet + l3_header, length = l4_header + shape.payload;
	Bytes b(l4 + length);
	const uint8_t macs[] = {0x52, 0x54, 0, 0, 0, 2, 0x52, 0x54, 0, 0, 0, 1};
	std::copy(macs, macs + 12, b.begin());
	put16(b, 12, shape.ipv6 ? 0x86dd : 0x0800);
	if (shape.ipv6)
		write_ipv6(b, shape, length);
	else
		write_ipv4(b, shape, length, random);
	put16(b, l4, shape.source_port);
	put16(b, l4 + 2, shape.destination_port);
	if (shape.udp) {
		put16(b, l4 + 4, static_cast<unsigned>(length));
	} else {
		put16(b, l4 + 4, static_cast<unsigned>(random() & 0xffff));
		put16(b, l4 + 6, static_cast<unsigned>(random() & 0xffff));
		b[l4 + 12] = static_cast<uint8_t>(l4_header / 4 << 4);
		b[l4 + 13] = shape.tcp_flags;
		put16(b, l4 + 14, 0xffff);
		std::fill_n(b.begin() + static_cast<long>(l4) + 20, shape.tcp_options, uint8_t{1});
	}
	for (size_t i = l4 + l4_header; i < b.size(); i++)
		b[i] = static_cast<uint8_t>(random());
	return b;
}

} // namespace

Bytes build_frame(const FrameShape &shape, Random &random)
{
	Bytes b = build_headers(shape, random);
	const Layout at = layout_of(b);
	unsigned checksum = ~sum_of(b, at.l4, at.end, pseudo(b, at)) & 0xffff;
	if (at.udp && !checksum)
		checksum = 0xffff;
	put16(b, at.checksum, checksum);
	return b;
}

TxRequest checksum_request(const FrameShape &shape, Random &random, Bytes &finished)
{
	finished = build_frame(shape, random);
	const Layout at = layout_of(finished);
	TxRequest request;
	request.frame = finished;
	put16(request.frame, at.checksum, pseudo(finished, at));
	request.flags = static_cast<uint16_t>(OE_TX_CSUM | (shape.ipv6 ? OE_TX_IPV6 : OE_TX_DF) |
					      (shape.udp ? OE_TX_UDP : 0));
	request.l3_len = static_cast<uint16_t>(at.l4 - at.l3);
	request.l4_len = static_cast<uint16_t>(at.l4_header);
	return request;
}

TxRequest tso_request(const FrameShape &shape, uint16_t mss, Random &random)
{
	TxRequest request;
	request.frame = build_headers(shape, random);
	const size_t l3 = ethernet;
	const size_t l3_len = (shape.ipv6 ? 40 : 20) + shape.ip_options;
	request.flags = static_cast<uint16_t>(OE_TX_TSO | (shape.ipv6 ? OE_TX_IPV6 : OE_TX_DF));
	request.mss = mss;
	request.l3_len = static_cast<uint16_t>(l3_len);
	request.l4_len = static_cast<uint16_t>(20 + shape.tcp_options);
	/* Linux leaves the pseudo-header sum without a length here. */
	Layout at{shape.ipv6, false, l3, l3 + l3_len, 0, 0, 0};
	put16(request.frame, at.l4 + 16, pseudo(request.frame, at, false));
	return request;
}

std::string fault_of(const Bytes &b)
{
	Layout at{};
	std::string why;
	if (!locate(b, at, why))
		return why;
	if (!at.ipv6 && sum_of(b, at.l3, at.l3 + (b[at.l3] & 15u) * 4) != 0xffff)
		return "IPv4 header checksum";
	if (sum_of(b, at.l4, at.end, pseudo(b, at)) != 0xffff)
		return "L4 checksum";
	if (at.udp && get16(b, at.l4 + 4) != at.end - at.l4)
		return "UDP length";
	return "";
}

Bytes payload_of(const Bytes &b)
{
	const Layout at = layout_of(b);
	return {b.begin() + static_cast<long>(at.l4 + at.l4_header),
		b.begin() + static_cast<long>(at.end)};
}

uint32_t tcp_sequence(const Bytes &b)
{
	const Layout at = layout_of(b);
	return get16(b, at.l4 + 4) << 16 | get16(b, at.l4 + 6);
}

uint8_t tcp_flags(const Bytes &b)
{
	return b[layout_of(b).l4 + 13];
}
