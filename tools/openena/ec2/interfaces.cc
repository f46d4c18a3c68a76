// SPDX-License-Identifier: GPL-2.0-or-later
/* Network interfaces: created, attached to an instance that may be running, and back. */
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

constexpr size_t most_created = 250, longest_description = 255;

constexpr FilterField interface_filters[] = {
	{"network-interface-id", "networkInterfaceId"},
	{"status", "status"},
	{"mac-address", "macAddress"},
	{"private-ip-address", "privateIpAddress"},
	{"addresses.private-ip-address", "privateIpAddress"},
	{"subnet-id", "subnetId"},
	{"vpc-id", "vpcId"},
	{"description", "description"},
	{"interface-type", "interfaceType"},
	{"availability-zone", "availabilityZone"},
	{"attachment.attachment-id", "attachment.attachmentId"},
	{"attachment.instance-id", "attachment.instanceId"},
	{"attachment.device-index", "attachment.deviceIndex"},
	{"attachment.status", "attachment.status"},
};

Json done()
{
	Json result;

	result.set("return", true);
	return result;
}

Json describe_interfaces(Context &context, Query &query)
{
	const std::vector<std::string> ids = query.list("NetworkInterfaceId");
	const std::set<std::string> wanted(ids.begin(), ids.end());
	const Filters filters(query, interface_filters);
	Page page(query, 5, 1000);
	Json result, list{Json::Array{}};
	State state = *context.store.now();

	for (const std::string &id : ids)
		(void)interface_in(state, id);
	context.begin(query);
	for (const auto &[id, interface] : state.interfaces) {
		if (!ids.empty() && !wanted.contains(id))
			continue;
		const Json json = interface_json(context, state, interface);
		if (filters.match(json) && page.take(id))
			list.add(json);
	}
	result.set("networkInterfaceSet", list);
	result.set("nextToken", page.next_token());
	return result;
}

Json create_interface(Context &context, Query &query)
{
	const std::string subnet = subnet_of(query.need("SubnetId")).id;
	const std::string description = query.text_or("Description", "");
	const auto tags = tag_specifications(query, {"network-interface"});
	const Token token(query);
	Interface made;
	Json result;

	if (description.size() > longest_description)
		throw ApiError("InvalidParameterValue",
			       format("The description has %zu bytes, at most %zu are taken",
				      description.size(), longest_description));
	context.change(query, [&](State &state) {
		for (const auto &[id, interface] : state.interfaces)
			if (token.made(interface.token, interface.asked)) {
				made = interface;
				return;
			}
		if (state.interfaces.size() >= most_created)
			throw ApiError("NetworkInterfaceLimitExceeded",
				       format("There are %zu network interfaces, which is the "
					      "most.",
					      state.interfaces.size()));
		made = fresh_interface(state, subnet);
		made.description = description;
		made.token = token.text;
		made.asked = token.asked;
		state.interfaces[made.id] = made;
		for (const auto &[kind, pairs] : tags)
			add_tags(state, made.id, pairs);
	});
	result.set("networkInterface", interface_json(context, *context.store.now(), made));
	return result;
}

Json delete_interface(Context &context, Query &query)
{
	const std::string id = query.need("NetworkInterfaceId");

	context.change(query, [&](State &state) {
		if (!interface_in(state, id).instance.empty())
			throw ApiError("InvalidNetworkInterface.InUse",
				       "Network interface '" + id + "' is currently in use.");
		state.interfaces.erase(id);
		state.tags.erase(id);
	});
	return done();
}

/* ApiError: not there, not now. */
void check_place(const State &state, const Instance &instance, const std::string &now,
		 uint64_t index)
{
	const uint64_t most = most_interfaces(instance.type);

	if (now != "running" && now != "stopped")
		throw ApiError("IncorrectState",
			       "Instance '" + instance.id + "' is " + now +
				       ": interfaces are attached when it is running or stopped.");
	for (const Interface &other : state.interfaces_of(instance.id))
		if (other.device_index == index)
			throw ApiError("InvalidParameterValue",
				       format("Instance '%s' already has an interface attached "
					      "at device index '%llu'.",
					      instance.id.c_str(),
					      static_cast<unsigned long long>(index)));
	if (index >= most)
		throw ApiError("AttachmentLimitExceeded",
			       format("Device index %llu: a machine of type %s has at most %llu "
				      "interfaces, with indexes from 0.",
				      static_cast<unsigned long long>(index), instance.type.c_str(),
				      static_cast<unsigned long long>(most)));
}

Json attach_interface(Context &context, Query &query)
{
	const std::string id = query.need("NetworkInterfaceId");
	const std::string to = query.need("InstanceId");
	const uint64_t index = query.number("DeviceIndex", 0, UINT16_MAX).value_or(1);
	Json result;
	std::string attachment;

	(void)query.number("NetworkCardIndex", 0, 0);
	context.change(query, [&](State &state) {
		Interface &interface = interface_in(state, id);
		const Instance &instance = instance_in(state, to);
		if (!interface.instance.empty())
			throw ApiError("InvalidNetworkInterface.InUse",
				       "Interface: [" + id + "] in use.");
		check_place(state, instance, context.fleet.state_of(instance), index);
		attach(interface, to, index);
		attachment = interface.attachment;
	});
	context.fleet.settle(to);
	result.set("attachmentId", attachment);
	result.set("networkCardIndex", 0);
	return result;
}

Json detach_interface(Context &context, Query &query)
{
	const std::string attachment = query.need("AttachmentId");
	std::string from;

	(void)query.boolean("Force"); /* the guest has to let go of it in any case */
	context.change(query, [&](State &state) {
		const auto found = std::find_if(
			state.interfaces.begin(), state.interfaces.end(),
			[&](const auto &each) { return each.second.attachment == attachment; });
		if (found == state.interfaces.end())
			throw ApiError("InvalidAttachmentID.NotFound",
				       "An attachment with ID '" + printable(attachment, 60) +
					       "' does not exist.");
		Interface &interface = found->second;
		if (interface.device_index == 0)
			throw ApiError("OperationNotPermitted",
				       "The network interface at device index 0 cannot be "
				       "detached.");
		from = interface.instance;
		interface.detaching = true;
	});
	context.fleet.settle(from);
	return done();
}

} // namespace

std::span<const Action> interface_actions()
{
	static constexpr Action actions[] = {{"DescribeNetworkInterfaces", describe_interfaces},
					     {"CreateNetworkInterface", create_interface},
					     {"DeleteNetworkInterface", delete_interface},
					     {"AttachNetworkInterface", attach_interface},
					     {"DetachNetworkInterface", detach_interface}};

	return actions;
}

} // namespace tool::ec2
