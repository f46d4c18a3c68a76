/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's ethtool interface, by ioctl and netlink. */
#ifndef TOOL_ETHTOOL_HH
#define TOOL_ETHTOOL_HH

#include "system.hh"

namespace tool
{

/* Trouble if there is no such interface. */
[[nodiscard]] LinkFacts read_link(const std::string &interface);

} // namespace tool

#endif
