// SPDX-License-Identifier: GPL-2.0-or-later
/* The adapter goes on in another one in the middle of traffic, and its driver notices nothing. */
#include <gtest/gtest.h>

#include <algorithm>

#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

struct Stream {
	std::vector<Bytes> sent, seen;

	void take(oe_kernel &to)
	{
		for (RxFrame &frame : to.received)
			seen.push_back(std::move(frame.frame));
		to.received.clear();
	}
};

ena_device_stats stats_of(const oe_kernel &machine)
{
	ena_device_stats stats;
	ena_device_get_stats(machine.device, &stats);
	return stats;
}

class Migration : public testing::Test {
    protected:
	void SetUp() override
	{
		ASSERT_TRUE(pair.start(2));
	}
	/* Both ways, in bursts; each flow keeps to its queue, so that order is kept. */
	void exchange(int bursts, uint64_t wait)
	{
		oe_kernel *ends[] = {pair.a.get(), pair.b.get()};
		for (int burst = 0; burst < bursts; burst++) {
			for (int side = 0; side < 2; side++) {
				const size_t count = 1 + random() % 30;
				for (size_t i = 0; i < count; i++)
					send(*ends[side], streams[side], i + 1 == count);
			}
			pair.run(wait);
			streams[0].take(*pair.b);
			streams[1].take(*pair.a);
		}
		pair.run(10 * ms);
		streams[0].take(*pair.b);
		streams[1].take(*pair.a);
	}
	void send(oe_kernel &from, Stream &stream, bool kick)
	{
		FrameShape shape;
		shape.payload = random() % 1400;
		shape.udp = random() % 2;
		TxRequest request;
		Bytes finished;
		request = checksum_request(shape, random, finished);
		request.fragments = static_cast<unsigned>(1 + random() % 4);
		if (from.send(0, request, kick))
			stream.sent.push_back(std::move(finished));
	}
	void everything_arrived()
	{
		for (const Stream &stream : streams) {
			ASSERT_EQ(stream.seen.size(), stream.sent.size());
			for (size_t i = 0; i < stream.sent.size(); i++) {
				/* A sum of zero has two forms. */
				ASSERT_EQ(fault_of(stream.seen[i]), "") << "frame " << i;
				ASSERT_EQ(payload_of(stream.seen[i]), payload_of(stream.sent[i]))
					<< "frame " << i;
			}
		}
		for (const oe_kernel *end : {pair.a.get(), pair.b.get()}) {
			EXPECT_TRUE(end->log.empty()) << end->log.front();
			EXPECT_TRUE(end->notes.empty()) << end->notes.front();
			EXPECT_EQ(end->resets + end->failed_resets, 0u);
			EXPECT_EQ(end->dma_faults, 0u);
		}
		EXPECT_EQ(stats_of(*pair.a).tx_packets, streams[0].sent.size());
		EXPECT_EQ(stats_of(*pair.b).rx_packets, streams[0].sent.size());
		EXPECT_EQ(stats_of(*pair.b).tx_packets, streams[1].sent.size());
	}

	TwoMachines pair{default_config()};
	Random random{20};
	Stream streams[2];
};

TEST_F(Migration, AtEveryTurnOfBoth)
{
	pair.a->migrate_every = pair.b->migrate_every = 1;
	exchange(100, ms);
	everything_arrived();
	EXPECT_GE(pair.a->migrations, 100u);
	EXPECT_GE(pair.b->migrations, 100u);
}

TEST_F(Migration, NowAndThen)
{
	pair.a->migrate_every = 7;
	pair.b->migrate_every = 11;
	exchange(400, ms / 10);
	everything_arrived();
}

/* The old adapter had no time for what was rung; the new one has. */
TEST_F(Migration, WhatWasRungIsDoneByTheNewOne)
{
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 10; i++)
			send(*pair.a, streams[0], true);
		EXPECT_EQ(pair.a->migrate(), "");
		EXPECT_EQ(pair.b->migrate(), "");
		pair.run(ms);
		streams[0].take(*pair.b);
	}
	everything_arrived();
}

/* Keep-alives go on: the driver's watchdog has nothing to complain of, nor has it missed a life. */
TEST_F(Migration, TheWatchdogIsContent)
{
	for (int second = 0; second < 30; second++) {
		EXPECT_EQ(pair.a->migrate(), "");
		pair.run(1000 * ms);
	}
	exchange(5, ms);
	everything_arrived();
}

TEST_F(Migration, ThenADriverResetsIt)
{
	EXPECT_EQ(pair.a->migrate(), "");
	pair.a->close();
	EXPECT_EQ(pair.a->migrate(), "");
	ASSERT_EQ(pair.a->open(), 0);
	exchange(5, ms);
	everything_arrived();
	pair.a->remove();
	EXPECT_EQ(pair.a->migrate(), "");
	ASSERT_EQ(pair.a->probe(), 0);
}

} // namespace
