// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The adapter's state over qom-get: each property is a struct or a list, made from
 * what the core tells when it is asked.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-builtin-visit.h"
#include "qapi/visitor.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qnum.h"
#include "ena.h"
#include "ena_admin.h"

static void put_uint(QDict *to, const char *name, uint64_t value)
{
	qdict_put(to, name, qnum_from_uint(value));
}

/* The names of the bits that are set; a bit without a name is its number. */
static QList *name_bits(uint32_t bits, const char *(*name)(unsigned int bit))
{
	QList *list = qlist_new();

	for (; bits; bits &= bits - 1) {
		const char *known = name(ctz32(bits));
		g_autofree char *number = g_strdup_printf("bit-%d", ctz32(bits));

		qlist_append_str(list, known ?: number);
	}
	return list;
}

static char *hex(const uint8_t *bytes, size_t size)
{
	GString *text = g_string_sized_new(2 * size);
	size_t i;

	for (i = 0; i < size; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

static QObject *get_history(struct ena_device *core)
{
	const struct ena_history_entry *entry;
	QList *list = qlist_new();
	unsigned int i, field;

	for (i = 0; (entry = ena_device_history(core, i)); i++) {
		QDict *item = qdict_new();

		qdict_put_str(item, "kind", ena_history_kind_name(entry->kind));
		qdict_put_str(item, "text", entry->text);
		put_uint(item, "count", entry->count);
		put_uint(item, "first-ns", entry->first_ns);
		put_uint(item, "last-ns", entry->last_ns);
		for (field = 0; field < ENA_HISTORY_FIELDS; field++)
			if (entry->fields & BIT(field))
				put_uint(item, ena_history_field_name(field), entry->values[field]);
		if (entry->reason)
			qdict_put_str(item, "reason", entry->reason);
		qlist_append(list, item);
	}
	return QOBJECT(list);
}

/* The sentences alone of what the guest was refused. */
static QObject *get_refusals(struct ena_device *core)
{
	const struct ena_history_entry *entry;
	QList *list = qlist_new();
	unsigned int i;

	for (i = 0; (entry = ena_device_history(core, i)); i++)
		if (entry->kind == ENA_HISTORY_ACCESS_REFUSED ||
		    entry->kind == ENA_HISTORY_COMMAND_REFUSED ||
		    entry->kind == ENA_HISTORY_DMA_FAILED ||
		    entry->kind == ENA_HISTORY_QUEUE_STOPPED)
			qlist_append_str(list, entry->text);
	return QOBJECT(list);
}

static QObject *get_drops(struct ena_device *core)
{
	const struct ena_drop_count *count;
	QList *list = qlist_new();
	unsigned int i;

	for (i = 0; (count = ena_device_drops(core, i)); i++) {
		QDict *item = qdict_new();

		qdict_put_str(item, "direction", count->tx ? "tx" : "rx");
		qdict_put_str(item, "reason", count->reason);
		put_uint(item, "packets", count->packets);
		qlist_append(list, item);
	}
	return QOBJECT(list);
}

static QDict *describe_reset(const struct ena_reset_info *info)
{
	QDict *item = qdict_new();

	put_uint(item, "time-ns", info->time_ns);
	put_uint(item, "control", info->control);
	put_uint(item, "reason", info->reason);
	qdict_put_str(item, "name", info->name);
	put_uint(item, "live-queues", info->queues);
	if (info->likely_reason != info->reason) {
		put_uint(item, "likely-reason", info->likely_reason);
		qdict_put_str(item, "likely-name", ena_reset_reason_name(info->likely_reason));
	}
	if (info->remark)
		qdict_put_str(item, "remark", info->remark);
	return item;
}

static QObject *get_resets(struct ena_device *core)
{
	QDict *result = qdict_new();
	QList *counts = qlist_new();
	struct ena_resets resets;
	unsigned int i;

	ena_device_get_resets(core, &resets);
	put_uint(result, "count", resets.count);
	for (i = 0; i < ENA_RESET_REASONS_COUNTED; i++) {
		QDict *item;

		if (!resets.by_reason[i])
			continue;
		item = qdict_new();
		put_uint(item, "reason", i);
		qdict_put_str(item, "name", ena_reset_reason_name(i));
		put_uint(item, "count", resets.by_reason[i]);
		qlist_append(counts, item);
	}
	qdict_put(result, "by-reason", counts);
	if (resets.count)
		qdict_put(result, "last", describe_reset(&resets.last));
	if (resets.last_failure.name)
		qdict_put(result, "last-failure", describe_reset(&resets.last_failure));
	return QOBJECT(result);
}

static QDict *describe_queue(const struct ena_queue_info *q)
{
	QDict *item = qdict_new();

	put_uint(item, "queue", q->index);
	put_uint(item, "cq-address", q->cq_address);
	put_uint(item, "cq-depth", q->cq_depth);
	put_uint(item, "cq-entry-size", q->cq_entry_size);
	put_uint(item, "cq-tail", q->cq_tail);
	put_uint(item, "cq-phase", q->cq_phase);
	if (q->vector >= 0) {
		qdict_put_int(item, "vector", q->vector);
		qdict_put_bool(item, "armed", q->armed);
		qdict_put_bool(item, "pending", q->pending);
	}
	if (!q->has_sq)
		return item;
	qdict_put_str(item, "direction", q->tx ? "tx" : "rx");
	qdict_put_str(item, "placement", q->on_device ? "device" : "host");
	put_uint(item, "address", q->sq_address);
	put_uint(item, "depth", q->sq_depth);
	put_uint(item, "entry-size", q->sq_entry_size);
	put_uint(item, "head", q->head);
	put_uint(item, "tail", q->tail);
	put_uint(item, "phase", q->sq_phase);
	qdict_put_bool(item, "stopped", q->stopped);
	if (q->stopped)
		qdict_put_str(item, "why-stopped", q->stopped);
	if (!q->tx) {
		put_uint(item, "buffers", q->buffers);
		qdict_put_bool(item, "starving", q->starving);
	}
	put_uint(item, "packets", q->packets);
	put_uint(item, "bytes", q->bytes);
	put_uint(item, "drops", q->drops);
	return item;
}

static QObject *get_queues(struct ena_device *core)
{
	QList *list = qlist_new();
	struct ena_queue_info info;
	unsigned int i;

	for (i = 0; i < 2 * ENA_DEVICE_MAX_QUEUES; i++)
		if (ena_device_queue_info(core, i, &info))
			qlist_append(list, describe_queue(&info));
	return QOBJECT(list);
}

static QDict *describe_ring(const struct ena_ring_info *ring)
{
	QDict *item = qdict_new();

	qdict_put_bool(item, "active", ring->active);
	put_uint(item, "address", ring->address);
	put_uint(item, "depth", ring->depth);
	return item;
}

static const char *group_name(unsigned int group)
{
	static const char *const names[ENA_AENQ_GROUPS] = {
		[ENA_AENQ_LINK_CHANGE] = "link-change",
		[ENA_AENQ_FATAL_ERROR] = "fatal-error",
		[ENA_AENQ_WARNING] = "warning",
		[ENA_AENQ_NOTIFICATION] = "notification",
		[ENA_AENQ_KEEP_ALIVE] = "keep-alive",
		[ENA_AENQ_REFRESH_CAPABILITIES] = "refresh-capabilities",
		[ENA_AENQ_CONF_NOTIFICATIONS] = "conf-notifications",
		[ENA_AENQ_DEVICE_REQUEST_RESET] = "device-request-reset",
	};

	return group < ARRAY_SIZE(names) ? names[group] : NULL;
}

static QObject *get_control(struct ena_device *core)
{
	QDict *result = qdict_new(), *aq, *acq, *aenq, *posted = qdict_new();
	struct ena_control_info info;
	unsigned int i;

	ena_device_control_info(core, &info);
	put_uint(result, "dev-sts", info.status);
	put_uint(result, "readless-address", info.readless_address);
	qdict_put_bool(result, "management-masked", info.management_masked);
	qdict_put_bool(result, "management-pending", info.management_pending);

	aq = describe_ring(&info.aq);
	put_uint(aq, "head", info.aq.head);
	put_uint(aq, "tail", info.aq.tail);
	qdict_put_bool(aq, "failed", info.aq_failed);
	qdict_put(result, "aq", aq);
	acq = describe_ring(&info.acq);
	put_uint(acq, "tail", info.acq.tail);
	qdict_put(result, "acq", acq);

	aenq = describe_ring(&info.aenq);
	put_uint(aenq, "head", info.aenq.head);
	put_uint(aenq, "tail", info.aenq.tail);
	put_uint(aenq, "credits", info.aenq_credits);
	qdict_put(aenq, "groups-offered", name_bits(info.event_groups_offered, group_name));
	qdict_put(aenq, "groups-enabled", name_bits(info.event_groups_enabled, group_name));
	qdict_put(aenq, "groups-waiting", name_bits(info.event_groups_waiting, group_name));
	for (i = 0; i < ENA_AENQ_GROUPS; i++)
		put_uint(posted, group_name(i), info.events_posted[i]);
	qdict_put(aenq, "posted", posted);
	qdict_put(result, "aenq", aenq);
	return QOBJECT(result);
}

static const char *hash_field_name(unsigned int bit)
{
	static const char *const names[] = {"l2-da", "l2-sa", "l3-da", "l3-sa", "l4-dp", "l4-sp"};

	return bit < ARRAY_SIZE(names) ? names[bit] : NULL;
}

static QDict *describe_rss(const struct ena_settings_info *info)
{
	static const char *const protocols[] = {
		[ENA_RSS_TCP4] = "tcp4",
		[ENA_RSS_UDP4] = "udp4",
		[ENA_RSS_TCP6] = "tcp6",
		[ENA_RSS_UDP6] = "udp6",
		[ENA_RSS_IP4] = "ip4",
		[ENA_RSS_IP6] = "ip6",
		[ENA_RSS_IP4_FRAG] = "ip4-fragment",
		[ENA_RSS_NOT_IP] = "not-ip",
		[ENA_RSS_TCP6_EX] = "tcp6-extension",
		[ENA_RSS_IP6_EX] = "ip6-extension",
	};
	QDict *rss = qdict_new(), *fields = qdict_new();
	QList *table = qlist_new();
	unsigned int i;

	qdict_put_bool(rss, "key-set", info->rss_key_set);
	if (info->rss_key_set) {
		g_autofree char *key = hex(info->rss_key, sizeof(info->rss_key));

		qdict_put_str(rss, "key", key);
	}
	put_uint(rss, "initial-value", info->rss_initial);
	put_uint(rss, "input-sort", info->rss_sort);
	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		qdict_put(fields, protocols[i], name_bits(info->rss_fields[i], hash_field_name));
	qdict_put(rss, "fields", fields);
	/* An entry that the driver has not set is -1. */
	for (i = 0; i < info->rss_entries; i++)
		qlist_append_int(table, (int16_t)info->rss_table[i]);
	qdict_put(rss, "table", table);
	return rss;
}

static QObject *get_settings(struct ena_device *core)
{
	QDict *result = qdict_new();
	struct ena_settings_info info;

	ena_device_settings_info(core, &info);
	qdict_put_bool(result, "link-up", info.link_up);
	put_uint(result, "speed-mbps", info.speed_mbps);
	put_uint(result, "mtu", info.mtu);
	put_uint(result, "features-offered", info.features);
	qdict_put(result, "rss", describe_rss(&info));
	return QOBJECT(result);
}

static QObject *get_driver(struct ena_device *core)
{
	QDict *result = qdict_new();
	struct ena_driver_info info;
	g_autofree char *version = NULL, *spec = NULL, *bdf = NULL;
	char module[2];

	ena_device_driver_info(core, &info);
	qdict_put_bool(result, "given", info.address);
	qdict_put_bool(result, "readable", info.readable);
	if (!info.readable)
		return QOBJECT(result);
	version = g_strdup_printf("%u.%u.%u", info.driver_major, info.driver_minor,
				  info.driver_subminor);
	spec = g_strdup_printf("%u.%u", info.spec_major, info.spec_minor);
	bdf = g_strdup_printf("%02x:%02x.%x", info.bdf >> 8, info.bdf >> 3 & 0x1f, info.bdf & 7);
	module[0] = g_ascii_isprint(info.driver_module) ? info.driver_module : 0;
	module[1] = 0;
	put_uint(result, "address", info.address);
	put_uint(result, "os-type", info.os_type);
	qdict_put_str(result, "os", info.os_name);
	qdict_put_str(result, "distribution", info.distribution);
	put_uint(result, "distribution-code", info.distribution_code);
	qdict_put_str(result, "kernel", info.kernel);
	put_uint(result, "kernel-code", info.kernel_code);
	qdict_put_str(result, "driver-version", version);
	qdict_put_str(result, "driver-module", module);
	qdict_put_str(result, "specification", spec);
	qdict_put_str(result, "bdf", bdf);
	put_uint(result, "cpus", info.cpus);
	qdict_put(result, "features", name_bits(info.features, ena_driver_feature_name));
	put_uint(result, "debug-area-size", info.debug_size);
	return QOBJECT(result);
}

/* Text as lines, anything else as rows of 32 bytes. */
static QObject *get_debug_area(struct ena_device *core)
{
	g_autofree char *bytes = g_malloc(ENA_DEBUG_AREA_MAX + 1);
	size_t size = ena_device_read_debug_area(core, bytes, ENA_DEBUG_AREA_MAX);
	size_t text = ena_debug_area_text(bytes, size);
	QDict *result = qdict_new();
	QList *lines = qlist_new();
	struct ena_driver_info info;
	size_t i;

	ena_device_driver_info(core, &info);
	put_uint(result, "address", info.debug_address);
	put_uint(result, "size", info.debug_size);
	put_uint(result, "bytes-read", size);
	qdict_put_bool(result, "text", text);
	if (text) {
		g_auto(GStrv) split = NULL;

		bytes[text] = 0;
		split = g_strsplit(bytes, "\n", -1);
		for (i = 0; split[i]; i++)
			if (*split[i])
				qlist_append_str(lines, split[i]);
	}
	for (i = 0; !text && i < size; i += 32) {
		g_autofree char *row = hex((uint8_t *)bytes + i, MIN(32, size - i));

		qlist_append_str(lines, row);
	}
	qdict_put(result, "lines", lines);
	return QOBJECT(result);
}

static const struct view {
	const char *name, *type, *text;
	QObject *(*get)(struct ena_device *core);
} views[] = {
	{"history", "list", "what happened lately: refusals, drops, resets, events", get_history},
	{"refusals", "list", "the last things refused to the driver, as sentences", get_refusals},
	{"drops", "list", "packets dropped since power-on, by reason", get_drops},
	{"resets", "struct", "resets by the driver, and why", get_resets},
	{"queue-states", "list", "completion and submission queues", get_queues},
	{"control-state", "struct", "status, admin queue, event queue", get_control},
	{"settings", "struct", "what the driver has set: MTU, RSS; and the link", get_settings},
	{"driver", "struct", "what the driver tells of itself (feature 28)", get_driver},
	{"debug-area", "struct", "the driver's debug area as it is now (feature 28)",
	 get_debug_area},
};

static void get_view(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	const struct view *view = opaque;
	ENAState *s = ENA(obj);
	QObject *result;

	if (!ena_enter(s)) {
		error_setg(errp, "%s: the adapter is not realized, or busy", name);
		return;
	}
	result = view->get(s->core);
	ena_leave(s);
	visit_type_any(v, name, &result, errp);
	qobject_unref(result);
}

void ena_class_init_observe(ObjectClass *oc)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(views); i++) {
		object_class_property_add(oc, views[i].name, views[i].type, get_view, NULL, NULL,
					  (void *)&views[i]);
		object_class_property_set_description(oc, views[i].name, views[i].text);
	}
}
