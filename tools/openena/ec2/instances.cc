// SPDX-License-Identifier: GPL-2.0-or-later
/* Instances as they are: described, started, stopped, terminated, changed. */
#include "instances.hh"

#include "catalog.hh"
#include "error.hh"
#include "filter.hh"
#include "resource.hh"
#include "text.hh"

#include <algorithm>
#include <set>

namespace tool::ec2
{

namespace
{

constexpr FilterField instance_filters[] = {
	{"instance-id", "instanceId"},
	{"instance-type", "instanceType"},
	{"instance-state-name", "instanceState.name"},
	{"instance-state-code", "instanceState.code"},
	{"image-id", "imageId"},
	{"client-token", "clientToken"},
	{"key-name", "keyName"},
	{"private-ip-address", "privateIpAddress"},
	{"subnet-id", "subnetId"},
	{"vpc-id", "vpcId"},
	{"availability-zone", "placement.availabilityZone"},
	{"launch-index", "amiLaunchIndex"},
	{"launch-time", "launchTime"},
	{"architecture", "architecture"},
	{"network-interface.network-interface-id", "networkInterfaceSet.networkInterfaceId"},
	{"network-interface.mac-address", "networkInterfaceSet.macAddress"},
	{"network-interface.private-ip-address", "networkInterfaceSet.privateIpAddress"},
	{"network-interface.subnet-id", "networkInterfaceSet.subnetId"},
};

Json describe_instances(Context &context, Query &query)
{
	const std::vector<std::string> ids = query.list("InstanceId");
	const std::set<std::string> wanted(ids.begin(), ids.end());
	const Filters filters(query, instance_filters);
	Page page(query, 5, 1000);
	Json result, list{Json::Array{}};
	State state = *context.store.now();

	if (!ids.empty() && page.wanted())
		throw ApiError("InvalidParameterCombination",
			       "The parameter instancesSet cannot be used with the parameter "
			       "maxResults");
	for (const std::string &id : ids)
		(void)instance_in(state, id);
	context.begin(query);
	std::map<std::pair<std::string, std::string>, Json> in_order;
	for (const auto &[id, instance] : state.instances)
		if (ids.empty() || wanted.contains(id))
			in_order[{instance.reservation, id}] =
				instance_json(context, state, instance);
	std::map<std::string, Json::Array> reservations;
	for (const auto &[key, json] : in_order)
		if (filters.match(json) && page.take(key.first + "/" + key.second))
			reservations[key.first].push_back(json);
	for (const auto &[id, instances] : reservations)
		list.add(reservation_json(id, instances));
	result.set("reservationSet", list);
	result.set("nextToken", page.next_token());
	return result;
}

/* Sets the goals of instances, with what they were and are in the answer. */
Json set_goals(Context &context, const Query &query, const std::vector<std::string> &ids, Goal goal,
	       bool force)
{
	Json result, list{Json::Array{}};
	std::map<std::string, std::string> before;

	context.change(query, [&](State &state) {
		for (const std::string &id : ids) {
			Instance &instance = instance_in(state, id);
			before[id] = context.fleet.state_of(instance);
			if (goal == Goal::terminated)
				terminate(instance);
			else if (goal == Goal::stopped)
				stop(instance, before[id], force);
			else
				start(instance, before[id]);
		}
	});
	const auto state = context.store.now();
	for (const std::string &id : ids) {
		const auto instance = state->instances.find(id);
		Json change;
		context.fleet.settle(id);
		change.set("instanceId", id);
		change.set("previousState", state_json(before[id]));
		if (instance != state->instances.end())
			change.set("currentState",
				   state_json(context.fleet.state_of(instance->second)));
		list.add(change);
	}
	result.set("instancesSet", list);
	return result;
}

Json start_instances(Context &context, Query &query)
{
	const std::vector<std::string> ids = instances_named(context, query);

	return set_goals(context, query, ids, Goal::running, false);
}

Json stop_instances(Context &context, Query &query)
{
	const std::vector<std::string> ids = instances_named(context, query);
	const bool force = query.boolean("Force").value_or(false);

	return set_goals(context, query, ids, Goal::stopped, force);
}

Json terminate_instances(Context &context, Query &query)
{
	const std::vector<std::string> ids = instances_named(context, query);

	return set_goals(context, query, ids, Goal::terminated, true);
}

Json modify_attribute(Context &context, Query &query)
{
	const std::string id = query.need("InstanceId");
	const auto ena = query.boolean("EnaSupport.Value");
	const auto type = query.text("InstanceType.Value");
	Json result;

	if (!ena && !type)
		throw ApiError("InvalidParameterCombination",
			       "One attribute has to be given: EnaSupport or InstanceType; no "
			       "other can be changed here.");
	if (type)
		check_type(*type);
	context.change(query, [&](State &state) {
		Instance &instance = instance_in(state, id);
		const std::string now = context.fleet.state_of(instance);
		if (now != "stopped")
			throw ApiError("IncorrectInstanceState",
				       "The instance '" + id +
					       "' is not in the 'stopped' state: "
					       "it is " +
					       now);
		for (const Interface &interface : state.interfaces_of(id))
			if (type && interface.device_index >= most_interfaces(*type))
				throw ApiError("AttachmentLimitExceeded",
					       "Interface '" + interface.id +
						       format("' is attached at device index %llu: "
							      "a machine of type %s has at most "
							      "%llu, with indexes from 0.",
							      static_cast<unsigned long long>(
								      interface.device_index),
							      type->c_str(),
							      static_cast<unsigned long long>(
								      most_interfaces(*type))));
		if (ena)
			instance.ena_support = *ena;
		if (type)
			instance.type = *type;
	});
	result.set("return", true);
	return result;
}

Json describe_attribute(Context &context, Query &query)
{
	const std::string id = query.need("InstanceId");
	const std::string attribute = query.need("Attribute");
	State state = *context.store.now();
	const Instance &instance = instance_in(state, id);
	Json result, value;

	context.begin(query);
	if (attribute == "enaSupport")
		value.set("value", instance.ena_support);
	else if (attribute == "instanceType")
		value.set("value", instance.type);
	else if (attribute == "userData" && !instance.user_data.empty())
		value.set("value", instance.user_data);
	else if (attribute == "disableApiTermination")
		value.set("value", false);
	else if (attribute != "userData" && attribute != "sriovNetSupport")
		throw ApiError("InvalidParameterValue",
			       "Value (" + printable(attribute, 40) +
				       ") for parameter attribute is invalid: there are "
				       "enaSupport, instanceType, userData, sriovNetSupport and "
				       "disableApiTermination.");
	result.set("instanceId", id);
	result.set(attribute, value.is_null() ? Json("") : value);
	return result;
}

} // namespace

Json reservation_json(const std::string &id, const Json &instances)
{
	Json json;

	json.set("reservationId", id);
	json.set("ownerId", owner);
	json.set("groupSet", Json::Array{});
	json.set("instancesSet", instances);
	return json;
}

std::span<const Action> instance_actions()
{
	static constexpr Action actions[] = {{"RunInstances", run_instances},
					     {"DescribeInstances", describe_instances},
					     {"DescribeInstanceStatus", describe_instance_status},
					     {"StartInstances", start_instances},
					     {"StopInstances", stop_instances},
					     {"TerminateInstances", terminate_instances},
					     {"ModifyInstanceAttribute", modify_attribute},
					     {"DescribeInstanceAttribute", describe_attribute}};

	return actions;
}

} // namespace tool::ec2
