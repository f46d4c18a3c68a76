// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow rules that the kernel wants for a while: their share of the table, their end, users' before them. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_adapter.hh"

namespace
{

class AcceleratedRfs : public testing::Test {
    protected:
	static constexpr uint16_t table = 8;

	void SetUp() override
	{
		k.offer.attributes.supported_features.set(
			k.offer.attributes.supported_features.get() |
			1u << ENA_FEATURE_FLOW_STEERING);
		k.offer.attributes.flow_steering_max_entries.set(table);
		ASSERT_EQ(k.probe(), 0);
		ASSERT_EQ(queues(2), 0);
		ASSERT_EQ(oe_open(k.adapter), 0);
		k.may_expire = [this](uint32_t, uint32_t kernel_id, uint32_t) {
			return expired.count(kernel_id) != 0;
		};
	}
	int queues(uint32_t n)
	{
		oe_settings settings;
		oe_get_settings(k.adapter, &settings);
		settings.queues = n;
		return oe_set_settings(k.adapter, &settings, &error);
	}
	/* The flow of that port shall go to that queue; its name in the kernel is its port. */
	int want(uint16_t port, uint32_t queue)
	{
		oe_flow_rule flow{};
		flow.type = OE_FLOW_TCP4;
		flow.queue = queue;
		flow.dst_port = port;
		flow.dst_port_mask = 0xffff;
		return oe_rfs_want(k.adapter, &flow, port);
	}
	int add_users(uint32_t location = OE_FLOW_ANY)
	{
		oe_flow_rule rule{};
		rule.type = OE_FLOW_UDP4;
		rule.location = location;
		return oe_flow_add(k.adapter, &rule, &error);
	}
	void serve(bool wanted = true)
	{
		oe_rfs_serve(k.adapter, wanted);
	}
	/* The queue of the rule for that port; -1: there is none. */
	int queue_of(uint16_t port)
	{
		for (const auto &[location, flow] : k.flows)
			if (flow.command.flow_type == OE_FLOW_TCP4 &&
			    flow.match.dst_port.get() == port)
				return flow.command.rx_queue.get();
		return -1;
	}

