// SPDX-License-Identifier: GPL-2.0-or-later
/* The network side: frames between the device core and QEMU's net clients. */
#include "qemu/osdep.h"
#include "qemu/iov.h"
#include "net/tap.h"
#include "ena_sriov.h"

enum {
	/* Buffers of a frame that need no allocation. */
	ENA_NET_IOV = 64,
	/*
	 * Frames QEMU may hold for us: one of each function. The core stops at the
	 * first; a guest that resets it in a loop must still not fill the host's memory.
	 */
	ENA_NET_MAX_QUEUED = ENA_SWITCH_MAX_PORTS,
};

static unsigned int queue_count(ENAState *s)
{
	return MAX(s->conf.peers.queues, 1);
}

static struct virtio_net_hdr to_virtio(const struct ena_vnet_hdr *hdr)
{
	return (struct virtio_net_hdr){
		.flags = hdr->flags,
		.gso_type = hdr->gso_type,
		.hdr_len = hdr->hdr_len,
		.gso_size = hdr->gso_size,
		.csum_start = hdr->csum_start,
		.csum_offset = hdr->csum_offset,
	};
}

static struct ena_vnet_hdr from_virtio(const struct virtio_net_hdr *hdr)
{
	return (struct ena_vnet_hdr){
		.flags = hdr->flags,
		.gso_type = hdr->gso_type,
		.hdr_len = hdr->hdr_len,
		.gso_size = hdr->gso_size,
		.csum_start = hdr->csum_start,
		.csum_offset = hdr->csum_offset,
	};
}

/* The peer has taken (or lost) a frame that it could not take at once. */
static void frame_sent(NetClientState *nc, ssize_t len)
{
	ENAState *s = qemu_get_nic_opaque(nc);

	if (s->queued && --s->queued)
		return;
	s->transmit_ready = true;
	ena_host_kick(s);
	ena_fabric_transmit_ready(s);
}

enum ena_transmit_result ena_net_transmit(ENAState *s, unsigned int queue, const struct iovec *iov,
					  int iovcnt, const struct ena_vnet_hdr *hdr)
{
	NetClientState *nc = qemu_get_subqueue(s->nic, queue % queue_count(s));
	struct virtio_net_hdr virtio = to_virtio(hdr);
	struct iovec local[ENA_NET_IOV];
	g_autofree struct iovec *heap = NULL;
	struct iovec *all = local;
	ssize_t sent;

	if (s->queued >= ENA_NET_MAX_QUEUED)
		return ENA_TRANSMIT_DROPPED;
	if (s->vnet) {
		if (iovcnt >= ENA_NET_IOV)
			all = heap = g_new(struct iovec, iovcnt + 1);
		all[0] = (struct iovec){.iov_base = &virtio, .iov_len = sizeof(virtio)};
		memcpy(all + 1, iov, iovcnt * sizeof(*iov));
		iov = all;
		iovcnt++;
	}
	/* QEMU drops a larger one without a word. */
	if (iov_size(iov, iovcnt) > NET_BUFSIZE)
		return ENA_TRANSMIT_DROPPED;

	/* Before the call: the frame can be queued and sent within it. */
	s->queued++;
	sent = qemu_sendv_packet_async(nc, iov, iovcnt, frame_sent);
	if (sent == 0)
		return ENA_TRANSMIT_BUSY;
	s->queued--;
	return sent < 0 ? ENA_TRANSMIT_DROPPED : ENA_TRANSMIT_SENT;
}

static bool ena_can_receive(NetClientState *nc)
{
	ENAState *s = qemu_get_nic_opaque(nc);

	/*
	 * An adapter without queues, or with its link down, drops, as a wire
	 * does: to hold frames would stop the peer's transmitter.
	 */
	if (s->core && !s->in_core)
		return true;
	s->receive_refused = true;
	return false;
}

void ena_net_check_receive(ENAState *s)
{
	if (!s->receive_refused)
		return;
	s->receive_refused = false;
	s->receive_ready = true;
	ena_host_kick(s);
}

static enum ena_receive_result receive_frame(ENAState *s, const struct iovec *iov, int iovcnt,
					     const struct ena_vnet_hdr *hdr)
{
	enum ena_receive_result result;

	if (s->fabric) {
		ena_fabric_receive(s, iov, iovcnt, hdr);
		return ENA_RECEIVE_TAKEN;
	}
	if (ena_is_asleep(s))
		return ENA_RECEIVE_TAKEN;
	/* Held by the net layer until the flush that can_receive's refusal asks for. */
	if (!ena_enter(s)) {
		s->receive_refused = true;
		return ENA_RECEIVE_HOLD;
	}
	result = ena_device_receive(s->core, iov, iovcnt, hdr);
	ena_leave(s);
	return result;
}

