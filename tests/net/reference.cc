// SPDX-License-Identifier: GPL-2.0-or-later
#include "reference.hh"

#include <algorithm>
#include <string>

namespace reference
{

Bytes from_hex(const char *text)
{
	Bytes out;

	for (const char *p = text; p[0] != '\0' && p[1] != '\0'; p += 2)
		out.push_back(static_cast<uint8_t>(std::stoul(std::string(p, 2), nullptr, 16)));
	return out;
}

Bytes random_bytes(std::mt19937 &rng, size_t size)
{
	Bytes out(size);

	std::generate(out.begin(), out.end(), [&] { return static_cast<uint8_t>(rng()); });
	return out;
}

uint32_t be(View bytes, size_t offset, size_t size)
{
	uint32_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[offset + i];
	return value;
}

void put_be(std::span<uint8_t> bytes, size_t offset, size_t size, uint32_t value)
{
	while (size-- != 0) {
		bytes[offset + size] = static_cast<uint8_t>(value);
		value >>= 8;
	}
}

uint16_t sum(View bytes)
{
	uint32_t total = 0;

	for (size_t i = 0; i < bytes.size(); i++) {
		total += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
		if (total > 0xffff)
			total -= 0xffff;
	}
	return static_cast<uint16_t>(total);
}

uint32_t toeplitz(View key, View input)
{
	std::vector<bool> bits;
	uint32_t result = 0;

	for (const uint8_t byte : key)
		for (int i = 7; i >= 0; i--)
			bits.push_back((byte >> i & 1) != 0);
	for (size_t i = 0; i < input.size() * 8; i++) {
		if ((input[i / 8] >> (7 - i % 8) & 1) == 0)
			continue;
		uint32_t window = 0;

		for (size_t j = 0; j < 32; j++)
			window = window << 1 | (bits[i + j] ? 1 : 0);
		result ^= window;
	}
	return result;
}

std::vector<iovec> scatter(std::mt19937 &rng, Bytes &bytes)
{
	std::vector<iovec> pieces;

	for (size_t done = 0; done < bytes.size();) {
		const size_t limit = rng() % 3 == 0 ? 3 : 600;
		const size_t step = std::min<size_t>(rng() % limit, bytes.size() - done);

		pieces.push_back({bytes.data() + done, step});
		done += step;
	}
	pieces.push_back({nullptr, 0});
	return pieces;
}

uint16_t l4_sum(View frame, size_t l3_offset, size_t l4_offset, size_t ip_end, bool ipv6,
		uint8_t protocol)
{
	const View addresses = ipv6 ? frame.subspan(l3_offset + 8, 32)
				    : frame.subspan(l3_offset + 12, 8);
	const View l4 = frame.subspan(l4_offset, ip_end - l4_offset);
	Bytes all(addresses.begin(), addresses.end());

	all.insert(all.end(), {0, protocol, static_cast<uint8_t>(l4.size() >> 8),
			       static_cast<uint8_t>(l4.size())});
	all.insert(all.end(), l4.begin(), l4.end());
	return sum(all);
}

namespace
{

void append(Bytes &out, const Bytes &bytes)
{
	out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_ipv4(std::mt19937 &rng, const FrameSpec &spec, size_t l4_length, Frame &frame)
{
	const size_t length = 20 + spec.ip_option_words * 4;
	Bytes ip = random_bytes(rng, length);

	ip[0] = static_cast<uint8_t>(0x40 | length / 4);
	put_be(ip, 2, 2, static_cast<uint32_t>(length + l4_length));
	put_be(ip, 6, 2, 0x4000);
	ip[9] = spec.tcp ? 6 : 17;
	put_be(ip, 10, 2, 0);
	put_be(ip, 10, 2, 0xffffu - sum(ip));
	append(frame.bytes, ip);
}

void append_ipv6(std::mt19937 &rng, const FrameSpec &spec, size_t l4_length, Frame &frame)
{
	std::vector<uint8_t> types = spec.extensions;
	Bytes ip = random_bytes(rng, 40), extensions;

	types.push_back(spec.tcp ? 6 : 17);
	for (size_t i = 0; i < spec.extensions.size(); i++) {
		const size_t units = types[i] == 44 ? 1 : 1 + rng() % 3;
		Bytes header = random_bytes(rng, units * 8);

		header[0] = types[i + 1];
		if (types[i] != 44) /* reserved in a fragment header */
			header[1] = static_cast<uint8_t>(units - 1);
		if (types[i] == 43)
			header[3] = 0; /* no segments left */
		if (types[i] == 44)
			put_be(header, 2, 2, 0x0006); /* whole packet, reserved bits set */
		append(extensions, header);
	}
	ip[0] = 0x60;
	put_be(ip, 4, 2, static_cast<uint32_t>(extensions.size() + l4_length));
	ip[6] = types[0];
	append(frame.bytes, ip);
	append(frame.bytes, extensions);
}

} // namespace

Frame build(std::mt19937 &rng, const FrameSpec &spec)
{
	Frame frame{};
	const size_t l4_header = spec.tcp ? 20 + spec.tcp_option_words * 4 : 8;
	const size_t l4_length = l4_header + spec.payload;

	frame.ipv6 = spec.ipv6;
	frame.tcp = spec.tcp;
	frame.bytes = random_bytes(rng, 12);
	for (unsigned int i = 0; i < spec.vlans; i++)
		append(frame.bytes, i == 0 && spec.vlans == 2 ? Bytes{0x88, 0xa8, 0x12, 0x34}
							      : Bytes{0x81, 0x00, 0xe0, 0x05});
	append(frame.bytes, spec.ipv6 ? Bytes{0x86, 0xdd} : Bytes{0x08, 0x00});
	frame.l3_offset = frame.bytes.size();
	if (spec.ipv6)
		append_ipv6(rng, spec, l4_length, frame);
	else
		append_ipv4(rng, spec, l4_length, frame);
	frame.l4_offset = frame.bytes.size();
	frame.l3_length = frame.l4_offset - frame.l3_offset;
	frame.payload_offset = frame.l4_offset + l4_header;
	frame.ip_end = frame.l4_offset + l4_length;

	Bytes l4 = random_bytes(rng, l4_length);
	const size_t field = spec.tcp ? 16 : 6;

	if (spec.tcp)
		l4[12] = static_cast<uint8_t>(l4_header / 4 << 4);
	else
		put_be(l4, 4, 2, static_cast<uint32_t>(l4_length));
	put_be(l4, field, 2, 0);
	append(frame.bytes, l4);

	uint32_t checksum = 0xffffu - l4_sum(frame.bytes, frame.l3_offset, frame.l4_offset,
					     frame.ip_end, spec.ipv6, spec.tcp ? 6 : 17);
	if (checksum == 0 && !spec.tcp)
		checksum = 0xffff;
	put_be(frame.bytes, frame.l4_offset + field, 2, checksum);
	append(frame.bytes, random_bytes(rng, spec.padding));
	return frame;
}

FrameSpec random_spec(std::mt19937 &rng, size_t max_payload)
{
	static const uint8_t later[] = {43, 44, 60};
	FrameSpec spec;

	spec.vlans = rng() % 3;
	spec.ipv6 = rng() % 2 != 0;
	spec.ip_option_words = rng() % 2 != 0 ? rng() % 11 : 0;
	if (rng() % 2 != 0) {
		if (rng() % 2 != 0)
			spec.extensions.push_back(0);
		for (size_t n = rng() % 4; n != 0; n--)
			spec.extensions.push_back(later[rng() % 3]);
	}
	spec.tcp = rng() % 2 != 0;
	spec.tcp_option_words = rng() % 2 != 0 ? rng() % 11 : 0;
	spec.payload = rng() % (max_payload + 1);
	spec.padding = rng() % 2 != 0 ? rng() % 40 : 0;
	return spec;
}

} // namespace reference
