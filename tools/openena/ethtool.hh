/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's ethtool interface, by ioctl and netlink. */
#ifndef TOOL_ETHTOOL_HH
#define TOOL_ETHTOOL_HH

#include "system.hh"

namespace tool
{

/* Trouble if there is no such interface. */
[[nodiscard]] LinkFacts read_link(const std::string &interface);

/* The counters among it; empty: there are none, or no such interface. */
[[nodiscard]] std::vector<std::pair<std::string, uint64_t>>
read_link_counters(const std::string &interface);

/*
 * Knobs by name: queues, rx-ring, tx-ring, rx-usecs, tx-usecs (numbers), adaptive-rx (on,
 * off), rss (the queue of each entry, with spaces between). Reading: none if the interface
 * has none such. Writing: Trouble names interface, knob, value and the kernel's reason.
 */
[[nodiscard]] std::optional<std::string> read_link_setting(const std::string &interface,
							   const std::string &knob);
void write_link_setting(const std::string &interface, const std::string &knob,
			const std::string &value);

} // namespace tool

#endif
