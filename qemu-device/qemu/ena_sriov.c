// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SR-IOV: the capability of the physical function, the type "ena-vf", and which of its
 * functions are enabled.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "migration/blocker.h"
#include "ena_sriov.h"

enum {
	/*
	 * Up to 10.0, QEMU's reset of the capability also clears the four bytes after it,
	 * which must belong to nobody.
	 */
	ENA_CAP_SRIOV = 0x160,
	/* Added to the adapter's own number, which below a port is 0: room for 64 on that bus. */
	ENA_VF_OFFSET = 0x80,
	ENA_VF_STRIDE = 1,
};

/* Made of the physical function's, so that adapters that differ have functions that differ. */
static void make_mac(uint8_t *mac, const uint8_t *pf, unsigned int index)
{
	memcpy(mac, pf, 6);
	mac[0] = 0x0a;
	mac[1] = index + 1;
}

/* What a virtual function has, but for its address. */
static struct ena_config vf_config(const ENAState *pf)
{
	struct ena_config config = pf->config;

	if (pf->sriov_vf_queues)
		config.queues = pf->sriov_vf_queues;
	config.vectors = config.queues + 1;
	return config;
}

bool ena_sriov_is_vepa(const ENAState *pf)
{
	return pf->switch_mode && !strcmp(pf->switch_mode, "vepa");
}

static bool check_switch_mode(const ENAState *pf, Error **errp)
{
	if (!pf->switch_mode)
		return true;
	if (!ena_sriov_is_vepa(pf) && strcmp(pf->switch_mode, "veb") != 0) {
		error_setg(errp, "switch-mode=%s: must be veb or vepa", pf->switch_mode);
		return false;
	}
	if (pf->sriov_vfs)
		return true;
	error_setg(errp, "switch-mode=%s: there is a switch with sriov-vfs only", pf->switch_mode);
	return false;
}

bool ena_sriov_check(const ENAState *pf, Error **errp)
{
	struct ena_config vf = vf_config(pf);
	char why[256];

	if (!check_switch_mode(pf, errp))
		return false;
	if (pf->sriov_vfs > ENA_SWITCH_MAX_VFS) {
		error_setg(errp, "sriov-vfs=%u is too many: an adapter has up to %d", pf->sriov_vfs,
			   ENA_SWITCH_MAX_VFS);
		return false;
	}
	if (pf->sriov_vfs && !pci_bus_is_express(pci_get_bus(PCI_DEVICE(pf)))) {
		error_setg(errp,
			   "sriov-vfs=%u needs a PCI Express bus: use -machine q35 and a "
			   "pcie-root-port",
			   pf->sriov_vfs);
		return false;
	}
	if (ena_config_check(&vf, why, sizeof(why)) &&
	    (!pf->type || ena_config_check_instance_type(&vf, pf->type, why, sizeof(why))))
		return true;
	error_setg(errp, "sriov-vf-queues=%u: %s", pf->sriov_vf_queues, why);
	return false;
}

void ena_sriov_configure_vf(ENAState *vf)
{
	PCIDevice *pci = PCI_DEVICE(vf);
	unsigned int index = pcie_sriov_vf_number(pci);
	ENAState *pf = ENA(pcie_sriov_get_pf(pci));

	vf->pf = pf;
	vf->port = ENA_SWITCH_FIRST_VF + index;
	pf->fabric->function[vf->port] = vf;
	vf->trace = pf->trace;
	vf->config = vf_config(pf);
	make_mac(vf->conf.macaddr.a, pf->config.mac, index);
	memcpy(vf->config.mac, vf->conf.macaddr.a, sizeof(vf->config.mac));
	/* The limits of an instance are those of all its functions together. */
	vf->type = pf->type;
	vf->allowance = pf->allowance;
	vf->instance = g_strdup(pf->instance);
}

