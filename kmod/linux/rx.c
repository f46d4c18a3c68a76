// SPDX-License-Identifier: GPL-2.0-or-later
/* Receive: pages go out through the page pool and come back as skbs built in place. */
#include <linux/prefetch.h>

#include "openena.h"
#include "trace.h"

/* A short packet: copying is cheaper than a page, and the socket is charged for less. */
static struct sk_buff *oe_rx_copy(struct oe_pair *pair, const struct oe_rx_packet *packet,
				  const struct oe_rx_frag *frag)
{
	struct sk_buff *skb = napi_alloc_skb(&pair->napi, packet->len);
	struct page *page = pair->rx_pages[frag->id];
	u32 offset = OE_RX_HEADROOM + packet->offset;

	if (likely(skb)) {
		oe_rx_sync(pair, page, offset, frag->len);
		skb_put_data(skb, page_address(page) + offset, frag->len);
	}
	oe_rx_keep(pair, frag);
	return skb;
}

/* The first page becomes the linear part, the others its fragments. */
static struct sk_buff *oe_rx_build(struct oe_pair *pair, const struct oe_rx_packet *packet,
				   const struct oe_rx_frag *frags)
{
	struct page *page = pair->rx_pages[frags[0].id];
	u32 offset = OE_RX_HEADROOM + packet->offset;
	struct sk_buff *skb;
	u32 i;

	oe_rx_sync(pair, page, offset, frags[0].len);
	net_prefetch(page_address(page) + offset);
	skb = napi_build_skb(page_address(page), PAGE_SIZE);
	if (unlikely(!skb))
		return NULL;
	oe_rx_take(pair, &frags[0]);
	skb_mark_for_recycle(skb);
	skb_reserve(skb, offset);
	__skb_put(skb, frags[0].len);

	for (i = 1; i < packet->nfrags; i++) {
		page = oe_rx_take(pair, &frags[i]);
		oe_rx_sync(pair, page, OE_RX_HEADROOM, frags[i].len);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, OE_RX_HEADROOM, frags[i].len,
				PAGE_SIZE);
	}
	return skb;
}

void oe_rx_drop(struct oe_pair *pair, const struct oe_rx_packet *packet,
		const struct oe_rx_frag *frags)
{
	u32 i;

	for (i = 0; i < packet->nfrags; i++)
		oe_rx_keep(pair, &frags[i]);
}

/* Whether an skb can hold it: a header to parse, its bytes in the pages, not too many pages. */
static bool oe_rx_fits(const struct oe_rx_packet *packet, const struct oe_rx_frag *frags)
{
	return packet->nfrags <= 1 + MAX_SKB_FRAGS && frags[0].len >= ETH_HLEN &&
	       packet->offset + frags[0].len <= OE_RX_LEN;
}

static __always_inline void oe_rx_offloads(struct oe_pair *pair, const struct oe_rx_packet *packet,
					   struct sk_buff *skb)
{
	netdev_features_t features = pair->kernel->netdev->features;

	if (packet->csum == OE_RX_CSUM_GOOD && features & NETIF_F_RXCSUM)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (packet->hash_type != OE_RX_HASH_NONE && features & NETIF_F_RXHASH)
		skb_set_hash(skb, packet->hash,
			     packet->hash_type == OE_RX_HASH_L4 ? PKT_HASH_TYPE_L4
								: PKT_HASH_TYPE_L3);
}

static __always_inline void oe_rx_give(struct oe_pair *pair, const struct oe_rx_packet *packet,
				       struct sk_buff *skb)
{
	oe_rx_offloads(pair, packet, skb);
	if (packet->stamp_ns)
		skb_hwtstamps(skb)->hwtstamp = ns_to_ktime(packet->stamp_ns);
	skb->protocol = eth_type_trans(skb, pair->kernel->netdev);
	skb_record_rx_queue(skb, pair->index);
	napi_gro_receive(&pair->napi, skb);
}

/* A packet that is an skb now. */
void oe_rx_finish(struct oe_pair *pair, const struct oe_rx_packet *packet, struct sk_buff *skb)
{
	oe_rx_give(pair, packet, skb);
}

static void oe_rx_deliver(struct oe_pair *pair, const struct oe_rx_packet *packet,
			  const struct oe_rx_frag *frags, struct bpf_prog *prog)
{
	struct sk_buff *skb;

	if (pair->xsk) {
		oe_xsk_receive(pair, prog, packet, frags);
		return;
	}
	if (unlikely(!oe_rx_fits(packet, frags))) {
		pair->rx_unfit++;
		oe_rx_drop(pair, packet, frags);
		return;
	}
	if (prog) {
		oe_xdp_receive(pair, prog, packet, frags);
		return;
	}
	if (packet->nfrags == 1 && packet->len <= READ_ONCE(pair->kernel->rx_copybreak)) {
		skb = oe_rx_copy(pair, packet, frags);
	} else {
		skb = oe_rx_build(pair, packet, frags);
		if (unlikely(!skb))
			oe_rx_drop(pair, packet, frags);
	}
	if (unlikely(!skb)) {
		pair->rx_stats->skb_alloc_fail++;
		return;
	}
	oe_rx_give(pair, packet, skb);
}

