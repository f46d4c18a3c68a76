// SPDX-License-Identifier: GPL-2.0-or-later
#include "metrics.hh"

#include "interfaces.hh"
#include "text.hh"
#include "trouble.hh"

#include <algorithm>

namespace tool
{

namespace
{

std::string escaped(const std::string &text)
{
	std::string result;

	for (const char c : printable(text)) {
		if (c == '\\' || c == '"')
			result += '\\';
		result += c;
	}
	return result;
}

uint64_t number_of(const Json &of, const char *name)
{
	const Json *value = of.find(name);
	return value ? value->number().value_or(0) : 0;
}

std::string word_of(const Json &of, const char *name)
{
	const Json *value = of.find(name);
	return value ? value->plain() : "";
}

const Json::Array &items(const Json &list)
{
	static const Json::Array none;
	return list.array() ? *list.array() : none;
}

void add_queues(Metrics &metrics, const Json &queues, const Labels &of)
{
	for (const Json &queue : items(queues)) {
		Labels labels = of;
		if (!queue.find("direction"))
			continue;
		labels.emplace_back("queue", word_of(queue, "queue"));
		labels.emplace_back("direction", word_of(queue, "direction"));
		metrics.counter("openena_adapter_queue_packets", "Packets of a queue.", labels,
				number_of(queue, "packets"));
		metrics.counter("openena_adapter_queue_bytes", "Bytes of a queue.", labels,
				number_of(queue, "bytes"));
		metrics.counter("openena_adapter_queue_drops",
				"Packets of a queue that were dropped.", labels,
				number_of(queue, "drops"));
		metrics.gauge("openena_adapter_queue_stopped",
			      "1 if the driver broke the queue's ring.", labels,
			      word_of(queue, "stopped") == "yes");
	}
}

} // namespace

void Metrics::add(const std::string &name, const char *type, const char *help, Labels labels,
		  uint64_t value)
{
	auto family = std::find_if(families_.begin(), families_.end(),
				   [&](const Family &f) { return f.name == name; });
	std::string line = name + (std::string(type) == "counter" ? "_total" : "");
	const char *before = "{";

	if (family == families_.end())
		family = families_.insert(family, {name, type, help, {}});
	for (const auto &[label, text] : labels) {
		line += before + label + "=\"" + escaped(text) + "\"";
		before = ",";
	}
	family->samples += line + (labels.empty() ? " " : "} ") + std::to_string(value) + "\n";
}

std::string Metrics::text() const
{
	std::string text;

	for (const Family &family : families_)
		text += "# TYPE " + family.name + " " + family.type + "\n# HELP " + family.name +
			" " + family.help + "\n" + family.samples;
	return text + "# EOF\n";
}

void add_adapter(Metrics &metrics, const AdapterState &state)
{
	const Labels of = {{"machine", state.machine}, {"adapter", state.id}};

	for (const char *direction : {"tx", "rx"}) {
		Labels labels = of;
		labels.emplace_back("direction", direction);
		const std::string prefix = direction;
		metrics.counter("openena_adapter_packets", "Packets since power-on.", labels,
				number_of(state.statistics, (prefix + "-packets").c_str()));
		metrics.counter("openena_adapter_bytes", "Bytes since power-on.", labels,
				number_of(state.statistics, (prefix + "-bytes").c_str()));
	}
	for (const Json &drop : items(state.drops)) {
		Labels labels = of;
		labels.emplace_back("direction", word_of(drop, "direction"));
		labels.emplace_back("reason", word_of(drop, "reason"));
		metrics.counter("openena_adapter_drops",
				"Packets dropped since power-on, by reason.", labels,
				number_of(drop, "packets"));
	}
	if (const Json *reasons = state.resets.find("by-reason"))
		for (const Json &reset : items(*reasons)) {
			Labels labels = of;
			labels.emplace_back("reason", word_of(reset, "name"));
			metrics.counter("openena_adapter_resets",
					"Resets by the driver, by reason.", labels,
					number_of(reset, "count"));
		}
	metrics.gauge("openena_adapter_link_up", "1 if the link is up.", of,
		      word_of(state.settings, "link-up") == "yes");
	metrics.gauge("openena_adapter_mtu_bytes", "MTU that the driver has set.", of,
		      number_of(state.settings, "mtu"));
	add_queues(metrics, state.queues, of);
}

void add_interfaces(Metrics &metrics, const System &system)
{
	constexpr std::string_view ending = "_allowance_exceeded";

	if (!system.exists("/sys/bus/pci/devices"))
		return;
	for (const Interface &i : find_interfaces(system)) {
		const Labels of = {{"interface", i.name.empty() ? i.pci : i.name},
				   {"driver", i.driver}};
		if (i.name.empty())
			continue;
		metrics.gauge("openena_interface_up", "1 if it is up and has a carrier.", of,
			      i.up && i.carrier);
		metrics.gauge("openena_interface_queues", "Queue pairs in use.", of,
			      i.link.queues.value_or(Setting{}).now);
		for (const auto &[name, value] : i.link.counters) {
			Labels labels = of;
			if (std::string_view(name).ends_with(ending)) {
				labels.emplace_back("allowance",
						    name.substr(0, name.size() - ending.size()));
				metrics.counter("openena_interface_allowance_exceeded",
						"Packets queued or dropped beyond an allowance.",
						labels, value);
				continue;
			}
			labels.emplace_back("name", name);
			metrics.gauge("openena_interface_statistic", "As ethtool -S has it.",
				      labels, value);
		}
	}
}

} // namespace tool
