// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of frames through the embedded switch: core/net/switch.hh decides it, here they
 * are carried.
 */
#include "qemu/osdep.h"
#include "qemu/iov.h"
#include "qapi/error.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qnum.h"
#include "qapi/visitor.h"
#include "ena_sriov.h"

/* Pieces of a frame with a tag more or less that need no allocation. */
enum { ENA_FABRIC_IOV = 66 };

/* Give a frame to a function. Nobody waits for one that has no room for it. */
static void deliver(ENAFabric *fabric, unsigned int port, const struct iovec *iov, int iovcnt,
		    const struct ena_vnet_hdr *hdr)
{
	ENAState *s = fabric->function[port];
	enum ena_receive_result result = ENA_RECEIVE_HOLD;

	if (!ena_is_asleep(s) && ena_enter(s)) {
		result = ena_device_receive(s->core, iov, iovcnt, hdr);
		ena_leave(s);
	}
	if (result == ENA_RECEIVE_HOLD)
		fabric->lost[port]++;
}

/* @queue: of the wire, if @to has it. */
static enum ena_transmit_result send_to(ENAState *pf, struct ena_switch_ports to,
					unsigned int queue, const struct iovec *iov, int iovcnt,
					const struct ena_vnet_hdr *hdr)
{
	bool out = to.words[0] & UINT64_C(1) << ENA_SWITCH_WIRE;
	unsigned int word;

	/* It was for functions when it was sent, and has waited (ena_device_inject()) since. */
	if (hdr && !pf->vnet && (hdr->flags & ENA_VNET_NEEDS_CSUM || hdr->gso_type))
		out = false;

	to.words[0] &= ~(UINT64_C(1) << ENA_SWITCH_WIRE);
	for (word = 0; word < ARRAY_SIZE(to.words); word++)
		for (; to.words[word]; to.words[word] &= to.words[word] - 1)
			deliver(pf->fabric, 64 * word + ctz64(to.words[word]), iov, iovcnt, hdr);
	return out ? ena_net_transmit(pf, queue, iov, iovcnt, hdr) : ENA_TRANSMIT_SENT;
}

static bool none(const struct ena_switch_ports *ports)
{
	return !ports->words[0] && !ports->words[1];
}

static bool has_wire(const struct ena_switch_route *route)
{
	return (route->as_it_is.words[0] | route->retagged.words[0]) >> ENA_SWITCH_WIRE & 1;
}

static enum ena_transmit_result send_retagged(ENAState *pf, const struct ena_switch_route *route,
					      unsigned int queue, const struct iovec *iov,
					      int iovcnt, const struct ena_vnet_hdr *hdr)
{
	/* From the wire it may come without one. */
	struct ena_vnet_hdr moved = hdr ? *hdr : (struct ena_vnet_hdr){};
	struct iovec local[ENA_FABRIC_IOV];
	g_autofree struct iovec *heap = NULL;
	struct iovec *pieces = local;
	uint8_t tag[4];

	if (iovcnt + 2 > ENA_FABRIC_IOV)
		pieces = heap = g_new(struct iovec, iovcnt + 2);
	iovcnt = ena_switch_retag(route, iov, iovcnt, pieces, tag, &moved);
	return send_to(pf, route->retagged, queue, pieces, iovcnt, hdr ? &moved : NULL);
}

/* The wire is in one of the two sets at most. */
static enum ena_transmit_result send_along(ENAState *pf, const struct ena_switch_route *route,
					   unsigned int queue, const struct iovec *iov, int iovcnt,
					   const struct ena_vnet_hdr *hdr)
{
	enum ena_transmit_result as_it_is = send_to(pf, route->as_it_is, queue, iov, iovcnt, hdr);
	enum ena_transmit_result retagged;

	if (none(&route->retagged))
		return as_it_is;
	retagged = send_retagged(pf, route, queue, iov, iovcnt, hdr);
	return as_it_is == ENA_TRANSMIT_SENT ? retagged : as_it_is;
}

