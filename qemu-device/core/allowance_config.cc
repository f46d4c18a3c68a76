// SPDX-License-Identifier: GPL-2.0-or-later
/* The numbers of an allowance: of a type, and within which limits. */
#include "ena_instance.h"
#include "why.hh"

#include "connections.hh"

using namespace ena;

namespace
{
/* Sizes of allowances that Amazon does not publish. */
constexpr uint32_t assumed_burst_ms = 300'000;
constexpr uint32_t assumed_pps_per_mbps = 100;
constexpr uint32_t assumed_connections = 65536;
constexpr uint32_t assumed_wait_ms = 50;
constexpr uint32_t assumed_tcp_timeout_s = 432'000;
/* Those it does. */
constexpr uint32_t flow_mbps = 5000, link_local_pps = 1024;

constexpr uint32_t max_mbps = 400'000, max_pps = 400'000'000;
constexpr uint32_t max_burst_ms = 3'600'000, max_timeout_s = 10'000'000, max_wait_ms = 1000;
/* Packets of 64 KiB that the baseline carries in a second, or the driver's watchdog bites. */
constexpr uint32_t large_packets_a_second = 2;

bool check_rates(Why &why, const ena_allowance_config &c)
{
	if (c.peak_mbps < 1 || c.peak_mbps > max_mbps)
		return why.refuse("peak bandwidth of %u Mbit/s, must be 1 to %u", c.peak_mbps,
				  max_mbps);
	if (c.baseline_mbps < 1 || c.baseline_mbps > c.peak_mbps)
		return why.refuse("baseline bandwidth of %u Mbit/s, must be 1 to the peak of %u",
				  c.baseline_mbps, c.peak_mbps);
	if (c.burst_ms > max_burst_ms)
		return why.refuse("burst-ms=%u, must be at most %u", c.burst_ms, max_burst_ms);
	if (c.flow_mbps > max_mbps)
		return why.refuse("flow-mbps=%u, must be at most %u, or 0 for no limit",
				  c.flow_mbps, max_mbps);
	if (c.pps > max_pps)
		return why.refuse("pps-allowance=%u, must be at most %u, or 0 for no limit", c.pps,
				  max_pps);
	if (c.link_local_pps > max_pps)
		return why.refuse("link-local-pps=%u, must be at most %u, or 0 for no limit",
				  c.link_local_pps, max_pps);
	return true;
}

bool check_times(Why &why, const ena_allowance_config &c)
{
	const uint32_t max_scale =
		1'000'000'000 / (large_packets_a_second * 65536 * 8) * c.baseline_mbps / 1000;
	if (c.wait_ms < 1 || c.wait_ms > max_wait_ms)
		return why.refuse("allowance-wait-ms=%u, must be 1 to %u", c.wait_ms, max_wait_ms);
	if (c.tcp_timeout_s < 1 || c.tcp_timeout_s > max_timeout_s)
		return why.refuse("timeout of a tracked TCP connection of %u s, must be 1 to %u",
				  c.tcp_timeout_s, max_timeout_s);
	if (c.time_scale < 1)
		return why.refuse("time-scale=0, must be at least 1");
	if (c.time_scale > 1 && c.time_scale > max_scale)
		return why.refuse("time-scale=%u, must be at most %u: the baseline of %u Mbit/s "
				  "must carry a packet of 64 KiB in half a second of the guest",
				  c.time_scale, max_scale, c.baseline_mbps);
	return true;
}
} // namespace

extern "C" void ena_allowance_default(ena_allowance_config *config, const ena_instance_type *type)
{
	*config = {};
	config->baseline_mbps = type->baseline_mbps;
	config->peak_mbps = type->peak_mbps;
	config->burst_ms = assumed_burst_ms;
	config->flow_mbps = flow_mbps;
	config->pps = type->peak_mbps * assumed_pps_per_mbps;
	config->connections = assumed_connections;
	config->tcp_timeout_s = type->tcp_timeout_s ? type->tcp_timeout_s : assumed_tcp_timeout_s;
	config->link_local_pps = link_local_pps;
	config->wait_ms = assumed_wait_ms;
	config->time_scale = 1;
}

extern "C" uint32_t ena_instance_type_assumed(const ena_instance_type *type)
{
	return ENA_ASSUMED_BURST | ENA_ASSUMED_PPS | ENA_ASSUMED_CONNECTIONS | ENA_ASSUMED_WAIT |
	       (type->queues ? 0 : ENA_ASSUMED_QUEUES) |
	       (type->tcp_timeout_s ? 0 : ENA_ASSUMED_TCP_TIMEOUT);
}

extern "C" bool ena_allowance_check(const ena_allowance_config *config, char *why_text,
				    size_t why_size)
{
	Why why(why_text, why_size);

	if (config->connections > Connections::max_entries)
		return why.refuse("conntrack-allowance=%u, must be at most %u, or 0 to track none",
				  config->connections, Connections::max_entries);
	return check_rates(why, *config) && check_times(why, *config);
}