	oe_kernel k;
	oe_error error{};
	std::map<uint32_t, bool> expired;
};

TEST_F(AcceleratedRfs, ARuleFollowsItsFlow)
{
	const int id = want(80, 1);
	ASSERT_GE(id, 0);
	EXPECT_EQ(queue_of(80), -1); /* nothing sleeps where packets are */
	serve();
	EXPECT_EQ(queue_of(80), 1);
	EXPECT_EQ(k.flows.begin()->first, table - 1);
	EXPECT_EQ(want(80, 0), id);
	serve();
	EXPECT_EQ(queue_of(80), 0);
	EXPECT_EQ(k.flows.size(), 1u);
	/* Nothing to do, nothing told. */
	k.commands.clear();
	EXPECT_EQ(want(80, 0), id);
	serve();
	EXPECT_TRUE(k.commands.empty());
}

TEST_F(AcceleratedRfs, ARuleEndsWithItsFlow)
{
	const int id = want(80, 1);
	EXPECT_NE(want(81, 1), id);
	serve();
	expired[80] = true;
	serve();
	EXPECT_EQ(queue_of(80), -1);
	EXPECT_EQ(queue_of(81), 1);
	EXPECT_EQ(want(82, 0), id);
	serve();
	EXPECT_EQ(queue_of(82), 0);
}

TEST_F(AcceleratedRfs, AWishOfBeforeItWasTurnedOffIsForgotten)
{
	ASSERT_GE(want(80, 1), 0);
	serve(false);
	EXPECT_TRUE(k.flows.empty());
	serve();
	EXPECT_TRUE(k.flows.empty());
	ASSERT_GE(want(80, 1), 0);
	serve();
	EXPECT_EQ(queue_of(80), 1);
}

TEST_F(AcceleratedRfs, HalfOfTheTableIsTheUsers)
{
	for (uint16_t port = 1; port <= table / 2; port++)
		ASSERT_GE(want(port, 1), 0);
	EXPECT_EQ(want(99, 1), -ENOSPC);
	serve();
	ASSERT_EQ(k.flows.size(), table / 2u);
	for (unsigned i = 0; i < table / 2; i++)
		ASSERT_EQ(add_users(), 0);
	EXPECT_EQ(k.flows.size(), table);
	EXPECT_EQ(queue_of(1), 1);
	/* And then all of it. */
	for (unsigned i = 0; i < table / 2; i++)
		ASSERT_EQ(add_users(), 0) << error.text;
	EXPECT_EQ(add_users(), -ENOSPC);
	for (uint16_t port = 1; port <= table / 2; port++)
		EXPECT_EQ(queue_of(port), -1);
	serve();
	EXPECT_GE(want(99, 1), 0);
	serve();
	EXPECT_EQ(queue_of(99), -1);
	EXPECT_EQ(k.flows.size(), table);
}

/* A user's rule at its location goes before it; users do not see it. */
TEST_F(AcceleratedRfs, UsersDoNotNotice)
{
	ASSERT_GE(want(80, 1), 0);
	serve();
	oe_flow_rule rule;
	EXPECT_EQ(oe_flow_next(k.adapter, 0), OE_FLOW_NONE);
	EXPECT_EQ(oe_flow_get(k.adapter, table - 1, &rule), -ENOENT);
	EXPECT_EQ(oe_flow_remove(k.adapter, table - 1, &error), -ENOENT);
	EXPECT_EQ(queue_of(80), 1);
	ASSERT_EQ(add_users(table - 1), 0);
	EXPECT_EQ(queue_of(80), -1);
	EXPECT_EQ(oe_flow_next(k.adapter, 0), table - 1u);
	/* Its flow is not followed any more until it is wanted again. */
	serve();
	EXPECT_EQ(queue_of(80), -1);
	ASSERT_GE(want(80, 1), 0);
	serve();
	EXPECT_EQ(queue_of(80), 1);
	ASSERT_EQ(oe_flow_remove_all(k.adapter, &error), 0);
	EXPECT_TRUE(k.flows.empty());
	serve();
	EXPECT_TRUE(k.flows.empty());
}

TEST_F(AcceleratedRfs, AQueueThatGoesTakesItsRules)
{
	ASSERT_GE(want(80, 1), 0);
	ASSERT_GE(want(81, 0), 0);
	serve();
	EXPECT_EQ(queues(1), 0) << error.text;
	EXPECT_EQ(queue_of(80), -1);
	EXPECT_EQ(queue_of(81), 0);
	oe_close(k.adapter);
	ASSERT_EQ(oe_open(k.adapter), 0);
	ASSERT_GE(want(80, 1), 0); /* came before the queue went */
	serve();
	EXPECT_EQ(queue_of(80), -1);
}

TEST_F(AcceleratedRfs, ResetAndRefusal)
{
	ASSERT_GE(want(80, 1), 0);
	serve();
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.run_reset();
	EXPECT_EQ(queue_of(80), 1);
	k.refuse = [](const ena_aq_entry &command) -> std::optional<uint8_t> {
		return command.common.opcode == ENA_ADMIN_SET_FEATURE
			       ? std::optional<uint8_t>(ENA_ADMIN_RESOURCE_BUSY)
			       : std::nullopt;
	};
	const int id = want(81, 1);
	ASSERT_GE(id, 0);
	serve();
	EXPECT_EQ(queue_of(81), -1);
	/* The flow goes where RSS sends it, and its number is free. */
	k.refuse = nullptr;
	EXPECT_EQ(want(82, 0), id);
	serve();
	EXPECT_EQ(queue_of(82), 0);
}

TEST(AcceleratedRfsAbsent, WithoutATableNothingIsFollowed)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_flow_rule flow{};
	flow.type = OE_FLOW_TCP4;
	EXPECT_EQ(oe_rfs_want(k.adapter, &flow, 1), -ENOSPC);
	oe_rfs_serve(k.adapter, true);
}

} // namespace
