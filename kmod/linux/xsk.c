// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AF_XDP without copies: a pair whose packets lie in the memory of a socket. It receives into that
 * memory, and its queue for XDP sends what lies there.
 */
#include <linux/bitmap.h>
#include <linux/rtnetlink.h>
#include <net/xdp_sock_drv.h>

#include "openena.h"

/* The longest frame that the socket's memory takes in one buffer. */
u32 oe_xsk_frame(struct xsk_buff_pool *pool)
{
	return min_t(u32, xsk_pool_get_rx_frame_size(pool), U16_MAX);
}

/* The pool is wanted no more, and in use by nobody afterwards, whatever is refused. */
static void oe_xsk_drop(struct oe_kernel *kernel, struct oe_pair *pair)
{
	struct xsk_buff_pool *pool = pair->xsk_wanted;
	bool used = pair->xsk == pool;
	struct oe_error error;

	pair->xsk_wanted = NULL;
	if (oe_xdp_apply(kernel, kernel->xdp_prog, used ? pair : NULL, &error)) {
		netdev_err(kernel->netdev, "%s\n", error.text);
		/* Refused before anything was closed. */
		if (pair->xsk == pool && kernel->open_pairs) {
			oe_down(kernel);
			oe_up_or_later(kernel);
		}
	}
	xsk_pool_dma_unmap(pool, 0);
}

/* The pair closes and opens; with the first socket or program all do, for their queues for XDP. */
static int oe_xsk_attach(struct oe_kernel *kernel, struct oe_pair *pair, struct xsk_buff_pool *pool)
{
	struct oe_error error;
	int err;

	err = xsk_pool_dma_map(pool, &kernel->pdev->dev, 0);
	if (err)
		return err;
	pair->xsk_wanted = pool;
	err = oe_xdp_apply(kernel, kernel->xdp_prog, pair, &error);
	if (!err)
		return 0;
	netdev_notice(kernel->netdev, "no AF_XDP without copies: %s\n", error.text);
	oe_xsk_drop(kernel, pair);
	return err;
}

/* @pool NULL: the socket goes. Under rtnl. */
int oe_xsk_setup(struct oe_kernel *kernel, struct xsk_buff_pool *pool, u16 queue)
{
	struct oe_pair *pair;

	ASSERT_RTNL();
	if (queue >= kernel->max_pairs)
		return -EINVAL;
	pair = &kernel->pairs[queue];
	if (!pool) {
		if (pair->xsk_wanted)
			oe_xsk_drop(kernel, pair);
		return 0;
	}
	if (queue >= kernel->netdev->real_num_rx_queues)
		return -EINVAL;
	/* Up, but not open: the pool would not know its queue when the socket polls. */
	if (!kernel->open_pairs)
		return -ENETDOWN;
	return oe_xsk_attach(kernel, pair, pool);
}

/* Somebody has put packets or buffers into the rings of a socket. Under RCU. */
int oe_ndo_xsk_wakeup(struct net_device *netdev, u32 queue, u32 flags)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	/* Acquire: the pairs are there. oe_xdp_stop() clears it, and waits for us before they go. */
	if (!smp_load_acquire(&kernel->xdp_open))
		return -ENETDOWN;
	if (queue >= kernel->open_pairs)
		return -EINVAL;
	/* Likewise for the pair alone: oe_xdp_pair_stop(). */
	if (!smp_load_acquire(&kernel->pairs[queue].xdp_open))
		return -ENETDOWN;
	if (!kernel->pairs[queue].xsk)
		return -EINVAL;
	if (!napi_if_scheduled_mark_missed(&kernel->pairs[queue].napi))
		oe_pair_kick(&kernel->pairs[queue]);
	return 0;
}

