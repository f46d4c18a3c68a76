// SPDX-License-Identifier: GPL-2.0-or-later
#include "state.hh"

#include "durable.hh"
#include "machines.hh"
#include "text.hh"
#include "trouble.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr size_t most_text = 1 << 20; /* that read_whole() takes */
constexpr time_t remembered_s = 3600; /* a terminated instance */
constexpr const char *goal_names[] = {"running", "stopped", "terminated"};

/* Earlier releases did not write it. */
bool is_new(std::string_view name)
{
	return name == "keys" || name == "key" || name == "public_key" || name == "token" ||
	       name == "asked";
}

Json json_of(const std::string &value)
{
	return value;
}

Json json_of(uint64_t value)
{
	return value;
}

Json json_of(int64_t value)
{
	return value;
}

Json json_of(bool value)
{
	return value;
}

Json json_of(Goal goal)
{
	return goal_names[static_cast<size_t>(goal)];
}

bool take(const Json &json, std::string &value)
{
	if (json.string())
		value = *json.string();
	return json.string();
}

bool take(const Json &json, uint64_t &value)
{
	value = json.number().value_or(0);
	return json.number().has_value();
}

bool take(const Json &json, int64_t &value)
{
	const auto number = json.number();
	value = static_cast<int64_t>(number.value_or(0) & INT64_MAX);
	return number.has_value();
}

bool take(const Json &json, bool &value)
{
	value = json.boolean().value_or(false);
	return json.boolean().has_value();
}

bool take(const Json &json, Goal &goal)
{
	for (size_t i = 0; i < std::size(goal_names); i++)
		if (json.string() && *json.string() == goal_names[i]) {
			goal = static_cast<Goal>(i);
			return true;
		}
	return false;
}

/* All that is kept of an instance, an interface and a key: once for both directions. */
template <typename Thing, typename Visitor> void visit_instance(Thing &instance, Visitor visit)
{
	visit("id", instance.id);
	visit("reservation", instance.reservation);
	visit("type", instance.type);
	visit("image", instance.image);
	visit("subnet", instance.subnet);
	visit("user_data", instance.user_data);
	visit("region", instance.region);
	visit("token", instance.token);
	visit("asked", instance.asked);
	visit("goal", instance.goal);
	visit("launched", instance.launched);
	visit("ena_support", instance.ena_support);
	visit("force", instance.force);
	visit("cpus", instance.cpus);
	visit("index", instance.index);
	visit("launch_time", instance.launch_time);
	visit("changed", instance.changed);
	visit("reason_code", instance.reason_code);
	visit("reason", instance.reason);
	visit("key", instance.key);
	visit("public_key", instance.public_key);
}

template <typename Thing, typename Visitor> void visit_interface(Thing &interface, Visitor visit)
{
	visit("id", interface.id);
	visit("subnet", interface.subnet);
	visit("mac", interface.mac);
	visit("address", interface.address);
	visit("description", interface.description);
	visit("token", interface.token);
	visit("asked", interface.asked);
	visit("attachment", interface.attachment);
	visit("instance", interface.instance);
	visit("device_index", interface.device_index);
	visit("attach_time", interface.attach_time);
	visit("delete_on_termination", interface.delete_on_termination);
	visit("detaching", interface.detaching);
}

template <typename Thing, typename Visitor> void visit_key(Thing &key, Visitor visit)
{
	visit("id", key.id);
	visit("name", key.name);
	visit("type", key.type);
	visit("fingerprint", key.fingerprint);
	visit("text", key.text);
	visit("made", key.made);
}

auto writer(Json &to)
{
	return [&to](const char *name, const auto &value) {
		to.set(name, json_of(value));
	};
}

auto reader(const Json &from)
{
	return [&from](const char *name, auto &value) {
		const Json *member = from.find(name);
		if (!member && is_new(name))
			return;
		if (!member || !take(*member, value))
			throw Trouble(std::string("the endpoint's state lacks \"") + name +
				      "\", or it is of another kind");
	};
}

