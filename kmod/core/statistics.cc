/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ethtool -S: the counters under the names that the stock driver gives them. */
#include <cstddef>

#include "adapter.hh"
#include "text.hh"

namespace oe
{

namespace
{

/* A counter's name and its place in the struct that holds it. */
struct Counter {
	const char *name;
	size_t offset;
};

constexpr Counter global_counters[] = {
	{"total_resets", offsetof(struct oe_global_stats, total_resets)},
	{"reset_fail", offsetof(struct oe_global_stats, reset_fail)},
	{"tx_timeout", offsetof(struct oe_global_stats, tx_timeout)},
	{"wd_expired", offsetof(struct oe_global_stats, wd_expired)},
	{"interface_up", offsetof(struct oe_global_stats, interface_up)},
	{"interface_down", offsetof(struct oe_global_stats, interface_down)},
};

/* After "phc_"; only with a clock. */
constexpr Counter phc_counters[] = {
	{"cnt", offsetof(PhcCounters, cnt)},       {"exp", offsetof(PhcCounters, exp)},
	{"skp", offsetof(PhcCounters, skp)},       {"err_dv", offsetof(PhcCounters, err_dv)},
	{"err_ts", offsetof(PhcCounters, err_ts)}, {"err_eb", offsetof(PhcCounters, err_eb)},
};

/* After "queue_N_tx_" or "queue_N_xdp_tx_". */
constexpr Counter tx_counters[] = {
	{"cnt", offsetof(struct oe_tx_stats, cnt)},
	{"bytes", offsetof(struct oe_tx_stats, bytes)},
	{"queue_stop", offsetof(struct oe_tx_stats, queue_stop)},
	{"queue_wakeup", offsetof(struct oe_tx_stats, queue_wakeup)},
	{"dma_mapping_err", offsetof(struct oe_tx_stats, dma_mapping_err)},
	{"linearize", offsetof(struct oe_tx_stats, linearize)},
	{"linearize_failed", offsetof(struct oe_tx_stats, linearize_failed)},
	{"napi_comp", offsetof(struct oe_tx_stats, napi_comp)},
	{"tx_poll", offsetof(struct oe_tx_stats, tx_poll)},
	{"doorbells", offsetof(struct oe_tx_stats, doorbells)},
	{"prepare_ctx_err", offsetof(struct oe_tx_stats, prepare_ctx_err)},
	{"bad_req_id", offsetof(struct oe_tx_stats, bad_req_id)},
	{"llq_buffer_copy", offsetof(struct oe_tx_stats, llq_buffer_copy)},
	{"missed_tx", offsetof(struct oe_tx_stats, missed_tx)},
	{"unmask_interrupt", offsetof(struct oe_tx_stats, unmask_interrupt)},
	{"lost_interrupt", offsetof(struct oe_tx_stats, lost_interrupt)},
};

/* After "queue_N_rx_". */
constexpr Counter rx_counters[] = {
	{"cnt", offsetof(struct oe_rx_stats, cnt)},
	{"bytes", offsetof(struct oe_rx_stats, bytes)},
	{"csum_good", offsetof(struct oe_rx_stats, csum_good)},
	{"refil_partial", offsetof(struct oe_rx_stats, refil_partial)},
	{"csum_bad", offsetof(struct oe_rx_stats, csum_bad)},
	{"page_alloc_fail", offsetof(struct oe_rx_stats, page_alloc_fail)},
	{"skb_alloc_fail", offsetof(struct oe_rx_stats, skb_alloc_fail)},
	{"dma_mapping_err", offsetof(struct oe_rx_stats, dma_mapping_err)},
	{"bad_desc_num", offsetof(struct oe_rx_stats, bad_desc_num)},
	{"bad_req_id", offsetof(struct oe_rx_stats, bad_req_id)},
	{"empty_rx_ring", offsetof(struct oe_rx_stats, empty_rx_ring)},
	{"csum_unchecked", offsetof(struct oe_rx_stats, csum_unchecked)},
	{"xdp_aborted", offsetof(struct oe_rx_stats, xdp_aborted)},
	{"xdp_drop", offsetof(struct oe_rx_stats, xdp_drop)},
	{"xdp_pass", offsetof(struct oe_rx_stats, xdp_pass)},
	{"xdp_tx", offsetof(struct oe_rx_stats, xdp_tx)},
	{"xdp_invalid", offsetof(struct oe_rx_stats, xdp_invalid)},
	{"xdp_redirect", offsetof(struct oe_rx_stats, xdp_redirect)},
};

/* After "ena_admin_q_". */
constexpr Counter admin_counters[] = {
	{"aborted_cmd", offsetof(AdminCounters, aborted_cmd)},
	{"submitted_cmd", offsetof(AdminCounters, submitted_cmd)},
	{"completed_cmd", offsetof(AdminCounters, completed_cmd)},
	{"no_completion", offsetof(AdminCounters, no_completion)},
};

template <size_t N> constexpr uint32_t count_of(const Counter (&)[N])
{
	return N;
}

using Name = Text<OE_STAT_NAME>;
/* The counter of a table's row that @holder has. */
uint64_t value_of(const void *holder, const Counter &counter)
{
	uint64_t value;

	__builtin_memcpy(&value, static_cast<const uint8_t *>(holder) + counter.offset,
			 sizeof(value));
	return value;
}

} // namespace

/*
 * All that the driver counts itself: @put(prefix of the names, holder, table). What the device counts
 * goes between, at @metrics(). Of settings that change meanwhile those of before or after.
 */
template <class Put, class Metrics> void Adapter::visit_counters(Put put, Metrics metrics) const
{
	const oe_settings settings = settings_;

	put(Name(), &global_stats_, global_counters);
	metrics();
	if (info_.phc)
		put(Name() << "phc_", &phc_.counters(), phc_counters);
	for (uint32_t i = 0; i < settings.queues; i++) {
		put(Name() << "queue_" << i << "_tx_", &pair_stats_[i].tx, tx_counters);
		put(Name() << "queue_" << i << "_rx_", &pair_stats_[i].rx, rx_counters);
	}
	for (uint32_t i = settings.queues; i < tx_rows(settings); i++)
		put(Name() << "queue_" << i << "_xdp_tx_", &pair_stats_[i - settings.queues].xdp_tx,
		    tx_counters);
	put(Name() << "ena_admin_q_", &admin_.counters(), admin_counters);
}

uint32_t Adapter::stats_count() const
{
	return count_of(global_counters) + metrics_.count() +
	       (info_.phc ? count_of(phc_counters) : 0) +
	       tx_rows(settings_) * count_of(tx_counters) +
	       settings_.queues * count_of(rx_counters) + count_of(admin_counters);
}

void Adapter::stats_names(char (*names)[OE_STAT_NAME]) const
{
	visit_counters(
		[&](const Name &prefix, const void *, const auto &table) {
			for (const Counter &counter : table) {
				Name name = prefix;

				name << counter.name;
				name.copy_to(*names++);
			}
		},
		[&] { names = metrics_.put_names(names); });
}

void Adapter::stats_values(uint64_t *values)
{
	visit_counters(
		[&](const Name &, const void *holder, const auto &table) {
			for (const Counter &counter : table)
				*values++ = value_of(holder, counter);
		},
		[&] { values = metrics_.put_values(admin_, values); });
}

/* For the counters of as many queues as the device has. */
Status Adapter::allocate_debug_area(const Features &features)
{
	return debug_area_.allocate(
		kernel_, features.max_queues * (2 * count_of(tx_counters) + count_of(rx_counters)) +
				 count_of(global_counters) + count_of(phc_counters) +
				 count_of(admin_counters));
}

/* Without the metrics, for which the device would have to be asked. */
void Adapter::write_debug_area()
{
	if (!debug_area_.memory().size())
		return;
	debug_area_.begin();
	visit_counters(
		[&](const Name &prefix, const void *holder, const auto &table) {
			for (const Counter &counter : table) {
				Name name = prefix;

				name << counter.name;
				debug_area_.line(name, value_of(holder, counter));
			}
		},
		[] {});
	debug_area_.end();
}

} // namespace oe
