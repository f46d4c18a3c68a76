// SPDX-License-Identifier: GPL-2.0-or-later
/* The properties of "ena" that a user sets: names, defaults, help, checks. */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "ena_sriov.h"

#define ENA_CONFIG_UINT16(name, field) DEFINE_PROP_UINT16(name, ENAState, config.field, 0)
#define ENA_CONFIG_UINT32(name, field) DEFINE_PROP_UINT32(name, ENAState, config.field, 0)
#define ENA_ALLOWANCE(name, field) DEFINE_PROP_UINT32(name, ENAState, allowance.field, 0)

/* The core's defaults replace the zeros at class_init. */
static Property ena_properties[] = {
	DEFINE_NIC_PROPERTIES(ENAState, conf),
	DEFINE_PROP_UINT16("device-id", ENAState, device_id, ENA_PCI_PF),
	DEFINE_PROP_BOOL("firmware-bus-master", ENAState, firmware_bus_master, false),
	DEFINE_PROP_BOOL("trace", ENAState, trace, false),
	ENA_CONFIG_UINT16("queues", queues),
	ENA_CONFIG_UINT16("tx-depth", tx_depth),
	ENA_CONFIG_UINT16("rx-depth", rx_depth),
	ENA_CONFIG_UINT32("max-mtu", max_mtu),
	ENA_CONFIG_UINT32("speed", speed_mbps),
	ENA_CONFIG_UINT32("features", features),
	ENA_CONFIG_UINT32("tx-offloads", tx_offloads),
	ENA_CONFIG_UINT32("rx-offloads", rx_offloads),
	ENA_CONFIG_UINT32("keep-alive-ms", keep_alive_ms),
	ENA_CONFIG_UINT16("moderation-us", moderation_resolution_us),
	DEFINE_PROP_BOOL("readless", ENAState, config.readless, true),
	DEFINE_PROP_BOOL("strict", ENAState, config.strict, false),
	DEFINE_PROP_UINT64("fault-seed", ENAState, config.fault_seed, 0),
	DEFINE_PROP_STRING("instance-type", ENAState, instance_type),
	DEFINE_PROP_STRING("instance", ENAState, instance),
	DEFINE_PROP_BOOL("cluster-placement", ENAState, cluster_placement, false),
	ENA_ALLOWANCE("burst-ms", burst_ms),
	ENA_ALLOWANCE("flow-mbps", flow_mbps),
	ENA_ALLOWANCE("pps-allowance", pps),
	ENA_ALLOWANCE("conntrack-allowance", connections),
	ENA_ALLOWANCE("link-local-pps", link_local_pps),
	ENA_ALLOWANCE("allowance-wait-ms", wait_ms),
	ENA_ALLOWANCE("time-scale", time_scale),
	DEFINE_PROP_BOOL("ena-express", ENAState, config.ena_express, false),
	DEFINE_PROP_BOOL("ena-express-udp", ENAState, config.ena_express_udp, false),
	DEFINE_PROP_BOOL("llq", ENAState, config.llq, true),
	DEFINE_PROP_BOOL("llq-meta-caching", ENAState, config.llq_meta_caching, true),
	ENA_CONFIG_UINT32("llq-entry-sizes", llq_entry_sizes),
	ENA_CONFIG_UINT16("llq-entry-recommended", llq_entry_recommended),
	ENA_CONFIG_UINT32("llq-descs-before-header", llq_descs_before_header),
	ENA_CONFIG_UINT32("llq-strides", llq_strides),
	ENA_CONFIG_UINT16("llq-wide-depth", llq_wide_depth),
	ENA_CONFIG_UINT16("llq-max-burst", llq_max_burst),
	ENA_CONFIG_UINT32("phc-rate", phc_rate),
	ENA_CONFIG_UINT32("phc-error-bound-ns", phc_error_bound_ns),
	ENA_CONFIG_UINT32("phc-expire-us", phc_expire_us),
	ENA_CONFIG_UINT32("phc-block-us", phc_block_us),
	ENA_CONFIG_UINT16("flow-rules", flow_rules),
	ENA_CONFIG_UINT32("fragment-pps", fragment_pps),
	DEFINE_PROP_UINT16("sriov-vfs", ENAState, sriov_vfs, 0),
	DEFINE_PROP_UINT16("sriov-vf-queues", ENAState, sriov_vf_queues, 0),
	DEFINE_PROP_STRING("switch-mode", ENAState, switch_mode),
};

