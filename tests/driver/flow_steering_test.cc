// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow rules: what the adapter is told, what is refused, and what a reset does to them. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_adapter.hh"

namespace
{

class Flows : public testing::Test {
    protected:
	static constexpr uint16_t table = 8;

	Flows()
	{
		k.offer.attributes.supported_features.set(
			k.offer.attributes.supported_features.get() |
			1u << ENA_FEATURE_FLOW_STEERING);
		k.offer.attributes.flow_steering_max_entries.set(table);
	}
	static oe_flow_rule rule_for(uint32_t queue, uint32_t location = OE_FLOW_ANY)
	{
		oe_flow_rule rule{};
		rule.location = location;
		rule.queue = queue;
		rule.type = OE_FLOW_UDP4;
		return rule;
	}
	int add(uint32_t queue, uint32_t location = OE_FLOW_ANY)
	{
		oe_flow_rule rule = rule_for(queue, location);
		const int err = oe_flow_add(k.adapter, &rule, &error);
		added = rule.location;
		return err;
	}
	/* How many commands of feature 30 were sent. */
	[[nodiscard]] unsigned told() const
	{
		unsigned n = 0;
		for (const ena_aq_entry &command : k.commands) {
			ena_set_feature_cmd set;
			memcpy(&set, &command, sizeof(set));
			n += command.common.opcode == ENA_ADMIN_SET_FEATURE &&
			     set.feature.feature_id == ENA_FEATURE_FLOW_STEERING;
		}
		return n;
	}
	void refuse_flows(uint8_t action, uint8_t status)
	{
		k.refuse = [=](const ena_aq_entry &command) -> std::optional<uint8_t> {
			ena_set_feature_cmd set;
			memcpy(&set, &command, sizeof(set));
			if (command.common.opcode == ENA_ADMIN_SET_FEATURE &&
			    set.feature.feature_id == ENA_FEATURE_FLOW_STEERING &&
			    set.data[0] == action)
				return status;
			return std::nullopt;
		};
	}

	oe_kernel k;
	oe_error error{};
	uint32_t added = OE_FLOW_NONE;
};

TEST_F(Flows, TheDeviceIsToldAllOfARule)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(oe_info(k.adapter)->flow_rules, table);
	oe_flow_rule rule = rule_for(3, 5);
	rule.type = OE_FLOW_TCP6;
	for (uint8_t i = 0; i < 16; i++) {
		rule.dst_ip[i] = i;
		rule.dst_ip_mask[i] = 0xff;
		rule.src_ip[i] = 0x80 + i;
		rule.src_ip_mask[i] = 0xf0;
	}
	rule.dst_port = 0x1234;
	rule.dst_port_mask = 0xffff;
	rule.src_port = 0x5600;
	rule.src_port_mask = 0xff00;
	rule.tos = 7;
	rule.tos_mask = 0x3f;
	ASSERT_EQ(oe_flow_add(k.adapter, &rule, &error), 0) << error.text;
	ASSERT_EQ(k.flows.count(5), 1u);
	const auto &[command, match] = k.flows[5];
	EXPECT_EQ(command.flow_type, ENA_FLOW_TCP6);
	EXPECT_EQ(command.rx_queue.get(), 3); /* its number, not the device's index */
	EXPECT_EQ(command.flags.get(), 0u);
	EXPECT_EQ(memcmp(match.dst_ip, rule.dst_ip, 16), 0);
	EXPECT_EQ(memcmp(match.dst_ip_mask, rule.dst_ip_mask, 16), 0);
	EXPECT_EQ(memcmp(match.src_ip, rule.src_ip, 16), 0);
	EXPECT_EQ(memcmp(match.src_ip_mask, rule.src_ip_mask, 16), 0);
	EXPECT_EQ(match.dst_port.get(), 0x1234);
	EXPECT_EQ(match.dst_port_mask.get(), 0xffff);
	EXPECT_EQ(match.src_port.get(), 0x5600);
	EXPECT_EQ(match.src_port_mask.get(), 0xff00);
	EXPECT_EQ(match.tos, 7);
	EXPECT_EQ(match.tos_mask, 0x3f);

