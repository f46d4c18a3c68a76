// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtual functions under management: what is asked of the adapter, and what of it is believed. */
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "abi/ena_vf.h"
#include "fake_adapter.hh"

namespace
{

/* An adapter with the extension; what was set last, and what it answers. */
class VfAdapter : public testing::Test {
    protected:
	VfAdapter()
	{
		k.offer.attributes.capabilities.set(ENA_CAPABILITY_VF_MANAGEMENT);
		info.version = 1;
		info.total.set(4);
		info.items.set(0x7f1f);
		k.alter_answer = [this](const ena_aq_entry &command, ena_acq_entry &answer) {
			ena_vf_cmd cmd;
			memcpy(&cmd, &command, sizeof(cmd));
			if (cmd.common.opcode != ENA_ADMIN_VF_GET &&
			    cmd.common.opcode != ENA_ADMIN_VF_SET)
				return;
			last = cmd;
			asked++;
			answer.common.status = status;
			switch (cmd.item) {
			case ENA_VF_INFO:
				memcpy(answer.payload, &info, sizeof(info));
				break;
			case ENA_VF_SETTINGS:
				memcpy(answer.payload, &settings, sizeof(settings));
				break;
			case ENA_VF_SWITCH:
				memcpy(answer.payload, &mode, sizeof(mode));
				break;
			case ENA_VF_RX_STATS:
				memcpy(answer.payload, &rx, sizeof(rx));
				break;
			case ENA_VF_TX_STATS:
				memcpy(answer.payload, &tx, sizeof(tx));
				break;
			}
		};
	}
	template <class T> [[nodiscard]] T told() const
	{
		T data;
		memcpy(&data, last.data, sizeof(data));
		return data;
	}
	/* The command is what the extension asks for, and has nothing else in it. */
	void expect_command(uint8_t opcode, uint8_t item, uint16_t vf, size_t size) const
	{
		EXPECT_EQ(last.common.opcode, opcode);
		EXPECT_EQ(last.item, item);
		EXPECT_EQ(last.version, 1);
		EXPECT_EQ(last.vf.get(), vf);
		for (uint8_t byte : last.reserved4)
			EXPECT_EQ(byte, 0);
		for (size_t i = size; i < sizeof(last.data); i++)
			EXPECT_EQ(last.data[i], 0) << i;
	}