static const struct {
	const char *name, *text;
} ena_help[] = {
	{"device-id", "PCI device id: 0x0ec2, 0x1ec2 (PF), 0xec20, 0xec21 (VF, for drivers that "
		      "know no PF: DPDK, iPXE) or 0x0051"},
	{"firmware-bus-master", "bus mastering on after reset, as EC2's firmware leaves it; for "
				"drivers that never set it (FreeBSD)"},
	{"trace", "print what the adapter does and refuses on stderr"},
	{"queues", "TX/RX queue pairs offered, 1 to 32; the MSI-X vectors are one more"},
	{"tx-depth", "largest TX ring, a power of two, 256 to 1024"},
	{"rx-depth", "largest RX ring, a power of two, 256 to 8192"},
	{"max-mtu", "largest MTU, 128 to 9216"},
	{"speed", "link speed reported, in Mb/s; 0: the link feature is not offered"},
	{"features", "mask of the feature ids offered"},
	{"tx-offloads", "mask of the TX offloads offered"},
	{"rx-offloads", "mask of the RX offloads offered"},
	{"keep-alive-ms", "period of the keep-alive event in guest time; 0: none"},
	{"moderation-us", "unit of the interrupt moderation delays"},
	{"readless", "registers are read by DMA; off: PCI revision bit 0 asks the driver for "
		     "plain reads"},
	{"strict", "insist on all that real adapters insist on"},
	{"fault-seed", "seed of the dice that faults throw"},
	{"instance-type", "EC2 instance type such as c5n.18xlarge: sets queues, MTU, speed and "
			  "what may be sent and received; default: nothing is limited"},
	{"instance", "name of the instance; adapters with the same one share its allowances"},
	{"cluster-placement", "in a cluster placement group: one flow may have 10 Gbit/s, not 5"},
	{"burst-ms", "how long full credits last at the peak bandwidth; 300000 is assumed"},
	{"flow-mbps", "bandwidth of one flow in each direction; 0: no limit"},
	{"pps-allowance", "packets a second of the instance, both directions; 0: no limit; by "
			  "default 100 for each Mbit/s of the peak, which is assumed"},
	{"conntrack-allowance", "connections tracked; 0: none is tracked; 65536 is assumed"},
	{"link-local-pps", "packets a second of the adapter to link-local services; 0: no limit"},
	{"allowance-wait-ms", "how long a packet beyond the allowance waits before it is dropped; "
			      "50 is assumed"},
	{"time-scale", "how many times slower than the guest's clock the allowances run, for "
		       "guests too slow for real ones"},
	{"ena-express", "report ENA Express as on (the SRD protocol is not implemented)"},
	{"ena-express-udp", "the same for UDP"},
	{"llq",
	 "transmit queues in the adapter's memory (feature 4, BAR2); off: in host memory only"},
	{"llq-meta-caching",
	 "a packet may leave out its meta descriptor; off: every one has it, as "
	 "newer adapters ask"},
	{"llq-entry-sizes", "mask of the entry sizes offered: 1 (128 bytes), 4 (256 bytes, with "
			    "tx-depth 512 and more)"},
	{"llq-entry-recommended", "entry size recommended to drivers that ask, 128 or 256"},
	{"llq-descs-before-header",
	 "mask of the numbers of descriptors before the header: 1, 2, 4, 8"},
	{"llq-strides", "mask of the strides offered: 1 (single), 2 (multiple)"},
	{"llq-wide-depth", "largest ring of 256-byte entries, a power of two, 256 to tx-depth; 0: "
			   "half of tx-depth"},
	{"llq-max-burst",
	 "most bytes of entries of one doorbell, at least the largest packet; 0: no "
	 "limit"},
	{"phc-rate", "clock requests answered with the time in a second; 0: no limit"},
	{"phc-error-bound-ns", "error bound told with the time; 4294967295: unknown, every answer "
			       "is an error"},
	{"phc-expire-us", "how long the driver is told to wait for the time; 0: its own default"},
	{"fragment-pps", "IP fragments sent in a second, those beyond are dropped; 0: no limit"},
	{"sriov-vfs", "virtual functions that the driver can enable, up to 64"},
	{"sriov-vf-queues", "TX/RX queue pairs of each, up to 32; 0: as many as queues"},
	{"switch-mode",
	 "who carries frames between functions: veb (the adapter's switch, the default) "
	 "or vepa (the switch at the other end of the wire, which must send them "
	 "back)"},
	{"flow-rules", "size of the flow steering table, up to 64; 0: the feature is not offered"},
	{"phc-block-us", "how long the driver is told to ask nothing after a failure; 0: its own "
			 "default"},
};