	oe_flow_rule shown{};
	ASSERT_EQ(oe_flow_get(k.adapter, 5, &shown), 0);
	EXPECT_EQ(memcmp(&shown, &rule, sizeof(rule)), 0);
	EXPECT_EQ(oe_flow_get(k.adapter, 4, &shown), -ENOENT);
	EXPECT_EQ(oe_flow_get(k.adapter, table, &shown), -ENOENT);
}

TEST_F(Flows, LocationsAreChosenGivenAndUsedUp)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_EQ(add(0, 1), 0);
	ASSERT_EQ(add(0), 0);
	EXPECT_EQ(added, 0u);
	ASSERT_EQ(add(0), 0);
	EXPECT_EQ(added, 2u);
	ASSERT_EQ(add(0, OE_FLOW_LAST), 0);
	EXPECT_EQ(added, table - 1u);
	EXPECT_EQ(oe_flow_next(k.adapter, 0), 0u);
	EXPECT_EQ(oe_flow_next(k.adapter, 3), table - 1u);
	EXPECT_EQ(oe_flow_next(k.adapter, table), static_cast<uint32_t>(OE_FLOW_NONE));
	while (k.flows.size() < table)
		ASSERT_EQ(add(0), 0);
	EXPECT_EQ(add(0), -ENOSPC);
	EXPECT_STREQ(error.text, "all 8 flow rules are in use");
	EXPECT_EQ(add(0, OE_FLOW_LAST), -ENOSPC);
}

TEST_F(Flows, RefusalsNameValueAndLimit)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	const unsigned before = told();
	EXPECT_EQ(add(4), -EINVAL);
	EXPECT_STREQ(error.text, "flow rule for queue 4 of 4 queues");
	EXPECT_EQ(add(0, table), -EINVAL);
	EXPECT_STREQ(error.text, "flow rule location of 8 is not within 0 to 7");
	EXPECT_EQ(add(0, 0x10000), -EINVAL); /* must not wrap in the device's 16 bits */
	oe_flow_rule rule = rule_for(0);
	rule.drop = true;
	EXPECT_EQ(oe_flow_add(k.adapter, &rule, &error), -EOPNOTSUPP);
	EXPECT_STREQ(error.text, "the device cannot drop a flow, only send it to a queue");
	rule = rule_for(0);
	rule.type = OE_FLOW_UDP6 + 1;
	EXPECT_EQ(oe_flow_add(k.adapter, &rule, &error), -EINVAL);
	rule.type = 0;
	EXPECT_EQ(oe_flow_add(k.adapter, &rule, &error), -EINVAL);
	EXPECT_STREQ(error.text, "flow type 0: ip, tcp and udp are possible");
	EXPECT_EQ(oe_flow_remove(k.adapter, 3, &error), -ENOENT);
	EXPECT_STREQ(error.text, "there is no flow rule 3 to remove");
	EXPECT_EQ(oe_flow_remove(k.adapter, UINT32_MAX, &error), -ENOENT);
	EXPECT_EQ(told(), before);
}

TEST_F(Flows, NoneWithoutTheFeatureOrATable)
{
	k.offer.attributes.flow_steering_max_entries.set(0);
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(oe_info(k.adapter)->flow_rules, 0u);
	EXPECT_EQ(add(0), -EOPNOTSUPP);
	EXPECT_STREQ(error.text, "the device does not steer flows");
	EXPECT_EQ(oe_flow_next(k.adapter, 0), static_cast<uint32_t>(OE_FLOW_NONE));
	EXPECT_EQ(oe_flow_remove_all(k.adapter, &error), 0);
}

TEST_F(Flows, ARuleTakesThePlaceOfAnother)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_EQ(add(1, 2), 0);
	ASSERT_EQ(add(3, 2), 0) << error.text;
	EXPECT_EQ(k.flows[2].command.rx_queue.get(), 3);
	EXPECT_EQ(k.flows.size(), 1u);
}

