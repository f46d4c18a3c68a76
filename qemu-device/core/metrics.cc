// SPDX-License-Identifier: GPL-2.0-or-later
#include "metrics.hh"

#include <bit>
#include <cstring>

namespace ena
{

/* The allowances that can be exceeded are the metrics of the same number. */
static_assert(static_cast<int>(Excess::bandwidth_in) == ENA_METRIC_BW_IN_ALLOWANCE_EXCEEDED);
static_assert(static_cast<int>(Excess::bandwidth_out) == ENA_METRIC_BW_OUT_ALLOWANCE_EXCEEDED);
static_assert(static_cast<int>(Excess::packets) == ENA_METRIC_PPS_ALLOWANCE_EXCEEDED);
static_assert(static_cast<int>(Excess::connections) == ENA_METRIC_CONNTRACK_ALLOWANCE_EXCEEDED);
static_assert(static_cast<int>(Excess::link_local) == ENA_METRIC_LINKLOCAL_ALLOWANCE_EXCEEDED);
static_assert(excesses == ENA_METRIC_CONNTRACK_ALLOWANCE_AVAILABLE);

/* Scope and queue are ignored: drivers leave them zero and mean the whole adapter. */
ena_admin_status Metrics::get(const ena_get_stats_cmd &cmd, Payload payload)
{
	const uint16_t device = cmd.device_id.get();

	if (device != 0 && device != ENA_STATS_OWN_DEVICE)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "GET_STATS: device %u, only the own one (0x%x) can be asked",
				    device, ENA_STATS_OWN_DEVICE);
	switch (cmd.type) {
	case ENA_STATS_BASIC: {
		ena_basic_stats stats{};
		statistics_.report(stats);
		return put(payload, stats);
	}
	case ENA_STATS_ENI:
		return get_eni(payload);
	case ENA_STATS_SRD:
		return get_srd(payload);
	case ENA_STATS_CUSTOMER_METRICS:
		return get_customer(cmd, payload);
	default:
		return host_.refuse(ENA_ADMIN_UNSUPPORTED_OPCODE,
				    "GET_STATS: type %u is not offered, only %u (basic), %u "
				    "(ENI), %u (SRD) and %u (customer metrics)",
				    cmd.type, ENA_STATS_BASIC, ENA_STATS_ENI, ENA_STATS_SRD,
				    ENA_STATS_CUSTOMER_METRICS);
	}
}

ena_admin_status Metrics::get_eni(Payload payload) const
{
	ena_eni_stats stats{};

	stats.bw_in_allowance_exceeded.set(share_.exceeded(Excess::bandwidth_in));
	stats.bw_out_allowance_exceeded.set(share_.exceeded(Excess::bandwidth_out));
	stats.pps_allowance_exceeded.set(share_.exceeded(Excess::packets));
	stats.conntrack_allowance_exceeded.set(share_.exceeded(Excess::connections));
	stats.linklocal_allowance_exceeded.set(share_.exceeded(Excess::link_local));
	return put(payload, stats);
}

/* Nothing speaks SRD here: no packet is sent or received by it, whether it could have been or not. */
ena_admin_status Metrics::get_srd(Payload payload)
{
	ena_srd_stats stats{};

	if (!config_.ena_express)
		return host_.refuse(ENA_ADMIN_UNSUPPORTED_OPCODE,
				    "GET_STATS: type %u (SRD) is not offered, ENA Express is off",
				    ENA_STATS_SRD);
	stats.flags.set(ENA_SRD_ENABLED | (config_.ena_express_udp ? ENA_SRD_UDP_ENABLED : 0));
	stats.eligible_tx_pkts.set(statistics_.srd_eligible());
	return put(payload, stats);
}

uint64_t Metrics::offered() const
{
	uint64_t metrics = (uint64_t{1} << excesses) - 1;

	if (share_.limited() && share_.allowance().tracks_connections())
		metrics |= uint64_t{1} << ENA_METRIC_CONNTRACK_ALLOWANCE_AVAILABLE;
	return metrics;
}

uint64_t Metrics::value(unsigned int metric) const
{
	if (metric < excesses)
		return share_.exceeded(static_cast<Excess>(metric));
	return share_.allowance().connections_available(host_.now());
}

/* Without a buffer the question is only which metrics there are. */
ena_admin_status Metrics::get_customer(const ena_get_stats_cmd &cmd, Payload payload)
{
	const BusAddress buffer = bus_address(cmd.ctrl.address);
	const uint32_t room = cmd.ctrl.length.get();
	const uint64_t reported = buffer ? offered() & cmd.requested_metrics.get() : offered();
	std::array<ena_le64, ENA_METRIC_COUNT> values;
	uint32_t size = 0;

	if (buffer) {
		uint32_t n = 0;
		for (uint64_t left = reported; left; left &= left - 1)
			values[n++].set(value(static_cast<unsigned int>(std::countr_zero(left))));
		size = n * sizeof(values[0]);
	}
	if (buffer && room < size)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "GET_STATS: customer metrics 0x%llx need %u bytes, the buffer "
				    "has %u",
				    static_cast<unsigned long long>(reported), size, room);
	if (size && !host_.write(buffer, values.data(), size))
		return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
				    "GET_STATS: customer metrics cannot be written to 0x%llx",
				    static_cast<unsigned long long>(buffer.value));
	ena_customer_metrics answer{};
	answer.reported_metrics.set(reported);
	return put(payload, answer);
}

} // namespace ena
