// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.hh"

#include "durable.hh"
#include "json.hh"
#include "knobs.hh"
#include "trouble.hh"

#include <gtest/gtest.h>
#include <sys/resource.h>

using tool::Json;

namespace
{

class Tune : public testing::Test {
    protected:
	Ran tune(std::vector<std::string> words)
	{
		words.insert(words.begin(), "tune");
		words.insert(words.end(), {"--state", state});
		return openena(words);
	}

	FakeMachine machine;
	const std::string state = machine.at("state/tune.json");
	const std::string irq = "proc/irq/25/smp_affinity_list";
	const std::string rps = "sys/class/net/eth0/queues/rx-0/rps_cpus";
	const std::string xps = "sys/class/net/eth0/queues/tx-1/xps_cpus";
};

} // namespace

TEST_F(Tune, ShowsAndChangesNothing)
{
	const auto before = machine.knobs;
	const Ran ran = tune({"latency"});

	EXPECT_EQ(ran.status, 1) << ran.err;
	EXPECT_TRUE(has(ran.out, "link rx-usecs")) << ran.out;
	EXPECT_TRUE(has(ran.out, "Nothing is changed on eth0 yet")) << ran.out;
	EXPECT_TRUE(has(tune({"throughput"}).out, "4096 131072 6291456")) << "tabs are spaces";
	EXPECT_EQ(machine.knobs, before);
	EXPECT_EQ(machine.text(irq), "0-3\n");
	EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(Tune, AppliesAndUndoes)
{
	const auto before = machine.knobs;
	Ran ran = tune({"latency", "--apply"});

	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(machine.knobs["rx-usecs"], "0");
	EXPECT_EQ(machine.knobs["tx-ring"], "512");
	EXPECT_EQ(machine.text(irq), "0");
	EXPECT_EQ(machine.text("proc/irq/28/smp_affinity_list"), "3");
	EXPECT_EQ(machine.text("proc/irq/24/smp_affinity_list"), "0-3\n") << "management interrupt";
	EXPECT_EQ(machine.text(xps), "2");
	EXPECT_EQ(machine.text("proc/sys/net/core/busy_poll"), "50");
	EXPECT_EQ(tune({"latency"}).status, 0) << "once applied, nothing is left to do";

	ran = tune({"--undo"});
	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(machine.knobs, before);
	EXPECT_EQ(machine.text(irq), "0-3");
	EXPECT_EQ(machine.text("proc/sys/net/core/busy_poll"), "0");
	EXPECT_FALSE(std::filesystem::exists(state));
	EXPECT_EQ(tune({"--undo"}).status, 1) << "there is nothing to undo";
}

TEST_F(Tune, ASecondWorkloadKeepsTheFirstState)
{
	const auto before = machine.knobs;

	ASSERT_EQ(tune({"latency", "--apply"}).status, 0);
	ASSERT_EQ(tune({"throughput", "--apply"}).status, 0);
	EXPECT_EQ(machine.knobs["rx-ring"], "8192");
	EXPECT_EQ(machine.knobs["adaptive-rx"], "on");
	ASSERT_EQ(tune({"--undo"}).status, 0);
	EXPECT_EQ(machine.knobs, before);
	EXPECT_EQ(machine.text("proc/sys/net/core/busy_poll"), "0");
}

TEST_F(Tune, FewerQueuesThanProcessors)
{
	machine.facts.queues = tool::Setting{2, 2};
	machine.knobs["queues"] = "2";
	ASSERT_EQ(tune({"packet-rate", "--apply"}).status, 0);
	EXPECT_EQ(machine.text(rps), "f") << "all processors share the work";
	EXPECT_EQ(machine.text(xps), "a") << "processors 1 and 3 send by queue 1";
	ASSERT_EQ(tune({"latency", "--apply"}).status, 0);
	EXPECT_EQ(machine.text(rps), "0");
}

TEST_F(Tune, MoreQueuesBringNewInterrupts)
{
	machine.facts.queues = tool::Setting{2, 4};
	machine.knobs["queues"] = "2";
	machine.remove(std::string(machine.device) + "msi_irqs/28");
	machine.remove("sys/class/net/eth0/queues/rx-3");
	const Json told = Json::parse(tune({"latency", "--json"}).out, "answer");
	bool queue_seen = false;
	for (const Json &change : *told.find("changes")->array()) {
		const std::string knob = change.find("setting")->plain();
		if (knob == "irq 3") {
			EXPECT_TRUE(queue_seen && change.find("before")->is_null());
		}
		queue_seen = queue_seen || knob == "link queues";
	}
	EXPECT_TRUE(queue_seen);
}

/* The RSS table that then has more queues has to go before them, and the interrupts behind. */
TEST_F(Tune, MoreQueuesAreTakenBack)
{
	machine.facts.queues = tool::Setting{2, 4};
	machine.facts.rss_table = {0, 1, 0, 1};
	machine.knobs["queues"] = "2";
	machine.knobs["rss"] = "0 1 0 1";
	machine.put(irq, "2\n");
	const auto before = machine.knobs;
	Ran ran = tune({"latency", "--apply"});
	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(machine.knobs["rss"], "0 1 2 3");
	ran = tune({"--undo"});
	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(ran.err, "");
	EXPECT_EQ(machine.knobs, before);
	EXPECT_EQ(machine.text(irq), "2");
	EXPECT_FALSE(std::filesystem::exists(state));
}

/* As if it had been interrupted there: what was before is on disk, and undo finds it. */
TEST_F(Tune, StoppedHalfway)
{
	const auto before = machine.knobs;
	machine.refused = "tx-usecs";
	const Ran ran = tune({"latency", "--apply"});

	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "tx-usecs is refused")) << ran.err;
	EXPECT_TRUE(has(ran.err, "--undo puts them back")) << ran.err;
	EXPECT_NE(machine.knobs, before);
	machine.refused.clear();
	EXPECT_EQ(tune({"--undo"}).status, 0);
	EXPECT_EQ(machine.knobs, before);
}

