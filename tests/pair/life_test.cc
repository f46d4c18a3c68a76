// SPDX-License-Identifier: GPL-2.0-or-later
/* Probe, open, settings and removal of the pair. */
#include <gtest/gtest.h>

#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

TEST(Life, ProbeLearnsWhatTheAdapterOffers)
{
	oe_kernel m(default_config());
	ASSERT_EQ(m.probe(), 0);
	const struct oe_info &info = *oe_info(m.adapter);
	EXPECT_EQ(info.mac[0], 0x52);
	EXPECT_EQ(info.mac[5], 1);
	EXPECT_EQ(info.max_mtu, 9001u);
	EXPECT_EQ(info.max_queues, 4u);
	EXPECT_GE(info.max_tx_ring, 256u);
	EXPECT_TRUE(info.readless);
	EXPECT_TRUE(info.tx_csum_v4 && info.tx_csum_v6 && info.tso_v4 && info.tso_v6);
	EXPECT_TRUE(info.rx_csum && info.rx_hash && info.moderation && info.rss_key);
	EXPECT_EQ(info.rss_entries, 128u);
	EXPECT_TRUE(m.log.empty()) << m.log.front();
	EXPECT_TRUE(m.notes.empty()) << m.notes.front();
}

TEST(Life, DirectRegisterReads)
{
	ena_config config = default_config();
	config.readless = false;
	oe_kernel m(config);
	ASSERT_EQ(oe_probe(&m, false, &m.adapter), 0);
	EXPECT_FALSE(oe_info(m.adapter)->readless);
	oe_remove(m.adapter);
	m.adapter = nullptr;
	EXPECT_EQ(m.memory.blocks(), 0u);
}

TEST(Life, LinkComesUpAndFollowsTheWire)
{
	oe_kernel m(default_config());
	ASSERT_EQ(m.probe(), 0);
	ASSERT_EQ(m.open(), 0);
	m.run(2 * second);
	EXPECT_TRUE(m.link);
	ena_device_set_link(m.device, false);
	m.run(2 * second);
	EXPECT_FALSE(m.link);
	ena_device_set_link(m.device, true);
	m.run(2 * second);
	EXPECT_TRUE(m.link);
}

TEST(Life, NothingIsLeftAfterRemoval)
{
	oe_kernel m(default_config());
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(m.probe(), 0);
		ASSERT_EQ(m.open(), 0);
		m.run(second);
		m.remove();
		ASSERT_EQ(m.memory.blocks(), 0u) << "round " << i;
	}
	EXPECT_TRUE(m.notes.empty()) << m.notes.front();
}

TEST(Life, AnHourOfKeepAlive)
{
	oe_kernel m(default_config());
	ASSERT_EQ(m.probe(), 0);
	ASSERT_EQ(m.open(), 0);
	m.run(3600 * second);
	EXPECT_EQ(m.resets, 0u);
	EXPECT_TRUE(m.log.empty()) << m.log.front();
}

/* Every allocation in turn fails: an error, nothing leaked, and the next try works. */
TEST(Life, EveryAllocationFailsOnce)
{
	for (uint64_t n = 0; n < 400; n++) {
		oe_kernel m(default_config());
		m.allocations_until_failure = n;
		int err = m.probe();
		if (!err)
			err = m.open();
		const bool survived = m.allocations_until_failure != 0 && !err;
		m.allocations_until_failure = UINT64_MAX;
		if (m.adapter)
			m.remove();
		ASSERT_EQ(m.memory.blocks(), 0u) << "allocation " << n;
		if (survived) {
			EXPECT_GT(n, 5u);
			return;
		}
		ASSERT_EQ(m.probe(), 0) << "after failing allocation " << n;
		ASSERT_EQ(m.open(), 0) << "after failing allocation " << n;
	}
	FAIL() << "never succeeded";
}

TEST(Life, SettingsBeyondTheLimitsAreRefusedWithAReason)
{
	oe_kernel m(default_config());
	ASSERT_EQ(m.probe(), 0);
	const struct {
		const char *names;
		std::function<void(oe_settings &)> change;
	} cases[] = {
		{"5",
		 [](oe_settings &s) {
			 s.queues = 5;
		 }},
		{"0",
		 [](oe_settings &s) {
			 s.queues = 0;
		 }},
		{"128",
		 [](oe_settings &s) {
			 s.tx_ring = 128;
		 }},
		{"1048576",
		 [](oe_settings &s) {
			 s.rx_ring = 1048576;
		 }},
		{"9002",
		 [](oe_settings &s) {
			 s.mtu = 9002;
		 }},
		{"127",
		 [](oe_settings &s) {
			 s.mtu = 127;
		 }},
		{"4000000",
		 [](oe_settings &s) {
			 s.rx_usecs = 4000000;
		 }},
	};
	for (const auto &c : cases) {
		oe_settings before, after;
		oe_get_settings(m.adapter, &before);
		m.log.clear();
		EXPECT_EQ(m.set(c.change), -22) << c.names;
		ASSERT_FALSE(m.log.empty());
		EXPECT_NE(m.log.back().find(c.names), std::string::npos) << m.log.back();
		oe_get_settings(m.adapter, &after);
		EXPECT_EQ(memcmp(&before, &after, sizeof(before)), 0) << c.names;
	}
}

TEST(Life, StatisticsHaveNamesAndValues)
{
	oe_kernel m(default_config());
	ASSERT_EQ(m.probe(), 0);
	ASSERT_EQ(m.open(), 0);
	const uint32_t n = oe_stats_count(m.adapter);
	std::vector<char> names(n * OE_STAT_NAME);
	std::vector<uint64_t> values(n + 1, 0xabcd);
	oe_stats_names(m.adapter, reinterpret_cast<char(*)[OE_STAT_NAME]>(names.data()));
	oe_stats_values(m.adapter, values.data());
	EXPECT_EQ(values[n], 0xabcdu) << "more values than names";
	std::vector<std::string> seen;
	for (uint32_t i = 0; i < n; i++) {
		const char *name = &names[i * OE_STAT_NAME];
		ASSERT_LT(strnlen(name, OE_STAT_NAME), size_t{OE_STAT_NAME});
		EXPECT_EQ(std::count(seen.begin(), seen.end(), name), 0) << name;
		seen.emplace_back(name);
	}
	for (const char *name : {"tx_timeout", "queue_0_tx_cnt", "queue_1_rx_cnt",
				 "ena_admin_q_completed_cmd", "bw_in_allowance_exceeded"})
		EXPECT_EQ(std::count(seen.begin(), seen.end(), name), 1) << name;
}

} // namespace
