/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters that the device keeps: of its instance's allowance, and of ENA Express. */
#ifndef OPENENA_CORE_METRICS_HH
#define OPENENA_CORE_METRICS_HH

#include "admin_queue.hh"
#include "features.hh"
#include "memory.hh"

namespace oe
{

/* Under the names of the stock driver. Process context, one caller at a time. */
class Metrics {
    public:
	/* Find out which there are. Without an answer there are none, which is logged. */
	void start(oe_kernel *kernel, AdminQueue &admin, const Features &features);
	[[nodiscard]] uint32_t count() const;
	/* As many as count() says. */
	[[nodiscard]] char (*put_names(char (*names)[OE_STAT_NAME]) const)[OE_STAT_NAME];
	/* What the device does not answer keeps the last value it had. */
	[[nodiscard]] uint64_t *put_values(AdminQueue &admin, uint64_t *values);

    private:
	static constexpr uint32_t srd_values = sizeof(ena_srd_stats) / sizeof(uint64_t);

	[[nodiscard]] Result<uint64_t> ask_customer(AdminQueue &admin, uint64_t requested,
						    bool with_buffer) const;
	void refresh_eni(AdminQueue &admin);
	void refresh_customer(AdminQueue &admin);
	void refresh_srd(AdminQueue &admin);

	bool customer_ = false; /* else, if there are some, those of ENI */
	bool srd_ = false;
	uint64_t offered_ = 0; /* bit = enum ena_metric */
	uint64_t values_[ENA_METRIC_COUNT] = {};
	uint64_t srd_values_[srd_values] = {};
	DmaBuffer buffer_;
};

} // namespace oe

#endif
