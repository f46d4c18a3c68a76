// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters of each queue over netlink (netdev's qstats-get), from Linux 6.12 on. */
#include "openena.h"

#ifdef OE_QUEUE_STATS
#include <net/netdev_queues.h>

static void oe_rx_stats_of(const struct oe_pair *pair, struct netdev_queue_stats_rx *stats)
{
	const struct oe_rx_stats *rx = pair->rx_stats;

	stats->packets += READ_ONCE(rx->cnt);
	stats->bytes += READ_ONCE(rx->bytes);
	stats->alloc_fail += READ_ONCE(rx->page_alloc_fail) + READ_ONCE(rx->skb_alloc_fail);
	stats->csum_unnecessary += READ_ONCE(rx->csum_good);
	stats->csum_none += READ_ONCE(rx->csum_unchecked) + READ_ONCE(rx->csum_bad);
	stats->csum_bad += READ_ONCE(rx->csum_bad);
}

static void oe_tx_stats_of(const struct oe_tx_stats *tx, struct netdev_queue_stats_tx *stats)
{
	u64 with_csum = READ_ONCE(tx->csum_packets);
	u64 packets = READ_ONCE(tx->cnt);

	stats->packets += packets;
	stats->bytes += READ_ONCE(tx->bytes);
	/* A packet between the two reads may be in one of them only. */
	stats->csum_none += packets - min(packets, with_csum);
	stats->needs_csum += with_csum;
	stats->hw_gso_packets += READ_ONCE(tx->tso_packets);
	stats->hw_gso_bytes += READ_ONCE(tx->tso_bytes);
	stats->hw_gso_wire_packets += READ_ONCE(tx->tso_wire_packets);
	stats->hw_gso_wire_bytes += READ_ONCE(tx->tso_wire_bytes);
}

/* Not of a row of XDP, whose "stop" is a frame that found no room. */
static void oe_tx_stops_of(const struct oe_tx_stats *tx, struct netdev_queue_stats_tx *stats)
{
	stats->stop += READ_ONCE(tx->queue_stop);
	stats->wake += READ_ONCE(tx->queue_wakeup);
}

/* What is kept here; anything else stays as the kernel marked it: unknown. */
static void oe_zero_rx(struct netdev_queue_stats_rx *stats)
{
	stats->packets = stats->bytes = stats->alloc_fail = 0;
	stats->csum_unnecessary = stats->csum_none = stats->csum_bad = 0;
}

static void oe_zero_tx(struct netdev_queue_stats_tx *stats)
{
	stats->packets = stats->bytes = stats->stop = stats->wake = 0;
	stats->csum_none = stats->needs_csum = 0;
	stats->hw_gso_packets = stats->hw_gso_bytes = 0;
	stats->hw_gso_wire_packets = stats->hw_gso_wire_bytes = 0;
}

static void oe_queue_stats_rx(struct net_device *netdev, int index,
			      struct netdev_queue_stats_rx *stats)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	oe_zero_rx(stats);
	oe_rx_stats_of(&kernel->pairs[index], stats);
}

static void oe_queue_stats_tx(struct net_device *netdev, int index,
			      struct netdev_queue_stats_tx *stats)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	oe_zero_tx(stats);
	oe_tx_stats_of(kernel->pairs[index].tx_stats, stats);
	oe_tx_stops_of(kernel->pairs[index].tx_stats, stats);
}

/* Of the queues that are no more: ethtool -L has closed them; and of those that only XDP knows. */
static void oe_base_stats(struct net_device *netdev, struct netdev_queue_stats_rx *rx,
			  struct netdev_queue_stats_tx *tx)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	u32 i;

	oe_zero_rx(rx);
	oe_zero_tx(tx);
	for (i = netdev->real_num_rx_queues; i < kernel->max_pairs; i++)
		oe_rx_stats_of(&kernel->pairs[i], rx);
	for (i = netdev->real_num_tx_queues; i < kernel->max_pairs; i++) {
		oe_tx_stats_of(kernel->pairs[i].tx_stats, tx);
		oe_tx_stops_of(kernel->pairs[i].tx_stats, tx);
	}
	for (i = 0; i < kernel->max_pairs; i++)
		oe_tx_stats_of(kernel->pairs[i].xdp_tx_stats, tx);
}

const struct netdev_stat_ops oe_stat_ops = {
	.get_queue_stats_rx = oe_queue_stats_rx,
	.get_queue_stats_tx = oe_queue_stats_tx,
	.get_base_stats = oe_base_stats,
};
#endif
