// SPDX-License-Identifier: GPL-2.0-or-later
/* XDP: programs come and go, and see each received packet before an skb is made of it. */
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/prefetch.h>
#include <net/xdp_sock_drv.h>

#include "openena.h"

/*
 * What programs and sockets need: a TX queue of each pair for XDP while there is any of them, and
 * frames in one buffer for a program that knows no frags, and for the memory of a socket.
 */
static void oe_xdp_needs(struct oe_kernel *kernel, const struct bpf_prog *prog,
			 struct oe_settings *settings)
{
	u32 limit = prog && !prog->aux->xdp_has_frags ? OE_RX_LEN : U32_MAX;
	u32 i;

	settings->xdp = prog;
	for (i = 0; i < kernel->max_pairs; i++) {
		struct xsk_buff_pool *pool = kernel->pairs[i].xsk_wanted;

		if (!pool)
			continue;
		settings->xdp = true;
		limit = min(limit, oe_xsk_frame(pool));
	}
	settings->xdp_frame = limit == U32_MAX ? 0 : limit;
}

/* @pair: receives into other memory from now on, NULL: none does. */
int oe_xdp_apply(struct oe_kernel *kernel, const struct bpf_prog *prog, struct oe_pair *pair,
		 struct oe_error *error)
{
	struct oe_settings settings;
	bool before;
	int err;

	oe_get_settings(kernel->adapter, &settings);
	before = settings.xdp;
	oe_xdp_needs(kernel, prog, &settings);
	if (settings.xdp != before)
		return oe_apply_settings(kernel, &settings, error);
	err = oe_set_settings(kernel->adapter, &settings, error);
	if (err || !pair || pair->index >= kernel->open_pairs)
		return err;
	err = oe_receiver_reopen(pair);
	if (err)
		snprintf(error->text, sizeof(error->text), "queue %u did not open again (%d)",
			 pair->index, err);
	return err;
}

/* Another program, from the next poll on; the earlier one goes when no poll uses it any more. */
static void oe_xdp_exchange(struct oe_kernel *kernel, struct bpf_prog *prog)
{
	struct bpf_prog *before = xchg(&kernel->xdp_prog, prog);

	if (before)
		bpf_prog_put(before);
}

/*
 * The queues for frames of XDP are made with the first program and go with the last one: the
 * datapath closes and opens. One program in the place of another needs none of that.
 */
static int oe_xdp_attach(struct oe_kernel *kernel, struct bpf_prog *prog,
			 struct netlink_ext_ack *extack)
{
	struct oe_error error;
	int err;

	err = oe_xdp_apply(kernel, prog, NULL, &error);
	if (err) {
		oe_refuse(kernel->netdev, extack, &error);
		return err;
	}
	oe_xdp_exchange(kernel, prog);
	oe_xdp_offer_target(kernel->netdev, true);
	return 0;
}

/* Cannot fail: if the datapath does not open again at once, that is tried every second. */
static void oe_xdp_detach(struct oe_kernel *kernel)
{
	struct oe_error error;

	oe_xdp_offer_target(kernel->netdev, false);
	oe_xdp_exchange(kernel, NULL);
	if (oe_xdp_apply(kernel, NULL, NULL, &error))
		netdev_err(kernel->netdev, "%s\n", error.text);
}

int oe_ndo_bpf(struct net_device *netdev, struct netdev_bpf *bpf)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	if (bpf->command == XDP_SETUP_XSK_POOL)
		return oe_xsk_setup(kernel, bpf->xsk.pool, bpf->xsk.queue_id);
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	if (!bpf->prog) {
		oe_xdp_detach(kernel);
		return 0;
	}
	return oe_xdp_attach(kernel, bpf->prog, bpf->extack);
}

/*
 * The packet as a program sees it. All pages but the first are the buffer's now: a program that
 * shortens it gives them back.
 */
