/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP and more needs libraries that a guest lacks. Commands that serve are in programs of their
 * own, beside this one, which are this program and a server.
 */
#ifndef TOOL_SIBLING_HH
#define TOOL_SIBLING_HH

namespace tool
{

/*
 * This process becomes @program, with this one's command line. Trouble: @program, which has
 * @what, cannot be run.
 */
[[noreturn]] void become_sibling(const char *program, const char *what);

} // namespace tool

#endif
