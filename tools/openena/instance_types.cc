// SPDX-License-Identifier: GPL-2.0-or-later
/* openena instance-types: what an adapter of each EC2 instance type has. */
#include "commands.hh"
#include "json.hh"
#include "text.hh"

#include "ena_instance.h"

#include <algorithm>

namespace tool
{

namespace
{

const char *adapter_name(const ena_instance_type &type)
{
	static constexpr const char *names[] = {"ena", "82599", "none"};
	return names[type.adapter];
}

std::string family_of(const ena_instance_type &type)
{
	return split(type.name, '.').front();
}

std::string or_unknown(uint32_t number, const std::string &text)
{
	return number ? text : "unknown";
}

Json or_null(uint32_t number)
{
	return number ? Json(number) : Json();
}

/* What the adapter makes of a type. */
struct Limits {
	ena_config config;
	ena_allowance_config allowance;
	uint32_t assumed;

	explicit Limits(const ena_instance_type &type) : assumed(ena_instance_type_assumed(&type))
	{
		ena_config_default(&config);
		ena_config_set_instance_type(&config, &type);
		ena_allowance_default(&allowance, &type);
	}
};

/* A line about one type: for people, and for machines. */
struct Fact {
	const char *name;
	Json value;
	std::string text;
	uint32_t assumed; /* enum ena_assumed, 0: Amazon publishes it */
};

std::vector<Fact> facts_of(const ena_instance_type &type)
{
	const Limits limits(type);
	const ena_allowance_config &a = limits.allowance;
	const uint16_t most = ena_instance_type_most_queues(&type);

	return {
		{"queues", limits.config.queues,
		 format("%u queue pairs, at most %u", limits.config.queues, most),
		 ENA_ASSUMED_QUEUES},
		{"max_queues", most, {}, ENA_ASSUMED_QUEUES},
		{"mtu", limits.config.max_mtu, format("%u bytes at most", limits.config.max_mtu),
		 0},
		{"link_mbps", limits.config.speed_mbps,
		 bandwidth(limits.config.speed_mbps) + ", the slowest link that carries the peak",
		 0},
		{"baseline_mbps", a.baseline_mbps,
		 bandwidth(a.baseline_mbps) + " in each direction", 0},
		{"peak_mbps", a.peak_mbps, bandwidth(a.peak_mbps) + " with credits", 0},
		{"burst_ms", a.burst_ms,
		 format("%u s at the peak, with full credits", a.burst_ms / 1000),
		 ENA_ASSUMED_BURST},
		{"flow_mbps", a.flow_mbps,
		 bandwidth(a.flow_mbps) + " of one flow, twice that in a cluster placement group",
		 0},
		{"pps", a.pps, grouped(a.pps) + " packets a second", ENA_ASSUMED_PPS},
		{"connections", a.connections, grouped(a.connections) + " tracked connections",
		 ENA_ASSUMED_CONNECTIONS},
		{"tcp_timeout_s", a.tcp_timeout_s,
		 format("%u s until a silent TCP connection is forgotten", a.tcp_timeout_s),
		 ENA_ASSUMED_TCP_TIMEOUT},
		{"link_local_pps", a.link_local_pps,
		 format("%u packets a second to link-local services", a.link_local_pps), 0},
		{"wait_ms", a.wait_ms, format("%u ms that a packet may wait", a.wait_ms),
		 ENA_ASSUMED_WAIT},
	};
}

Json summary_of(const ena_instance_type &type)
{
	Json item;

	item.set("type", type.name);
	item.set("family", family_of(type));
	item.set("adapter", adapter_name(type));
	item.set("ena_express", type.ena_express);
	item.set("queues", or_null(type.queues));
	item.set("max_queues", or_null(type.max_queues));
	item.set("baseline_mbps", or_null(type.baseline_mbps));
	item.set("peak_mbps", or_null(type.peak_mbps));
	item.set("tcp_timeout_s", or_null(type.tcp_timeout_s));
	return item;
}

Json details_of(const ena_instance_type &type)
{
	const uint32_t assumed = ena_instance_type_assumed(&type);
	Json item = summary_of(type), limits{Json::Object{}}, guesses{Json::Array{}};

	if (type.adapter == ENA_INSTANCE_ENA)
		for (const Fact &fact : facts_of(type)) {
			limits.set(fact.name, fact.value);
			if (fact.assumed & assumed)
				guesses.add(fact.name);
		}
	item.set("limits", limits);
	item.set("assumed", guesses);
	return item;
}

void describe(const ena_instance_type &type, Output &out)
{
	const uint32_t assumed = ena_instance_type_assumed(&type);

	out.print("%s\n", type.name);
	if (type.adapter != ENA_INSTANCE_ENA) {
		out.line(type.adapter == ENA_INSTANCE_82599
				 ? "  has no ENA: its enhanced networking is the Intel 82599 VF"
				 : "  has no ENA: it has no enhanced networking");
		return;
	}
	for (const Fact &fact : facts_of(type))
		if (!fact.text.empty())
			out.print("  %-15s %s%s\n", fact.name, fact.text.c_str(),
				  fact.assumed & assumed ? " (assumed)" : "");
	out.print("  %-15s %s\n", "ena_express", type.ena_express ? "possible" : "no");
	out.line("Assumed: Amazon does not publish it; Documentation/instance-types.rst says why "
		 "so.");
	out.print("Such an adapter: -device ena,instance-type=%s\n", type.name);
}

class InstanceTypes : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "instance-types";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "what the network adapter of an EC2 instance type has, and its limits";
	}
	void declare(Options &options) override
	{
		options.texts("type", wanted_, "TYPE",
			      "a type such as c5n.18xlarge; none: list them");
		options.text("--family", family_, "FAMILY", "only of this family, such as c5n");
		options.number("--min-bandwidth", least_baseline_, 0, 1'000'000, "MBPS",
			       "only with this baseline, in Mbit/s, or more");
		options.number("--min-peak", least_peak_, 0, 1'000'000, "MBPS",
			       "only with this peak, in Mbit/s, or more");
		options.number("--min-queues", least_queues_, 0, 1024, "N",
			       "only with this many queue pairs of an adapter, or more");
		options.flag("--ena", ena_, "only with an Elastic Network Adapter");
		options.flag("--ena-express", express_, "only with ENA Express");
		options.flag("--json", json_, "for machines");
	}
	int run(Streams &io) override
	{
		for (size_t i = 0; const auto *type = ena_instance_type_at(i); i++)
			all_.push_back(type);
		return wanted_.empty() ? list(io.out) : show(io.out);
	}

