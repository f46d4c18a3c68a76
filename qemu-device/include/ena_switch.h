/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The switch between the functions of an adapter and its wire: it decides, the host
 * carries the frames. Not locked; no callbacks.
 */
#ifndef OPENENA_ENA_SWITCH_H
#define OPENENA_ENA_SWITCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "ena_device.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	ENA_SWITCH_WIRE = 0,
	ENA_SWITCH_PF = 1,
	ENA_SWITCH_FIRST_VF = 2,
	ENA_SWITCH_MAX_VFS = 64,
	ENA_SWITCH_MAX_PORTS = ENA_SWITCH_FIRST_VF + ENA_SWITCH_MAX_VFS,
	/* Bytes of a frame that decide where it goes: addresses, a tag, a type. */
	ENA_SWITCH_HEAD = 18,
};

/* Who carries frames between functions: this switch, or its neighbour, by reflection. */
enum ena_switch_mode {
	ENA_SWITCH_VEB,
	ENA_SWITCH_VEPA,
};

struct ena_switch_port {
	bool on;
	bool check_source; /* refuse frames whose source is not @mac */
	bool floods; /* it also gets frames to addresses that the switch does not know */
	/*
	 * 0: frames of all VLANs, with their tags. 1 to 4094: those of this one, without; what
	 * the port sends is tagged for ports that have none, with @priority (0 to 7).
	 */
	uint16_t vlan;
	uint8_t priority;
	uint8_t mac[6];
};

/* Ports as bits: port p is bit p % 64 of word p / 64. */
struct ena_switch_ports {
	uint64_t words[2];
};

struct ena_switch_counters {
	uint64_t received, sent; /* frames from the port, refused ones too; frames to it */
	uint64_t broadcast, multicast; /* of those sent */
	uint64_t runts, port_off, spoofed, own_address, tagged; /* of those received: refused */
};

/* Where a frame goes. */
struct ena_switch_route {
	struct ena_switch_ports as_it_is;
	struct ena_switch_ports retagged; /* with a tag more, or less: ena_switch_retag() */
	bool insert; /* the tag of @vlan and @priority; else a tag is taken out */
	uint16_t vlan;
	uint8_t priority;
};

struct ena_switch;

/* All ports but the wire are off. NULL: no memory. */
struct ena_switch *ena_switch_new(void);
void ena_switch_free(struct ena_switch *sw);
/* At first ENA_SWITCH_VEB. */
void ena_switch_set_mode(struct ena_switch *sw, enum ena_switch_mode mode);
/* @port: not the wire, and below ENA_SWITCH_MAX_PORTS. */
void ena_switch_set_port(struct ena_switch *sw, unsigned int port,
			 const struct ena_switch_port *to);
/*
 * Where a frame from @from goes; no port: it is refused, and counted. @head: its first
 * ENA_SWITCH_HEAD bytes or more, or all if it has less.
 */
struct ena_switch_route ena_switch_forward(struct ena_switch *sw, unsigned int from,
					   const uint8_t *head, size_t length);
/* Whether such a frame would not go to the wire. Counts nothing. */
bool ena_switch_stays_inside(const struct ena_switch *sw, unsigned int from, const uint8_t *head,
			     size_t length);
/*
 * The frame as ports in @route->retagged get it: its pieces into @out, which has room for
 * @iovcnt + 2, the bytes of a tag into @tag, @hdr corrected. Returns how many pieces there are.
 */
int ena_switch_retag(const struct ena_switch_route *route, const struct iovec *iov, int iovcnt,
		     struct iovec *out, uint8_t tag[4], struct ena_vnet_hdr *hdr);
void ena_switch_get_counters(const struct ena_switch *sw, unsigned int port,
			     struct ena_switch_counters *counters);

#ifdef __cplusplus
}
#endif

#endif
