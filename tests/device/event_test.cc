// SPDX-License-Identifier: GPL-2.0-or-later
/* The groups of the event queue, each with its cause. */
#include "guest.hh"

#include <gtest/gtest.h>

namespace
{
class EventGroup : public testing::Test {
    protected:
	void SetUp() override
	{
		g.start();
		(void)g.events();
	}
	const char *post(unsigned int group, uint64_t value = 0)
	{
		return ena_device_post_event(g.host.device, group, value);
	}
	/* The only event since the last call. */
	ena_aenq_entry only()
	{
		const auto events = g.events();
		EXPECT_EQ(events.size(), 1u);
		return events.empty() ? ena_aenq_entry{} : events[0];
	}

	Guest g;
};

uint64_t bitmap(const ena_aenq_entry &entry)
{
	ena_conf_notifications_event event;
	memcpy(&event, entry.data, sizeof(event));
	return event.bitmap.get();
}
} // namespace

TEST_F(EventGroup, AllAreOfferedAndPosted)
{
	EXPECT_EQ(g.get_feature<ena_aenq_config>(ENA_FEATURE_AENQ_CONFIG).supported_groups.get(),
		  0xffu);
	for (unsigned int group = 0; group < ENA_AENQ_GROUPS; group++) {
		const size_t raised = g.host.raised(ENA_VECTOR_MGMT);
		EXPECT_EQ(post(group, 7), nullptr);
		EXPECT_EQ(only().group.get(), group);
		EXPECT_EQ(g.host.raised(ENA_VECTOR_MGMT), raised + 1);
		g.give_event_credits(static_cast<uint16_t>(g.aenq_head + 16));
	}
}

TEST_F(EventGroup, WhatCannotBePostedSaysWhy)
{
	EXPECT_STREQ(post(ENA_AENQ_GROUPS), "there is no event group of that number");
	g.host.write(ENA_REG_DEV_CTL, ENA_DEV_CTL_RESET);
	EXPECT_STREQ(post(ENA_AENQ_WARNING), "the adapter is in reset");
	g.start();
	EXPECT_EQ(only().group.get(), ENA_AENQ_LINK_CHANGE) << "no warning from before";

	ena_config config = FakeHost::default_config();
	config.keep_alive_ms = 0;
	Guest silent(config);
	silent.start();
	EXPECT_STREQ(ena_device_post_event(silent.host.device, ENA_AENQ_KEEP_ALIVE, 0),
		     "the event group is not offered");
}

TEST_F(EventGroup, FatalErrorShowsInTheStatusUntilReset)
{
	EXPECT_EQ(post(ENA_AENQ_FATAL_ERROR, 0x1234), nullptr);
	const auto event = only();
	EXPECT_EQ(event.group.get(), ENA_AENQ_FATAL_ERROR);
	EXPECT_EQ(event.syndrome.get(), 0x1234);
	EXPECT_TRUE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);
	g.reset();
	EXPECT_FALSE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);
}

TEST_F(EventGroup, AdminQueueThatStopsIsAFatalErrorOnce)
{
	g.host.write(ENA_REG_AQ_DB, static_cast<uint16_t>(g.aq_tail + 33));
	g.host.write(ENA_REG_AQ_DB, static_cast<uint16_t>(g.aq_tail + 34));
	g.host.run();
	EXPECT_EQ(only().group.get(), ENA_AENQ_FATAL_ERROR);
	EXPECT_TRUE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);
}

TEST_F(EventGroup, QueueThatStopsIsAWarning)
{
	auto tx = g.create(false, 256, 1);
	g.host.write(tx.doorbell, 300);
	EXPECT_EQ(only().group.get(), ENA_AENQ_WARNING);
}

TEST_F(EventGroup, WaitingEventsAreStatesNotAQueue)
{
	/* One slot less than the ring has: the link event took the first. */
	for (unsigned int i = 0; i < 15; i++)
		EXPECT_EQ(post(ENA_AENQ_KEEP_ALIVE), nullptr);
	for (unsigned int i = 0; i < 1000; i++) {
		EXPECT_EQ(post(ENA_AENQ_CONF_NOTIFICATIONS, uint64_t{1} << (i % 64)), nullptr);
		EXPECT_EQ(post(ENA_AENQ_WARNING, i), nullptr);
		EXPECT_EQ(post(ENA_AENQ_DEVICE_REQUEST_RESET), nullptr);
	}
	EXPECT_EQ(g.events().size(), 15u);
	g.give_event_credits(static_cast<uint16_t>(g.aenq_head + 16));
	const auto events = g.events();
	ASSERT_EQ(events.size(), 3u);
	EXPECT_EQ(events[0].group.get(), ENA_AENQ_DEVICE_REQUEST_RESET) << "the most urgent";
	EXPECT_EQ(events[1].group.get(), ENA_AENQ_WARNING);
	EXPECT_EQ(events[1].syndrome.get(), 999);
	EXPECT_EQ(events[2].group.get(), ENA_AENQ_CONF_NOTIFICATIONS);
	EXPECT_EQ(bitmap(events[2]), UINT64_MAX);
	EXPECT_EQ(post(ENA_AENQ_CONF_NOTIFICATIONS, 2), nullptr);
	EXPECT_EQ(bitmap(only()), 2u) << "what was told is not told again";
}

TEST_F(EventGroup, WaitsForItsGroupToBeEnabled)
{
	g.reset();
	g.start_admin();
	g.give_event_credits(16);
	EXPECT_EQ(post(ENA_AENQ_REFRESH_CAPABILITIES), nullptr);
	EXPECT_TRUE(g.events().empty());
	ena_aenq_config config{};
	config.enabled_groups.set(ENA_BIT(ENA_AENQ_REFRESH_CAPABILITIES));
	EXPECT_EQ(g.set_feature(ENA_FEATURE_AENQ_CONFIG, &config, sizeof(config)), 0);
	EXPECT_EQ(only().group.get(), ENA_AENQ_REFRESH_CAPABILITIES);
}
