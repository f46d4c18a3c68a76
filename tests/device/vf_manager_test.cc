// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands about virtual functions: who may send them, and what is refused. */
#include "fabric.hh"

#include <gtest/gtest.h>

namespace
{
constexpr auto malformed = ENA_ADMIN_MALFORMED_REQUEST;
constexpr auto illegal = ENA_ADMIN_ILLEGAL_PARAMETER;
constexpr auto unsupported = ENA_ADMIN_UNSUPPORTED_OPCODE;

uint32_t capabilities(Guest &g)
{
	return g.get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES)
		.capabilities.get();
}

uint8_t try_command(Guest &g, const ena_vf_cmd &cmd)
{
	return g.command(&cmd).common.status;
}

ena_vf_cmd make_command(uint8_t opcode, uint8_t item, uint16_t vf = 0)
{
	ena_vf_cmd cmd{};
	cmd.common.opcode = opcode;
	cmd.item = item;
	cmd.version = ENA_VF_VERSION;
	cmd.vf.set(vf);
	return cmd;
}

bool same(const ena_vf_settings_answer &a, const ena_vf_settings_answer &b)
{
	return !memcmp(&a, &b, sizeof(a));
}
} // namespace

TEST(VfManager, OnlyAPhysicalFunctionHasIt)
{
	Fabric f(2, 1);
	Guest alone;
	alone.start();
	EXPECT_TRUE(capabilities(f.pf().g) & ENA_CAPABILITY_VF_MANAGEMENT);
	for (Guest *g : {&f.vf(0).g, &alone}) {
		EXPECT_FALSE(capabilities(*g) & ENA_CAPABILITY_VF_MANAGEMENT);
		for (const auto &cmd : {make_command(ENA_ADMIN_VF_GET, ENA_VF_INFO),
					make_command(ENA_ADMIN_VF_GET, ENA_VF_SETTINGS),
					make_command(ENA_ADMIN_VF_SET, ENA_VF_TX_RATE)})
			EXPECT_EQ(try_command(*g, cmd), ENA_ADMIN_BAD_OPCODE);
		EXPECT_TRUE(g->host.noted("unknown opcode 240"));
	}
}

/* It does not get rid of a limit, whatever it resets. */
TEST(VfManager, AVirtualFunctionCannotLiftItsLimits)
{
	Fabric f(1, 1);
	EXPECT_EQ(f.set_vlan(0, 100, 3), 0);
	EXPECT_EQ(f.set_rate(0, 50), 0);
	EXPECT_EQ(f.set_link(0, ENA_VF_LINK_DISABLED), 0);
	const auto before = f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS);
	auto cmd = make_command(ENA_ADMIN_VF_SET, ENA_VF_LINK);
	EXPECT_EQ(try_command(f.vf(0).g, cmd), ENA_ADMIN_BAD_OPCODE);
	f.vf(0).start();
	ena_device_reset(f.vf(0).g.host.device);
	f.vf(0).start();
	EXPECT_TRUE(same(f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS), before));
	f.send(f.vf(0), Fabric::frame(Bytes(6, 0xff), Fabric::made_mac(0)));
	EXPECT_TRUE(f.wire.empty());
}

TEST(VfManager, TellsWhatThereIs)
{
	Fabric f(5, 3);
	const auto info = f.get<ena_vf_info>(0, ENA_VF_INFO);
	EXPECT_EQ(f.last.common.status, 0);
	EXPECT_EQ(info.version, ENA_VF_VERSION);
	EXPECT_EQ(info.total.get(), 5);
	EXPECT_EQ(info.enabled.get(), 3);
	for (unsigned int item : {0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14})
		EXPECT_TRUE(info.items.get() >> item & 1) << item;
	EXPECT_EQ(info.items.get(), 0x7f1fU);
}