/* The allowances that are the same for all types. */
static const struct ena_allowance_config *default_allowance(void)
{
	static struct ena_allowance_config config;

	ena_allowance_default(&config, &(struct ena_instance_type){.name = ""});
	return &config;
}

/* The core's default of a property that sets a member of @config, which lies at @at. */
static void set_config_default(Property *prop, const void *config, size_t at, size_t size)
{
	const char *member = (const char *)config + (prop->offset - at);

	if (prop->offset < at || prop->offset >= at + size)
		return;
	if (prop->info == &qdev_prop_uint16)
		prop->defval.u = *(const uint16_t *)member;
	else if (prop->info == &qdev_prop_uint32)
		prop->defval.u = *(const uint32_t *)member;
	else if (prop->info == &qdev_prop_uint64)
		prop->defval.u = *(const uint64_t *)member;
	else if (prop->info == &qdev_prop_bool)
		prop->defval.u = *(const bool *)member;
}

/* The properties' own accessors, and ours that notes who has been set. */
static const PropertyInfo *plain_info[ARRAY_SIZE(ena_properties)];
static PropertyInfo noting_info[ARRAY_SIZE(ena_properties)];
QEMU_BUILD_BUG_ON(ARRAY_SIZE(ena_properties) > 64);

static void set_and_note(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	unsigned int i = (Property *)opaque - ena_properties;

	plain_info[i]->set(obj, v, name, opaque, errp);
	ENA(obj)->given |= UINT64_C(1) << i;
}

static void note_when_set(unsigned int i)
{
	plain_info[i] = ena_properties[i].info;
	noting_info[i] = *plain_info[i];
	noting_info[i].set = set_and_note;
	ena_properties[i].info = &noting_info[i];
}

bool ena_property_given(const ENAState *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ena_properties); i++)
		if (!strcmp(ena_properties[i].name, name))
			return s->given >> i & 1;
	g_assert_not_reached();
}

void ena_class_init_properties(DeviceClass *dc)
{
	struct ena_config config;
	unsigned int i;

	ena_config_default(&config);
	for (i = 0; i < ARRAY_SIZE(ena_properties); i++) {
		set_config_default(&ena_properties[i], &config, offsetof(ENAState, config),
				   sizeof(config));
		set_config_default(&ena_properties[i], default_allowance(),
				   offsetof(ENAState, allowance),
				   sizeof(struct ena_allowance_config));
		note_when_set(i);
	}
	device_class_set_props_n(dc, ena_properties, ARRAY_SIZE(ena_properties));
	for (i = 0; i < ARRAY_SIZE(ena_help); i++)
		object_class_property_set_description(OBJECT_CLASS(dc), ena_help[i].name,
						      ena_help[i].text);
}

static bool check_device_id(const ENAState *s, Error **errp)
{
	static const uint16_t ids[] = {ENA_PCI_PF, ENA_PCI_LLQ_PF, ENA_PCI_VF, ENA_PCI_LLQ_VF,
				       ENA_PCI_RESERVED};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		if (s->device_id == ids[i])
			return true;
	error_setg(errp,
		   "device-id=0x%04x is no ENA adapter (0x0ec2, 0x1ec2, 0xec20, 0xec21, 0x0051)",
		   s->device_id);
	return false;
}

bool ena_check_properties(ENAState *s, Error **errp)
{
	char why[256];

	if (!check_device_id(s, errp) || !ena_instance_check(s, errp))
		return false;
	qemu_macaddr_default_if_unset(&s->conf.macaddr);
	memcpy(s->config.mac, s->conf.macaddr.a, sizeof(s->config.mac));
	s->config.vectors = s->config.queues + 1;
	if (ena_config_check(&s->config, why, sizeof(why)))
		return ena_sriov_check(s, errp);
	error_setg(errp, "%s", why);
	return false;
}
