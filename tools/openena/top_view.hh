/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "openena top" shows, as lines and as JSON, and what its keys do. */
#ifndef TOOL_TOP_VIEW_HH
#define TOOL_TOP_VIEW_HH

#include "json.hh"
#include "sample.hh"

#include <chrono>

namespace tool
{

inline constexpr std::chrono::milliseconds shortest_interval{100}, longest_interval{60'000};

struct TopSettings {
	std::chrono::milliseconds interval{1000};
	size_t sort = 0; /* of sort_orders() */
	bool paused = false, help = false, zero = false; /* zero: histograms begin anew */
	size_t scroll = 0; /* lines above the screen */
	bool quit = false;

	/* False: no such key. */
	bool press(int key);
};
[[nodiscard]] const std::vector<std::string> &sort_orders();

struct TopInterface {
	std::string name;
	std::optional<Sample> sample; /* none: it is gone */
	Rates rates;
	polls_figures polls{}; /* all since it was looked at, or since 'z' */

	/* The next sample; rates are since the one before it. */
	void update(std::optional<Sample> next);
};

struct TopLine {
	enum class Style { plain, title, alert, faint } style;
	std::string text;
};
[[nodiscard]] std::vector<TopLine> top_lines(const std::vector<TopInterface> &interfaces,
					     const TopSettings &settings);
[[nodiscard]] std::vector<TopLine> top_help();
[[nodiscard]] Json top_json(const std::vector<TopInterface> &interfaces);

/* Three digits and a unit: 999, 1.23k, 45.6M; "-": unknown. */
[[nodiscard]] std::string scaled(std::optional<double> value);

} // namespace tool

#endif
