// SPDX-License-Identifier: GPL-2.0-or-later
#include "sample.hh"

#include "poll_figures.hh"
#include "text.hh"

#include <algorithm>

namespace tool
{

namespace
{

constexpr const char *net = "/sys/class/net";

Counts totals(const System &system, const std::string &interface, const char *direction)
{
	const std::string at = std::string(net) + "/" + interface + "/statistics/" + direction;
	Counts counts = {system.number(at + "_packets"), system.number(at + "_bytes"),
			 system.number(at + "_dropped")};

	/* What found no buffer is counted by itself. */
	if (counts.drops)
		*counts.drops += system.number(at + "_missed_errors").value_or(0);
	return counts;
}

std::map<uint32_t, Fill> fill_of(const System &system, const std::string &interface)
{
	const std::string queues = std::string(net) + "/" + interface + "/queues";
	std::map<uint32_t, Fill> fill;

	for (const std::string &name : system.list(queues)) {
		if (!name.starts_with("tx-"))
			continue;
		const auto queue = to_number(name.substr(3));
		const std::string limits = queues + "/" + name + "/byte_queue_limits/";
		const auto now = system.number(limits + "inflight");
		const auto most = system.number(limits + "limit");
		/* A driver that does not tell leaves both at zero. */
		if (queue.value_or(most_queues) < most_queues && now && most && *most)
			fill[static_cast<uint32_t>(*queue)] = {*now, *most};
	}
	return fill;
}

/* What netlink tells wins; the names of ethtool -S have what it leaves out. */
void count_queues(const System &system, const std::string &interface, Sample &sample)
{
	constexpr std::string_view ending = "_allowance_exceeded";
	const auto counters = system.link_counters(interface);
	const QueueCounts told = system.queue_stats(static_cast<uint32_t>(sample.index));

	sample.queues = queue_counts_of(counters);
	if (!sample.queues.empty())
		sample.source = "ethtool -S";
	for (const auto &[queue, counts] : told) {
		if (!counts.packets)
			continue;
		Counts &mine = sample.queues[queue];
		sample.source = "netdev qstats";
		mine.packets = counts.packets;
		if (counts.bytes)
			mine.bytes = counts.bytes;
		if (counts.drops)
			mine.drops = counts.drops;
	}
	for (const auto &[name, value] : counters)
		if (std::string_view(name).ends_with(ending))
			sample.allowances.emplace_back(
				printable(name.substr(0, name.size() - ending.size()), 40), value);
}

void measure(const System &system, PollMeter &meter, Sample &sample)
{
	const auto index = static_cast<uint32_t>(sample.index);

	meter.watch(index);
	for (const auto &[key, figures] : meter.read())
		if (key.first == index)
			sample.polls[key.second] = figures;
	sample.napi_queues = system.napi_queues(index);
}

std::optional<double> rate(std::optional<uint64_t> before, std::optional<uint64_t> now,
			   double seconds, double unit = 1)
{
	if (!before || !now || *now < *before || seconds <= 0)
		return {};
	return static_cast<double>(*now - *before) / seconds * unit;
}

Rate rate_of(const Counts &before, const Counts &now, double seconds)
{
	return {rate(before.packets, now.packets, seconds),
		rate(before.bytes, now.bytes, seconds, 8), rate(before.drops, now.drops, seconds)};
}

} // namespace

std::optional<Sample> take_sample(const System &system, const std::string &interface,
				  Sample::Clock::time_point now, PollMeter *meter)
{
	const std::string at = std::string(net) + "/" + interface;
	const auto index = system.number(at + "/ifindex");
	Sample sample;

	if (!index)
		return {};
	sample.at = now;
	sample.index = *index;
	sample.driver = system.link_name(at + "/device/driver");
	sample.up = system.number(at + "/carrier").value_or(0) == 1;
	sample.speed_mbps = system.number(at + "/speed");
	sample.mtu = system.number(at + "/mtu");
	sample.rx = totals(system, interface, "rx");
	sample.tx = totals(system, interface, "tx");
	sample.fill = fill_of(system, interface);
	count_queues(system, interface, sample);
	if (meter)
		measure(system, *meter, sample);
	return sample;
}

std::vector<std::string> hardware_interfaces(const System &system)
{
	std::vector<std::string> names;

	for (const std::string &name : system.list(net))
		if (system.exists(std::string(net) + "/" + name + "/device"))
			names.push_back(name);
	return names;
}

Rates rates_between(const Sample *before, const Sample &now)
{
	Rates rates;
	static const Sample nothing;
	const bool same = before && before->index == now.index;
	const Sample &then = same ? *before : nothing;

	if (same)
		rates.seconds = std::chrono::duration<double>(now.at - before->at).count();
	rates.rx = rate_of(then.rx, now.rx, rates.seconds);
	rates.tx = rate_of(then.tx, now.tx, rates.seconds);
	for (const auto &[queue, counts] : now.queues) {
		const auto old = then.queues.find(queue);
		rates.queues[queue] = rate_of(old == then.queues.end() ? Counts{} : old->second,
					      counts, rates.seconds);
	}
	for (const auto &[napi, figures] : now.polls) {
		const auto old = then.polls.find(napi);
		rates.polls[napi] = old == then.polls.end() ? figures : less(figures, old->second);
	}
	for (const auto &[name, value] : now.allowances) {
		std::optional<uint64_t> old;
		for (const auto &[known, count] : then.allowances)
			if (known == name)
				old = count;
		rates.allowances.push_back(rate(old, value, rates.seconds));
	}
	return rates;
}

} // namespace tool
