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

/* As much of @keys as the guest takes now. False: it has hung up. */
bool send_some(int socket, std::string &keys)
{
	const ssize_t sent = ::send(socket, keys.data(), keys.size(), MSG_NOSIGNAL | MSG_DONTWAIT);

	keys.erase(0, sent > 0 ? static_cast<size_t>(sent) : 0);
	return sent >= 0 || errno == EAGAIN;
}

/* A piece of what @from has; empty: it has ended. */
std::string read_some(int from)
{
	char piece[4096];
	const ssize_t got = ::read(from, piece, sizeof(piece));

	return {piece, static_cast<size_t>(std::max<ssize_t>(got, 0))};
}

} // namespace

bool relay(const std::string &path, int input, std::optional<uint64_t> quiet_ms,
	   const Signals &signals, Streams &io)
{
	const Descriptor socket = connect_to(path);
	const Raw raw(input);
	bool open = true; /* the input */
	bool leaves = false;
	std::string keys; /* that the guest has not taken yet */

	while (!leaves || !keys.empty()) {
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
		if (n > 0 && ready[0].revents & POLLOUT && !send_some(socket.get(), keys))
			return true;
		if (n > 0 && ready[0].revents & ~POLLOUT) {
			const std::string said = read_some(socket.get());
			if (said.empty())
				return true;
			io.out.write(said);
			io.out.flush();
		}
		if (n > 0 && ready[1].revents) {
			keys = read_some(input);
			open = !keys.empty();
			const size_t end = raw ? keys.find(end_key) : keys.npos;
			leaves = end != keys.npos;
			keys.resize(std::min(end, keys.size()));
		}
	}
	return false;
}

} // namespace tool
