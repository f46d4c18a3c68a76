// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/checksum.hh"

#include <bit>
#include <cstring>

namespace net
{

namespace
{

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

/* What is left of a run when no vector fits any more. */
uint64_t sum_tail(const uint8_t *p, size_t left)
{
	uint64_t sum = 0;

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

/* Lanes of 64 bits that a vector register of so many bytes holds. */
struct Vector16 {
	using Lanes = uint64_t __attribute__((vector_size(16)));
};
struct Vector32 {
	using Lanes = uint64_t __attribute__((vector_size(32)));
};
struct Vector64 {
	using Lanes = uint64_t __attribute__((vector_size(64)));
};

/*
 * A sum that folds to that of @bytes, as words in this machine's order. Each lane
 * adds up whole words modulo 2^64 and their upper halves beside them, which tell
 * what the lower halves come to: no carry is lost below 2^31 words.
 */
template <class Vector>
[[gnu::always_inline]] inline uint64_t sum_lanes(std::span<const uint8_t> bytes)
{
	using Lanes = typename Vector::Lanes;
	const uint8_t *p = bytes.data();
	size_t left = bytes.size();
	Lanes words[2] = {}, uppers[2] = {};

	for (; left >= sizeof(words); left -= sizeof(words), p += sizeof(words)) {
		Lanes next[2];

		std::memcpy(next, p, sizeof(next));
		words[0] += next[0];
		uppers[0] += next[0] >> 32;
		words[1] += next[1];
		uppers[1] += next[1] >> 32;
	}
	const Lanes upper = uppers[0] + uppers[1];
	const Lanes lower = words[0] + words[1] - (upper << 32);
	uint64_t sum = sum_tail(p, left);

	for (size_t i = 0; i < sizeof(Lanes) / sizeof(uint64_t); i++)
		sum += upper[i] + lower[i];
	return sum;
}

#ifdef __x86_64__
[[gnu::target("avx2")]] uint64_t sum_avx2(std::span<const uint8_t> bytes)
{
	return sum_lanes<Vector32>(bytes);
}

[[gnu::target("avx512f")]] uint64_t sum_avx512(std::span<const uint8_t> bytes)
{
	return sum_lanes<Vector64>(bytes);
}
#endif

/* With vectors of at most @widest bytes. */
uint64_t sum_words(std::span<const uint8_t> bytes, [[maybe_unused]] size_t widest)
{
	if (bytes.size() < 2 * sizeof(Vector16::Lanes))
		return sum_tail(bytes.data(), bytes.size());
#ifdef __x86_64__
	/* Shorter runs, such as headers, do not gain what the choice costs. */
	constexpr size_t worth_a_choice = 256;

	if (bytes.size() >= worth_a_choice) {
		if (widest >= sizeof(Vector64::Lanes) && __builtin_cpu_supports("avx512f"))
			return sum_avx512(bytes);
		if (widest >= sizeof(Vector32::Lanes) && __builtin_cpu_supports("avx2"))
			return sum_avx2(bytes);
	}
#endif
	/* What every 64-bit target has. */
	return sum_lanes<Vector16>(bytes);
}

constexpr size_t widest_vector = sizeof(Vector64::Lanes);

} // namespace

Sum::Sum(uint32_t initial) : sum_(swap_on_little_endian(fold16(initial)))
{
}

void Sum::add(std::span<const uint8_t> bytes)
{
	uint16_t sum = fold16(sum_words(bytes, widest_vector));

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

uint16_t sum_run(std::span<const uint8_t> bytes, size_t widest)
{
	return swap_on_little_endian(fold16(sum_words(bytes, widest)));
}

} // namespace net
