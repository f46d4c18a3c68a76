/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters: totals for the host, and since the last reset for the driver. */
#ifndef ENA_CORE_STATISTICS_HH
#define ENA_CORE_STATISTICS_HH

#include "snapshot.hh"

#include "abi/ena_admin.h"

#include <array>

namespace ena
{

class Statistics {
    public:
	void sent(uint64_t packets, uint64_t bytes)
	{
		total_.tx_packets += packets;
		total_.tx_bytes += bytes;
	}
	/* A packet came in LLQ entries, with so many bytes of it. */
	void pushed(uint64_t header_bytes)
	{
		total_.tx_llq_packets++;
		total_.tx_llq_header_bytes += header_bytes;
	}
	/* @reason: a static sentence, here and below. */
	void tx_drop(const char *reason)
	{
		total_.tx_drops++;
		count_drop(reason, true, 1);
	}
	void received(uint64_t bytes)
	{
		total_.rx_packets++;
		total_.rx_bytes += bytes;
	}
	void rx_drop(const char *reason, uint64_t frames = 1)
	{
		total_.rx_drops += frames;
		count_drop(reason, false, frames);
	}
	/* Drops because the driver had no buffer. */
	void rx_overrun(uint64_t frames)
	{
		total_.rx_overruns += frames;
	}
	/* ENA Express could have sent these. */
	void srd_eligible(uint64_t packets)
	{
		srd_eligible_ += packets;
	}
	[[nodiscard]] uint64_t srd_eligible() const
	{
		return srd_eligible_;
	}
	/* The driver reset the adapter: its counters start at zero again. */
	void driver_reset(uint32_t reason)
	{
		total_.resets++;
		total_.last_reset_reason = reason;
		rebase();
	}
	/* The same at power-on, which no driver asked for. */
	void rebase()
	{
		base_ = total_;
		srd_eligible_ = 0;
	}

	[[nodiscard]] const ena_device_stats &total() const
	{
		return total_;
	}
	/* Null: no more reasons. */
	[[nodiscard]] const ena_drop_count *drops(unsigned int index) const
	{
		return index < drops_.size() && drops_[index].reason ? &drops_[index] : nullptr;
	}
	void report(ena_basic_stats &stats) const;
	void report(ena_keep_alive_event &event) const;
	void snapshot(Snapshot &s);

    private:
	void count_drop(const char *reason, bool tx, uint64_t packets);

	std::array<ena_drop_count, 64> drops_{}; /* more reasons than there are */
	ena_device_stats total_{};
	ena_device_stats base_{};
	uint64_t srd_eligible_ = 0;
};

} // namespace ena

#endif