TEST_F(Tune, WhatCannotBePutBackStaysInTheState)
{
	ASSERT_EQ(tune({"latency", "--apply"}).status, 0);
	machine.refused = "rx-usecs";
	Ran ran = tune({"--undo"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "1 are not and stay in")) << ran.err;
	machine.refused.clear();
	ran = tune({"--undo"});
	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_EQ(machine.knobs["rx-usecs"], "20");
}

/* A queue, whose setting was 0. */
TEST_F(Tune, WhatIsGoneIsNotAsItWas)
{
	const std::string queue = "sys/class/net/eth0/queues/tx-3";
	ASSERT_EQ(tune({"latency", "--apply"}).status, 0);
	ASSERT_NE(machine.text(queue + "/xps_cpus"), "0\n");
	machine.remove(queue);
	const Ran ran = tune({"--undo"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "1 are not and stay in")) << ran.err;
}

TEST_F(Tune, AStateThatIsNoneIsRefused)
{
	for (const char *text :
	     {"", "[", "{}", R"({"interface": "eth1", "settings": []})",
	      R"({"interface": "eth0", "settings": [7]})",
	      R"({"interface": "eth0", "settings": [{"knob": "file /etc/passwd", "before": "x"}]})",
	      R"({"interface": "eth0", "settings": [{"knob": "file /proc/sys/net/../x", "before": "x"}]})",
	      R"({"interface": "eth0", "settings": [{"knob": "irq 5000", "before": "x"}]})"}) {
		tool::write_durably(state, text);
		EXPECT_EQ(tune({"--undo"}).status, 2) << text;
		EXPECT_TRUE(std::filesystem::exists(state)) << "lost: " << text;
	}
}

/* A disk that is full: nothing is changed, and an old state stays. */
TEST_F(Tune, AStateThatCannotBeWritten)
{
	const auto before = machine.knobs;
	tool::write_durably(state, R"({"interface": "eth0", "settings": []})");
	const std::string old = file_text(state);
	rlimit limit{}, small{};
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 8;
	(void)signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	const Ran ran = tune({"latency", "--apply"});
	setrlimit(RLIMIT_FSIZE, &limit);

	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "cannot be written: File too large")) << ran.err;
	EXPECT_EQ(machine.knobs, before);
	EXPECT_EQ(file_text(state), old);
}

TEST_F(Tune, TwoAtOnce)
{
	const tool::Descriptor held = tool::lock_file(state + ".lock");
	const Ran ran = tune({"latency", "--apply"});

	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "is held")) << ran.err;
}

TEST_F(Tune, WrongWords)
{
	EXPECT_TRUE(has(tune({"latenzy"}).err, "no workload \"latenzy\"; the nearest is latency"));
	EXPECT_TRUE(has(tune({}).err, "name a workload"));
	EXPECT_TRUE(has(tune({"latency", "--apply", "--undo"}).err, "one or the other"));
	EXPECT_TRUE(has(tune({"latency", "--interface", "eht0"}).err, "the nearest is eth0"));
}

TEST(Knobs, SpellingsOfOneValue)
{
	EXPECT_TRUE(tool::Knobs::same("00000000,0000000f", "f"));
	EXPECT_TRUE(tool::Knobs::same("4096\t131072\t6291456", "4096 131072 6291456"));
	EXPECT_FALSE(tool::Knobs::same("0-3", "0"));
	EXPECT_FALSE(tool::Knobs::same("0,1", "1"));
	EXPECT_EQ(tool::cpu_mask({0, 1, 33}), "2,00000003");
	EXPECT_EQ(tool::cpu_mask({}), "0");
}
