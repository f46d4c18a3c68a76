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
using NameRow = char (*)[OE_STAT_NAME];

/* Append the names of a table, each after @prefix. */
template <size_t N> NameRow put_names(NameRow row, const Name &prefix, const Counter (&table)[N])
{
	for (const Counter &counter : table) {
		Name name = prefix;

		name << counter.name;
		name.copy_to(*row++);
	}
	return row;
}

/* Append the counters that @holder has. */
template <size_t N>
uint64_t *put_values(uint64_t *values, const void *holder, const Counter (&table)[N])
{
	for (const Counter &counter : table)
		__builtin_memcpy(values++, static_cast<const uint8_t *>(holder) + counter.offset,
				 sizeof(*values));
	return values;
}

} // namespace

uint32_t Adapter::stats_count() const
{
	return count_of(global_counters) + metrics_.count() +
	       (info_.phc ? count_of(phc_counters) : 0) +
	       tx_rows(settings_) * count_of(tx_counters) +
	       settings_.queues * count_of(rx_counters) + count_of(admin_counters);
}

void Adapter::stats_names(char (*names)[OE_STAT_NAME]) const
{
	names = put_names(names, {}, global_counters);
	names = metrics_.put_names(names);
	if (info_.phc)
		names = put_names(names, Name() << "phc_", phc_counters);
	for (uint32_t i = 0; i < settings_.queues; i++) {
		names = put_names(names, Name() << "queue_" << i << "_tx_", tx_counters);
		names = put_names(names, Name() << "queue_" << i << "_rx_", rx_counters);
	}
	for (uint32_t i = settings_.queues; i < tx_rows(settings_); i++)
		names = put_names(names, Name() << "queue_" << i << "_xdp_tx_", tx_counters);
	put_names(names, Name() << "ena_admin_q_", admin_counters);
}

void Adapter::stats_values(uint64_t *values)
{
	values = put_values(values, &global_stats_, global_counters);
	values = metrics_.put_values(admin_, values);
	if (info_.phc)
		values = put_values(values, &phc_.counters(), phc_counters);
	for (uint32_t i = 0; i < settings_.queues; i++) {
		values = put_values(values, &pair_stats_[i].tx, tx_counters);
		values = put_values(values, &pair_stats_[i].rx, rx_counters);
	}
	for (uint32_t i = settings_.queues; i < tx_rows(settings_); i++)
		values = put_values(values, &pair_stats_[i - settings_.queues].xdp_tx, tx_counters);
	put_values(values, &admin_.counters(), admin_counters);
}

} // namespace oe
