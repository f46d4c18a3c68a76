// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of XDP beside those of the stack: traffic of both, resets, and a device that lies. */
#include <gtest/gtest.h>

#include <algorithm>

#include "abi/ena_regs.h"
#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

struct Rings {
	bool llq; /* in the device, else in host memory */
	bool shared; /* with the stack's packets */
};

class XdpTraffic : public testing::TestWithParam<Rings> {
    protected:
	static ena_config config()
	{
		ena_config c = default_config();
		c.llq = GetParam().llq;
		if (GetParam().shared)
			c.queues = 3;
		return c;
	}
	void SetUp() override
	{
		ASSERT_TRUE(pair.start([](oe_settings &s) {
			s.queues = 2;
			s.xdp = true;
		}));
	}
	/* Through all four queues of one side to the other; all must arrive. */
	void traffic_flows(oe_kernel &from, oe_kernel &to)
	{
		to.received.clear();
		std::vector<Bytes> sent;
		for (unsigned i = 0; i < 200; i++) {
			TxRequest request;
			FrameShape shape;
			shape.source_port = static_cast<uint16_t>(random());
			shape.payload = random() % 8000;
			request.frame = build_frame(shape, random);
			request.fragments = 1 + random() % 17;
			sent.push_back(request.frame);
			ASSERT_TRUE(from.send(i % 4, request, i % 4 != 1));
			if (i % 20 == 19)
				pair.run(ms);
		}
		/* What had no doorbell of its own. */
		for (uint32_t i = 0; i < 2; i++)
			oe_tx_kick(oe_txq(from.adapter, i));
		pair.run(10 * ms);
		ASSERT_EQ(to.received.size(), sent.size());
		std::vector<Bytes> got;
		for (RxFrame &frame : to.received)
			got.push_back(std::move(frame.frame));
		std::sort(sent.begin(), sent.end());
		std::sort(got.begin(), got.end());
		EXPECT_EQ(sent, got);
		to.received.clear();
	}

	TwoMachines pair{config()};
	Random random{5};
};

TEST_P(XdpTraffic, EveryFrameOfBothKindsOfQueuesArrives)
{
	traffic_flows(*pair.a, *pair.b);
	traffic_flows(*pair.b, *pair.a);
	EXPECT_EQ(pair.a->resets + pair.b->resets, 0u);
	EXPECT_EQ(oe_xdp_txq(pair.a->adapter, 0) == oe_txq(pair.a->adapter, 0), GetParam().shared);
	EXPECT_EQ(oe_xdp_tx_stats(pair.a->adapter, 0)->cnt, 50u);
	EXPECT_EQ(oe_tx_stats(pair.a->adapter, 0)->cnt, 50u);
	EXPECT_EQ(pair.a->tx_completed, 200u);
	EXPECT_EQ(pair.a->xdp_completed, 100u);
	EXPECT_TRUE(pair.a->notes.empty() && pair.b->notes.empty());
}

/* Frames in flight in both kinds of queues when the device is reset: each buffer is freed once. */
TEST_P(XdpTraffic, ResetWithFramesInFlight)
{
	const size_t idle = pair.a->memory.blocks();
	for (unsigned round = 1; round <= 10; round++) {
		pair.a->device_stuck = true;
		for (unsigned i = 0; i < 100; i++) {
			TxRequest request;
			request.frame = build_frame({}, random);
			ASSERT_TRUE(pair.a->send(2 + i % 2, request, i % 8 == 7));
			ASSERT_TRUE(pair.a->send(i % 2, request, i % 3 == 0));
		}
		EXPECT_GT(pair.a->memory.blocks(), idle);
		pair.a->device_stuck = false;
		oe_request_reset(pair.a->adapter, ENA_RESET_USER_TRIGGER);
		pair.run(3 * second);
		ASSERT_EQ(pair.a->resets, round);
		ASSERT_EQ(pair.a->queues(), 2u);
		EXPECT_EQ(pair.a->memory.blocks(), idle);
	}
	traffic_flows(*pair.a, *pair.b);
	traffic_flows(*pair.b, *pair.a);
}

/* Programs that come and go: the second queues with them. */
TEST_P(XdpTraffic, QueuesComeAndGo)
{
	for (int i = 0; i < 20; i++) {
		pair.a->close();
		ASSERT_EQ(pair.a->set([&](oe_settings &s) { s.xdp = i % 2; }), 0);
		ASSERT_EQ(pair.a->open(), 0);
		pair.run(100 * ms);
		TxRequest request;
		request.frame = build_frame({}, random);
		EXPECT_EQ(pair.a->send(2, request), i % 2 == 1);
		EXPECT_TRUE(pair.a->send(1, request));
		pair.run(10 * ms);
	}
	traffic_flows(*pair.a, *pair.b);
	pair.a->remove();
	EXPECT_EQ(pair.a->memory.blocks(), 0u);
}

/* Random bytes over random shared pages, completion rings of XDP among them. */
TEST_P(XdpTraffic, SharedMemoryChangesUnderBoth)
{
	Random noise(770);
	pair.a->scribble = [&](oe_kernel &m) {
		for (int i = 0; i < 8; i++) {
			const uint64_t bus = BusMemory::base + noise() % (1u << 20);
			if (m.memory.owned(bus, 1))
				*m.memory.at(bus, 1) = static_cast<uint8_t>(noise());
		}
	};
	for (unsigned i = 0; i < 2000; i++) {
		TxRequest request;
		request.frame = build_frame({}, random);
		(void)pair.a->send(i % 4, request);
		pair.run(5 * ms);
	}
	EXPECT_GE(pair.a->resets, 1u);
	pair.a->scribble = nullptr;
	pair.run(60 * second);
	if (pair.a->queues()) {
		traffic_flows(*pair.a, *pair.b);
	}
}

INSTANTIATE_TEST_SUITE_P(Rings, XdpTraffic,
			 testing::Values(Rings{false, false}, Rings{true, false},
					 Rings{false, true}, Rings{true, true}),
			 [](const auto &info) {
				 return std::string(info.param.shared ? "shared_" : "own_") +
					(info.param.llq ? "in_the_device" : "in_host_memory");
			 });

} // namespace
