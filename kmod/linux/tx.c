// SPDX-License-Identifier: GPL-2.0-or-later
/* Transmit: an skb becomes DMA buffers and a plain description; a completed id frees them. */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "../../abi/ena_io.h"
#include "../../abi/ena_regs.h"
#include "openena.h"
#include "trace.h"

/* The largest values that the fields of a meta descriptor hold. */
#define OE_TX_MAX_MSS 0x3fffu
#define OE_TX_MAX_L3_OFFSET ENA_TXM2_L3_HDR_LEN
#define OE_TX_MAX_L3_LEN ENA_TXM2_L3_HDR_LEN

/* Packets freed in one poll: bounds the time in it, whatever the ring size. */
#define OE_TX_POLL_MAX (4 * OE_BURST)

/* A packet whose headers the descriptor cannot say is done by the stack in software. */
netdev_features_t oe_features_check(struct sk_buff *skb, struct net_device *netdev,
				    netdev_features_t features)
{
	int l3_offset, l4_offset, l4_least;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return features;
	l3_offset = skb_network_offset(skb);
	l4_offset = skb_checksum_start_offset(skb);
	l4_least = skb_is_gso(skb) ? sizeof(struct tcphdr) : 0;
	if (l3_offset >= ETH_HLEN && l3_offset <= OE_TX_MAX_L3_OFFSET &&
	    l4_offset - l3_offset >= (int)sizeof(struct iphdr) &&
	    l4_offset - l3_offset <= OE_TX_MAX_L3_LEN && l4_offset + l4_least <= skb_headlen(skb) &&
	    skb_shinfo(skb)->gso_size <= OE_TX_MAX_MSS)
		return features;
	return features & ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK);
}

static u32 oe_tx_buffers_needed(const struct sk_buff *skb)
{
	u32 n = DIV_ROUND_UP(skb_headlen(skb), OE_TX_MAX_LEN);
	int i;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
		n += DIV_ROUND_UP(skb_frag_size(&skb_shinfo(skb)->frags[i]), OE_TX_MAX_LEN);
	return n;
}

/* Make the packet fit the device's number of buffers. */
static int oe_tx_fit(struct oe_pair *pair, struct sk_buff *skb)
{
	u32 limit = pair->kernel->info->max_tx_buffers;

	/* Nearly always no piece is too long for a buffer. */
	if (likely(skb->len <= OE_TX_MAX_LEN && skb_shinfo(skb)->nr_frags < limit))
		return 0;
	if (oe_tx_buffers_needed(skb) <= limit)
		return 0;
	pair->tx_stats->linearize++;
	if (!skb_linearize(skb) && oe_tx_buffers_needed(skb) <= limit)
		return 0;
	pair->tx_stats->linearize_failed++;
	return -ENOMEM;
}

static __always_inline void oe_tx_unmap(struct device *dev, const struct oe_tx_buffer *buffers,
					u16 nbuffers)
{
	const struct oe_tx_buffer *end = buffers + nbuffers;

	for (; buffers != end; buffers++)
		dma_unmap_page(dev, buffers->bus, buffers->len, DMA_TO_DEVICE);
}

/* False: out of memory, @map has the buffers before. */
static __always_inline bool oe_tx_map_piece(struct device *dev, struct oe_tx_map *map,
					    struct page *page, u32 offset, u32 len)
{
	do {
		struct oe_tx_buffer *buffer = &map->buffers[map->nbuffers];
		u32 part = min(len, OE_TX_MAX_LEN);

		buffer->bus = dma_map_page(dev, page, offset, part, DMA_TO_DEVICE);
		if (unlikely(dma_mapping_error(dev, buffer->bus)))
			return false;
		buffer->len = part;
		map->nbuffers++;
		offset += part;
		len -= part;
	} while (unlikely(len));
	return true;
}

static bool oe_tx_map_frags(struct device *dev, const struct skb_shared_info *shared, u32 pushed,
			    struct oe_tx_map *map)
{
	int i;

