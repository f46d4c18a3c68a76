// SPDX-License-Identifier: GPL-2.0-or-later
#include "flow_steering.hh"

#include <bit>
#include <cstring>

namespace ena
{

namespace
{
constexpr size_t ipv4_address = 4;

struct FlowType {
	const char *name;
	net::L3 l3;
	net::L4 l4; /* none: any */
};

/* By enum ena_flow_type. */
constexpr FlowType flow_types[] = {
	{},
	{"IPv4", net::L3::ipv4, net::L4::none},
	{"IPv6", net::L3::ipv6, net::L4::none},
	{"TCP over IPv4", net::L3::ipv4, net::L4::tcp},
	{"TCP over IPv6", net::L3::ipv6, net::L4::tcp},
	{"UDP over IPv4", net::L3::ipv4, net::L4::udp},
	{"UDP over IPv6", net::L3::ipv6, net::L4::udp},
};
static_assert(std::size(flow_types) == ENA_FLOW_UDP6 + 1);

std::array<uint8_t, 2> wire_order(uint16_t port)
{
	return {static_cast<uint8_t>(port >> 8), static_cast<uint8_t>(port)};
}
} // namespace

FlowSteering::Key FlowSteering::read_packet(const net::Packet &packet,
					    std::span<const uint8_t> head)
{
	const auto copy = [](auto &to, std::span<const uint8_t> from) {
		std::copy_n(from.begin(), std::min(from.size(), to.size()), to.begin());
	};
	const uint8_t *ip = head.data() + packet.l3_offset;
	Fields f{};

	f.l3 = static_cast<uint8_t>(packet.l3);
	f.l4 = static_cast<uint8_t>(packet.l4);
	f.tos = packet.l3 == net::L3::ipv4 ? ip[1]
					   : static_cast<uint8_t>((ip[0] << 4 | ip[1] >> 4) & 0xff);
	copy(f.destination, packet.destination(head));
	copy(f.source, packet.source(head));
	copy(f.destination_port, packet.destination_port(head));
	copy(f.source_port, packet.source_port(head));
	return std::bit_cast<Key>(f);
}

FlowSteering::Rule FlowSteering::make_rule(const ena_flow_steering_cmd &cmd,
					   const ena_flow_steering_match &match)
{
	const FlowType &type = flow_types[cmd.flow_type];
	const size_t address = type.l3 == net::L3::ipv4 ? ipv4_address : 16;
	Fields value{}, mask{};

	value.l3 = static_cast<uint8_t>(type.l3);
	mask.l3 = 0xff;
	std::copy_n(match.dst_ip, address, value.destination.begin());
	std::copy_n(match.dst_ip_mask, address, mask.destination.begin());
	std::copy_n(match.src_ip, address, value.source.begin());
	std::copy_n(match.src_ip_mask, address, mask.source.begin());
	value.tos = match.tos;
	mask.tos = match.tos_mask;
	if (type.l4 != net::L4::none) {
		value.l4 = static_cast<uint8_t>(type.l4);
		mask.l4 = 0xff;
		value.destination_port = wire_order(match.dst_port.get());
		mask.destination_port = wire_order(match.dst_port_mask.get());
		value.source_port = wire_order(match.src_port.get());
		mask.source_port = wire_order(match.src_port_mask.get());
	}

	Rule rule{std::bit_cast<Key>(value), std::bit_cast<Key>(mask), cmd.rx_queue.get()};
	for (size_t i = 0; i < rule.value.size(); i++)
		rule.value[i] &= rule.mask[i];
	return rule;
}

std::optional<QueueIndex> FlowSteering::classify(const net::Packet &packet,
						 std::span<const uint8_t> head) const
{
	if (!used_ || packet.l3 == net::L3::none)
		return std::nullopt;
	const Key key = read_packet(packet, head);
	for (uint64_t left = used_; left; left &= left - 1) {
		const Rule &rule = rules_[static_cast<size_t>(std::countr_zero(left))];
		uint64_t difference = 0;
		for (size_t i = 0; i < key.size(); i++)
			difference |= (key[i] & rule.mask[i]) ^ rule.value[i];
		if (difference)
			continue;
		if (const auto q = queues_.running_rx(rule.queue))
			return q;
	}
	return std::nullopt;
}

ena_admin_status FlowSteering::check(const ena_flow_steering_cmd &cmd)
{
	const uint16_t location = cmd.rule_location.get();

	if (cmd.flow_type < ENA_FLOW_IPV4 || cmd.flow_type > ENA_FLOW_UDP6)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 30: flow type %u, must be %u to %u", cmd.flow_type,
				    ENA_FLOW_IPV4, ENA_FLOW_UDP6);
	if (cmd.rx_queue.get() >= config_.queues)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 30: RX queue %u, the adapter has 0 to %u",
				    cmd.rx_queue.get(), config_.queues - 1u);
	if (location == ENA_FLOW_ANY_LOCATION) {
		if (std::countr_one(used_) >= config_.flow_rules)
			return host_.refuse(ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE,
					    "SET_FEATURE 30: all %u rules are in use",
					    config_.flow_rules);
		return ENA_ADMIN_SUCCESS;
	}
	if (location >= config_.flow_rules)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 30: location %u, the table has 0 to %u", location,
				    config_.flow_rules - 1u);
	if (used(location))
		return host_.refuse(ENA_ADMIN_RESOURCE_BUSY,
				    "SET_FEATURE 30: location %u has a rule, remove it first",
				    location);
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status FlowSteering::add(const ena_flow_steering_cmd &cmd, const ena_ctrl_buffer &ctrl,
				   ena_flow_steering_resp &resp)
{
	const BusAddress from = bus_address(ctrl.address);
	ena_flow_steering_match match;

	if (const auto status = check(cmd))
		return status;
	if (!from || ctrl.length.get() < sizeof(match))
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "SET_FEATURE 30: buffer of %u bytes, %zu are needed",
				    ctrl.length.get(), sizeof(match));
	if (!host_.read(from, &match, sizeof(match)))
		return host_.refuse(ENA_ADMIN_UNKNOWN_ERROR,
				    "SET_FEATURE 30: the buffer cannot be read");

	uint16_t location = cmd.rule_location.get();
	if (location == ENA_FLOW_ANY_LOCATION)
		location = static_cast<uint16_t>(std::countr_one(used_));
	rules_[location] = make_rule(cmd, match);
	used_ |= uint64_t{1} << location;
	resp.rule_location.set(location);
	host_.trace("flow rule %u: %s to RX queue %u", location, flow_types[cmd.flow_type].name,
		    cmd.rx_queue.get());
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status FlowSteering::remove(uint16_t location)
{
	if (location >= config_.flow_rules || !used(location))
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 30: there is no rule at location %u to remove",
				    location);
	used_ &= ~(uint64_t{1} << location);
	host_.trace("flow rule %u: removed", location);
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status FlowSteering::set(const ena_flow_steering_cmd &cmd, const ena_ctrl_buffer &ctrl,
				   ena_flow_steering_resp &resp)
{
	switch (cmd.action) {
	case ENA_FLOW_ADD:
		return add(cmd, ctrl, resp);
	case ENA_FLOW_REMOVE:
		return remove(cmd.rule_location.get());
	case ENA_FLOW_REMOVE_ALL:
		used_ = 0;
		host_.trace("flow rules: all removed");
		return ENA_ADMIN_SUCCESS;
	default:
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 30: action %u, must be %u (add), %u (remove) or "
				    "%u (remove all)",
				    cmd.action, ENA_FLOW_ADD, ENA_FLOW_REMOVE, ENA_FLOW_REMOVE_ALL);
	}
}

void FlowSteering::snapshot(Snapshot &s)
{
	const unsigned int rules = config_.flow_rules;
	const uint64_t locations = rules < 64 ? (uint64_t{1} << rules) - 1 : UINT64_MAX;

	s.section("steering", 1, Absent::defaults, [&] {
		s.mask("rules", used_, locations);
		for (unsigned int i = 0; i < rules_.size() && !s.failed(); i++) {
			if (!(used_ >> i & 1))
				continue;
			Rule &rule = rules_[i];
			s.item(i);
			for (unsigned int word = 0; word < rule.value.size(); word++) {
				s.value("value", rule.value[word]);
				s.value("mask", rule.mask[word]);
				s.require(!(rule.value[word] & ~rule.mask[word]),
					  "rule compares what its mask leaves out");
			}
			s.value("queue", rule.queue, 0, config_.queues - 1u);
		}
	});
}

} // namespace ena
