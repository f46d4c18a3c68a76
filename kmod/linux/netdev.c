// SPDX-License-Identifier: GPL-2.0-or-later
/* The net_device: its life, its operations, the datapath up and down. */
#include <linux/rtnetlink.h>

#include "../../abi/ena_regs.h"
#include "openena.h"

/* Packets up to this long are copied; ethtool --set-tunable rx-copybreak. */
#define OE_RX_COPYBREAK 256

static void oe_close_pairs(struct oe_kernel *kernel, u32 n)
{
	while (n--)
		oe_pair_close(&kernel->pairs[n]);
}

/* The queues in the device, then all that they need here. On failure nothing is left. */
static int oe_open_pairs(struct oe_kernel *kernel, struct oe_settings *settings)
{
	u32 i;
	int err;

	err = oe_open(kernel->adapter);
	if (err)
		return err;
	/* It may have taken smaller rings than those asked for. */
	oe_get_settings(kernel->adapter, settings);
	for (i = 0; i < settings->queues; i++) {
		err = oe_pair_open(kernel, i, settings);
		if (err)
			goto close;
	}
	err = netif_set_real_num_queues(kernel->netdev, settings->queues, settings->queues);
	if (err)
		goto close;
	return 0;

close:
	/* The device first: it must not write to pages that are given back. */
	oe_close(kernel->adapter);
	oe_close_pairs(kernel, i);
	return err;
}

/*
 * Bring the datapath up with the settings in force; nothing to do when it is.
 * Under rtnl. On failure nothing is left.
 */
int oe_up(struct oe_kernel *kernel)
{
	struct oe_settings settings;
	u32 i;
	int err;

	ASSERT_RTNL();
	if (kernel->open_pairs)
		return 0;
	/* Keeps oe_service() out while queues come and go. */
	mutex_lock(&kernel->service_lock);
	err = oe_open_pairs(kernel, &settings);
	if (err)
		goto unlock;
	for (i = 0; i < settings.queues; i++)
		oe_pair_start(&kernel->pairs[i]);
	kernel->open_pairs = settings.queues;
	oe_rfs_open(kernel);
	oe_xdp_start(kernel);
	kernel->reopen = false;
	/* Opening may have carried out a reset. */
	if (!oe_reset_pending(kernel->adapter))
		oe_devlink_healthy(kernel);
	/*
	 * All: the watchdog looks at those beyond the open ones too. Woken, not only started: what a qdisc
	 * found a stopped queue for waits in it until the next packet, and TCP sends none before.
	 */
	netif_tx_wake_all_queues(kernel->netdev);
	oe_set_datapath(kernel, true);
	for (i = 0; i < settings.queues; i++)
		oe_pair_kick(&kernel->pairs[i]);
unlock:
	mutex_unlock(&kernel->service_lock);
	return err;
}

/* For an interface that stays up whatever happens: a failure is tried again every second. */
int oe_up_or_later(struct oe_kernel *kernel)
{
	int err = oe_up(kernel);

	if (err && !kernel->reopen)
		netdev_err(kernel->netdev, "the datapath did not open (%d)\n", err);
	/* -EIO: the core has given the device up. */
	kernel->reopen = err && err != -EIO;
	return err;
}

/* Nothing to do when it is down. Under rtnl. */
void oe_down(struct oe_kernel *kernel)
{
	u32 i, n = kernel->open_pairs;

	ASSERT_RTNL();
	kernel->reopen = false;
	if (!n)
		return;
	mutex_lock(&kernel->service_lock);
	/* First, so that the TX watchdog does not look at stopped queues. */
	oe_set_datapath(kernel, false);
	oe_xdp_stop(kernel);
	/* Then who wakes TX queues, and then these, so that they stay stopped. */
	for (i = 0; i < n; i++)
		oe_pair_stop(&kernel->pairs[i]);
	/* And for what polls still do that have called napi_complete_done(): they arm vectors. */
	synchronize_net();
	netif_tx_disable(kernel->netdev);
	oe_rfs_close(kernel);
	oe_close(kernel->adapter);
	oe_close_pairs(kernel, n);
	kernel->open_pairs = 0;
	mutex_unlock(&kernel->service_lock);
}

/*
 * Take settings that need the datapath closed and opened, if it is open. When
 * that fails the earlier ones come back. Under rtnl.
 */
int oe_apply_settings(struct oe_kernel *kernel, const struct oe_settings *wanted,
		      struct oe_error *error)
{
	struct oe_settings before;
	struct oe_error ignored;
	int err;

	oe_get_settings(kernel->adapter, &before);
	err = oe_set_settings(kernel->adapter, wanted, error);
	if (err)
		return err;
	if (kernel->open_pairs) {
		oe_down(kernel);
		err = oe_up(kernel);
	} else {
		err = netif_set_real_num_queues(kernel->netdev, wanted->queues, wanted->queues);
	}
	if (!err)
		return 0;
	snprintf(error->text, sizeof(error->text),
		 "%u queues of %u and %u descriptors did not open (%d), kept the old",
		 wanted->queues, wanted->tx_ring, wanted->rx_ring, err);
	oe_set_settings(kernel->adapter, &before, &ignored);
	if (netif_running(kernel->netdev))
		oe_up_or_later(kernel);
	return err;
}

