/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's family "netdev" tells of the queues of an interface. */
#ifndef TOOL_QUEUE_NETLINK_HH
#define TOOL_QUEUE_NETLINK_HH

#include "queue_counts.hh"

namespace tool
{

/* Linux 6.10, and drivers that count so; empty elsewhere. */
[[nodiscard]] QueueCounts read_queue_stats(uint32_t interface_index);

/* Which queues each NAPI instance polls, by its id: Linux 6.7; empty elsewhere. */
[[nodiscard]] std::map<uint32_t, uint32_t> read_napi_queues(uint32_t interface_index);

} // namespace tool

#endif