static enum ena_receive_result receive_with_header(ENAState *s, const struct iovec *iov, int iovcnt)
{
	struct virtio_net_hdr virtio;
	struct ena_vnet_hdr hdr;
	struct iovec local[ENA_NET_IOV];
	g_autofree struct iovec *heap = NULL;
	struct iovec *frame = local;
	size_t size = iov_size(iov, iovcnt);

	if (iov_to_buf(iov, iovcnt, 0, &virtio, sizeof(virtio)) != sizeof(virtio))
		return ENA_RECEIVE_TAKEN;
	if (iovcnt > ENA_NET_IOV)
		frame = heap = g_new(struct iovec, iovcnt);
	iovcnt = iov_copy(frame, iovcnt, iov, iovcnt, sizeof(virtio), size - sizeof(virtio));
	hdr = from_virtio(&virtio);
	return receive_frame(s, frame, iovcnt, &hdr);
}

static ssize_t ena_receive_iov(NetClientState *nc, const struct iovec *iov, int iovcnt)
{
	ENAState *s = qemu_get_nic_opaque(nc);
	enum ena_receive_result result = s->vnet ? receive_with_header(s, iov, iovcnt)
						 : receive_frame(s, iov, iovcnt, NULL);

	return result == ENA_RECEIVE_HOLD ? 0 : iov_size(iov, iovcnt);
}

void ena_net_flush(ENAState *s)
{
	unsigned int i;

	for (i = 0; s->nic && i < queue_count(s); i++)
		qemu_flush_queued_packets(qemu_get_subqueue(s->nic, i));
}

bool ena_net_link_up(ENAState *s)
{
	bool wire_up = !qemu_get_queue((s->pf ?: s)->nic)->link_down;

	return s->pf ? ena_vf_link_up(s, wire_up) : wire_up;
}

static void ena_link_status_changed(NetClientState *nc)
{
	ENAState *s = qemu_get_nic_opaque(nc);

	s->link_changed = true;
	ena_host_kick(s);
	ena_fabric_link_changed(s);
}

static NetClientInfo ena_net_info = {
	.type = NET_CLIENT_DRIVER_NIC,
	.size = sizeof(NICState),
	.can_receive = ena_can_receive,
	.receive_iov = ena_receive_iov,
	.link_status_changed = ena_link_status_changed,
};

static bool peers_take_header(ENAState *s)
{
	unsigned int i;

	for (i = 0; i < queue_count(s); i++) {
		NetClientState *peer = qemu_get_subqueue(s->nic, i)->peer;

		if (!peer || !qemu_has_vnet_hdr(peer))
			return false;
	}
	return true;
}

/* What the core must know of its wire. */
static void tell_core(ENAState *s)
{
	ena_device_set_vnet(s->core, s->vnet, s->vnet, s->vnet, s->vnet);
	ena_device_set_link(s->core, ena_net_link_up(s));
}

void ena_net_init(ENAState *s)
{
	DeviceState *dev = DEVICE(s);
	unsigned int i;

	if (s->pf) {
		s->vnet = s->pf->vnet;
		tell_core(s);
		return;
	}
	s->nic = qemu_new_nic(&ena_net_info, &s->conf, object_get_typename(OBJECT(s)), dev->id,
			      &dev->mem_reentrancy_guard, s);
	qemu_format_nic_info_str(qemu_get_queue(s->nic), s->conf.macaddr.a);

	s->vnet = peers_take_header(s);
	for (i = 0; s->vnet && i < queue_count(s); i++) {
		NetClientState *peer = qemu_get_subqueue(s->nic, i)->peer;

		qemu_set_vnet_hdr_len(peer, sizeof(struct virtio_net_hdr));
		ena_refuse_peer_offloads(peer);
	}
	tell_core(s);
}

void ena_net_exit(ENAState *s)
{
	unsigned int i;

	if (s->pf)
		return;
	/* A frame still queued at a peer refers to our net client. */
	for (i = 0; i < queue_count(s); i++)
		qemu_purge_queued_packets(qemu_get_subqueue(s->nic, i));
	qemu_del_nic(s->nic);
	s->nic = NULL;
}