	for (i = 0; i < shared->nr_frags; i++) {
		const skb_frag_t *frag = &shared->frags[i];
		u32 skip = min(pushed, skb_frag_size(frag));

		pushed -= skip;
		if (skip < skb_frag_size(frag) &&
		    !oe_tx_map_piece(dev, map, skb_frag_page(frag), skb_frag_off(frag) + skip,
				     skb_frag_size(frag) - skip))
			return false;
	}
	return true;
}

/* Without the first @pushed bytes. All or nothing; oe_tx_fit() has bounded the number of buffers. */
static __always_inline bool oe_tx_map(struct device *dev, struct sk_buff *skb, u32 pushed,
				      struct oe_tx_map *map)
{
	u32 skip = min(pushed, skb_headlen(skb));
	void *data = skb->data + skip;

	map->nbuffers = 0;
	if (skip < skb_headlen(skb) &&
	    !oe_tx_map_piece(dev, map, virt_to_page(data), offset_in_page(data),
			     skb_headlen(skb) - skip))
		goto unmap;
	if (!skb_is_nonlinear(skb) || oe_tx_map_frags(dev, skb_shinfo(skb), pushed - skip, map))
		return true;
unmap:
	oe_tx_unmap(dev, map->buffers, map->nbuffers);
	return false;
}

/* The first bytes go to the device with the descriptors, if the queue takes them. */
static void oe_tx_push_header(struct oe_pair *pair, const struct sk_buff *skb,
			      struct oe_tx_packet *packet)
{
	u32 pushed = min(skb->len, pair->tx_push);

	packet->header_len = pushed;
	packet->header = skb->data;
	if (likely(pushed <= skb_headlen(skb)))
		return;
	packet->header = skb_header_pointer(skb, 0, pushed, pair->tx_header);
	pair->tx_stats->llq_buffer_copy++;
}

/* The offloads asked of the device. The device fixes the lengths of TSO, no header is written. */
static noinline void oe_tx_describe_offloads(const struct sk_buff *skb, struct oe_tx_packet *packet)
{
	u32 headers;

	packet->flags = OE_TX_CSUM;
	packet->l3_offset = skb_network_offset(skb);
	/* With IPv6 extension headers: all that is before the checksummed one. */
	packet->l3_len = skb_checksum_start_offset(skb) - packet->l3_offset;
	if (vlan_get_protocol(skb) == htons(ETH_P_IPV6))
		packet->flags |= OE_TX_IPV6;
	else if (ip_hdr(skb)->frag_off & htons(IP_DF))
		packet->flags |= OE_TX_DF;
	if (skb->csum_offset == offsetof(struct udphdr, check))
		packet->flags |= OE_TX_UDP;

	if (!skb_is_gso(skb))
		return;
	packet->flags |= OE_TX_TSO;
	packet->mss = skb_shinfo(skb)->gso_size;
	packet->l4_len = tcp_hdrlen(skb);
	headers = packet->l3_offset + packet->l3_len + packet->l4_len;
	packet->packets = DIV_ROUND_UP(skb->len - headers, packet->mss);
	packet->bytes += (packet->packets - 1) * headers;
}

static __always_inline void oe_tx_describe(const struct sk_buff *skb, struct oe_tx_packet *packet)
{
	packet->flags = 0;
	packet->bytes = skb->len;
	packet->packets = 1;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		oe_tx_describe_offloads(skb, packet);
}

/*
 * File a submitted packet under its id. Returns whether the doorbell is due.
 * The doorbell has not been rung for it: no honest device completes it before
 * it is filed, and oe_tx_clean() sees an empty slot from any other.
 */
static __always_inline bool oe_tx_file(struct oe_pair *pair, struct netdev_queue *queue,
				       struct sk_buff *skb, const struct oe_tx_map *map, u16 id)
{
	struct oe_tx_slot *slot = &pair->tx_slots[id];
	u32 nbuffers = map->nbuffers;
	bool kick;
	u32 i;

