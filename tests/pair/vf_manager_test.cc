// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtual functions under management: the driver's side and the adapter's, back to back. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "abi/ena_regs.h"
#include "ena_vfs.h"
#include "machine.hh"

namespace
{
constexpr unsigned vfs = 64;

/* A physical function, whose host only remembers. */
struct Physical {
	Physical() : machine(default_config())
	{
		const ena_vf_ops ops = {
			.changed =
				[](void *host, unsigned vf, const ena_vf_settings *settings) {
					static_cast<Physical *>(host)->settings[vf] = *settings;
				},
			.count =
				[](void *, unsigned vf, ena_vf_counters *counters) {
					*counters = {vf, 1, 2, 3, 4, 5, 6, 7, 8, 9};
				},
			.switched =
				[](void *host, uint8_t mode) {
					static_cast<Physical *>(host)->mode = mode;
				},
		};
		uint8_t macs[vfs][6];
		for (unsigned i = 0; i < vfs; i++) {
			const uint8_t mac[6] = {0x0a, static_cast<uint8_t>(i), 0, 0, 0, 1};
			memcpy(macs[i], mac, sizeof(mac));
		}
		ena_device_manage_vfs(machine.device, &ops, this, vfs, macs);
	}
	oe_vf_config shown(unsigned vf)
	{
		oe_vf_config config;
		EXPECT_EQ(oe_vf_get(machine.adapter, vf, &config), 0);
		return config;
	}

	ena_vf_settings settings[vfs];
	uint8_t mode = 0;
	oe_kernel machine;
	oe_error error{};
};
} // namespace

TEST(VfManagement, WhatIsSetIsWhatTheHostIsTold)
{
	Physical pf;
	ASSERT_EQ(pf.machine.probe(), 0);
	ena_device_enable_vfs(pf.machine.device, vfs);
	for (unsigned i = 0; i < vfs; i++) {
		const uint8_t mac[6] = {2, 0, 0, 0, 0, static_cast<uint8_t>(i)};
		oe_adapter *a = pf.machine.adapter;
		ASSERT_EQ(oe_vf_set_mac(a, i, mac, &pf.error), 0);
		ASSERT_EQ(oe_vf_set_vlan(a, i, 1 + i, i % 8, 0x8100, &pf.error), 0);
		ASSERT_EQ(oe_vf_set_spoof_check(a, i, i % 2, &pf.error), 0);
		ASSERT_EQ(oe_vf_set_trust(a, i, i % 3 == 0, &pf.error), 0);
		ASSERT_EQ(oe_vf_set_link(a, i, i % 3, &pf.error), 0);
		ASSERT_EQ(oe_vf_set_rate(a, i, 0, 1000 * i, &pf.error), 0);
	}
	for (unsigned i = 0; i < vfs; i++) {
		const ena_vf_settings &s = pf.settings[i];
		const oe_vf_config c = pf.shown(i);
		ASSERT_EQ(s.mac[5], i);
		ASSERT_TRUE(s.mac_given);
		ASSERT_EQ(s.vlan, 1 + i);
		ASSERT_EQ(s.priority, i % 8);
		ASSERT_EQ(s.spoof_check, i % 2 == 1);
		ASSERT_EQ(s.trusted, i % 3 == 0);
		ASSERT_EQ(s.link, i % 3);
		ASSERT_EQ(s.max_tx_mbps, 1000 * i);
		ASSERT_EQ(memcmp(c.mac, s.mac, 6), 0);
		ASSERT_EQ(c.vlan, s.vlan);
		ASSERT_EQ(c.priority, s.priority);
		ASSERT_EQ(c.spoof_check, s.spoof_check);
		ASSERT_EQ(c.trusted, s.trusted);
		ASSERT_EQ(c.link, s.link);
		ASSERT_EQ(c.max_tx_mbps, s.max_tx_mbps);
	}
	oe_vf_stats stats;
	ASSERT_EQ(oe_vf_get_stats(pf.machine.adapter, 63, &stats), 0);
	EXPECT_EQ(stats.rx_packets, 63U);
	EXPECT_EQ(stats.rx_bytes, 1U);
	EXPECT_EQ(stats.rx_drops, 2U);
	EXPECT_EQ(stats.rx_broadcast, 3U);
	EXPECT_EQ(stats.rx_multicast, 4U);
	EXPECT_EQ(stats.tx_packets, 5U);
	EXPECT_EQ(stats.tx_bytes, 6U);
	EXPECT_EQ(stats.tx_drops, 7U);
	EXPECT_TRUE(pf.machine.notes.empty());
}

