// SPDX-License-Identifier: GPL-2.0-or-later
/* What the device core asks of its host, answered by QEMU. */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/log.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "ena_sriov.h"

/*
 * RAM only. A device as DMA target would let the guest drive one function's
 * DMA into the other's registers while the core is at work.
 */
static const MemTxAttrs ena_dma_attrs = {.memory = 1};

void ena_note(ENAState *s, enum ena_note_level level, const char *text)
{
	if (level == ENA_NOTE_GUEST_ERROR)
		qemu_log_mask(LOG_GUEST_ERROR, "%s: %s\n", s->name, text);
	if (ena_trace_event(s->name, text) || !s->trace)
		return;
	fprintf(stderr, "%s: %s\n", s->name, text);
}

void ena_host_kick(ENAState *s)
{
	if (s->bh)
		qemu_bh_schedule(s->bh);
}

/* So that the core can say why DMA fails and interrupts are lost. */
static void tell_pci_state(ENAState *s)
{
	PCIDevice *pci = PCI_DEVICE(s);

	ena_device_set_pci(s->core, pci_get_word(pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER,
			   msix_enabled(pci));
}

bool ena_enter(ENAState *s)
{
	if (!s->core || s->in_core)
		return false;
	s->in_core = true;
	tell_pci_state(s);
	return true;
}

static void leave(ENAState *s)
{
	s->in_core = false;
	ena_net_check_receive(s);
}

void ena_leave(ENAState *s)
{
	leave(s);
	if (s->raised)
		ena_host_kick(s);
}

void ena_leave_with_messages(ENAState *s)
{
	PCIDevice *pci = PCI_DEVICE(s);

	leave(s);
	/*
	 * The guest chooses where a message goes, so it may come back as an
	 * access to this device, as FLR or as unplug: take one bit at a time.
	 */
	while (s->raised) {
		unsigned int vector = ctz64(s->raised);

		s->raised &= s->raised - 1;
		if (vector >= pci->msix_entries_nr)
			continue;
		s->messages[vector]++;
		msix_notify(pci, vector);
	}
}

/* DMA of a function whose bus mastering is off fails in silence, the first trap of driver authors. */
static void warn_of_dma_failure(ENAState *s)
{
	if (s->bus_master_warned ||
	    pci_get_word(PCI_DEVICE(s)->config + PCI_COMMAND) & PCI_COMMAND_MASTER)
		return;
	s->bus_master_warned = true;
	warn_report("%s: DMA failed: bus mastering is off (the driver must set bit 2 of the PCI "
		    "command register; firmware-bus-master=on sets it for a driver that does not)",
		    s->name);
}

static bool dma_rw(ENAState *s, uint64_t addr, void *buf, size_t len, DMADirection dir)
{
	if (pci_dma_rw(PCI_DEVICE(s), addr, buf, len, dir, ena_dma_attrs) == MEMTX_OK)
		return true;
	warn_of_dma_failure(s);
	return false;
}

static bool host_dma_read(void *host, uint64_t addr, void *buf, size_t len)
{
	return dma_rw(host, addr, buf, len, DMA_DIRECTION_TO_DEVICE);
}

static bool host_dma_write(void *host, uint64_t addr, const void *buf, size_t len)
{
	return dma_rw(host, addr, (void *)buf, len, DMA_DIRECTION_FROM_DEVICE);
}

static DMADirection dma_direction(bool device_writes)
{
	return device_writes ? DMA_DIRECTION_FROM_DEVICE : DMA_DIRECTION_TO_DEVICE;
}

static void host_dma_unmap(void *host, void *ptr, size_t len, bool device_writes, size_t used)
{
	pci_dma_unmap(PCI_DEVICE(host), ptr, len, dma_direction(device_writes), used);
}

static void *host_dma_map(void *host, uint64_t addr, size_t *len, bool device_writes)
{
	dma_addr_t mapped = *len;
	ram_addr_t offset;
	void *ptr = dma_memory_map(pci_get_address_space(PCI_DEVICE(host)), addr, &mapped,
				   dma_direction(device_writes), ena_dma_attrs);

	if (!ptr)
		return NULL;
	/*
	 * A bounce buffer stands for what is no RAM, and QEMU writes it back
	 * without our attributes: refuse it unwritten.
	 */
	if (!memory_region_from_host(ptr, &offset)) {
		host_dma_unmap(host, ptr, mapped, device_writes, 0);
		return NULL;
	}
	*len = mapped;
	return ptr;
}

static void host_raise(void *host, unsigned int vector)
{
	ENAState *s = host;

	if (vector < ENA_DEVICE_MAX_VECTORS)
		s->raised |= UINT64_C(1) << vector;
}
QEMU_BUILD_BUG_ON(ENA_DEVICE_MAX_VECTORS > 64);

static enum ena_transmit_result host_transmit(void *host, unsigned int queue,
					      const struct iovec *iov, int iovcnt,
					      const struct ena_vnet_hdr *hdr)
{
	ENAState *s = host;

	if (s->pf || s->fabric)
		return ena_fabric_transmit(s, queue, iov, iovcnt, hdr);
	return ena_net_transmit(s, queue, iov, iovcnt, hdr);
}

static bool host_stays_inside(void *host, const uint8_t *head, size_t length)
{
	ENAState *s = host;
	ENAState *pf = s->pf ?: s;

	return pf->fabric && ena_switch_stays_inside(pf->fabric->sw, s->port, head, length);
}

static void host_schedule(void *host)
{
	ena_host_kick(host);
}

static void host_set_timer(void *host, uint64_t deadline_ns)
{
	ENAState *s = host;

	if (deadline_ns > INT64_MAX)
		timer_del(s->timer);
	else
		timer_mod_ns(s->timer, deadline_ns);
}

static uint64_t host_now(void *host)
{
	return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static uint64_t host_real_time(void *host)
{
	return qemu_clock_get_ns(QEMU_CLOCK_HOST);
}

static void host_receive_ready(void *host)
{
	ENAState *s = host;

	s->receive_ready = true;
	ena_host_kick(s);
}

static void host_note(void *host, enum ena_note_level level, const char *text)
{
	ena_note(host, level, text);
}

static const struct ena_host_ops host_ops = {
	.dma_read = host_dma_read,
	.dma_write = host_dma_write,
	.dma_map = host_dma_map,
	.dma_unmap = host_dma_unmap,
	.raise = host_raise,
	.transmit = host_transmit,
	.stays_inside = host_stays_inside,
	.schedule = host_schedule,
	.set_timer = host_set_timer,
	.now = host_now,
	.real_time = host_real_time,
	.receive_ready = host_receive_ready,
	.note = host_note,
};

/* The timer has no reentrancy guard of its own; the bottom half has. */
static void ena_timer(void *opaque)
{
	ENAState *s = opaque;

	s->timer_due = true;
	ena_host_kick(s);
}

/*
 * BAR2 has headers of packets in it, and the function may go to another virtual machine. To
 * look first spares memory that was never touched.
 */
static void clear_llq(ENAState *s)
{
	size_t size = ena_config_llq_size(&s->config);
	void *memory = size ? memory_region_get_ram_ptr(&s->llq) : NULL;

	if (!memory || buffer_is_zero(memory, size))
		return;
	memset(memory, 0, size);
	memory_region_set_dirty(&s->llq, 0, size);
}

static void reset_core(ENAState *s)
{
	ena_device_reset(s->core);
	clear_llq(s);
}

static void ena_work(ENAState *s)
{
	if (s->reset_due) {
		s->reset_due = false;
		reset_core(s);
	}
	if (s->settings_changed) {
		s->settings_changed = false;
		ena_vf_apply_settings(s);
	}
	if (s->vfs_changed) {
		s->vfs_changed = false;
		ena_device_enable_vfs(s->core, pcie_sriov_num_vfs(PCI_DEVICE(s)));
	}
	if (s->link_changed) {
		s->link_changed = false;
		ena_device_set_link(s->core, ena_net_link_up(s));
	}
	if (s->hints_changed) {
		s->hints_changed = false;
		ena_device_update_hints(s->core, &s->config);
	}
	if (s->timer_due) {
		s->timer_due = false;
		ena_device_timer(s->core);
	}
	if (s->transmit_ready) {
		s->transmit_ready = s->wire_full = false;
		ena_device_transmit_ready(s->core);
	}
	ena_device_poll(s->core);
}

static void unref(void *opaque)
{
	object_unref(OBJECT(opaque));
}

static void ena_bh(void *opaque)
{
	ENAState *s = opaque;

	/* When the machine runs again, ena_migration.c asks for another turn. */
	if (!ena_machine_runs() || ena_is_asleep(s) || !ena_enter(s))
		return;
	object_ref(OBJECT(s));
	ena_work(s);
	ena_leave_with_messages(s);
	if (s->core && s->receive_ready) {
		s->receive_ready = false;
		ena_net_flush(s);
	}
	/* A message has unplugged it: QEMU still looks at its reentrancy guard behind this. */
	if (!s->core)
		aio_bh_schedule_oneshot(qemu_get_aio_context(), unref, s);
	else
		object_unref(OBJECT(s));
}

void ena_host_reset(ENAState *s)
{
	if (s->in_core) {
		s->reset_due = true;
		ena_host_kick(s);
		return;
	}
	s->raised = 0;
	s->timer_due = false;
	if (ena_enter(s)) {
		reset_core(s);
		ena_leave(s);
	}
}

bool ena_host_init(ENAState *s, Error **errp)
{
	DeviceState *dev = DEVICE(s);

	/* Before the core: it may ask for them as soon as it exists. */
	s->bh = qemu_bh_new_guarded(ena_bh, s, &dev->mem_reentrancy_guard);
	s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, ena_timer, s);
	s->core = ena_device_new(&s->config, &host_ops, s);
	if (s->core && ena_config_llq_size(&s->config))
		ena_device_set_llq_memory(s->core, memory_region_get_ram_ptr(&s->llq));
	if (s->core && ena_instance_join(s, errp))
		return true;
	if (!s->core)
		error_setg(errp, "no memory for the adapter");
	ena_host_exit(s);
	return false;
}

void ena_host_exit(ENAState *s)
{
	if (s->core)
		ena_device_free(s->core);
	s->core = NULL;
	ena_instance_leave(s);
	timer_free(s->timer);
	s->timer = NULL;
	qemu_bh_delete(s->bh);
	s->bh = NULL;
}