	slot->bytes = skb->len;
	slot->nbuffers = nbuffers;
	for (i = 0; i < nbuffers; i++)
		slot->buffers[i] = map->buffers[i];
	/* The completion says when it left. */
	if (pair->tx_stamps && skb_shinfo(skb)->tx_flags & SKBTX_HW_TSTAMP)
		skb_shinfo(skb)->tx_flags |= SKBTX_IN_PROGRESS;
	skb_tx_timestamp(skb);
	kick = __netdev_tx_sent_queue(queue, skb->len, netdev_xmit_more());
	/*
	 * Orders the slot and the bytes counted before the skb: who sees the
	 * skb in oe_tx_clean() may unmap and count it completed.
	 */
	smp_store_release(&slot->skb, skb);
	return kick;
}

/* For netdev's counters of the queue. The core has taken the packet; the skb is ours until it is filed. */
static noinline void oe_tx_count_offloads(struct oe_tx_stats *stats, const struct sk_buff *skb,
					  const struct oe_tx_packet *packet)
{
	stats->csum_packets += packet->packets;
	if (!(packet->flags & OE_TX_TSO))
		return;
	stats->tso_packets++;
	stats->tso_bytes += skb->len;
	stats->tso_wire_packets += packet->packets;
	stats->tso_wire_bytes += packet->bytes;
}

static void oe_tx_stop(struct oe_pair *pair)
{
	struct netdev_queue *queue = netdev_get_tx_queue(pair->kernel->netdev, pair->index);

	netif_tx_stop_queue(queue);
	/*
	 * Its barrier orders the stop before the look at the room; oe_tx_wake()
	 * makes room and then looks for the stop: one of the two sees the other.
	 */
	if (oe_tx_has_room(pair->txq))
		netif_tx_start_queue(queue);
	else
		pair->tx_stats->queue_stop++;
}

netdev_tx_t oe_start_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_pair *pair = &kernel->pairs[skb_get_queue_mapping(skb)];
	struct device *dev = &kernel->pdev->dev;
	struct oe_tx_packet *packet = &pair->tx_packet;
	struct oe_tx_result *result = &pair->tx_result;
	struct oe_tx_map *map = &pair->tx_map;
	bool kick;
	int err;

	/* A sender that chose its queue before ethtool -L closed it. */
	if (unlikely(!pair->txq))
		goto free;
	if (oe_tx_fit(pair, skb))
		goto drop;
	oe_tx_describe(skb, packet);
	oe_tx_push_header(pair, skb, packet);
	if (unlikely(!oe_tx_map(dev, skb, packet->header_len, map))) {
		pair->tx_stats->dma_mapping_err++;
		goto drop;
	}

	packet->buffers = map->buffers;
	packet->nbuffers = map->nbuffers;
	err = oe_tx_submit(pair->txq, packet, result);
	if (unlikely(err)) {
		oe_tx_unmap(dev, map->buffers, map->nbuffers);
		if (err != -EBUSY)
			goto drop;
		oe_tx_kick(pair->txq);
		oe_tx_stop(pair);
		return NETDEV_TX_BUSY;
	}

	if (packet->flags)
		oe_tx_count_offloads(pair->tx_stats, skb, packet);
	kick = oe_tx_file(pair, netdev_get_tx_queue(netdev, pair->index), skb, map, result->req_id);
	if (kick || result->stop)
		oe_tx_kick(pair->txq);
	if (result->stop)
		oe_tx_stop(pair);
	return NETDEV_TX_OK;

drop:
	/* The packets before it may have counted on this one's doorbell. */
	if (!netdev_xmit_more())
		oe_tx_kick(pair->txq);
free:
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

/* After oe_tx_release(), whose barrier orders the room made before this look for a stop. */
static void oe_tx_wake(struct oe_pair *pair)
{
	struct netdev_queue *queue = netdev_get_tx_queue(pair->kernel->netdev, pair->index);

	if (netif_tx_queue_stopped(queue) && oe_tx_has_room(pair->txq)) {
		netif_tx_wake_queue(queue);
		pair->tx_stats->queue_wakeup++;
	}
}

