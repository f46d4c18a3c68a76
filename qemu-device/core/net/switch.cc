// SPDX-License-Identifier: GPL-2.0-or-later
#include "switch.hh"

#include <bit>
#include <cstring>

namespace net
{

namespace
{
constexpr size_t header_length = 14;

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
	on_ = {};
	for (unsigned int port = 0; port < max_ports; port++) {
		if (!ports_[port].on)
			continue;
		on_.add(port);
		/* Of two with one address the first has it: a virtual function takes nothing away. */
		if (port == wire || find(ports_[port].mac) != wire)
			continue;
		unsigned int slot = hash(ports_[port].mac);
		while (table_[slot] != free_slot)
			slot = (slot + 1) % table_size;
		table_[slot] = static_cast<uint8_t>(port);
	}
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

Refusal Switch::judge(unsigned int from, std::span<const uint8_t> head) const
{
	if (head.size() < header_length)
		return Refusal::runt;
	if (!ports_[from].on)
		return Refusal::port_off;
	if (ports_[from].check_source && address_at(head, 6) != ports_[from].mac)
		return Refusal::spoofed;
	const MacAddress to = address_at(head, 0);
	if (!is_group(to) && from != wire && find(to) == from)
		return Refusal::own_address;
	return Refusal::none;
}

Switch::Verdict Switch::forward(unsigned int from, std::span<const uint8_t> head)
{
	Verdict verdict;

	counters_[from].received++;
	verdict.refusal = judge(from, head);
	if (verdict.refusal != Refusal::none) {
		counters_[from].refused[static_cast<size_t>(verdict.refusal)]++;
		return verdict;
	}
	const MacAddress to = address_at(head, 0);
	if (is_group(to)) {
		verdict.to = on_;
		verdict.to.remove(from);
	} else {
		const unsigned int known = find(to);
		const unsigned int port = known == wire && from == wire ? physical : known;
		if (ports_[port].on)
			verdict.to.add(port);
	}
	for (unsigned int word = 0; word < verdict.to.words().size(); word++)
		for (uint64_t left = verdict.to.words()[word]; left; left &= left - 1)
			counters_[64 * word + static_cast<unsigned int>(std::countr_zero(left))]
				.sent++;
	return verdict;
}

} // namespace net
