// SPDX-License-Identifier: GPL-2.0-or-later
#include "connection.hh"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tool
{

namespace
{

constexpr std::chrono::seconds patience(10); /* for a request, and for a piece of an answer */
constexpr std::chrono::seconds moment(1);
constexpr size_t longest_head = 64 << 10; /* also for what frames the pieces of a body */
constexpr int most_drained = 256; /* pieces */

bool ready(int descriptor, short what, std::chrono::steady_clock::time_point deadline)
{
	pollfd one{descriptor, what, 0};

	for (;;) {
		const auto left = std::chrono::ceil<std::chrono::milliseconds>(
			deadline - std::chrono::steady_clock::now());
		const int found =
			::poll(&one, 1, static_cast<int>(std::max<long>(left.count(), 0)));
		if (found >= 0 || errno != EINTR)
			return found > 0;
	}
}

} // namespace

Connection::Connection(int input, int output) : input_(input), output_(output)
{
	(void)fcntl(output, F_SETFL, fcntl(output, F_GETFL) | O_NONBLOCK);
}

bool Connection::begins(std::chrono::seconds idle)
{
	if (begin_ == end_ && !fill(Clock::now() + idle))
		return false;
	left_ = longest_head;
	deadline_ = Clock::now() + patience;
	return true;
}

void Connection::begin_body(size_t longest)
{
	left_ = longest + longest_head;
}

void Connection::drain()
{
	const auto deadline = Clock::now() + moment;

	(void)::shutdown(output_, SHUT_WR);
	for (int i = 0; i < most_drained && ready(input_, POLLIN, deadline); i++)
		if (::read(input_, piece_.data(), piece_.size()) <= 0)
			break;
}

bool Connection::is_readable() const
{
	return begin_ < end_ || ready(input_, POLLIN, deadline_);
}

bool Connection::is_writable() const
{
	return ready(output_, POLLOUT, Clock::now() + patience);
}

/* Once all that came is read. */
bool Connection::fill(Clock::time_point deadline)
{
	ssize_t got = -1;

	if (!ended_ && ready(input_, POLLIN, deadline))
		got = ::read(input_, piece_.data(), piece_.size());
	ended_ = got <= 0;
	begin_ = 0;
	end_ = ended_ ? 0 : static_cast<size_t>(got);
	return !ended_;
}

ssize_t Connection::read(char *to, size_t size)
{
	if (!left_ || Clock::now() > deadline_)
		ended_ = true;
	if (ended_ || (begin_ == end_ && !fill(deadline_)))
		return -1;
	size = std::min({size, end_ - begin_, left_});
	std::copy_n(piece_.data() + begin_, size, to);
	begin_ += size;
	left_ -= size;
	return static_cast<ssize_t>(size);
}

ssize_t Connection::write(const char *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		const ssize_t sent = ready(output_, POLLOUT, Clock::now() + patience)
					     ? ::write(output_, from + done, size - done)
					     : 0;
		if (!sent || (sent < 0 && errno != EAGAIN && errno != EINTR)) {
			ended_ = true;
			return -1;
		}
		done += sent > 0 ? static_cast<size_t>(sent) : 0;
	}
	return static_cast<ssize_t>(size);
}

} // namespace tool
