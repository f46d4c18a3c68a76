// SPDX-License-Identifier: GPL-2.0-or-later
#include "frames.hh"

namespace
{
size_t l3_offset(const FrameSpec &spec)
{
	return 14 + 4 * spec.vlan_tags;
}
size_t l3_length(const FrameSpec &spec)
{
	return spec.ipv6 ? 40 : 20;
}
} // namespace

size_t l4_offset(const FrameSpec &spec)
{
	return l3_offset(spec) + l3_length(spec);
}
size_t header_length(const FrameSpec &spec)
{
	return l4_offset(spec) + (spec.tcp ? 20 : 8);
}
size_t checksum_at(const FrameSpec &spec)
{
	return l4_offset(spec) + (spec.tcp ? 16 : 6);
}

uint16_t get16(const Bytes &f, size_t at)
{
	return static_cast<uint16_t>(f[at] << 8 | f[at + 1]);
}
void put16(Bytes &f, size_t at, uint16_t value)
{
	f[at] = static_cast<uint8_t>(value >> 8);
	f[at + 1] = static_cast<uint8_t>(value);
}

uint16_t plain_sum(const uint8_t *p, size_t n, uint32_t initial)
{
	uint64_t sum = initial;
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : uint32_t{p[i]} << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return static_cast<uint16_t>(sum);
}

uint16_t pseudo_sum(const Bytes &f, const FrameSpec &spec)
{
	const size_t l3 = l3_offset(spec);
	const size_t at = l3 + (spec.ipv6 ? 8 : 12), n = spec.ipv6 ? 32 : 8;
	const auto rest = static_cast<uint32_t>(f.size() - l4_offset(spec)) + (spec.tcp ? 6 : 17);
	return plain_sum(&f[at], n, rest);
}

Bytes make_frame(const FrameSpec &spec)
{
	const size_t l3 = l3_offset(spec), l4 = l4_offset(spec);
	Bytes f(header_length(spec) + spec.payload);
	for (size_t i = 0; i < 12; i++)
		f[i] = static_cast<uint8_t>(i < 6 ? 0x10 + i : 0x20 + i);
	for (unsigned int i = 0; i < spec.vlan_tags; i++) {
		put16(f, 12 + 4 * i, 0x8100);
		put16(f, 14 + 4 * i, 5);
	}
	put16(f, l3 - 2, spec.ipv6 ? 0x86dd : 0x0800);

	const size_t width = spec.ipv6 ? 16 : 4, source = l3 + (spec.ipv6 ? 8 : 12);
	for (size_t i = 0; i < width; i++) {
		f[source + i] = spec.source.empty() ? static_cast<uint8_t>(1 + i) : spec.source[i];
		f[source + width + i] = spec.destination.empty()
						? static_cast<uint8_t>(i + 1 == width ? 99 : 1 + i)
						: spec.destination[i];
	}
	const auto l4_size = static_cast<uint16_t>(f.size() - l4);
	if (spec.ipv6) {
		f[l3] = 0x60;
		put16(f, l3 + 4, l4_size);
		f[l3 + 6] = spec.tcp ? 6 : 17;
		f[l3 + 7] = 64;
	} else {
		f[l3] = 0x45;
		put16(f, l3 + 2, static_cast<uint16_t>(f.size() - l3));
		put16(f, l3 + 4, 0x1234);
		f[l3 + 8] = 64;
		f[l3 + 9] = spec.tcp ? 6 : 17;
		put16(f, l3 + 10, static_cast<uint16_t>(~plain_sum(&f[l3], 20)));
	}
	put16(f, l4, spec.source_port);
	put16(f, l4 + 2, spec.destination_port);
	if (spec.tcp) {
		f[l4 + 7] = 1; /* sequence */
		f[l4 + 12] = 0x50;
		f[l4 + 13] = spec.tcp_flags;
		put16(f, l4 + 14, 0xffff);
	} else {
		put16(f, l4 + 4, l4_size);
	}
	for (size_t i = header_length(spec); i < f.size(); i++)
		f[i] = static_cast<uint8_t>(i * 7 + i / 251);
	put16(f, checksum_at(spec),
	      static_cast<uint16_t>(~plain_sum(&f[l4], l4_size, pseudo_sum(f, spec))));
	return f;
}

bool checksums_good(const Bytes &f, const FrameSpec &spec)
{
	const size_t l3 = l3_offset(spec), l4 = l4_offset(spec);
	const size_t length = spec.ipv6 ? get16(f, l3 + 4) + 40u : get16(f, l3 + 2);
	if (length != f.size() - l3)
		return false;
	if (!spec.ipv6 && plain_sum(&f[l3], 20) != 0xffff)
		return false;
	return plain_sum(&f[l4], f.size() - l4, pseudo_sum(f, spec)) == 0xffff;
}
