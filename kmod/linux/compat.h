/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every difference between the kernels that the driver builds for, 6.1 to 7.x. */
#ifndef OPENENA_COMPAT_H
#define OPENENA_COMPAT_H

#include <linux/dim.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <net/devlink.h>

#define OE_SINCE(major, minor) \
	(LINUX_VERSION_MAJOR * 256 + LINUX_VERSION_PATCHLEVEL >= (major) * 256 + (minor))

#if !OE_SINCE(6, 1)
#error "OpenENA needs Linux 6.1 or newer"
#endif

#if OE_SINCE(6, 6)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

#include <net/xdp_sock_drv.h>

#include "../bridge.h"

/*
 * Stamps of packets: an operation of its own since 6.6, an ioctl before, of which this is the part
 * that copies.
 */
#if !OE_SINCE(6, 6)
#define kernel_hwtstamp_config hwtstamp_config
#endif

int oe_hwtstamp_get(struct net_device *netdev, struct kernel_hwtstamp_config *config);
int oe_hwtstamp_set(struct net_device *netdev, struct kernel_hwtstamp_config *config,
		    struct netlink_ext_ack *extack);

#if OE_SINCE(6, 6)
#define OE_NDO_TIMESTAMPS .ndo_hwtstamp_get = oe_hwtstamp_get, .ndo_hwtstamp_set = oe_hwtstamp_set
#else
static inline int oe_compat_ioctl(struct net_device *netdev, struct ifreq *request, int command)
{
	struct hwtstamp_config config;
	int err;

	if (command != SIOCGHWTSTAMP && command != SIOCSHWTSTAMP)
		return -EOPNOTSUPP;
	if (copy_from_user(&config, request->ifr_data, sizeof(config)))
		return -EFAULT;
	err = command == SIOCGHWTSTAMP ? oe_hwtstamp_get(netdev, &config)
				       : oe_hwtstamp_set(netdev, &config, NULL);
	if (err)
		return err;
	return copy_to_user(request->ifr_data, &config, sizeof(config)) ? -EFAULT : 0;
}
#define OE_NDO_TIMESTAMPS .ndo_eth_ioctl = oe_compat_ioctl
#endif

/* A program asks for what the adapter says of a packet; since 6.3, as now since 6.4. */
#if OE_SINCE(6, 4)
#define OE_XDP_METADATA
extern const struct xdp_metadata_ops oe_xdp_metadata;
#endif

static inline void oe_set_xdp_metadata(struct net_device *netdev)
{
#ifdef OE_XDP_METADATA
	netdev->xdp_metadata_ops = &oe_xdp_metadata;
#endif
}

/* Tells the pool who uses it: direct recycling (6.4), netlink (6.8). */
static inline void oe_pool_owner(struct page_pool_params *params, struct napi_struct *napi,
				 struct net_device *netdev)
{
#if OE_SINCE(6, 4)
	params->napi = napi;
#endif
#if OE_SINCE(6, 8)
	params->netdev = netdev;
#endif
}

/* From 6.13 a NAPI keeps its settings (affinity, deferral) while it is away. */
static inline void oe_napi_add(struct net_device *netdev, struct napi_struct *napi,
			       int (*poll)(struct napi_struct *napi, int budget), int index)
{
#if OE_SINCE(6, 13)
	netif_napi_add_config(netdev, napi, poll, index);
#else
	netif_napi_add(netdev, napi, poll);
#endif
}

/* Shows by netlink (6.8) which NAPI and interrupt serve a queue; @irq -1: none any more. */
static inline void oe_napi_publish(struct net_device *netdev, struct napi_struct *napi,
				   unsigned int index, int irq)
{
#if OE_SINCE(6, 8)
	struct napi_struct *shown = irq < 0 ? NULL : napi;

	netif_napi_set_irq(napi, irq);
	netif_queue_set_napi(netdev, index, NETDEV_QUEUE_TYPE_TX, shown);
	netif_queue_set_napi(netdev, index, NETDEV_QUEUE_TYPE_RX, shown);
#endif
}

