/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Toeplitz hash of receive-side scaling. */
#ifndef NET_TOEPLITZ_HH
#define NET_TOEPLITZ_HH

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace net
{

struct ToeplitzKey {
	std::array<uint8_t, 40> bytes;
};

/* What a 40-byte key can hash: IPv6 addresses and two ports. */
inline constexpr size_t toeplitz_max_input = 36;

/*
 * The key is used in its natural order (byte 0 meets input byte 0), and the
 * result is XORed onto @init. Input beyond toeplitz_max_input is not hashed.
 */
[[nodiscard]] uint32_t toeplitz(const ToeplitzKey &key, std::span<const uint8_t> input,
				uint32_t init);

/* The same function with tables, one lookup a byte; 36 KiB. Zero key until set_key(). */
class Toeplitz {
    public:
	void set_key(const ToeplitzKey &key);
	[[nodiscard]] uint32_t hash(std::span<const uint8_t> input, uint32_t init) const;

    private:
	uint32_t table_[toeplitz_max_input][256] = {};
};

} // namespace net

#endif
