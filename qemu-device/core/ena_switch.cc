// SPDX-License-Identifier: GPL-2.0-or-later
#include "ena_switch.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "core/net/switch.hh"

static_assert(ENA_SWITCH_HEAD == net::Switch::head_length);
static_assert(ENA_SWITCH_MAX_PORTS == net::Switch::max_ports);
static_assert(ENA_SWITCH_WIRE == net::Switch::wire && ENA_SWITCH_PF == net::Switch::physical);

struct ena_switch {
	net::Switch fabric;
};

ena_switch *ena_switch_new()
{
	void *memory = malloc(sizeof(ena_switch));

	return memory ? new (memory) ena_switch : nullptr;
}

void ena_switch_free(ena_switch *sw)
{
	free(sw);
}

void ena_switch_set_mode(ena_switch *sw, ena_switch_mode mode)
{
	sw->fabric.set_mode(mode == ENA_SWITCH_VEPA ? net::SwitchMode::vepa : net::SwitchMode::veb);
}

void ena_switch_set_port(ena_switch *sw, unsigned int port, const ena_switch_port *to)
{
	net::Switch::Port copy{.on = to->on,
			       .check_source = to->check_source,
			       .floods = to->floods,
			       .vlan = to->vlan,
			       .priority = to->priority};

	memcpy(copy.mac.data(), to->mac, copy.mac.size());
	sw->fabric.set(port, copy);
}

static ena_switch_ports ports_of(const net::PortSet &set)
{
	return {{set.words()[0], set.words()[1]}};
}

ena_switch_route ena_switch_forward(ena_switch *sw, unsigned int from, const uint8_t *head,
				    size_t length)
{
	const net::Switch::Verdict verdict = sw->fabric.forward(from, {head, length});
	return {.as_it_is = ports_of(verdict.to),
		.retagged = ports_of(verdict.retagged),
		.insert = verdict.edit.kind == net::TagEdit::Kind::insert,
		.vlan = verdict.edit.vlan,
		.priority = verdict.edit.priority};
}

bool ena_switch_stays_inside(const ena_switch *sw, unsigned int from, const uint8_t *head,
			     size_t length)
{
	return sw->fabric.stays_inside(from, {head, length});
}

/* An offset of the header behind the addresses; 0 says nothing. */
static void move(uint16_t &offset, int by)
{
	if (offset >= net::ethernet::type_offset)
		offset = static_cast<uint16_t>(offset + by);
}

int ena_switch_retag(const ena_switch_route *route, const iovec *iov, int iovcnt, iovec *out,
		     uint8_t *tag, ena_vnet_hdr *hdr)
{
	const net::TagEdit edit = {route->insert ? net::TagEdit::Kind::insert
						 : net::TagEdit::Kind::remove,
				   route->vlan, route->priority};
	const std::span<const iovec> frame(iov, static_cast<size_t>(iovcnt));
	const size_t count = edit.apply(frame,
					std::span<uint8_t, net::ethernet::vlan_tag_length>(
						tag, net::ethernet::vlan_tag_length),
					{out, net::TagEdit::most_pieces(frame.size())});

	move(hdr->hdr_len, edit.shift());
	move(hdr->csum_start, edit.shift());
	return static_cast<int>(count);
}

void ena_switch_get_counters(const ena_switch *sw, unsigned int port, ena_switch_counters *counters)
{
	const net::Switch::Counters &c = sw->fabric.counters(port);
	const auto refused = [&c](net::Refusal why) {
		return c.refused[static_cast<size_t>(why)];
	};

	*counters = {.received = c.received,
		     .sent = c.sent,
		     .broadcast = c.broadcast,
		     .multicast = c.multicast,
		     .runts = refused(net::Refusal::runt),
		     .port_off = refused(net::Refusal::port_off),
		     .spoofed = refused(net::Refusal::spoofed),
		     .own_address = refused(net::Refusal::own_address),
		     .tagged = refused(net::Refusal::tagged)};
}
