// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.hh"

#include <csignal>
#include <unistd.h>

int main(int count, char **words)
{
	tool::Output out(STDOUT_FILENO, "standard output"), err(STDERR_FILENO, "standard error");
	tool::Streams io{out, err};

	/* A reader that has gone is an error like a disk that is full. */
	(void)std::signal(SIGPIPE, SIG_IGN);
	const std::vector<std::string> arguments(words + (count ? 1 : 0), words + count);
	return tool::run(arguments, io);
}
