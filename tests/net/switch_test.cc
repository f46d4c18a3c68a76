// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/switch.hh"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace
{
using net::MacAddress;
using net::Refusal;
using net::Switch;

constexpr unsigned int first_vf = 2;
constexpr MacAddress broadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress multicast = {0x33, 0x33, 0, 0, 0, 1};
constexpr MacAddress stranger = {0x52, 0x54, 0, 0x99, 0x99, 0x99};

MacAddress mac_of(unsigned int port)
{
	return {0x0a, static_cast<uint8_t>(port), 0, 0x12, 0x34, 0x56};
}

class SwitchTest : public ::testing::Test {
    protected:
	void turn_on(unsigned int ports, bool check_source = false)
	{
		for (unsigned int port = 1; port < ports; port++)
			fabric.set(port, {.on = true,
					  .check_source = check_source && port >= first_vf,
					  .mac = mac_of(port)});
	}

	Switch::Verdict send(unsigned int from, const MacAddress &to, const MacAddress &source)
	{
		std::vector<uint8_t> frame(60);
		std::copy(to.begin(), to.end(), frame.begin());
		std::copy(source.begin(), source.end(), frame.begin() + 6);
		return fabric.forward(from, frame);
	}

	std::set<unsigned int> reached(unsigned int from, const MacAddress &to)
	{
		const auto verdict = send(from, to, from == Switch::wire ? stranger : mac_of(from));
		std::set<unsigned int> ports;
		for (unsigned int port = 0; port < Switch::max_ports; port++)
			if (verdict.to.has(port))
				ports.insert(port);
		return ports;
	}

	static std::set<unsigned int> all_but(unsigned int port, unsigned int count)
	{
		std::set<unsigned int> ports;
		for (unsigned int i = 0; i < count; i++)
			if (i != port)
				ports.insert(i);
		return ports;
	}

	Switch fabric;
};

TEST_F(SwitchTest, EveryPortReachesEveryOther)
{
	turn_on(Switch::max_ports);
	for (unsigned int from = 0; from < Switch::max_ports; from++) {
		for (unsigned int to = 1; to < Switch::max_ports; to++) {
			if (from == to)
				continue;
			ASSERT_EQ(reached(from, mac_of(to)), std::set{to}) << from << " to " << to;
		}
	}
}

TEST_F(SwitchTest, GroupAddressesGoEverywhereButBack)
{
	turn_on(Switch::max_ports);
	for (unsigned int from = 0; from < Switch::max_ports; from++) {
		ASSERT_EQ(reached(from, broadcast), all_but(from, Switch::max_ports));
		ASSERT_EQ(reached(from, multicast), all_but(from, Switch::max_ports));
	}
}

TEST_F(SwitchTest, UnknownAddressesGoOutAndComeInToThePhysicalFunction)
{
	turn_on(4);
	EXPECT_EQ(reached(Switch::physical, stranger), std::set{Switch::wire});
	EXPECT_EQ(reached(3, stranger), std::set{Switch::wire});
	EXPECT_EQ(reached(Switch::wire, stranger), std::set{Switch::physical});
}

TEST_F(SwitchTest, PortsThatAreOffNeitherSendNorReceive)
{
	turn_on(4);
	fabric.set(3, {.on = false, .mac = mac_of(3)});
	EXPECT_EQ(send(3, mac_of(2), mac_of(3)).refusal, Refusal::port_off);
	EXPECT_EQ(reached(3, mac_of(2)), std::set<unsigned int>{});
	EXPECT_EQ(reached(2, mac_of(3)), std::set{Switch::wire});
	EXPECT_EQ(reached(2, broadcast), (std::set{Switch::wire, Switch::physical}));
	turn_on(4);
	EXPECT_EQ(reached(2, mac_of(3)), std::set{3U});
}

TEST_F(SwitchTest, NothingComesInWithoutAPhysicalFunction)
{
	EXPECT_EQ(reached(Switch::wire, stranger), std::set<unsigned int>{});
}

TEST_F(SwitchTest, SourcesAreChecked)
{
	turn_on(4, true);
	EXPECT_EQ(send(2, mac_of(3), mac_of(Switch::physical)).refusal, Refusal::spoofed);
	EXPECT_EQ(send(2, broadcast, stranger).refusal, Refusal::spoofed);
	EXPECT_EQ(send(2, mac_of(3), mac_of(2)).refusal, Refusal::none);
	/* The physical function may bridge. */
	EXPECT_EQ(send(Switch::physical, mac_of(3), stranger).refusal, Refusal::none);
	EXPECT_EQ(fabric.counters(2).refused[static_cast<size_t>(Refusal::spoofed)], 2U);
	EXPECT_EQ(fabric.counters(2).received, 3U);
	EXPECT_EQ(fabric.counters(3).sent, 2U);
}

TEST_F(SwitchTest, NothingComesBackToItsSender)
{
	turn_on(4);
	EXPECT_EQ(send(2, mac_of(2), mac_of(2)).refusal, Refusal::own_address);
}

TEST_F(SwitchTest, AnAddressIsThatOfTheFirstPortWithIt)
{
	turn_on(4);
	fabric.set(3, {.on = true, .mac = mac_of(Switch::physical)});
	EXPECT_EQ(reached(Switch::wire, mac_of(Switch::physical)), std::set{Switch::physical});
	EXPECT_EQ(reached(2, mac_of(Switch::physical)), std::set{Switch::physical});
}

TEST_F(SwitchTest, RuntsAreRefused)
{
	turn_on(4);
	const std::vector<uint8_t> runt(13);
	EXPECT_EQ(fabric.forward(2, runt).refusal, Refusal::runt);
	EXPECT_EQ(fabric.forward(Switch::wire, {}).refusal, Refusal::runt);
}
} // namespace
