/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames for tests, with checksums computed the slow and plain way. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

using Bytes = std::vector<uint8_t>;

struct FrameSpec {
	bool ipv6 = false;
	bool tcp = true;
	unsigned int vlan_tags = 0;
	size_t payload = 100;
	uint16_t source_port = 7000, destination_port = 7000;
	uint8_t tcp_flags = 0x18; /* PSH, ACK */
	Bytes source = {}, destination = {}; /* defaults if empty */
};

[[nodiscard]] Bytes make_frame(const FrameSpec &spec = {});
/* Of a frame that make_frame() made. */
[[nodiscard]] size_t l4_offset(const FrameSpec &spec);
[[nodiscard]] size_t header_length(const FrameSpec &spec);
[[nodiscard]] size_t checksum_at(const FrameSpec &spec);
/* Folded sum of 16-bit words (not complemented). */
[[nodiscard]] uint16_t plain_sum(const uint8_t *p, size_t n, uint32_t initial = 0);
[[nodiscard]] uint16_t pseudo_sum(const Bytes &frame, const FrameSpec &spec);
[[nodiscard]] uint16_t get16(const Bytes &frame, size_t at);
void put16(Bytes &frame, size_t at, uint16_t value);
/* Whether IP and L4 checksums and lengths of the frame are right. */
[[nodiscard]] bool checksums_good(const Bytes &frame, const FrameSpec &spec);
