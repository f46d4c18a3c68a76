// SPDX-License-Identifier: GPL-2.0-or-later
/* openena toeplitz: the receive queue of a flow, and the flows of a receive queue. */
#include "commands.hh"
#include "flow.hh"
#include "json.hh"
#include "text.hh"

#include "core/rss_key.hh"
#include "ena_device.h"

#include <algorithm>

namespace tool
{

namespace
{

KeyOwner owner_of(const std::string &word)
{
	return word == "ena"       ? KeyOwner::ena
	       : word == "adapter" ? KeyOwner::adapter
				   : KeyOwner::openena;
}

class Toeplitz : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "toeplitz";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "which receive queue a flow goes to, and which source ports reach a queue";
	}
	void declare(Options &options) override
	{
		options.text("--from", from_, "ADDRESS[:PORT]", "source of the packets");
		options.text("--to", to_, "ADDRESS[:PORT]", "destination of the packets");
		options.choice("--protocol", protocol_, {"tcp", "udp", "other"},
			       "of the packets; other protocols, and fragments, have no ports");
		options.choice("--driver", driver_, {"openena", "ena", "adapter"},
			       "whose key it is: a driver's, or the adapter's own before a driver "
			       "gives one");
		options.text("--key", key_, "HEX",
			     "40 bytes as ethtool -x shows them; without it the adapter's default");
		options.text("--table", table_, "QUEUE,...",
			     "the indirection table, a power of two of entries up to 128");
		options.number("--queues", queues_, 1, ENA_DEVICE_MAX_QUEUES, "N",
			       "instead of a table: the drivers' own for N queues (8)");
		options.number("--queue", queue_, 0, ENA_DEVICE_MAX_QUEUES - 1, "N",
			       "the other way round: source ports that reach this queue");
		options.number("--count", count_, 1, 65536, "N", "so many of them (16)");
		options.number("--first-port", first_port_, 0, 65535, "PORT",
			       "from this one on (32768)");
		options.flag("--json", json_, "for machines");
	}
	int run(Streams &io) override
	{
		check();
		table_of_ = table_.empty() ? spread_table(queues_.value_or(8))
					   : parse_table(table_);
		net::ToeplitzKey key;
		key.bytes = ena::default_rss_key;
		if (!key_.empty())
			key = parse_key(key_);
		hash_.emplace(owner_of(driver_), key);
		return queue_ ? search(io.out) : look_up(io.out);
	}

    private:
	void check()
	{
		if (from_.empty() || to_.empty())
			throw Trouble("--from and --to are both needed, such as --from "
				      "10.0.0.1:40000 --to 10.0.0.2:5201");
		if (!table_.empty() && queues_)
			throw Trouble("--table and --queues say the same: give one of them");
		source_ = Endpoint::parse(from_, "--from");
		destination_ = Endpoint::parse(to_, "--to");
		const bool ports = protocol_ != "other";
		if (!ports && (source_.port || destination_.port || queue_))
			throw Trouble("--protocol other: such packets have no ports");
		if (ports && !destination_.port)
			throw Trouble("--to " + printable(to_) + " has no port, which " +
				      protocol_ + " needs");
		if (ports && !source_.port && !queue_)
			throw Trouble("--from " + printable(from_) + " has no port, which " +
				      protocol_ + " needs; or give --queue to look for one");
		if (source_.port && queue_)
			throw Trouble("--queue looks for source ports: --from " + printable(from_) +
				      " gives one");
	}

	[[nodiscard]] size_t entry_of(uint32_t hash) const
	{
		return hash & (table_of_.size() - 1);
	}

	int look_up(Output &out) const
	{
		const uint32_t hash = (*hash_)(source_, destination_);
		const size_t entry = entry_of(hash);

		if (json_) {
			Json json;
			json.set("hash", hash);
			json.set("entry", entry);
			json.set("queue", table_of_[entry]);
			out.line(json.dump());
		} else {
			out.print("queue %u (hash 0x%08x, entry %zu of %zu)\n", table_of_[entry],
				  hash, entry, table_of_.size());
		}
		return exit_fine;
	}

	int search(Output &out)
	{
		const auto wanted = static_cast<uint16_t>(*queue_);
		const uint64_t most = count_.value_or(16);
		std::vector<uint16_t> ports;

		if (std::find(table_of_.begin(), table_of_.end(), wanted) == table_of_.end())
			throw Trouble(format(
				"--queue %u: no entry of the table leads there; it has "
				"queues up to %u",
				wanted, *std::max_element(table_of_.begin(), table_of_.end())));
		for (uint64_t port = first_port_.value_or(32768);
		     port <= 65535 && ports.size() < most; port++) {
			source_.port = static_cast<uint16_t>(port);
			if (table_of_[entry_of((*hash_)(source_, destination_))] == wanted)
				ports.push_back(*source_.port);
		}
		Json json, list{Json::Array{}};
		for (const uint16_t port : ports)
			list.add(port);
		json.set("queue", wanted);
		json.set("source_ports", list);
		if (json_)
			out.line(json.dump());
		else if (ports.empty())
			out.print("No source port leads to queue %u.\n", wanted);
		else
			for (const uint16_t port : ports)
				out.print("%u\n", port);
		return ports.empty() ? exit_findings : exit_fine;
	}

	std::string from_, to_, protocol_, driver_, key_, table_;
	std::optional<uint64_t> queues_, queue_, count_, first_port_;
	bool json_ = false;
	Endpoint source_, destination_;
	std::vector<uint16_t> table_of_;
	std::optional<FlowHash> hash_;
};

} // namespace

std::unique_ptr<Command> make_toeplitz()
{
	return std::make_unique<Toeplitz>();
}

} // namespace tool
