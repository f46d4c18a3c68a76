/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the shim share: one PCI function, its queue pairs, and who calls whom. */
#ifndef OPENENA_LINUX_H
#define OPENENA_LINUX_H

#include <linux/bpf.h>
#include <linux/dim.h>
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/xdp.h>

#include "../../abi/ena_pci.h"
#include "../bridge.h"
#include "compat.h"

static_assert(BITS_PER_LONG == 64, "OpenENA needs a 64-bit kernel: counters are read unlocked");

#define OE_NAME "openena"

/*
 * A receive buffer is one page: room in front for headers pushed later, room
 * behind for skb_shared_info, so that an skb can be built around it in place.
 */
#define OE_RX_HEADROOM XDP_PACKET_HEADROOM
#define OE_RX_LEN (PAGE_SIZE - OE_RX_HEADROOM - SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))

/* The longest buffer that a descriptor's 16-bit length says. */
#define OE_TX_MAX_LEN 65535u

/* A packet on its way: filed under its request id from submission to completion. */
struct oe_tx_slot {
	struct sk_buff *skb; /* NULL: free. Published last, cleared first */
	u32 bytes; /* as told to byte queue limits */
	u16 nbuffers;
	struct oe_tx_buffer buffers[OE_MAX_TX_BUFFERS];
};

/* A frame of XDP on its way, likewise. */
struct oe_xdp_slot {
	bool used; /* published last, cleared first */
	struct xdp_frame *frame; /* NULL: a packet in the memory of a socket */
	u32 turn; /* which of the socket's */
	u16 nmapped; /* buffers mapped for it; 0: its pages are those of the pair's pool */
	struct oe_tx_buffer buffers[OE_MAX_TX_BUFFERS];
};

/* What a program gets; behind it what it may ask for by xdp_metadata_ops. */
struct oe_xdp_buff {
	struct xdp_buff xdp;
	const struct oe_rx_packet *packet;
};

/* Where a packet lies for the device. */
struct oe_tx_map {
	u16 nbuffers;
	struct oe_tx_buffer buffers[OE_MAX_TX_BUFFERS];
};

/* Likewise a frame of XDP. Of one of the pair's own pool the pages are mapped already. */
struct oe_xdp_map {
	bool pool;
	u16 nbuffers;
	struct oe_tx_buffer buffers[OE_MAX_TX_BUFFERS];
};

/* A TX and an RX queue that share an interrupt vector and a NAPI. */
struct oe_pair {
	struct napi_struct napi;
	struct oe_kernel *kernel;
	struct oe_txq *txq;
	struct oe_rxq *rxq;
	struct oe_tx_stats *tx_stats; /* each field moved by one context only */
	struct oe_rx_stats *rx_stats;
	u64 rx_unfit; /* packets that no skb can hold */
	u64 interrupts; /* the handler's */
	u64 interrupts_before; /* the self-test's; under rtnl */
	u64 interrupts_at_open;
	struct oe_tx_slot *tx_slots; /* by request id */
	struct page **rx_pages; /* by request id: posted, or kept to be posted again; NULL: none */
	struct page_pool *pool;
	u32 index;
	u32 tx_ring, rx_ring;
	bool tx_stamps; /* completions say when packets left */
	u32 tx_push; /* first bytes of a packet that go to the device; 0: none */
	bool adaptive_rx; /* as the core has it, while open */
	struct dim dim;
	u16 dim_events; /* the NAPI's: polls that ended with the vector armed */
	int irq;
	bool affine; /* the vector has been given a CPU once */
	bool starved; /* a refill ran out of pages: the service work tries again */
	char irq_name[IFNAMSIZ + 16];

	/* XDP: all of it only while its frames can be sent. */
	bool xdp;
	bool xdp_shared; /* xdp_txq is txq: ids of both kinds, in the files of both */
	bool xdp_open; /* others may use its queue for XDP, if they may any */
	bool xdp_sent, xdp_redirected; /* the poll has something to flush */
	struct oe_txq *xdp_txq;
	struct oe_tx_stats *xdp_tx_stats;
	u32 xdp_push; /* as tx_push */
	struct oe_xdp_slot *xdp_slots; /* by request id */
	spinlock_t xdp_lock; /* see oe_xdp_lock() */
	struct xdp_rxq_info xdp_rxq;