static __always_inline void oe_xdp_prepare(struct oe_pair *pair, const struct oe_rx_packet *packet,
					   const struct oe_rx_frag *frags, struct xdp_buff *xdp)
{
	struct page *page = pair->rx_pages[frags[0].id];
	u32 offset = OE_RX_HEADROOM + packet->offset;
	struct skb_shared_info *shared;
	u32 i;

	oe_rx_sync(pair, page, offset, frags[0].len);
	net_prefetch(page_address(page) + offset);
	xdp_init_buff(xdp, PAGE_SIZE, &pair->xdp_rxq);
	xdp_prepare_buff(xdp, page_address(page), offset, frags[0].len, true);
	if (packet->nfrags == 1)
		return;

	shared = xdp_get_shared_info_from_buff(xdp);
	/* Newer kernels have the sizes of frags in its place. */
	shared->destructor_arg = NULL;
	shared->nr_frags = packet->nfrags - 1;
	shared->xdp_frags_size = packet->len - frags[0].len;
	xdp_buff_set_frags_flag(xdp);
	for (i = 1; i < packet->nfrags; i++) {
		page = oe_rx_take(pair, &frags[i]);
		oe_rx_sync(pair, page, OE_RX_HEADROOM, frags[i].len);
		oe_fill_frag(&shared->frags[i - 1], page, OE_RX_HEADROOM, frags[i].len);
		if (page_is_pfmemalloc(page))
			xdp_buff_set_frag_pfmemalloc(xdp);
	}
}

/* All pages but the first go back to their pool; there are none in the memory of a socket. */
static void oe_xdp_drop_frags(struct oe_pair *pair, struct xdp_buff *xdp)
{
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);
	u32 i;

	for (i = 0; i < shared->nr_frags; i++)
		page_pool_put_full_page(pair->pool, skb_frag_page(&shared->frags[i]), true);
}

/* What the packet begins in stays the caller's. */
static __always_inline void oe_xdp_drop(struct oe_pair *pair, struct xdp_buff *xdp)
{
	if (unlikely(xdp_buff_has_frags(xdp)))
		oe_xdp_drop_frags(pair, xdp);
}

/* What the program left of the packet, without a copy. The frags lie where an skb has its own. */
static struct sk_buff *oe_xdp_build(struct xdp_buff *xdp)
{
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);
	u32 nfrags = xdp_buff_has_frags(xdp) ? shared->nr_frags : 0;
	u32 size = nfrags ? shared->xdp_frags_size : 0;
	u32 metadata = xdp->data - xdp->data_meta;
	struct sk_buff *skb = napi_build_skb(xdp->data_hard_start, PAGE_SIZE);

	if (unlikely(!skb))
		return NULL;
	skb_mark_for_recycle(skb);
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (metadata)
		skb_metadata_set(skb, metadata);
	/* napi_build_skb() has cleared their number, and left what its users may take for their own. */
	shared->destructor_arg = NULL;
	shared->nr_frags = nfrags;
	skb->len += size;
	skb->data_len += size;
	skb->truesize += nfrags * PAGE_SIZE;
	if (nfrags && oe_xdp_pfmemalloc(xdp))
		skb->pfmemalloc = true;
	return skb;
}

/* To the stack. Returns as oe_xdp_act(). */
bool oe_xdp_pass(struct oe_pair *pair, const struct oe_rx_packet *packet, struct xdp_buff *xdp)
{
	struct sk_buff *skb = pair->xsk ? oe_xsk_copy(pair, xdp) : oe_xdp_build(xdp);

	if (unlikely(!skb)) {
		pair->rx_stats->skb_alloc_fail++;
		oe_xdp_drop(pair, xdp);
		return true;
	}
	oe_rx_finish(pair, packet, skb);
	return pair->xsk;
}

static void oe_xdp_exception(struct oe_pair *pair, struct bpf_prog *prog, u32 action)
{
	trace_xdp_exception(pair->kernel->netdev, prog, action);
	pair->rx_stats->xdp_aborted++;
}

