/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a function may send, as another has set it. */
#ifndef ENA_CORE_TX_RATE_HH
#define ENA_CORE_TX_RATE_HH

#include "allowance.hh"

namespace ena
{

/* Why a packet is dropped. */
inline constexpr const char *over_rate = "the rate that is set for the function is exceeded";

/*
 * Mbit/s on the wire, of all queues together. The driver that it limits cannot change it, nor
 * does a reset; who has set it sets it again after a snapshot was loaded.
 */
class TxRate {
    public:
	/* 0: no limit. */
	void set(uint32_t mbps)
	{
		if (mbps == mbps_)
			return;
		mbps_ = mbps;
		if (mbps)
			bucket_ = bandwidth_bucket(mbps, wait_tick_ns);
	}
	[[nodiscard]] bool limited() const
	{
		return mbps_;
	}
	/* How long a packet may wait; 0 without a limit. */
	[[nodiscard]] uint64_t patience_ns() const
	{
		return mbps_ ? std::max(shortest_patience_ns, large_packets_ns(mbps_)) : 0;
	}
	/* May the next packet go? It counts as an excess of what may be sent. */
	[[nodiscard]] Verdict ask(uint64_t now_ns)
	{
		bucket_.refill(now_ns);
		if (bucket_.ready())
			return {};
		return {Verdict::Say::wait, Excess::bandwidth_out,
			std::max(bucket_.ready_ns(), now_ns + wait_tick_ns)};
	}
	/* It has gone. */
	void charge(uint64_t bytes)
	{
		bucket_.take(bytes * units_per_byte);
	}

    private:
	static constexpr uint64_t shortest_patience_ns = 50'000'000; /* as allowance-wait-ms */

	uint32_t mbps_ = 0;
	TokenBucket bucket_;
};

} // namespace ena

#endif
