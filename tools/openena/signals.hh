/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOL_SIGNALS_HH
#define TOOL_SIGNALS_HH

#include "descriptor.hh"

#include <csignal>
#include <ctime>
#include <sys/signalfd.h>

namespace tool
{

/* Signals that end a program wait here, for as long as this lives. */
class Signals {
    public:
	Signals()
	{
		sigemptyset(&set_);
		for (const int signal : {SIGINT, SIGTERM, SIGHUP})
			if (!is_ignored(signal))
				sigaddset(&set_, signal);
		pthread_sigmask(SIG_BLOCK, &set_, &before_);
		waiting_ = Descriptor(::signalfd(-1, &set_, SFD_CLOEXEC));
	}
	Signals(const Signals &) = delete;
	Signals &operator=(const Signals &) = delete;
	~Signals()
	{
		restore();
	}
	/* The one that came within 100 ms; 0: none did. */
	[[nodiscard]] int within_moment() const
	{
		const timespec moment{0, 100'000'000};
		const int signal = sigtimedwait(&set_, nullptr, &moment);
		return signal > 0 ? signal : 0;
	}
	/* Readable when one waits, which stays there. */
	[[nodiscard]] int descriptor() const
	{
		return waiting_.get();
	}
	/* For a child. */
	void restore() const
	{
		pthread_sigmask(SIG_SETMASK, &before_, nullptr);
	}

    private:
	/* As by nohup. */
	static bool is_ignored(int signal)
	{
		struct sigaction action;

		return !sigaction(signal, nullptr, &action) && action.sa_handler == SIG_IGN;
	}

	sigset_t set_{}, before_{};
	Descriptor waiting_;
};

} // namespace tool

#endif
