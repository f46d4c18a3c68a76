// SPDX-License-Identifier: GPL-2.0-or-later
/* Completions that nobody takes: a lost interrupt, one that never came, a poll that does not begin. */
#include <gtest/gtest.h>

#include "fake_adapter.hh"

namespace
{

constexpr uint32_t pair = 2;

class PairWatchdog : public testing::Test {
    protected:
	void SetUp() override
	{
		k.offer.attributes.capabilities.set(ENA_CAPABILITY_EXTENDED_RESET_REASONS);
		ASSERT_EQ(k.probe_and_open(), 0);
		post(OE_BURST);
		k.poll = [this](uint32_t index) {
			take(index);
		};
	}
	void post(uint32_t n)
	{
		oe_rx_buffer buffers[OE_BURST];

		for (oe_rx_buffer &buffer : buffers)
			buffer = {0x10000, 2048};
		oe_rx_refill(oe_rxq(k.adapter, pair), buffers, n);
	}
	void take(uint32_t index)
	{
		oe_rx_burst burst;

		oe_tx_stats(k.adapter, index)->tx_poll++;
		post(oe_rx_poll(oe_rxq(k.adapter, index), &burst, OE_BURST));
	}
	void arrive()
	{
		FakeQueue &q = k.rxq(pair);

		k.complete_rx(q, ENA_RXC_FIRST | ENA_RXC_LAST, 60, k.next_rx(q).req_id.get());
	}
	/* Seconds with the device alive, in each of which a packet may arrive. */
	void live(unsigned seconds, bool packets)
	{
		while (seconds-- && !oe_reset_pending(k.adapter)) {
			if (packets)
				arrive();
			k.keep_alive();
			k.seconds(1);
		}
	}
	void send(unsigned packets)
	{
		uint16_t id;

		while (packets--)
			ASSERT_EQ(submit_one(oe_txq(k.adapter, pair), id), 0);
	}
	uint32_t reason()
	{
		if (!oe_reset_pending(k.adapter))
			return ENA_RESET_NORMAL;
		k.run_reset();
		const uint32_t ctl = k.reset_commands.back();
		return ena::field_get(ENA_DEV_CTL_REASON, ctl) |
		       ena::field_get(ENA_DEV_CTL_REASON_EXT, ctl) << 4;
	}
	uint64_t lost()
	{
		return oe_tx_stats(k.adapter, pair)->lost_interrupt;
	}

	oe_kernel k;
};

TEST_F(PairWatchdog, APairThatOnlyReceivesAndHasNoInterruptEver)
{
	live(2, true);
	EXPECT_EQ(k.polled, std::vector<uint32_t>{pair}) << "it is polled instead";
	EXPECT_EQ(oe_rx_stats(k.adapter, pair)->cnt, 2u);
	EXPECT_TRUE(k.logged("pair 2: completions without an interrupt"));
	live(4, true);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	live(4, true);
	EXPECT_EQ(lost(), k.polled.size());
	EXPECT_EQ(reason(), uint32_t{ENA_RESET_MISSING_FIRST_INTERRUPT});
	live(4, false);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST_F(PairWatchdog, OneThatHadInterruptsHasAnotherReason)
{
	k.pairs[pair].interrupts = 7;
	live(20, true);
	EXPECT_EQ(reason(), uint32_t{ENA_RESET_MISSING_INTERRUPT});
}

TEST_F(PairWatchdog, ASingleLossIsMended)
{
	for (unsigned i = 0; i < 20; i++) {
		arrive();
		live(2, false);
		EXPECT_EQ(lost(), i + 1);
		k.pairs[pair].interrupts++; /* the next one comes */
		live(2, false);
	}
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	EXPECT_EQ(oe_rx_stats(k.adapter, pair)->cnt, 20u);
}

TEST_F(PairWatchdog, WhoPollsWithoutInterruptsNeedsNone)
{
	for (unsigned i = 0; i < 60; i++) {
		live(1, true);
		take(pair);
	}
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	EXPECT_TRUE(k.polled.empty());
}

TEST_F(PairWatchdog, ABusyCpuIsNotTheDevicesFault)
{
	k.pairs[pair].scheduled = true;
	arrive();
	live(60, false);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	EXPECT_TRUE(k.polled.empty());
}

TEST_F(PairWatchdog, PacketsThatWaitForAPollHaveTwiceTheTime)
{
	k.pairs[pair].interrupts = 1;
	k.pairs[pair].scheduled = true;
	live(1, false);
	send(200);
	k.complete_all_tx(k.txq(pair));
	live(9, false);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	live(3, false);
	EXPECT_EQ(reason(), uint32_t{ENA_RESET_POLL_STARVATION});
}

TEST_F(PairWatchdog, PollsThatBeginAreNotStarved)
{
	k.pairs[pair].interrupts = 1;
	k.pairs[pair].scheduled = true;
	send(200);
	for (unsigned i = 0; i < 7 && !oe_reset_pending(k.adapter); i++) {
		oe_tx_stats(k.adapter, pair)->tx_poll++;
		live(1, false);
	}
	EXPECT_EQ(reason(), uint32_t{ENA_RESET_MISSING_TX_COMPLETION});
}

TEST_F(PairWatchdog, WithoutALimitItIsPolledForEver)
{
	ena_hw_hints hints{};
	hints.missing_tx_completion_timeout_ms.set(ENA_HINT_NO_TIMEOUT);
	k.post_event(ENA_AENQ_NOTIFICATION, ENA_NOTIFICATION_UPDATE_HINTS, &hints, sizeof(hints));
	live(100, true);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	EXPECT_GE(lost(), 30u);
}

TEST_F(PairWatchdog, TheStacksWatchdogTellsTheTwoApart)
{
	oe_tx_timeout(k.adapter, pair);
	EXPECT_EQ(reason(), uint32_t{ENA_RESET_OS_NETDEV_WATCHDOG});
	k.pairs[pair].scheduled = true;
	live(8, false);
	oe_tx_timeout(k.adapter, UINT32_MAX);
	EXPECT_EQ(reason(), uint32_t{ENA_RESET_OS_NETDEV_WATCHDOG});
	live(8, false);
	oe_tx_timeout(k.adapter, pair);
	EXPECT_EQ(reason(), uint32_t{ENA_RESET_POLL_STARVATION});
}

} // namespace
