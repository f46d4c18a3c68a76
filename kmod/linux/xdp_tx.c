// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames that XDP sends: a pair's own, sent back where they came from, and those that other
 * interfaces redirect here. They have a TX queue of their own in each pair, or share the pair's only
 * one with the stack.
 */
#include <net/xdp.h>

#include "../../abi/ena_regs.h"
#include "openena.h"
#include "trace.h"

/* Frames freed in one poll: bounds the time in it, whatever the ring size. */
#define OE_XDP_POLL_MAX (4 * OE_BURST)

/*
 * Submission to the queue for XDP, by the pair's NAPI and those of other interfaces; the stack's own
 * lock where that submits, too. Its watchdog needs no word of these frames: they leave the room that
 * wakes a stopped queue (OE_TX_XDP). Bottom halves are off.
 */
void oe_xdp_lock(struct oe_pair *pair) __acquires(&pair->xdp_lock)
{
	struct netdev_queue *queue = netdev_get_tx_queue(pair->kernel->netdev, pair->index);

	if (pair->xdp_shared)
		__netif_tx_lock(queue, smp_processor_id());
	else
		spin_lock(&pair->xdp_lock);
}

void oe_xdp_unlock(struct oe_pair *pair) __releases(&pair->xdp_lock)
{
	if (pair->xdp_shared)
		__netif_tx_unlock(netdev_get_tx_queue(pair->kernel->netdev, pair->index));
	else
		spin_unlock(&pair->xdp_lock);
}

static void oe_xdp_unmap(struct device *dev, const struct oe_tx_buffer *buffers, u16 nbuffers)
{
	u16 i;

	for (i = 0; i < nbuffers; i++)
		dma_unmap_page(dev, buffers[i].bus, buffers[i].len, DMA_TO_DEVICE);
}

static bool oe_xdp_map_add(struct device *dev, struct oe_xdp_map *map, struct page *page,
			   u32 offset, u32 len)
{
	struct oe_tx_buffer *buffer = &map->buffers[map->nbuffers];

	/* A kernel may be configured for packets of more fragments. */
	if (unlikely(map->nbuffers == OE_MAX_TX_BUFFERS))
		return false;
	if (map->pool) {
		buffer->bus = page_pool_get_dma_addr(page) + offset;
		dma_sync_single_for_device(dev, buffer->bus, len, DMA_BIDIRECTIONAL);
	} else {
		buffer->bus = dma_map_page(dev, page, offset, len, DMA_TO_DEVICE);
		if (unlikely(dma_mapping_error(dev, buffer->bus)))
			return false;
	}
	buffer->len = len;
	map->nbuffers++;
	return true;
}

/* Without the first @pushed bytes, which are in the linear part. All or nothing. */
static __always_inline bool oe_xdp_map(struct device *dev, struct xdp_frame *frame, u32 pushed,
				       struct oe_xdp_map *map)
{
	void *rest = frame->data + pushed;
	struct skb_shared_info *shared;
	u32 i;

	map->nbuffers = 0;
	if (frame->len > pushed && !oe_xdp_map_add(dev, map, virt_to_page(rest),
						   offset_in_page(rest), frame->len - pushed))
		return false;
	if (likely(!xdp_frame_has_frags(frame)))
		return true;
	shared = xdp_get_shared_info_from_frame(frame);
	for (i = 0; i < shared->nr_frags; i++) {
		const skb_frag_t *frag = &shared->frags[i];

		if (!oe_xdp_map_add(dev, map, skb_frag_page(frag), skb_frag_off(frag),
				    skb_frag_size(frag)))
			goto unmap;
	}
	return true;

unmap:
	if (!map->pool)
		oe_xdp_unmap(dev, map->buffers, map->nbuffers);
	return false;
}

/* Under oe_xdp_lock(). The doorbell has not been rung for the frame. See oe_tx_file(). */
static void oe_xdp_file(struct oe_pair *pair, struct xdp_frame *frame, const struct oe_xdp_map *map,
			u16 id)
{
	struct oe_xdp_slot *slot = &pair->xdp_slots[id];
	u32 i;

	slot->frame = frame;
	slot->nmapped = map->pool ? 0 : map->nbuffers;
	for (i = 0; i < slot->nmapped; i++)
		slot->buffers[i] = map->buffers[i];
	/* Orders the slot before its use: who sees it in oe_xdp_clean() may unmap the frame. */
	smp_store_release(&slot->used, true);
}