/* Before 6.2 an extended answer cannot hold a text made at run time: it goes to the log. */
static inline void oe_refuse(struct net_device *netdev, struct netlink_ext_ack *extack,
			     const struct oe_error *error)
{
#ifdef NL_SET_ERR_MSG_FMT
	if (extack) {
		NL_SET_ERR_MSG_FMT(extack, "%s", error->text);
		return;
	}
#else
	if (extack)
		NL_SET_ERR_MSG(extack, "refused, the kernel log says why");
#endif
	netdev_err(netdev, "%s\n", error->text);
}

/* Counters of a queue over netlink, with all the fields that we have (6.10 has fewer). */
#if OE_SINCE(6, 12)
#define OE_QUEUE_STATS
extern const struct netdev_stat_ops oe_stat_ops;
#endif

static inline void oe_set_stat_ops(struct net_device *netdev)
{
#ifdef OE_QUEUE_STATS
	netdev->stat_ops = &oe_stat_ops;
#endif
}

/* What the interface does with XDP; told to users from 6.3 on. */
static inline void oe_set_xdp_features(struct net_device *netdev)
{
#if OE_SINCE(6, 3)
	xdp_set_features_flag(netdev, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
					      NETDEV_XDP_ACT_RX_SG | NETDEV_XDP_ACT_XSK_ZEROCOPY);
#endif
}

/* Whether other interfaces may redirect frames here, also those of several buffers. */
static inline void oe_xdp_offer_target(struct net_device *netdev, bool offer)
{
#if OE_SINCE(6, 3)
	if (offer)
		xdp_features_set_redirect_target(netdev, true);
	else
		xdp_features_clear_redirect_target(netdev);
#endif
}

static inline void oe_net_dim(struct dim *dim, const struct dim_sample *sample)
{
#if OE_SINCE(6, 13)
	net_dim(dim, sample);
#else
	net_dim(dim, *sample);
#endif
}

static inline void oe_fill_frag(skb_frag_t *frag, struct page *page, int offset, unsigned int size)
{
#if OE_SINCE(6, 5)
	skb_frag_fill_page_desc(frag, page, offset, size);
#else
	__skb_frag_set_page(frag, page);
	skb_frag_off_set(frag, offset);
	skb_frag_size_set(frag, size);
#endif
}

static inline void oe_xsk_sync(struct xdp_buff *xdp, struct xsk_buff_pool *pool)
{
#if OE_SINCE(6, 10)
	xsk_buff_dma_sync_for_cpu(xdp);
#else
	xsk_buff_dma_sync_for_cpu(xdp, pool);
#endif
}

static inline bool oe_xdp_pfmemalloc(const struct xdp_buff *xdp)
{
	return xdp->flags & XDP_FLAGS_FRAGS_PF_MEMALLOC;
}

/* From 6.18 the operations have the graceful period; ours is none before as well. */
static inline struct devlink_health_reporter *
oe_health_reporter_create(struct devlink *devlink, const struct devlink_health_reporter_ops *ops,
			  void *priv)
{
#if OE_SINCE(6, 18)
	return devlink_health_reporter_create(devlink, ops, priv);
#else
	return devlink_health_reporter_create(devlink, ops, 0, priv);
#endif
}

/* From 6.2 a driver that has the operations may be reloaded. */
static inline void oe_devlink_allow_reload(struct devlink *devlink)
{
#if !OE_SINCE(6, 2)
	devlink_set_features(devlink, DEVLINK_F_RELOAD);
#endif
}

/* From 6.3 devlink names the driver itself. */
static inline int oe_devlink_driver_name(struct devlink_info_req *request, const char *name)
{
#if OE_SINCE(6, 3)
	return 0;
#else
	return devlink_info_driver_name_put(request, name);
#endif
}

/* The name since 6.11. */
#if !OE_SINCE(6, 11)
#define kernel_ethtool_ts_info ethtool_ts_info
#endif

/*
 * tx-push: whether TX rings are in the device. How much of a packet is pushed can be told from 6.4
 * on.
 */
#if OE_SINCE(6, 4)
#define OE_RING_PARAMS (ETHTOOL_RING_USE_TX_PUSH | ETHTOOL_RING_USE_TX_PUSH_BUF_LEN)
#else
#define OE_RING_PARAMS ETHTOOL_RING_USE_TX_PUSH
#endif

