/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An endpoint of the EC2 calls, whose machines are idle processes. */
#ifndef TESTS_TOOLS_EC2_HH
#define TESTS_TOOLS_EC2_HH

#include "ec2/catalog.hh"
#include "ec2/endpoint.hh"
#include "ec2/uri.hh"
#include "run.hh"

#include <chrono>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sys/wait.h>
#include <unistd.h>

using namespace tool;
using namespace tool::ec2;

constexpr time_t now = 1440938160;
const Credential credential{"ID", "secret"};

/* In place of openena run: a process with the monitor's path in its command line. */
inline void run_idle(const std::string &directory, const std::vector<std::string> &words)
{
	const std::string machine = Machines(directory).path(words[1]);
	const std::string monitor = machine + "/qmp";

	Machines(directory).add(words[1], Json(Json::Object{}));
	/* The child must not ask for memory: another thread may have held a lock of the heap. */
	const pid_t child = fork();
	if (!child) {
		close(STDERR_FILENO); /* there is no such file to follow */
		execlp("tail", "tail", "-qf", "/dev/null", monitor.c_str(), nullptr);
		_exit(1);
	}
	const auto there = [&] {
		return file_text("/proc/" + std::to_string(child) + "/cmdline").starts_with("tail");
	};
	while (!there())
		usleep(1000);
	std::ofstream(machine + "/pid") << child << "\n";
}

class Ec2Test : public testing::Test {
    protected:
	void SetUp() override
	{
		begin();
	}
	void TearDown() override
	{
		endpoint.reset();
		fleet.reset();
		const Machines machines(directory);
		for (const std::string &name : machines.names())
			machines.stop(name, 0);
		while (waitpid(-1, nullptr, WNOHANG) > 0)
			;
	}
	/* Begins again with what is on disk. */
	void begin()
	{
		endpoint.reset();
		fleet.reset();
		store = std::make_unique<Store>(scratch / "state.json");
		fleet = std::make_unique<Fleet>(
			*store, FleetConfig{directory, scratch / "logs", "", "", "", {}},
			[this](const std::vector<std::string> &words, const std::string &log,
			       const std::atomic<bool> &ending) {
				launches++;
				while (slow && !ending)
					usleep(1000);
				if (!fails.empty() || ending) {
					std::ofstream(log) << "starting\n" << fails << "\n";
					throw Trouble("it failed");
				}
				run_idle(directory, words);
				said = words;
			});
		endpoint = std::make_unique<Endpoint>(*store, *fleet,
						      std::vector<Credential>{credential});
	}
	/* The answer to a signed request; the status in front. */
	std::string ask(const std::string &form)
	{
		Authorization says{"ID", "20150830", "eu-1", "ec2", {"host", "x-amz-date"}, ""};
		HttpRequest request{"POST",
				    "/",
				    {{"Host", "h"},
				     {"X-Amz-Date", "20150830T123600Z"},
				     {"Content-Type", "application/x-www-form-urlencoded"}},
				    "Version=2016-11-15&Action=" + form};
		request.headers.emplace_back(
			"Authorization",
			"AWS4-HMAC-SHA256 Credential=ID/20150830/eu-1/ec2/aws4_request, "
			"SignedHeaders=host;x-amz-date, Signature=" +
				signature_of(request, says, credential.secret));
		const HttpAnswer answer = endpoint->answer(request, now);
		return std::to_string(answer.status) + " " + answer.body;
	}
	/* The first element of that name. */
	static std::string element(const std::string &answer, const std::string &name)
	{
		const std::string open = "<" + name + ">";
		const size_t at = answer.find(open);
		if (at == answer.npos)
			return "";
		return answer.substr(at + open.size(),
				     answer.find('<', at + open.size()) - at - open.size());
	}
	std::string code(const std::string &form)
	{
		return element(ask(form), "Code");
	}
	std::string state(const std::string &id)
	{
		const std::string answer = ask("DescribeInstances&InstanceId.1=" + id);
		return element(answer.substr(answer.find("<instanceState>")), "name");
	}
	/* Within a time that is long for a machine that is busy. */
	template <typename Predicate> static bool eventually(Predicate done)
	{
		const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
		while (!done()) {
			if (std::chrono::steady_clock::now() > deadline)
				return false;
			usleep(5000);
		}
		return true;
	}
	bool becomes(const std::string &id, const std::string &wanted)
	{
		return eventually([&] { return state(id) == wanted; });
	}
	std::string launched(const std::string &more = "")
	{
		const std::string id =
			element(ask("RunInstances&InstanceType=c5n.large" + more), "instanceId");
		EXPECT_TRUE(becomes(id, "running")) << id;
		return id;
	}
	static size_t count(const std::string &text, const std::string &part)
	{
		size_t found = 0;
		for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
			found++;
		return found;
	}

	Scratch scratch;
	std::string directory = scratch / "machines";
	std::atomic<bool> slow = false;
	std::atomic<int> launches = 0;
	std::string fails;
	std::vector<std::string> said;
	std::unique_ptr<Store> store;
	std::unique_ptr<Fleet> fleet;
	std::unique_ptr<Endpoint> endpoint;
};

#endif
