// SPDX-License-Identifier: GPL-2.0-or-later
/* DescribeInstanceStatus: the machine runs, and its guest's driver has the adapter at work. */
#include "filter.hh"
#include "instances.hh"
#include "qmp.hh"
#include "resource.hh"

#include <algorithm>
#include <set>

namespace tool::ec2
{

namespace
{

constexpr FilterField status_filters[] = {
	{"availability-zone", "availabilityZone"},
	{"instance-state-code", "instanceState.code"},
	{"instance-state-name", "instanceState.name"},
	{"instance-status.status", "instanceStatus.status"},
	{"instance-status.reachability", "instanceStatus.details.status"},
	{"system-status.status", "systemStatus.status"},
	{"system-status.reachability", "systemStatus.details.status"},
};

/* EC2 asks the guest something over the network; here its adapter tells whether it has queues. */
const char *reachability(const Context &context, const Instance &instance)
{
	try {
		Qmp qmp(context.fleet.monitor(instance));
		for (const std::string &id : Adapter::all(qmp)) {
			const Json queues = Adapter(qmp, id).get("queue-states");
			if (queues.array() && !queues.array()->empty())
				return "passed";
		}
		return "initializing";
	} catch (const Trouble &) {
		return "insufficient-data";
	}
}

Json check_json(const std::string &reachability)
{
	Json detail, json;

	detail.set("name", "reachability");
	detail.set("status", reachability);
	json.set("status", reachability == "passed" ? "ok" : reachability);
	json.set("details", Json::Array{detail});
	return json;
}

Json status_json(Context &context, const Instance &instance, const std::string &now)
{
	const bool runs = now == "running";
	Json json;

	json.set("instanceId", instance.id);
	json.set("availabilityZone", zone_of(context.region));
	json.set("instanceState", state_json(now));
	json.set("systemStatus", check_json(runs ? "passed" : "not-applicable"));
	json.set("instanceStatus",
		 check_json(runs ? reachability(context, instance) : "not-applicable"));
	return json;
}

} // namespace

Json describe_instance_status(Context &context, Query &query)
{
	const std::vector<std::string> ids = query.list("InstanceId");
	const std::set<std::string> wanted(ids.begin(), ids.end());
	const bool all = query.boolean("IncludeAllInstances").value_or(false);
	const Filters filters(query, status_filters);
	Page page(query, 5, 1000);
	Json result, list{Json::Array{}};
	State state = *context.store.now();

	for (const std::string &id : ids)
		(void)instance_in(state, id);
	context.begin(query);
	for (const auto &[id, instance] : state.instances) {
		const std::string now = context.fleet.state_of(instance);
		if ((!ids.empty() && !wanted.contains(id)) || (!all && now != "running"))
			continue;
		const Json json = status_json(context, instance, now);
		if (filters.match(json) && page.take(id))
			list.add(json);
	}
	result.set("instanceStatusSet", list);
	result.set("nextToken", page.next_token());
	return result;
}

} // namespace tool::ec2
