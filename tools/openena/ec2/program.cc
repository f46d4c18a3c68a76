// SPDX-License-Identifier: GPL-2.0-or-later
#include "child.hh"
#include "descriptor.hh"
#include "fleet.hh"
#include "text.hh"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace tool::ec2
{

namespace
{

/* In the child: nothing but what is safe while other threads may hold any lock. */
[[noreturn]] void become(char *const *arguments, int output)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, nullptr);
	/* A launch without an endpoint would get into the way of the next one's. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execv("/proc/self/exe", arguments);
	_exit(127);
}

} // namespace

void run_this_program(const std::vector<std::string> &words, const std::string &log,
		      const std::atomic<bool> &ending)
{
	const Descriptor output(
		::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	std::vector<std::string> all = words;
	std::vector<char *> arguments;

	if (!output)
		throw Trouble(printable(log) + " cannot be written: " + strerror(errno));
	all.insert(all.begin(), "openena");
	for (std::string &word : all)
		arguments.push_back(word.data());
	arguments.push_back(nullptr);
	const pid_t child = fork_child("a launch");
	if (!child)
		become(arguments.data(), output.get());
	int status = 0;
	while (!has_ended(child, false, status)) {
		if (ending)
			(void)::kill(child, SIGTERM);
		usleep(50'000);
	}
	if (ending)
		throw Trouble("the endpoint ends");
	if (status)
		throw Trouble(format("openena run ended with status %d",
				     WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status)));
}

} // namespace tool::ec2