/* Run the program, and do with the packet what it says. See oe_xdp_act(). */
static __always_inline bool oe_xdp_run(struct oe_pair *pair, struct bpf_prog *prog,
				       const struct oe_rx_packet *packet, struct xdp_buff *xdp)
{
	struct oe_rx_stats *stats = pair->rx_stats;
	struct net_device *netdev = pair->kernel->netdev;
	u32 action = bpf_prog_run_xdp(prog, xdp);

	switch (action) {
	case XDP_PASS:
		stats->xdp_pass++;
		return oe_xdp_pass(pair, packet, xdp);
	case XDP_DROP:
		stats->xdp_drop++;
		break;
	case XDP_TX:
		if (unlikely(!oe_xdp_send_back(pair, xdp))) {
			oe_xdp_exception(pair, prog, action);
			return false;
		}
		stats->xdp_tx++;
		pair->xdp_sent = true;
		return false;
	case XDP_REDIRECT:
		if (unlikely(xdp_do_redirect(netdev, xdp, prog))) {
			oe_xdp_exception(pair, prog, action);
			break;
		}
		stats->xdp_redirect++;
		pair->xdp_redirected = true;
		return false;
	case XDP_ABORTED:
		oe_xdp_exception(pair, prog, action);
		break;
	default:
		bpf_warn_invalid_xdp_action(netdev, prog, action);
		trace_xdp_exception(netdev, prog, action);
		stats->xdp_invalid++;
	}
	oe_xdp_drop(pair, xdp);
	return true;
}

/* Returns whether nobody else has got the memory that the packet begins in: it can be used again. */
bool oe_xdp_act(struct oe_pair *pair, struct bpf_prog *prog, const struct oe_rx_packet *packet,
		struct xdp_buff *xdp)
{
	return oe_xdp_run(pair, prog, packet, xdp);
}

void oe_xdp_receive(struct oe_pair *pair, struct bpf_prog *prog, const struct oe_rx_packet *packet,
		    const struct oe_rx_frag *frags)
{
	struct oe_xdp_buff *buff = &pair->xdp_buff;

	if (unlikely(packet->nfrags > 1 && !prog->aux->xdp_has_frags)) {
		pair->rx_unfit++;
		oe_rx_drop(pair, packet, frags);
		return;
	}
	buff->packet = packet;
	oe_xdp_prepare(pair, packet, frags, &buff->xdp);
	if (oe_xdp_run(pair, prog, packet, &buff->xdp))
		oe_rx_keep(pair, &frags[0]);
	else
		oe_rx_take(pair, &frags[0]);
}

/* Once a poll: all that it sent and redirected goes now. */
void oe_xdp_flush(struct oe_pair *pair)
{
	if (pair->xdp_redirected)
		xdp_do_flush();
	if (pair->xdp_sent)
		oe_xdp_kick(pair);
	pair->xdp_redirected = false;
	pair->xdp_sent = false;
}

/* Which queue a packet came through, and who gets its pages back. */
int oe_xdp_open(struct oe_pair *pair)
{
	int err;

	if (!pair->xdp)
		return 0;
	pair->xdp_txq = oe_xdp_txq(pair->kernel->adapter, pair->index);
	pair->xdp_shared = pair->xdp_txq == pair->txq;
	/* Frags are pages, too: a program may lengthen the last one. */
	err = __xdp_rxq_info_reg(&pair->xdp_rxq, pair->kernel->netdev, pair->index,
				 pair->napi.napi_id, pair->xsk ? 0 : PAGE_SIZE);
	if (err)
		return err;
	if (pair->xsk)
		err = oe_xsk_register(pair);
	else
		err = xdp_rxq_info_reg_mem_model(&pair->xdp_rxq, MEM_TYPE_PAGE_POOL, pair->pool);
	if (err)
		goto unregister;
	err = oe_xdp_tx_open(pair);
	if (err)
		goto unregister;
	return 0;

unregister:
	xdp_rxq_info_unreg(&pair->xdp_rxq);
	return err;
}

void oe_xdp_close(struct oe_pair *pair)
{
	if (!pair->xdp)
		return;
	pair->xdp_open = false;
	oe_xdp_tx_close(pair);
	xdp_rxq_info_unreg(&pair->xdp_rxq);
	pair->xdp_txq = NULL;
	pair->xdp_shared = false;
}
