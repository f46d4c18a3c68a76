/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process of this program, and how it ended. */
#ifndef TOOL_CHILD_HH
#define TOOL_CHILD_HH

#include <sys/types.h>

namespace tool
{

/* As fork(). Trouble, in which it is @what: there can be none. */
[[nodiscard]] pid_t fork_child(const char *what);
/* True: it has ended, with @status, as soon as @wait or by now. Trouble: that cannot be known. */
[[nodiscard]] bool has_ended(pid_t child, bool wait, int &status);

} // namespace tool

#endif
