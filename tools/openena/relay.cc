// SPDX-License-Identifier: GPL-2.0-or-later
#include "relay.hh"

#include "descriptor.hh"
#include "qmp.hh"
#include "text.hh"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>

namespace tool
{

namespace
{

constexpr char end_key = 0x1d; /* Ctrl-] */

/* The terminal's keys go to the guest one by one, for as long as this lives. */
class Raw {
    public:
	explicit Raw(int terminal) : terminal_(terminal)
	{
		raw_ = isatty(terminal) && !tcgetattr(terminal, &before_);
		if (!raw_)
			return;
		termios raw = before_;
		cfmakeraw(&raw);
		tcsetattr(terminal, TCSANOW, &raw);
	}
	Raw(const Raw &) = delete;
	Raw &operator=(const Raw &) = delete;
	~Raw()
	{
		if (raw_)
			tcsetattr(terminal_, TCSANOW, &before_);
	}
	explicit operator bool() const
	{
		return raw_;
	}

    private:
	int terminal_;
	bool raw_;
	termios before_{};
};

} // namespace

bool relay(const std::string &path, int input, std::optional<uint64_t> quiet_ms,
	   const Signals &signals, Streams &io)
{
	const Descriptor socket = connect_to(path);
	const Raw raw(input);
	bool open = true; /* the input */
	bool leaves = false;
	std::string keys; /* that the guest has not taken yet */
	char piece[4096];

	for (;;) {
		const auto events = static_cast<short>(keys.empty() ? POLLIN : POLLIN | POLLOUT);
		pollfd ready[] = {{socket.get(), events, 0},
				  {open && keys.empty() ? input : -1, POLLIN, 0},
				  {signals.descriptor(), POLLIN, 0}};
		const int timeout = !open && quiet_ms ? static_cast<int>(*quiet_ms) : -1;
		const int n = ::poll(ready, std::size(ready), timeout);
		if (n < 0 && errno != EINTR)
			throw Trouble(format("the console: %s", strerror(errno)));
		if (n == 0 || (n > 0 && ready[2].revents))
			return false;
		if (n > 0 && ready[0].revents & POLLOUT) {
			const ssize_t sent = ::send(socket.get(), keys.data(), keys.size(),
						    MSG_NOSIGNAL | MSG_DONTWAIT);
			if (sent < 0 && errno != EAGAIN)
				return true;
			keys.erase(0, sent > 0 ? static_cast<size_t>(sent) : 0);
			if (leaves && keys.empty())
				return false;
		}
		if (n > 0 && ready[0].revents & ~POLLOUT) {
			const ssize_t got = ::recv(socket.get(), piece, sizeof(piece), 0);
			if (got <= 0)
				return true;
			io.out.write({piece, static_cast<size_t>(got)});
			io.out.flush();
		}
		if (n > 0 && ready[1].revents) {
			const ssize_t got = ::read(input, piece, sizeof(piece));
			if (got <= 0) {
				open = false;
				continue;
			}
			keys.assign(piece, static_cast<size_t>(got));
			const size_t end = raw ? keys.find(end_key) : keys.npos;
			leaves = end != keys.npos;
			keys.resize(std::min(end, keys.size()));
			if (leaves && keys.empty())
				return false;
		}
	}
}

} // namespace tool
