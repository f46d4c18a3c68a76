/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in the text format OpenMetrics 1.0. */
#ifndef TOOL_METRICS_HH
#define TOOL_METRICS_HH

#include "json.hh"
#include "system.hh"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tool
{

using Labels = std::vector<std::pair<std::string, std::string>>;

/* Families of numbers; the samples of each stay together. */
class Metrics {
    public:
	/* Only grows. @name is without _total. */
	void counter(const std::string &name, const char *help, Labels labels, uint64_t value)
	{
		add(name, "counter", help, std::move(labels), value);
	}
	void gauge(const std::string &name, const char *help, Labels labels, uint64_t value)
	{
		add(name, "gauge", help, std::move(labels), value);
	}
	[[nodiscard]] std::string text() const;

    private:
	struct Family {
		std::string name;
		const char *type, *help;
		std::string samples;
	};
	void add(const std::string &name, const char *type, const char *help, Labels labels,
		 uint64_t value);

	std::vector<Family> families_;
};

/* What an emulated adapter tells: its properties statistics, drops, resets, queue-states, settings. */
struct AdapterState {
	std::string machine, id;
	Json statistics, drops, resets, queues, settings;
};
void add_adapter(Metrics &metrics, const AdapterState &state);

/* The interfaces of this machine; without PCI devices none. */
void add_interfaces(Metrics &metrics, const System &system);

} // namespace tool

#endif
