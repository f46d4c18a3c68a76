/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An HTTP server, with cpp-httplib: in the programs that guests do without. */
#ifndef TOOL_HTTP_SERVER_HH
#define TOOL_HTTP_SERVER_HH

#include "http.hh"

#include <cstdint>

namespace tool
{

struct HttpServerConfig {
	std::string address = "127.0.0.1";
	uint16_t port = 0; /* 0: any that is free */
	size_t longest_body = 0; /* a longer one is answered with @too_long */
	HttpAnswer too_long{413, "text/plain", "The request is too long.\n"};
};

/*
 * Answers until SIGINT or SIGTERM, which all threads that @ready starts leave to this one;
 * @ready is told the port. Trouble if it cannot be had.
 */
void serve_http(const HttpServerConfig &config, const HttpHandler &handler,
		const std::function<void(uint16_t)> &ready);

/* Answers at a Unix socket, one connection at a time, while @meanwhile runs. */
void serve_http_at(const std::string &socket, const HttpHandler &handler,
		   const std::function<void()> &meanwhile);

} // namespace tool

#endif
