// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.hh"

#include "json.hh"

#include <gtest/gtest.h>

using tool::Json;

namespace
{

class Check : public testing::Test {
    protected:
	/* The only thing that is found, or all that was said. */
	std::string only_finding()
	{
		const Ran ran = openena({"check", "--json"});
		const Json told = Json::parse(ran.out, "answer");
		const Json *findings = told.find("findings");

		if (!findings || findings->array()->size() != 1)
			return "not one finding: " + ran.out + ran.err;
		EXPECT_EQ(ran.status, 1);
		return *findings->array()->front().find("what")->string();
	}

	FakeMachine machine;
};

} // namespace

TEST_F(Check, AllIsWell)
{
	const Ran ran = openena({"check"});

	EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
	EXPECT_TRUE(has(ran.out, "Nothing to complain of.")) << ran.out;
	EXPECT_TRUE(has(ran.out, "driver       ena 2.1.0K")) << ran.out;
	EXPECT_TRUE(has(ran.out, "queues       4 of 8, interrupts on 4 processors")) << ran.out;
	EXPECT_TRUE(has(ran.out, "LLQ          used")) << ran.out;
	EXPECT_FALSE(has(ran.out, "00:01.0")) << "another card is taken for an adapter";
}

TEST_F(Check, ForMachines)
{
	const Json told = Json::parse(openena({"check", "--json"}).out, "answer");
	const Json &adapter = told.find("adapters")->array()->front();

	EXPECT_EQ(adapter.find("pci_id")->plain(), "1d0f:ec20");
	EXPECT_EQ(adapter.find("queues")->dump(0), R"({"now":4,"most":8})");
	EXPECT_EQ(adapter.find("irqs")->array()->size(), 5u);
	EXPECT_EQ(told.find("findings")->dump(0), "[]");
}

TEST_F(Check, NoAdapter)
{
	machine.put(std::string(machine.device) + "device", "0x1234\n");
	EXPECT_TRUE(has(only_finding(), "no Elastic Network Adapter"));
}

TEST_F(Check, NoDriver)
{
	machine.remove(std::string(machine.device) + "driver");
	EXPECT_TRUE(has(only_finding(), "no driver is bound"));
}

TEST_F(Check, DriverWithoutInterface)
{
	machine.remove(std::string(machine.device) + "net");
	EXPECT_TRUE(has(only_finding(), "the driver ena has made no interface"));
}

TEST_F(Check, DownOrWithoutCarrier)
{
	machine.put(std::string(machine.device) + "net/eth0/carrier", "0\n");
	EXPECT_EQ(only_finding(), "there is no carrier");
	machine.put(std::string(machine.device) + "net/eth0/flags", "0x1002\n");
	EXPECT_EQ(only_finding(), "the interface is down");
}

TEST_F(Check, OffloadsThatAreOff)
{
	machine.facts.features = {{"rx-checksum", true, false},
				  {"tx-tcp-segmentation", false, false}};
	EXPECT_EQ(only_finding(), "rx-checksum is offered and switched off");
}

TEST_F(Check, LlqThatIsNotUsed)
{
	machine.facts.tx_push = false;
	EXPECT_TRUE(has(only_finding(), "(LLQ) are offered and not used"));
	machine.put(std::string(machine.device) + "resource", std::string(56, '0') + "\n");
	EXPECT_EQ(openena({"check"}).status, 0) << "without BAR2 it is not offered";
}

TEST_F(Check, FewerQueuesThanProcessors)
{
	machine.facts.queues = tool::Setting{2, 8};
	EXPECT_EQ(only_finding(), "2 queues of 8, for 4 processors");
	machine.facts.queues = tool::Setting{2, 2};
	EXPECT_EQ(openena({"check"}).status, 0) << "more there are not";
}

TEST_F(Check, InterruptsOnOneProcessor)
{
	for (int irq = 25; irq <= 28; irq++)
		machine.put("proc/irq/" + std::to_string(irq) + "/effective_affinity_list", "2\n");
	EXPECT_EQ(only_finding(), "the interrupts of 4 queues go to 1 of 4 processors");
}

TEST_F(Check, AllowancesAndTimeouts)
{
	machine.facts.counters = {{"bw_in_allowance_exceeded", 12345}, {"tx_timeout", 0}};
	EXPECT_EQ(only_finding(), "bw_in_allowance_exceeded is 12,345: received more than the "
				  "instance's bandwidth allows");
	EXPECT_TRUE(has(openena({"check"}).out, "    to do: a larger instance type"));
}

TEST_F(Check, OneInterfaceOnly)
{
	EXPECT_EQ(openena({"check", "--interface", "eth0"}).status, 0);
	const Ran ran = openena({"check", "--interface", "eth9"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "\"eth9\"; the nearest is eth0")) << ran.err;
}

TEST_F(Check, HostileFiles)
{
	const std::string at = machine.device;

	machine.put(at + "net/eth0/mtu", std::string(1 << 17, '9'));
	machine.put(at + "net/eth0/speed", "-1\n");
	machine.put(at + "resource", "\n");
	machine.put(at + "msi_irqs/none", "");
	machine.put("proc/irq/25/effective_affinity_list", "0-99999999999,x,-\n");
	EXPECT_LE(openena({"check"}).status, 1);
	machine.remove("sys");
	const Ran ran = openena({"check"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "/sys/bus/pci/devices does not exist")) << ran.err;
}

/* The loopback interface of this machine: the kernel's answers, as far as there are any. */
TEST(System, ReadsARealInterface)
{
	const tool::LinkFacts facts = tool::this_system().link("lo");
	EXPECT_FALSE(facts.features.empty());
	EXPECT_THROW((void)tool::this_system().link("nosuchif0"), std::exception);
	EXPECT_THROW((void)tool::this_system().link(std::string(40, 'x')), std::exception);
}
