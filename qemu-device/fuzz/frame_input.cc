// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame_input.hh"

#include "tests/net/reference.hh"

namespace fuzz
{

namespace
{
using Bytes = std::vector<uint8_t>;

void put(Bytes &bytes, uint32_t value, size_t size)
{
	bytes.resize(bytes.size() + size);
	reference::put_be(bytes, bytes.size() - size, size, value);
}

void put_pattern(Bytes &bytes, size_t size, uint8_t seed)
{
	for (size_t i = 0; i < size; i++)
		bytes.push_back(static_cast<uint8_t>(seed + i * 7));
}

void put_vlan_tags(Input &input, Bytes &bytes)
{
	static constexpr uint16_t types[] = {0x8100, 0x88a8, 0x9100};
	for (uint32_t n = input.below(8); n > 4; n--) {
		put(bytes, input.pick(types), 2);
		put(bytes, input.byte(), 2);
	}
}

/* Extension headers; returns the type of the first. */
uint8_t put_extensions(Input &input, Bytes &bytes, uint8_t last)
{
	static constexpr uint8_t types[] = {0, 43, 44, 60, 51};
	const uint32_t count = input.one_in(4) ? input.below(11) : 0;
	uint8_t first = last;
	size_t link = 0; /* where the type of the next header goes */

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t type = i == 0 ? input.pick(types) : types[1 + input.below(4)];
		const uint8_t units = type == 44 ? 0 : static_cast<uint8_t>(input.below(3));
		if (i == 0)
			first = type;
		else
			bytes[link] = type;
		link = bytes.size();
		put(bytes, last, 1);
		put(bytes, type == 44 ? 0 : units, 1);
		/* A fragment's offset, or a routing header's segments left. */
		put(bytes, input.one_in(8) ? input.byte() : 0, 2);
		put_pattern(bytes, 4 + units * 8u, input.byte());
	}
	return first;
}

void put_ipv4(Input &input, Bytes &bytes, uint8_t protocol, size_t l4_length)
{
	const uint32_t words = 5 + (input.one_in(4) ? input.below(11) : 0);
	const size_t start = bytes.size();

	put(bytes, 0x40 | words, 1);
	put(bytes, 0, 1);
	put(bytes, static_cast<uint32_t>(words * 4 + l4_length), 2);
	put(bytes, input.byte() << 8 | 0xff, 2);
	put(bytes, input.one_in(8) ? input.take<uint16_t>() : 0x4000, 2);
	put(bytes, 64, 1);
	put(bytes, protocol, 1);
	put(bytes, 0, 2);
	put_pattern(bytes, 8 + (words - 5) * 4, input.byte());
	const reference::View header(&bytes[start], words * 4);
	reference::put_be(bytes, start + 10, 2, 0xffffu - reference::sum(header));
}

void put_ipv6(Input &input, Bytes &bytes, uint8_t protocol, size_t l4_length)
{
	Bytes extensions;
	const uint8_t first = put_extensions(input, extensions, protocol);

	put(bytes, 0x60000000, 4);
	put(bytes, static_cast<uint32_t>(extensions.size() + l4_length), 2);
	put(bytes, first, 1);
	put(bytes, 64, 1);
	put_pattern(bytes, 32, input.byte());
	bytes.insert(bytes.end(), extensions.begin(), extensions.end());
}

void put_l4(Input &input, InputFrame &f, size_t header, size_t payload)
{
	Bytes &bytes = f.bytes;
	const size_t start = bytes.size();

	put_pattern(bytes, header, input.byte());
	if (f.tcp)
		bytes[start + 12] = static_cast<uint8_t>(header / 4 << 4);
	if (f.tcp)
		bytes[start + 13] = input.byte();
	if (f.udp)
		reference::put_be(bytes, start + 4, 2, static_cast<uint32_t>(header + payload));
	f.payload_offset = bytes.size();
	put_pattern(bytes, payload, input.byte());
	const size_t field = start + (f.tcp ? 16 : 6);
	const uint8_t kind = input.byte();
	if (!(f.tcp || f.udp) || kind & 1)
		return;
	reference::put_be(bytes, field, 2, 0);
	if (kind & 2)
		return;
	const uint16_t sum =
		reference::l4_sum(bytes, f.l3_offset, start, bytes.size(), f.ipv6, f.tcp ? 6 : 17);
	/* The whole sum, or that of the pseudo header alone. */
	reference::put_be(bytes, field, 2, kind & 4 ? sum : 0xffffu - sum);
}
} // namespace

InputFrame take_frame(Input &input, uint32_t max_payload)
{
	const uint8_t shape = input.byte();
	InputFrame f;
	Bytes &bytes = f.bytes;

	if ((shape & 0xc0) == 0xc0) { /* bytes of no shape */
		bytes.resize(input.below(300));
		input.fill(bytes);
		return f;
	}
	f.ipv6 = shape & 1;
	f.tcp = !(shape & 2);
	f.udp = !f.tcp && !(shape & 4);
	const size_t header = f.tcp ? 20 + (shape & 8 ? 4 * input.below(11) : 0) : f.udp ? 8 : 0;
	const uint32_t payload = input.below(max_payload + 1);
	const auto protocol = static_cast<uint8_t>(f.tcp ? 6 : f.udp ? 17 : input.byte());

	put_pattern(bytes, 12, 2);
	if (shape & 16)
		put_vlan_tags(input, bytes);
	put(bytes, f.ipv6 ? 0x86dd : 0x0800, 2);
	f.l3_offset = bytes.size();
	if (f.ipv6)
		put_ipv6(input, bytes, protocol, header + payload);
	else
		put_ipv4(input, bytes, protocol, header + payload);
	f.l4_offset = bytes.size();
	put_l4(input, f, header, payload);
	if (shape & 32) {
		put_pattern(bytes, input.below(60), 0);
		for (uint32_t n = input.below(4); n; n--)
			bytes[input.take<uint16_t>() % std::min<size_t>(bytes.size(), 128)] =
				input.byte();
		bytes.resize(std::max<size_t>(1, bytes.size() - input.below(3) * 13));
	}
	return f;
}

} // namespace fuzz
