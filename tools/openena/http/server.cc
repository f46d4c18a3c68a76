// SPDX-License-Identifier: GPL-2.0-or-later
#include "server.hh"

#include "descriptor.hh"
#include "text.hh"
#include "trouble.hh"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <httplib.h>
#include <netdb.h>
#include <thread>

namespace tool
{

namespace
{

constexpr time_t patience_s = 10; /* with a client in the middle of a request */
/* A connection has a thread, which waits for the next request: not long, and there are others. */
constexpr time_t idle_s = 1;
constexpr size_t most_connections = 64;

HttpRequest from_library(const httplib::Request &request, std::string body)
{
	HttpRequest mine{request.method, request.target, {}, std::move(body)};

	for (const auto &[name, value] : request.headers)
		/* The library's own, about the connection. */
		if (name != "REMOTE_ADDR" && name != "REMOTE_PORT" && name != "LOCAL_ADDR" &&
		    name != "LOCAL_PORT")
			mine.headers.emplace_back(name, value);
	return mine;
}

void to_library(const HttpAnswer &answer, httplib::Response &response)
{
	response.status = answer.status;
	for (const auto &[name, value] : answer.headers)
		response.set_header(name, value);
	response.set_content(answer.body, answer.type);
}

/* Every path and method is the handler's. */
void set_handlers(httplib::Server &server, const HttpServerConfig &config,
		  const HttpHandler &handler)
{
	/* The library would take a form apart, and refuses one of more than 8 KiB. */
	const auto with_body = [&](const httplib::Request &request, httplib::Response &response,
				   const httplib::ContentReader &read) {
		std::string body;
		bool fits = true;
		/* It has no limit for a body in chunks, and no such reader for one in parts. */
		const auto take = [&](const char *data, size_t size) {
			fits = size <= config.longest_body - body.size();
			body.append(data, fits ? size : 0);
			return fits;
		};
		const bool whole = request.is_multipart_form_data()
					   ? read([](const auto &) { return true; }, take)
					   : read(take);
		if (whole)
			to_library(handler(from_library(request, std::move(body))), response);
		else if (!fits)
			to_library(config.too_long, response);
	};

	server.set_pre_routing_handler(
		[&handler](const httplib::Request &request, httplib::Response &response) {
			if (request.method != "GET" && request.method != "HEAD")
				return httplib::Server::HandlerResponse::Unhandled;
			to_library(handler(from_library(request, {})), response);
			return httplib::Server::HandlerResponse::Handled;
		});
	server.Post(".*", with_body);
	server.Put(".*", with_body);
	server.set_error_handler([&config](const httplib::Request &, httplib::Response &response) {
		if (response.status == 413)
			to_library(config.too_long, response);
	});
	server.set_payload_max_length(config.longest_body);
	server.set_read_timeout(patience_s);
}

void share_nothing(int socket)
{
	const int yes = 1;
	setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

/* Why the library could not, which it does not say: what there is to say of the last address. */
std::string why_not_bound(const HttpServerConfig &config)
{
	addrinfo hints{}, *found = nullptr;
	std::string why = "is it in use?";

	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE;
	const int wrong = getaddrinfo(config.address.c_str(), std::to_string(config.port).c_str(),
				      &hints, &found);
	if (wrong)
		return gai_strerror(wrong);
	for (const addrinfo *each = found; each; each = each->ai_next) {
		const Descriptor socket(::socket(each->ai_family, each->ai_socktype, 0));
		share_nothing(socket.get());
		if (::bind(socket.get(), each->ai_addr, each->ai_addrlen))
			why = strerror(errno);
	}
	freeaddrinfo(found);
	return why;
}

int bind(httplib::Server &server, const HttpServerConfig &config)
{
	/* The library's own would share the port with whoever has it. */
	server.set_socket_options(share_nothing);
	if (config.address.empty()) /* would be all there are */
		return -1;
	if (!config.port)
		return server.bind_to_any_port(config.address.c_str());
	return server.bind_to_port(config.address.c_str(), config.port) ? config.port : -1;
}

} // namespace

void serve_http(const HttpServerConfig &config, const HttpHandler &handler,
		const std::function<void(uint16_t)> &ready)
{
	httplib::Server server;
	sigset_t ends;

	set_handlers(server, config, handler);
	server.set_keep_alive_timeout(idle_s);
	server.new_task_queue = [] {
		return new httplib::ThreadPool(most_connections);
	};
	const int port = bind(server, config);
	if (port < 0)
		throw Trouble(format("port %u of \"%s\" cannot be had: %s", config.port,
				     printable(config.address, 60).c_str(),
				     why_not_bound(config).c_str()));
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

void serve_http_at(const std::string &socket, const HttpHandler &handler,
		   const std::function<void()> &meanwhile)
{
	const HttpServerConfig config{};
	httplib::Server server;

	set_handlers(server, config, handler);
	server.new_task_queue = [] {
		return new httplib::ThreadPool(1);
	};
	server.set_address_family(AF_UNIX);
	if (!server.bind_to_port(socket.c_str(), 80)) /* a port for the library's eyes */
		throw Trouble(printable(socket) + " cannot be made");
	std::thread listener([&] { server.listen_after_bind(); });
	while (!server.is_running())
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	meanwhile();
	server.stop();
	listener.join();
}

} // namespace tool
