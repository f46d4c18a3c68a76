// SPDX-License-Identifier: GPL-2.0-or-later
/* Arming, moderation, and bursts. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

#include <map>
#include <random>

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

/* --- any order of completions, arming and time ------------------------------------- */

namespace
{
/* What the driver is owed of one vector. */
struct Owed {
	bool armed = false, untold = false;
	size_t raised = 0;
	std::optional<uint64_t> since_ns{}; /* both, from when */
};

class Ledger {
    public:
	explicit Ledger(FakeHost &host) : host_(host)
	{
	}
	/* After each step: a message was owed, and none is owed for longer than the longest delay. */
	void settle(uint64_t longest_ns)
	{
		for (auto &[vector, owed] : vectors) {
			const size_t raised = host_.raised(vector);
			ASSERT_LE(raised, owed.raised + 1) << "vector " << vector;
			if (raised > owed.raised) {
				ASSERT_TRUE(owed.armed && owed.untold) << "vector " << vector;
				owed = {.raised = raised};
			}
			if (!owed.armed || !owed.untold)
				owed.since_ns.reset();
			else if (!owed.since_ns)
				owed.since_ns = host_.clock_ns;
			else
				ASSERT_LT(host_.clock_ns, *owed.since_ns + longest_ns)
					<< "vector " << vector;
		}
	}

	std::map<unsigned int, Owed> vectors;

    private:
	FakeHost &host_;
};
} // namespace

TEST_F(Interrupt, NoneIsForgottenOrToldTwice)
{
	constexpr unsigned int longest_us = 100;
	struct Pair {
		Guest::Queue tx, rx;
		unsigned int vector;
	};
	std::vector<Pair> pairs{{tx, rx, 3}};
	for (const unsigned int vector : {1u, 2u})
		pairs.push_back(
			{g.create(false, 256, vector), g.create(true, 256, vector), vector});
	Ledger ledger(g.host);
	for (const Pair &pair : pairs)
		ledger.vectors[pair.vector] = {};
	g.host.interrupts.clear();

	std::mt19937 random(11);
	const auto upto = [&](unsigned int limit) {
		return random() % (limit + 1);
	};
	const auto buffers = g.place(make_frame());
	/* Without a table all frames are of the first queue. */
	Pair &receiver = pairs[0];
	for (unsigned int i = 0; i < 20000 && !HasFatalFailure(); i++) {
		Pair &pair = pairs[upto(2)];
		Owed &owed = ledger.vectors[pair.vector];
		switch (upto(4)) {
		case 0:
			g.push_packet(pair.tx, static_cast<uint16_t>(i % 256), buffers);
			g.ring(pair.tx);
			ASSERT_TRUE(g.tx_completion(pair.tx));
			owed.untold = true;
			break;
		case 1:
			g.unmask(upto(1) ? pair.tx : pair.rx,
				 static_cast<uint16_t>(upto(longest_us)),
				 static_cast<uint16_t>(upto(longest_us)));
			owed.armed = true;
			break;
		case 2:
			g.host.write(pair.rx.unmask,
				     ENA_INTR_UNMASK | ENA_INTR_NO_MODERATION_UPDATE);
			owed.armed = true;
			break;
		case 3:
			ASSERT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
			ASSERT_TRUE(g.rx_completion(receiver.rx));
			g.post(receiver.rx, 1, 2048);
			ledger.vectors[receiver.vector].untold = true;
			break;
		default:
			g.host.advance(upto(longest_us * 1500));
		}
		ledger.settle(longest_us * 1000);
	}
	for (const auto &[vector, owed] : ledger.vectors)
		EXPECT_GT(owed.raised, 500u) << "vector " << vector;
}
