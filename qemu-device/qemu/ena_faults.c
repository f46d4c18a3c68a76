// SPDX-License-Identifier: GPL-2.0-or-later
/* "inject" and "faults": the adapter is broken on purpose. The core knows how. */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-builtin-visit.h"
#include "qapi/visitor.h"
#include "ena.h"

bool ena_inject(ENAState *s, const char *text, Error **errp)
{
	char why[ENA_DEVICE_WHY_SIZE];
	bool done;

	if (!ena_enter(s)) {
		error_setg(errp, "the adapter is busy");
		return false;
	}
	done = ena_device_inject(s->core, text, why, sizeof(why));
	ena_leave(s);
	if (!done)
		error_setg(errp, "%s", why);
	return done;
}

/* Before the core exists, for when it does. */
static void set_inject(Object *obj, const char *text, Error **errp)
{
	ENAState *s = ENA(obj);

	if (s->core && !ena_machine_runs()) {
		/* Frames that a fault has delayed go out when it is cleared. */
		error_setg(errp, "inject: the machine is stopped");
		return;
	}
	if (s->core) {
		ena_inject(s, text, errp);
		return;
	}
	g_free(s->inject);
	s->inject = g_strdup(text);
}

static void get_faults(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	ENAState *s = ENA(obj);
	char text[ENA_DEVICE_FAULT_SIZE];
	strList *list = NULL, **tail = &list;
	unsigned int i;

	for (i = 0; s->core && ena_device_fault(s->core, i, text, sizeof(text)); i++)
		QAPI_LIST_APPEND(tail, g_strdup(text));
	visit_type_strList(v, name, &list, errp);
	qapi_free_strList(list);
}

void ena_class_init_faults(ObjectClass *oc)
{
	object_class_property_add_str(oc, "inject", NULL, set_inject);
	object_class_property_set_description(
		oc, "inject", "break the adapter: NAME[,OPTION=VALUE]...; none: clear all faults");
	object_class_property_add(oc, "faults", "strList", get_faults, NULL, NULL, NULL);
	object_class_property_set_description(oc, "faults",
					      "the faults that are set, and how often each struck");
}
