// SPDX-License-Identifier: GPL-2.0-or-later
/* The admin queue, the register reads and the event queue under good and bad devices. */
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "fake_adapter.hh"

namespace
{

int command(oe_kernel &k)
{
	struct oe_link link;
	return oe_get_link(k.adapter, &link);
}

uint64_t statistic(oe_kernel &k, const std::string &name)
{
	uint32_t n = oe_stats_count(k.adapter);
	std::vector<char[OE_STAT_NAME]> names(n);
	std::vector<uint64_t> values(n);
	oe_stats_names(k.adapter, names.data());
	oe_stats_values(k.adapter, values.data());
	for (uint32_t i = 0; i < n; i++)
		if (name == names[i])
			return values[i];
	ADD_FAILURE() << "no statistic " << name;
	return 0;
}

TEST(Admin, ManyLapsOfTheRing)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	/* The command ids wrap, too; the fake checks the phases. */
	for (unsigned i = 0; i < 10000; i++)
		ASSERT_EQ(command(k), 0);
	EXPECT_EQ(statistic(k, "ena_admin_q_submitted_cmd"),
		  statistic(k, "ena_admin_q_completed_cmd"));
	EXPECT_GT(statistic(k, "ena_admin_q_submitted_cmd"), 10000u);
}

TEST(Admin, EachCommandIsToldToWhoWatches)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(k.admin_done, k.commands.size());
	ASSERT_EQ(command(k), 0);
	EXPECT_EQ(k.last_admin.opcode, ENA_ADMIN_GET_FEATURE);
	EXPECT_EQ(k.last_admin.feature, ENA_FEATURE_LINK_CONFIG);
	EXPECT_EQ(k.last_admin.err, 0);
	EXPECT_GT(k.last_admin.duration_ns, 0u);
	k.refuse = [](const ena_aq_entry &) {
		return std::optional<uint8_t>(ENA_ADMIN_RESOURCE_BUSY);
	};
	EXPECT_EQ(command(k), -EAGAIN);
	EXPECT_EQ(k.last_admin.err, -EAGAIN);
	k.refuse = nullptr;
	k.answers_commands = false;
	EXPECT_EQ(command(k), -ETIME);
	EXPECT_EQ(k.last_admin.err, -ETIME);
	EXPECT_GE(k.last_admin.duration_ns, 1'000'000'000u);
}

TEST(Admin, StatusBecomesErrno)
{
	const std::pair<uint8_t, int> cases[] = {
		{ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE, -ENOMEM},
		{ENA_ADMIN_BAD_OPCODE, -EINVAL},
		{ENA_ADMIN_UNSUPPORTED_OPCODE, -EOPNOTSUPP},
		{ENA_ADMIN_MALFORMED_REQUEST, -EINVAL},
		{ENA_ADMIN_ILLEGAL_PARAMETER, -EINVAL},
		{ENA_ADMIN_UNKNOWN_ERROR, -EINVAL},
		{ENA_ADMIN_RESOURCE_BUSY, -EAGAIN},
		{200, -EINVAL},
	};
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	for (auto [status, err] : cases) {
		k.refuse = [s = status](const ena_aq_entry &) {
			return std::optional<uint8_t>(s);
		};
		EXPECT_EQ(command(k), err);
	}
	k.refuse = nullptr;
	EXPECT_EQ(command(k), 0);
}

TEST(Admin, TimeoutKillsTheQueueAndAsksForAReset)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.answers_commands = false;
	uint64_t before = k.now;
	EXPECT_EQ(command(k), -ETIME);
	EXPECT_GE(k.now - before, 1'000'000'000u);
	EXPECT_LT(k.now - before, 1'100'000'000u);
	size_t sent = k.commands.size();
	EXPECT_EQ(command(k), -ENODEV); /* not even sent */
	EXPECT_EQ(k.commands.size(), sent);
	EXPECT_EQ(statistic(k, "ena_admin_q_aborted_cmd"), 1u);
	EXPECT_EQ(statistic(k, "ena_admin_q_no_completion"), 1u);
	k.answers_commands = true;
	k.seconds(1);
	ASSERT_TRUE(oe_reset_pending(k.adapter));
	k.run_reset();
	EXPECT_EQ(ena::field_get(ENA_DEV_CTL_REASON, k.reset_commands.back()),
		  uint32_t{ENA_RESET_ADMIN_TIMEOUT});
	EXPECT_EQ(command(k), 0);
}

TEST(Admin, LostInterruptFallsBackToPolling)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.raises_admin = false;
	k.woken = false;
	uint64_t before = k.now;
	/* The completion is there at the first look: no interrupt is needed. */
	EXPECT_EQ(command(k), 0);
	EXPECT_LT(k.now - before, 1'000'000u);
	/* Now it comes while the driver waits, without interrupt. */
	k.completes_while_waiting = true;
	EXPECT_EQ(command(k), 0);
	EXPECT_TRUE(k.logged("polling from now on"));
	EXPECT_EQ(statistic(k, "ena_admin_q_no_completion"), 1u);
	k.completes_while_waiting = false;
	EXPECT_EQ(command(k), 0);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST(Admin, CompletionOfAnotherCommand)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.wrong_command_id = true;
	EXPECT_EQ(command(k), -EIO);
	k.wrong_command_id = false;
	EXPECT_EQ(command(k), -ENODEV);
	k.seconds(1);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
}