/* Under oe_xdp_lock(). False: nothing happened, the frame is still the caller's. */
static __always_inline bool oe_xdp_send(struct oe_pair *pair, struct xdp_frame *frame, bool pool)
{
	struct device *dev = &pair->kernel->pdev->dev;
	struct oe_xdp_map *map = &pair->xdp_map;
	struct oe_tx_packet *packet = &pair->xdp_packet;
	struct oe_tx_result *result = &pair->xdp_result;
	int err;

	map->pool = pool;
	packet->flags = OE_TX_XDP;
	packet->header = frame->data;
	packet->header_len = min_t(u32, frame->len, pair->xdp_push);
	if (unlikely(!oe_xdp_map(dev, frame, packet->header_len, map))) {
		pair->xdp_tx_stats->dma_mapping_err++;
		return false;
	}
	packet->buffers = map->buffers;
	packet->nbuffers = map->nbuffers;
	packet->bytes = xdp_get_frame_len(frame);
	packet->packets = 1;
	err = oe_tx_submit(pair->xdp_txq, packet, result);
	if (unlikely(err)) {
		if (!pool)
			oe_xdp_unmap(dev, map->buffers, map->nbuffers);
		/* Those before it make room when the device has them. */
		if (err == -EBUSY) {
			pair->xdp_tx_stats->queue_stop++;
			oe_tx_kick(pair->xdp_txq);
		}
		return false;
	}
	oe_xdp_file(pair, frame, map, result->req_id);
	return true;
}

/* XDP_TX. False: the packet is lost. The doorbell is oe_xdp_kick()'s. */
bool oe_xdp_send_back(struct oe_pair *pair, struct xdp_buff *xdp)
{
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);
	bool sent;

	/* No room for what a frame has in front. */
	if (unlikely(!frame)) {
		xdp_return_buff(xdp);
		return false;
	}
	oe_xdp_lock(pair);
	/* Of a socket's memory the frame is a copy. */
	sent = oe_xdp_send(pair, frame, !pair->xsk);
	oe_xdp_unlock(pair);
	if (unlikely(!sent))
		xdp_return_frame_rx_napi(frame);
	return sent;
}

void oe_xdp_kick(struct oe_pair *pair)
{
	oe_xdp_lock(pair);
	oe_tx_kick(pair->xdp_txq);
	oe_xdp_unlock(pair);
}

/* Frames redirected from elsewhere. Returns how many were taken; the others are the caller's. */
int oe_ndo_xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_pair *pair;
	int sent;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	/* Acquire: the queues are there. oe_xdp_stop() clears it, and waits for us before they go. */
	if (unlikely(!smp_load_acquire(&kernel->xdp_open)))
		return -ENETDOWN;
	pair = &kernel->pairs[oe_xdp_pair(kernel->adapter, smp_processor_id())];
	/* Likewise for the pair alone: oe_xdp_pair_stop(). */
	if (unlikely(!smp_load_acquire(&pair->xdp_open)))
		return -ENETDOWN;
	oe_xdp_lock(pair);
	for (sent = 0; sent < n; sent++)
		if (!oe_xdp_send(pair, frames[sent], false))
			break;
	if (flags & XDP_XMIT_FLUSH)
		oe_tx_kick(pair->xdp_txq);
	oe_xdp_unlock(pair);
	return sent;
}

/* The pair is open. */
void oe_xdp_pair_start(struct oe_pair *pair)
{
	/* Release: whoever sees it sees the queue. */
	smp_store_release(&pair->xdp_open, pair->xdp);
}

/* Returns when nobody but its NAPI uses the pair's queue any more; the other pairs' are open. */
void oe_xdp_pair_stop(struct oe_pair *pair)
{
	if (!pair->xdp_open)
		return;
	WRITE_ONCE(pair->xdp_open, false);
	synchronize_net();
}

/* All pairs are open. */
void oe_xdp_start(struct oe_kernel *kernel)
{
	u32 i;

	for (i = 0; i < kernel->open_pairs; i++)
		oe_xdp_pair_start(&kernel->pairs[i]);
	if (kernel->pairs[0].xdp)
		/* Release: whoever sees it sees the queues. */
		smp_store_release(&kernel->xdp_open, true);
}

