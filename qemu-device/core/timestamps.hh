/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hardware timestamps of packets: feature 31. */
#ifndef ENA_CORE_TIMESTAMPS_HH
#define ENA_CORE_TIMESTAMPS_HH

#include "queues.hh"

namespace ena
{

/*
 * The driver first says which direction is to be stamped, then creates queues
 * whose completions have room for the stamp. One without the other gives none.
 */
class Timestamps {
    public:
	explicit Timestamps(Host &host) : host_(host)
	{
	}

	[[nodiscard]] static ena_hw_timestamp_config get();
	[[nodiscard]] ena_admin_status set(const ena_hw_timestamp_config &config);
	/* Now, on the hardware clock, or 0 for a packet of @cq that is not to be stamped. */
	[[nodiscard]] uint64_t take(Direction direction, const CompletionQueue &cq) const
	{
		const bool on = direction == Direction::tx ? tx_ : rx_;
		return on && cq.extended(direction) ? host_.real_time() : 0;
	}
	void reset()
	{
		tx_ = rx_ = false;
	}
	void snapshot(Snapshot &s)
	{
		s.section("timestamps", 1, Absent::defaults, [&] {
			s.value("TX", tx_);
			s.value("RX", rx_);
		});
	}

    private:
	Host &host_;
	bool tx_ = false, rx_ = false;
};

} // namespace ena

#endif