static bool init_capability(ENAState *pf, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(pf);
	const struct ena_config vf = vf_config(pf);
	size_t llq = ena_config_llq_size(&vf);

	/* 10.0.2 makes the functions, which look at it, before it is told. */
	pci->exp.sriov_pf.vf_bar_type[ENA_BAR_LLQ] = PCI_BASE_ADDRESS_MEM_PREFETCH;
	if (!pcie_sriov_pf_init(pci, ENA_CAP_SRIOV, TYPE_ENA_VF, ENA_PCI_VF, pf->sriov_vfs,
				pf->sriov_vfs, ENA_VF_OFFSET, ENA_VF_STRIDE, errp))
		return false;
	pcie_sriov_pf_init_vf_bar(pci, ENA_BAR_REGISTERS, 0, ENA_DEVICE_BAR0_SIZE);
	pcie_sriov_pf_init_vf_bar(pci, ENA_BAR_MSIX, 0, ENA_MSIX_BAR_SIZE);
	if (llq)
		pcie_sriov_pf_init_vf_bar(pci, ENA_BAR_LLQ, PCI_BASE_ADDRESS_MEM_PREFETCH, llq);
	return true;
}

static void free_fabric(ENAState *pf)
{
	ena_switch_free(pf->fabric->sw);
	g_clear_pointer(&pf->fabric, g_free);
}

bool ena_sriov_init(ENAState *pf, Error **errp)
{
	if (pf->pf || !pf->sriov_vfs)
		return true;
	pf->port = ENA_SWITCH_PF;
	pf->fabric = g_new0(ENAFabric, 1);
	pf->fabric->sw = ena_switch_new();
	if (!pf->fabric->sw) {
		error_setg(errp, "no memory for the switch");
	} else if (init_capability(pf, errp)) {
		pf->fabric->function[ENA_SWITCH_PF] = pf;
		ena_fabric_set_port(pf->fabric, ENA_SWITCH_PF, true);
		ena_vfs_init(pf);
		return true;
	}
	free_fabric(pf);
	return false;
}

void ena_sriov_exit(ENAState *pf)
{
	if (!pf->fabric)
		return;
	pcie_sriov_pf_exit(PCI_DEVICE(pf));
	free_fabric(pf);
	migrate_del_blocker(&pf->migration_blocker);
}

bool ena_sriov_enabled(const ENAState *s)
{
	return s->fabric && pcie_sriov_num_vfs(PCI_DEVICE(s));
}

/* Refused while a migration is under way; then ena_pre_save() ends that. */
static void block_migration(ENAState *pf, bool block)
{
	if (block && !pf->migration_blocker) {
		error_setg(&pf->migration_blocker,
			   "%s has virtual functions enabled, which cannot be migrated", pf->name);
		migrate_add_blocker(&pf->migration_blocker, NULL);
	} else if (!block && pf->migration_blocker) {
		migrate_del_blocker(&pf->migration_blocker);
	}
}

void ena_sriov_update(ENAState *pf)
{
	unsigned int i, enabled;

	if (!pf->fabric)
		return;
	enabled = pcie_sriov_num_vfs(PCI_DEVICE(pf));
	for (i = 0; i < pf->sriov_vfs; i++) {
		unsigned int port = ENA_SWITCH_FIRST_VF + i;

		if (pf->fabric->on[port] != (i < enabled))
			ena_fabric_set_port(pf->fabric, port, i < enabled);
	}
	ena_vfs_enabled(pf, enabled);
	block_migration(pf, enabled);
}

static void vf_class_init(ObjectClass *oc, ena_class_data *data)
{
	DeviceClass *dc = DEVICE_CLASS(oc);

	PCI_DEVICE_CLASS(oc)->device_id = ENA_PCI_VF;
	dc->desc = "Elastic Network Adapter (ENA), virtual function";
	/* Nothing of it is saved: it is in the state of after a reset whenever that is done. */
	dc->vmsd = NULL;
	dc->user_creatable = false;
	dc->hotpluggable = false;
}

static const TypeInfo vf_info = {
	.name = TYPE_ENA_VF,
	.parent = TYPE_ENA,
	.class_init = vf_class_init,
};

void ena_sriov_register_type(void)
{
	type_register_static(&vf_info);
}
