// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the driver of a physical function has set for its virtual functions, carried out: by
 * the switch, and by the cores of these functions.
 */
#include "qemu/osdep.h"
#include "ena_sriov.h"
#include "ena_vf.h"

static struct ena_vf_settings *settings_of(const ENAState *vf)
{
	return &vf->pf->fabric->settings[vf->port - ENA_SWITCH_FIRST_VF];
}

void ena_fabric_set_port(ENAFabric *fabric, unsigned int port, bool on)
{
	const ENAState *s = fabric->function[port];
	struct ena_switch_port to = {.on = on};

	memcpy(to.mac, s->config.mac, sizeof(to.mac));
	if (port != ENA_SWITCH_PF) {
		const struct ena_vf_settings *settings = settings_of(s);

		to.check_source = settings->spoof_check;
		to.floods = settings->trusted;
		to.vlan = settings->vlan;
		to.priority = settings->priority;
		memcpy(to.mac, settings->mac, sizeof(to.mac));
	}
	ena_switch_set_port(fabric->sw, port, &to);
	fabric->on[port] = on;
}

bool ena_vf_link_up(const ENAState *vf, bool wire_up)
{
	uint8_t link = settings_of(vf)->link;

	return link == ENA_VF_LINK_ENABLED || (link == ENA_VF_LINK_AUTO && wire_up);
}

void ena_vf_apply_settings(ENAState *vf)
{
	const struct ena_vf_settings *settings = settings_of(vf);

	ena_device_set_mac(vf->core, settings->mac);
	ena_device_set_tx_rate(vf->core, settings->max_tx_mbps);
}

/*
 * At once, so that a driver that starts now finds its new address. The link is left to the
 * function's bottom half: it makes an event and an interrupt, and the core of the physical
 * function is at work.
 */
static void vf_changed(void *host, unsigned int number, const struct ena_vf_settings *settings)
{
	ENAState *pf = host;
	unsigned int port = ENA_SWITCH_FIRST_VF + number;
	ENAState *vf = pf->fabric->function[port];
	bool link_differs = pf->fabric->settings[number].link != settings->link;

	pf->fabric->settings[number] = *settings;
	ena_fabric_set_port(pf->fabric, port, pf->fabric->on[port]);
	if (ena_enter(vf)) {
		ena_vf_apply_settings(vf);
		ena_leave(vf);
	} else {
		vf->settings_changed = true;
	}
	vf->link_changed |= link_differs;
	ena_host_kick(vf);
}

static void vf_count(void *host, unsigned int number, struct ena_vf_counters *counters)
{
	const ENAFabric *fabric = ((ENAState *)host)->fabric;
	unsigned int port = ENA_SWITCH_FIRST_VF + number;
	struct ena_switch_counters at_switch;
	struct ena_device_stats stats;

	ena_switch_get_counters(fabric->sw, port, &at_switch);
	ena_device_get_stats(fabric->function[port]->core, &stats);
	*counters = (struct ena_vf_counters){
		.rx_packets = stats.rx_packets,
		.rx_bytes = stats.rx_bytes,
		.rx_drops = stats.rx_drops + fabric->lost[port],
		.rx_broadcast = at_switch.broadcast,
		.rx_multicast = at_switch.multicast,
		.tx_packets = stats.tx_packets,
		.tx_bytes = stats.tx_bytes,
		.tx_drops = stats.tx_drops,
		.tx_spoofed = at_switch.spoofed,
		.tx_tagged = at_switch.tagged,
	};
}

static void vf_switched(void *host, uint8_t mode)
{
	ENAState *pf = host;

	ena_switch_set_mode(pf->fabric->sw,
			    mode == ENA_VF_SWITCH_VEPA ? ENA_SWITCH_VEPA : ENA_SWITCH_VEB);
}

static const struct ena_vf_ops vf_ops = {
	.changed = vf_changed,
	.count = vf_count,
	.switched = vf_switched,
};

void ena_vfs_init(ENAState *pf)
{
	uint8_t macs[ENA_SWITCH_MAX_VFS][6];
	unsigned int i;

	for (i = 0; i < pf->sriov_vfs; i++)
		memcpy(macs[i], pf->fabric->function[ENA_SWITCH_FIRST_VF + i]->config.mac, 6);
	ena_device_manage_vfs(pf->core, &vf_ops, pf, pf->sriov_vfs, (const uint8_t(*)[6])macs);
	ena_device_set_switch_mode(pf->core,
				   ena_sriov_is_vepa(pf) ? ENA_VF_SWITCH_VEPA : ENA_VF_SWITCH_VEB);
}

void ena_vfs_enabled(ENAState *pf, unsigned int enabled)
{
	pf->vfs_changed = !ena_enter(pf);
	if (pf->vfs_changed) {
		ena_host_kick(pf);
		return;
	}
	ena_device_enable_vfs(pf->core, enabled);
	ena_leave(pf);
}
