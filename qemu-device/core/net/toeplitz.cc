// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/toeplitz.hh"

namespace net
{

namespace
{

/* 32 bits of the key from bit @bit on, most significant bit first. */
uint32_t key_window(const ToeplitzKey &key, size_t bit)
{
	const size_t byte = bit / 8, shift = bit % 8;
	uint64_t window = 0;

	for (size_t i = 0; i < 5; i++)
		window = window << 8 | (byte + i < key.bytes.size() ? key.bytes[byte + i] : 0);
	return static_cast<uint32_t>(window >> (8 - shift));
}

std::span<const uint8_t> cut(std::span<const uint8_t> input)
{
	return input.size() > toeplitz_max_input ? input.first(toeplitz_max_input) : input;
}

} // namespace

uint32_t toeplitz(const ToeplitzKey &key, std::span<const uint8_t> input, uint32_t init)
{
	size_t bit = 0;

	for (const uint8_t byte : cut(input))
		for (unsigned int mask = 0x80; mask != 0; mask >>= 1, bit++)
			if ((byte & mask) != 0)
				init ^= key_window(key, bit);
	return init;
}

void Toeplitz::set_key(const ToeplitzKey &key)
{
	for (size_t position = 0; position < toeplitz_max_input; position++) {
		uint32_t *table = table_[position];

		/* Each value is one with a bit less, plus the window of that bit. */
		table[0] = 0;
		for (unsigned int value = 1; value < 256; value++)
			table[value] =
				table[value & (value - 1)] ^
				key_window(key, position * 8 + 7 -
							static_cast<size_t>(__builtin_ctz(value)));
	}
}

uint32_t Toeplitz::hash(std::span<const uint8_t> input, uint32_t init) const
{
	const uint32_t(*table)[256] = table_;

	for (const uint8_t byte : cut(input))
		init ^= (*table++)[byte];
	return init;
}

} // namespace net
