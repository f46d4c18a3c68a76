// SPDX-License-Identifier: GPL-2.0-or-later
#include "resource.hh"

#include "catalog.hh"
#include "digest.hh"
#include "error.hh"
#include "text.hh"

#include <algorithm>
#include <set>

namespace tool::ec2
{

namespace
{

constexpr size_t id_digits = 17;
constexpr size_t longest_token = 64;

/* ApiError: not of the form of such an id. */
void check_id(const std::string &id, const char *prefix, const char *code)
{
	const std::string_view digits =
		id.starts_with(prefix) ? std::string_view(id).substr(std::string(prefix).size())
				       : std::string_view();

	if (digits.size() != id_digits ||
	    digits.find_first_not_of("0123456789abcdef") != digits.npos)
		throw ApiError(code, format("Invalid id: \"%s\" (expecting \"%s\" and %zu "
					    "hexadecimal digits)",
					    printable(id, 60).c_str(), prefix, id_digits));
}

std::string free_address(const State &state, const std::string &subnet)
{
	const Subnet in = subnet_of(subnet);
	std::set<std::string> used;

	for (const auto &[id, interface] : state.interfaces)
		used.insert(interface.address);
	for (uint64_t host = first_host; host <= last_host; host++) {
		const std::string address = in.prefix + std::to_string(host);
		if (!used.contains(address))
			return address;
	}
	throw ApiError("InsufficientFreeAddressesInSubnet",
		       format("All %llu addresses of %s are in use.",
			      static_cast<unsigned long long>(last_host - first_host + 1),
			      in.id.c_str()));
}

Json addresses_json(const Interface &interface)
{
	Json address;

	address.set("privateIpAddress", interface.address);
	address.set("primary", true);
	return Json::Array{address};
}

std::string attachment_state(Context &context, const State &state, const Interface &interface)
{
	const auto instance = state.instances.find(interface.instance);

	if (interface.detaching)
		return "detaching";
	if (interface.device_index == 0 || instance == state.instances.end() ||
	    context.fleet.state_of(instance->second) != "running")
		return "attached";
	return context.fleet.plugged(interface) ? "attached" : "attaching";
}

Json attachment_json(Context &context, const State &state, const Interface &interface)
{
	Json json;

	json.set("attachmentId", interface.attachment);
	json.set("instanceId", interface.instance);
	json.set("instanceOwnerId", owner);
	json.set("deviceIndex", interface.device_index);
	json.set("networkCardIndex", 0);
	json.set("status", attachment_state(context, state, interface));
	json.set("attachTime", time_text(interface.attach_time));
	json.set("deleteOnTermination", interface.delete_on_termination);
	return json;
}

} // namespace

Token::Token(Query &query)
    : text(query.text_or("ClientToken", "")), asked(hex(sha256(query.summary({}))))
{
	if (text.size() > longest_token)
		throw ApiError("InvalidParameterValue",
			       format("ClientToken has %zu bytes, at most %zu are taken",
				      text.size(), longest_token));
}

bool Token::made(const std::string &with, const std::string &asked_then) const
{
	if (text.empty() || with != text)
		return false;
	if (asked_then != asked)
		throw ApiError(
			"IdempotentParameterMismatch",
			"Arguments on this idempotent request are inconsistent with arguments "
			"used in previous request(s).");
	return true;
}

std::string fresh_id(const char *prefix)
{
	return prefix + random_hex(id_digits / 2 + 1).substr(0, id_digits);
}

std::string time_text(time_t when)
{
	struct tm fields = {};
	char text[sizeof("2026-01-01T00:00:00.000Z") + 8];

	gmtime_r(&when, &fields);
	return {text, strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &fields)};
}

std::string zone_of(const std::string &region)
{
	return region + "a";
}

Instance &instance_in(State &state, const std::string &id)
{
	check_id(id, "i-", "InvalidInstanceID.Malformed");
	const auto found = state.instances.find(id);
	if (found == state.instances.end())
		throw ApiError("InvalidInstanceID.NotFound",
			       "The instance ID '" + id + "' does not exist");
	return found->second;
}

Interface &interface_in(State &state, const std::string &id)
{
	check_id(id, "eni-", "InvalidNetworkInterfaceId.Malformed");
	const auto found = state.interfaces.find(id);
	if (found == state.interfaces.end())
		throw ApiError("InvalidNetworkInterfaceID.NotFound",
			       "The networkInterface ID '" + id + "' does not exist");
	return found->second;
}