	/* AF_XDP without copies. Two pools: the one in use while open, and under rtnl the wanted one. */
	struct xsk_buff_pool *xsk, *xsk_wanted;
	struct xdp_buff **xsk_buffs; /* by RX request id; NULL: not posted */
	u32 xsk_taken,
		xsk_reported; /* packets of the socket so far; all between are on their way */
	unsigned long *xsk_done; /* a bit for each of these: completed */
	struct xdp_buff *xsk_fill[OE_BURST];

	/* Scratch of the NAPI, too large for its stack. */
	struct oe_rx_burst burst;
	struct oe_rx_buffer fill[OE_BURST];
	struct oe_xdp_buff xdp_buff; /* the packet that a program looks at */
	u16 tx_ids[OE_BURST];

	/* Scratch of the sender, under the queue's lock: on the stack it would be zeroed for each packet. */
	struct oe_tx_packet tx_packet ____cacheline_aligned_in_smp;
	struct oe_tx_result tx_result;
	struct oe_tx_map tx_map;
	u8 tx_header[OE_MAX_PUSH]; /* a header that is not in one piece */
	/* Likewise, under oe_xdp_lock(). */
	struct oe_tx_packet xdp_packet;
	struct oe_tx_result xdp_result;
	struct oe_xdp_map xdp_map;
};

/* One PCI function; lives in its net_device. */
struct oe_kernel {
	struct pci_dev *pdev;
	struct net_device *netdev;
	void __iomem *push; /* BAR2, write-combining; NULL: there is none */
	u32 push_size;
	void __iomem *registers;
	u32 registers_size;
	struct oe_adapter *adapter; /* NULL before oe_probe() */
	bool shut_down; /* left for good */
	const struct oe_info *info;
	struct oe_pair *pairs;
	u32 max_pairs;
	u32 open_pairs; /* 0: the datapath is down. Under rtnl */
	u32 rx_copybreak; /* packets up to this long are copied */
	struct bpf_prog *xdp_prog; /* NULL: none. Changed under rtnl */
	bool xdp_open; /* other interfaces may send here by XDP */
	bool reopen; /* up, but the datapath failed to open: try again. Under rtnl */

	struct mutex admin_lock; /* oek_lock(): outside registers_lock */
	struct mutex registers_lock;
	struct mutex service_lock; /* oe_service() against open, close and reset; inside rtnl */

	spinlock_t link_lock; /* makes carrier = link && datapath one step */
	bool link;
	bool datapath;

	wait_queue_head_t admin_wait;
	unsigned long admin_woken; /* bit 0: a wake-up nobody has consumed */
	u64 mgmt_interrupts; /* the handler's */

	spinlock_t rfs_lock; /* oek_rfs_lock() */
	struct work_struct rfs_work;
	bool rfs_used; /* somebody has asked for a rule since the module came */

	struct ptp_clock_info ptp_info;
	struct ptp_clock *ptp; /* NULL: none */
	spinlock_t phc_lock; /* one request at a time */
	u32 phc_error_bound_ns; /* of the last reading */

	struct oe_devlink *devlink; /* NULL: none */
	struct work_struct reset_work;
	struct delayed_work service_work;
	char mgmt_irq_name[32];
};

extern struct workqueue_struct *oe_workqueue;

/* pci.c */
int oe_pair_vector(const struct oe_kernel *kernel, u32 index);

/* pci_errors.c */
extern const struct pci_error_handlers oe_error_handlers;
void oe_device_leave(struct oe_kernel *kernel, u32 reason);
void oe_device_attach(struct oe_kernel *kernel);
void oe_device_return(struct oe_kernel *kernel);

/* netdev.c. All under rtnl but the first three. */
struct oe_kernel *oe_netdev_alloc(struct pci_dev *pdev);
int oe_netdev_register(struct oe_kernel *kernel);
void oe_netdev_free(struct oe_kernel *kernel);
int oe_up(struct oe_kernel *kernel);
int oe_up_or_later(struct oe_kernel *kernel);
void oe_down(struct oe_kernel *kernel);
int oe_apply_settings(struct oe_kernel *kernel, const struct oe_settings *wanted,
		      struct oe_error *error);

/* recovery.c */
void oe_service_work(struct work_struct *work);
void oe_reset_task(struct work_struct *work);
void oe_reset_now(struct oe_kernel *kernel);

/* services.c, where all oek_* are */
void oe_set_datapath(struct oe_kernel *kernel, bool up);

