/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian integers at any alignment. */
#ifndef NET_BYTES_HH
#define NET_BYTES_HH

#include <cstdint>

namespace net
{

[[nodiscard]] constexpr uint16_t load_be16(const uint8_t *p)
{
	return static_cast<uint16_t>(p[0] << 8 | p[1]);
}

[[nodiscard]] constexpr uint32_t load_be32(const uint8_t *p)
{
	return static_cast<uint32_t>(load_be16(p)) << 16 | load_be16(p + 2);
}

constexpr void store_be16(uint8_t *p, uint16_t value)
{
	p[0] = static_cast<uint8_t>(value >> 8);
	p[1] = static_cast<uint8_t>(value);
}

constexpr void store_be32(uint8_t *p, uint32_t value)
{
	store_be16(p, static_cast<uint16_t>(value >> 16));
	store_be16(p + 2, static_cast<uint16_t>(value));
}

} // namespace net

#endif
