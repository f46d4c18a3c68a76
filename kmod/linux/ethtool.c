// SPDX-License-Identifier: GPL-2.0-or-later
/* ethtool: requests become settings of the core, which checks them and says why not. */
#include <linux/ethtool.h>

#include "openena.h"

static void oe_get_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	strscpy(info->driver, OE_NAME, sizeof(info->driver));
	strscpy(info->version, OPENENA_VERSION, sizeof(info->version));
	strscpy(info->bus_info, pci_name(kernel->pdev), sizeof(info->bus_info));
}

static int oe_get_link_ksettings(struct net_device *netdev, struct ethtool_link_ksettings *settings)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_link link;
	int err = oe_get_link(kernel->adapter, &link);

	if (err)
		return err;
	settings->base.speed = link.speed_mbps ? link.speed_mbps : SPEED_UNKNOWN;
	settings->base.duplex = link.full_duplex ? DUPLEX_FULL : DUPLEX_UNKNOWN;
	settings->base.port = PORT_NONE;
	settings->base.autoneg = link.autoneg ? AUTONEG_ENABLE : AUTONEG_DISABLE;
	if (link.autoneg) {
		ethtool_link_ksettings_add_link_mode(settings, supported, Autoneg);
		ethtool_link_ksettings_add_link_mode(settings, advertising, Autoneg);
	}
	return 0;
}

static void oe_get_channels(struct net_device *netdev, struct ethtool_channels *channels)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;

	oe_get_settings(kernel->adapter, &settings);
	channels->max_combined = oe_queue_limit(kernel->adapter);
	channels->combined_count = settings.queues;
}

static int oe_set_channels(struct net_device *netdev, struct ethtool_channels *channels)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;
	struct oe_error error;
	int err;

	oe_get_settings(kernel->adapter, &settings);
	if (settings.queues == channels->combined_count)
		return 0;
	settings.queues = channels->combined_count;
	err = oe_apply_settings(kernel, &settings, &error);
	if (err)
		oe_refuse(netdev, NULL, &error);
	return err;
}

static void oe_get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
			     struct kernel_ethtool_ringparam *kernel_ring,
			     struct netlink_ext_ack *extack)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;

	oe_get_settings(kernel->adapter, &settings);
	ring->tx_max_pending = kernel->info->max_tx_ring;
	ring->rx_max_pending = kernel->info->max_rx_ring;
	ring->tx_pending = settings.tx_ring;
	ring->rx_pending = settings.rx_ring;
	oe_show_push(kernel_ring, settings.push, kernel->info->largest_push);
}

static int oe_set_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
			    struct kernel_ethtool_ringparam *kernel_ring,
			    struct netlink_ext_ack *extack)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;
	struct oe_error error;
	u32 push;
	int err;

	if (kernel_ring->tx_push && !kernel->info->least_push) {
		NL_SET_ERR_MSG(extack, "the adapter has no memory for TX rings");
		return -EOPNOTSUPP;
	}
	oe_get_settings(kernel->adapter, &settings);
	push = oe_wanted_push(kernel_ring, settings.push, kernel->info->least_push);
	if (settings.tx_ring == ring->tx_pending && settings.rx_ring == ring->rx_pending &&
	    settings.push == push)
		return 0;
	settings.tx_ring = ring->tx_pending;
	settings.rx_ring = ring->rx_pending;
	settings.push = push;
	err = oe_apply_settings(kernel, &settings, &error);
	if (err)
		oe_refuse(netdev, extack, &error);
	return err;
}

static int oe_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *coalesce,
			   struct kernel_ethtool_coalesce *kernel_coalesce,
			   struct netlink_ext_ack *extack)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;

	if (!kernel->info->moderation)
		return -EOPNOTSUPP;
	oe_get_settings(kernel->adapter, &settings);
	coalesce->rx_coalesce_usecs = settings.rx_usecs;
	coalesce->tx_coalesce_usecs = settings.tx_usecs;
	coalesce->use_adaptive_rx_coalesce = settings.adaptive_rx;
	return 0;
}

static int oe_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *coalesce,
			   struct kernel_ethtool_coalesce *kernel_coalesce,
			   struct netlink_ext_ack *extack)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;
	struct oe_error error;
	int err;

	if (!kernel->info->moderation)
		return -EOPNOTSUPP;
	oe_get_settings(kernel->adapter, &settings);
	settings.rx_usecs = coalesce->rx_coalesce_usecs;
	settings.tx_usecs = coalesce->tx_coalesce_usecs;
	settings.adaptive_rx = coalesce->use_adaptive_rx_coalesce;
	/* Delays act at once: nothing to close. */
	err = oe_set_moderation(kernel, &settings, &error);
	if (err)
		oe_refuse(netdev, extack, &error);
	return err;
}

/* The delays that a pair has now. */
static int oe_get_per_queue_coalesce(struct net_device *netdev, u32 queue,
				     struct ethtool_coalesce *coalesce)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_delays delays;
	int err;

	if (!kernel->info->moderation)
		return -EOPNOTSUPP;
	err = oe_get_delays(kernel->adapter, queue, &delays);
	if (err)
		return err;
	coalesce->rx_coalesce_usecs = delays.rx_usecs;
	coalesce->tx_coalesce_usecs = delays.tx_usecs;
	coalesce->use_adaptive_rx_coalesce = delays.adaptive_rx;
	return 0;
}

