// SPDX-License-Identifier: GPL-2.0-or-later
#include "server.hh"

#include "connection.hh"
#include "descriptor.hh"
#include "text.hh"
#include "trouble.hh"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <mutex>
#include <netdb.h>
#include <set>
#include <thread>

namespace tool
{

namespace
{

/* A connection has a thread, which waits for the next request: not long, and there are others. */
constexpr std::chrono::seconds idle(1), idle_alone(5);
constexpr std::chrono::seconds grace(1); /* until a second signal ends it at once */
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

class Server : public httplib::Server {
    public:
	Server(const HttpServerConfig &config, const HttpHandler &handler);
	/* One connection, to its end; it waits so long for each request. */
	void converse(int input, int output, std::chrono::seconds wait);
	/* Requests that are not yet there as a whole are given up. */
	void hang_up();

    private:
	void with_body(const httplib::Request &request, httplib::Response &response,
		       const httplib::ContentReader &read) const;
	bool process(Connection &connection, bool last, bool &closed);
	bool process_and_close_socket(socket_t socket) override;

	const HttpServerConfig &config_;
	const HttpHandler &handler_;
	std::mutex mutex_;
	std::set<socket_t> open_;
	bool ending_ = false;
};

/* Every path and method is the handler's. */
Server::Server(const HttpServerConfig &config, const HttpHandler &handler)
    : config_(config), handler_(handler)
{
	const auto reader = [this](const httplib::Request &request, httplib::Response &response,
				   const httplib::ContentReader &read) {
		with_body(request, response, read);
	};

	set_pre_routing_handler(
		[this](const httplib::Request &request, httplib::Response &response) {
			for (const char *method : {"POST", "PUT", "PATCH", "DELETE"})
				if (request.method == method)
					return HandlerResponse::Unhandled;
			to_library(handler_(from_library(request, {})), response);
			return HandlerResponse::Handled;
		});
	Post(".*", reader);
	Put(".*", reader);
	Patch(".*", reader);
	Delete(".*", reader);
	set_error_handler([this](const httplib::Request &, httplib::Response &response) {
		if (response.body.empty())
			to_library(config_.refusal(response.status), response);
	});
	set_payload_max_length(config.longest_body);
}

/* The library would take a form apart, and refuses one of more than 8 KiB. */
void Server::with_body(const httplib::Request &request, httplib::Response &response,
		       const httplib::ContentReader &read) const
{
	std::string body;
	bool fits = true;
	/* It has no limit for a body in chunks, and no such reader for one in parts. */
	const auto take = [&](const char *data, size_t size) {
		fits = size <= config_.longest_body - body.size();
		body.append(data, fits ? size : 0);
		return fits;
	};
	/* RFC 9112, 6.3; the library would wait for the connection's end. */
	const bool none = !request.has_header("Content-Length") &&
			  !request.has_header("Transfer-Encoding");
	const bool whole = none || (request.is_multipart_form_data()
					    ? read([](const auto &) { return true; }, take)
					    : read(take));
	if (whole)
		to_library(handler_(from_library(request, std::move(body))), response);
	else if (!fits)
		response.status = 413;
}

/* Releases behind that of Debian 12 want the addresses, too. */
bool Server::process(Connection &connection, bool last, bool &closed)
{
	const std::function<void(httplib::Request &)> head_is_there = [&](httplib::Request &) {
		connection.begin_body(config_.longest_body);
	};

	return [&](auto &library) {
		if constexpr (requires {
				      library.process_request(connection, last, closed,
							      head_is_there);
			      })
			return library.process_request(connection, last, closed, head_is_there);
		else
			return library.process_request(connection, "", 0, "", 0, last, closed,
						       head_is_there);
	}(*this);
}

void Server::converse(int input, int output, std::chrono::seconds wait)
{
	Connection connection(input, output);
	bool closed = false;

	for (size_t left = keep_alive_max_count_; left && !closed && connection.begins(wait);
	     left--) {
		if (!process(connection, left == 1, closed))
			break;
		if (connection.ended()) {
			connection.drain();
			break;
		}
	}
}

void Server::hang_up()
{
	const std::lock_guard lock(mutex_);

	ending_ = true;
	for (const socket_t socket : open_)
		(void)::shutdown(socket, SHUT_RD);
}

bool Server::process_and_close_socket(socket_t socket)
{
	const Descriptor owned(socket);

	/* Launches are processes of this program, and not for connections. */
	(void)fcntl(socket, F_SETFD, FD_CLOEXEC);
	{
		const std::lock_guard lock(mutex_);
		if (ending_)
			return false;
		open_.insert(socket);
	}
	converse(socket, socket, idle);
	/* Also where a process that was started just before has it, too. */
	(void)::shutdown(socket, SHUT_RDWR);
	const std::lock_guard lock(mutex_);
	open_.erase(socket);
	return true;
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

HttpAnswer refuse_http(int status)
{
	const char *text = "The request is damaged, too long, or did not come in time.\n";

	if (status == 413)
		text = "The request is too long.\n";
	else if (status >= 500)
		text = "This went wrong here; nothing was amiss with the request.\n";
	return {status, "text/plain", text};
}

void serve_http(const HttpServerConfig &config, const HttpHandler &handler,
		const std::function<void(uint16_t)> &ready)
{
	Server server(config, handler);
	sigset_t ends;

	server.set_keep_alive_timeout(idle.count());
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
	auto listener = std::async(std::launch::async, [&] { return server.listen_after_bind(); });
	while (!server.is_running())
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	ready(static_cast<uint16_t>(port));
	int signal;
	sigwait(&ends, &signal);
	server.stop();
	server.hang_up();
	(void)listener.wait_for(grace);
	/* Not one that came with the first, as from timeout(1). */
	const timespec now{};
	while (sigtimedwait(&ends, nullptr, &now) > 0)
		;
	pthread_sigmask(SIG_UNBLOCK, &ends, nullptr);
	(void)listener.get();
}

void serve_http_client(int input, int output, const HttpHandler &handler)
{
	const HttpServerConfig config{};

	Server(config, handler).converse(input, output, idle_alone);
}

} // namespace tool
