/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An HTTP server, with cpp-httplib: in the programs that guests do without. */
#ifndef TOOL_HTTP_SERVER_HH
#define TOOL_HTTP_SERVER_HH

#include "http.hh"

#include <cstdint>

namespace tool
{

/* In words. */
[[nodiscard]] HttpAnswer refuse_http(int status);

struct HttpServerConfig {
	std::string address = "127.0.0.1";
	uint16_t port = 0; /* 0: any that is free */
	size_t longest_body = 0; /* a longer one is refused with 413 */
	HttpAnswer (*refusal)(int status) = refuse_http; /* to what is no request */
};

/*
 * Answers until SIGINT or SIGTERM, which all threads that @ready starts leave to this one, and which
 * end the program a second time; @ready is told the port. Trouble if it cannot be had.
 */
void serve_http(const HttpServerConfig &config, const HttpHandler &handler,
		const std::function<void(uint16_t)> &ready);

/* Answers one client, whose connection these are, until it has gone. */
void serve_http_client(int input, int output, const HttpHandler &handler);

} // namespace tool

#endif