TEST(VfManager, SettingsAreReadBack)
{
	Fabric f(2, 2);
	const auto fresh = f.get<ena_vf_settings_answer>(1, ENA_VF_SETTINGS);
	EXPECT_EQ(Bytes(fresh.mac, fresh.mac + 6), Fabric::made_mac(1));
	EXPECT_EQ(fresh.flags, ENA_VF_FLAG_SPOOF_CHECK);
	EXPECT_EQ(fresh.link, ENA_VF_LINK_AUTO);

	const Bytes mac = {2, 0, 0, 0, 0, 0x55};
	EXPECT_EQ(f.set_mac(1, mac), 0);
	EXPECT_EQ(f.set_vlan(1, 4094, 7), 0);
	EXPECT_EQ(f.set_toggle(1, ENA_VF_SPOOF_CHECK, false), 0);
	EXPECT_EQ(f.set_toggle(1, ENA_VF_TRUST, true), 0);
	EXPECT_EQ(f.set_link(1, ENA_VF_LINK_ENABLED), 0);
	EXPECT_EQ(f.set_rate(1, 400000), 0);
	const auto set = f.get<ena_vf_settings_answer>(1, ENA_VF_SETTINGS);
	EXPECT_EQ(Bytes(set.mac, set.mac + 6), mac);
	EXPECT_EQ(set.flags, ENA_VF_FLAG_MAC_GIVEN | ENA_VF_FLAG_TRUSTED);
	EXPECT_EQ(set.link, ENA_VF_LINK_ENABLED);
	EXPECT_EQ(set.vlan.get(), 4094);
	EXPECT_EQ(set.priority, 7);
	EXPECT_EQ(set.max_tx_mbps.get(), 400000U);
	const auto other = f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS);
	EXPECT_EQ(other.flags, ENA_VF_FLAG_SPOOF_CHECK);
	EXPECT_EQ(other.vlan.get(), 0);

	/* And taken back. */
	EXPECT_EQ(f.set_mac(1, Bytes(6)), 0);
	EXPECT_EQ(f.set_vlan(1, 0), 0);
	EXPECT_EQ(f.set_toggle(1, ENA_VF_SPOOF_CHECK, true), 0);
	EXPECT_EQ(f.set_toggle(1, ENA_VF_TRUST, false), 0);
	EXPECT_EQ(f.set_link(1, ENA_VF_LINK_AUTO), 0);
	EXPECT_EQ(f.set_rate(1, 0), 0);
	EXPECT_TRUE(same(f.get<ena_vf_settings_answer>(1, ENA_VF_SETTINGS), fresh));
}

/* As with igb and ixgbe: what was set lives as long as the function does. */
TEST(VfManager, SettingsStayOverResetsAndGoWithTheFunction)
{
	Fabric f(2, 2);
	EXPECT_EQ(f.set_vlan(0, 5), 0);
	EXPECT_EQ(f.set_vlan(1, 6), 0);
	f.pf().start();
	EXPECT_EQ(f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS).vlan.get(), 5);
	f.enable(1);
	EXPECT_EQ(f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS).vlan.get(), 5);
	f.enable(2);
	EXPECT_EQ(f.get<ena_vf_settings_answer>(1, ENA_VF_SETTINGS).vlan.get(), 0);
	f.enable(0);
	f.enable(2);
	EXPECT_EQ(f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS).vlan.get(), 0);
}

TEST(VfManager, RefusesWhatIsMalformed)
{
	Fabric f(2, 1);
	Guest &g = f.pf().g;
	const auto before = f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS);
	const auto refuse = [&](ena_vf_cmd cmd, auto change, uint8_t status, const char *why) {
		change(cmd);
		g.host.notes.clear();
		EXPECT_EQ(try_command(g, cmd), status) << why;
		EXPECT_TRUE(g.host.noted(why)) << why;
	};
	const auto get = make_command(ENA_ADMIN_VF_GET, ENA_VF_SETTINGS);
	const auto rate = make_command(ENA_ADMIN_VF_SET, ENA_VF_TX_RATE);
	const auto item = [](uint8_t id) {
		return [id](ena_vf_cmd &c) {
			c.item = id;
		};
	};

	for (const auto &cmd : {get, rate}) {
		refuse(cmd, [](ena_vf_cmd &c) { c.version = 0; }, illegal, "version 0");
		refuse(cmd, [](ena_vf_cmd &c) { c.version = 2; }, illegal, "must be 1 to 1");
		for (unsigned int at : {0, 11})
			refuse(
				cmd, [at](ena_vf_cmd &c) { c.reserved4[at] = 1; }, malformed,
				"reserved");
		refuse(
			cmd, [](ena_vf_cmd &c) { c.vf.set(1); }, illegal,
			"virtual function 1, of which 1 are enabled");
		refuse(cmd, [](ena_vf_cmd &c) { c.vf.set(0xffff); }, illegal, "65535");
	}
	refuse(get, [](ena_vf_cmd &c) { c.data[43] = 1; }, malformed, "has data");
	for (const auto &cmd : {make_command(ENA_ADMIN_VF_GET, ENA_VF_INFO, 1),
				make_command(ENA_ADMIN_VF_GET, ENA_VF_SWITCH, 1),
				make_command(ENA_ADMIN_VF_SET, ENA_VF_SWITCH_MODE, 1)})
		refuse(cmd, [](ena_vf_cmd &) {}, malformed, "virtual function 1, must be 0");
	for (uint8_t id : {5, 8, 13, 255})
		refuse(get, item(id), unsupported, "no item");
	for (uint8_t id : {0, 1, 4, 7, 15, 255})
		refuse(rate, item(id), unsupported, "no item");
	/* Of many in a second some are not noted. */
	f.advance(2'000'000'000);
	for (uint8_t id : {8, 9, 10, 11, 12, 13, 14})
		refuse(
			rate,
			[id](ena_vf_cmd &c) {
				c.item = id;
				c.data[id == 8 || id == 9 ? 6 : id == 13 ? 4 : 1] = 1;
			},
			malformed, "behind must be 0");
	EXPECT_TRUE(same(f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS), before));
}

