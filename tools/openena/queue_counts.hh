/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of queues, whoever tells them. */
#ifndef TOOL_QUEUE_COUNTS_HH
#define TOOL_QUEUE_COUNTS_HH

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tool
{

enum class Direction { rx, tx };

/* More are not believed; the kernel's limit is 4096. */
inline constexpr uint32_t most_queues = 4096;

struct Queue {
	Direction direction;
	uint32_t number;
	auto operator<=>(const Queue &) const = default;
};

/* Since some moment in the past; none: nobody counts it. */
struct Counts {
	std::optional<uint64_t> packets, bytes, drops;
	[[nodiscard]] bool any() const
	{
		return packets || bytes || drops;
	}
};

using QueueCounts = std::map<Queue, Counts>;

/* The counters of queues among those of ethtool -S, by the names that drivers give them. */
[[nodiscard]] QueueCounts
queue_counts_of(const std::vector<std::pair<std::string, uint64_t>> &counters);

} // namespace tool

#endif
