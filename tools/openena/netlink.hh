/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ethtool tells by netlink alone. */
#ifndef TOOL_NETLINK_HH
#define TOOL_NETLINK_HH

#include <optional>
#include <string>

namespace tool
{

/* Whether packets are pushed into the adapter (LLQ); none if the kernel does not say. */
[[nodiscard]] std::optional<bool> read_tx_push(const std::string &interface);

/* Of the settings for interrupts that the driver takes; all, if the kernel does not say. */
struct Moderation {
	bool adaptive_rx = true, rx_usecs = true, tx_usecs = true;
};
[[nodiscard]] Moderation read_moderation(const std::string &interface);

} // namespace tool

#endif
