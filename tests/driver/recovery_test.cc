// SPDX-License-Identifier: GPL-2.0-or-later
/* The watchdogs, and the way back after a reset. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_adapter.hh"

namespace
{

uint32_t last_reason(const oe_kernel &k)
{
	return ena::field_get(ENA_DEV_CTL_REASON, k.reset_commands.back());
}

/* Seconds with the device alive. */
void live(oe_kernel &k, unsigned seconds)
{
	while (seconds--) {
		k.keep_alive();
		k.seconds(1);
	}
}

void send(oe_kernel &k, unsigned packets)
{
	uint16_t id;

	while (packets--)
		ASSERT_EQ(submit_one(oe_txq(k.adapter, 0), id), 0);
}

TEST(Watchdog, KeepAlive)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	live(k, 20);
	k.seconds(4); /* five since the last one */
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	k.seconds(2);
	ASSERT_TRUE(oe_reset_pending(k.adapter));
	EXPECT_EQ(oe_global_stats(k.adapter)->wd_expired, 1u);
	k.run_reset();
	EXPECT_EQ(last_reason(k), uint32_t{ENA_RESET_KEEP_ALIVE_TIMEOUT});
	k.seconds(5);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST(Watchdog, KeepAliveHints)
{
	oe_kernel k;
	k.offer.hints.driver_watchdog_timeout_ms.set(ENA_HINT_NO_TIMEOUT);
	ASSERT_EQ(k.probe_and_open(), 0);
	k.seconds(1000);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	ena_hw_hints hints{};
	hints.driver_watchdog_timeout_ms.set(2500);
	k.keep_alive();
	k.post_event(ENA_AENQ_NOTIFICATION, ENA_NOTIFICATION_UPDATE_HINTS, &hints, sizeof(hints));
	k.seconds(2);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	k.seconds(1);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
}

TEST(Watchdog, NoKeepAliveGroupNoWatchdog)
{
	oe_kernel k;
	k.offer.aenq.supported_groups.set(1);
	ASSERT_EQ(k.probe_and_open(), 0);
	k.seconds(100);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST(Watchdog, MissingCompletions)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	send(k, 128);
	live(k, 10);
	EXPECT_FALSE(oe_reset_pending(k.adapter)); /* not more than the threshold */
	EXPECT_EQ(oe_tx_stats(k.adapter, 0)->missed_tx, 128u);
	send(k, 1);
	live(k, 4);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	live(k, 2);
	ASSERT_TRUE(oe_reset_pending(k.adapter));
	EXPECT_EQ(oe_tx_stats(k.adapter, 0)->missed_tx, 129u); /* each once */
	k.run_reset();
	EXPECT_EQ(last_reason(k), uint32_t{ENA_RESET_MISSING_TX_COMPLETION});
}

TEST(Watchdog, CompletionsWithoutInterruptHaveTheirOwnReason)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.pairs[0].interrupts = 1;
	send(k, 200);
	k.complete_all_tx(k.txq(0));
	live(k, 6);
	ASSERT_TRUE(oe_reset_pending(k.adapter));
	k.run_reset();
	EXPECT_EQ(last_reason(k), uint32_t{ENA_RESET_MISSING_INTERRUPT});
}

TEST(Watchdog, FatalErrorBit)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.dev_sts |= ENA_DEV_STS_FATAL_ERROR;
	k.seconds(1);
	ASSERT_TRUE(oe_reset_pending(k.adapter));
	k.run_reset();
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	k.seconds(1);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST(Recovery, DatapathAndLinkComeBack)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.post_link(true);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.mtu = 4000;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	auto table = k.table;
	for (unsigned i = 0; i < 20; i++) {
		send(k, 100);
		k.link.reset();
		oe_request_reset(k.adapter, ENA_RESET_OS_NETDEV_WATCHDOG);
		k.run_reset();
		ASSERT_FALSE(oe_reset_pending(k.adapter));
		EXPECT_EQ(k.link, true);
		EXPECT_EQ(k.mtu, 4000u);
		EXPECT_EQ(k.table, table);
		EXPECT_EQ(k.sqs.size(), 8u);
		live(k, 2);
	}
	EXPECT_EQ(oe_global_stats(k.adapter)->total_resets, 20u);
	EXPECT_EQ(oe_tx_stats(k.adapter, 0)->cnt, 2000u);
	/* The device reads the event ring from its start again. */
	k.post_link(false);
	EXPECT_EQ(k.link, false);
}