/* Memory for the ids of a pair; the pair's TX queue for XDP is not there yet. */
int oe_xsk_open(struct oe_pair *pair)
{
	pair->xsk_buffs = kvcalloc(pair->rx_ring, sizeof(*pair->xsk_buffs), GFP_KERNEL);
	pair->xsk_done = bitmap_zalloc(pair->tx_ring, GFP_KERNEL);
	if (!pair->xsk_buffs || !pair->xsk_done) {
		kvfree(pair->xsk_buffs);
		bitmap_free(pair->xsk_done);
		pair->xsk_buffs = NULL;
		pair->xsk_done = NULL;
		return -ENOMEM;
	}
	pair->xsk_taken = 0;
	pair->xsk_reported = 0;
	pair->starved = false;
	/* Its packets wait for a call, or for a poll that comes anyway. */
	if (xsk_uses_need_wakeup(pair->xsk))
		xsk_set_tx_need_wakeup(pair->xsk);
	return 0;
}

/* The device has forgotten the queues. Whatever was on its way is the socket's again. */
void oe_xsk_close(struct oe_pair *pair)
{
	u32 i;

	for (i = 0; i < pair->rx_ring; i++)
		if (pair->xsk_buffs[i])
			xsk_buff_free(pair->xsk_buffs[i]);
	if (pair->xsk_taken != pair->xsk_reported)
		xsk_tx_completed(pair->xsk, pair->xsk_taken - pair->xsk_reported);
	kvfree(pair->xsk_buffs);
	bitmap_free(pair->xsk_done);
	pair->xsk_buffs = NULL;
	pair->xsk_done = NULL;
}

int oe_xsk_register(struct oe_pair *pair)
{
	int err = xdp_rxq_info_reg_mem_model(&pair->xdp_rxq, MEM_TYPE_XSK_BUFF_POOL, NULL);

	if (!err)
		xsk_pool_set_rxq_info(pair->xsk, &pair->xdp_rxq);
	return err;
}

/* Up to @most of the socket's free buffers. Where DMA needs syncs, Linux 6.1 has one at a time. */
static u32 oe_xsk_take_free(struct oe_pair *pair, u32 most)
{
	u32 n = 0, got;

	do {
		got = xsk_buff_alloc_batch(pair->xsk, pair->xsk_fill + n, most - n);
		n += got;
	} while (got && n < most);
	return n;
}

/*
 * Post as many of the socket's buffers as the core wants. True: there are too few, and nobody would
 * tell when there are more.
 */
bool oe_xsk_fill(struct oe_pair *pair)
{
	u32 wanted = oe_rx_wanted(pair->rxq);
	u32 n, i;

	while (wanted) {
		const u16 *ids = oe_rx_next_ids(pair->rxq);
		u32 most = min_t(u32, wanted, OE_BURST);

		n = oe_xsk_take_free(pair, most);
		for (i = 0; i < n; i++) {
			pair->fill[i].bus = xsk_buff_xdp_get_dma(pair->xsk_fill[i]);
			pair->fill[i].len = oe_xsk_frame(pair->xsk);
			pair->xsk_buffs[ids[i]] = pair->xsk_fill[i];
		}
		if (n)
			oe_rx_refill(pair->rxq, pair->fill, n);
		wanted -= n;
		if (n < most)
			break;
	}
	if (!xsk_uses_need_wakeup(pair->xsk))
		return wanted;
	if (wanted)
		xsk_set_rx_need_wakeup(pair->xsk);
	else
		xsk_clear_rx_need_wakeup(pair->xsk);
	return false;
}

/* For a program's questions, in the place that the buffer has for its driver. */
static void oe_xsk_packet(struct xdp_buff *xdp, const struct oe_rx_packet *packet)
{
#ifdef OE_XDP_METADATA
	XSK_CHECK_PRIV_TYPE(struct oe_xdp_buff);
	((struct oe_xdp_buff *)xdp)->packet = packet;
#endif
}

static struct xdp_buff *oe_xsk_take(struct oe_pair *pair, const struct oe_rx_frag *frag)
{
	struct xdp_buff *xdp = pair->xsk_buffs[frag->id];

	pair->xsk_buffs[frag->id] = NULL;
	return xdp;
}

