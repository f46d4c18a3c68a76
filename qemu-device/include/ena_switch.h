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

#ifdef __cplusplus
extern "C" {
#endif

enum {
	ENA_SWITCH_WIRE = 0,
	ENA_SWITCH_PF = 1,
	ENA_SWITCH_FIRST_VF = 2,
	ENA_SWITCH_MAX_VFS = 64,
	ENA_SWITCH_MAX_PORTS = ENA_SWITCH_FIRST_VF + ENA_SWITCH_MAX_VFS,
};

struct ena_switch_port {
	bool on;
	bool check_source; /* refuse frames whose source is not @mac */
	uint8_t mac[6];
};

/* Ports as bits: port p is bit p % 64 of word p / 64. */
struct ena_switch_ports {
	uint64_t words[2];
};

struct ena_switch_counters {
	uint64_t received, sent; /* frames from the port, refused ones too; frames to it */
	uint64_t runts, port_off, spoofed, own_address; /* of those received: refused */
};

struct ena_switch;

/* All ports but the wire are off. NULL: no memory. */
struct ena_switch *ena_switch_new(void);
void ena_switch_free(struct ena_switch *sw);
/* @port: not the wire, and below ENA_SWITCH_MAX_PORTS. */
void ena_switch_set_port(struct ena_switch *sw, unsigned int port,
			 const struct ena_switch_port *to);
/* Where a frame from @from goes; no port: it is refused, and counted. */
struct ena_switch_ports ena_switch_forward(struct ena_switch *sw, unsigned int from,
					   const struct iovec *iov, int iovcnt);
void ena_switch_get_counters(const struct ena_switch *sw, unsigned int port,
			     struct ena_switch_counters *counters);

#ifdef __cplusplus
}
#endif

#endif