TEST(Recovery, NothingAskedNothingDone)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	size_t resets = k.reset_commands.size();
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	EXPECT_EQ(k.reset_commands.size(), resets);
}

TEST(Recovery, RetriesThenGivesUp)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.reset_starts = false;
	oe_close(k.adapter);
	EXPECT_LT(oe_reset_work(k.adapter), 0);
	EXPECT_TRUE(k.logged("try 1 of 3: again in 2 s"));
	EXPECT_EQ(k.resets_scheduled, 1u);
	k.seconds(1);
	EXPECT_EQ(k.resets_scheduled, 1u);
	k.seconds(1);
	EXPECT_EQ(k.resets_scheduled, 2u);
	EXPECT_LT(oe_reset_work(k.adapter), 0);
	k.seconds(3);
	EXPECT_EQ(k.resets_scheduled, 2u);
	k.seconds(1);
	EXPECT_EQ(k.resets_scheduled, 3u);
	EXPECT_LT(oe_reset_work(k.adapter), 0);
	EXPECT_TRUE(k.logged("the device is given up"));
	EXPECT_EQ(k.link, false);
	k.seconds(100);
	EXPECT_EQ(k.resets_scheduled, 3u);
	EXPECT_EQ(oe_open(k.adapter), -EIO);
	EXPECT_EQ(oe_reset_work(k.adapter), -EIO);
	EXPECT_EQ(oe_global_stats(k.adapter)->reset_fail, 3u);
}

/* The device's own wish, or a lie, right after each reset; what users ask for is not counted. */
TEST(Recovery, ADeviceThatNeedsOneAtOnceAgainAndAgainIsGivenUp)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	for (unsigned i = 0; i < 10; i++) {
		k.post_event(ENA_AENQ_DEVICE_REQUEST_RESET);
		k.run_reset();
		ASSERT_FALSE(oe_reset_pending(k.adapter)) << i;
		oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
		k.run_reset();
		ASSERT_FALSE(oe_reset_pending(k.adapter)) << i;
	}
	k.post_event(ENA_AENQ_DEVICE_REQUEST_RESET);
	k.run_reset();
	EXPECT_TRUE(k.logged("reset needed at once 11 times: the device is given up"));
	EXPECT_EQ(k.link, false);
	EXPECT_FALSE(k.dma_allowed);
	EXPECT_EQ(oe_open(k.adapter), -EIO);
	oe_return(k.adapter);
	k.run_reset();
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST(Recovery, ADeviceThatIsGivenUpWhileItIsClosedStandsStill)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_close(k.adapter);
	for (unsigned i = 0; i < 11; i++) {
		k.post_event(ENA_AENQ_DEVICE_REQUEST_RESET);
		(void)oe_reset_work(k.adapter);
	}
	ASSERT_TRUE(k.logged("the device is given up"));
	const size_t resets = k.reset_commands.size();
	EXPECT_EQ(k.event_groups, 0u) << "it still has the event ring";
	k.remove();
	EXPECT_EQ(k.reset_commands.size(), resets) << "it was still to be stopped";
}

TEST(Recovery, ADeviceThatWorksForAWhileIsNotGivenUp)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	for (unsigned i = 0; i < 50; i++) {
		live(k, 2);
		k.post_event(ENA_AENQ_DEVICE_REQUEST_RESET);
		k.run_reset();
		ASSERT_FALSE(oe_reset_pending(k.adapter)) << i;
	}
}