void oe_xsk_receive(struct oe_pair *pair, struct bpf_prog *prog, const struct oe_rx_packet *packet,
		    const struct oe_rx_frag *frags)
{
	struct xdp_buff *xdp;
	u32 i;

	if (unlikely(packet->nfrags > 1 || packet->len < ETH_HLEN)) {
		pair->rx_unfit++;
		for (i = 0; i < packet->nfrags; i++)
			xsk_buff_free(oe_xsk_take(pair, &frags[i]));
		return;
	}
	xdp = oe_xsk_take(pair, &frags[0]);
	xsk_buff_set_size(xdp, packet->offset + packet->len);
	xdp->data += packet->offset;
	xdp->data_meta = xdp->data;
	oe_xsk_packet(xdp, packet);
	oe_xsk_sync(xdp, pair->xsk);
	if (prog ? oe_xdp_act(pair, prog, packet, xdp) : oe_xdp_pass(pair, packet, xdp))
		xsk_buff_free(xdp);
}

/* For the stack, with the program's metadata; NULL when out of memory. */
struct sk_buff *oe_xsk_copy(struct oe_pair *pair, const struct xdp_buff *xdp)
{
	u32 metadata = xdp->data - xdp->data_meta;
	u32 len = xdp->data_end - xdp->data_meta;
	struct sk_buff *skb = napi_alloc_skb(&pair->napi, len);

	if (unlikely(!skb))
		return NULL;
	skb_put_data(skb, xdp->data_meta, len);
	if (metadata) {
		skb_metadata_set(skb, metadata);
		__skb_pull(skb, metadata);
	}
	return skb;
}

/* Under oe_xdp_lock(). A packet that cannot be sent has its turn, too. */
static void oe_xsk_send_one(struct oe_pair *pair, const struct xdp_desc *desc)
{
	dma_addr_t bus = xsk_buff_raw_get_dma(pair->xsk, desc->addr);
	u32 pushed = min(desc->len, pair->xdp_push);
	struct oe_tx_buffer buffer = {.bus = bus + pushed, .len = desc->len - pushed};
	struct oe_tx_packet packet = {
		.header = xsk_buff_raw_get_data(pair->xsk, desc->addr),
		.header_len = pushed,
		.buffers = &buffer,
		.nbuffers = desc->len > pushed,
		.flags = OE_TX_XDP,
		.bytes = desc->len,
		.packets = 1,
	};
	u32 turn = pair->xsk_taken++;
	struct oe_tx_result result;
	struct oe_xdp_slot *slot;

	xsk_buff_raw_dma_sync_for_device(pair->xsk, bus, desc->len);
	if (unlikely(buffer.len > OE_TX_MAX_LEN || oe_tx_submit(pair->xdp_txq, &packet, &result))) {
		oe_xsk_sent(pair, turn);
		return;
	}
	slot = &pair->xdp_slots[result.req_id];
	slot->frame = NULL;
	slot->turn = turn;
	/* Orders the slot before its use: who sees it in oe_xdp_clean() completes the packet. */
	smp_store_release(&slot->used, true);
}

/*
 * Give packets back to the socket. The kernel knows only how many, in the order that they were taken
 * in; the device may complete them in any.
 */
static void oe_xsk_report(struct oe_pair *pair)
{
	u32 n = 0;

	while (pair->xsk_reported + n != pair->xsk_taken &&
	       __test_and_clear_bit((pair->xsk_reported + n) & (pair->tx_ring - 1), pair->xsk_done))
		n++;
	if (!n)
		return;
	pair->xsk_reported += n;
	xsk_tx_completed(pair->xsk, n);
}

/* Send what the socket has put into its ring. True: there may be more. NAPI context. */
bool oe_xsk_send(struct oe_pair *pair)
{
	u32 most, n, i;

	oe_xdp_lock(pair);
	most = min3(oe_tx_room(pair->xdp_txq), (u32)OE_BURST,
		    pair->tx_ring - (pair->xsk_taken - pair->xsk_reported));
	n = most ? xsk_tx_peek_release_desc_batch(pair->xsk, most) : 0;
	for (i = 0; i < n; i++)
		oe_xsk_send_one(pair, &pair->xsk->tx_descs[i]);
	if (n)
		oe_tx_kick(pair->xdp_txq);
	oe_xdp_unlock(pair);
	oe_xsk_report(pair);
	return n == OE_BURST;
}

/* NAPI context, as all that looks at xsk_done. */
void oe_xsk_sent(struct oe_pair *pair, u32 turn)
{
	__set_bit(turn & (pair->tx_ring - 1), pair->xsk_done);
}