	ena_vf_info info{};
	ena_vf_settings_answer settings{};
	ena_vf_switch mode{};
	ena_vf_rx_stats rx{};
	ena_vf_tx_stats tx{};
	uint8_t status = 0;
	ena_vf_cmd last{};
	unsigned asked = 0;
	oe_error error{};
	oe_kernel k;
};

TEST_F(VfAdapter, IsAskedAtProbe)
{
	ASSERT_EQ(k.probe(), 0);
	EXPECT_EQ(asked, 2U);
	expect_command(ENA_ADMIN_VF_GET, ENA_VF_SWITCH, 0, 0);
	k.remove();
	/* An adapter of before the switch's mode could be set. */
	info.items.set(0x3f0f);
	ASSERT_EQ(k.probe(), 0);
	EXPECT_EQ(asked, 3U);
	expect_command(ENA_ADMIN_VF_GET, ENA_VF_INFO, 0, 0);
}

TEST_F(VfAdapter, WithoutTheExtensionNothingIsSent)
{
	oe_vf_config config;
	oe_vf_stats stats;
	const uint8_t mac[6] = {2};

	k.offer.attributes.capabilities.set(0x7fffffffU & ~ENA_CAPABILITY_CUSTOMER_METRICS);
	ASSERT_EQ(k.probe(), 0);
	EXPECT_EQ(oe_vf_get(k.adapter, 0, &config), -EOPNOTSUPP);
	EXPECT_EQ(oe_vf_get_stats(k.adapter, 0, &stats), -EOPNOTSUPP);
	EXPECT_EQ(oe_vf_set_mac(k.adapter, 0, mac, &error), -EOPNOTSUPP);
	EXPECT_STREQ(error.text, "the device cannot do that for a virtual function");
	EXPECT_EQ(oe_vf_set_vlan(k.adapter, 0, 1, 0, 0x8100, &error), -EOPNOTSUPP);
	EXPECT_EQ(oe_vf_set_link(k.adapter, 0, 0, &error), -EOPNOTSUPP);
	EXPECT_EQ(oe_vf_set_trust(k.adapter, 0, true, &error), -EOPNOTSUPP);
	EXPECT_EQ(oe_vf_set_spoof_check(k.adapter, 0, true, &error), -EOPNOTSUPP);
	EXPECT_EQ(oe_vf_set_rate(k.adapter, 0, 0, 1, &error), -EOPNOTSUPP);
	EXPECT_EQ(oe_switch_set_mode(k.adapter, 0, &error), -EOPNOTSUPP);
	uint32_t found;
	EXPECT_EQ(oe_switch_get_mode(k.adapter, &found), -EOPNOTSUPP);
	EXPECT_EQ(asked, 0U);
}

TEST_F(VfAdapter, AnItemThatItDoesNotKnowIsNotSent)
{
	info.items.set(0x7f1f & ~ENA_BIT(ENA_VF_TRUST));
	ASSERT_EQ(k.probe(), 0);
	EXPECT_EQ(oe_vf_set_trust(k.adapter, 0, true, &error), -EOPNOTSUPP);
	EXPECT_EQ(oe_vf_set_spoof_check(k.adapter, 0, true, &error), 0);
	EXPECT_EQ(asked, 3U);
}

TEST_F(VfAdapter, ARefusalOfTheInfoIsNoFailureOfTheAdapter)
{
	status = ENA_ADMIN_UNSUPPORTED_OPCODE;
	ASSERT_EQ(k.probe(), 0);
	EXPECT_TRUE(k.logged("does not say how its virtual functions are managed"));
	EXPECT_EQ(oe_vf_set_link(k.adapter, 0, 0, &error), -EOPNOTSUPP);
}

TEST_F(VfAdapter, SettingsAreWhatIsTold)
{
	const uint8_t mac[6] = {2, 3, 4, 5, 6, 7};

	ASSERT_EQ(k.probe(), 0);
	EXPECT_EQ(oe_vf_set_mac(k.adapter, 3, mac, &error), 0);
	expect_command(ENA_ADMIN_VF_SET, ENA_VF_MAC, 3, 6);
	EXPECT_EQ(memcmp(last.data, mac, 6), 0);
	EXPECT_EQ(oe_vf_set_vlan(k.adapter, 1, 4094, 7, 0x8100, &error), 0);
	expect_command(ENA_ADMIN_VF_SET, ENA_VF_VLAN, 1, 6);
	EXPECT_EQ(told<ena_vf_vlan>().vlan.get(), 4094);
	EXPECT_EQ(told<ena_vf_vlan>().protocol.get(), 0x8100);
	EXPECT_EQ(told<ena_vf_vlan>().priority, 7);
	EXPECT_EQ(oe_vf_set_spoof_check(k.adapter, 0, true, &error), 0);
	expect_command(ENA_ADMIN_VF_SET, ENA_VF_SPOOF_CHECK, 0, 1);
	EXPECT_EQ(last.data[0], 1);
	EXPECT_EQ(oe_vf_set_trust(k.adapter, 0, false, &error), 0);
	expect_command(ENA_ADMIN_VF_SET, ENA_VF_TRUST, 0, 1);
	EXPECT_EQ(last.data[0], 0);
	EXPECT_EQ(oe_vf_set_link(k.adapter, 0, OE_VF_LINK_DISABLED, &error), 0);
	expect_command(ENA_ADMIN_VF_SET, ENA_VF_LINK, 0, 1);
	EXPECT_EQ(last.data[0], ENA_VF_LINK_DISABLED);
	EXPECT_EQ(oe_vf_set_rate(k.adapter, 2, 0, 400000, &error), 0);
	expect_command(ENA_ADMIN_VF_SET, ENA_VF_TX_RATE, 2, 4);
	EXPECT_EQ(told<ena_vf_tx_rate>().max_mbps.get(), 400000U);
	EXPECT_EQ(oe_switch_set_mode(k.adapter, OE_SWITCH_VEPA, &error), 0);
	expect_command(ENA_ADMIN_VF_SET, ENA_VF_SWITCH_MODE, 0, 1);
	EXPECT_EQ(last.data[0], ENA_VF_SWITCH_VEPA);
}

TEST_F(VfAdapter, BadValuesAreNotSent)
{
	const uint8_t group[6] = {1}, good[6] = {2};
	const auto refused = [&](int result, int expected, const char *why) {
		EXPECT_EQ(result, expected) << why;
		EXPECT_STREQ(error.text, why);
		error = {};
	};

	ASSERT_EQ(k.probe(), 0);
	asked = 0;
	refused(oe_vf_set_mac(k.adapter, 0, group, &error), -EINVAL,
		"a group address for virtual function 0");
	refused(oe_vf_set_mac(k.adapter, 4, good, &error), -EINVAL,
		"virtual function 4, of at most 4");
	refused(oe_vf_set_mac(k.adapter, static_cast<uint32_t>(-1), good, &error), -EINVAL,
		"virtual function 4294967295, of at most 4");
	refused(oe_vf_set_vlan(k.adapter, 0, 4095, 0, 0x8100, &error), -ERANGE,
		"VLAN 4095 is above 4094");
	refused(oe_vf_set_vlan(k.adapter, 0, 4094, 8, 0x8100, &error), -ERANGE,
		"VLAN priority 8 is above 7");
	refused(oe_vf_set_vlan(k.adapter, 0, 0, 1, 0x8100, &error), -ERANGE,
		"VLAN priority 1 without a VLAN");
	refused(oe_vf_set_vlan(k.adapter, 0, 1, 0, 0x88a8, &error), -EPROTONOSUPPORT,
		"VLAN protocol 0x88a8, only 802.1Q is possible");
	refused(oe_vf_set_link(k.adapter, 0, 3, &error), -EINVAL,
		"link state 3 of a virtual function is none");
	refused(oe_vf_set_rate(k.adapter, 0, 1, 10, &error), -EOPNOTSUPP,
		"a least rate of 1 Mbit/s: the device has only a largest");
	refused(oe_vf_set_rate(k.adapter, 0, 0, 400001, &error), -ERANGE,
		"a rate of 400001 Mbit/s is above 400000");
	refused(oe_switch_set_mode(k.adapter, 2, &error), -EINVAL,
		"mode 2 of the switch is none: VEB is 0, VEPA 1");
	refused(oe_switch_set_mode(k.adapter, 0x100, &error), -EINVAL,
		"mode 256 of the switch is none: VEB is 0, VEPA 1");
	EXPECT_EQ(asked, 0U);
}

TEST_F(VfAdapter, TheModeOfTheSwitchIsReadAtProbeAndChecked)
{
	uint32_t found = 77;

	mode.mode = ENA_VF_SWITCH_VEPA;
	ASSERT_EQ(k.probe(), 0);
	asked = 0;
	EXPECT_EQ(oe_switch_get_mode(k.adapter, &found), 0);
	EXPECT_EQ(found, OE_SWITCH_VEPA);
	EXPECT_EQ(asked, 0U) << "the kernel asks where nobody may sleep";
	status = ENA_ADMIN_ILLEGAL_PARAMETER;
	EXPECT_EQ(oe_switch_set_mode(k.adapter, OE_SWITCH_VEB, &error), -EINVAL);
	EXPECT_EQ(oe_switch_get_mode(k.adapter, &found), 0);
	EXPECT_EQ(found, OE_SWITCH_VEPA) << "what was refused is taken for set";
	status = 0;
	k.remove();
	mode.mode = ENA_VF_SWITCH_MODES;
	ASSERT_EQ(k.probe(), 0);
	EXPECT_EQ(oe_switch_get_mode(k.adapter, &found), -EOPNOTSUPP);
	EXPECT_EQ(oe_switch_set_mode(k.adapter, OE_SWITCH_VEB, &error), -EOPNOTSUPP);
}

TEST_F(VfAdapter, WhatItRefusesHasAReason)
{
	ASSERT_EQ(k.probe(), 0);
	status = ENA_ADMIN_ILLEGAL_PARAMETER;
	EXPECT_EQ(oe_vf_set_link(k.adapter, 2, 0, &error), -EINVAL);
	EXPECT_STREQ(error.text, "the device refuses that for virtual function 2");
	oe_vf_config config;
	EXPECT_EQ(oe_vf_get(k.adapter, 2, &config), -EINVAL);
}

TEST_F(VfAdapter, SettingsAreReadAndChecked)
{
	oe_vf_config config;

	ASSERT_EQ(k.probe(), 0);
	settings.mac[5] = 9;
	settings.flags = ENA_VF_FLAG_TRUSTED;
	settings.link = ENA_VF_LINK_ENABLED;
	settings.vlan.set(100);
	settings.priority = 5;
	settings.max_tx_mbps.set(77);
	ASSERT_EQ(oe_vf_get(k.adapter, 1, &config), 0);
	expect_command(ENA_ADMIN_VF_GET, ENA_VF_SETTINGS, 1, 0);
	EXPECT_EQ(config.mac[5], 9);
	EXPECT_TRUE(config.trusted);
	EXPECT_FALSE(config.spoof_check);
	EXPECT_EQ(config.link, OE_VF_LINK_ENABLED);
	EXPECT_EQ(config.vlan, 100);
	EXPECT_EQ(config.priority, 5);
	EXPECT_EQ(config.max_tx_mbps, 77U);

	const ena_vf_settings_answer good = settings;
	settings.link = 3;
	EXPECT_EQ(oe_vf_get(k.adapter, 1, &config), -EIO);
	settings = good;
	settings.vlan.set(4095);
	EXPECT_EQ(oe_vf_get(k.adapter, 1, &config), -EIO);
	settings = good;
	settings.priority = 8;
	EXPECT_EQ(oe_vf_get(k.adapter, 1, &config), -EIO);
}

TEST_F(VfAdapter, Statistics)
{
	oe_vf_stats stats;

	ASSERT_EQ(k.probe(), 0);
	rx.packets.set(1);
	rx.bytes.set(2);
	rx.drops.set(3);
	rx.broadcast.set(4);
	rx.multicast.set(5);
	tx.packets.set(6);
	tx.bytes.set(7);
	tx.drops.set(8);
	ASSERT_EQ(oe_vf_get_stats(k.adapter, 0, &stats), 0);
	EXPECT_EQ(stats.rx_packets, 1U);
	EXPECT_EQ(stats.rx_bytes, 2U);
	EXPECT_EQ(stats.rx_drops, 3U);
	EXPECT_EQ(stats.rx_broadcast, 4U);
	EXPECT_EQ(stats.rx_multicast, 5U);
	EXPECT_EQ(stats.tx_packets, 6U);
	EXPECT_EQ(stats.tx_bytes, 7U);
	EXPECT_EQ(stats.tx_drops, 8U);
}

} // namespace