static int oe_set_per_queue_coalesce(struct net_device *netdev, u32 queue,
				     struct ethtool_coalesce *coalesce)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_delays delays = {.rx_usecs = coalesce->rx_coalesce_usecs,
				   .tx_usecs = coalesce->tx_coalesce_usecs,
				   .adaptive_rx = coalesce->use_adaptive_rx_coalesce};
	struct oe_error error;
	int err;

	if (!kernel->info->moderation)
		return -EOPNOTSUPP;
	err = oe_set_pair_moderation(kernel, queue, &delays, &error);
	if (err)
		oe_refuse(netdev, NULL, &error);
	return err;
}

static int oe_get_sset_count(struct net_device *netdev, int set)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	switch (set) {
	case ETH_SS_STATS:
		return oe_stats_count(kernel->adapter);
	case ETH_SS_TEST:
		return oe_test_count();
	default:
		return -EOPNOTSUPP;
	}
}

static void oe_get_strings(struct net_device *netdev, u32 set, u8 *names)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	BUILD_BUG_ON(OE_STAT_NAME != ETH_GSTRING_LEN);
	if (set == ETH_SS_STATS)
		oe_stats_names(kernel->adapter, (char(*)[OE_STAT_NAME])names);
	else if (set == ETH_SS_TEST)
		oe_get_test_names(names);
}

static void oe_get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *stats,
				 u64 *values)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	oe_stats_values(kernel->adapter, values);
}

u32 oe_get_rx_ring_count(struct net_device *netdev)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;

	oe_get_settings(kernel->adapter, &settings);
	return settings.queues;
}

int oe_get_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *info, u32 *rules)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	int n;

	switch (info->cmd) {
	case ETHTOOL_GRXFH:
		return oe_get_hash_fields(netdev, info->flow_type, &info->data);
	case ETHTOOL_GRXRINGS:
		info->data = oe_get_rx_ring_count(netdev);
		return 0;
	case ETHTOOL_GRXCLSRULE:
		return oe_flow_show(kernel, &info->fs);
	case ETHTOOL_GRXCLSRLCNT:
	case ETHTOOL_GRXCLSRLALL:
		n = oe_flow_list(kernel, rules, info->rule_cnt);
		if (n < 0)
			return n;
		info->rule_cnt = n;
		info->data = kernel->info->flow_rules;
		if (info->cmd == ETHTOOL_GRXCLSRLCNT)
			info->data |= RX_CLS_LOC_SPECIAL;
		return kernel->info->flow_rules ? 0 : -EOPNOTSUPP;
	default:
		return -EOPNOTSUPP;
	}
}

static u32 oe_get_rxfh_indir_size(struct net_device *netdev)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	return kernel->info->rss_entries;
}

static u32 oe_get_rxfh_key_size(struct net_device *netdev)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	return kernel->info->rss_key ? OE_RSS_KEY_SIZE : 0;
}

int oe_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	oe_rss_get(kernel->adapter, rxfh->indir, rxfh->key);
	return 0;
}

int oe_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
		struct netlink_ext_ack *extack)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_error error;
	int err;

	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE && rxfh->hfunc != ETH_RSS_HASH_TOP) {
		NL_SET_ERR_MSG(extack, "the hash function is always toeplitz");
		return -EOPNOTSUPP;
	}
	err = oe_rss_set(kernel->adapter, rxfh->indir, rxfh->key, &error);
	if (err)
		oe_refuse(netdev, extack, &error);
	return err;
}

static int oe_get_tunable(struct net_device *netdev, const struct ethtool_tunable *tunable,
			  void *value)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	if (tunable->id != ETHTOOL_RX_COPYBREAK)
		return -EOPNOTSUPP;
	*(u32 *)value = kernel->rx_copybreak;
	return 0;
}

static int oe_set_tunable(struct net_device *netdev, const struct ethtool_tunable *tunable,
			  const void *value)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	u32 length = *(const u32 *)value;

	if (tunable->id != ETHTOOL_RX_COPYBREAK)
		return -EOPNOTSUPP;
	if (length > OE_RX_LEN) {
		netdev_err(netdev, "rx-copybreak %u is over the buffer size %u\n", length,
			   (u32)OE_RX_LEN);
		return -EINVAL;
	}
	WRITE_ONCE(kernel->rx_copybreak, length);
	return 0;
}

const struct ethtool_ops oe_ethtool_ops = {
	.supported_ring_params = OE_RING_PARAMS,
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_USECS | ETHTOOL_COALESCE_TX_USECS |
				     ETHTOOL_COALESCE_USE_ADAPTIVE_RX,
	.get_drvinfo = oe_get_drvinfo,
	.get_regs_len = oe_get_regs_len,
	.get_regs = oe_get_regs,
	.self_test = oe_self_test,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = oe_get_link_ksettings,
	.get_channels = oe_get_channels,
	.set_channels = oe_set_channels,
	.get_ringparam = oe_get_ringparam,
	.set_ringparam = oe_set_ringparam,
	.get_coalesce = oe_get_coalesce,
	.set_coalesce = oe_set_coalesce,
	.get_per_queue_coalesce = oe_get_per_queue_coalesce,
	.set_per_queue_coalesce = oe_set_per_queue_coalesce,
	.get_sset_count = oe_get_sset_count,
	.get_strings = oe_get_strings,
	.get_ethtool_stats = oe_get_ethtool_stats,
	OE_RXNFC_OPS,
	.get_rxfh_indir_size = oe_get_rxfh_indir_size,
	.get_rxfh_key_size = oe_get_rxfh_key_size,
	.get_rxfh = oe_compat_get_rxfh,
	.set_rxfh = oe_compat_set_rxfh,
	.get_tunable = oe_get_tunable,
	.set_tunable = oe_set_tunable,
	.get_ts_info = oe_get_ts_info,
};
