/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rate with a depth. */
#ifndef ENA_CORE_TOKEN_BUCKET_HH
#define ENA_CORE_TOKEN_BUCKET_HH

#include <algorithm>
#include <cstdint>

namespace ena
{

/*
 * Counts in a unit so small that the rate is whole units per nanosecond:
 * nothing is rounded, and so nothing drifts. What has tokens may take more
 * than there are and owes the rest; over any time at most depth, rate and one
 * packet pass. Starts full.
 */
class TokenBucket {
    public:
	/* So that neither a fill nor a debt can overflow. */
	static constexpr int64_t max_depth = int64_t{1} << 61;

	constexpr TokenBucket() = default;
	/* @rate: units per ns, at least 1. */
	constexpr TokenBucket(uint64_t rate, int64_t depth)
	    : rate_(rate), depth_(std::min(depth, max_depth)), level_(depth_)
	{
	}

	/* Of @rate things a second, as many in a burst; each costs take_one(). */
	[[nodiscard]] static constexpr TokenBucket per_second(uint32_t rate)
	{
		return rate ? TokenBucket(rate, (int64_t{rate} - 1) * units_of_one) : TokenBucket();
	}

	/* A clock that was set back (by a snapshot) gives nothing. */
	constexpr void refill(uint64_t now_ns)
	{
		const uint64_t elapsed = now_ns > updated_ns_ ? now_ns - updated_ns_ : 0;
		const auto missing = static_cast<uint64_t>(depth_ - level_);

		updated_ns_ = now_ns;
		if (elapsed > missing / rate_)
			level_ = depth_;
		else
			level_ += static_cast<int64_t>(elapsed * rate_);
	}
	/* When something may be taken; not after the last refill() if it already may. */
	[[nodiscard]] constexpr uint64_t ready_ns() const
	{
		if (level_ >= 0)
			return updated_ns_;
		const auto owed = static_cast<uint64_t>(-level_);
		return updated_ns_ + (owed + rate_ - 1) / rate_;
	}
	[[nodiscard]] constexpr bool ready() const
	{
		return level_ >= 0;
	}
	constexpr void take(uint64_t units)
	{
		level_ -= static_cast<int64_t>(std::min<uint64_t>(units, max_depth));
		level_ = std::max(level_, -max_depth);
	}
	constexpr void take_one()
	{
		take(units_of_one);
	}
	[[nodiscard]] constexpr int64_t level() const
	{
		return level_;
	}

    private:
	static constexpr int64_t units_of_one = 1'000'000'000; /* of per_second(): ns in it */

	uint64_t rate_ = 1;
	int64_t depth_ = 0;
	int64_t level_ = 0;
	uint64_t updated_ns_ = 0;
};

} // namespace ena

#endif
