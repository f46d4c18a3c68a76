// SPDX-License-Identifier: GPL-2.0-or-later
/* Things go wrong; the pair resets and traffic flows again. */
#include <gtest/gtest.h>

#include "abi/ena_regs.h"
#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

class Recovery : public ::testing::Test {
    protected:
	TwoMachines pair{default_config()};
	Random random{21};

	void SetUp() override
	{
		ASSERT_TRUE(pair.start(2));
	}

	uint32_t last_reason(oe_kernel &m)
	{
		ena_device_stats stats;
		ena_device_get_stats(m.device, &stats);
		return stats.last_reset_reason;
	}

	/* A hundred frames each way, all of which must arrive. */
	void traffic_flows()
	{
		oe_kernel *side[] = {pair.a.get(), pair.b.get()};
		for (int from = 0; from < 2; from++) {
			side[!from]->received.clear();
			for (unsigned i = 0; i < 100; i++) {
				TxRequest request;
				FrameShape shape;
				shape.source_port = static_cast<uint16_t>(random());
				request.frame = build_frame(shape, random);
				ASSERT_TRUE(side[from]->send(i % 2, request));
			}
			pair.run(10 * ms);
			ASSERT_EQ(side[!from]->received.size(), 100u) << "from side " << from;
		}
	}
};

TEST_F(Recovery, ResetInTheMiddleOfTraffic)
{
	for (int round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 150; i++) {
			TxRequest request;
			request.frame = build_frame({}, random);
			(void)pair.a->send(i % 2, request, i % 8 == 7);
		}
		oe_request_reset(pair.a->adapter, ENA_RESET_USER_TRIGGER);
		pair.run(3 * second);
		ASSERT_EQ(pair.a->resets, static_cast<unsigned>(round + 1));
		EXPECT_EQ(last_reason(*pair.a), ENA_RESET_USER_TRIGGER);
		ASSERT_TRUE(pair.a->link);
		traffic_flows();
	}
}

TEST_F(Recovery, FunctionResetUnderTheDriver)
{
	ena_device_reset(pair.a->device);
	pair.run(15 * second);
	EXPECT_GE(pair.a->resets, 1u);
	traffic_flows();
}

TEST_F(Recovery, KeepAliveStops)
{
	pair.a->device_stuck = true;
	pair.a->run(8 * second);
	EXPECT_EQ(pair.a->resets, 0u) << "a stuck device cannot have been reset";
	pair.a->device_stuck = false;
	pair.run(15 * second);
	EXPECT_GE(pair.a->resets, 1u);
	traffic_flows();
}

TEST_F(Recovery, CompletionsAreLost)
{
	TxRequest request;
	request.frame = build_frame({}, random);
	pair.a->dma_until_failure = 3;
	/* More than the 128 that the driver puts up with. */
	for (int i = 0; i < 200; i++)
		(void)pair.a->send(0, request);
	pair.a->run(100 * ms);
	pair.a->dma_until_failure = UINT64_MAX;
	pair.run(15 * second);
	EXPECT_GE(pair.a->resets, 1u);
	traffic_flows();
}

TEST_F(Recovery, AdminInterruptLost)
{
	pair.a->interrupts_lost = true;
	EXPECT_EQ(pair.a->set([](oe_settings &s) { s.mtu = 3000; }), 0);
	pair.a->interrupts_lost = false;
	pair.run(2 * second);
	traffic_flows();
}

TEST_F(Recovery, ADeviceThatStaysBrokenIsGivenUp)
{
	pair.a->dma_until_failure = 0;
	pair.a->run(300 * second);
	EXPECT_EQ(pair.a->resets, 0u);
	EXPECT_GE(pair.a->failed_resets, 1u);
	EXPECT_LT(pair.a->failed_resets, 20u) << "retried without end";
	EXPECT_NE(pair.a->open(), 0);
	EXPECT_FALSE(pair.a->bus_master) << "a device that cannot be stopped keeps its DMA";
	pair.a->dma_until_failure = UINT64_MAX;
	pair.a->remove();
	EXPECT_EQ(pair.a->memory.blocks(), 0u);
	EXPECT_EQ(pair.a->probe(), 0) << "a new probe is a new chance";
}

TEST_F(Recovery, ResizeUnderTraffic)
{
	for (uint32_t ring : {256u, 512u, 1024u}) {
		for (uint32_t queues : {1u, 3u, 4u, 2u}) {
			pair.a->close();
			ASSERT_EQ(pair.a->set([&](oe_settings &s) {
				s.queues = queues;
				s.tx_ring = ring;
				s.rx_ring = ring;
			}),
				  0);
			ASSERT_EQ(pair.a->open(), 0);
			if (queues >= 2)
				traffic_flows();
		}
	}
}

} // namespace
