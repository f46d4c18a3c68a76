// SPDX-License-Identifier: GPL-2.0-or-later
#include "ena_switch.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "core/net/switch.hh"

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

void ena_switch_set_port(ena_switch *sw, unsigned int port, const ena_switch_port *to)
{
	net::Switch::Port copy{.on = to->on, .check_source = to->check_source};

	memcpy(copy.mac.data(), to->mac, copy.mac.size());
	sw->fabric.set(port, copy);
}

ena_switch_ports ena_switch_forward(ena_switch *sw, unsigned int from, const iovec *iov, int iovcnt)
{
	uint8_t head[14];
	size_t got = 0;

	for (int i = 0; i < iovcnt && got < sizeof(head); i++) {
		const size_t part = iov[i].iov_len < sizeof(head) - got ? iov[i].iov_len
									: sizeof(head) - got;
		if (part)
			memcpy(head + got, iov[i].iov_base, part);
		got += part;
	}
	const auto words = sw->fabric.forward(from, {head, got}).to.words();
	return {{words[0], words[1]}};
}

void ena_switch_get_counters(const ena_switch *sw, unsigned int port, ena_switch_counters *counters)
{
	const net::Switch::Counters &c = sw->fabric.counters(port);
	const auto refused = [&c](net::Refusal why) {
		return c.refused[static_cast<size_t>(why)];
	};

	*counters = {.received = c.received,
		     .sent = c.sent,
		     .runts = refused(net::Refusal::runt),
		     .port_off = refused(net::Refusal::port_off),
		     .spoofed = refused(net::Refusal::spoofed),
		     .own_address = refused(net::Refusal::own_address)};
}
