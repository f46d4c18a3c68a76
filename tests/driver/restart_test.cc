// SPDX-License-Identifier: GPL-2.0-or-later
/* Restart of one pair's receiving side: what the adapter is told, and what its refusals lead to. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_adapter.hh"

namespace
{

class Restart : public testing::Test {
    protected:
	void SetUp() override
	{
		ASSERT_EQ(k.probe(), 0);
		oe_settings settings;
		oe_get_settings(k.adapter, &settings);
		settings.queues = 2;
		settings.xdp = true;
		ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
		ASSERT_EQ(oe_open(k.adapter), 0);
		k.commands.clear();
	}
	std::vector<uint8_t> opcodes()
	{
		std::vector<uint8_t> list;
		for (const ena_aq_entry &command : k.commands)
			list.push_back(command.common.opcode);
		return list;
	}
	/* The adapter refuses these from now on. */
	void refuse(uint8_t opcode)
	{
		k.refuse = [opcode](const ena_aq_entry &command) {
			return command.common.opcode == opcode
				       ? std::optional<uint8_t>(ENA_ADMIN_UNKNOWN_ERROR)
				       : std::nullopt;
		};
	}
	uint32_t reset_reason()
	{
		k.run_reset();
		EXPECT_FALSE(k.reset_commands.empty());
		return k.reset_commands.back() >> 28;
	}

	oe_kernel k;
};

TEST_F(Restart, OneCommandForEachRing)
{
	ASSERT_EQ(oe_stop_receiver(k.adapter, 1), 0);
	EXPECT_EQ(opcodes(), (std::vector<uint8_t>{ENA_ADMIN_DESTROY_SQ, ENA_ADMIN_DESTROY_CQ,
						   ENA_ADMIN_DESTROY_SQ, ENA_ADMIN_DESTROY_CQ}));
	/* Stopped, it takes and gives nothing. */
	oe_rx_burst burst;
	EXPECT_EQ(oe_rx_wanted(oe_rxq(k.adapter, 1)), 0u);
	EXPECT_EQ(oe_rx_poll(oe_rxq(k.adapter, 1), &burst, 64), 0u);

	ASSERT_EQ(oe_start_receiver(k.adapter, 1), 0);
	EXPECT_GT(oe_rx_wanted(oe_rxq(k.adapter, 1)), 0u);
	EXPECT_EQ(k.resets_scheduled, 0u);
}

/* The adapter may give another index: the RSS table names it then. */
TEST_F(Restart, TheTableFollowsTheIndex)
{
	const auto table = k.table;
	ASSERT_EQ(oe_stop_receiver(k.adapter, 1), 0);
	k.queue_base = 40;
	ASSERT_EQ(oe_start_receiver(k.adapter, 1), 0);
	uint16_t now = 0;
	for (const auto &[index, q] : k.sqs)
		if (!q.tx && q.vector == 2)
			now = static_cast<uint16_t>(index);
	ASSERT_GE(now, 40);
	ASSERT_EQ(k.table.size(), table.size());
	for (size_t i = 0; i < table.size(); i++)
		EXPECT_EQ(k.table[i], i % 2 ? now : table[i]) << i;
}

TEST_F(Restart, ARefusalIsAReset)
{
	refuse(ENA_ADMIN_DESTROY_SQ);
	EXPECT_EQ(oe_stop_receiver(k.adapter, 0), -EIO);
	EXPECT_EQ(k.resets_scheduled, 1u);
	EXPECT_TRUE(k.logged("does not stop the queues of pair 0"));
	k.refuse = nullptr;
	EXPECT_EQ(reset_reason(), ENA_RESET_INVALID_STATE);

	ASSERT_EQ(oe_open(k.adapter), 0);
	ASSERT_EQ(oe_stop_receiver(k.adapter, 0), 0);
	refuse(ENA_ADMIN_CREATE_SQ);
	EXPECT_NE(oe_start_receiver(k.adapter, 0), 0);
	EXPECT_EQ(k.resets_scheduled, 2u);
	EXPECT_EQ(oe_rx_wanted(oe_rxq(k.adapter, 0)), 0u);
	k.refuse = nullptr;
	EXPECT_EQ(reset_reason(), ENA_RESET_INVALID_STATE);
	EXPECT_EQ(oe_open(k.adapter), 0);
}

} // namespace
