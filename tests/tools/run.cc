// SPDX-License-Identifier: GPL-2.0-or-later
#include "run.hh"

#include "cli.hh"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

Ran openena(const std::vector<std::string> &arguments)
{
	tool::Output out, err;
	tool::Streams io{out, err};
	const int status = tool::run(arguments, io);

	return {status, out.text(), err.text()};
}

bool has(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

std::string file_text(const std::filesystem::path &path)
{
	std::ifstream in(path);
	std::ostringstream text;

	text << in.rdbuf();
	return text.str();
}

Scratch::Scratch()
{
	std::string name = std::filesystem::temp_directory_path() / "openena-XXXXXX";

	if (!mkdtemp(name.data()))
		abort();
	path_ = name;
}

Scratch::~Scratch()
{
	std::error_code ignored;
	std::filesystem::remove_all(path_, ignored);
}

FakeMonitor::FakeMonitor(std::string greeting, std::vector<std::string> answers)
    : greeting_(std::move(greeting)), answers_(std::move(answers)),
      listener_(socket(AF_UNIX, SOCK_STREAM, 0))
{
	sockaddr_un address{};

	address.sun_family = AF_UNIX;
	strncpy(address.sun_path, path().c_str(), sizeof(address.sun_path) - 1);
	if (bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof(address)) ||
	    listen(listener_, 1))
		abort();
	thread_ = std::thread([this] { serve(); });
}

FakeMonitor::~FakeMonitor()
{
	shutdown(listener_, SHUT_RDWR);
	if (thread_.joinable())
		thread_.join();
	close(listener_);
}

const std::vector<std::string> &FakeMonitor::asked()
{
	thread_.join();
	return asked_;
}

void FakeMonitor::serve()
{
	const int client = accept(listener_, nullptr, nullptr);
	std::string line;
	char byte;

	const auto say = [client](std::string text) {
		text += "\n";
		(void)!send(client, text.data(), text.size(), MSG_NOSIGNAL);
	};
	if (client < 0)
		return;
	say(greeting_);
	for (auto answer = answers_.begin();
	     answer != answers_.end() && read(client, &byte, 1) == 1;) {
		if (byte != '\n') {
			line += byte;
			continue;
		}
		asked_.push_back(line);
		line.clear();
		say(*answer++);
	}
	close(client);
}