/* The page of a buffer with id @id: the one it has, or another. NULL: out of memory. */
static struct page *oe_rx_page(struct oe_pair *pair, u16 id, gfp_t gfp)
{
	struct page *page = pair->rx_pages[id];

	if (page)
		return page;
	page = page_pool_alloc_pages(pair->pool, gfp | __GFP_NOWARN);
	pair->rx_pages[id] = page;
	return page;
}

/*
 * Post as many pages as the core wants. @gfp: GFP_KERNEL before the NAPI runs,
 * else GFP_ATOMIC. Pages that cannot be had are asked for again by the next
 * poll, or, when no packet comes for want of buffers, by the service work. True: poll again at once.
 */
bool oe_rx_fill(struct oe_pair *pair, gfp_t gfp)
{
	u32 wanted = oe_rx_wanted(pair->rxq);

	if (pair->xsk)
		return oe_xsk_fill(pair);
	while (wanted) {
		const u16 *ids = oe_rx_next_ids(pair->rxq);
		u32 most = min_t(u32, wanted, OE_BURST);
		u32 n;

		for (n = 0; n < most; n++) {
			struct page *page = oe_rx_page(pair, ids[n], gfp);

			if (unlikely(!page))
				break;
			pair->fill[n].bus = page_pool_get_dma_addr(page) + OE_RX_HEADROOM;
			pair->fill[n].len = OE_RX_LEN;
		}
		if (n)
			oe_rx_refill(pair->rxq, pair->fill, n);
		wanted -= n;
		if (unlikely(n < most)) {
			pair->rx_stats->page_alloc_fail++;
			pair->rx_stats->refil_partial++;
			WRITE_ONCE(pair->starved, true);
			break;
		}
	}
	return false;
}

/* Returns the number of packets, @budget when more may be waiting. NAPI context. */
int oe_rx_clean(struct oe_pair *pair, int budget)
{
	/* The poll is a section of RCU's: the program stays for all of it. */
	struct bpf_prog *prog = READ_ONCE(pair->kernel->xdp_prog);
	struct oe_rx_burst *burst = &pair->burst;
	u32 done = 0, n, i;

	do {
		n = oe_rx_poll(pair->rxq, burst, budget - done);
		if (n)
			trace_openena_rx_completed(pair->kernel->netdev, pair->index, n,
						   burst->nfrags);
		for (i = 0; i < n; i++)
			oe_rx_deliver(pair, &burst->packets[i],
				      &burst->frags[burst->packets[i].first_frag], prog);
		done += n;
	} while (n && done < budget);
	if (prog)
		oe_xdp_flush(pair);

	return oe_rx_fill(pair, GFP_ATOMIC) ? budget : done;
}

int oe_rx_open(struct oe_pair *pair)
{
	struct oe_kernel *kernel = pair->kernel;
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.pool_size = pair->rx_ring,
		.nid = dev_to_node(&kernel->pdev->dev),
		.dev = &kernel->pdev->dev,
		/* What a program sends back is read by the device, too. */
		.dma_dir = pair->xdp ? DMA_BIDIRECTIONAL : DMA_FROM_DEVICE,
		.offset = OE_RX_HEADROOM,
		.max_len = OE_RX_LEN,
	};
	int err;

	BUILD_BUG_ON(OE_RX_LEN > U16_MAX);
	if (pair->xsk)
		return oe_xsk_open(pair);
	pair->rx_pages = kvzalloc_node(array_size(pair->rx_ring, sizeof(*pair->rx_pages)),
				       GFP_KERNEL, params.nid);
	if (!pair->rx_pages)
		return -ENOMEM;
	oe_pool_owner(&params, &pair->napi, kernel->netdev);
	pair->pool = page_pool_create(&params);
	if (IS_ERR(pair->pool)) {
		err = PTR_ERR(pair->pool);
		goto free_pages;
	}
	pair->starved = false;
	return 0;

free_pages:
	kvfree(pair->rx_pages);
	pair->rx_pages = NULL;
	return err;
}

/* The device has forgotten the queue: no page is written any more. NAPI is disabled. */
void oe_rx_close(struct oe_pair *pair)
{
	u32 i;

	if (pair->xsk) {
		oe_xsk_close(pair);
		return;
	}
	/* oe_receiver_reopen() has left it closed. */
	if (!pair->rx_pages)
		return;
	for (i = 0; i < pair->rx_ring; i++)
		if (pair->rx_pages[i])
			page_pool_put_full_page(pair->pool, pair->rx_pages[i], false);
	page_pool_destroy(pair->pool);
	kvfree(pair->rx_pages);
	pair->rx_pages = NULL;
}
