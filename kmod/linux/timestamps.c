// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets stamped by the adapter's hardware clock: what a socket gets on demand, and what a program
 * of XDP asks for.
 */
#include <linux/net_tstamp.h>
#include <linux/rtnetlink.h>

#include "openena.h"

/* Under rtnl. */
int oe_hwtstamp_get(struct net_device *netdev, struct kernel_hwtstamp_config *config)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings;

	oe_get_settings(kernel->adapter, &settings);
	config->flags = 0;
	config->tx_type = settings.tx_stamps ? HWTSTAMP_TX_ON : HWTSTAMP_TX_OFF;
	config->rx_filter = settings.rx_stamps ? HWTSTAMP_FILTER_ALL : HWTSTAMP_FILTER_NONE;
	return 0;
}

/*
 * All packets are stamped, or none. A change closes and opens the queues: their completions have
 * another size. Under rtnl.
 */
int oe_hwtstamp_set(struct net_device *netdev, struct kernel_hwtstamp_config *config,
		    struct netlink_ext_ack *extack)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_settings settings, wanted;
	struct oe_error error;
	int err;

	if (config->flags)
		return -EINVAL;
	if (config->tx_type != HWTSTAMP_TX_OFF && config->tx_type != HWTSTAMP_TX_ON)
		return -ERANGE;
	oe_get_settings(kernel->adapter, &settings);
	wanted = settings;
	wanted.tx_stamps = config->tx_type == HWTSTAMP_TX_ON;
	wanted.rx_stamps = config->rx_filter != HWTSTAMP_FILTER_NONE;
	if (wanted.tx_stamps != settings.tx_stamps || wanted.rx_stamps != settings.rx_stamps) {
		err = oe_apply_settings(kernel, &wanted, &error);
		if (err) {
			oe_refuse(netdev, extack, &error);
			return err == -EINVAL ? -ERANGE : err;
		}
	}
	/* As the device has taken it. */
	oe_hwtstamp_get(netdev, config);
	if ((wanted.tx_stamps && config->tx_type == HWTSTAMP_TX_OFF) ||
	    (wanted.rx_stamps && config->rx_filter == HWTSTAMP_FILTER_NONE))
		return -EIO;
	return 0;
}

int oe_get_ts_info(struct net_device *netdev, struct kernel_ethtool_ts_info *info)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	const struct oe_info *offer = kernel->info;
	struct ptp_clock *clock = READ_ONCE(kernel->ptp);
	int err = ethtool_op_get_ts_info(netdev, info);

	if (err)
		return err;
	if (clock)
		info->phc_index = ptp_clock_index(clock);
	if (!offer->tx_stamps && !offer->rx_stamps)
		return 0;
	info->so_timestamping |= SOF_TIMESTAMPING_RAW_HARDWARE;
	info->tx_types = BIT(HWTSTAMP_TX_OFF);
	info->rx_filters = BIT(HWTSTAMP_FILTER_NONE);
	if (offer->tx_stamps) {
		info->so_timestamping |= SOF_TIMESTAMPING_TX_HARDWARE;
		info->tx_types |= BIT(HWTSTAMP_TX_ON);
	}
	if (offer->rx_stamps) {
		info->so_timestamping |= SOF_TIMESTAMPING_RX_HARDWARE;
		info->rx_filters |= BIT(HWTSTAMP_FILTER_ALL);
	}
	return 0;
}

#ifdef OE_XDP_METADATA
static int oe_xmo_timestamp(const struct xdp_md *context, u64 *ns)
{
	const struct oe_rx_packet *packet = ((const struct oe_xdp_buff *)context)->packet;

	if (!packet->stamp_ns)
		return -ENODATA;
	*ns = packet->stamp_ns;
	return 0;
}

static int oe_xmo_hash(const struct xdp_md *context, u32 *hash, enum xdp_rss_hash_type *type)
{
	const struct oe_xdp_buff *buff = (const struct oe_xdp_buff *)context;
	const struct oe_rx_packet *packet = buff->packet;

	if (packet->hash_type == OE_RX_HASH_NONE ||
	    !(buff->xdp.rxq->dev->features & NETIF_F_RXHASH))
		return -ENODATA;
	*hash = packet->hash;
	*type = packet->hash_type == OE_RX_HASH_L4 ? XDP_RSS_TYPE_L4_ANY : XDP_RSS_TYPE_NONE;
	return 0;
}

/* The adapter takes no VLAN tags out of frames: a program finds them there. */
const struct xdp_metadata_ops oe_xdp_metadata = {
	.xmo_rx_timestamp = oe_xmo_timestamp,
	.xmo_rx_hash = oe_xmo_hash,
};
#endif
