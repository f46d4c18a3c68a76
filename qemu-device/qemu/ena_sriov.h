/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual functions (ena_sriov.c), the switch between them, their physical function and the
 * wire (ena_fabric.c), and what the physical function sets for them (ena_vfs.c). A virtual function ("ena-vf") is an ENAState like any other; what it lacks is
 * a network client: its wire is that of the physical function.
 */
#ifndef OPENENA_QEMU_ENA_SRIOV_H
#define OPENENA_QEMU_ENA_SRIOV_H

#include "ena.h"
#include "ena_switch.h"
#include "ena_vfs.h"

#define TYPE_ENA_VF "ena-vf"

/* BAR1 of any function: a page for the MSI-X table, a page for the pending bits. */
enum { ENA_MSIX_BAR_SIZE = 8192 };

/* Of the physical function: its switch, and the functions at the ports. */
struct ENAFabric {
	struct ena_switch *sw;
	ENAState *function[ENA_SWITCH_MAX_PORTS]; /* NULL: the wire, or none */
	bool on[ENA_SWITCH_MAX_PORTS];
	struct ena_vf_settings settings[ENA_SWITCH_MAX_VFS];
	uint64_t lost[ENA_SWITCH_MAX_PORTS]; /* frames that a function had no room for */
};

void ena_sriov_register_type(void);

/* The capability, the functions and the switch, if sriov-vfs asks for them; the last to be made. */
bool ena_sriov_init(ENAState *pf, Error **errp);
/* The first to go. */
void ena_sriov_exit(ENAState *pf);
/* After each write to the configuration space and each reset: which functions are enabled. */
void ena_sriov_update(ENAState *pf);
/* The driver has enabled some: the state cannot be saved. */
bool ena_sriov_enabled(const ENAState *s);
/* The properties of @pf that are about virtual functions; the others have been checked. */
bool ena_sriov_check(const ENAState *pf, Error **errp);
/* The mode of the switch that a driver finds. */
bool ena_sriov_is_vepa(const ENAState *pf);
/* Take what a virtual function is from its physical function. */
void ena_sriov_configure_vf(ENAState *vf);

/* The port of a function, as it is set for it. */
void ena_fabric_set_port(ENAFabric *fabric, unsigned int port, bool on);
/* A frame of @s, which is part of an adapter with a switch. */
enum ena_transmit_result ena_fabric_transmit(ENAState *s, unsigned int queue,
					     const struct iovec *iov, int iovcnt,
					     const struct ena_vnet_hdr *hdr);
/* A frame from the wire of @pf. */
void ena_fabric_receive(ENAState *pf, const struct iovec *iov, int iovcnt,
			const struct ena_vnet_hdr *hdr);
/* Have the bottom half of each function run, with one more thing to do. */
void ena_fabric_transmit_ready(ENAState *pf);
void ena_fabric_link_changed(ENAState *pf);

void ena_class_init_fabric(ObjectClass *oc);

/* The core of @pf takes the commands about its virtual functions, which all exist. */
void ena_vfs_init(ENAState *pf);
/* So many are enabled; put off to the bottom half if the core is busy. */
void ena_vfs_enabled(ENAState *pf, unsigned int enabled);
/* What is set for the core of @vf, which has been entered. */
void ena_vf_apply_settings(ENAState *vf);
bool ena_vf_link_up(const ENAState *vf, bool wire_up);

#endif
