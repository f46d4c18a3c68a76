/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle: the obvious way to compute what the engines compute, a byte or a
 * bit a step, and a builder of valid frames. Shares no code with the engines.
 */
#ifndef TESTS_NET_REFERENCE_HH
#define TESTS_NET_REFERENCE_HH

#include <sys/uio.h>

#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace reference
{

using Bytes = std::vector<uint8_t>;
using View = std::span<const uint8_t>;

/* Fixed, so that a failure can be repeated; print it with SCOPED_TRACE. */
inline constexpr uint32_t seed = 20240611;

[[nodiscard]] Bytes from_hex(const char *text);
[[nodiscard]] Bytes random_bytes(std::mt19937 &rng, size_t size);
[[nodiscard]] uint32_t be(View bytes, size_t offset, size_t size);
void put_be(std::span<uint8_t> bytes, size_t offset, size_t size, uint32_t value);

/* Ones' complement sum of @bytes from big-endian 16-bit words, the last one padded with 0. */
[[nodiscard]] uint16_t sum(View bytes);
[[nodiscard]] uint32_t toeplitz(View key, View input);

/* @bytes in pieces of random sizes, empty ones and single bytes among them. */
[[nodiscard]] std::vector<iovec> scatter(std::mt19937 &rng, Bytes &bytes);

struct FrameSpec {
	unsigned int vlans = 0;
	bool ipv6 = false;
	unsigned int ip_option_words = 0; /* IPv4 */
	std::vector<uint8_t> extensions = {}; /* IPv6: types, in order */
	bool tcp = true;
	unsigned int tcp_option_words = 0;
	size_t payload = 0;
	size_t padding = 0; /* behind the IP packet */
};

struct Frame {
	Bytes bytes;
	size_t l3_offset, l3_length, l4_offset, payload_offset, ip_end;
	bool ipv6, tcp;
};

/* Random addresses, ports, options and payload; all lengths and checksums right. */
[[nodiscard]] Frame build(std::mt19937 &rng, const FrameSpec &spec);
[[nodiscard]] FrameSpec random_spec(std::mt19937 &rng, size_t max_payload);

/* 0xffff if the checksum in the packet at @l4_offset is right. */
[[nodiscard]] uint16_t l4_sum(View frame, size_t l3_offset, size_t l4_offset, size_t ip_end,
			      bool ipv6, uint8_t protocol);

} // namespace reference

#endif