static void reset_without_success(oe_kernel &k)
{
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	oe_close(k.adapter);
	k.answers_commands = false;
	EXPECT_EQ(oe_reset_work(k.adapter), -ETIME);
	k.answers_commands = true;
}

TEST(Recovery, ASecondTryMaySucceed)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	reset_without_success(k);
	k.seconds(3);
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	EXPECT_EQ(oe_open(k.adapter), 0);
	/* Failures are counted in succession. */
	for (unsigned i = 0; i < 5; i++) {
		reset_without_success(k);
		EXPECT_EQ(oe_reset_work(k.adapter), 0);
		EXPECT_EQ(oe_open(k.adapter), 0);
	}
}

/* Else a later fault, which its user looks at first, would be cut short. */
TEST(Recovery, NoTimerOutlivesTheResetThatItWasFor)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	reset_without_success(k);
	EXPECT_EQ(oe_open(k.adapter), 0); /* ahead of its time */
	oe_request_reset(k.adapter, ENA_RESET_DEVICE_REQUEST);
	const unsigned scheduled = k.resets_scheduled;
	k.seconds(10);
	EXPECT_EQ(k.resets_scheduled, scheduled);
}

TEST(Recovery, CloseStopsADeviceThatNoLongerListens)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.answers_commands = false;
	size_t resets = k.reset_commands.size();
	oe_close(k.adapter);
	/* Not one of its rings was given back before it was reset. */
	EXPECT_EQ(k.reset_commands.size(), resets + 1);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	k.answers_commands = true;
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	EXPECT_EQ(k.reset_commands.size(), resets + 1); /* that one counts */
	EXPECT_EQ(oe_open(k.adapter), 0);
}

TEST(Recovery, RingsOutliveADeviceThatDoesNotEvenReset)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	size_t open = k.allocations;
	k.answers_reads = false;
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	oe_close(k.adapter);
	EXPECT_EQ(k.allocations, open);
	k.answers_reads = true;
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	EXPECT_LT(k.allocations, open);
	EXPECT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(k.allocations, open);
}

TEST(Recovery, ADeviceThatNoResetReachesGetsNoDma)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	k.answers_reads = k.registers_reachable = false;
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	oe_close(k.adapter);
	EXPECT_FALSE(k.dma_allowed);
	const unsigned grants = k.dma_grants;
	EXPECT_NE(oe_reset_work(k.adapter), 0);
	/* Not for the attempt either. */
	EXPECT_EQ(k.dma_grants, grants);
	k.answers_reads = k.registers_reachable = true;
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	EXPECT_TRUE(k.dma_allowed);
	EXPECT_EQ(oe_open(k.adapter), 0);
}

struct Other {
	const char *words;
	std::function<void(FakeOffer &)> change;
};

void PrintTo(const Other &one, std::ostream *out)
{
	*out << one.words;
}

class OtherDevice : public testing::TestWithParam<Other> {};

TEST_P(OtherDevice, IsNotTakenForTheOldOne)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	oe_close(k.adapter);
	GetParam().change(k.offer);
	EXPECT_EQ(oe_reset_work(k.adapter), -EINVAL);
	EXPECT_TRUE(k.logged(GetParam().words)) << k.log.back();
}

INSTANTIATE_TEST_SUITE_P(Recovery, OtherDevice,
			 testing::Values(Other{"another MAC",
					       [](FakeOffer &o) {
						       o.attributes.mac[3] ^= 1;
					       }},
					 Other{"an MTU of 1499, but 1500",
					       [](FakeOffer &o) {
						       o.attributes.max_mtu.set(1499);
					       }},
					 Other{"number of queues of 3, but 4",
					       [](FakeOffer &o) {
						       o.queues_ext.max_rx_sq_num.set(3);
					       }},
					 Other{"a TX ring of 256, but 512",
					       [](FakeOffer &o) {
						       o.queues_ext.max_tx_sq_depth.set(256);
					       }},
					 Other{"RSS table",
					       [](FakeOffer &o) {
						       o.indirection.max_size.set(6);
					       }},
					 Other{"lacks offloads 0x20", [](FakeOffer &o) {
						       o.offload.tx.set(0xcb);
					       }}));