    private:
	[[nodiscard]] std::vector<std::string> names(bool families) const
	{
		std::vector<std::string> names;
		for (const auto *type : all_)
			names.push_back(families ? family_of(*type) : type->name);
		return names;
	}

	[[nodiscard]] bool matches(const ena_instance_type &type) const
	{
		return (family_.empty() || family_of(type) == family_) &&
		       type.baseline_mbps >= least_baseline_.value_or(0) &&
		       type.peak_mbps >= least_peak_.value_or(0) &&
		       type.max_queues >= least_queues_.value_or(0) &&
		       (!ena_ || type.adapter == ENA_INSTANCE_ENA) &&
		       (!express_ || type.ena_express);
	}

	int list(Output &out) const
	{
		Table table({{"type"},
			     {"adapter"},
			     {"queues", true},
			     {"most", true},
			     {"baseline", true},
			     {"peak", true},
			     {"ENA Express"}});
		Json json{Json::Array{}};
		bool family_seen = family_.empty();

		for (const auto *type : all_) {
			family_seen = family_seen || family_of(*type) == family_;
			if (!matches(*type))
				continue;
			json.add(summary_of(*type));
			table.row({type->name, adapter_name(*type),
				   or_unknown(type->queues, std::to_string(type->queues)),
				   or_unknown(type->max_queues, std::to_string(type->max_queues)),
				   or_unknown(type->baseline_mbps, bandwidth(type->baseline_mbps)),
				   or_unknown(type->peak_mbps, bandwidth(type->peak_mbps)),
				   type->ena_express ? "yes" : ""});
		}
		if (!family_seen)
			throw Trouble(no_such("family", family_, names(true)));
		if (json_)
			out.line(json.dump());
		else if (table.empty())
			out.line("No type matches.");
		else
			table.print(out);
		return table.empty() ? exit_findings : exit_fine;
	}

	int show(Output &out) const
	{
		std::vector<const ena_instance_type *> found;
		Json json{Json::Array{}};

		for (const std::string &word : wanted_) {
			const auto type =
				std::find_if(all_.begin(), all_.end(),
					     [&](const auto *t) { return word == t->name; });
			if (type == all_.end())
				throw Trouble(no_such("instance type", word, names(false)));
			found.push_back(*type);
		}
		for (const auto *type : found) {
			json.add(details_of(*type));
			if (!json_)
				describe(*type, out);
		}
		if (json_)
			out.line(json.dump());
		return exit_fine;
	}

	std::vector<const ena_instance_type *> all_;
	std::vector<std::string> wanted_;
	std::string family_;
	std::optional<uint64_t> least_baseline_, least_peak_, least_queues_;
	bool ena_ = false, express_ = false, json_ = false;
};

} // namespace

std::unique_ptr<Command> make_instance_types()
{
	return std::make_unique<InstanceTypes>();
}

} // namespace tool
