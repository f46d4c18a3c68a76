// SPDX-License-Identifier: GPL-2.0-or-later
/* The QOM type "ena": PCI identity, capabilities, BARs, reset. */
#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_aer.h"
#include "migration/vmstate.h"
#include "system/system.h"
#include "ena_sriov.h"

/* Configuration space; PCIe and MSI-X lie where the real adapter has them. */
enum {
	ENA_CAP_PM = 0x40,
	ENA_CAP_PCIE = 0x70,
	ENA_CAP_MSIX = 0xb0,
	ENA_CAP_AER = 0x100,
	ENA_CAP_ARI = 0x150,
};

enum { ENA_MSIX_PBA = 4 * KiB };

static uint64_t ena_mmio_read(void *opaque, hwaddr addr, unsigned int size)
{
	ENAState *s = opaque;
	uint64_t value;

	if (!ena_enter(s))
		return UINT64_MAX;
	value = ena_device_mmio_read(s->core, addr, size);
	ena_leave(s);
	return value;
}

static void ena_mmio_write(void *opaque, hwaddr addr, uint64_t value, unsigned int size)
{
	ENAState *s = opaque;

	if (!ena_enter(s)) {
		ena_note(s, ENA_NOTE_GUEST_ERROR,
			 "register write by the adapter's own DMA or interrupt: ignored");
		return;
	}
	ena_device_mmio_write(s->core, addr, value, size);
	ena_leave_with_messages(s);
}

/* The core judges every width and alignment itself. */
static const MemoryRegionOps ena_mmio_ops = {
	.read = ena_mmio_read,
	.write = ena_mmio_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = {.min_access_size = 1, .max_access_size = 8, .unaligned = true},
	.impl = {.min_access_size = 1, .max_access_size = 8, .unaligned = true},
};

