/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOL_EXPORT_HH
#define TOOL_EXPORT_HH

#include <cstdint>
#include <functional>
#include <string>

namespace tool
{

/*
 * Serves what @render makes at http://127.0.0.1:@port/metrics until SIGINT or SIGTERM; @ready is
 * told the port, which is another one than 0. Trouble if it cannot be had.
 */
using HttpServer = void (*)(uint16_t port, const std::function<std::string()> &render,
			    const std::function<void(uint16_t)> &ready);

/* In openena-exporter; null: not in this program. */
extern HttpServer http_server;

} // namespace tool

#endif
