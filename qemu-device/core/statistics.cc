// SPDX-License-Identifier: GPL-2.0-or-later
#include "statistics.hh"

#include <cstring>

namespace ena
{

namespace
{
void put(ena_split64 &field, uint64_t value)
{
	field.lo.set(static_cast<uint32_t>(value));
	field.hi.set(static_cast<uint32_t>(value >> 32));
}
} // namespace

void Statistics::count_drop(const char *reason, bool tx, uint64_t packets)
{
	for (ena_drop_count &count : drops_) {
		if (!count.reason)
			count = {reason, tx, 0};
		/* The same sentence may have an address in each file. */
		if (count.tx == tx && (count.reason == reason || !strcmp(count.reason, reason))) {
			count.packets += packets;
			return;
		}
	}
}

void Statistics::report(ena_basic_stats &stats) const
{
	put(stats.tx_bytes, total_.tx_bytes - base_.tx_bytes);
	put(stats.tx_pkts, total_.tx_packets - base_.tx_packets);
	put(stats.rx_bytes, total_.rx_bytes - base_.rx_bytes);
	put(stats.rx_pkts, total_.rx_packets - base_.rx_packets);
	put(stats.rx_drops, total_.rx_drops - base_.rx_drops);
	put(stats.tx_drops, total_.tx_drops - base_.tx_drops);
	put(stats.rx_overruns, total_.rx_overruns - base_.rx_overruns);
}

void Statistics::report(ena_keep_alive_event &event) const
{
	put(event.rx_drops, total_.rx_drops - base_.rx_drops);
	put(event.tx_drops, total_.tx_drops - base_.tx_drops);
	put(event.rx_overruns, total_.rx_overruns - base_.rx_overruns);
}

void Statistics::snapshot(Snapshot &s)
{
	s.section("statistics", 1, Absent::refused, [&] {
		for (ena_device_stats *stats : {&total_, &base_}) {
			s.item(stats == &base_);
			s.value("TX packets", stats->tx_packets);
			s.value("TX bytes", stats->tx_bytes);
			s.value("TX drops", stats->tx_drops);
			s.value("RX packets", stats->rx_packets);
			s.value("RX bytes", stats->rx_bytes);
			s.value("RX drops", stats->rx_drops);
			s.value("RX overruns", stats->rx_overruns);
			s.value("resets", stats->resets);
			s.value("TX LLQ packets", stats->tx_llq_packets);
			s.value("TX LLQ header bytes", stats->tx_llq_header_bytes);
			s.value("last reset reason", stats->last_reset_reason);
		}
		s.value("SRD eligible", srd_eligible_);
	});
}

} // namespace ena