TEST(VfManager, RefusesWhatIsBeyondALimit)
{
	Fabric f(3, 2);
	const auto before = f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS);
	const auto vlan = [&](uint16_t id, uint16_t protocol, uint8_t priority, uint8_t rest = 0) {
		ena_vf_vlan data{};
		data.vlan.set(id);
		data.protocol.set(protocol);
		data.priority = priority;
		data.reserved = rest;
		return f.set(0, ENA_VF_VLAN, data);
	};

	EXPECT_EQ(f.set_mac(0, {1, 0, 0, 0, 0, 1}), illegal);
	EXPECT_TRUE(f.noted("01:00:00:00:00:01 for virtual function 0: it is a group address"));
	EXPECT_EQ(f.set_mac(0, Fabric::pf_mac()), illegal);
	EXPECT_TRUE(f.noted("the physical function has it"));
	EXPECT_EQ(f.set_mac(0, Fabric::made_mac(1)), illegal);
	EXPECT_TRUE(f.noted("another virtual function has it"));
	EXPECT_EQ(f.set_mac(0, Fabric::made_mac(2)), illegal); /* though it is not enabled */
	EXPECT_EQ(f.set_mac(1, {2, 0, 0, 0, 0, 9}), 0);
	EXPECT_EQ(f.set_mac(0, Fabric::made_mac(1)), illegal); /* it may have it again */
	EXPECT_EQ(f.set_mac(0, {2, 0, 0, 0, 0, 9}), illegal);
	EXPECT_EQ(f.set_mac(0, Fabric::made_mac(0)), 0);
	EXPECT_EQ(f.set_mac(0, Bytes(6)), 0);
	EXPECT_EQ(vlan(4095, 0x8100, 0), illegal);
	EXPECT_TRUE(f.noted("VLAN 4095, must be 1 to 4094"));
	EXPECT_EQ(vlan(100, 0x88a8, 0), illegal);
	EXPECT_TRUE(f.noted("protocol 0x88a8, must be 0x8100"));
	EXPECT_EQ(vlan(100, 0x8100, 8), illegal);
	EXPECT_TRUE(f.noted("priority 8 with VLAN 100, must be at most 7"));
	EXPECT_EQ(vlan(0, 0x8100, 1), illegal);
	EXPECT_EQ(vlan(0, 0, 0), illegal);
	EXPECT_EQ(vlan(1, 0x8100, 0, 1), malformed);
	EXPECT_EQ(f.set(0, ENA_VF_SPOOF_CHECK, ena_vf_toggle{2}), illegal);
	EXPECT_EQ(f.set(0, ENA_VF_TRUST, ena_vf_toggle{255}), illegal);
	EXPECT_TRUE(f.noted("VF_SET 11: 255, must be 0 (off) or 1 (on)"));
	EXPECT_EQ(f.set_link(0, 3), illegal);
	EXPECT_TRUE(f.noted("link state 3, must be 0 to 2"));
	EXPECT_EQ(f.set_rate(0, 400001), illegal);
	EXPECT_TRUE(f.noted("400001 Mbit/s, must be 1 to 400000"));
	EXPECT_EQ(f.set(0, ENA_VF_SWITCH_MODE, ena_vf_switch{2}), illegal);
	EXPECT_TRUE(f.noted("mode 2 of the switch, must be 0 (VEB) or 1 (VEPA)"));
	EXPECT_EQ(f.get<ena_vf_switch>(0, ENA_VF_SWITCH).mode, ENA_VF_SWITCH_VEB);
	EXPECT_TRUE(same(f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS), before));
}