TEST(Recovery, LowerLimitsThatAreNotInUseArePermitted)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	oe_close(k.adapter);
	k.offer.attributes.max_mtu.set(1600);
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.mtu = 1601;
	EXPECT_EQ(oe_set_settings(k.adapter, &settings, nullptr), -EINVAL);
}

/* Left alone for a suspension: nothing of ours is used by it, and it is not asked. */
TEST(Recovery, ADeviceThatIsLeftStandsStill)
{
	oe_kernel k;
	k.offer.attributes.supported_features.set(k.offer.attributes.supported_features.get() |
						  1u << ENA_FEATURE_PHC);
	k.offer.phc.version = ENA_PHC_VERSION;
	k.offer.phc.doorbell_offset.set(0x3000);
	ASSERT_EQ(k.probe_and_open(), 0);
	ASSERT_TRUE(oe_info(k.adapter)->phc);
	const size_t resets = k.reset_commands.size();
	oe_close(k.adapter);
	oe_leave(k.adapter, ENA_RESET_OS_TRIGGER);
	ASSERT_EQ(k.reset_commands.size(), resets + 1);
	EXPECT_EQ(last_reason(k), uint32_t{ENA_RESET_OS_TRIGGER});
	EXPECT_EQ(k.event_groups, 0u);
	const size_t commands = k.commands.size();
	const uint64_t before = k.now;
	oe_phc_time time;
	oe_error error;
	EXPECT_EQ(oe_phc_read(k.adapter, &time), -EOPNOTSUPP);
	EXPECT_EQ(oe_test_admin(k.adapter, &error), -EIO);
	EXPECT_EQ(k.commands.size(), commands);
	EXPECT_LT(k.now - before, 1'000'000u) << "nobody waits for it";
	k.keep_alive(); /* to nobody */
	k.seconds(20);
	EXPECT_EQ(k.reset_commands.size(), resets + 1);

	/* Another kernel may have had it meanwhile. */
	oe_return(k.adapter);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	EXPECT_EQ(k.reset_commands.size(), resets + 2);
	EXPECT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(oe_global_stats(k.adapter)->total_resets, 1u);
}

TEST(Recovery, ADeviceThatCannotBeReachedIsLeftWithoutDma)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_request_reset(k.adapter, ENA_RESET_OS_TRIGGER);
	k.registers_reachable = k.answers_reads = false;
	const uint64_t before = k.now;
	oe_close(k.adapter);
	oe_leave(k.adapter, ENA_RESET_OS_TRIGGER);
	EXPECT_FALSE(k.dma_allowed);
	EXPECT_LT(k.now - before, 1'000'000u) << "nobody waits for it";
	k.registers_reachable = k.answers_reads = true;
	oe_return(k.adapter);
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	EXPECT_TRUE(k.dma_allowed);
	EXPECT_EQ(oe_open(k.adapter), 0);
}

/* Reset by us, then by the PCI core, which takes the address of the answers from the device. */
TEST(Recovery, AFunctionResetAfterOurs)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_request_reset(k.adapter, ENA_RESET_OS_TRIGGER);
	oe_close(k.adapter);
	k.write(ENA_REG_MMIO_RESP_LO, 0);
	k.write(ENA_REG_MMIO_RESP_HI, 0);
	EXPECT_EQ(oe_reset_work(k.adapter), 0);
	EXPECT_EQ(oe_open(k.adapter), 0);
}

} // namespace
