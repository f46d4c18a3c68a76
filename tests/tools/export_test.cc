// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.hh"

#include "metrics.hh"

#include <cstdlib>
#include <gtest/gtest.h>

namespace
{

const std::vector<std::string> adapter = {
	qmp_done,
	qmp_one_adapter,
	qmp_one_adapter,
	R"({"return": {"tx-packets": 7, "tx-bytes": 700, "rx-packets": 3, "rx-bytes": 180}})",
	R"({"return": [{"direction": "rx", "reason": "it is \"longer\" than the MTU", "packets": 2}]})",
	R"({"return": {"count": 1, "by-reason": [{"reason": 9, "name": "OS trigger", "count": 1}]}})",
	R"({"return": [{"queue": 0, "direction": "tx", "packets": 7, "bytes": 700, "drops": 0}]})",
	R"({"return": {"link-up": true, "mtu": 1500}})"};

} // namespace

TEST(Export, AnAdapter)
{
	FakeMachine machine;
	machine.remove("sys");
	FakeMonitor monitor(qmp_greeting, adapter);
	const Ran ran = openena({"export", "--once", "--qmp", monitor.path()});
	const std::string of = "machine=\"" + monitor.path() + "\",adapter=\"nic0\"";

	EXPECT_EQ(ran.status, 0) << ran.err;
	for (const std::string &line : {
		     "openena_machine_up{machine=\"" + monitor.path() + "\"} 1\n",
		     "openena_adapter_packets_total{" + of + ",direction=\"tx\"} 7\n",
		     "openena_adapter_bytes_total{" + of + ",direction=\"rx\"} 180\n",
		     "openena_adapter_drops_total{" + of +
			     R"(,direction="rx",reason="it is \"longer\" than the MTU"} 2)" + "\n",
		     "openena_adapter_resets_total{" + of + ",reason=\"OS trigger\"} 1\n",
		     "openena_adapter_queue_packets_total{" + of +
			     ",queue=\"0\",direction=\"tx\"} 7\n",
		     "openena_adapter_link_up{" + of + "} 1\n",
		     "openena_adapter_mtu_bytes{" + of + "} 1500\n",
	     })
		EXPECT_TRUE(has(ran.out, line)) << line << "is not in\n" << ran.out;
	EXPECT_TRUE(ran.out.ends_with("\n# EOF\n"));
}

TEST(Export, AMachineThatDoesNotAnswerOrLies)
{
	FakeMachine machine;
	machine.remove("sys");
	EXPECT_EQ(openena({"export", "--once", "--qmp", "/nonexistent"}).out,
		  "# TYPE openena_machine_up gauge\n# HELP openena_machine_up 1 if its monitor "
		  "answers.\n"
		  "openena_machine_up{machine=\"/nonexistent\"} 0\n# EOF\n");
	auto lies = adapter;
	for (size_t i = 3; i < lies.size(); i++)
		lies[i] = R"({"return": [[], {"direction": {}, "packets": -1}]})";
	FakeMonitor monitor(qmp_greeting, lies);
	const Ran ran = openena({"export", "--once", "--qmp", monitor.path()});
	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_TRUE(has(ran.out, "direction=\"tx\"} 0\n")) << ran.out;
}

TEST(Export, InterfacesOfThisMachine)
{
	FakeMachine machine;
	Scratch empty;
	machine.facts.counters = {{"bw_in_allowance_exceeded", 5}, {"queue_0_tx_cnt", 9}};
	setenv("XDG_STATE_HOME", empty.path().c_str(), 1);
	const std::string out = openena({"export", "--once"}).out;
	unsetenv("XDG_STATE_HOME");

	EXPECT_TRUE(has(out, "openena_interface_allowance_exceeded_total{interface=\"eth0\","
			     "driver=\"ena\",allowance=\"bw_in\"} 5\n"))
		<< out;
	EXPECT_TRUE(has(out, "name=\"queue_0_tx_cnt\"} 9\n")) << out;
	EXPECT_TRUE(has(out, "openena_interface_up{interface=\"eth0\",driver=\"ena\"} 1\n")) << out;
}

/* Samples of a family stay together, whatever order they come in. */
TEST(Export, FamiliesStayTogether)
{
	tool::Metrics metrics;

	metrics.gauge("a", "First.", {{"x", "1"}}, 1);
	metrics.counter("b", "Second.", {}, 2);
	metrics.gauge("a", "First.", {{"x", "line\nbreak \\"}}, 3);
	EXPECT_EQ(metrics.text(), "# TYPE a gauge\n# HELP a First.\na{x=\"1\"} 1\n"
				  "a{x=\"line?break \\\\\"} 3\n"
				  "# TYPE b counter\n# HELP b Second.\nb_total 2\n# EOF\n");
}

/* This test program has no server, and none beside it. */
TEST(Export, WithoutTheExporter)
{
	const Ran ran = openena({"export", "--port", "0"});

	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "openena-exporter cannot be run")) << ran.err;
}
