/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOL_RELAY_HH
#define TOOL_RELAY_HH

#include "output.hh"
#include "signals.hh"

#include <optional>
#include <string>

namespace tool
{

/*
 * Connects @input (a terminal: in raw mode, Ctrl-] ends) and @io.out with the socket at @path,
 * until the other side hangs up, one of @signals waits, or, with @quiet_ms, nothing has come for so
 * long after the end of the input. True if the other side has hung up.
 */
bool relay(const std::string &path, int input, std::optional<uint64_t> quiet_ms,
	   const Signals &signals, Streams &io);

} // namespace tool

#endif