enum ena_transmit_result ena_fabric_transmit(ENAState *s, unsigned int queue,
					     const struct iovec *iov, int iovcnt,
					     const struct ena_vnet_hdr *hdr)
{
	ENAState *pf = s->pf ?: s;
	struct iovec local[ENA_FABRIC_IOV];
	g_autofree struct iovec *heap = NULL;
	struct iovec *pieces = local;
	uint8_t head[ENA_SWITCH_HEAD];
	enum ena_transmit_result result;
	struct ena_switch_route route;
	size_t length;

	if (!pf->fabric)
		return ENA_TRANSMIT_DROPPED;
	/* The sender may write to its memory meanwhile: what is judged is what is delivered. */
	length = iov_to_buf(iov, iovcnt, 0, head, sizeof(head));
	route = ena_switch_forward(pf->fabric->sw, s->port, head, length);
	if (none(&route.as_it_is) && none(&route.retagged))
		return ENA_TRANSMIT_DROPPED;
	/* Its core has forgotten that by a reset. What the wire can hold is for all functions. */
	if (s->wire_full && has_wire(&route))
		return ENA_TRANSMIT_DROPPED;
	if (iovcnt + 1 > ENA_FABRIC_IOV)
		pieces = heap = g_new(struct iovec, iovcnt + 1);
	pieces[0] = (struct iovec){.iov_base = head, .iov_len = length};
	iovcnt = 1 + iov_copy(pieces + 1, iovcnt, iov, iovcnt, length, SIZE_MAX);
	result = send_along(pf, &route, queue, pieces, iovcnt, hdr);
	/* A frame that stays inside says nothing of the wire. */
	s->wire_full |= result == ENA_TRANSMIT_BUSY;
	return result;
}

void ena_fabric_receive(ENAState *pf, const struct iovec *iov, int iovcnt,
			const struct ena_vnet_hdr *hdr)
{
	uint8_t head[ENA_SWITCH_HEAD];
	size_t length = iov_to_buf(iov, iovcnt, 0, head, sizeof(head));
	struct ena_switch_route route =
		ena_switch_forward(pf->fabric->sw, ENA_SWITCH_WIRE, head, length);

	send_along(pf, &route, 0, iov, iovcnt, hdr);
}

void ena_fabric_transmit_ready(ENAState *pf)
{
	unsigned int i;

	for (i = 0; pf->fabric && i < pf->sriov_vfs; i++) {
		ENAState *vf = pf->fabric->function[ENA_SWITCH_FIRST_VF + i];

		vf->transmit_ready = true;
		ena_host_kick(vf);
	}
}

void ena_fabric_link_changed(ENAState *pf)
{
	unsigned int i;

	for (i = 0; pf->fabric && i < pf->sriov_vfs; i++) {
		ENAState *vf = pf->fabric->function[ENA_SWITCH_FIRST_VF + i];

		vf->link_changed = true;
		ena_host_kick(vf);
	}
}

static QDict *describe_port(const ENAFabric *fabric, unsigned int port)
{
	struct ena_switch_counters counters;
	g_autofree char *vf = g_strdup_printf("vf%u", port - ENA_SWITCH_FIRST_VF);
	QDict *item = qdict_new();

	ena_switch_get_counters(fabric->sw, port, &counters);
	qdict_put_str(item, "port",
		      port == ENA_SWITCH_WIRE ? "wire"
		      : port == ENA_SWITCH_PF ? "pf"
					      : vf);
	qdict_put_bool(item, "on", port == ENA_SWITCH_WIRE || fabric->on[port]);
	qdict_put(item, "received", qnum_from_uint(counters.received));
	qdict_put(item, "sent", qnum_from_uint(counters.sent));
	qdict_put(item, "lost", qnum_from_uint(fabric->lost[port]));
	qdict_put(item, "spoofed", qnum_from_uint(counters.spoofed));
	qdict_put(item, "tagged", qnum_from_uint(counters.tagged));
	qdict_put(item, "refused",
		  qnum_from_uint(counters.runts + counters.port_off + counters.own_address));
	return item;
}

static void get_ports(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	ENAState *pf = ENA(obj);
	g_autoptr(QList) list = qlist_new();
	QObject *value = QOBJECT(list);
	unsigned int port;

	for (port = 0; pf->fabric && port < ENA_SWITCH_FIRST_VF + pf->sriov_vfs; port++)
		qlist_append(list, describe_port(pf->fabric, port));
	visit_type_any(v, name, &value, errp);
}

void ena_class_init_fabric(ObjectClass *oc)
{
	object_class_property_add(oc, "switch-ports", "list", get_ports, NULL, NULL, NULL);
	object_class_property_set_description(
		oc, "switch-ports", "the ports of the embedded switch, with what passed them");
}
