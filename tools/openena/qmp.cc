// SPDX-License-Identifier: GPL-2.0-or-later
#include "qmp.hh"

#include "text.hh"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace tool
{

namespace
{

constexpr const char *peripherals = "/machine/peripheral";

} // namespace

Descriptor connect_to(const std::string &path)
{
	sockaddr_un address{};
	Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (path.size() >= sizeof(address.sun_path))
		throw Trouble(format("%s: a socket's name of %zu bytes, must be at most %zu",
				     printable(path, 60).c_str(), path.size(),
				     sizeof(address.sun_path) - 1));
	address.sun_family = AF_UNIX;
	std::copy(path.begin(), path.end(), address.sun_path);
	if (!socket ||
	    ::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)))
		throw Trouble(format("%s: nobody to talk to: %s", printable(path).c_str(),
				     strerror(errno)));
	return socket;
}

void Qmp::fail(const std::string &what) const
{
	throw Trouble(printable(path_) + ": " + what);
}

void Qmp::fail_of(int error) const
{
	const bool gone = error == EPIPE || error == ECONNRESET;
	fail(gone ? "QEMU has ended, or closed its monitor" : strerror(error));
}

Qmp::Qmp(std::string path) : path_(std::move(path)), socket_(connect_to(path_))
{
	const Json greeting = message(greeting_ms);

	if (!greeting.find("QMP"))
		fail("this is no QMP monitor: it greets with " + printable(greeting.dump(0), 80));
	(void)execute("qmp_capabilities");
}

Json Qmp::message(int timeout_ms)
{
	using clock = std::chrono::steady_clock;
	const auto deadline = clock::now() + std::chrono::milliseconds(timeout_ms);
	size_t end = received_.find('\n');

	while (end == std::string::npos) {
		const auto left =
			std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now());
		pollfd ready{socket_.get(), POLLIN, 0};
		char piece[16384];

		if (received_.size() > max_message)
			fail(format("a message of more than %zu bytes", max_message));
		if (left.count() <= 0 || !::poll(&ready, 1, static_cast<int>(left.count())))
			fail(format(
				"no answer within %d s; a monitor talks to one program at a time",
				timeout_ms / 1000));
		const ssize_t n = ::recv(socket_.get(), piece, sizeof(piece), MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			fail_of(errno);
		if (n == 0)
			fail_of(EPIPE);
		const size_t searched = received_.size();
		received_.append(piece, static_cast<size_t>(n));
		end = received_.find('\n', searched);
	}
	const std::string line = received_.substr(0, end);
	received_.erase(0, end + 1);
	return Json::parse(line, printable(path_) + ": QEMU's answer");
}

Json Qmp::execute(const std::string &command, Json arguments)
{
	Json request;

	request.set("execute", command);
	request.set("arguments", std::move(arguments));
	const std::string text = request.dump(0) + "\n";
	for (size_t done = 0; done < text.size();) {
		const ssize_t n =
			::send(socket_.get(), text.data() + done, text.size() - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			fail_of(errno);
		done += n > 0 ? static_cast<size_t>(n) : 0;
	}
	for (;;) {
		const Json answer = message(answer_ms);
		if (const Json *error = answer.find("error")) {
			const Json *said = error->find("desc");
			throw Refused(said && said->string() ? printable(*said->string(), 4000)
							     : "QEMU refuses without a word");
		}
		if (const Json *result = answer.find("return"))
			return *result;
		if (!answer.find("event"))
			fail("neither an answer nor an event: " + printable(answer.dump(0), 80));
	}
}

std::vector<std::string> Adapter::all(Qmp &qmp)
{
	std::vector<std::string> ids;
	Json where;

	where.set("path", peripherals);
	const Json members = qmp.execute("qom-list", where);
	if (!members.array())
		throw Trouble("QEMU's list of devices is no list: " +
			      printable(members.dump(0), 80));
	for (const Json &member : *members.array()) {
		const Json *type = member.find("type"), *name = member.find("name");
		if (type && type->string() && *type->string() == "child<ena>" && name &&
		    name->string())
			ids.push_back(*name->string());
	}
	return ids;
}

Adapter::Adapter(Qmp &qmp, const std::string &id) : qmp_(qmp), id_(id)
{
	const std::vector<std::string> ids = all(qmp);

	if (ids.empty())
		throw Trouble(
			"this machine has no ena adapter with an id: give -device ena an id=");
	if (id_.empty() && ids.size() > 1)
		throw Trouble("this machine has several adapters: choose one with --id " +
			      enumerate(ids, "or"));
	if (id_.empty())
		id_ = ids.front();
	else if (std::find(ids.begin(), ids.end(), id_) == ids.end())
		throw Trouble(no_such("adapter", id_, ids));
}

Json Adapter::arguments(const char *property) const
{
	Json arguments;

	arguments.set("path", std::string(peripherals) + "/" + id_);
	arguments.set("property", property);
	return arguments;
}

Json Adapter::get(const char *property)
{
	return qmp_.execute("qom-get", arguments(property));
}

void Adapter::set(const char *property, Json value)
{
	Json all = arguments(property);

	all.set("value", std::move(value));
	(void)qmp_.execute("qom-set", all);
}

} // namespace tool
