// SPDX-License-Identifier: GPL-2.0-or-later
#include "switch.hh"

#include <bit>
#include <cstring>

namespace net
{

namespace
{
MacAddress address_at(std::span<const uint8_t> head, size_t at)
{
	MacAddress mac;
	memcpy(mac.data(), head.data() + at, mac.size());
	return mac;
}

bool is_group(const MacAddress &mac)
{
	return mac[0] & 1;
}

/* The addresses of an adapter differ in few bits: all must reach the index. */
unsigned int hash(const MacAddress &mac)
{
	uint64_t value = 0;
	memcpy(&value, mac.data(), mac.size());
	return static_cast<unsigned int>(value * 0x9e3779b97f4a7c15U >> 56);
}
} // namespace

Switch::Switch()
{
	ports_[wire].on = true;
	rebuild();
}

void Switch::set(unsigned int port, const Port &to)
{
	ports_[port] = to;
	rebuild();
}

void Switch::rebuild()
{
	table_.fill(free_slot);
	untagged_ = floods_ = {};
	members_ = {};
	member_set_.fill(0);
	for (unsigned int port = 0; port < max_ports; port++) {
		if (!ports_[port].on)
			continue;
		enter_in_vlan(port);
		/* Of two with one address the first has it: a virtual function takes nothing away. */
		if (port == wire || find(ports_[port].mac) != wire)
			continue;
		unsigned int slot = hash(ports_[port].mac);
		while (table_[slot] != free_slot)
			slot = (slot + 1) % table_size;
		table_[slot] = static_cast<uint8_t>(port);
	}
}

void Switch::enter_in_vlan(unsigned int port)
{
	const Port &p = ports_[port];

	if (p.floods)
		floods_.add(port);
	if (!p.vlan) {
		untagged_.add(port);
		return;
	}
	/* The set of the first port in a VLAN is that of all in it. The wire, port 0, is in none. */
	uint8_t &set = member_set_[p.vlan % vlans];
	if (!set)
		set = static_cast<uint8_t>(port);
	members_[set].add(port);
}

/* The port with this address; the wire, if there is none. */
unsigned int Switch::find(const MacAddress &mac) const
{
	for (unsigned int slot = hash(mac);; slot = (slot + 1) % table_size) {
		const uint8_t port = table_[slot];
		if (port == free_slot)
			return wire;
		if (ports_[port].mac == mac)
			return port;
	}
}

/* The outermost; number 0 tells a priority alone. Of one that is cut off the number is unknown. */
Switch::Tag Switch::tag_of(std::span<const uint8_t> head)
{
	const auto word = [&](size_t at) {
		return static_cast<uint16_t>(head[at] << 8 | head[at + 1]);
	};
	const uint16_t type = word(ethernet::type_offset);

	if (type == ethernet::type_service_vlan)
		return {.outer = true};
	if (type != ethernet::type_vlan)
		return {};
	if (head.size() < head_length)
		return {.present = true};
	return {.present = true,
		.vlan = static_cast<uint16_t>(word(ethernet::type_offset + 2) & 0xfff)};
}

Refusal Switch::judge(unsigned int from, std::span<const uint8_t> head, const Tag &tag) const
{
	const Port &port = ports_[from];

	if (!port.on)
		return Refusal::port_off;
	if (port.check_source && address_at(head, 6) != port.mac)
		return Refusal::spoofed;
	if (port.vlan && (tag.present || tag.outer))
		return Refusal::tagged;
	const MacAddress to = address_at(head, 0);
	if (!is_group(to) && from != wire && find(to) == from)
		return Refusal::own_address;
	return Refusal::none;
}

/* Among all ports, those of the VLAN and those of none. */
PortSet Switch::destinations(unsigned int from, const MacAddress &to, unsigned int vlan) const
{
	const PortSet reachable = untagged_ | members_[vlan ? member_set_[vlan] : 0];
	PortSet ports;

	if (mode_ == SwitchMode::vepa && from != wire) {
		ports.add(wire);
		return ports;
	}
	if (is_group(to)) {
		ports = reachable;
	} else {
		const unsigned int known = find(to);
		if (known != wire && reachable.has(known)) {
			ports.add(known);
			return ports;
		}
		ports = floods_ & reachable;
		if (const unsigned int port = from == wire ? physical : wire; reachable.has(port))
			ports.add(port);
	}
	ports.remove(from);
	return ports;
}

/* Of a frame from the wire that may be one of ours, sent back. */
PortSet Switch::without_sender(PortSet ports, const MacAddress &source) const
{
	if (const unsigned int sender = find(source); sender != wire)
		ports.remove(sender);
	return ports;
}

/* What a frame needs on its way from a port with a VLAN to one without, or the other way. */
TagEdit Switch::edit_for(const Port &from, const Tag &tag)
{
	if (from.vlan)
		return {TagEdit::Kind::insert, from.vlan, from.priority};
	if (tag.present)
		return {.kind = TagEdit::Kind::remove};
	return {};
}

void Switch::count(const PortSet &to, const MacAddress &address)
{
	constexpr MacAddress broadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const bool all = address == broadcast, some = !all && is_group(address);

	for (unsigned int word = 0; word < to.words().size(); word++) {
		for (uint64_t left = to.words()[word]; left; left &= left - 1) {
			Counters &c = counters_[64 * word +
						static_cast<unsigned int>(std::countr_zero(left))];
			c.sent++;
			c.broadcast += all;
			c.multicast += some;
		}
	}
}

Switch::Verdict Switch::decide(unsigned int from, std::span<const uint8_t> head) const
{
	Verdict verdict;
	Tag tag;

	if (head.size() >= ethernet::header_length)
		tag = tag_of(head);
	if (head.size() < ethernet::header_length + (tag.present ? ethernet::vlan_tag_length : 0))
		verdict.refusal = Refusal::runt;
	else
		verdict.refusal = judge(from, head, tag);
	if (verdict.refusal != Refusal::none)
		return verdict;
	const Port &port = ports_[from];
	PortSet all = destinations(from, address_at(head, 0), port.vlan ? port.vlan : tag.vlan);
	if (mode_ == SwitchMode::vepa && from == wire)
		all = without_sender(all, address_at(head, 6));
	verdict.edit = edit_for(port, tag);
	/* Both ends without a VLAN, or both with one, which is then the same: nothing to do. */
	verdict.to = all & (port.vlan ? members_[member_set_[port.vlan]] : untagged_);
	verdict.retagged = all & (port.vlan ? untagged_ : members_[member_set_[tag.vlan]]);
	return verdict;
}

Switch::Verdict Switch::forward(unsigned int from, std::span<const uint8_t> head)
{
	const Verdict verdict = decide(from, head);

	counters_[from].received++;
	if (verdict.refusal != Refusal::none)
		counters_[from].refused[static_cast<size_t>(verdict.refusal)]++;
	else
		count(verdict.to | verdict.retagged, address_at(head, 0));
	return verdict;
}

bool Switch::stays_inside(unsigned int from, std::span<const uint8_t> head) const
{
	const Verdict verdict = decide(from, head);

	return !(verdict.to | verdict.retagged).has(wire);
}

} // namespace net
