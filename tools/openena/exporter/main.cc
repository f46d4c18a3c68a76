// SPDX-License-Identifier: GPL-2.0-or-later
/* openena-exporter: the program "openena", with an HTTP server for its command export. */
#include "cli.hh"
#include "export.hh"
#include "http/server.hh"

#include <csignal>
#include <unistd.h>

namespace
{

constexpr size_t longest_request = 4096;
constexpr const char *content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

void serve(uint16_t port, const std::function<std::string()> &render,
	   const std::function<void(uint16_t)> &ready)
{
	const auto answer = [&](const tool::HttpRequest &request) -> tool::HttpAnswer {
		const std::string path = request.target.substr(0, request.target.find('?'));
		if ((request.method != "GET" && request.method != "HEAD") || path != "/metrics")
			return {404, "text/plain", "There is /metrics.\n"};
		return {200, content_type, render()};
	};

	tool::serve_http({.port = port, .longest_body = longest_request}, answer, ready);
}

} // namespace

int main(int count, char **words)
{
	tool::Output out(STDOUT_FILENO, "standard output"), err(STDERR_FILENO, "standard error");
	tool::Streams io{out, err};

	(void)std::signal(SIGPIPE, SIG_IGN);
	tool::http_server = serve;
	const std::vector<std::string> arguments(words + (count ? 1 : 0), words + count);
	return tool::run(arguments, io);
}
