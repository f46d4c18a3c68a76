/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic with what PollMeter tells. */
#ifndef TOOL_POLL_FIGURES_HH
#define TOOL_POLL_FIGURES_HH

#include "polls.hh"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tool
{

using Slots = std::span<const unsigned long long>;

/* What came since @before; nothing less than zero. */
[[nodiscard]] polls_figures less(const polls_figures &now, const polls_figures &before);
[[nodiscard]] polls_figures plus(const polls_figures &a, const polls_figures &b);
[[nodiscard]] unsigned long long sum(Slots slots);

/* The end of the slot that @part of all are within, 2^(slot + 1); none if there are none. */
[[nodiscard]] std::optional<uint64_t> within(Slots slots, double part);
/* Nanoseconds with three digits at most: 512ns, 65.5us, 2.1s. */
[[nodiscard]] std::string time_text(uint64_t nanoseconds);

/* Both histograms, side by side, a bar a line. */
[[nodiscard]] std::vector<std::string> histograms(const polls_figures &figures);

} // namespace tool

#endif
