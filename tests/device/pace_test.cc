// SPDX-License-Identifier: GPL-2.0-or-later
/* Adapters that have more to send and receive than their instance's allowance. */
#include "frames.hh"
#include "instance.hh"
#include "tests/time_units.hh"

#include <gtest/gtest.h>

namespace
{
constexpr uint64_t burst_bytes = 2 * 65536;

uint64_t sent_bytes(Guest &g)
{
	uint64_t bytes = 0;
	for (const auto &sent : g.host.sent)
		bytes += sent.bytes.size();
	return bytes;
}
} // namespace

TEST(TxPace, WaitsInTheRingAndLosesNothing)
{
	Instance instance(plain_allowance(64));
	Guest &g = instance[0];
	const Bytes frame = make_frame({.payload = 1400});
	Sender sender(g, frame);

	/* 200 KB at 8 MB/s: within the time that a packet may wait. */
	for (int i = 0; i < 140; i++)
		sender.push();
	g.ring(sender.queue());
	const size_t at_once = g.host.sent.size();
	EXPECT_NEAR(static_cast<double>(at_once * frame.size()), burst_bytes, 2 * 1500);
	EXPECT_FALSE(g.host.scheduled); /* it sleeps */
	EXPECT_EQ(g.host.run(), 0u);
	EXPECT_LT(g.host.deadline_ns, g.host.clock_ns + 2 * ms);
	instance.advance(5 * ms);
	EXPECT_NEAR(static_cast<double>(g.host.sent.size() - at_once), 5 * 8000.0 / frame.size(),
		    2);
	instance.advance(20 * ms);
	EXPECT_EQ(g.host.sent.size(), 140u);
	EXPECT_EQ(g.host.deadline_ns > g.host.clock_ns + ms, true);
	for (uint16_t i = 0; i < 140; i++) {
		const auto c = g.tx_completion(sender.queue());
		ASSERT_TRUE(c);
		EXPECT_EQ(c->req_id.get(), i);
	}
	EXPECT_EQ(Instance::totals(g).tx_drops, 0u);
	EXPECT_EQ(Instance::counters(g).bw_out_allowance_exceeded.get(), 140 - at_once);
	EXPECT_EQ(Instance::counters(g).bw_in_allowance_exceeded.get(), 0u);
}

TEST(TxPace, ObeysTheRateAndDropsWhatWaitsTooLong)
{
	Instance instance(plain_allowance(16));
	Guest &g = instance[0];
	const Bytes frame = make_frame({.payload = 1400});
	Sender sender(g, frame);
	unsigned int completed = 0;

	for (int i = 0; i < 10'000; i++) {
		completed += sender.refill();
		instance.advance(ms);
		/* Nothing waits longer than twice its time, so the driver's watchdog is calm. */
		if (i % 131 == 130) {
			EXPECT_GT(completed, 100u);
			completed = 0;
		}
	}
	const uint64_t due = 16 * 10 * second / 8000;
	EXPECT_GE(sent_bytes(g), due - frame.size());
	EXPECT_LE(sent_bytes(g), due + burst_bytes + 2 * frame.size());
	EXPECT_GT(Instance::totals(g).tx_drops, 100u);
	EXPECT_GE(Instance::counters(g).bw_out_allowance_exceeded.get(),
		  Instance::totals(g).tx_drops);
}

