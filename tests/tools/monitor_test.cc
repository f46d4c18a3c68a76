// SPDX-License-Identifier: GPL-2.0-or-later
/* events and inject: what they ask of QEMU's monitor, and what they make of its answers. */
#include "run.hh"

#include "json.hh"

#include <cstdlib>
#include <gtest/gtest.h>

namespace
{

constexpr const char *history = R"({"return": [
	{"kind": "link", "text": "the link is up", "count": 1, "first-ns": 5000, "last-ns": 1500000000},
	{"kind": "command-refused", "text": "an \u001b[31mMTU", "count": 3, "first-ns": 1,
	 "last-ns": 2000001000}]})";

std::string one_line(std::string text)
{
	for (char &c : text)
		if (c == '\n' || c == '\t')
			c = ' ';
	return text;
}

Ran ask(const std::vector<std::string> &answers, std::vector<std::string> words,
	std::string greeting = qmp_greeting)
{
	FakeMonitor monitor(std::move(greeting), answers);

	words.insert(words.end(), {"--qmp", monitor.path()});
	return openena(words);
}

} // namespace

TEST(Events, HistoryForPeople)
{
	const Ran ran = ask({qmp_done, qmp_one_adapter, one_line(history)}, {"events"});

	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(ran.out, "[     1.500000] link             the link is up\n"
			   "[     2.000001] command-refused  an ?[31mMTU (3 times)\n");
}

TEST(Events, SectionsForMachines)
{
	const Ran ran = ask({qmp_done, qmp_one_adapter,
			     R"({"event": "RESET"})"
			     "\n"
			     R"({"return": [1]})",
			     R"({"return": {"tx-packets": 7}})"},
			    {"events", "drops", "counters", "--json"});

	EXPECT_EQ(tool::Json::parse(ran.out, "answer").dump(0),
		  R"({"drops":[1],"counters":{"tx-packets":7}})")
		<< ran.err;
}

TEST(Events, QueuesAreATable)
{
	const Ran ran = ask({qmp_done, qmp_one_adapter,
			     R"({"return": [{"queue": 3, "direction": "tx", "stopped": true,)"
			     R"( "why-stopped": "its doorbell is out of range", "depth": 256}]})"},
			    {"events", "queues"});

	EXPECT_TRUE(has(ran.out, "stopped: its doorbell is out of range")) << ran.out;
}

TEST(Events, AsksForTheRightProperty)
{
	FakeMonitor monitor(qmp_greeting, {qmp_done, qmp_one_adapter, R"({"return": {}})"});

	(void)openena({"events", "control", "--qmp", monitor.path()});
	const auto asked = monitor.asked();
	ASSERT_EQ(asked.size(), 3u);
	EXPECT_TRUE(
		has(asked[2], R"("path":"/machine/peripheral/nic0","property":"control-state")"))
		<< asked[2];
}

TEST(Events, FollowTellsOnlyWhatIsNew)
{
	const std::string again = one_line(history);
	std::string more = again;
	more.replace(more.rfind('}', more.rfind(']')) + 1, 0,
		     R"(, {"kind": "fault", "text": "new", "last-ns": 3000000000})");
	const Ran ran = ask({qmp_done, qmp_one_adapter, again, again, more},
			    {"events", "--follow", "--interval", "10"});

	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3) << ran.out;
	EXPECT_TRUE(ran.out.ends_with("fault            new\n")) << ran.out;
	EXPECT_TRUE(has(ran.err, "QEMU has ended")) << ran.err;
}

TEST(Events, ManyAdaptersNeedAChoice)
{
	const std::string two = R"({"return": [{"name": "nic0", "type": "child<ena>"},)"
				R"( {"name": "nic1", "type": "child<ena>"}]})";

	EXPECT_TRUE(has(ask({qmp_done, two}, {"events"}).err, "--id nic0 or nic1"));
	EXPECT_TRUE(has(ask({qmp_done, two}, {"events", "--id", "nic2"}).err,
			"no adapter \"nic2\"; the nearest is nic0"));
	EXPECT_TRUE(
		has(ask({qmp_done, R"({"return": []})"}, {"events"}).err, "has no ena adapter"));
}

