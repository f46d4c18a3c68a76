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

	/* Whether it stays inside is known before, and to ask is not counted. */
	Switch::Verdict forward(unsigned int from, std::span<const uint8_t> frame)
	{
		const uint64_t received = fabric.counters(from).received;
		const bool stays = fabric.stays_inside(from, frame);
		const Switch::Verdict verdict = fabric.forward(from, frame);
		EXPECT_EQ(stays, !(verdict.to | verdict.retagged).has(Switch::wire));
		EXPECT_EQ(fabric.counters(from).received, received + 1);
		return verdict;
	}

	Switch::Verdict send(unsigned int from, const MacAddress &to, const MacAddress &source)
	{
		std::vector<uint8_t> frame(60);
		std::copy(to.begin(), to.end(), frame.begin());
		std::copy(source.begin(), source.end(), frame.begin() + 6);
		return forward(from, frame);
	}

	/* A tagged frame, or one with another type in the place of the tag's. */
	Switch::Verdict send_tagged(unsigned int from, const MacAddress &to, unsigned int tci,
				    uint16_t type = net::ethernet::type_vlan)
	{
		std::vector<uint8_t> frame(64);
		const MacAddress source = from == Switch::wire ? stranger : mac_of(from);
		std::copy(to.begin(), to.end(), frame.begin());
		std::copy(source.begin(), source.end(), frame.begin() + 6);
		frame[12] = static_cast<uint8_t>(type >> 8);
		frame[13] = static_cast<uint8_t>(type);
		frame[14] = static_cast<uint8_t>(tci >> 8);
		frame[15] = static_cast<uint8_t>(tci);
		return forward(from, frame);
	}

	static std::set<unsigned int> ports_in(const net::PortSet &set)
	{
		std::set<unsigned int> ports;
		for (unsigned int port = 0; port < Switch::max_ports; port++)
			if (set.has(port))
				ports.insert(port);
		return ports;
	}

	void put_in_vlan(unsigned int port, uint16_t vlan, uint8_t priority = 0)
	{
		Switch::Port to = fabric.port(port);
		to.vlan = vlan;
		to.priority = priority;
		fabric.set(port, to);
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

using Kind = net::TagEdit::Kind;
using Ports = std::set<unsigned int>;

TEST_F(SwitchTest, FramesOfAVlanStayInIt)
{
	turn_on(6);
	put_in_vlan(2, 100);
	put_in_vlan(3, 100);
	put_in_vlan(4, 200);

	const auto group = send(2, broadcast, mac_of(2));
	EXPECT_EQ(ports_in(group.to), Ports{3});
	EXPECT_EQ(ports_in(group.retagged), (Ports{Switch::wire, Switch::physical, 5}));
	EXPECT_EQ(group.edit.kind, Kind::insert);
	EXPECT_EQ(group.edit.vlan, 100);

	const auto neighbour = send(2, mac_of(3), mac_of(2));
	EXPECT_EQ(ports_in(neighbour.to), Ports{3});
	EXPECT_TRUE(neighbour.retagged.empty());

	/* Elsewhere the address is not known. */
	const auto foreign = send(2, mac_of(4), mac_of(2));
	EXPECT_TRUE(foreign.to.empty());
	EXPECT_EQ(ports_in(foreign.retagged), Ports{Switch::wire});
	EXPECT_EQ(ports_in(send(2, mac_of(5), mac_of(2)).retagged), Ports{5});
}

TEST_F(SwitchTest, TaggedFramesGoToTheirVlanWithoutTheTag)
{
	turn_on(6);
	put_in_vlan(2, 100);
	put_in_vlan(3, 200);

	const auto group = send_tagged(Switch::wire, broadcast, 0xe000 | 100);
	EXPECT_EQ(ports_in(group.to), (Ports{Switch::physical, 4, 5}));
	EXPECT_EQ(ports_in(group.retagged), Ports{2});
	EXPECT_EQ(group.edit.kind, Kind::remove);

	EXPECT_EQ(ports_in(send_tagged(Switch::wire, mac_of(2), 100).retagged), Ports{2});
	const auto foreign = send_tagged(Switch::wire, mac_of(2), 200);
	EXPECT_EQ(ports_in(foreign.to), Ports{Switch::physical});
	EXPECT_TRUE(foreign.retagged.empty());
	EXPECT_EQ(ports_in(send_tagged(Switch::physical, mac_of(3), 200).retagged), Ports{3});

	/* Untagged ones, those with a priority alone, and those of 802.1ad are of no VLAN. */
	EXPECT_EQ(reached(Switch::wire, broadcast), (Ports{Switch::physical, 4, 5}));
	for (const auto &none :
	     {send_tagged(Switch::wire, broadcast, 0xe000),
	      send_tagged(Switch::wire, broadcast, 100, net::ethernet::type_service_vlan)}) {
		EXPECT_EQ(ports_in(none.to), (Ports{Switch::physical, 4, 5}));
		EXPECT_TRUE(none.retagged.empty());
	}
	/* A VLAN that nobody is in. */
	EXPECT_TRUE(send_tagged(Switch::wire, broadcast, 4095).retagged.empty());
}

TEST_F(SwitchTest, APortWithAVlanMayNotTag)
{
	turn_on(4);
	put_in_vlan(2, 100);
	EXPECT_EQ(send_tagged(2, broadcast, 100).refusal, Refusal::tagged);
	EXPECT_EQ(send_tagged(2, broadcast, 0).refusal, Refusal::tagged);
	EXPECT_EQ(send_tagged(2, broadcast, 7, net::ethernet::type_service_vlan).refusal,
		  Refusal::tagged);
	EXPECT_EQ(fabric.counters(2).refused[static_cast<size_t>(Refusal::tagged)], 3U);
	EXPECT_EQ(fabric.counters(3).sent, 0U);
	put_in_vlan(2, 0);
	EXPECT_EQ(send_tagged(2, broadcast, 100).refusal, Refusal::none);
}

TEST_F(SwitchTest, PriorityGoesIntoTheTag)
{
	turn_on(4);
	put_in_vlan(2, 4094, 5);
	const auto verdict = send(2, stranger, mac_of(2));
	EXPECT_EQ(verdict.edit.priority, 5);
	EXPECT_EQ(verdict.edit.vlan, 4094);
}

TEST_F(SwitchTest, ATagThatIsCutOffIsARunt)
{
	turn_on(4);
	std::vector<uint8_t> frame(17);
	frame[12] = 0x81;
	for (size_t size = 14; size < 18; size++)
		EXPECT_EQ(fabric.forward(Switch::wire, std::span(frame).first(size)).refusal,
			  Refusal::runt);
}

TEST_F(SwitchTest, WhoFloodsGetsWhatIsUnknown)
{
	turn_on(6);
	for (unsigned int port : {2U, 4U}) {
		Switch::Port to = fabric.port(port);
		to.floods = true;
		fabric.set(port, to);
	}
	EXPECT_EQ(reached(Switch::wire, stranger), (Ports{Switch::physical, 2, 4}));
	EXPECT_EQ(reached(2, stranger), (Ports{Switch::wire, 4}));
	EXPECT_EQ(reached(3, stranger), (Ports{Switch::wire, 2, 4}));
	EXPECT_EQ(reached(3, mac_of(5)), Ports{5});
	put_in_vlan(4, 100);
	EXPECT_EQ(reached(3, stranger), (Ports{Switch::wire, 2}));
	EXPECT_EQ(ports_in(send_tagged(3, stranger, 100).retagged), Ports{4});
}

TEST_F(SwitchTest, VepaSendsAllToTheWire)
{
	turn_on(5);
	fabric.set_mode(net::SwitchMode::vepa);
	for (unsigned int from = 1; from < 5; from++) {
		EXPECT_EQ(reached(from, stranger), Ports{Switch::wire});
		EXPECT_EQ(reached(from, broadcast), Ports{Switch::wire});
		for (unsigned int to = 1; to < 5; to++) {
			if (to != from) {
				EXPECT_EQ(reached(from, mac_of(to)), Ports{Switch::wire});
			}
		}
	}
	EXPECT_EQ(send(2, mac_of(2), mac_of(2)).refusal, Refusal::own_address);
	fabric.set_mode(net::SwitchMode::veb);
	EXPECT_EQ(reached(2, mac_of(3)), Ports{3});
}

TEST_F(SwitchTest, VepaDeliversWhatComesBackToAllButItsSender)
{
	turn_on(Switch::max_ports);
	fabric.set_mode(net::SwitchMode::vepa);
	for (unsigned int sender = 1; sender < Switch::max_ports; sender++) {
		Ports others = all_but(sender, Switch::max_ports);
		others.erase(Switch::wire);
		for (const MacAddress &group : {broadcast, multicast})
			ASSERT_EQ(ports_in(send(Switch::wire, group, mac_of(sender)).to), others);
		const unsigned int to = sender == 1 ? 2 : 1;
		ASSERT_EQ(ports_in(send(Switch::wire, mac_of(to), mac_of(sender)).to), Ports{to});
		/* To nobody here: not to the physical function either, if it is the sender. */
		ASSERT_EQ(ports_in(send(Switch::wire, stranger, mac_of(sender)).to),
			  sender == Switch::physical ? Ports{} : Ports{Switch::physical});
		ASSERT_TRUE(send(Switch::wire, mac_of(sender), mac_of(sender)).to.empty());
	}
	/* Frames of strangers go where they always go. */
	EXPECT_EQ(reached(Switch::wire, mac_of(7)), Ports{7});
	EXPECT_EQ(reached(Switch::wire, broadcast), all_but(Switch::wire, Switch::max_ports));
}

TEST_F(SwitchTest, VepaKeepsVlansApart)
{
	turn_on(6);
	put_in_vlan(2, 100, 3);
	put_in_vlan(3, 100);
	put_in_vlan(4, 200);
	fabric.set_mode(net::SwitchMode::vepa);
	const auto out = send(2, mac_of(3), mac_of(2));
	EXPECT_TRUE(out.to.empty());
	EXPECT_EQ(ports_in(out.retagged), Ports{Switch::wire});
	EXPECT_EQ(out.edit.vlan, 100);
	EXPECT_EQ(out.edit.priority, 3);
	/* Sent back: the frame of port 2, with its tag. */
	std::vector<uint8_t> frame(64);
	std::copy(broadcast.begin(), broadcast.end(), frame.begin());
	const MacAddress source = mac_of(2);
	std::copy(source.begin(), source.end(), frame.begin() + 6);
	frame[12] = 0x81;
	frame[15] = 100;
	const auto back = fabric.forward(Switch::wire, frame);
	EXPECT_EQ(ports_in(back.retagged), Ports{3});
	EXPECT_EQ(ports_in(back.to), (Ports{Switch::physical, 5}));
	EXPECT_EQ(send_tagged(2, broadcast, 100).refusal, Refusal::tagged);
}

TEST_F(SwitchTest, VepaFloodsToTrustedPortsButTheSender)
{
	turn_on(5);
	for (unsigned int port : {2U, 4U}) {
		Switch::Port to = fabric.port(port);
		to.floods = true;
		fabric.set(port, to);
	}
	fabric.set_mode(net::SwitchMode::vepa);
	EXPECT_EQ(reached(2, stranger), Ports{Switch::wire});
	EXPECT_EQ(ports_in(send(Switch::wire, stranger, mac_of(2)).to),
		  (Ports{Switch::physical, 4}));
	EXPECT_EQ(ports_in(send(Switch::wire, stranger, mac_of(3)).to),
		  (Ports{Switch::physical, 2, 4}));
}

TEST_F(SwitchTest, GroupFramesAreCounted)
{
	turn_on(4);
	(void)send(2, broadcast, mac_of(2));
	(void)send(2, multicast, mac_of(2));
	(void)send(2, multicast, mac_of(2));
	(void)send(2, mac_of(3), mac_of(2));
	EXPECT_EQ(fabric.counters(3).sent, 4U);
	EXPECT_EQ(fabric.counters(3).broadcast, 1U);
	EXPECT_EQ(fabric.counters(3).multicast, 2U);
	EXPECT_EQ(fabric.counters(2).broadcast, 0U);
}

TEST_F(SwitchTest, EveryPortInAVlanOfItsOwn)
{
	turn_on(Switch::max_ports);
	for (unsigned int port = first_vf; port < Switch::max_ports; port++)
		put_in_vlan(port, static_cast<uint16_t>(port));
	for (unsigned int port = first_vf; port < Switch::max_ports; port++) {
		ASSERT_EQ(ports_in(send_tagged(Switch::wire, broadcast, port).retagged),
			  Ports{port});
		const auto out = send(port, broadcast, mac_of(port));
		ASSERT_TRUE(out.to.empty());
		ASSERT_EQ(ports_in(out.retagged), (Ports{Switch::wire, Switch::physical}));
	}
	/* All in one. */
	for (unsigned int port = first_vf; port < Switch::max_ports; port++)
		put_in_vlan(port, 7);
	EXPECT_EQ(ports_in(send_tagged(Switch::wire, broadcast, 7).retagged).size(), 64U);
}
} // namespace
