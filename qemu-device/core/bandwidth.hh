/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bits a second, as a bucket. */
#ifndef ENA_CORE_BANDWIDTH_HH
#define ENA_CORE_BANDWIDTH_HH

#include "token_bucket.hh"

namespace ena
{

/* A packet that waits for a bucket is looked at no more often. */
inline constexpr uint64_t wait_tick_ns = 1'000'000;

/* Units of the bucket: 1 Mbit/s is one thousandth of a bit in a ns. */
inline constexpr uint64_t units_per_byte = 8000;
inline constexpr uint64_t large_packet = 65536;
/* What who was idle may send at once, at least: bursts are not smaller than that. */
inline constexpr uint64_t min_burst = 2 * large_packet;
/* What may gather while those that wait sleep. */
inline constexpr uint64_t depth_ticks = 4;

/* Of @mbps, looked at every @tick_ns. @credits: that may be saved besides, in units. */
[[nodiscard]] constexpr TokenBucket bandwidth_bucket(uint64_t mbps, uint64_t tick_ns,
						     uint64_t credits = 0)
{
	const uint64_t depth = std::max(min_burst * units_per_byte, mbps * depth_ticks * tick_ns);
	return {mbps, static_cast<int64_t>(depth + credits)};
}

/* One that waits for a large packet before it is not yet late. */
[[nodiscard]] constexpr uint64_t large_packets_ns(uint64_t mbps)
{
	return 2 * (large_packet * units_per_byte / mbps);
}

} // namespace ena

#endif
