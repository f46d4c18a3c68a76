// SPDX-License-Identifier: GPL-2.0-or-later
/* RunInstances: each is a machine of openena run, of its name. */
#include "base64.hh"
#include "catalog.hh"
#include "error.hh"
#include "instances.hh"
#include "resource.hh"
#include "text.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr uint64_t most_instances = 32; /* that are not terminated */
constexpr uint64_t most_processors = 64; /* that openena run takes */
constexpr size_t longest_user_data = 21848; /* 16 KiB in base64 */

/* What a query asks for, checked. */
struct Order {
	std::string type, image, subnet, user_data, key;
	Token token;
	uint64_t least, most, cpus = 0;
	std::map<std::string, Tags> tags;

	explicit Order(Query &query) : token(query)
	{
		type = query.text_or("InstanceType", "c5n.large");
		image = image_of(query.text_or("ImageId", "")).id;
		subnet = subnet_of(query.text_or("SubnetId", "")).id;
		user_data = query.text_or("UserData", "");
		key = query.text_or("KeyName", "");
		least = query.number("MinCount", 1, most_instances).value_or(1);
		most = query.number("MaxCount", 1, most_instances).value_or(least);
		cpus = processors(query);
		tags = tag_specifications(query, {"instance", "network-interface"});
		check_type(type);
		if (least > most)
			throw ApiError("InvalidParameterValue",
				       format("MinCount %llu must not be more than MaxCount %llu",
					      static_cast<unsigned long long>(least),
					      static_cast<unsigned long long>(most)));
		if (user_data.size() > longest_user_data)
			throw ApiError("InvalidParameterValue",
				       format("User data is limited to 16384 bytes, %zu in base64; "
					      "these are %zu",
					      longest_user_data, user_data.size()));
		if (!base64_decode(user_data))
			throw ApiError("InvalidParameterValue",
				       "Invalid BASE64 encoding of user data: \"" +
					       printable(user_data, 40) + "\"");
	}

	/* CpuOptions: cores and their threads; 0: it has none. */
	static uint64_t processors(Query &query)
	{
		const auto cores = query.number("CpuOptions.CoreCount", 1, most_processors);
		const auto threads = query.number("CpuOptions.ThreadsPerCore", 1, 2);
		const uint64_t all = cores.value_or(0) * threads.value_or(1);

		if (threads && !cores)
			throw ApiError(
				"InvalidParameterCombination",
				"CpuOptions must have CoreCount if they have ThreadsPerCore");
		if (all > most_processors)
			throw ApiError("InvalidParameterValue",
				       format("CpuOptions make %llu processors, at most %llu are "
					      "taken",
					      static_cast<unsigned long long>(all),
					      static_cast<unsigned long long>(most_processors)));
		return all;
	}
};

/* The reservation of an earlier query with that token; empty: there was none. */
std::string earlier(const State &state, const Order &order)
{
	for (const auto &[id, instance] : state.instances)
		if (order.token.made(instance.token, instance.asked))
			return instance.reservation;
	return {};
}

/* How many may still be launched. */
uint64_t room(const State &state, const Order &order)
{
	const auto there = static_cast<uint64_t>(
		std::count_if(state.instances.begin(), state.instances.end(), [](const auto &each) {
			return each.second.goal != Goal::terminated;
		}));

	if (there + order.least > most_instances)
		throw ApiError("InstanceLimitExceeded",
			       format("You have requested %llu instances; there are %llu, and at "
				      "most %llu are taken.",
				      static_cast<unsigned long long>(order.least),
				      static_cast<unsigned long long>(there),
				      static_cast<unsigned long long>(most_instances)));
	return std::min(order.most, most_instances - there);
}

void add_instance(State &state, const Order &order, const std::string &region,
		  const std::string &reservation, uint64_t index)
{
	Instance instance;
	Interface interface = fresh_interface(state, order.subnet);
	const auto tags_for = [&](const char *kind) {
		const auto found = order.tags.find(kind);
		return found == order.tags.end() ? Tags() : found->second;
	};

	instance.id = fresh_id("i-");
	instance.reservation = reservation;
	instance.type = order.type;
	instance.image = order.image;
	instance.subnet = order.subnet;
	instance.user_data = order.user_data;
	if (!order.key.empty()) {
		instance.key = order.key;
		instance.public_key = need_key(state, order.key).text;
	}
	instance.token = order.token.text;
	instance.asked = order.token.asked;
	instance.region = region;
	instance.cpus = order.cpus;
	instance.index = index;
	instance.launch_time = instance.changed = time(nullptr);
	attach(interface, instance.id, 0);
	interface.delete_on_termination = true;
	add_tags(state, instance.id, tags_for("instance"));
	add_tags(state, interface.id, tags_for("network-interface"));
	state.interfaces[interface.id] = interface;
	state.instances[instance.id] = instance;
}

} // namespace

Json run_instances(Context &context, Query &query)
{
	const Order order(query);
	std::string reservation;
	Json list{Json::Array{}};

	context.change(query, [&](State &state) {
		reservation = earlier(state, order);
		if (!reservation.empty())
			return;
		reservation = fresh_id("r-");
		const uint64_t count = room(state, order);
		for (uint64_t index = 0; index < count; index++)
			add_instance(state, order, context.region, reservation, index);
	});
	const auto state = context.store.now();
	for (const auto &[id, instance] : state->instances)
		if (instance.reservation == reservation) {
			context.fleet.settle(id);
			list.add(instance_json(context, *state, instance));
		}
	return reservation_json(reservation, list);
}

} // namespace tool::ec2
