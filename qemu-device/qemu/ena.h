/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One function of the adapter as QEMU sees it: the PCI device around a device
 * core. ena.c is the QOM type and its PCI face, ena_properties.c what a user can
 * set, ena_instance.c the instance it belongs to, ena_qom.c what QMP sees of a
 * running adapter, ena_observe.c its state, ena_vectors.c its interrupts, ena_events.c the
 * events that it is asked for, ena_faults.c how it is broken, ena_host.c what the core asks
 * of its host, ena_net.c the network backend, ena_sriov.c virtual functions, ena_fabric.c
 * the switch between them, ena_vfs.c their management, ena_migration.c how the state travels.
 */
#ifndef OPENENA_QEMU_ENA_H
#define OPENENA_QEMU_ENA_H

#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "system/runstate.h"
#include "hw/pci/pci_device.h"
#include "net/net.h"
#include "qom/object.h"
#include "compat.h"
#include "ena_device.h"
#include "ena_instance.h"
#include "ena_pci.h"

#define TYPE_ENA "ena"

OBJECT_DECLARE_SIMPLE_TYPE(ENAState, ENA)

typedef struct ENAInstance ENAInstance;
typedef struct ENAFabric ENAFabric;

struct ENAState {
	PCIDevice parent_obj;

	/* Properties */
	NICConf conf;
	struct ena_config config;
	uint16_t device_id;
	bool firmware_bus_master;
	bool trace;
	char *inject; /* faults to begin with */
	uint64_t given; /* properties that the user has set; bit = place in the table */

	/* ena_instance.c */
	char *instance_type; /* NULL: none */
	char *instance; /* NULL: the one without a name */
	bool cluster_placement;
	struct ena_allowance_config allowance;
	const struct ena_instance_type *type;
	ENAInstance *member_of;

	MemoryRegion registers;
	MemoryRegion msix;
	MemoryRegion llq; /* without an address if LLQ is off */

	char *name; /* in messages */
	struct ena_device *core; /* NULL before realize and after exit */

	/* ena_host.c */
	QEMUBH *bh;
	QEMUTimer *timer;
	bool in_core; /* a call into the core is under way */
	uint64_t raised; /* vectors to notify when it has returned */
	uint64_t messages[ENA_DEVICE_MAX_VECTORS]; /* that were due since the function was made */
	/* What the bottom half is to tell the core. */
	bool reset_due;
	bool link_changed;
	bool hints_changed;
	bool settings_changed; /* of a virtual function */
	bool vfs_changed; /* which are enabled */
	bool timer_due;
	bool transmit_ready;
	bool receive_ready; /* and the peers, then */
	bool bus_master_warned;
	bool wire_full; /* the peer holds a frame of this function, until transmit_ready */

	/* ena_migration.c */
	VMChangeStateEntry *run_state;
	uint8_t *snapshot; /* while it is saved or loaded */
	uint32_t snapshot_size;

	/* ena_sriov.c */
	uint16_t sriov_vfs;
	char *switch_mode; /* "veb" or "vepa"; NULL: veb */
	uint16_t sriov_vf_queues; /* 0: as many as the physical function */
	ENAState *pf; /* a virtual function's; NULL: this is a physical one */
	unsigned int port; /* of the switch */
	ENAFabric *fabric; /* a physical function's; NULL: it has no virtual functions */
	Error *migration_blocker;

	/* ena_net.c; of a physical function */
	NICState *nic;
	bool vnet; /* every peer takes and gives a virtio-net header */
	unsigned int queued; /* frames QEMU holds for a peer that was not ready */
	bool receive_refused; /* can_receive was false: the peer waits for a flush */
};

/* Register the QOM types. Call once. */
void ena_register_types(void);

void ena_class_init_properties(DeviceClass *dc);
/* Complete s->config from the properties. False: a value is refused, with the limit in @errp. */
bool ena_check_properties(ENAState *s, Error **errp);

/* The user, and not a default, has set property @name. */
bool ena_property_given(const ENAState *s, const char *name);

/* What the instance type sets: into s->config and s->allowance. False: refused, in @errp. */
bool ena_instance_check(ENAState *s, Error **errp);
/* Share the allowance of the instance; the core exists. */
bool ena_instance_join(ENAState *s, Error **errp);
/* The core is gone. */
void ena_instance_leave(ENAState *s);

/* Properties of a running adapter. */
void ena_class_init_qom(ObjectClass *oc);
void ena_class_init_events(ObjectClass *oc);
void ena_class_init_observe(ObjectClass *oc);
void ena_class_init_vectors(ObjectClass *oc);

/* Faults on purpose. False: @text is refused, with the reason in @errp. */
void ena_class_init_faults(ObjectClass *oc);
bool ena_inject(ENAState *s, const char *text, Error **errp);

/*
 * The core is not reentrant, and QEMU may come back while it calls out: a peer
 * answers a frame at once, a message interrupt points at our own registers.
 * Every call into the core is between ena_enter() and one of the others; false: the core is
 * busy (or gone), do not call.
 */
bool ena_enter(ENAState *s);
/* The bottom half sends the messages of interrupts that were raised meanwhile. */
void ena_leave(ENAState *s);
/*
 * Sends them at once. One may unplug adapters: neither their cores nor their net clients may
 * be at work below the caller.
 */
void ena_leave_with_messages(ENAState *s);

/* Create and free the core, its bottom half and its timer. */
bool ena_host_init(ENAState *s, Error **errp);
void ena_host_exit(ENAState *s);
/* In D3hot: no DMA, no messages, and what the wire brings is lost. */
bool ena_is_asleep(const ENAState *s);
/* Power-on state; put off to the bottom half if the core is busy. */
void ena_host_reset(ENAState *s);
/* Have the bottom half run soon. */
void ena_host_kick(ENAState *s);
/* One line for the user of @s, without a newline. */
void ena_note(ENAState *s, enum ena_note_level level, const char *text);

/* Migration and snapshots; init once the core exists. */
extern const VMStateDescription ena_vmstate;
void ena_migration_init(ENAState *s);
void ena_migration_exit(ENAState *s);
/* False: nobody may touch the guest's memory now, it may have been saved already. */
bool ena_machine_runs(void);

/* Create and delete the network client; the core exists in between. */
void ena_net_init(ENAState *s);
void ena_net_exit(ENAState *s);
bool ena_net_link_up(ENAState *s);
/* Offer again what the peers hold back. */
void ena_net_flush(ENAState *s);
/* Have peers that found can_receive false flushed once it no longer is. */
void ena_net_check_receive(ENAState *s);
enum ena_transmit_result ena_net_transmit(ENAState *s, unsigned int queue, const struct iovec *iov,
					  int iovcnt, const struct ena_vnet_hdr *hdr);

#endif