bool ena_is_asleep(const ENAState *s)
{
	const PCIDevice *pci = &s->parent_obj;

	return pci_get_word(pci->config + ENA_CAP_PM + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK;
}

static void ena_config_write(PCIDevice *pci, uint32_t addr, uint32_t value, int len)
{
	ENAState *s = ENA(pci);
	bool was_asleep = ena_is_asleep(s);

	pci_default_write_config(pci, addr, value, len);
	if (ena_is_asleep(s) && !was_asleep && ena_enter(s)) {
		ena_device_sleep(s->core);
		ena_leave(s);
		/* What was held for it is lost now, as what comes is. */
		ena_net_flush(s);
	} else if (was_asleep) {
		ena_host_kick(s);
	}
	pcie_cap_flr_write_config(pci, addr, value, len);
	pcie_aer_write_config(pci, addr, value, len);
	ena_sriov_update(s);
}

static bool init_msix(ENAState *s, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(s);
	unsigned int i;

	memory_region_init(&s->msix, OBJECT(s), "ena-msix", ENA_MSIX_BAR_SIZE);
	if (msix_init(pci, s->config.vectors, &s->msix, ENA_BAR_MSIX, 0, &s->msix, ENA_BAR_MSIX,
		      ENA_MSIX_PBA, ENA_CAP_MSIX, errp) < 0)
		return false;
	for (i = 0; i < s->config.vectors; i++)
		msix_vector_use(pci, i);
	return true;
}

/*
 * BAR2 is RAM, so that the driver's pushes do not trap; the core looks at it when a
 * doorbell in BAR0 tells it to.
 */
static bool init_llq(ENAState *s, Error **errp)
{
	size_t size = ena_config_llq_size(&s->config);

	if (!size)
		return true;
	if (!memory_region_init_ram(&s->llq, OBJECT(s), "ena-llq", size, errp))
		return false;
	ena_register_bar(PCI_DEVICE(s), ENA_BAR_LLQ,
			 PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_PREFETCH, &s->llq);
	return true;
}

/* The memory goes with the object; its name must not be in the way of the next adapter's. */
static void exit_llq(ENAState *s)
{
	if (ena_config_llq_size(&s->config))
		vmstate_unregister_ram(&s->llq, DEVICE(s));
}

static bool init_capabilities(ENAState *s, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(s);

	if (pci_pm_init(pci, ENA_CAP_PM, errp) < 0)
		return false;
	pci_set_word(pci->config + ENA_CAP_PM + PCI_PM_PMC, PCI_PM_CAP_VER_1_2);
	/* The state survives D3hot: a driver needs no reset when it comes back. */
	pci_set_word(pci->config + ENA_CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	pci_set_word(pci->wmask + ENA_CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);

	if (pcie_endpoint_cap_init(pci, ENA_CAP_PCIE) < 0) {
		error_setg(errp, "no room for the PCI Express capability");
		return false;
	}
	pcie_cap_flr_init(pci);
	/* Without it a guest cannot turn the reporting of errors on. */
	pcie_cap_deverr_init(pci);
	if (pcie_aer_init(pci, PCI_ERR_VER, ENA_CAP_AER, PCI_ERR_SIZEOF, errp) < 0)
		return false;
	if (s->pf || s->sriov_vfs)
		pcie_ari_init(pci, ENA_CAP_ARI);
	return true;
}

static void exit_capabilities(PCIDevice *pci)
{
	if (pci->exp.aer_cap)
		pcie_aer_exit(pci);
	if (pci->exp.exp_cap)
		pcie_cap_exit(pci);
}

static void init_identity(ENAState *s)
{
	PCIDevice *pci = PCI_DEVICE(s);
	DeviceState *dev = DEVICE(s);
	g_autofree char *path = qdev_get_dev_path(dev);

	s->name = g_strdup_printf("ena %s", dev->id ?: path);
	/* A virtual function's are in the capability of its physical function. */
	if (!s->pf)
		pci_config_set_device_id(pci->config, s->device_id);
	pci_config_set_revision(pci->config, s->config.readless ? 0 : ENA_PCI_REVISION_NO_READLESS);
}

static void ena_realize(PCIDevice *pci, Error **errp)
{
	ENAState *s = ENA(pci);

	if (pci_is_vf(pci))
		ena_sriov_configure_vf(s);
	else if (!ena_check_properties(s, errp))
		return;
	init_identity(s);
	pci->config_write = ena_config_write;

	memory_region_init_io(&s->registers, OBJECT(s), &ena_mmio_ops, s, "ena-registers",
			      ENA_DEVICE_BAR0_SIZE);
	ena_register_bar(pci, ENA_BAR_REGISTERS, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->registers);
	if (!init_llq(s, errp))
		goto free_name;
	if (!init_msix(s, errp))
		goto exit_llq;
	ena_register_bar(pci, ENA_BAR_MSIX, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->msix);
	if (!init_capabilities(s, errp) || !ena_host_init(s, errp))
		goto exit_pci;
	if (s->inject && !ena_inject(s, s->inject, errp))
		goto exit_host;
	ena_net_init(s);
	ena_migration_init(s);
	if (ena_sriov_init(s, errp))
		return;
	ena_migration_exit(s);
	ena_net_exit(s);

exit_host:
	ena_host_exit(s);
exit_pci:
	exit_capabilities(pci);
	msix_uninit(pci, &s->msix, &s->msix);
exit_llq:
	exit_llq(s);
free_name:
	g_clear_pointer(&s->name, g_free);
}

static void ena_exit(PCIDevice *pci)
{
	ENAState *s = ENA(pci);

	ena_sriov_exit(s);
	ena_migration_exit(s);
	ena_net_exit(s);
	ena_host_exit(s);
	exit_capabilities(pci);
	msix_unuse_all_vectors(pci);
	msix_uninit(pci, &s->msix, &s->msix);
	exit_llq(s);
	g_clear_pointer(&s->name, g_free);
}

/* Bus reset, machine reset and FLR. */
static void ena_reset_hold(Object *obj, ResetType type)
{
	pcie_cap_deverr_reset(PCI_DEVICE(obj));
	ena_host_reset(ENA(obj));
}

/* After the bus has cleared the command register (which FLR does later, so it leaves it off). */
static void ena_reset_exit(Object *obj, ResetType type)
{
	ENAState *s = ENA(obj);
	PCIDevice *pci = PCI_DEVICE(s);

	if (s->firmware_bus_master)
		pci_default_write_config(
			pci, PCI_COMMAND,
			pci_get_word(pci->config + PCI_COMMAND) | PCI_COMMAND_MASTER, 2);
	ena_sriov_update(s);
}

static void ena_class_init(ObjectClass *oc, ena_class_data *data)
{
	DeviceClass *dc = DEVICE_CLASS(oc);
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
	ResettableClass *rc = RESETTABLE_CLASS(oc);

	pc->realize = ena_realize;
	pc->exit = ena_exit;
	pc->vendor_id = ENA_PCI_VENDOR;
	pc->device_id = ENA_PCI_PF;
	pc->class_id = PCI_CLASS_NETWORK_ETHERNET;
	pc->subsystem_vendor_id = ENA_PCI_VENDOR;
	pc->subsystem_id = ENA_PCI_SUBSYSTEM;

	rc->phases.hold = ena_reset_hold;
	rc->phases.exit = ena_reset_exit;

	dc->desc = "Elastic Network Adapter (ENA)";
	dc->vmsd = &ena_vmstate;
	set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
	ena_class_init_properties(dc);
	ena_class_init_qom(oc);
	ena_class_init_faults(oc);
	ena_class_init_events(oc);
	ena_class_init_observe(oc);
	ena_class_init_vectors(oc);
	ena_class_init_fabric(oc);
}

static void ena_instance_init(Object *obj)
{
	ENAState *s = ENA(obj);

	ena_config_default(&s->config);
	s->given = 0;
	device_add_bootindex_property(obj, &s->conf.bootindex, "bootindex", "/ethernet-phy@0",
				      DEVICE(obj));
}

static void ena_instance_finalize(Object *obj)
{
	g_free(ENA(obj)->inject);
}

static const TypeInfo ena_info = {
	.name = TYPE_ENA,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(ENAState),
	.instance_init = ena_instance_init,
	.instance_finalize = ena_instance_finalize,
	.class_init = ena_class_init,
	.interfaces = (ena_interface_info[]){{INTERFACE_PCIE_DEVICE}, {}},
};

void ena_register_types(void)
{
	type_register_static(&ena_info);
	ena_sriov_register_type();
}