TEST(Monitor, HostileAnswersAreErrors)
{
	const auto said = [](const std::vector<std::string> &answers,
			     const std::string &greeting = qmp_greeting) {
		const Ran ran = ask(answers, {"events"}, greeting);
		EXPECT_EQ(ran.status, 2);
		EXPECT_FALSE(ran.err.empty());
		return ran.err;
	};

	EXPECT_TRUE(has(said({}, "SSH-2.0"), "is no JSON: byte 1")) << said({}, "SSH-2.0");
	EXPECT_TRUE(has(said({}, "{}"), "this is no QMP monitor"));
	EXPECT_TRUE(has(said({}), "QEMU has ended"));
	EXPECT_TRUE(has(said({"7"}), "neither an answer nor an event"));
	EXPECT_TRUE(has(said({qmp_done, qmp_done}), "no list"));
	EXPECT_TRUE(has(said({qmp_done, std::string(40, '[')}), "nested deeper than 32"));
	EXPECT_TRUE(has(said({qmp_done, R"({"error": {}})"}), "refuses without a word"));
	/* Any shape is shown, none is believed. */
	for (const char *shape : {"{}", "7", R"([7, [], {"kind": []}])", R"([[[]]])", "null"})
		for (const char *section : {"history", "queues", "drops", "resets"})
			EXPECT_EQ(ask({qmp_done, qmp_one_adapter,
				       std::string(R"({"return": )") + shape + "}"},
				      {"events", section})
					  .status,
				  0)
				<< shape << " as " << section;
}

TEST(Monitor, ASocketThatIsNotThere)
{
	EXPECT_TRUE(has(openena({"events", "--qmp", "/nonexistent/qmp"}).err,
			"/nonexistent/qmp: nobody to talk to: No such file"));
	EXPECT_TRUE(has(openena({"events", "--qmp", std::string(200, 'x')}).err,
			"200 bytes, must be at most 107"));
	EXPECT_TRUE(has(openena({"events", "histroy"}).err, "the nearest is history"));
	Scratch empty;
	setenv("XDG_STATE_HOME", empty.path().c_str(), 1);
	EXPECT_TRUE(has(openena({"events"}).err, "--qmp is needed"));
	std::filesystem::create_directories(empty / "openena/machines/one");
	EXPECT_TRUE(has(openena({"events"}).err, "machines/one/qmp: nobody to talk to"));
	std::filesystem::create_directories(empty / "openena/machines/two");
	EXPECT_TRUE(has(openena({"events"}).err, "choose one with --vm one or two"));
	EXPECT_TRUE(has(openena({"events", "--vm", "twoo"}).err, "the nearest is two"));
	unsetenv("XDG_STATE_HOME");
}

TEST(Inject, SetsAndShows)
{
	FakeMonitor monitor(qmp_greeting,
			    {qmp_done, qmp_one_adapter, qmp_done, qmp_done,
			     R"({"return": ["tx-completion-lost,count=1 hits=0 seen=0"]})"});
	const Ran ran = openena({"inject", "--qmp", monitor.path(), "--clear",
				 "tx-completion-lost,count=1", "slow,delay=1ms"});

	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(ran.out, "nic0: tx-completion-lost,count=1 hits=0 seen=0\n");
	const auto asked = monitor.asked();
	EXPECT_TRUE(has(asked[2], R"("property":"inject","value":"none")")) << asked[2];
	EXPECT_TRUE(has(asked[3], R"("value":"tx-completion-lost,count=1;slow,delay=1ms")"))
		<< asked[3];
}

TEST(Inject, WrongFaultsGetTheNearestBeforeAnythingIsAsked)
{
	EXPECT_TRUE(has(openena({"inject", "tx-complection-lost"}).err,
			"no fault \"tx-complection-lost\"; the nearest is tx-completion-lost."));
	EXPECT_TRUE(has(openena({"inject", "slow,delay=5"}).err, "delay=5: must be a time"));
	EXPECT_TRUE(has(openena({"inject", "slow,delai=5ms"}).err, "slow has no option \"delai\""));
}

TEST(Inject, ARefusalIsQemusOwnSentence)
{
	const Ran ran =
		ask({qmp_done, qmp_one_adapter,
		     R"({"error": {"class": "GenericError", "desc": "the adapter is busy"}})"},
		    {"inject", "link-flap"});

	EXPECT_EQ(ran.status, 2);
	EXPECT_EQ(ran.err, "openena: the adapter is busy\n");
}

TEST(Inject, ListsAllFaults)
{
	const Ran ran = openena({"inject", "--list"});

	EXPECT_EQ(ran.status, 0);
	for (const char *fault : {"admin-lost", "rx-completion-first", "reset-request"})
		EXPECT_TRUE(has(ran.out, fault)) << fault;
	EXPECT_EQ(
		tool::Json::parse(openena({"inject", "--list", "--json"}).out, "").array()->size(),
		39u);
}
