// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/checksum.hh"

#include <bit>
#include <cstring>

namespace net
{

namespace
{

/* Two lanes that every 64-bit target can keep in registers. */
using Lanes = uint64_t __attribute__((vector_size(16)));

constexpr uint16_t swap_on_little_endian(uint16_t value)
{
	if constexpr (std::endian::native == std::endian::little)
		return __builtin_bswap16(value);
	return value;
}

constexpr uint16_t fold16(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return static_cast<uint16_t>((sum >> 16) + sum);
}

template <class T> T load(const uint8_t *p)
{
	T value;

	std::memcpy(&value, p, sizeof(value));
	return value;
}

/*
 * A sum that folds to that of @bytes, as words in this machine's order: 32-bit
 * words gather in 64-bit accumulators, so that no carry is lost below 2^32
 * words.
 */
uint64_t sum_words(std::span<const uint8_t> bytes)
{
	const uint8_t *p = bytes.data();
	size_t left = bytes.size();
	Lanes low[2] = {}, high[2] = {};

	for (; left >= sizeof(Lanes[2]); left -= sizeof(Lanes[2]), p += sizeof(Lanes[2])) {
		Lanes words[2];

		std::memcpy(words, p, sizeof(words));
		for (int i = 0; i < 2; i++) {
			low[i] += words[i] & 0xffffffff;
			high[i] += words[i] >> 32;
		}
	}
	const Lanes lanes = low[0] + low[1] + high[0] + high[1];
	uint64_t sum = lanes[0] + lanes[1];

	for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), p += sizeof(uint64_t)) {
		const auto word = load<uint64_t>(p);

		sum += (word & 0xffffffff) + (word >> 32);
	}
	if ((left & 4) != 0) {
		sum += load<uint32_t>(p);
		p += 4;
	}
	if ((left & 2) != 0) {
		sum += load<uint16_t>(p);
		p += 2;
	}
	/* The last byte is the first of a word whose other half is zero. */
	if ((left & 1) != 0) {
		const uint8_t word[] = {*p, 0};

		sum += load<uint16_t>(word);
	}
	return sum;
}

} // namespace

Sum::Sum(uint32_t initial) : sum_(swap_on_little_endian(fold16(initial)))
{
}

void Sum::add(std::span<const uint8_t> bytes)
{
	uint16_t sum = fold16(sum_words(bytes));

	if (odd_)
		sum = __builtin_bswap16(sum);
	sum_ += sum;
	odd_ ^= bytes.size() & 1;
}

void Sum::add_word(uint16_t host_order)
{
	sum_ += swap_on_little_endian(host_order);
}

uint16_t Sum::fold() const
{
	return swap_on_little_endian(fold16(sum_));
}

uint16_t Sum::checksum() const
{
	return static_cast<uint16_t>(~fold());
}

} // namespace net
