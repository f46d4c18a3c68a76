// SPDX-License-Identifier: GPL-2.0-or-later
/* Both cores agree on when packets left and arrived: between two looks at the hardware clock. */
#include <gtest/gtest.h>

#include "abi/ena_regs.h"
#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

/* With rings in host memory, and in the device. */
class Timestamps : public testing::TestWithParam<bool> {
    protected:
	static ena_config config()
	{
		ena_config c = default_config();
		c.llq = GetParam();
		return c;
	}
	void SetUp() override
	{
		ASSERT_TRUE(pair.start([](oe_settings &s) {
			s.queues = 2;
			s.tx_stamps = s.rx_stamps = true;
		}));
	}
	uint64_t clock(oe_kernel &m)
	{
		oe_phc_time time{};
		EXPECT_EQ(oe_phc_read(m.adapter, &time), 0);
		return time.ns;
	}
	/* Frames of one and several buffers, all stamped at both ends. */
	void stamped_between_readings()
	{
		pair.a->sent_stamps.clear();
		pair.b->received.clear();
		pair.run(second);
		const uint64_t before = clock(*pair.a);
		for (unsigned i = 0; i < 50; i++) {
			TxRequest request;
			FrameShape shape;
			shape.payload = random() % 8000;
			request.frame = build_frame(shape, random);
			ASSERT_TRUE(pair.a->send(i % 2, request));
		}
		pair.run(second);
		const uint64_t after = clock(*pair.b);
		ASSERT_EQ(pair.a->sent_stamps.size(), 50u);
		ASSERT_EQ(pair.b->received.size(), 50u);
		for (const uint64_t stamp : pair.a->sent_stamps)
			EXPECT_TRUE(before <= stamp && stamp <= after) << stamp - before;
		for (const RxFrame &frame : pair.b->received)
			EXPECT_TRUE(before <= frame.stamp_ns && frame.stamp_ns <= after);
	}

	TwoMachines pair{config()};
	Random random{41};
};

TEST_P(Timestamps, LieBetweenTwoReadingsOfTheClock)
{
	for (unsigned round = 0; round < 60; round++)
		stamped_between_readings();
}

TEST_P(Timestamps, StayOverResetRestartAndOtherQueues)
{
	oe_request_reset(pair.a->adapter, ENA_RESET_USER_TRIGGER);
	oe_request_reset(pair.b->adapter, ENA_RESET_USER_TRIGGER);
	pair.run(3 * second);
	ASSERT_EQ(pair.a->resets + pair.b->resets, 2u);
	stamped_between_readings();
	ASSERT_EQ(pair.b->restart(0), 0);
	ASSERT_EQ(pair.b->restart(1), 0);
	stamped_between_readings();
	pair.b->close();
	ASSERT_EQ(pair.b->set([](oe_settings &s) { s.queues = 1; }), 0);
	ASSERT_EQ(pair.b->open(), 0);
	stamped_between_readings();
}

TEST_P(Timestamps, AreOffAgain)
{
	for (oe_kernel *m : {pair.a.get(), pair.b.get()}) {
		m->close();
		ASSERT_EQ(m->set([](oe_settings &s) { s.tx_stamps = s.rx_stamps = false; }), 0);
		ASSERT_EQ(m->open(), 0);
	}
	pair.run(second);
	TxRequest request;
	request.frame = build_frame({}, random);
	ASSERT_TRUE(pair.a->send(0, request));
	pair.run(second);
	ASSERT_EQ(pair.b->received.size(), 1u);
	EXPECT_EQ(pair.b->received[0].stamp_ns, 0u);
	EXPECT_TRUE(pair.a->sent_stamps.empty());
}

INSTANTIATE_TEST_SUITE_P(, Timestamps, testing::Bool(), [](const auto &info) {
	return info.param ? std::string("InTheDevice") : std::string("InHostMemory");
});

} // namespace
