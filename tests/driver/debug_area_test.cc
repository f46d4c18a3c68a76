// SPDX-License-Identifier: GPL-2.0-or-later
/* The debug area: what the device may read in it, and devices and kernels that have none to give. */
#include <gtest/gtest.h>

#include <cstring>
#include <sstream>

#include "fake_adapter.hh"

namespace
{

class DebugAreaTest : public testing::Test {
    protected:
	/* As the device reads it. */
	std::string text()
	{
		const auto *p = reinterpret_cast<const char *>(ena::load(k.host_attr.debug_area));
		const size_t size = k.host_attr.debug_area_size.get();

		EXPECT_NE(memchr(p, 0, size), nullptr);
		return {p, strnlen(p, size)};
	}
	std::map<std::string, uint64_t> lines()
	{
		std::map<std::string, uint64_t> found;
		std::istringstream in(text());
		std::string name;

		for (uint64_t value; in >> name >> value;)
			found[name] = value;
		EXPECT_TRUE(in.eof());
		return found;
	}

	oe_kernel k;
};

TEST_F(DebugAreaTest, CountersAreInItASecondLater)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(text(), "");
	uint16_t id;
	ASSERT_EQ(submit_one(oe_txq(k.adapter, 0), id), 0);
	k.seconds(1);
	auto found = lines();
	EXPECT_EQ(found["queue_0_tx_cnt"], 1u);
	EXPECT_EQ(found["total_resets"], 0u);
	EXPECT_GT(found["ena_admin_q_submitted_cmd"], 0u);
	EXPECT_EQ(found.count("queue_0_rx_xdp_drop"), 1u);
}

/* No command is sent for it: a device that is slow to answer is not asked each second. */
TEST_F(DebugAreaTest, AsksTheDeviceNothing)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	k.commands.clear();
	k.seconds(2);
	EXPECT_TRUE(k.commands.empty());
}

TEST_F(DebugAreaTest, FewerLinesLeaveNothingOfTheOthers)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	k.seconds(1);
	const size_t before = text().size();
	oe_close(k.adapter);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	ASSERT_GT(settings.queues, 1u);
	settings.queues = 1;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	ASSERT_EQ(oe_open(k.adapter), 0);
	k.seconds(1);
	EXPECT_LT(text().size(), before);
	EXPECT_EQ(lines().count("queue_1_tx_cnt"), 0u);
	const auto *p = reinterpret_cast<const char *>(ena::load(k.host_attr.debug_area));
	for (size_t i = text().size(); i < before; i++)
		ASSERT_EQ(p[i], 0) << i;
}

/* More counters than it has room for: whole lines are left out. */
TEST_F(DebugAreaTest, LargestAreaAndMoreCounters)
{
	k.offer.queues_ext.max_tx_sq_num.set(128);
	k.offer.queues_ext.max_tx_cq_num.set(128);
	k.offer.queues_ext.max_rx_sq_num.set(128);
	k.offer.queues_ext.max_rx_cq_num.set(128);
	ASSERT_EQ(k.probe(), 0);
	EXPECT_EQ(k.host_attr.debug_area_size.get(), 65536u);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.queues = oe_max_queues(k.adapter);
	ASSERT_GT(settings.queues, 60u);
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	for (uint32_t i = 0; i < settings.queues; i++)
		oe_rx_stats(k.adapter, i)->bytes = UINT64_MAX;
	k.seconds(1);
	EXPECT_EQ(lines()["queue_9_rx_bytes"], UINT64_MAX);
	EXPECT_GT(text().size(), 65536u - 64);
}

TEST_F(DebugAreaTest, AfterAResetTheDeviceHasItAgain)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	k.host_attr = {};
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.run_reset();
	k.seconds(1);
	EXPECT_EQ(lines()["total_resets"], 1u);
}

TEST_F(DebugAreaTest, ADeviceThatRefusesIt)
{
	k.refuse = [this](const ena_aq_entry &command) -> std::optional<uint8_t> {
		ena_set_feature_cmd set;
		ena_host_attr attr;
		memcpy(&set, &command, sizeof(set));
		memcpy(&attr, set.data, sizeof(attr));
		if (command.common.opcode == ENA_ADMIN_SET_FEATURE &&
		    set.feature.feature_id == ENA_FEATURE_HOST_ATTR && attr.debug_area_size.get())
			return ENA_ADMIN_ILLEGAL_PARAMETER;
		return {};
	};
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_TRUE(k.logged("the device does not take a debug area"));
	k.seconds(2);
	EXPECT_EQ(k.resets_scheduled, 0u);
}

/* A device that was given up has three tries more. */
TEST(Forgive, AGivenUpDeviceIsTriedAgain)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.reset_ends = false;
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	for (int i = 0; i < 3; i++)
		k.run_reset();
	ASSERT_TRUE(k.logged("the device is given up"));
	k.reset_ends = true;
	k.run_reset();
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	oe_return(k.adapter);
	k.run_reset();
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	uint16_t id;
	EXPECT_EQ(submit_one(oe_txq(k.adapter, 0), id), 0);
}

} // namespace
