/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client's connection for cpp-httplib, which limits a line and the wait for each byte: here a whole
 * request has limits of length and time.
 */
#ifndef TOOL_HTTP_CONNECTION_HH
#define TOOL_HTTP_CONNECTION_HH

#include <array>
#include <chrono>
#include <httplib.h>

namespace tool
{

class Connection : public httplib::Stream {
    public:
	/* Both stay the caller's. */
	Connection(int input, int output);
	/* False: no request begins within @idle. */
	[[nodiscard]] bool begins(std::chrono::seconds idle);
	/* Behind the head of a request: a body, of at most so many bytes. */
	void begin_body(size_t longest);
	/* Nothing more is read: the client has hung up, or has come to a limit. */
	[[nodiscard]] bool ended() const
	{
		return ended_;
	}
	/* Passes over what the client still sends, for a moment: until then the answer may be lost. */
	void drain();

	[[nodiscard]] bool is_readable() const override;
	[[nodiscard]] bool is_writable() const override;
	ssize_t read(char *to, size_t size) override;
	ssize_t write(const char *from, size_t size) override;
	void get_remote_ip_and_port(std::string &, int &) const override
	{
	}
	void get_local_ip_and_port(std::string &, int &) const override
	{
	}
	[[nodiscard]] socket_t socket() const override
	{
		return input_;
	}

    private:
	using Clock = std::chrono::steady_clock;
	bool fill(Clock::time_point deadline);

	int input_, output_;
	std::array<char, 4096> piece_; /* of what came; not yet read: */
	size_t begin_ = 0, end_ = 0;
	size_t left_ = 0; /* bytes that may still be read */
	Clock::time_point deadline_; /* of the request */
	bool ended_ = false;
};

} // namespace tool

#endif
