// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What qom-get and qom-set reach while the machine runs: the statistics, and the
 * timeouts hinted to the driver.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-builtin-visit.h"
#include "qapi/visitor.h"
#include "ena.h"

static void get_statistics(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	ENAState *s = ENA(obj);
	struct ena_device_stats stats = {};
	uint64_t reason;
	unsigned int i;

	if (s->core)
		ena_device_get_stats(s->core, &stats);
	reason = stats.last_reset_reason;

	struct {
		const char *name;
		uint64_t *value;
	} members[] = {
		{"tx-packets", &stats.tx_packets},
		{"tx-bytes", &stats.tx_bytes},
		{"tx-drops", &stats.tx_drops},
		{"rx-packets", &stats.rx_packets},
		{"rx-bytes", &stats.rx_bytes},
		{"rx-drops", &stats.rx_drops},
		{"rx-overruns", &stats.rx_overruns},
		{"resets", &stats.resets},
		{"last-reset-reason", &reason},
		{"tx-llq-packets", &stats.tx_llq_packets},
		{"tx-llq-header-bytes", &stats.tx_llq_header_bytes},
	};

	if (!visit_start_struct(v, name, NULL, 0, errp))
		return;
	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (!visit_type_uint64(v, members[i].name, members[i].value, errp))
			break;
	if (i == ARRAY_SIZE(members))
		visit_check_struct(v, errp);
	visit_end_struct(v, NULL);
}

/* The hints; each is a uint16_t of struct ena_config. */
static const struct {
	const char *name, *text;
	size_t offset;
} hints[] = {
	{"hint-watchdog-ms", "keep-alive", offsetof(struct ena_config, hint_watchdog_ms)},
	{"hint-admin-ms", "admin command", offsetof(struct ena_config, hint_admin_ms)},
	{"hint-tx-completion-ms", "TX completion",
	 offsetof(struct ena_config, hint_tx_completion_ms)},
	{"hint-mmio-read-ms", "register read", offsetof(struct ena_config, hint_mmio_read_ms)},
};

static uint16_t *hint_of(ENAState *s, const void *offset)
{
	return (uint16_t *)((char *)&s->config + *(const size_t *)offset);
}

static void get_hint(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	visit_type_uint16(v, name, hint_of(ENA(obj), opaque), errp);
}

static void set_hint(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	ENAState *s = ENA(obj);

	if (!visit_type_uint16(v, name, hint_of(s, opaque), errp) || !s->core)
		return;
	s->hints_changed = true;
	ena_host_kick(s);
}

static void add_hint(ObjectClass *oc, const char *name, const char *what, const size_t *offset)
{
	g_autofree char *text = g_strdup_printf(
		"%s timeout hinted to the driver; 0: its own. Can change at run time", what);
	ObjectProperty *property;
	struct ena_config config;

	ena_config_default(&config);
	property = object_class_property_add(oc, name, "uint16", get_hint, set_hint, NULL,
					     (void *)offset);
	object_property_set_default_uint(property, *(uint16_t *)((char *)&config + *offset));
	object_class_property_set_description(oc, name, text);
}

void ena_class_init_qom(ObjectClass *oc)
{
	unsigned int i;

	object_class_property_add(oc, "statistics", "struct", get_statistics, NULL, NULL, NULL);
	object_class_property_set_description(oc, "statistics", "totals since power-on");
	for (i = 0; i < ARRAY_SIZE(hints); i++)
		add_hint(oc, hints[i].name, hints[i].text, &hints[i].offset);
}
