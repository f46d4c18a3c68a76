// SPDX-License-Identifier: GPL-2.0-or-later
#include "flow.hh"

#include "text.hh"
#include "trouble.hh"

#include "ena_device.h"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>

namespace tool
{

namespace
{
constexpr size_t table_entries = 128; /* the largest table, which both drivers use */

std::optional<std::vector<uint8_t>> parse_address(const std::string &text)
{
	for (const int family : {AF_INET, AF_INET6}) {
		std::vector<uint8_t> bytes(family == AF_INET ? 4 : 16);
		if (inet_pton(family, text.c_str(), bytes.data()) == 1)
			return bytes;
	}
	return {};
}

std::array<uint8_t, 2> big_endian(uint16_t port)
{
	return {static_cast<uint8_t>(port >> 8), static_cast<uint8_t>(port)};
}
} // namespace

Endpoint Endpoint::parse(std::string_view text, std::string_view what)
{
	std::string address(text), port;
	const size_t colon = address.rfind(':');
	Endpoint endpoint;

	if (address.starts_with("[")) {
		const size_t end = address.find(']');
		if (end != std::string::npos && (end + 1 == address.size() || colon == end + 1)) {
			port = end + 1 == address.size() ? "" : address.substr(end + 2);
			address = address.substr(1, end - 1);
			if (colon == end + 1 && port.empty())
				port = ":";
		}
	} else if (colon != std::string::npos && address.find(':') == colon) {
		port = address.substr(colon + 1);
		address.resize(colon);
		if (port.empty())
			port = ":";
	}
	const auto bytes = parse_address(address);
	if (!bytes)
		throw Trouble(format(
			"%.*s %s: must be an IPv4 or IPv6 address, with :PORT behind it "
			"if there is one ([IPV6]:PORT)",
			static_cast<int>(what.size()), what.data(), printable(text).c_str()));
	endpoint.address = *bytes;
	if (!port.empty())
		endpoint.port = static_cast<uint16_t>(
			number_within(port, 0, 65535, std::string(what) + ": port"));
	return endpoint;
}

net::ToeplitzKey parse_key(std::string_view text)
{
	std::string digits(text);
	net::ToeplitzKey key;

	std::erase(digits, ':');
	if (digits.size() != 2 * key.bytes.size())
		throw Trouble(format("--key: %zu hex digits, must be %zu (40 bytes), as ethtool -x "
				     "shows them",
				     digits.size(), 2 * key.bytes.size()));
	for (size_t i = 0; i < key.bytes.size(); i++) {
		const std::string pair = digits.substr(2 * i, 2);
		const auto value = to_number("0x" + pair);
		if (!value)
			throw Trouble(format("--key: byte %zu is \"%s\", must be two hex digits", i,
					     printable(pair).c_str()));
		key.bytes[i] = static_cast<uint8_t>(*value);
	}
	return key;
}

FlowHash::FlowHash(KeyOwner owner, net::ToeplitzKey key)
    : initial_(owner == KeyOwner::ena ? 0xffffffff : 0), sort_(owner == KeyOwner::ena)
{
	/* The adapter takes the key from its last byte on; openena turns it round beforehand. */
	if (owner != KeyOwner::openena)
		std::reverse(key.bytes.begin(), key.bytes.end());
	toeplitz_.set_key(key);
}

uint32_t FlowHash::operator()(const Endpoint &source, const Endpoint &destination) const
{
	const Endpoint *first = &source, *second = &destination;
	std::vector<uint8_t> input;

	if (source.address.size() != destination.address.size())
		throw Trouble("one address is IPv4 and the other IPv6: a flow has two of a kind");
	if (sort_ && destination.address < source.address)
		std::swap(first, second);
	input = first->address;
	input.insert(input.end(), second->address.begin(), second->address.end());
	if (source.port && destination.port) {
		auto low = *source.port, high = *destination.port;
		if (sort_ && high < low)
			std::swap(low, high);
		for (const uint16_t port : {low, high})
			for (const uint8_t byte : big_endian(port))
				input.push_back(byte);
	}
	return toeplitz_.hash(input, initial_);
}

std::vector<uint16_t> parse_table(std::string_view text)
{
	std::vector<uint16_t> table;

	for (const std::string &word : split(text, ',')) {
		if (table.size() == table_entries)
			throw Trouble(format("--table: more than %zu entries", table_entries));
		table.push_back(static_cast<uint16_t>(
			number_within(word, 0, ENA_DEVICE_MAX_QUEUES - 1, "--table: queue")));
	}
	if (!std::has_single_bit(table.size()) || table.size() < 2)
		throw Trouble(format("--table: %zu entries, must be a power of two from 2 to %zu",
				     table.size(), table_entries));
	return table;
}

std::vector<uint16_t> spread_table(uint64_t queues)
{
	std::vector<uint16_t> table;

	for (size_t i = 0; i < table_entries; i++)
		table.push_back(static_cast<uint16_t>(i % queues));
	return table;
}

} // namespace tool
