/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scalar types of the ENA ABI. Everything the adapter shares with its host is
 * little-endian, so a plain integer never appears in a wire struct: C sees an
 * opaque wrapper, C++ sees the same wrapper with get() and set().
 */
#ifndef OPENENA_ABI_TYPES_H
#define OPENENA_ABI_TYPES_H

#if defined(__KERNEL__) && !defined(__cplusplus)
#include <linux/types.h>
#include <linux/stddef.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

/* Bits hi..lo of a 32-bit word, both included, as in the register tables. */
#define ENA_MASK(hi, lo) ((0xffffffffu >> (31 - (hi))) & (0xffffffffu << (lo)))
#define ENA_BIT(n) (1u << (n))

#ifdef __cplusplus
#define ENA_STATIC_ASSERT(cond) static_assert(cond)

namespace ena
{

/* A little-endian integer in memory shared with the other side. */
template <class T> struct le {
	T raw;

	[[nodiscard]] static constexpr T swap_on_big_endian(T v)
	{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		T r = 0;
		for (unsigned i = 0; i < sizeof(T); i++, v = static_cast<T>(v >> 8))
			r = static_cast<T>((r << 8) | (v & 0xff));
		return r;
#else
		return v;
#endif
	}
	[[nodiscard]] constexpr T get() const
	{
		return swap_on_big_endian(raw);
	}
	constexpr void set(T v)
	{
		raw = swap_on_big_endian(v);
	}
};

/* The value of a field of @word, shifted down. */
[[nodiscard]] constexpr uint32_t field_get(uint32_t mask, uint32_t word)
{
	return (word & mask) >> __builtin_ctz(mask);
}

/* @value in the place of the field; bits of @value beyond it are cut off. */
[[nodiscard]] constexpr uint32_t field_put(uint32_t mask, uint32_t value)
{
	return (value << __builtin_ctz(mask)) & mask;
}

} // namespace ena

typedef ena::le<uint16_t> ena_le16;
typedef ena::le<uint32_t> ena_le32;
typedef ena::le<uint64_t> ena_le64;
#else
#define ENA_STATIC_ASSERT(cond) _Static_assert(cond, #cond)

typedef struct {
	uint16_t raw;
} ena_le16;
typedef struct {
	uint32_t raw;
} ena_le32;
typedef struct {
	uint64_t raw;
} ena_le64;
#endif

#define ENA_ASSERT_SIZE(type, size) ENA_STATIC_ASSERT(sizeof(type) == (size))
#define ENA_ASSERT_OFFSET(type, member, offset) \
	ENA_STATIC_ASSERT(offsetof(type, member) == (offset))

/* A 48-bit bus address as all commands and descriptors carry it. */
struct ena_mem_addr {
	ena_le32 lo;
	ena_le16 hi;
	ena_le16 mbz;
};
ENA_ASSERT_SIZE(struct ena_mem_addr, 8);

#ifdef __cplusplus
namespace ena
{

[[nodiscard]] constexpr uint64_t load(const ena_mem_addr &a)
{
	return a.lo.get() | static_cast<uint64_t>(a.hi.get()) << 32;
}

constexpr void store(ena_mem_addr &a, uint64_t bus)
{
	a.lo.set(static_cast<uint32_t>(bus));
	a.hi.set(static_cast<uint16_t>(bus >> 32));
	a.mbz.set(0);
}

} // namespace ena
#endif

#endif