/* Before any pair closes: returns when no other interface sends frames here any more. */
void oe_xdp_stop(struct oe_kernel *kernel)
{
	if (!kernel->xdp_open)
		return;
	WRITE_ONCE(kernel->xdp_open, false);
	synchronize_net();
}

/* Take what is on its way out of the file. False: nothing is, the device lies. */
static __always_inline bool oe_xdp_take(struct oe_pair *pair, u16 id, struct xdp_frame **frame)
{
	struct oe_xdp_slot *slot = &pair->xdp_slots[id];

	/* Pairs with the release where a slot is filled. */
	if (unlikely(!smp_load_acquire(&slot->used)))
		return false;
	slot->used = false;
	*frame = slot->frame;
	if (slot->frame)
		oe_xdp_unmap(&pair->kernel->pdev->dev, slot->buffers, slot->nmapped);
	else
		oe_xsk_sent(pair, slot->turn);
	return true;
}

/* From a queue that is shared. False: no frame of XDP has that id. NAPI context, never netpoll's. */
bool oe_xdp_completed(struct oe_pair *pair, u16 id)
{
	struct xdp_frame *frame;

	if (!pair->xdp_shared || !oe_xdp_take(pair, id, &frame))
		return false;
	if (frame)
		xdp_return_frame(frame);
	return true;
}

/* Give back the frames of @n ids. Returns how many were in flight; fewer: the device lies. */
static u32 oe_xdp_free(struct oe_pair *pair, const u16 *ids, u32 n, struct xdp_frame_bulk *bulk)
{
	u32 i;

	for (i = 0; i < n; i++) {
		struct xdp_frame *frame;

		if (unlikely(!oe_xdp_take(pair, ids[i], &frame))) {
			oe_tx_refuse(pair->xdp_txq, ids[i]);
			break;
		}
		if (frame)
			xdp_return_frame_bulk(frame, bulk);
	}
	return i;
}

/*
 * Of a queue for XDP alone. Returns whether more may be waiting. NAPI context, never netpoll's: it
 * frees pages of pools.
 */
bool oe_xdp_clean(struct oe_pair *pair)
{
	u32 n = oe_tx_completed(pair->xdp_txq, pair->tx_ids, OE_BURST);
	struct xdp_frame_bulk bulk;
	u32 done = 0, freed = n;

	if (!n)
		return false;
	xdp_frame_bulk_init(&bulk);
	/* The frames' pools are looked up. */
	rcu_read_lock();
	while (n) {
		trace_openena_tx_completed(pair->kernel->netdev, pair->index, true, n);
		freed = oe_xdp_free(pair, pair->tx_ids, n, &bulk);
		oe_tx_release(pair->xdp_txq, pair->tx_ids, freed);
		done += freed;
		if (n < OE_BURST || freed < n || done >= OE_XDP_POLL_MAX)
			break;
		n = oe_tx_completed(pair->xdp_txq, pair->tx_ids, OE_BURST);
	}
	xdp_flush_frame_bulk(&bulk);
	rcu_read_unlock();
	return n == OE_BURST && freed == n;
}

int oe_xdp_tx_open(struct oe_pair *pair)
{
	pair->xdp_push = oe_tx_push(pair->xdp_txq);
	pair->xdp_slots = kvzalloc_node(array_size(pair->tx_ring, sizeof(*pair->xdp_slots)),
					GFP_KERNEL, dev_to_node(&pair->kernel->pdev->dev));
	return pair->xdp_slots ? 0 : -ENOMEM;
}

/* Nobody submits, the device has forgotten the queue: what is in flight is lost. */
void oe_xdp_tx_close(struct oe_pair *pair)
{
	u32 i;

	for (i = 0; i < pair->tx_ring; i++) {
		struct oe_xdp_slot *slot = &pair->xdp_slots[i];

		if (!slot->used || !slot->frame)
			continue;
		oe_xdp_unmap(&pair->kernel->pdev->dev, slot->buffers, slot->nmapped);
		xdp_return_frame(slot->frame);
	}
	kvfree(pair->xdp_slots);
	pair->xdp_slots = NULL;
}
