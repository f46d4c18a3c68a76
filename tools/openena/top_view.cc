// SPDX-License-Identifier: GPL-2.0-or-later
#include "top_view.hh"

#include "poll_figures.hh"
#include "text.hh"

#include <algorithm>
#include <set>

namespace tool
{

namespace
{

using Style = TopLine::Style;

double order_of(const Rate &rate, size_t sort)
{
	const std::optional<double> values[] = {{}, rate.packets, rate.bits, rate.drops};
	return values[sort].value_or(-1);
}

Rate of(const Rates &rates, Direction direction, uint32_t number)
{
	const auto found = rates.queues.find({direction, number});
	return found == rates.queues.end() ? Rate{} : found->second;
}

/* Numbers of queues, the busiest first unless they are to be in their own order. */
std::vector<uint32_t> queue_order(const Rates &rates, size_t sort)
{
	std::set<uint32_t> all;
	const auto value = [&](uint32_t queue) {
		return order_of(of(rates, Direction::rx, queue), sort) +
		       order_of(of(rates, Direction::tx, queue), sort);
	};

	for (const auto &[queue, rate] : rates.queues)
		all.insert(queue.number);
	std::vector<uint32_t> order(all.begin(), all.end());
	if (sort)
		std::stable_sort(order.begin(), order.end(),
				 [&](uint32_t a, uint32_t b) { return value(a) > value(b); });
	return order;
}

std::string columns(const Rate &rx, const Rate &tx)
{
	return format("%8s %7s %7s  %8s %7s %7s", scaled(rx.packets).c_str(),
		      scaled(rx.bits).c_str(), scaled(rx.drops).c_str(), scaled(tx.packets).c_str(),
		      scaled(tx.bits).c_str(), scaled(tx.drops).c_str());
}

bool drops(const Rate &rate)
{
	return rate.drops.value_or(0) > 0;
}

std::string fill_text(const Sample &sample, uint32_t queue)
{
	const auto fill = sample.fill.find(queue);

	if (fill == sample.fill.end())
		return "-";
	const double part =
		static_cast<double>(fill->second.now) / static_cast<double>(fill->second.most);
	return format("%.0f%%", std::min(part, 9.99) * 100);
}

TopLine title_of(const std::string &name, const Sample &sample)
{
	std::string text = printable(name, 20) + "  ";

	text += (sample.driver.empty() ? "no driver" : printable(sample.driver, 20)) + "  ";
	/* Some say "unknown" as a number with all bits set. */
	if (sample.speed_mbps && *sample.speed_mbps && *sample.speed_mbps < UINT32_MAX)
		text += bandwidth(*sample.speed_mbps) + "  ";
	if (sample.mtu)
		text += "MTU " + std::to_string(*sample.mtu) + "  ";
	text += sample.up ? "link up" : "link DOWN";
	return {sample.up ? Style::title : Style::alert, text + "  (" + sample.source + ")"};
}

void add_allowances(const Sample &sample, const Rates &rates, std::vector<TopLine> &lines)
{
	for (size_t i = 0; i < sample.allowances.size(); i++) {
		const auto &[name, count] = sample.allowances[i];
		const double rate = rates.allowances[i].value_or(0);
		/* Nothing is to be said of what never happened. */
		if (count)
			lines.push_back({rate > 0 ? Style::alert : Style::plain,
					 format("allowance %s exceeded %s times, now %s/s",
						name.c_str(), grouped(count).c_str(),
						scaled(rates.allowances[i]).c_str())});
	}
}

std::string within_text(Slots waits, double part)
{
	const auto time = within(waits, part);
	return time ? time_text(*time) : "-";
}

/* Instances that polled in the interval, and how. */
void add_polls(const TopInterface &interface, std::vector<TopLine> &lines)
{
	const Sample &sample = *interface.sample;
	const double seconds = interface.rates.seconds;

	if (sample.polls.empty())
		return;
	lines.push_back({Style::faint, "napi   queue poll/s  packets a poll  interrupt to "
				       "poll: half within  99% within"});
	for (const auto &[napi, figures] : interface.rates.polls) {
		const auto queue = sample.napi_queues.find(napi);
		const unsigned long long polls = sum(figures.batches);
		if (!polls || seconds <= 0)
			continue;
		lines.push_back(
			{Style::plain,
			 format("%-7u%5s%7s%16.1f%32s%12s", napi,
				queue == sample.napi_queues.end()
					? "-"
					: std::to_string(queue->second).c_str(),
				scaled(static_cast<double>(polls) / seconds).c_str(),
				static_cast<double>(figures.packets) / static_cast<double>(polls),
				within_text(figures.waits, 0.5).c_str(),
				within_text(figures.waits, 0.99).c_str())});
	}
	for (const std::string &line : histograms(interface.polls))
		lines.push_back({line.starts_with("packets") ? Style::faint : Style::plain, line});
}

void add_interface(const TopInterface &interface, size_t sort, std::vector<TopLine> &lines)
{
	if (!interface.sample) {
		lines.push_back({Style::alert, printable(interface.name, 20) + "  is gone"});
		return;
	}
	const Rates &rates = interface.rates;
	const auto style = [](const Rate &rx, const Rate &tx) {
		return drops(rx) || drops(tx) ? Style::alert : Style::plain;
	};

	lines.push_back(title_of(interface.name, *interface.sample));
	lines.push_back(
		{Style::faint, "queue    RX p/s   bit/s  drop/s    TX p/s   bit/s  drop/s  fill"});
	lines.push_back({style(rates.rx, rates.tx), "all   " + columns(rates.rx, rates.tx)});
	for (const uint32_t queue : queue_order(rates, sort)) {
		const Rate rx = of(rates, Direction::rx, queue),
			   tx = of(rates, Direction::tx, queue);
		lines.push_back(
			{style(rx, tx),
			 format("%-5u ", queue) + columns(rx, tx) +
				 format(" %5s", fill_text(*interface.sample, queue).c_str())});
	}
	add_allowances(*interface.sample, rates, lines);
	add_polls(interface, lines);
}

Json json_of(const std::optional<double> &value)
{
	return value ? Json(*value) : Json();
}

Json json_of(const Rate &rate)
{
	Json json;

	json.set("packets_per_second", json_of(rate.packets));
	json.set("bits_per_second", json_of(rate.bits));
	json.set("drops_per_second", json_of(rate.drops));
	return json;
}

Json queues_json(const Sample &sample, const Rates &rates)
{
	Json queues(Json::Array{});

	for (const uint32_t number : queue_order(rates, 0)) {
		Json queue;
		queue.set("queue", number);
		for (const Direction direction : {Direction::rx, Direction::tx})
			if (rates.queues.contains({direction, number}))
				queue.set(direction == Direction::rx ? "rx" : "tx",
					  json_of(of(rates, direction, number)));
		if (const auto fill = sample.fill.find(number); fill != sample.fill.end()) {
			queue.set("tx_bytes_in_flight", fill->second.now);
			queue.set("tx_bytes_limit", fill->second.most);
		}
		queues.add(std::move(queue));
	}
	return queues;
}

Json slots_json(Slots slots)
{
	Json json(Json::Array{});

	for (const unsigned long long slot : slots)
		json.add(static_cast<uint64_t>(slot));
	return json;
}

/* Slots as in bpf/polls.h: powers of two, of packets and of nanoseconds. */
Json polls_json(const Sample &sample, const Rates &rates)
{
	Json polls(Json::Array{});

	for (const auto &[napi, figures] : rates.polls) {
		const auto queue = sample.napi_queues.find(napi);
		Json json;
		json.set("napi", napi);
		json.set("queue", queue == sample.napi_queues.end() ? Json() : Json(queue->second));
		json.set("packets", static_cast<uint64_t>(figures.packets));
		json.set("polls_by_log2_packets", slots_json(figures.batches));
		json.set("polls_by_log2_wait_ns", slots_json(figures.waits));
		polls.add(std::move(json));
	}
	return polls;
}

Json interface_json(const TopInterface &interface)
{
	Json json, allowances(Json::Array{});

	json.set("name", interface.name);
	json.set("present", interface.sample.has_value());
	if (!interface.sample)
		return json;
	json.set("driver", interface.sample->driver);
	json.set("link_up", interface.sample->up);
	json.set("source", interface.sample->source);
	json.set("seconds", interface.rates.seconds);
	json.set("rx", json_of(interface.rates.rx));
	json.set("tx", json_of(interface.rates.tx));
	json.set("queues", queues_json(*interface.sample, interface.rates));
	for (size_t i = 0; i < interface.sample->allowances.size(); i++) {
		const auto &[name, count] = interface.sample->allowances[i];
		Json allowance;
		allowance.set("name", name);
		allowance.set("exceeded", count);
		allowance.set("exceeded_per_second", json_of(interface.rates.allowances[i]));
		allowances.add(std::move(allowance));
	}
	json.set("allowances", std::move(allowances));
	json.set("polls", polls_json(*interface.sample, interface.rates));
	return json;
}

} // namespace

const std::vector<std::string> &sort_orders()
{
	static const std::vector<std::string> orders = {"queue", "packets", "bits", "drops"};
	return orders;
}

bool TopSettings::press(int key)
{
	switch (key) {
	case 'q':
	case 'Q':
	case 3: /* Ctrl-C */
		quit = true;
		return true;
	case '?':
	case 'h':
		help = !help;
		scroll = 0;
		return true;
	case 'p':
	case ' ':
		paused = !paused;
		return true;
	case 's':
		sort = (sort + 1) % sort_orders().size();
		return true;
	case 'z':
		zero = true;
		return true;
	case '+':
		interval = std::min(interval * 2, longest_interval);
		return true;
	case '-':
		interval = std::max(interval / 2, shortest_interval);
		return true;
	case 'j':
		scroll++;
		return true;
	case 'k':
		scroll -= scroll ? 1 : 0;
		return true;
	default:
		return false;
	}
}

void TopInterface::update(std::optional<Sample> next)
{
	if (next)
		rates = rates_between(sample ? &*sample : nullptr, *next);
	if (next && sample)
		for (const auto &[napi, figures] : rates.polls)
			polls = plus(polls, figures);
	sample = std::move(next);
}

std::vector<TopLine> top_lines(const std::vector<TopInterface> &interfaces,
			       const TopSettings &settings)
{
	std::vector<TopLine> lines;

	for (const TopInterface &interface : interfaces) {
		if (!lines.empty())
			lines.push_back({Style::plain, ""});
		add_interface(interface, settings.sort, lines);
	}
	return lines;
}

std::vector<TopLine> top_help()
{
	std::vector<TopLine> lines = {{Style::title, "Keys"}};

	for (const char *line : {
		     "q        end",
		     "? h      this help, and back",
		     "p space  pause, and go on",
		     "s        sort queues by number, packets, bits or drops",
		     "+ -      the next interval twice as long, half as long",
		     "z        histograms begin anew",
		     "j k      scroll (also the arrow keys)",
		     "",
		     "p/s, bit/s, drop/s   a second, in the last interval; -: nobody counts it",
		     "fill                 bytes on their way out, of what the queue lets in (BQL)",
		     "packets a poll       received by NAPI at once; what it sends is not in it",
		     "interrupt to poll    from the handler's beginning to the poll it asks for",
	     })
		lines.push_back({Style::plain, line});
	return lines;
}

Json top_json(const std::vector<TopInterface> &interfaces)
{
	Json all, list(Json::Array{});

	for (const TopInterface &interface : interfaces)
		list.add(interface_json(interface));
	all.set("interfaces", std::move(list));
	return all;
}

std::string scaled(std::optional<double> value)
{
	constexpr const char *units = "kMGTPE";

	if (!value)
		return "-";
	if (*value < 999.5)
		return format("%.0f", *value);
	for (const char *unit = units; *unit; unit++) {
		*value /= 1000;
		if (*value < 9.995)
			return format("%.2f%c", *value, *unit);
		if (*value < 99.95)
			return format("%.1f%c", *value, *unit);
		if (*value < 999.5 || !unit[1])
			return format("%.0f%c", *value, *unit);
	}
	return "";
}

} // namespace tool
