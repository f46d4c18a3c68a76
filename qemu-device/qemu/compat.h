/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every difference between the QEMU releases that the shell builds against,
 * 10.0 to 11.0, and between its two deliveries (plugin and source overlay).
 * qemu/osdep.h comes first, as everywhere in QEMU.
 */
#ifndef OPENENA_QEMU_COMPAT_H
#define OPENENA_QEMU_COMPAT_H

#define ENA_QEMU_AT_LEAST(major, minor)  \
	(QEMU_VERSION_MAJOR > (major) || \
	 (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR >= (minor)))

#if !ENA_QEMU_AT_LEAST(10, 0)
#error "QEMU 10.0 or newer is needed"
#endif

#include "hw/pci/pci_device.h"
#include "hw/pci/pcie_sriov.h"
#if ENA_QEMU_AT_LEAST(10, 1)
#include "system/memory.h"
#else
#include "exec/memory.h"
#endif

#if ENA_QEMU_AT_LEAST(11, 0)
#include "hw/core/qdev-properties.h"
#else
#include "hw/qdev-properties.h"
#endif

/* Class data and interface lists are const from 10.1 on. */
#if ENA_QEMU_AT_LEAST(10, 1)
typedef const void ena_class_data;
typedef const InterfaceInfo ena_interface_info;
#else
typedef void ena_class_data;
typedef InterfaceInfo ena_interface_info;
#endif

/* Tell @peer that frames for us must come with complete checksums, unsegmented. */
static inline void ena_refuse_peer_offloads(NetClientState *peer)
{
#if ENA_QEMU_AT_LEAST(10, 2)
	qemu_set_offload(peer, &(NetOffloads){0});
#else
	qemu_set_offload(peer, 0, 0, 0, 0, 0, 0, 0);
#endif
}

/* A BAR of any function. Before 10.0.13 a virtual function's has a call of its own. */
static inline void ena_register_bar(PCIDevice *pci, int bar, uint8_t type, MemoryRegion *memory)
{
#if !ENA_QEMU_AT_LEAST(10, 1) && QEMU_VERSION_MICRO < 13
	if (pci_is_vf(pci)) {
		pcie_sriov_vf_register_bar(pci, bar, memory);
		return;
	}
#endif
	pci_register_bar(pci, bar, type, memory);
}

/* Trace events are compiled into QEMU, so only the overlay can have them. */
#ifdef OPENENA_PLUGIN
#if __has_include("plugins/qemu-plugin.h")
#include "plugins/qemu-plugin.h"
#else
#include "qemu/qemu-plugin.h"
#endif

static inline bool ena_trace_event(const char *name, const char *text)
{
	return false;
}
#else
#include "trace.h"

static inline bool ena_trace_event(const char *name, const char *text)
{
	if (!trace_event_get_state_backends(TRACE_ENA_NOTE))
		return false;
	trace_ena_note(name, text);
	return true;
}
#endif

#endif