TEST(Admin, HintChangesThePatience)
{
	oe_kernel k;
	k.offer.hints.admin_completion_timeout_ms.set(5000);
	ASSERT_EQ(k.probe_and_open(), 0);
	k.answers_commands = false;
	uint64_t before = k.now;
	EXPECT_EQ(command(k), -ETIME);
	EXPECT_GE(k.now - before, 5'000'000'000u);
}

TEST(Registers, HintChangesThePatience)
{
	oe_kernel k;
	k.offer.hints.mmio_read_timeout_ms.set(700);
	ASSERT_EQ(k.probe_and_open(), 0);
	k.answers_reads = false;
	oe_service(k.adapter);
	EXPECT_TRUE(k.logged("no answer after 700 ms"));
	EXPECT_TRUE(oe_reset_pending(k.adapter));
}

TEST(Events, LinkComesBeforeAndAfterRegistration)
{
	oe_kernel k;
	ASSERT_EQ(k.probe(), 0);
	k.post_link(true); /* held by the device: no credits yet */
	EXPECT_FALSE(k.link);
	/* Its interrupt comes before anybody is registered to see it. */
	ASSERT_EQ(oe_interrupts_ready(k.adapter, 5), 0);
	oe_mgmt_interrupt(k.adapter);
	EXPECT_EQ(k.link, true);
	k.link.reset();
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(k.link, true);
	k.post_link(false);
	oe_mgmt_interrupt(k.adapter);
	EXPECT_EQ(k.link, false);
}

TEST(Events, ManyLapsOfTheRing)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	for (unsigned i = 0; i < 1000; i++) {
		k.post_link(i % 2);
		ASSERT_EQ(k.link, i % 2 == 1);
	}
}

TEST(Events, KeepAliveCarriesDrops)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	ena_keep_alive_event event{};
	event.rx_drops.lo.set(5);
	event.rx_drops.hi.set(1);
	event.tx_drops.lo.set(6);
	event.rx_overruns.lo.set(7);
	k.post_event(ENA_AENQ_KEEP_ALIVE, 0, &event, sizeof(event));
	EXPECT_EQ(oe_global_stats(k.adapter)->device_rx_drops, 0x100000005u);
	EXPECT_EQ(oe_global_stats(k.adapter)->device_tx_drops, 6u);
	EXPECT_EQ(oe_global_stats(k.adapter)->device_rx_overruns, 7u);
}

TEST(Events, TheServiceFindsWhatLostItsInterrupt)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.raises_events = false;
	k.post_link(true);
	EXPECT_FALSE(k.link);
	k.seconds(1);
	EXPECT_EQ(k.link, true);
}

TEST(Events, ResetsThatTheDeviceWants)
{
	for (auto [group, reason] :
	     {std::pair{ENA_AENQ_FATAL_ERROR, ENA_RESET_GENERIC},
	      std::pair{ENA_AENQ_DEVICE_REQUEST_RESET, ENA_RESET_DEVICE_REQUEST}}) {
		oe_kernel k;
		k.offer.attributes.capabilities.set(ENA_CAPABILITY_EXTENDED_RESET_REASONS);
		ASSERT_EQ(k.probe_and_open(), 0);
		k.post_event(group);
		EXPECT_EQ(k.resets_scheduled, 1u);
		k.post_event(group);
		EXPECT_EQ(k.resets_scheduled, 1u);
		k.run_reset();
		uint32_t ctl = k.reset_commands.back();
		EXPECT_EQ(ena::field_get(ENA_DEV_CTL_REASON, ctl) |
				  ena::field_get(ENA_DEV_CTL_REASON_EXT, ctl) << 4,
			  uint32_t{reason});
	}
}

TEST(Events, UnknownGroupsAreHarmless)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	for (unsigned group : {2u, 5u, 6u, 8u, 0xffffu})
		k.post_event(static_cast<uint16_t>(group));
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST(Events, NothingIsHandledAfterInterruptsAreGone)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_interrupts_gone(k.adapter);
	EXPECT_EQ(k.intr_mask, ENA_INTR_MASK_MGMT);
	k.post_link(true);
	EXPECT_FALSE(k.link);
	EXPECT_EQ(command(k), 0); /* by polling */
}

} // namespace