const Json::Array &list(const Json &json, const char *name)
{
	static const Json none{Json::Array{}};
	const Json *member = json.find(name);

	if (!member && is_new(name))
		return *none.array();
	if (!member || !member->array())
		throw Trouble(std::string("the endpoint's state has no list \"") + name + "\"");
	return *member->array();
}

} // namespace

Json State::to_json() const
{
	Json json, all{Json::Array{}}, cards{Json::Array{}}, pairs{Json::Array{}},
		labels{Json::Array{}};

	for (const auto &[id, instance] : instances) {
		Json one;
		visit_instance(instance, writer(one));
		all.add(one);
	}
	for (const auto &[id, interface] : interfaces) {
		Json one;
		visit_interface(interface, writer(one));
		cards.add(one);
	}
	for (const auto &[id, key] : keys) {
		Json one;
		visit_key(key, writer(one));
		pairs.add(one);
	}
	for (const auto &[id, has] : tags)
		for (const auto &[key, value] : has) {
			Json one;
			one.set("id", id);
			one.set("key", key);
			one.set("value", value);
			labels.add(one);
		}
	json.set("instances", all);
	json.set("interfaces", cards);
	json.set("keys", pairs);
	json.set("tags", labels);
	return json;
}

State State::from_json(const Json &json)
{
	State state;

	for (const Json &one : list(json, "instances")) {
		Instance instance;
		visit_instance(instance, reader(one));
		Machines::check_name(instance.id); /* it names a directory, which may be removed */
		state.instances[instance.id] = instance;
	}
	for (const Json &one : list(json, "interfaces")) {
		Interface interface;
		visit_interface(interface, reader(one));
		state.interfaces[interface.id] = interface;
	}
	for (const Json &one : list(json, "keys")) {
		Key key;
		visit_key(key, reader(one));
		state.keys[key.id] = key;
	}
	for (const Json &one : list(json, "tags")) {
		std::string id, key, value;
		const auto read = reader(one);
		read("id", id);
		read("key", key);
		read("value", value);
		state.tags[id][key] = value;
	}
	return state;
}

std::vector<Interface> State::interfaces_of(const std::string &instance) const
{
	std::vector<Interface> found;

	for (const auto &[id, interface] : interfaces)
		if (interface.instance == instance)
			found.push_back(interface);
	std::sort(found.begin(), found.end(), [](const Interface &a, const Interface &b) {
		return a.device_index < b.device_index;
	});
	return found;
}

void State::forget(time_t now)
{
	std::erase_if(instances, [&](const auto &each) {
		const Instance &instance = each.second;
		const bool old = instance.goal == Goal::terminated &&
				 now - instance.changed > remembered_s &&
				 interfaces_of(instance.id).empty();
		if (old)
			tags.erase(instance.id);
		return old;
	});
}

Store::Store(std::string path)
    : path_(std::move(path)), state_(std::make_shared<State>(read(path_)))
{
}

State Store::read(const std::string &path)
{
	const auto text = read_whole(path);

	if (!text)
		return {};
	try {
		return State::from_json(Json::parse(*text, path));
	} catch (const Trouble &wrong) {
		throw Trouble(
			format("%s; %s is left as it is: put it right, or move it away to begin "
			       "anew",
			       wrong.what(), printable(path).c_str()));
	}
}

std::shared_ptr<const State> Store::now() const
{
	const std::lock_guard lock(mutex_);
	return state_;
}

void Store::change(const std::function<void(State &)> &edit)
{
	const std::lock_guard lock(mutex_);
	auto next = std::make_shared<State>(*state_);

	next->forget(time(nullptr));
	edit(*next);
	const std::string text = next->to_json().dump() + "\n";
	if (text.size() > most_text)
		throw Trouble(format("the endpoint's state would have %zu bytes, at most %zu are "
				     "kept",
				     text.size(), most_text));
	write_durably(path_, text);
	state_ = std::move(next);
}

} // namespace tool::ec2
