// SPDX-License-Identifier: GPL-2.0-or-later
/* Arming, moderation, and bursts. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

namespace
{
class Interrupt : public testing::Test {
    protected:
	void SetUp() override
	{
		g.start();
		tx = g.create(false, 256, 3);
		rx = g.create(true, 256, 3);
		g.post(rx, 128, 2048);
		g.host.interrupts.clear();
	}
	void frame()
	{
		EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
	}

	Guest g;
	Guest::Queue tx, rx;
};
} // namespace

TEST_F(Interrupt, MaskedAtFirstAndOneShot)
{
	frame();
	EXPECT_EQ(g.host.raised(3), 0u);
	g.unmask(tx); /* the TX queue's register arms RX too, and tells what is there */
	EXPECT_EQ(g.host.raised(3), 1u);
	frame();
	frame();
	EXPECT_EQ(g.host.raised(3), 1u);
	g.unmask(tx);
	EXPECT_EQ(g.host.raised(3), 2u);
	g.unmask(rx);
	EXPECT_EQ(g.host.raised(3), 2u) << "nothing new";
	frame();
	EXPECT_EQ(g.host.raised(3), 3u);
}

TEST_F(Interrupt, WriteWithoutUnmaskBitDoesNotArm)
{
	g.host.write(tx.unmask, 0);
	frame();
	EXPECT_EQ(g.host.raised(3), 0u);
}

TEST_F(Interrupt, ABurstOfPacketsIsOneInterrupt)
{
	g.unmask(tx);
	for (uint16_t i = 0; i < 32; i++)
		g.push_packet(tx, i, g.place(make_frame()));
	g.ring(tx);
	EXPECT_EQ(g.host.sent.size(), 32u);
	EXPECT_EQ(g.host.raised(3), 1u);
}

TEST_F(Interrupt, RxDelay)
{
	g.unmask(tx, 50, 200);
	frame();
	g.host.advance(30'000);
	frame();
	EXPECT_EQ(g.host.raised(3), 0u);
	g.host.advance(19'999);
	EXPECT_EQ(g.host.raised(3), 0u);
	g.host.advance(1);
	EXPECT_EQ(g.host.raised(3), 1u) << "50 us after the first frame";
}

TEST_F(Interrupt, TxDelayAndUnmaskWithoutUpdate)
{
	g.unmask(tx, 50, 200);
	g.push_packet(tx, 0, g.place(make_frame()));
	g.ring(tx);
	g.host.advance(199'999);
	EXPECT_EQ(g.host.raised(3), 0u);
	g.host.advance(1);
	EXPECT_EQ(g.host.raised(3), 1u);

	g.host.write(tx.unmask, ENA_INTR_UNMASK | ENA_INTR_NO_MODERATION_UPDATE);
	frame();
	g.host.advance(49'999);
	EXPECT_EQ(g.host.raised(3), 1u);
	g.host.advance(1);
	EXPECT_EQ(g.host.raised(3), 2u);
}

TEST_F(Interrupt, DelayThatPassedWhileMaskedFiresAtOnce)
{
	g.unmask(tx, 50, 50);
	frame();
	g.host.advance(50'000);
	EXPECT_EQ(g.host.raised(3), 1u);
	frame();
	g.host.advance(100'000);
	EXPECT_EQ(g.host.raised(3), 1u);
	g.unmask(tx, 50, 50);
	EXPECT_EQ(g.host.raised(3), 2u);
}

TEST_F(Interrupt, QueueWithoutVectorIsSilent)
{
	const auto silent = g.create(false, 256, ENA_CQ_NO_VECTOR);
	auto q = silent;
	g.host.interrupts.clear();
	g.unmask(q);
	g.push_packet(q, 0, g.place(make_frame()));
	g.ring(q);
	EXPECT_TRUE(g.tx_completion(q));
	EXPECT_TRUE(g.host.interrupts.empty());
}