/* napi.c, with its oek_*. Under rtnl. */
int oe_pair_open(struct oe_kernel *kernel, u32 index, const struct oe_settings *settings);
void oe_pair_close(struct oe_pair *pair);
void oe_pair_start(struct oe_pair *pair);
void oe_pair_stop(struct oe_pair *pair);
void oe_pair_kick(struct oe_pair *pair);

/* restart.c. Under rtnl. */
int oe_receiver_reopen(struct oe_pair *pair);

/* moderation.c */
void oe_dim_open(struct oe_pair *pair);
void oe_dim_close(struct oe_pair *pair);
void oe_dim_poll(struct oe_pair *pair);
int oe_set_moderation(struct oe_kernel *kernel, const struct oe_settings *settings,
		      struct oe_error *error);
int oe_set_pair_moderation(struct oe_kernel *kernel, u32 index, const struct oe_delays *delays,
			   struct oe_error *error);

/* tx.c */
netdev_tx_t oe_start_xmit(struct sk_buff *skb, struct net_device *netdev);
netdev_features_t oe_features_check(struct sk_buff *skb, struct net_device *netdev,
				    netdev_features_t features);
bool oe_tx_clean(struct oe_pair *pair, int budget);
int oe_tx_open(struct oe_pair *pair);
void oe_tx_close(struct oe_pair *pair);

/* rx.c */
int oe_rx_clean(struct oe_pair *pair, int budget);
bool oe_rx_fill(struct oe_pair *pair, gfp_t gfp);
void oe_rx_drop(struct oe_pair *pair, const struct oe_rx_packet *packet,
		const struct oe_rx_frag *frags);
void oe_rx_finish(struct oe_pair *pair, const struct oe_rx_packet *packet, struct sk_buff *skb);
int oe_rx_open(struct oe_pair *pair);
void oe_rx_close(struct oe_pair *pair);

/* A page that leaves its buffer: it goes on in an skb, or wherever XDP sends it. */
static inline struct page *oe_rx_take(struct oe_pair *pair, const struct oe_rx_frag *frag)
{
	struct page *page = pair->rx_pages[frag->id];

	pair->rx_pages[frag->id] = NULL;
	return page;
}

static inline void oe_rx_sync(struct oe_pair *pair, struct page *page, u32 offset, u32 len)
{
	dma_sync_single_range_for_cpu(&pair->kernel->pdev->dev, page_pool_get_dma_addr(page),
				      offset, len, page_pool_get_dma_dir(pair->pool));
}

/* Nobody else has got a hold of the page: it stays where it is, and is posted again. NAPI context. */
static inline void oe_rx_keep(struct oe_pair *pair, const struct oe_rx_frag *frag)
{
	struct page *page = pair->rx_pages[frag->id];

	if (unlikely(page_is_pfmemalloc(page))) {
		page_pool_recycle_direct(pair->pool, oe_rx_take(pair, frag));
		return;
	}
	dma_sync_single_range_for_device(&pair->kernel->pdev->dev, page_pool_get_dma_addr(page),
					 OE_RX_HEADROOM, OE_RX_LEN,
					 page_pool_get_dma_dir(pair->pool));
}

/* accelerated_rfs.c. All but the first two under rtnl. */
int oe_ndo_rx_flow_steer(struct net_device *netdev, const struct sk_buff *skb, u16 queue, u32 flow);
void oe_rfs_work(struct work_struct *work);
void oe_rfs_open(struct oe_kernel *kernel);
void oe_rfs_close(struct oe_kernel *kernel);

/* flow_steering.c. All under rtnl. */
int oe_flow_show(struct oe_kernel *kernel, struct ethtool_rx_flow_spec *spec);
int oe_flow_list(struct oe_kernel *kernel, u32 *locations, u32 max);
int oe_ndo_set_features(struct net_device *netdev, netdev_features_t wanted);

/* xdp.c */
int oe_ndo_bpf(struct net_device *netdev, struct netdev_bpf *bpf);
void oe_xdp_receive(struct oe_pair *pair, struct bpf_prog *prog, const struct oe_rx_packet *packet,
		    const struct oe_rx_frag *frags);
bool oe_xdp_act(struct oe_pair *pair, struct bpf_prog *prog, const struct oe_rx_packet *packet,
		struct xdp_buff *xdp);
