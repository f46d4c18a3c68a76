/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow_steering.hh"

namespace oe
{

namespace
{

/* Feature 30 numbers the types as the bridge does. */
static_assert(static_cast<int>(OE_FLOW_IPV4) == ENA_FLOW_IPV4 &&
	      static_cast<int>(OE_FLOW_IPV6) == ENA_FLOW_IPV6 &&
	      static_cast<int>(OE_FLOW_TCP4) == ENA_FLOW_TCP4 &&
	      static_cast<int>(OE_FLOW_TCP6) == ENA_FLOW_TCP6 &&
	      static_cast<int>(OE_FLOW_UDP4) == ENA_FLOW_UDP4 &&
	      static_cast<int>(OE_FLOW_UDP6) == ENA_FLOW_UDP6);

ena_flow_steering_match make_match(const oe_flow_rule &rule)
{
	ena_flow_steering_match match = {};

	__builtin_memcpy(match.dst_ip, rule.dst_ip, sizeof(match.dst_ip));
	__builtin_memcpy(match.dst_ip_mask, rule.dst_ip_mask, sizeof(match.dst_ip_mask));
	__builtin_memcpy(match.src_ip, rule.src_ip, sizeof(match.src_ip));
	__builtin_memcpy(match.src_ip_mask, rule.src_ip_mask, sizeof(match.src_ip_mask));
	match.dst_port.set(rule.dst_port);
	match.dst_port_mask.set(rule.dst_port_mask);
	match.src_port.set(rule.src_port);
	match.src_port_mask.set(rule.src_port_mask);
	match.tos = rule.tos;
	match.tos_mask = rule.tos_mask;
	return match;
}

} // namespace

Status FlowSteering::init(oe_kernel *kernel, const Features &features)
{
	if (!features.flow_rules)
		return {};
	if (Status status = match_.allocate(kernel, sizeof(ena_flow_steering_match)); !status)
		return status;
	return rules_.allocate(features.flow_rules);
}

Status FlowSteering::check(const oe_flow_rule &rule, uint32_t queues, Refusal &why) const
{
	if (!size()) {
		why << "the device does not steer flows";
		return Errno::not_supported;
	}
	if (rule.type < OE_FLOW_IPV4 || rule.type > OE_FLOW_UDP6) {
		why << "flow type " << uint32_t{rule.type} << ": ip, tcp and udp are possible";
		return Errno::invalid;
	}
	if (rule.drop) {
		why << "the device cannot drop a flow, only send it to a queue";
		return Errno::not_supported;
	}
	if (rule.queue >= queues) {
		why << "flow rule for queue " << rule.queue << " of " << queues << " queues";
		return Errno::invalid;
	}
	return {};
}

/* The lowest or highest free location, or one that a follower has @taken; OE_FLOW_NONE: none. */
uint32_t FlowSteering::place(bool last, bool taken) const
{
	for (uint32_t i = 0; i < size(); i++) {
		uint32_t location = last ? size() - 1 - i : i;
		const Slot &slot = rules_[location];

		if (taken ? slot.used && slot.follows : !slot.used)
			return location;
	}
	return OE_FLOW_NONE;
}

/* Settles the location. */
Status FlowSteering::choose(oe_flow_rule &rule, Refusal &why) const
{
	bool last = rule.location == OE_FLOW_LAST;

	if (!last && rule.location != OE_FLOW_ANY) {
		if (rule.location < size())
			return {};
		why << "flow rule location of " << rule.location << " is not within 0 to "
		    << size() - 1;
		return Errno::invalid;
	}
	rule.location = place(last, false);
	if (rule.location == OE_FLOW_NONE)
		rule.location = place(last, true);
	if (rule.location != OE_FLOW_NONE)
		return {};
	why << "all " << size() << " flow rules are in use";
	return Errno::no_space;
}

Status FlowSteering::tell_add(AdminQueue &admin, const oe_flow_rule &rule)
{
	ena_flow_steering_cmd command = {};

	*match_.as<ena_flow_steering_match>() = make_match(rule);
	command.action = ENA_FLOW_ADD;
	command.flow_type = rule.type;
	command.rx_queue.set(static_cast<uint16_t>(rule.queue));
	command.rule_location.set(static_cast<uint16_t>(rule.location));
	return set_feature(admin, ENA_FEATURE_FLOW_STEERING, command,
			   {match_.bus(), static_cast<uint32_t>(sizeof(ena_flow_steering_match))});
}

Status FlowSteering::tell_remove(AdminQueue &admin, ena_flow_action action, uint32_t location)
{
	ena_flow_steering_cmd command = {};

	command.action = static_cast<uint8_t>(action);
	command.rule_location.set(static_cast<uint16_t>(location));
	return set_feature(admin, ENA_FEATURE_FLOW_STEERING, command);
}

Status FlowSteering::add(AdminQueue &admin, oe_flow_rule &rule, uint32_t queues, Refusal &why)
{
	if (Status status = check(rule, queues, why); !status)
		return status;
	if (Status status = choose(rule, why); !status)
		return status;
	/* A device does not replace a rule: the old one goes first, and comes back if it must. */
	Slot &slot = rules_[rule.location];
	bool replaces = slot.used;
	if (replaces) {
		if (Status status = remove_at(admin, rule.location, why); !status)
			return status;
	}
	if (Status status = tell_add(admin, rule); !status) {
		/* A dead queue takes nothing: restore() does it. */
		slot.used = replaces && (tell_add(admin, slot.rule) || admin.dead());
		why << "the device refuses flow rule " << rule.location;
		return status;
	}
	slot = {.rule = rule, .used = true, .follows = false, .id = 0};
	return {};
}

Status FlowSteering::remove_at(AdminQueue &admin, uint32_t location, Refusal &why)
{
	if (Status status = tell_remove(admin, ENA_FLOW_REMOVE, location); !status) {
		why << "the device does not remove flow rule " << location;
		return status;
	}
	rules_[location].used = false;
	return {};
}

Status FlowSteering::remove(AdminQueue &admin, uint32_t location, Refusal &why)
{
	if (location >= size() || !users(location)) {
		why << "there is no flow rule " << location << " to remove";
		return Errno::no_entry;
	}
	return remove_at(admin, location, why);
}

Status FlowSteering::add_follower(AdminQueue &admin, oe_flow_rule &rule, uint32_t id)
{
	uint32_t location = place(true, false);

	if (location == OE_FLOW_NONE)
		return Errno::no_space;
	rule.location = location;
	if (Status status = tell_add(admin, rule); !status)
		return status;
	rules_[location] = {.rule = rule, .used = true, .follows = true, .id = id};
	return {};
}

Status FlowSteering::remove_follower(AdminQueue &admin, uint32_t location)
{
	Refusal nobody;

	return remove_at(admin, location, nobody);
}

bool FlowSteering::has_follower(uint32_t location, uint32_t id) const
{
	return location < size() && rules_[location].used && rules_[location].follows &&
	       rules_[location].id == id;
}

void FlowSteering::drop_followers(AdminQueue &admin, uint32_t queues)
{
	for (uint32_t i = 0; i < size(); i++)
		if (rules_[i].used && rules_[i].follows && rules_[i].rule.queue >= queues)
			(void)remove_follower(admin, i);
}

Status FlowSteering::remove_all(AdminQueue &admin, Refusal &why)
{
	bool any = false;

	for (const Slot &slot : rules_)
		any = any || slot.used;
	if (!any)
		return {};
	if (Status status = tell_remove(admin, ENA_FLOW_REMOVE_ALL, 0); !status) {
		why << "the device does not remove its flow rules";
		return status;
	}
	for (Slot &slot : rules_)
		slot.used = false;
	return {};
}

Status FlowSteering::get(uint32_t location, oe_flow_rule &rule) const
{
	if (location >= size() || !users(location))
		return Errno::no_entry;
	rule = rules_[location].rule;
	return {};
}

uint32_t FlowSteering::next(uint32_t from) const
{
	for (uint32_t i = from; i < size(); i++)
		if (users(i))
			return i;
	return OE_FLOW_NONE;
}

const oe_flow_rule *FlowSteering::beyond(uint32_t queues) const
{
	const oe_flow_rule *highest = nullptr;

	for (uint32_t i = 0; i < size(); i++) {
		const oe_flow_rule &rule = rules_[i].rule;

		if (users(i) && rule.queue >= queues && (!highest || rule.queue > highest->queue))
			highest = &rule;
	}
	return highest;
}

void FlowSteering::restore(oe_kernel *kernel, AdminQueue &admin)
{
	for (Slot &slot : rules_) {
		if (!slot.used)
			continue;
		if (Status status = tell_add(admin, slot.rule); status)
			continue;
		/* The next reset finds the rules as they are. */
		if (admin.dead())
			return;
		slot.used = false;
		log(kernel, OE_LOG_ERROR,
		    LogLine() << "after the reset the device refuses flow rule "
			      << slot.rule.location << ": it is gone");
	}
}

} // namespace oe
