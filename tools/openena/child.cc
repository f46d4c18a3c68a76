// SPDX-License-Identifier: GPL-2.0-or-later
#include "child.hh"

#include "text.hh"
#include "trouble.hh"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace tool
{

pid_t fork_child(const char *what)
{
	/* Ignored, as some who start this program leave it, it takes the status away. */
	(void)std::signal(SIGCHLD, SIG_DFL);
	const pid_t child = ::fork();
	if (child < 0)
		throw Trouble(format("no process for %s: %s", what, strerror(errno)));
	return child;
}

bool has_ended(pid_t child, bool wait, int &status)
{
	const pid_t found = ::waitpid(child, &status, wait ? 0 : WNOHANG);

	if (found < 0)
		throw Trouble(
			format("how process %d ended cannot be known: %s", child, strerror(errno)));
	return found > 0;
}

} // namespace tool