TEST(TxPace, LargePacketsCostWhatTheyAreOnTheWire)
{
	ena_allowance_config c = plain_allowance(400'000);
	c.pps = 1000;
	Instance instance(c);
	Guest &g = instance[0];
	Guest::Queue q = g.create(false, 256, 1);
	const FrameSpec spec{.payload = 60'000};
	const auto buffers = g.place(make_frame(spec), 16384);
	constexpr uint32_t tso = ENA_TXD1_TSO | ENA_TXD1_L4_CSUM | ENA_TXD1_L3_CSUM |
				 ena::field_put(ENA_TXD1_L3_PROTO, ENA_L3_IPV4) |
				 ena::field_put(ENA_TXD1_L4_PROTO, ENA_L4_TCP);

	/* 60 segments each, so that the second owes 56 of the 64 that are at hand. */
	for (uint16_t id = 0; id < 3; id++) {
		g.push_meta(q, 1000, 14, 20, 5);
		g.push_packet(q, id, buffers, tso, true);
	}
	g.ring(q);
	EXPECT_EQ(g.host.sent.size(), 120u);
	instance.advance(54 * ms);
	EXPECT_EQ(g.host.sent.size(), 120u);
	instance.advance(4 * ms);
	EXPECT_EQ(g.host.sent.size(), 180u);
	EXPECT_EQ(Instance::counters(g).pps_allowance_exceeded.get(), 60u);
	EXPECT_EQ(Instance::counters(g).bw_out_allowance_exceeded.get(), 0u);
}

TEST(TxPace, QueuesAndAdaptersShare)
{
	Instance instance(plain_allowance(80), 2);
	const Bytes frame = make_frame({.payload = 1400});
	Sender a(instance[0], frame), b(instance[0], frame, 256, 2), c(instance[1], frame);

	for (int i = 0; i < 2000; i++) {
		for (Sender *sender : {&a, &b, &c})
			sender->refill();
		instance.advance(ms, ms);
	}
	const auto first = static_cast<double>(sent_bytes(instance[0]));
	const auto second_one = static_cast<double>(sent_bytes(instance[1]));
	EXPECT_NEAR(first + second_one, 20e6, 2 * burst_bytes);
	EXPECT_NEAR(first / second_one, 1, 0.1);
	size_t of_a = 0, of_b = 0;
	for (const auto &sent : instance[0].host.sent)
		(sent.queue == a.queue().index ? of_a : of_b)++;
	EXPECT_NEAR(static_cast<double>(of_a) / static_cast<double>(of_b), 1, 0.1);
}

TEST(TxPace, OneSlowFlowDoesNotHoldUpOtherQueues)
{
	ena_allowance_config c = plain_allowance(10'000);
	c.flow_mbps = 8;
	Instance instance(c);
	Guest &g = instance[0];
	Sender slow(g, make_frame({.payload = 8000, .source_port = 1}));
	for (int i = 0; i < 60; i++)
		slow.push();
	g.ring(slow.queue());
	const size_t before = g.host.sent.size();
	EXPECT_LT(before, 20u);
	Sender other(g, make_frame({.payload = 100, .source_port = 2}), 256, 2);
	for (int i = 0; i < 60; i++)
		other.push();
	g.ring(other.queue());
	EXPECT_EQ(g.host.sent.size(), before + 60);
}

TEST(TxPace, ResetForgetsWhoWaitsAndKeepsWhatIsUsedUp)
{
	Instance instance(plain_allowance(16));
	Guest &g = instance[0];
	const Bytes frame = make_frame({.payload = 1400});
	{
		Sender sender(g, frame);
		sender.refill();
		instance.advance(10 * ms);
	}
	EXPECT_GT(Instance::counters(g).bw_out_allowance_exceeded.get(), 0u);
	g.start();
	EXPECT_EQ(Instance::counters(g).bw_out_allowance_exceeded.get(), 0u);
	const size_t before = g.host.sent.size();
	instance.advance(2 * ms);
	EXPECT_EQ(g.host.sent.size(), before);
	/* No second burst at once. */
	Sender sender(g, frame);
	sender.refill();
	EXPECT_LE(g.host.sent.size(), before + 5);
	EXPECT_EQ(g.destroy_sq(sender.queue()), 0);
	const size_t destroyed = g.host.sent.size();
	instance.advance(100 * ms);
	EXPECT_EQ(g.host.sent.size(), destroyed);
	ena_device_reset(g.host.device);
	g.start();
	Sender again(g, frame);
	again.refill();
	EXPECT_GT(g.host.sent.size(), destroyed);
}

TEST(RxPace, HoldsAtTheHostThenDrops)
{
	Instance instance(plain_allowance(16));
	Guest &g = instance[0];
	Guest::Queue q = g.create(true, 1024, 1);
	g.post(q, 1023, 2048);
	const Bytes frame = make_frame({.payload = 1400});
	unsigned int taken = 0;

	while (g.receive(frame) == ENA_RECEIVE_TAKEN)
		taken++;
	EXPECT_NEAR(taken * static_cast<double>(frame.size()), burst_bytes, 2 * 1500);
	const unsigned int ready = g.host.receive_ready;
	instance.advance(2 * ms);
	EXPECT_GT(g.host.receive_ready, ready);
	unsigned int more = 0;
	while (g.receive(frame) == ENA_RECEIVE_TAKEN)
		more++;
	EXPECT_NEAR(more, 2 * 2000 / static_cast<double>(frame.size()), 2);
	EXPECT_EQ(Instance::totals(g).rx_drops, 0u);
	EXPECT_EQ(Instance::counters(g).bw_in_allowance_exceeded.get(), more);

	/* Held back all the time, at last they are dropped, for a moment. */
	for (int i = 0; i < 80; i++) {
		while (g.receive(frame) == ENA_RECEIVE_TAKEN)
			if (Instance::totals(g).rx_drops == 100)
				break;
		instance.advance(ms);
		g.post(q, 1, 2048);
	}
	EXPECT_EQ(Instance::totals(g).rx_drops, 100u);
	EXPECT_EQ(Instance::totals(g).rx_overruns, 0u);
}

TEST(RxPace, ObeysTheRateOfASenderThatNeverStops)
{
	Instance instance(plain_allowance(16));
	Guest &g = instance[0];
	Guest::Queue q = g.create(true, 1024, 1);
	g.post(q, 1023, 2048);
	const Bytes frame = make_frame({.payload = 1400});
	unsigned int backlog = 0, longest = 0;

	/* Four times what is allowed, behind a host that queues what is held back. */
	for (int i = 0; i < 10'000; i++) {
		backlog += i % 3 ? 6 : 4;
		longest = std::max(longest, backlog);
		while (backlog && g.receive(frame) == ENA_RECEIVE_TAKEN)
			backlog--;
		while (g.rx_completion(q))
			g.post(q, 1, 2048);
		instance.advance(ms, ms);
	}
	const auto bytes = Instance::totals(g).rx_bytes;
	const uint64_t due = 16 * 10 * second / 8000;
	EXPECT_GE(bytes, due - frame.size());
	EXPECT_LE(bytes, due + burst_bytes + 2 * frame.size());
	/* 5.3 frames a ms, for 65 ms: one that waits for two large ones is not late. */
	EXPECT_LT(longest, 450u);
	EXPECT_GT(Instance::counters(g).bw_in_allowance_exceeded.get(), 40'000u);
}

TEST(Pace, WithoutAnAllowanceNothingWaits)
{
	Guest g;
	g.start();
	Sender sender(g, make_frame({.payload = 1400}));
	for (int i = 0; i < 20; i++)
		sender.refill();
	EXPECT_EQ(g.host.sent.size(), 20u * 255u);
}
