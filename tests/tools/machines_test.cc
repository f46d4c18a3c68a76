// SPDX-License-Identifier: GPL-2.0-or-later
/* run, list, console and stop, with a launcher that starts no QEMU. */
#include "run.hh"

#include "json.hh"
#include "machines.hh"
#include "trouble.hh"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using tool::Json;

namespace
{

/*
 * A launcher: a process that has the socket's path in its command line, as QEMU has, a console
 * that answers what it is told, in "words" what it was given. Told to fail, it does.
 */
constexpr const char *launcher = R"(#!/usr/bin/python3
import os, socket, subprocess, sys, time
words = sys.argv[1:]
directory = words[words.index("--directory") + 1]
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
subprocess.Popen([sys.executable, "-c", guest, directory + "/qmp"], start_new_session=True,
                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
	bool wait_for(const std::filesystem::path &file)
	{
		for (int i = 0; i < 500 && !std::filesystem::exists(file); i++)
			usleep(20'000);
		return std::filesystem::exists(file);
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
