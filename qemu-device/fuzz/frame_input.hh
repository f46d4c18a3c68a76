/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames made of a fuzzer's decisions: mostly headers that fit, then some bytes changed. */
#ifndef OPENENA_FUZZ_FRAME_INPUT_HH
#define OPENENA_FUZZ_FRAME_INPUT_HH

#include "tests/fuzz/input.hh"

namespace fuzz
{

struct InputFrame {
	std::vector<uint8_t> bytes;
	/* As built, whatever was changed behind. */
	size_t l3_offset = 0, l4_offset = 0, payload_offset = 0;
	bool ipv6 = false, tcp = false, udp = false;
};

[[nodiscard]] InputFrame take_frame(Input &input, uint32_t max_payload);

} // namespace fuzz

#endif