static inline void oe_show_push(struct kernel_ethtool_ringparam *ring, u32 push, u32 largest)
{
	ring->tx_push = push != 0;
#if OE_SINCE(6, 4)
	ring->tx_push_buf_len = push;
	ring->tx_push_buf_max_len = largest;
#endif
}

/* tx-push off: none; on: as much as was asked for, or what is now in force, or @least. */
static inline u32 oe_wanted_push(const struct kernel_ethtool_ringparam *ring, u32 push, u32 least)
{
	if (!ring->tx_push)
		return 0;
#if OE_SINCE(6, 4)
	push = ring->tx_push_buf_len;
#endif
	return push ? push : least;
}

/* What is hashed: operations of their own since 6.17, part of those for flow rules before. */
int oe_get_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *info, u32 *rules);
int oe_set_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *info);
int oe_get_hash_fields(struct net_device *netdev, u32 flow_type, u64 *data);
int oe_set_hash_fields(struct net_device *netdev, u32 flow_type, u64 data,
		       struct netlink_ext_ack *extack);

#if OE_SINCE(6, 17)
static inline int oe_compat_get_fields(struct net_device *netdev,
				       struct ethtool_rxfh_fields *fields)
{
	u64 data;
	int err = oe_get_hash_fields(netdev, fields->flow_type, &data);

	if (!err)
		fields->data = data;
	return err;
}

static inline int oe_compat_set_fields(struct net_device *netdev,
				       const struct ethtool_rxfh_fields *fields,
				       struct netlink_ext_ack *extack)
{
	return oe_set_hash_fields(netdev, fields->flow_type, fields->data, extack);
}
#endif

/*
 * The number of RX rings has an operation of its own from 7.0 on, without which there is no RSS; some
 * releases before ask either way.
 */
u32 oe_get_rx_ring_count(struct net_device *netdev);

#if OE_SINCE(7, 0)
#define OE_RXNFC_OPS                                                                      \
	.get_rxnfc = oe_get_rxnfc, .set_rxnfc = oe_set_rxnfc,                             \
	.get_rxfh_fields = oe_compat_get_fields, .set_rxfh_fields = oe_compat_set_fields, \
	.get_rx_ring_count = oe_get_rx_ring_count
#elif OE_SINCE(6, 17)
#define OE_RXNFC_OPS                                          \
	.get_rxnfc = oe_get_rxnfc, .set_rxnfc = oe_set_rxnfc, \
	.get_rxfh_fields = oe_compat_get_fields, .set_rxfh_fields = oe_compat_set_fields
#else
#define OE_RXNFC_OPS .get_rxnfc = oe_get_rxnfc, .set_rxnfc = oe_set_rxnfc
#endif

/* The arguments of get_rxfh and set_rxfh before 6.8, as 6.8 names them. */
#if !OE_SINCE(6, 8)
struct ethtool_rxfh_param {
	u8 hfunc;
	u32 *indir;
	u8 *key;
};
#endif

int oe_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh);
int oe_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
		struct netlink_ext_ack *extack);

#if !OE_SINCE(6, 8)
static inline int oe_compat_get_rxfh(struct net_device *netdev, u32 *indir, u8 *key, u8 *hfunc)
{
	struct ethtool_rxfh_param rxfh = {.indir = indir, .key = key};
	int err = oe_get_rxfh(netdev, &rxfh);

	if (!err && hfunc)
		*hfunc = rxfh.hfunc;
	return err;
}

static inline int oe_compat_set_rxfh(struct net_device *netdev, const u32 *indir, const u8 *key,
				     const u8 hfunc)
{
	struct ethtool_rxfh_param rxfh = {
		.hfunc = hfunc,
		.indir = (u32 *)indir,
		.key = (u8 *)key,
	};

	return oe_set_rxfh(netdev, &rxfh, NULL);
}
#else
#define oe_compat_get_rxfh oe_get_rxfh
#define oe_compat_set_rxfh oe_set_rxfh
#endif

#endif
