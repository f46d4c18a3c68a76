// SPDX-License-Identifier: GPL-2.0-or-later
/* The terminal of openena top. */
#include "screen.hh"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

/* One that came just before it waits for a key, too. */
TEST(Screen, ASignalEndsIt)
{
	const auto begin = std::chrono::steady_clock::now();
	int terminal = -1, status = -1;
	const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);

	if (!child) {
		setenv("TERM", "xterm", 1);
		const auto screen = tool::Screen::open();
		(void)raise(SIGTERM);
		_exit(screen && screen->key(std::chrono::seconds(20)) == 'q' ? 0 : 1);
	}
	waitpid(child, &status, 0);
	close(terminal);
	EXPECT_EQ(status, 0);
	EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}
