// SPDX-License-Identifier: GPL-2.0-or-later
/* The instance that an adapter belongs to: its type, and the allowance it shares with others. */
#include "qemu/osdep.h"
#include "qemu/queue.h"
#include "qapi/error.h"
#include "ena.h"

/* Exists as long as an adapter is in it. Under the BQL, like all of the shell. */
struct ENAInstance {
	char *name;
	const struct ena_instance_type *type;
	struct ena_allowance_config config;
	struct ena_allowance *allowance;
	unsigned int adapters;
	QLIST_ENTRY(ENAInstance) next;
};

static QLIST_HEAD(, ENAInstance) instances = QLIST_HEAD_INITIALIZER(instances);

/* Properties that mean nothing without a type. */
static const char *const of_an_instance[] = {
	"instance",       "cluster-placement", "burst-ms",
	"flow-mbps",      "pps-allowance",     "conntrack-allowance",
	"link-local-pps", "allowance-wait-ms", "time-scale",
};

static bool check_without_type(ENAState *s, Error **errp)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(of_an_instance); i++) {
		if (!ena_property_given(s, of_an_instance[i]))
			continue;
		error_setg(errp, "%s needs an instance-type: without one nothing is limited",
			   of_an_instance[i]);
		return false;
	}
	return true;
}

bool ena_instance_check(ENAState *s, Error **errp)
{
	const struct ena_config given = s->config;
	struct ena_allowance_config *a = &s->allowance;
	struct ena_allowance_config of_type;
	char why[256];

	if (!s->instance_type)
		return check_without_type(s, errp);
	s->type = ena_instance_type_find(s->instance_type, why, sizeof(why));
	if (!s->type)
		goto refuse;

	ena_config_set_instance_type(&s->config, s->type);
	if (ena_property_given(s, "queues"))
		s->config.queues = given.queues;
	if (ena_property_given(s, "max-mtu"))
		s->config.max_mtu = given.max_mtu;
	if (ena_property_given(s, "speed"))
		s->config.speed_mbps = given.speed_mbps;
	if (!ena_config_check_instance_type(&s->config, s->type, why, sizeof(why)))
		goto refuse;

	ena_allowance_default(&of_type, s->type);
	a->baseline_mbps = of_type.baseline_mbps;
	a->peak_mbps = of_type.peak_mbps;
	a->tcp_timeout_s = of_type.tcp_timeout_s;
	if (!ena_property_given(s, "pps-allowance"))
		a->pps = of_type.pps;
	if (!ena_property_given(s, "flow-mbps"))
		a->flow_mbps = of_type.flow_mbps * (s->cluster_placement ? 2 : 1);
	if (ena_allowance_check(a, why, sizeof(why)))
		return true;
refuse:
	error_setg(errp, "%s", why);
	return false;
}

static ENAInstance *find(const char *name)
{
	ENAInstance *instance;

	QLIST_FOREACH(instance, &instances, next)
	if (!strcmp(instance->name, name))
		return instance;
	return NULL;
}

static ENAInstance *create(ENAState *s, const char *name, Error **errp)
{
	struct ena_allowance *allowance = ena_allowance_new(&s->allowance);
	ENAInstance *instance;

	if (!allowance) {
		error_setg(errp, "no memory for the allowance of the instance");
		return NULL;
	}
	instance = g_new0(ENAInstance, 1);
	instance->name = g_strdup(name);
	instance->type = s->type;
	instance->config = s->allowance;
	instance->allowance = allowance;
	QLIST_INSERT_HEAD(&instances, instance, next);
	return instance;
}

static void put(ENAInstance *instance)
{
	if (instance->adapters)
		return;
	QLIST_REMOVE(instance, next);
	ena_allowance_free(instance->allowance);
	g_free(instance->name);
	g_free(instance);
}

bool ena_instance_join(ENAState *s, Error **errp)
{
	const char *name = s->instance ?: "";
	ENAInstance *instance;

	if (!s->type)
		return true;
	instance = find(name) ?: create(s, name, errp);
	if (!instance)
		return false;
	if (instance->type != s->type ||
	    memcmp(&instance->config, &s->allowance, sizeof(s->allowance))) {
		error_setg(errp,
			   "instance=%s is %s already: its adapters have the same type and "
			   "allowances; give this one, of %s, another instance",
			   name, instance->type->name, s->type->name);
		return false;
	}
	if (!ena_device_share_allowance(s->core, instance->allowance)) {
		error_setg(errp, "instance=%s has %u adapters already, which is the most", name,
			   ENA_INSTANCE_MAX_ADAPTERS);
		return false;
	}
	instance->adapters++;
	s->member_of = instance;
	return true;
}

void ena_instance_leave(ENAState *s)
{
	if (!s->member_of)
		return;
	s->member_of->adapters--;
	put(s->member_of);
	s->member_of = NULL;
}
