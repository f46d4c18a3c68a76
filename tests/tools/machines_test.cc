// SPDX-License-Identifier: GPL-2.0-or-later
/* run, list, console and stop, with a launcher that starts no QEMU. */
#include "run.hh"

#include "cli.hh"
#include "durable.hh"
#include "json.hh"
#include "machines.hh"
#include "signals.hh"
#include "trouble.hh"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using tool::Json;

namespace
{

/*
 * A launcher: a process that has the paths of its files in its command line, as QEMU has, a console
 * that answers what it is told, in "words" what it was given. Told to fail, it does.
 */
constexpr const char *launcher = R"(#!/usr/bin/python3
import os, socket, subprocess, sys, time
words = sys.argv[1:]
directory = os.path.abspath(words[words.index("--directory") + 1])
open(os.environ["WORDS"], "w").write("\n".join(words))
if os.environ.get("FAILS"):
    sys.exit("no root file system")
if os.environ.get("SLOW"):
    time.sleep(60)
guest = r'''
import os, socket, sys
directory = os.path.dirname(sys.argv[1])
listener = socket.socket(socket.AF_UNIX)
listener.bind(directory + "/console")
listener.listen(1)
open(directory + "/console.log", "w").write("it booted\n")
open(directory + "/pid.new", "w").write(str(os.getpid()) + "\n")
os.rename(directory + "/pid.new", directory + "/pid")
while True:
    client = listener.accept()[0]
    while True:
        line = client.recv(100)
        if not line:
            break
        client.send(b"you said " + line)
        if line == b"end\n":
            sys.exit()
'''
subprocess.Popen([sys.executable, "-c", guest, directory + "/pid", directory.replace(",", ",,") + "/qmp"],
                 start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL)
while not os.path.exists(directory + "/pid"):
    time.sleep(0.01)
)";

