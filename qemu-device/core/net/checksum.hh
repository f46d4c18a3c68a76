/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071). */
#ifndef NET_CHECKSUM_HH
#define NET_CHECKSUM_HH

#include <cstddef>
#include <cstdint>
#include <span>

namespace net
{

/*
 * Ones' complement sum of 16-bit big-endian words. Pieces may have any length
 * and alignment: after an odd number of bytes the next piece starts in the low
 * byte of a word.
 */
class Sum {
    public:
	constexpr Sum() = default;
	/* Start from a sum known already, in host order. */
	explicit Sum(uint32_t initial);

	void add(std::span<const uint8_t> bytes);
	/* One aligned word in host order; leaves the position in the byte stream alone. */
	void add_word(uint16_t host_order);

	/* The sum itself, host order. */
	[[nodiscard]] uint16_t fold() const;
	/* Its complement, host order: what a header carries, stored big-endian. */
	[[nodiscard]] uint16_t checksum() const;

    private:
	/* Of words as this machine loads them; the sum commutes with a byte swap. */
	uint64_t sum_ = 0;
	bool odd_ = false;
};

/*
 * The sum of one run, host order, with vectors of at most @widest bytes: so that
 * a test reaches all of the ways, of which Sum takes the widest that this
 * processor has.
 */
[[nodiscard]] uint16_t sum_run(std::span<const uint8_t> bytes, size_t widest);

} // namespace net

#endif
