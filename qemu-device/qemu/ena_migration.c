// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Migration and snapshots: the core's state travels as one block of bytes, in
 * the core's own format, behind what PCI keeps.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie_aer.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "ena_sriov.h"

bool ena_machine_runs(void)
{
	/* Before its first start a machine has no guest that could see what happens. */
	return runstate_is_live(runstate_get()) || runstate_check(RUN_STATE_PRELAUNCH);
}

static void ena_run_state_changed(void *opaque, bool running, RunState state)
{
	ENAState *s = opaque;

	if (running)
		ena_host_kick(s);
}

void ena_migration_init(ENAState *s)
{
	s->run_state = qdev_add_vm_change_state_handler(DEVICE(s), ena_run_state_changed, s);
}

void ena_migration_exit(ENAState *s)
{
	qemu_del_vm_change_state_handler(s->run_state);
	s->run_state = NULL;
	g_clear_pointer(&s->snapshot, g_free);
}

static int ena_pre_save(void *opaque)
{
	ENAState *s = opaque;
	char why[256] = "";
	size_t size;

	if (ena_sriov_enabled(s)) {
		error_report("%s: the state cannot be saved: virtual functions are enabled",
			     s->name);
		return -EINVAL;
	}
	size = ena_device_save(s->core, NULL, 0, why, sizeof(why));
	if (!size) {
		error_report("%s: the state cannot be saved: %s", s->name, why);
		return -EINVAL;
	}
	g_free(s->snapshot);
	s->snapshot = g_malloc(size);
	s->snapshot_size = size;
	ena_device_save(s->core, s->snapshot, size, why, sizeof(why));
	return 0;
}

static int ena_post_save(void *opaque)
{
	ENAState *s = opaque;

	g_clear_pointer(&s->snapshot, g_free);
	return 0;
}

static int ena_pre_load(void *opaque)
{
	ENAState *s = opaque;

	s->raised = 0;
	return ena_post_save(opaque);
}

static bool size_is_possible(void *opaque, int version_id)
{
	ENAState *s = opaque;

	return s->snapshot_size && s->snapshot_size <= ENA_DEVICE_MAX_SNAPSHOT;
}

static int ena_post_load(void *opaque, int version_id)
{
	ENAState *s = opaque;
	char why[256] = "";
	bool loaded;

	if (ena_sriov_enabled(s)) {
		error_report("%s: the saved state is refused: virtual functions are enabled in it",
			     s->name);
		return -EINVAL;
	}
	loaded = ena_device_load(s->core, s->snapshot, s->snapshot_size, why, sizeof(why));
	g_clear_pointer(&s->snapshot, g_free);
	if (!loaded) {
		error_report("%s: the saved state is refused: %s", s->name, why);
		return -EINVAL;
	}
	/* The link is this host's, and so are the frames that its peers hold. */
	s->link_changed = true;
	s->receive_ready = true;
	s->timer_due = false;
	ena_host_kick(s);
	return 0;
}

static bool messages_wait(void *opaque)
{
	ENAState *s = opaque;

	return s->raised;
}

/* The bottom half was still to send them. */
static const VMStateDescription ena_vmstate_raised = {
	.name = TYPE_ENA "/raised",
	.version_id = 1,
	.minimum_version_id = 1,
	.needed = messages_wait,
	.fields =
		(const VMStateField[]){
			VMSTATE_UINT64(raised, ENAState),
			VMSTATE_END_OF_LIST(),
		},
};

const VMStateDescription ena_vmstate = {
	.name = TYPE_ENA,
	.version_id = 1,
	.minimum_version_id = 1,
	.pre_save = ena_pre_save,
	.post_save = ena_post_save,
	.pre_load = ena_pre_load,
	.post_load = ena_post_load,
	.fields =
		(const VMStateField[]){
			VMSTATE_PCI_DEVICE(parent_obj, ENAState),
			VMSTATE_STRUCT(parent_obj.exp.aer_log, ENAState, 0, vmstate_pcie_aer_log,
				       PCIEAERLog),
			VMSTATE_MSIX(parent_obj, ENAState),
			/* What the bottom half was still to tell the core. */
			VMSTATE_BOOL(reset_due, ENAState),
			VMSTATE_BOOL(hints_changed, ENAState),
			VMSTATE_UINT16(config.hint_watchdog_ms, ENAState),
			VMSTATE_UINT16(config.hint_admin_ms, ENAState),
			VMSTATE_UINT16(config.hint_tx_completion_ms, ENAState),
			VMSTATE_UINT16(config.hint_mmio_read_ms, ENAState),
			VMSTATE_UINT32(snapshot_size, ENAState),
			VMSTATE_VALIDATE("size of the core's state", size_is_possible),
			VMSTATE_VBUFFER_ALLOC_UINT32(snapshot, ENAState, 0, NULL, snapshot_size),
			VMSTATE_END_OF_LIST(),
		},
	.subsections = (const VMStateDescription *const[]){&ena_vmstate_raised, NULL},
};