class MachinesTest : public testing::Test {
    protected:
	MachinesTest()
	{
		std::ofstream(scratch / "launcher") << launcher;
		std::filesystem::permissions(scratch / "launcher",
					     std::filesystem::perms::owner_all);
		setenv("OPENENA_LAUNCHER", (scratch / "launcher").c_str(), 1);
		setenv("WORDS", (scratch / "words").c_str(), 1);
	}
	~MachinesTest() override
	{
		(void)with({"stop", "--all"});
		for (const char *name : {"OPENENA_LAUNCHER", "WORDS", "FAILS", "SLOW"})
			unsetenv(name);
	}
	Ran with(std::vector<std::string> words)
	{
		words.insert(words.end(), {"--state-dir", scratch / "state"});
		return openena(words);
	}
	Json list()
	{
		return Json::parse(with({"list", "--json"}).out, "list");
	}
	pid_t process()
	{
		return static_cast<pid_t>(
			list().array()->front().find("process")->number().value());
	}
	/* A process that has ended and waits to be asked for its status is not. */
	static bool alive(pid_t process)
	{
		return !file_text("/proc/" + std::to_string(process) + "/cmdline").empty();
	}
	/* The program in a process of its own. */
	pid_t start(std::vector<std::string> words)
	{
		const pid_t child = fork();
		if (!child)
			_exit(with(std::move(words)).status);
		return child;
	}
	/* On a terminal of its own, whose other end is @terminal. */
	pid_t start_on_terminal(std::vector<std::string> words, int &terminal)
	{
		words.insert(words.end(), {"--state-dir", scratch / "state"});
		const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
		if (!child) {
			tool::Output out(STDOUT_FILENO, "terminal"), err(STDERR_FILENO, "terminal");
			tool::Streams io{out, err};
			_exit(tool::run(words, io));
		}
		return child;
	}
	static bool keys_go_one_by_one(int terminal)
	{
		termios now{};
		return !tcgetattr(terminal, &now) && !(now.c_lflag & ICANON);
	}
	template <typename Predicate> static bool eventually(Predicate done)
	{
		for (int i = 0; i < 500; i++, usleep(20'000))
			if (done())
				return true;
		return false;
	}
	bool wait_for(const std::filesystem::path &file)
	{
		return eventually([&] { return std::filesystem::exists(file); });
	}
	/* -1: it does not end. */
	static int status_of(pid_t child)
	{
		int status = -1;
		if (!eventually([&] { return waitpid(child, &status, WNOHANG) == child; })) {
			kill(child, SIGKILL);
			waitpid(child, nullptr, 0);
		}
		return status;
	}

	Scratch scratch;
};

} // namespace

TEST_F(MachinesTest, RunListStop)
{
	Ran ran = with({"run", "one", "--detach", "--instance-type", "c5n.large", "--network",
			"private:7", "--cpus", "4"});
	EXPECT_EQ(ran.status, 0) << ran.err;
	const std::string words = file_text(scratch / "words");
	EXPECT_TRUE(has(words, "--instance-type=c5n.large")) << words;
	EXPECT_TRUE(has(words, "--network=private:7\n")) << words;
	EXPECT_TRUE(has(words, "--cpus=4")) << words;

	const Json all = list();
	ASSERT_EQ(all.array()->size(), 1u);
	EXPECT_EQ(all.array()->front().find("running")->boolean(), true);
	EXPECT_EQ(all.array()->front().find("machine")->find("instance_type")->plain(),
		  "c5n.large");
	EXPECT_TRUE(has(with({"list"}).out, "c5n.large")) << with({"list"}).out;

	ran = with({"run", "one", "--detach"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "a machine one is running")) << ran.err;

	const pid_t qemu = process();
	ran = with({"stop", "one"});
	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_FALSE(alive(qemu));
	EXPECT_EQ(list().array()->size(), 0u);
	EXPECT_FALSE(std::filesystem::exists(scratch / "state" / "one"));
}

/* As people type it, and as Tab completes it. */
TEST_F(MachinesTest, ADirectoryByAnyName)
{
	const auto before = std::filesystem::current_path();

	std::filesystem::create_directories(scratch / "below");
	std::filesystem::create_directories(scratch / "a,b");
	std::filesystem::current_path(scratch / "below");
	setenv("XDG_STATE_HOME", (scratch.path().string() + "//below/").c_str(), 1);
	for (const std::string &name :
	     {(scratch / "state").string() + "/", std::string("../state"), std::string("./s/"),
	      std::string("."), scratch.path().string() + "//a,b/", std::string()}) {
		const auto in = [&](std::vector<std::string> words) {
			if (!name.empty())
				words.insert(words.end(), {"--state-dir", name});
			return openena(words);
		};
		const std::string socket = tool::Machines(name).path("one", "qmp");
		EXPECT_EQ(in({"run", "one", "--detach"}).status, 0) << name;
		EXPECT_TRUE(has(in({"list"}).out, "running")) << name << in({"list"}).out;
		const pid_t qemu = tool::Machines(name).running("one").value_or(0);
		EXPECT_EQ(in({"stop", "one"}).status, 0) << name;
		EXPECT_FALSE(qemu && alive(qemu)) << name;
		EXPECT_FALSE(has(socket, "//") || has(socket, "/.")) << socket;
	}
	unsetenv("XDG_STATE_HOME");
	std::filesystem::current_path(before);
}

/* As when it is reaped between the opening of its file and the reading. */
TEST_F(MachinesTest, AProcessThatEndsMeanwhile)
{
	const pid_t child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	const tool::Descriptor file(
		open(("/proc/" + std::to_string(child) + "/cmdline").c_str(), O_RDONLY));
	ASSERT_TRUE(file);
	kill(child, SIGKILL);
	waitpid(child, nullptr, 0);
	EXPECT_FALSE(tool::read_whole("/proc/self/fd/" + std::to_string(file.get())));
}

TEST_F(MachinesTest, AnImageOnTwoNetworks)
{
	Ran ran = with({"run", "one", "--image", "/x.img", "--driver", "ena"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "the image /x.img has its own")) << ran.err;
	ran = with({"run", "one", "--detach", "--instance-type", "t3.nano", "--network", "user",
		    "--network", "private:7", "--network", "private:8"});
	EXPECT_TRUE(has(ran.err, "t3.nano has at most 2 network interfaces, and --network is given "
				 "3 times"))
		<< ran.err;
	ran = with({"run", "one", "--detach", "--image", "/x.img", "--uefi", "--ssh-port", "2222",
		    "--network", "user", "--network", "private:7"});
	EXPECT_EQ(ran.status, 0) << ran.err;
	const std::string words = file_text(scratch / "words");
	EXPECT_TRUE(has(words, "--network=user\n--network=private:7\n")) << words;
	EXPECT_TRUE(has(words, "--image=/x.img\n")) << words;
	EXPECT_TRUE(has(words, "\n--uefi\n--ssh-port=2222")) << words;
	EXPECT_FALSE(has(words, "--driver")) << words;
	const Json all = list();
	const Json *machine = all.array()->front().find("machine");
	EXPECT_EQ(machine->find("image")->plain(), "/x.img");
	EXPECT_EQ(machine->find("network")->plain(), "user and private:7");
	EXPECT_TRUE(machine->find("driver")->is_null());
	EXPECT_TRUE(has(with({"list"}).out, "x.img")) << with({"list"}).out;
}

TEST_F(MachinesTest, OneThatEndedByItselfIsClearedAway)
{
	ASSERT_EQ(with({"run", "one", "--detach"}).status, 0);
	kill(process(), SIGKILL);
	for (int i = 0; i < 500 && list().array()->front().find("running")->boolean().value(); i++)
		usleep(20'000);
	EXPECT_TRUE(has(with({"list"}).out, "ended"));
	EXPECT_TRUE(has(with({"run", "one", "--detach"}).err, "openena stop one clears it away"));
	EXPECT_TRUE(has(with({"console", "one"}).err, "has ended"));
	EXPECT_EQ(with({"console", "one", "--log"}).out, "it booted\n");
	EXPECT_EQ(with({"stop", "one"}).status, 0);
	EXPECT_EQ(with({"run", "one", "--detach"}).status, 0);
}

/* The number in its file may have become another process's. */
TEST_F(MachinesTest, AnotherProcessIsNotTakenForQemu)
{
	ASSERT_EQ(with({"run", "one", "--detach"}).status, 0);
	const pid_t qemu = process();
	std::ofstream(scratch / "state" / "one" / "pid") << getpid() << "\n";
	EXPECT_EQ(list().array()->front().find("running")->boolean(), false);
	EXPECT_EQ(with({"stop", "one"}).status, 0);
	EXPECT_EQ(kill(qemu, SIGKILL), 0);
}

TEST_F(MachinesTest, ASignalStopsItAndNothingIsLeft)
{
	const pid_t child = start({"run", "one"});
	ASSERT_TRUE(wait_for(scratch / "state" / "one" / "pid"));
	const pid_t qemu = process();
	int status = 0;

	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	EXPECT_EQ(WEXITSTATUS(status), 2);
	EXPECT_FALSE(alive(qemu));
	EXPECT_FALSE(std::filesystem::exists(scratch / "state" / "one"));
}

/* It shows the console; the terminal may go, too. */
TEST_F(MachinesTest, ASignalOnATerminal)
{
	for (const int signal : {SIGTERM, SIGHUP}) {
		int terminal = -1;
		const pid_t child = start_on_terminal({"run", "one"}, terminal);
		ASSERT_TRUE(wait_for(scratch / "state" / "one" / "pid"));
		const pid_t qemu = process();
		EXPECT_TRUE(eventually([&] { return keys_go_one_by_one(terminal); }));
		if (signal == SIGHUP)
			close(terminal);
		else
			kill(child, signal);
		const int status = status_of(child);
		EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 2)
			<< signal << " " << status;
		EXPECT_FALSE(alive(qemu)) << signal;
		EXPECT_FALSE(std::filesystem::exists(scratch / "state" / "one")) << signal;
		(void)with({"stop", "--all"});
		if (signal != SIGHUP)
			close(terminal);
	}
}

TEST_F(MachinesTest, ASignalLeavesTheTerminalAsItWas)
{
	int terminal = -1;
	ASSERT_EQ(with({"run", "one", "--detach"}).status, 0);
	const pid_t child = start_on_terminal({"console", "one"}, terminal);
	EXPECT_TRUE(eventually([&] { return keys_go_one_by_one(terminal); }));
	kill(child, SIGTERM);
	const int status = status_of(child);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
	EXPECT_FALSE(keys_go_one_by_one(terminal));
	EXPECT_TRUE(list().array()->front().find("running")->boolean().value());
	close(terminal);
}

/* What is sent to a guest that stands waits in the socket first, then here. */
TEST_F(MachinesTest, ASignalWhileTheGuestTakesNothing)
{
	ASSERT_EQ(with({"run", "one", "--detach"}).status, 0);
	const pid_t guest = process();
	kill(guest, SIGSTOP);
	const pid_t child = fork();
	if (!child) {
		dup2(::open("/dev/zero", O_RDONLY), STDIN_FILENO);
		_exit(with({"console", "one"}).status);
	}
	usleep(300'000);
	kill(child, SIGTERM);
	const int status = status_of(child);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
	kill(guest, SIGCONT);
}

/* As by nohup. */
TEST(Signals, WhatIsIgnoredEndsNothing)
{
	(void)signal(SIGHUP, SIG_IGN);
	{
		const tool::Signals signals;
		raise(SIGHUP);
		EXPECT_EQ(signals.within_moment(), 0);
		raise(SIGTERM);
		EXPECT_EQ(signals.within_moment(), SIGTERM);
	}
	(void)signal(SIGHUP, SIG_DFL);
}

TEST_F(MachinesTest, ASignalWhileItIsPrepared)
{
	setenv("SLOW", "1", 1);
	const pid_t child = start({"run", "one"});
	ASSERT_TRUE(wait_for(scratch / "words"));
	int status = 0;

	kill(child, SIGINT);
	waitpid(child, &status, 0);
	EXPECT_EQ(WEXITSTATUS(status), 2);
	EXPECT_FALSE(std::filesystem::exists(scratch / "state" / "one"));
}

TEST_F(MachinesTest, TheToolMayCrash)
{
	const pid_t child = start({"run", "one"});
	ASSERT_TRUE(wait_for(scratch / "state" / "one" / "pid"));
	kill(child, SIGKILL);
	waitpid(child, nullptr, 0);
	EXPECT_EQ(list().array()->front().find("running")->boolean(), true);
	EXPECT_EQ(with({"stop", "--all"}).status, 0);
	EXPECT_EQ(list().array()->size(), 0u);
}

TEST_F(MachinesTest, ALauncherThatFails)
{
	setenv("FAILS", "1", 1);
	Ran ran = with({"run", "one"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "the launcher failed; the machine one was not started"))
		<< ran.err;
	EXPECT_EQ(list().array()->size(), 0u);
	/* Some who start programs ignore their children, and these inherit it. */
	(void)signal(SIGCHLD, SIG_IGN);
	ran = with({"run", "one"});
	(void)signal(SIGCHLD, SIG_DFL);
	EXPECT_TRUE(ran.status == 2 && has(ran.err, "the launcher failed")) << ran.err;
	setenv("OPENENA_LAUNCHER", "/nonexistent/launcher", 1);
	EXPECT_EQ(with({"run", "one"}).status, 2);
	EXPECT_EQ(list().array()->size(), 0u);
}

/* As on a full disk: a directory can still be made, and nothing written. */
TEST_F(MachinesTest, WhatCannotBeWrittenLeavesNothing)
{
	const tool::Machines machines(scratch / "state");
	rlimit before = {};
	std::string said;

	getrlimit(RLIMIT_FSIZE, &before);
	const rlimit none{0, before.rlim_max};
	const auto handler = signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	try {
		machines.add("one", Json(Json::Object{}));
	} catch (const tool::Trouble &trouble) {
		said = trouble.what();
	}
	setrlimit(RLIMIT_FSIZE, &before);
	(void)signal(SIGXFSZ, handler);
	EXPECT_TRUE(has(said, "one/machine.json cannot be written")) << said;
	EXPECT_TRUE(machines.names().empty());
}

TEST_F(MachinesTest, WhatTheGuestSays)
{
	ASSERT_EQ(with({"run", "one", "--detach"}).status, 0);
	int ends[2];
	ASSERT_EQ(pipe(ends), 0);
	const int before = dup(STDIN_FILENO);
	dup2(ends[0], STDIN_FILENO);
	ASSERT_EQ(write(ends[1], "hello\n", 6), 6);
	close(ends[1]);
	const Ran ran = with({"console", "one", "--quiet", "300"});
	dup2(before, STDIN_FILENO);
	close(before);
	close(ends[0]);
	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(ran.out, "you said hello\n");
}

TEST_F(MachinesTest, AGuestThatHasSaidALot)
{
	const std::string much(3 << 20, 'x');

	ASSERT_EQ(with({"run", "one", "--detach"}).status, 0);
	std::ofstream(scratch / "state" / "one" / "console.log") << much;
	const Ran ran = with({"console", "one", "--log"});
	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_TRUE(ran.out == much) << ran.out.size();
}

TEST_F(MachinesTest, DamagedState)
{
	ASSERT_EQ(with({"run", "one", "--detach"}).status, 0);
	std::ofstream(scratch / "state" / "one" / "machine.json") << "{";
	EXPECT_EQ(with({"list"}).status, 0);
	EXPECT_TRUE(has(with({"list"}).out, "running"));
	for (const char *pid : {"", "x", "0", "-1", "99999999999999999999"}) {
		std::filesystem::create_directories(scratch / "state" / "two");
		std::ofstream(scratch / "state" / "two" / "pid") << pid;
		EXPECT_EQ(with({"stop", "two"}).status, 0) << pid;
	}
}

TEST_F(MachinesTest, WrongWords)
{
	EXPECT_TRUE(has(with({"run", "../x"}).err, "\"../x\" is no name of a machine"));
	EXPECT_TRUE(has(with({"run", "x", "--instance-type", "c5n.lrge"}).err, "c5n.large"));
	EXPECT_TRUE(has(with({"run", "x", "--instance-type", "c4.large"}).err, "has no ENA"));
	ASSERT_EQ(with({"run", "one", "--detach"}).status, 0);
	EXPECT_TRUE(has(with({"stop", "onne"}).err, "no machine \"onne\"; the nearest is one"));
	EXPECT_TRUE(has(with({"console", "on"}).err, "the nearest is one"));
	EXPECT_TRUE(has(with({"stop"}).err, "name the machines"));
}