/* The device takes no further rule: the one that had to go for it is back. */
TEST_F(Flows, ARefusedReplacementLeavesTheOldOne)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_EQ(add(1, 2), 0);
	bool first = true;
	k.refuse = [&](const ena_aq_entry &command) -> std::optional<uint8_t> {
		ena_set_feature_cmd set;
		memcpy(&set, &command, sizeof(set));
		if (set.data[0] != ENA_FLOW_ADD || !first)
			return std::nullopt;
		first = false;
		return ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE;
	};
	EXPECT_EQ(add(3, 2), -ENOMEM);
	EXPECT_STREQ(error.text, "the device refuses flow rule 2");
	k.refuse = nullptr;
	ASSERT_EQ(k.flows.count(2), 1u);
	EXPECT_EQ(k.flows[2].command.rx_queue.get(), 1);
	oe_flow_rule shown{};
	ASSERT_EQ(oe_flow_get(k.adapter, 2, &shown), 0);
	EXPECT_EQ(shown.queue, 1u);
}

TEST_F(Flows, RemovedOneByOneAndAll)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_EQ(add(1, 2), 0);
	ASSERT_EQ(add(1, 3), 0);
	ASSERT_EQ(add(1, 4), 0);
	ASSERT_EQ(oe_flow_remove(k.adapter, 3, &error), 0);
	EXPECT_EQ(k.flows.count(3), 0u);
	EXPECT_EQ(oe_flow_next(k.adapter, 3), 4u);
	refuse_flows(ENA_FLOW_REMOVE, ENA_ADMIN_UNKNOWN_ERROR);
	EXPECT_EQ(oe_flow_remove(k.adapter, 4, &error), -EINVAL);
	EXPECT_STREQ(error.text, "the device does not remove flow rule 4");
	EXPECT_EQ(oe_flow_next(k.adapter, 3), 4u);
	k.refuse = nullptr;
	ASSERT_EQ(oe_flow_remove_all(k.adapter, &error), 0);
	EXPECT_TRUE(k.flows.empty());
	EXPECT_EQ(oe_flow_next(k.adapter, 0), static_cast<uint32_t>(OE_FLOW_NONE));
}

TEST_F(Flows, QueuesInUseCannotGo)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_EQ(add(1), 0);
	ASSERT_EQ(add(3, 6), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.queues = 2;
	EXPECT_EQ(oe_set_settings(k.adapter, &settings, &error), -EINVAL);
	EXPECT_STREQ(error.text, "flow rule 6 names queue 3, beyond 2 queues");
	ASSERT_EQ(oe_flow_remove(k.adapter, 6, &error), 0);
	EXPECT_EQ(oe_set_settings(k.adapter, &settings, &error), 0);
}

TEST_F(Flows, AllAreBackAfterAReset)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_EQ(add(1, 2), 0);
	ASSERT_EQ(add(3, 7), 0);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.run_reset();
	ASSERT_EQ(k.flows.size(), 2u);
	EXPECT_EQ(k.flows[2].command.rx_queue.get(), 1);
	EXPECT_EQ(k.flows[7].command.rx_queue.get(), 3);
}

TEST_F(Flows, WhatTheDeviceNoLongerTakesIsGoneAndSaid)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_EQ(add(1, 2), 0);
	ASSERT_EQ(add(3, 7), 0);
	k.offer.attributes.flow_steering_max_entries.set(4);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.run_reset();
	EXPECT_EQ(k.flows.size(), 1u);
	EXPECT_EQ(oe_flow_next(k.adapter, 0), 2u);
	EXPECT_EQ(oe_flow_next(k.adapter, 3), static_cast<uint32_t>(OE_FLOW_NONE));
	EXPECT_TRUE(k.logged("after the reset the device refuses flow rule 7: it is gone"));
}

/* The admin queue dies under a replacement: the next reset brings the old rule. */
TEST_F(Flows, ADeadQueueLosesNoRule)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_EQ(add(1, 2), 0);
	k.refuse = [this](const ena_aq_entry &command) -> std::optional<uint8_t> {
		ena_set_feature_cmd set;
		memcpy(&set, &command, sizeof(set));
		/* Removes still, and adds nothing any more. */
		k.answers_commands = set.data[0] == ENA_FLOW_REMOVE ? false : k.answers_commands;
		return std::nullopt;
	};
	EXPECT_NE(add(3, 2), 0);
	k.refuse = nullptr;
	k.answers_commands = true;
	oe_request_reset(k.adapter, ENA_RESET_ADMIN_TIMEOUT);
	k.run_reset();
	ASSERT_EQ(k.flows.count(2), 1u);
	EXPECT_EQ(k.flows[2].command.rx_queue.get(), 1);
}

} // namespace
