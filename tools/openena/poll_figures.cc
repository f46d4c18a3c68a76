// SPDX-License-Identifier: GPL-2.0-or-later
#include "poll_figures.hh"

#include "text.hh"

#include <algorithm>
#include <array>
#include <numeric>

namespace tool
{

namespace
{

constexpr size_t bar_width = 16;

unsigned long long difference(unsigned long long a, unsigned long long b)
{
	return a > b ? a - b : 0;
}

template <typename Operation>
polls_figures each(const polls_figures &a, const polls_figures &b, Operation operation)
{
	polls_figures result{};

	result.packets = operation(a.packets, b.packets);
	std::transform(std::begin(a.batches), std::end(a.batches), std::begin(b.batches),
		       std::begin(result.batches), operation);
	std::transform(std::begin(a.waits), std::end(a.waits), std::begin(b.waits),
		       std::begin(result.waits), operation);
	return result;
}

/* Nanoseconds, a slot for each power of two, as rows for each power of four from 1 us on. */
std::array<unsigned long long, POLLS_BATCHES> wait_rows(const polls_figures &figures)
{
	constexpr size_t first = 10; /* below 1024 ns */
	std::array<unsigned long long, POLLS_BATCHES> rows{};

	for (size_t slot = 0; slot < POLLS_WAITS; slot++) {
		const size_t row = slot < first ? 0 : 1 + (slot - first) / 2;
		rows[std::min(row, rows.size() - 1)] += figures.waits[slot];
	}
	return rows;
}

std::string bar(unsigned long long value, Slots all)
{
	const unsigned long long most = *std::max_element(all.begin(), all.end());
	const double part = most ? static_cast<double>(value) / static_cast<double>(most) : 0;

	/* What is not nothing shows. */
	return std::string(value ? std::max<size_t>(1, static_cast<size_t>(part * bar_width)) : 0,
			   '#');
}

} // namespace

polls_figures less(const polls_figures &now, const polls_figures &before)
{
	return each(now, before, difference);
}

polls_figures plus(const polls_figures &a, const polls_figures &b)
{
	return each(a, b, std::plus<unsigned long long>());
}

unsigned long long sum(Slots slots)
{
	return std::accumulate(slots.begin(), slots.end(), 0ull);
}

std::optional<uint64_t> within(Slots slots, double part)
{
	const auto all = static_cast<double>(sum(slots));
	double seen = 0;

	for (size_t slot = 0; slot < slots.size(); slot++) {
		seen += static_cast<double>(slots[slot]);
		if (seen > 0 && seen >= all * part)
			return uint64_t{2} << slot;
	}
	return {};
}

std::string time_text(uint64_t nanoseconds)
{
	const auto value = static_cast<double>(nanoseconds);

	if (nanoseconds < 1000)
		return format("%.0fns", value);
	if (value < 1e6)
		return format("%.3gus", value / 1e3);
	if (value < 1e9)
		return format("%.3gms", value / 1e6);
	return format("%.3gs", value / 1e9);
}

std::vector<std::string> histograms(const polls_figures &figures)
{
	constexpr const char *batches[POLLS_BATCHES] = {"0",    "1",     "2-3",   "4-7",
							"8-15", "16-31", "32-63", "64-"};
	constexpr const char *waits[POLLS_BATCHES] = {"<1us",   "-4us", "-16us", "-65us",
						      "-262us", "-1ms", "-4ms",  "4ms-"};
	const auto rows = wait_rows(figures);
	const int width = bar_width;
	std::vector<std::string> lines = {
		format("%-38s  %s", "packets a poll", "interrupt to poll")};

	for (size_t i = 0; i < POLLS_BATCHES; i++)
		lines.push_back(format("%6s %-*s %14s  %6s %-*s %14s", batches[i], width,
				       bar(figures.batches[i], figures.batches).c_str(),
				       grouped(figures.batches[i]).c_str(), waits[i], width,
				       bar(rows[i], rows).c_str(), grouped(rows[i]).c_str()));
	return lines;
}

} // namespace tool
