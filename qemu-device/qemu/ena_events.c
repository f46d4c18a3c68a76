// SPDX-License-Identifier: GPL-2.0-or-later
/* Events that a user asks for: write-only properties post-..., one for each group. */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-builtin-visit.h"
#include "qapi/visitor.h"
#include "ena.h"
#include "ena_admin.h"

enum { ENA_EVENT_PLAIN, ENA_EVENT_SYNDROME, ENA_EVENT_BITMAP };

static const char *const value_types[] = {
	[ENA_EVENT_PLAIN] = "bool",
	[ENA_EVENT_SYNDROME] = "uint16",
	[ENA_EVENT_BITMAP] = "uint64",
};

static const struct event {
	const char *name, *text;
	int value; /* what is written to the property */
} events[ENA_AENQ_GROUPS] = {
	[ENA_AENQ_LINK_CHANGE] = {"post-link-change", "tell the driver the link state again"},
	[ENA_AENQ_FATAL_ERROR] = {"post-fatal-error",
				  "report a fatal error, with a syndrome: event and DEV_STS",
				  ENA_EVENT_SYNDROME},
	[ENA_AENQ_WARNING] = {"post-warning", "warn the driver, with a syndrome",
			      ENA_EVENT_SYNDROME},
	[ENA_AENQ_NOTIFICATION] = {"post-notification", "tell the driver the hints again"},
	[ENA_AENQ_KEEP_ALIVE] = {"post-keep-alive", "a keep-alive out of turn"},
	[ENA_AENQ_REFRESH_CAPABILITIES] = {"post-refresh-capabilities",
					   "have the driver read the adapter's abilities again"},
	[ENA_AENQ_CONF_NOTIFICATIONS] = {"post-conf-notifications",
					 "bitmap of notifications about the configuration",
					 ENA_EVENT_BITMAP},
	[ENA_AENQ_DEVICE_REQUEST_RESET] = {"post-device-request-reset",
					   "ask the driver to reset the adapter"},
};

static bool visit_value(Visitor *v, const char *name, int type, uint64_t *value, Error **errp)
{
	uint16_t syndrome = 0;
	bool yes = false;
	bool ok;

	switch (type) {
	case ENA_EVENT_BITMAP:
		return visit_type_uint64(v, name, value, errp);
	case ENA_EVENT_SYNDROME:
		ok = visit_type_uint16(v, name, &syndrome, errp);
		*value = syndrome;
		return ok;
	default:
		if (!visit_type_bool(v, name, &yes, errp))
			return false;
		if (!yes)
			error_setg(errp, "%s: only true can be set", name);
		return yes;
	}
}

static void set_event(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	const struct event *event = opaque;
	ENAState *s = ENA(obj);
	const char *why;
	uint64_t value = 0;

	if (!visit_value(v, name, event->value, &value, errp))
		return;
	if (!ena_machine_runs()) {
		error_setg(errp, "%s: the machine is stopped", name);
		return;
	}
	if (!ena_enter(s)) {
		error_setg(errp, "%s: the adapter is not realized, or busy", name);
		return;
	}
	why = ena_device_post_event(s->core, event - events, value);
	ena_leave(s);
	if (why)
		error_setg(errp, "%s: %s", name, why);
}

void ena_class_init_events(ObjectClass *oc)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		object_class_property_add(oc, events[i].name, value_types[events[i].value], NULL,
					  set_event, NULL, (void *)&events[i]);
		object_class_property_set_description(oc, events[i].name, events[i].text);
	}
}