/* The mode is the adapter's: it stays when functions go, and goes with a reset by the bus. */
TEST(VfManager, TheModeOfTheSwitch)
{
	Fabric f(2, 2);
	const auto mode = [&] {
		return f.get<ena_vf_switch>(0, ENA_VF_SWITCH).mode;
	};
	const auto goes_short = [&] {
		f.wire.clear();
		f.send(f.vf(0), Fabric::frame(Fabric::made_mac(1), Fabric::made_mac(0)));
		const size_t arrived = count(f.vf(1));
		EXPECT_EQ(arrived + f.wire.size(), 1U);
		return arrived == 1;
	};

	EXPECT_EQ(mode(), ENA_VF_SWITCH_VEB);
	EXPECT_TRUE(goes_short());
	EXPECT_EQ(f.set(0, ENA_VF_SWITCH_MODE, ena_vf_switch{ENA_VF_SWITCH_VEPA}), 0);
	EXPECT_EQ(mode(), ENA_VF_SWITCH_VEPA);
	EXPECT_FALSE(goes_short());
	f.pf().start();
	EXPECT_EQ(mode(), ENA_VF_SWITCH_VEPA);
	f.enable(0);
	EXPECT_EQ(mode(), ENA_VF_SWITCH_VEPA) << "it does not need one to be enabled";
	f.enable(2);
	EXPECT_FALSE(goes_short());
	ena_device_reset(f.pf().g.host.device);
	f.pf().start();
	EXPECT_EQ(mode(), ENA_VF_SWITCH_VEB);
	EXPECT_TRUE(goes_short());
	ena_device_set_switch_mode(f.pf().g.host.device, ENA_VF_SWITCH_VEPA);
	EXPECT_EQ(f.set(0, ENA_VF_SWITCH_MODE, ena_vf_switch{ENA_VF_SWITCH_VEB}), 0);
	EXPECT_TRUE(goes_short());
	ena_device_reset(f.pf().g.host.device);
	EXPECT_FALSE(goes_short()) << "the host's mode is not back";
}

/* Without functions enabled a machine can be migrated, and finds its switch as it was. */
TEST(VfManager, TheModeTravels)
{
	Fabric from(2, 0), to(2, 0), none(0, 0);

	EXPECT_EQ(from.set(0, ENA_VF_SWITCH_MODE, ena_vf_switch{ENA_VF_SWITCH_VEPA}), 0);
	const auto snapshot = from.pf().g.host.save();
	const auto load = [&](Fabric &f) {
		char why[256];
		return ena_device_load(f.pf().g.host.device, snapshot.data(), snapshot.size(), why,
				       sizeof(why));
	};
	EXPECT_TRUE(load(to));
	to.enable(2);
	for (unsigned int i : {0, 1})
		to.vf(i).start();
	to.send(to.vf(0), Fabric::frame(Fabric::made_mac(1), Fabric::made_mac(0)));
	EXPECT_EQ(to.wire.size(), 1U) << "it took the short way";
	EXPECT_FALSE(load(none)) << "there is no switch";
}

/* What is set for 64 functions is kept apart. */
TEST(VfManager, SixtyFourFunctions)
{
	constexpr unsigned int count = ENA_DEVICE_MAX_VFS;
	Fabric f(count, 0);
	f.enable(count);
	for (unsigned int i = 0; i < count; i++) {
		ASSERT_EQ(f.set_vlan(i, static_cast<uint16_t>(100 + i)), 0);
		ASSERT_EQ(f.set_rate(i, 1000 + i), 0);
	}
	for (unsigned int i = 0; i < count; i++) {
		const auto s = f.get<ena_vf_settings_answer>(i, ENA_VF_SETTINGS);
		ASSERT_EQ(s.vlan.get(), 100 + i);
		ASSERT_EQ(s.max_tx_mbps.get(), 1000 + i);
	}
	EXPECT_EQ(f.set_vlan(count, 1), illegal);
}
