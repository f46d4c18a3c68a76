/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET_STATS: counters of the adapter, and what its instance's allowance did to it. */
#ifndef ENA_CORE_METRICS_HH
#define ENA_CORE_METRICS_HH

#include "allowance.hh"
#include "host.hh"
#include "payload.hh"
#include "statistics.hh"

namespace ena
{

class Metrics {
    public:
	Metrics(Host &host, const ena_config &config, const Statistics &statistics,
		const AllowanceShare &share)
	    : host_(host), config_(config), statistics_(statistics), share_(share)
	{
	}

	/* @payload: of the completion, zeroed. */
	[[nodiscard]] ena_admin_status get(const ena_get_stats_cmd &cmd, Payload payload);

	/* What of it is announced (ENA_CAPABILITY_*). */
	[[nodiscard]] static uint32_t capabilities(const ena_config &config)
	{
		return ENA_CAPABILITY_ENI_STATS | ENA_CAPABILITY_CUSTOMER_METRICS |
		       (config.ena_express ? ENA_CAPABILITY_SRD_INFO : 0);
	}

    private:
	[[nodiscard]] ena_admin_status get_eni(Payload payload) const;
	[[nodiscard]] ena_admin_status get_srd(Payload payload);
	[[nodiscard]] ena_admin_status get_customer(const ena_get_stats_cmd &cmd, Payload payload);
	/* Bit = enum ena_metric. */
	[[nodiscard]] uint64_t offered() const;
	[[nodiscard]] uint64_t value(unsigned int metric) const;

	Host &host_;
	const ena_config &config_;
	const Statistics &statistics_;
	const AllowanceShare &share_;
};

} // namespace ena

#endif