static int oe_ndo_open(struct net_device *netdev)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	int err = oe_up(kernel);

	if (!err)
		oe_global_stats(kernel->adapter)->interface_up++;
	return err;
}

static int oe_ndo_stop(struct net_device *netdev)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	oe_down(kernel);
	oe_global_stats(kernel->adapter)->interface_down++;
	return 0;
}

/* Receive buffers are pages whatever the MTU: a running datapath only tells the device. */
static int oe_ndo_change_mtu(struct net_device *netdev, int mtu)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;
	struct oe_error error;
	int err;

	oe_get_settings(kernel->adapter, &settings);
	settings.mtu = mtu;
	err = oe_set_settings(kernel->adapter, &settings, &error);
	if (err) {
		netdev_err(netdev, "%s\n", error.text);
		return err;
	}
	WRITE_ONCE(netdev->mtu, mtu);
	return 0;
}

static void oe_ndo_tx_timeout(struct net_device *netdev, unsigned int queue)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	netdev_err(netdev, "TX queue %u made no progress, asking for a reset\n", queue);
	oe_global_stats(kernel->adapter)->tx_timeout++;
	oe_tx_timeout(kernel->adapter, queue);
}

static void oe_ndo_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	const struct oe_global_stats *global = oe_global_stats(kernel->adapter);
	u32 i;

	/* Counters of 64 bits, each with one writer: read without a lock. */
	for (i = 0; i < kernel->max_pairs; i++) {
		const struct oe_tx_stats *tx = kernel->pairs[i].tx_stats;
		const struct oe_tx_stats *xdp = kernel->pairs[i].xdp_tx_stats;
		const struct oe_rx_stats *rx = kernel->pairs[i].rx_stats;

		stats->tx_packets += READ_ONCE(tx->cnt) + READ_ONCE(xdp->cnt);
		stats->tx_bytes += READ_ONCE(tx->bytes) + READ_ONCE(xdp->bytes);
		stats->rx_packets += READ_ONCE(rx->cnt);
		stats->rx_bytes += READ_ONCE(rx->bytes);
		stats->tx_errors += READ_ONCE(tx->linearize_failed) +
				    READ_ONCE(tx->dma_mapping_err) + READ_ONCE(tx->prepare_ctx_err);
		stats->rx_dropped += READ_ONCE(rx->skb_alloc_fail);
		stats->rx_length_errors += READ_ONCE(kernel->pairs[i].rx_unfit);
	}
	stats->rx_errors = stats->rx_length_errors;
	stats->rx_dropped += READ_ONCE(global->device_rx_drops);
	stats->tx_dropped = READ_ONCE(global->device_tx_drops);
	stats->rx_over_errors = READ_ONCE(global->device_rx_overruns);
}

static const struct net_device_ops oe_netdev_ops = {
	.ndo_open = oe_ndo_open,
	.ndo_stop = oe_ndo_stop,
	.ndo_start_xmit = oe_start_xmit,
	.ndo_features_check = oe_features_check,
	.ndo_change_mtu = oe_ndo_change_mtu,
	.ndo_set_features = oe_ndo_set_features,
	.ndo_tx_timeout = oe_ndo_tx_timeout,
	.ndo_get_stats64 = oe_ndo_get_stats64,
	.ndo_bpf = oe_ndo_bpf,
	.ndo_xdp_xmit = oe_ndo_xdp_xmit,
	.ndo_xsk_wakeup = oe_ndo_xsk_wakeup,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_vf_mac = oe_ndo_set_vf_mac,
	.ndo_set_vf_vlan = oe_ndo_set_vf_vlan,
	.ndo_set_vf_spoofchk = oe_ndo_set_vf_spoofchk,
	.ndo_set_vf_trust = oe_ndo_set_vf_trust,
	.ndo_set_vf_link_state = oe_ndo_set_vf_link_state,
	.ndo_set_vf_rate = oe_ndo_set_vf_rate,
	.ndo_get_vf_config = oe_ndo_get_vf_config,
	.ndo_get_vf_stats = oe_ndo_get_vf_stats,
#ifdef CONFIG_RFS_ACCEL
	.ndo_rx_flow_steer = oe_ndo_rx_flow_steer,
#endif
	OE_NDO_TIMESTAMPS,
	.ndo_bridge_setlink = oe_ndo_bridge_setlink,
	.ndo_bridge_getlink = oe_ndo_bridge_getlink,
};