/* Tell who asked for it when the packet left. */
static void oe_tx_stamped(struct oe_pair *pair, struct sk_buff *skb, u16 id)
{
	struct skb_shared_hwtstamps stamps = {};
	u64 ns;

	if (!(skb_shinfo(skb)->tx_flags & SKBTX_IN_PROGRESS))
		return;
	ns = oe_tx_stamp(pair->txq, id);
	if (!ns)
		return;
	stamps.hwtstamp = ns_to_ktime(ns);
	skb_tstamp_tx(skb, &stamps);
}

/* What byte queue limits are told. */
struct oe_tx_sum {
	u32 packets, bytes;
};

/* Free the packets of @n ids. Returns how many were in flight; fewer: the device lies. */
static u32 oe_tx_free(struct oe_pair *pair, const u16 *ids, u32 n, int budget,
		      struct oe_tx_sum *sum)
{
	struct device *dev = &pair->kernel->pdev->dev;
	u32 i;

	for (i = 0; i < n; i++) {
		struct oe_tx_slot *slot = &pair->tx_slots[ids[i]];
		/* Pairs with the release in oe_tx_file(). */
		struct sk_buff *skb = smp_load_acquire(&slot->skb);

		if (unlikely(!skb)) {
			if (oe_xdp_completed(pair, ids[i]))
				continue;
			oe_tx_refuse(pair->txq, ids[i]);
			break;
		}
		oe_tx_unmap(dev, slot->buffers, slot->nbuffers);
		if (unlikely(pair->tx_stamps))
			oe_tx_stamped(pair, skb, ids[i]);
		sum->packets++;
		sum->bytes += slot->bytes;
		slot->skb = NULL;
		napi_consume_skb(skb, budget);
	}
	return i;
}

/* Returns whether more may be waiting. NAPI context; @budget 0: netpoll. */
bool oe_tx_clean(struct oe_pair *pair, int budget)
{
	struct netdev_queue *queue = netdev_get_tx_queue(pair->kernel->netdev, pair->index);
	struct oe_tx_sum sum = {};
	u32 done = 0, n, freed;

	/* It must not free the pages of pools, which frames of XDP may be in. */
	if (unlikely(!budget && pair->xdp_shared))
		return false;
	do {
		n = oe_tx_completed(pair->txq, pair->tx_ids, OE_BURST);
		if (n)
			trace_openena_tx_completed(pair->kernel->netdev, pair->index, false, n);
		freed = oe_tx_free(pair, pair->tx_ids, n, budget, &sum);
		oe_tx_release(pair->txq, pair->tx_ids, freed);
		done += freed;
	} while (n == OE_BURST && freed == n && done < OE_TX_POLL_MAX);

	netdev_tx_completed_queue(queue, sum.packets, sum.bytes);
	oe_tx_wake(pair);
	return n == OE_BURST && freed == n;
}

int oe_tx_open(struct oe_pair *pair)
{
	int node = dev_to_node(&pair->kernel->pdev->dev);

	pair->tx_push = oe_tx_push(pair->txq);
	pair->tx_slots =
		kvzalloc_node(array_size(pair->tx_ring, sizeof(*pair->tx_slots)), GFP_KERNEL, node);
	return pair->tx_slots ? 0 : -ENOMEM;
}

/* The queue is stopped, the device has forgotten it: what is in flight is lost. */
void oe_tx_close(struct oe_pair *pair)
{
	u32 i;

	for (i = 0; i < pair->tx_ring; i++) {
		struct oe_tx_slot *slot = &pair->tx_slots[i];

		if (!slot->skb)
			continue;
		oe_tx_unmap(&pair->kernel->pdev->dev, slot->buffers, slot->nbuffers);
		dev_kfree_skb_any(slot->skb);
	}
	netdev_tx_reset_queue(netdev_get_tx_queue(pair->kernel->netdev, pair->index));
	kvfree(pair->tx_slots);
	pair->tx_slots = NULL;
}
