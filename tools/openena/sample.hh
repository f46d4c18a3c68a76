/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interface has counted, at one moment, and what that is a second. */
#ifndef TOOL_SAMPLE_HH
#define TOOL_SAMPLE_HH

#include "system.hh"

#include <chrono>

namespace tool
{

/* Bytes in a transmit queue between the kernel and the wire, and the most that it lets in. */
struct Fill {
	uint64_t now, most;
};

struct Sample {
	using Clock = std::chrono::steady_clock;

	Clock::time_point at;
	uint64_t index = 0; /* another one: another interface of the same name */
	std::string driver;
	bool up = false;
	std::optional<uint64_t> speed_mbps, mtu;
	const char *source = "interface totals"; /* of the queues' counters */
	QueueCounts queues;
	Counts rx, tx; /* of the interface */
	std::map<uint32_t, Fill> fill; /* by transmit queue */
	std::vector<std::pair<std::string, uint64_t>> allowances; /* how often each was exceeded */
	std::map<uint32_t, polls_figures> polls; /* by NAPI id; empty: not measured */
	std::map<uint32_t, uint32_t> napi_queues; /* as far as the kernel tells */
};

/* Any driver's interface; none: there is none such (any more). @meter may be null. */
[[nodiscard]] std::optional<Sample> take_sample(const System &system, const std::string &interface,
						Sample::Clock::time_point now,
						PollMeter *meter = nullptr);

/* The interfaces that are hardware, or that a virtual machine takes for such. */
[[nodiscard]] std::vector<std::string> hardware_interfaces(const System &system);

/* A second; none: nobody counts it, or the counter went back, or did not exist before. */
struct Rate {
	std::optional<double> packets, bits, drops;
};

struct Rates {
	std::map<Queue, Rate> queues; /* those of now */
	Rate rx, tx;
	std::vector<std::optional<double>> allowances; /* in the order of the sample */
	std::map<uint32_t, polls_figures> polls; /* in the interval, by NAPI id */
	double seconds = 0;
};

/* Without @before, or if it is of another interface, rates are unknown. */
[[nodiscard]] Rates rates_between(const Sample *before, const Sample &now);

} // namespace tool

#endif