std::vector<std::string> instances_named(const Context &context, Query &query)
{
	std::vector<std::string> ids = query.list("InstanceId");
	std::set<std::string> seen;
	State state = *context.store.now();

	std::erase_if(ids, [&](const std::string &id) { return !seen.insert(id).second; });
	if (ids.empty())
		throw ApiError("MissingParameter",
			       "The request must contain the parameter InstanceId");
	for (const std::string &id : ids)
		(void)instance_in(state, id);
	return ids;
}

Interface fresh_interface(const State &state, const std::string &subnet)
{
	Interface interface;
	const std::string random = random_hex(5);

	interface.id = fresh_id("eni-");
	interface.subnet = subnet_of(subnet).id;
	interface.address = free_address(state, subnet);
	interface.mac = "02";
	for (size_t i = 0; i < random.size(); i += 2)
		interface.mac += ":" + random.substr(i, 2);
	return interface;
}

void attach(Interface &interface, const std::string &instance, uint64_t device_index)
{
	interface.attachment = fresh_id("eni-attach-");
	interface.instance = instance;
	interface.device_index = device_index;
	interface.attach_time = time(nullptr);
}

Json state_json(const std::string &name)
{
	static const std::map<std::string, int> codes = {{"pending", 0},        {"running", 16},
							 {"shutting-down", 32}, {"terminated", 48},
							 {"stopping", 64},      {"stopped", 80}};
	Json json;

	json.set("code", codes.at(name));
	json.set("name", name);
	return json;
}

Json tags_json(const State &state, const std::string &id)
{
	Json list{Json::Array{}};
	const auto tags = state.tags.find(id);

	if (tags == state.tags.end())
		return {};
	for (const auto &[key, value] : tags->second) {
		Json tag;
		tag.set("key", key);
		tag.set("value", value);
		list.add(tag);
	}
	return list;
}

Json interface_json(Context &context, const State &state, const Interface &interface)
{
	const bool used = !interface.instance.empty();
	Json json;

	json.set("networkInterfaceId", interface.id);
	json.set("subnetId", interface.subnet);
	json.set("vpcId", vpc);
	json.set("availabilityZone", zone_of(context.region));
	json.set("description", interface.description);
	json.set("ownerId", owner);
	json.set("requesterManaged", false);
	json.set("status", used ? "in-use" : "available");
	json.set("macAddress", interface.mac);
	json.set("privateIpAddress", interface.address);
	json.set("sourceDestCheck", true);
	json.set("groupSet", Json::Array{});
	if (used)
		json.set("attachment", attachment_json(context, state, interface));
	json.set("privateIpAddressesSet", addresses_json(interface));
	json.set("interfaceType", "interface");
	json.set("tagSet", tags_json(state, interface.id));
	return json;
}

/* Of a machine of ours, which does not have what the type has: two processors unless told. */
Json instance_json(Context &context, const State &state, const Instance &instance)
{
	const std::string now = context.fleet.state_of(instance);
	const auto interfaces = state.interfaces_of(instance.id);
	Json json, placement, monitoring, reason, cards{Json::Array{}};

	json.set("instanceId", instance.id);
	json.set("imageId", instance.image);
	json.set("instanceState", state_json(now));
	json.set("reason", instance.reason);
	json.set("keyName", instance.key.empty() ? Json() : Json(instance.key));
	json.set("amiLaunchIndex", instance.index);
	json.set("instanceType", instance.type);
	json.set("launchTime", time_text(instance.launch_time));
	placement.set("availabilityZone", zone_of(context.region));
	placement.set("tenancy", "default");
	json.set("placement", placement);
	monitoring.set("state", "disabled");
	json.set("monitoring", monitoring);
	if (!interfaces.empty()) {
		json.set("subnetId", instance.subnet);
		json.set("vpcId", vpc);
		json.set("privateIpAddress", interfaces[0].address);
	}
	if (!instance.reason_code.empty()) {
		reason.set("code", instance.reason_code);
		reason.set("message", instance.reason);
		json.set("stateReason", reason);
	}
	json.set("architecture", "x86_64");
	json.set("rootDeviceType", "instance-store");
	json.set("virtualizationType", "hvm");
	json.set("clientToken", instance.token);
	for (const Interface &interface : interfaces)
		cards.add(interface_json(context, state, interface));
	json.set("networkInterfaceSet", cards);
	json.set("enaSupport", instance.ena_support);
	json.set("tagSet", tags_json(state, instance.id));
	return json;
}

} // namespace tool::ec2