TEST(VfManagement, TheModeOfTheSwitch)
{
	Physical pf;
	uint32_t found;
	ASSERT_EQ(pf.machine.probe(), 0);
	for (const uint32_t mode : {OE_SWITCH_VEPA, OE_SWITCH_VEB, OE_SWITCH_VEPA}) {
		ASSERT_EQ(oe_switch_set_mode(pf.machine.adapter, mode, &pf.error), 0);
		EXPECT_EQ(pf.mode, mode);
		ASSERT_EQ(oe_switch_get_mode(pf.machine.adapter, &found), 0);
		EXPECT_EQ(found, mode);
	}
	pf.machine.remove();
	ASSERT_EQ(pf.machine.probe(), 0);
	ASSERT_EQ(oe_switch_get_mode(pf.machine.adapter, &found), 0);
	EXPECT_EQ(found, OE_SWITCH_VEPA) << "a driver that starts changes it";
}

TEST(VfManagement, OnlyWhatIsEnabled)
{
	Physical pf;
	oe_vf_config config;
	ASSERT_EQ(pf.machine.probe(), 0);
	EXPECT_EQ(oe_vf_get(pf.machine.adapter, 0, &config), -EINVAL);
	ena_device_enable_vfs(pf.machine.device, 2);
	EXPECT_EQ(oe_vf_set_link(pf.machine.adapter, 1, 2, &pf.error), 0);
	EXPECT_EQ(oe_vf_set_link(pf.machine.adapter, 2, 2, &pf.error), -EINVAL);
	ASSERT_FALSE(pf.machine.notes.empty());
	EXPECT_NE(pf.machine.notes.back().find("virtual function 2, of which 2 are enabled"),
		  std::string::npos);
}

TEST(VfManagement, AResetOfThePhysicalFunctionChangesNothing)
{
	Physical pf;
	ASSERT_EQ(pf.machine.probe(), 0);
	ASSERT_EQ(pf.machine.open(), 0);
	ena_device_enable_vfs(pf.machine.device, 1);
	ASSERT_EQ(oe_vf_set_vlan(pf.machine.adapter, 0, 7, 0, 0x8100, &pf.error), 0);
	oe_request_reset(pf.machine.adapter, ENA_RESET_USER_TRIGGER);
	pf.machine.run(1'000'000'000);
	EXPECT_EQ(pf.machine.resets, 1U);
	EXPECT_EQ(pf.shown(0).vlan, 7);
	pf.machine.remove();
	ASSERT_EQ(pf.machine.probe(), 0);
	EXPECT_EQ(pf.shown(0).vlan, 7);
}

/* The virtual function's own driver, whose address is changed under it. */
TEST(VfManagement, ANewAddressDoesNotDisturbARecovery)
{
	oe_kernel vf(default_config());
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x55};
	ASSERT_EQ(vf.probe(), 0);
	ASSERT_EQ(vf.open(), 0);
	ena_device_set_mac(vf.device, mac);
	oe_request_reset(vf.adapter, ENA_RESET_KEEP_ALIVE_TIMEOUT);
	vf.run(1'000'000'000);
	EXPECT_EQ(vf.resets, 1U);
	EXPECT_EQ(vf.failed_resets, 0U);
	EXPECT_NE(memcmp(oe_info(vf.adapter)->mac, mac, 6), 0);
	vf.remove();
	ASSERT_EQ(vf.probe(), 0);
	EXPECT_EQ(memcmp(oe_info(vf.adapter)->mac, mac, 6), 0);
}

TEST(VfManagement, AVirtualFunctionHasNone)
{
	oe_kernel vf(default_config());
	oe_error error;
	ASSERT_EQ(vf.probe(), 0);
	EXPECT_EQ(oe_vf_set_rate(vf.adapter, 0, 0, 0, &error), -EOPNOTSUPP);
	EXPECT_TRUE(vf.notes.empty());
}