/* What the device does; all of it can be turned off. */
static void oe_set_features(struct net_device *netdev, const struct oe_info *info)
{
	netdev->hw_features = NETIF_F_SG;
	if (info->tx_csum_v4)
		netdev->hw_features |= NETIF_F_IP_CSUM;
	if (info->tx_csum_v6)
		netdev->hw_features |= NETIF_F_IPV6_CSUM;
	if (info->tso_v4)
		netdev->hw_features |= NETIF_F_TSO;
	if (info->tso_v6)
		netdev->hw_features |= NETIF_F_TSO6;
	if (info->tso_ecn)
		netdev->hw_features |= NETIF_F_TSO_ECN;
	netdev->vlan_features = netdev->hw_features;
	if (info->rx_csum)
		netdev->hw_features |= NETIF_F_RXCSUM;
	if (info->rx_hash)
		netdev->hw_features |= NETIF_F_RXHASH;
	if (info->flow_rules)
		netdev->hw_features |= NETIF_F_NTUPLE;
	netdev->features = netdev->hw_features | NETIF_F_HIGHDMA;
	netdev->vlan_features |= NETIF_F_HIGHDMA;
}

/*
 * As many queues as the function has vectors for, independent of the CPUs, so
 * that ethtool -L can reach what the device offers. NULL when out of memory.
 */
struct oe_kernel *oe_netdev_alloc(struct pci_dev *pdev)
{
	int vectors = pci_msix_vec_count(pdev);
	int queues = clamp(vectors - ENA_VECTOR_FIRST_IO, 1, (int)OE_MAX_QUEUES);
	struct net_device *netdev;
	struct oe_kernel *kernel;

	netdev = alloc_etherdev_mqs(sizeof(*kernel), queues, queues);
	if (!netdev)
		return NULL;
	SET_NETDEV_DEV(netdev, &pdev->dev);
	kernel = netdev_priv(netdev);
	kernel->pdev = pdev;
	kernel->netdev = netdev;
	kernel->rx_copybreak = OE_RX_COPYBREAK;
	mutex_init(&kernel->admin_lock);
	mutex_init(&kernel->registers_lock);
	mutex_init(&kernel->service_lock);
	spin_lock_init(&kernel->link_lock);
	spin_lock_init(&kernel->phc_lock);
	spin_lock_init(&kernel->rfs_lock);
	init_waitqueue_head(&kernel->admin_wait);
	INIT_WORK(&kernel->reset_work, oe_reset_task);
	INIT_WORK(&kernel->rfs_work, oe_rfs_work);
	INIT_DELAYED_WORK(&kernel->service_work, oe_service_work);
	return kernel;
}

static int oe_alloc_pairs(struct oe_kernel *kernel)
{
	u32 i, n = oe_max_queues(kernel->adapter);

	if (WARN_ON(n < 1 || n > kernel->netdev->num_tx_queues))
		return -EINVAL;
	kernel->pairs = kvcalloc(n, sizeof(*kernel->pairs), GFP_KERNEL);
	if (!kernel->pairs)
		return -ENOMEM;
	kernel->max_pairs = n;
	for (i = 0; i < n; i++) {
		struct oe_pair *pair = &kernel->pairs[i];

		pair->kernel = kernel;
		pair->index = i;
		pair->irq = oe_pair_vector(kernel, i);
		pair->tx_stats = oe_tx_stats(kernel->adapter, i);
		pair->xdp_tx_stats = oe_xdp_tx_stats(kernel->adapter, i);
		pair->rx_stats = oe_rx_stats(kernel->adapter, i);
		spin_lock_init(&pair->xdp_lock);
	}
	return 0;
}

/* The adapter is probed and has its interrupts. On failure nothing is left but the memory. */
int oe_netdev_register(struct oe_kernel *kernel)
{
	struct net_device *netdev = kernel->netdev;
	const struct oe_info *info = kernel->info;
	struct oe_settings settings;
	int err;

	err = oe_alloc_pairs(kernel);
	if (err)
		return err;
	oe_set_features(netdev, info);
	netdev->netdev_ops = &oe_netdev_ops;
	netdev->ethtool_ops = &oe_ethtool_ops;
	oe_set_stat_ops(netdev);
	oe_set_xdp_features(netdev);
	oe_set_xdp_metadata(netdev);
	netdev->watchdog_timeo = 5 * HZ;
	netdev->min_mtu = OE_MIN_MTU;
	netdev->max_mtu = info->max_mtu;
	if (is_valid_ether_addr(info->mac))
		eth_hw_addr_set(netdev, info->mac);
	else
		eth_hw_addr_random(netdev);

	oe_get_settings(kernel->adapter, &settings);
	netdev->mtu = settings.mtu;
	err = netif_set_real_num_queues(netdev, settings.queues, settings.queues);
	if (err)
		return err;
	netif_carrier_off(netdev);
	return register_netdev(netdev);
}

void oe_netdev_free(struct oe_kernel *kernel)
{
	kvfree(kernel->pairs);
	free_netdev(kernel->netdev);
}