bool oe_xdp_pass(struct oe_pair *pair, const struct oe_rx_packet *packet, struct xdp_buff *xdp);
int oe_xdp_apply(struct oe_kernel *kernel, const struct bpf_prog *prog, struct oe_pair *pair,
		 struct oe_error *error);
void oe_xdp_flush(struct oe_pair *pair);
int oe_xdp_open(struct oe_pair *pair);
void oe_xdp_close(struct oe_pair *pair);

/* xdp_tx.c */
void oe_xdp_pair_start(struct oe_pair *pair);
void oe_xdp_pair_stop(struct oe_pair *pair);
int oe_ndo_xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags);
void oe_xdp_start(struct oe_kernel *kernel);
void oe_xdp_stop(struct oe_kernel *kernel);
bool oe_xdp_send_back(struct oe_pair *pair, struct xdp_buff *xdp);
void oe_xdp_kick(struct oe_pair *pair);
bool oe_xdp_clean(struct oe_pair *pair);
bool oe_xdp_completed(struct oe_pair *pair, u16 id);
void oe_xdp_lock(struct oe_pair *pair);
void oe_xdp_unlock(struct oe_pair *pair);
int oe_xdp_tx_open(struct oe_pair *pair);
void oe_xdp_tx_close(struct oe_pair *pair);

/* xsk.c */
int oe_ndo_xsk_wakeup(struct net_device *netdev, u32 queue, u32 flags);
int oe_xsk_setup(struct oe_kernel *kernel, struct xsk_buff_pool *pool, u16 queue);
u32 oe_xsk_frame(struct xsk_buff_pool *pool);
int oe_xsk_open(struct oe_pair *pair);
void oe_xsk_close(struct oe_pair *pair);
int oe_xsk_register(struct oe_pair *pair);
bool oe_xsk_fill(struct oe_pair *pair);
void oe_xsk_receive(struct oe_pair *pair, struct bpf_prog *prog, const struct oe_rx_packet *packet,
		    const struct oe_rx_frag *frags);
struct sk_buff *oe_xsk_copy(struct oe_pair *pair, const struct xdp_buff *xdp);
bool oe_xsk_send(struct oe_pair *pair);
void oe_xsk_sent(struct oe_pair *pair, u32 turn);

/* ptp.c */
extern const struct attribute_group *oe_device_groups[];
void oe_ptp_register(struct oe_kernel *kernel);
void oe_ptp_unregister(struct oe_kernel *kernel);

/* timestamps.c */
int oe_get_ts_info(struct net_device *netdev, struct kernel_ethtool_ts_info *info);

/* devlink.c */
void oe_devlink_register(struct oe_kernel *kernel);
void oe_devlink_unregister(struct oe_kernel *kernel);
bool oe_devlink_report(struct oe_kernel *kernel);
void oe_devlink_healthy(struct oe_kernel *kernel);

/* diagnosis.c. All under rtnl. */
int oe_get_regs_len(struct net_device *netdev);
void oe_get_regs(struct net_device *netdev, struct ethtool_regs *regs, void *words);
int oe_test_count(void);
void oe_get_test_names(u8 *names);
void oe_self_test(struct net_device *netdev, struct ethtool_test *test, u64 *failures);

/* sriov.c. All under rtnl. */
int oe_ndo_set_vf_mac(struct net_device *netdev, int vf, u8 *mac);
int oe_ndo_set_vf_vlan(struct net_device *netdev, int vf, u16 vlan, u8 qos, __be16 proto);
int oe_ndo_set_vf_spoofchk(struct net_device *netdev, int vf, bool on);
int oe_ndo_set_vf_trust(struct net_device *netdev, int vf, bool on);
int oe_ndo_set_vf_link_state(struct net_device *netdev, int vf, int state);
int oe_ndo_set_vf_rate(struct net_device *netdev, int vf, int min_mbps, int max_mbps);
int oe_ndo_get_vf_config(struct net_device *netdev, int vf, struct ifla_vf_info *info);
int oe_ndo_bridge_setlink(struct net_device *netdev, struct nlmsghdr *nlh, u16 flags,
			  struct netlink_ext_ack *extack);
int oe_ndo_bridge_getlink(struct sk_buff *skb, u32 pid, u32 seq, struct net_device *netdev,
			  u32 filter_mask, int nlflags);
int oe_ndo_get_vf_stats(struct net_device *netdev, int vf, struct ifla_vf_stats *to);

/* ethtool.c */
extern const struct ethtool_ops oe_ethtool_ops;

#endif
