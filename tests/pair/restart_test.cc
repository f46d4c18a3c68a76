// SPDX-License-Identifier: GPL-2.0-or-later
/* The receiving side of one pair restarts: its own frames may be lost, and no other's. */
#include <gtest/gtest.h>

#include <array>

#include "abi/ena_regs.h"
#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

constexpr unsigned pairs = 4;

/* With and without queues for XDP, which restart, too. */
class Restart : public testing::TestWithParam<bool> {
    protected:
	static ena_config config()
	{
		ena_config c = default_config();
		c.queues = 8;
		c.vectors = 9;
		return c;
	}
	void SetUp() override
	{
		ASSERT_TRUE(pair.start([](oe_settings &s) {
			s.queues = pairs;
			s.xdp = GetParam();
		}));
	}
	/* One frame of each of 64 flows from b to a. */
	void flows_arrive()
	{
		pair.a->received.clear();
		for (uint16_t port = 0; port < 64; port++) {
			FrameShape shape;
			shape.source_port = port;
			TxRequest request;
			request.frame = build_frame(shape, random);
			EXPECT_TRUE(pair.b->send(port % pairs, request));
		}
		pair.run(10 * ms);
	}
	/* How many of the flows came by each queue. */
	std::array<unsigned, pairs> queues_hit()
	{
		std::array<unsigned, pairs> hit{};
		flows_arrive();
		for (const RxFrame &frame : pair.a->received)
			hit[frame.queue]++;
		EXPECT_EQ(pair.a->received.size(), 64u);
		return hit;
	}
	uint32_t last_reason()
	{
		ena_device_stats stats;
		ena_device_get_stats(pair.a->device, &stats);
		return stats.last_reset_reason;
	}

	TwoMachines pair{config()};
	Random random{31};
};

TEST_P(Restart, FlowsComeByTheSameQueuesAfterwards)
{
	const auto before = queues_hit();
	const size_t blocks = pair.a->memory.blocks();
	for (unsigned round = 0; round < 3 * pairs; round++) {
		ASSERT_EQ(pair.a->restart(round % pairs), 0);
		pair.run(ms);
		EXPECT_EQ(queues_hit(), before);
	}
	EXPECT_EQ(pair.a->memory.blocks(), blocks);
	EXPECT_EQ(pair.a->resets, 0u);
	EXPECT_TRUE(pair.a->log.empty() && pair.a->notes.empty());
}

/* The adapter has frames for all queues when one of them goes: those of the others arrive. */
TEST_P(Restart, NothingIsLostOnOtherQueues)
{
	const auto hit = queues_hit();
	const unsigned victim = 1;
	ASSERT_GT(hit[victim], 0u);

	pair.a->received.clear();
	pair.a->napi_enabled = false;
	for (uint16_t port = 0; port < 64; port++) {
		FrameShape shape;
		shape.source_port = port;
		pair.a->wire_in(build_frame(shape, random));
	}
	pair.a->device_turn();
	/* On their way out by both kinds of pairs, and no completion was looked at. */
	const uint64_t completed = pair.a->tx_completed;
	for (unsigned queue = 0; queue < pairs; queue++) {
		TxRequest request;
		request.frame = build_frame({}, random);
		ASSERT_TRUE(pair.a->send(queue, request));
	}
	pair.b->received.clear();
	ASSERT_EQ(pair.a->restart(victim), 0);
	pair.a->napi_enabled = true;
	pair.run(10 * ms);
	EXPECT_EQ(pair.a->received.size(), 64u - hit[victim]);
	for (const RxFrame &frame : pair.a->received)
		EXPECT_NE(frame.queue, victim);
	EXPECT_EQ(pair.b->received.size(), pairs);
	EXPECT_EQ(pair.a->tx_completed - completed, pairs);
	EXPECT_EQ(queues_hit(), hit);
}

/* Frames in flight of the queue for XDP, or else of the one that does not restart: memory is freed once. */
TEST_P(Restart, WithFramesInFlight)
{
	const unsigned queue = GetParam() ? pairs + 2 : 2;
	const size_t idle = pair.a->memory.blocks();
	for (unsigned round = 0; round < 10; round++) {
		pair.a->device_stuck = true;
		for (unsigned i = 0; i < 100; i++) {
			TxRequest request;
			request.frame = build_frame({}, random);
			ASSERT_TRUE(pair.a->send(queue, request, i % 4 == 3));
		}
		pair.a->device_stuck = false;
		ASSERT_EQ(pair.a->restart(2), 0);
		pair.run(10 * ms);
		EXPECT_EQ(pair.a->memory.blocks(), idle);
	}
	pair.b->received.clear();
	TxRequest request;
	request.frame = build_frame({}, random);
	ASSERT_TRUE(pair.a->send(queue, request));
	pair.run(10 * ms);
	EXPECT_EQ(pair.b->received.size(), 1u);
	EXPECT_EQ(pair.a->resets, 0u);
}

/* The adapter does not confirm: it is reset as a whole, and all is there again. */
TEST_P(Restart, OfAnAdapterThatIsSilent)
{
	const auto before = queues_hit();
	pair.a->device_stuck = true;
	EXPECT_NE(pair.a->restart(0), 0);
	pair.a->device_stuck = false;
	EXPECT_TRUE(oe_reset_pending(pair.a->adapter));
	pair.run(10 * second);
	EXPECT_EQ(pair.a->resets, 1u);
	EXPECT_EQ(last_reason(), ENA_RESET_ADMIN_TIMEOUT);
	EXPECT_EQ(queues_hit(), before);
}

TEST_P(Restart, OfAPairThatIsNotThere)
{
	EXPECT_EQ(oe_stop_receiver(pair.a->adapter, pairs), -EINVAL);
	EXPECT_EQ(oe_start_receiver(pair.a->adapter, UINT32_MAX), -EINVAL);
	pair.a->close();
	EXPECT_EQ(oe_stop_receiver(pair.a->adapter, 0), -EINVAL);
	ASSERT_EQ(pair.a->open(), 0);
}

INSTANTIATE_TEST_SUITE_P(, Restart, testing::Bool(), [](const auto &info) {
	return info.param ? std::string("WithXdp") : std::string("WithoutXdp");
});

} // namespace
