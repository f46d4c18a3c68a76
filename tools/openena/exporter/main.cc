// SPDX-License-Identifier: GPL-2.0-or-later
/* openena-exporter: the program "openena", with an HTTP server for its command export. */
#include "cli.hh"
#include "export.hh"
#include "text.hh"

#include <csignal>
#include <httplib.h>
#include <thread>
#include <unistd.h>

namespace
{

constexpr size_t longest_request = 4096;
constexpr const char *content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

void serve(uint16_t wanted, const std::function<std::string()> &render,
	   const std::function<void(uint16_t)> &ready)
{
	httplib::Server server;
	sigset_t ends;
	int port = wanted;

	server.Get("/metrics", [&](const httplib::Request &, httplib::Response &answer) {
		answer.set_content(render(), content_type);
	});
	server.set_payload_max_length(longest_request);
	/* The library's own would share the port with whoever has it. */
	server.set_socket_options([](socket_t socket) {
		const int yes = 1;
		setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	});
	if (wanted)
		port = server.bind_to_port("127.0.0.1", wanted) ? wanted : -1;
	else
		port = server.bind_to_any_port("127.0.0.1");
	if (port < 0)
		throw tool::Trouble(tool::format(
			"--port %u of the loopback interface cannot be had: is it in use?",
			wanted));
	/* Before there are threads, so that all of them leave these to the one that waits. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, nullptr);
	std::thread listener([&] { server.listen_after_bind(); });
	while (!server.is_running())
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	ready(static_cast<uint16_t>(port));
	int signal;
	sigwait(&ends, &signal);
	server.stop();
	listener.join();
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
