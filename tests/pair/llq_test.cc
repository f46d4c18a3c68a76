// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets pushed into the adapter's memory, by a driver and to a device that do not know each other. */
#include "frames.hh"
#include "machine.hh"
#include "tests/time_units.hh"

#include <gtest/gtest.h>

#include <random>

namespace
{

struct How {
	uint32_t push; /* 0: rings in host memory */
	bool meta_caching;
	uint16_t burst;
};

void PrintTo(const How &how, std::ostream *out)
{
	*out << how.push << " bytes pushed, meta caching " << how.meta_caching << ", bursts of "
	     << how.burst;
}

class Llq : public testing::TestWithParam<How> {
    protected:
	static ena_config config()
	{
		ena_config c = default_config();
		c.llq = true;
		c.llq_meta_caching = GetParam().meta_caching;
		c.llq_max_burst = GetParam().burst;
		return c;
	}
	void SetUp() override
	{
		ASSERT_EQ(a.probe(), 0);
		ASSERT_EQ(a.set([](oe_settings &s) {
			s.push = GetParam().push;
			s.queues = 2;
			s.mtu = 9001;
		}),
			  0);
		ASSERT_EQ(a.open(), 0);
		a.run(2 * second);
	}
	ena_device_stats stats()
	{
		ena_device_stats s;
		ena_device_get_stats(a.device, &s);
		return s;
	}

	oe_kernel a{config()};
};

TEST_P(Llq, EverySizeAndNumberOfBuffersArrives)
{
	std::mt19937 random(1);
	uint64_t pushed = 0;

	for (unsigned i = 0; i < 3000; i++) {
		TxRequest request;
		request.frame.resize(14 + random() % (i % 4 ? 300 : 8900));
		for (auto &byte : request.frame)
			byte = static_cast<uint8_t>(random());
		request.fragments = 1 + random() % 18;
		pushed += std::min<uint64_t>(GetParam().push, request.frame.size());
		ASSERT_TRUE(a.send(i % 2, request)) << i;
		a.run(ms);
		ASSERT_EQ(a.transmitted.size(), 1u) << i << (a.notes.empty() ? "" : a.notes.back());
		ASSERT_EQ(a.transmitted.front().frame, request.frame) << i;
		a.transmitted.clear();
	}
	EXPECT_EQ(a.tx_completed, 3000u);
	EXPECT_TRUE(a.notes.empty()) << a.notes.front();
	EXPECT_EQ(stats().tx_llq_packets, GetParam().push ? 3000u : 0u);
	EXPECT_EQ(stats().tx_llq_header_bytes, pushed);
}

TEST_P(Llq, ManyInOneDoorbell)
{
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 100; i++) {
			TxRequest request;
			request.frame.assign(60 + i * 7, static_cast<uint8_t>(i));
			request.fragments = 1 + i % 16;
			ASSERT_TRUE(a.send(0, request, i == 99)) << i;
		}
		a.run(ms);
		ASSERT_EQ(a.transmitted.size(), 100u);
		for (unsigned i = 0; i < 100; i++)
			EXPECT_EQ(a.transmitted[i].frame,
				  Bytes(60 + i * 7, static_cast<uint8_t>(i)));
		a.transmitted.clear();
	}
	EXPECT_TRUE(a.notes.empty()) << a.notes.front();
}

TEST_P(Llq, AFullRingStopsAndGoesOn)
{
	TxRequest request;
	request.frame.assign(5000, 0x5a);
	request.fragments = 18;
	a.device_stuck = true;
	unsigned sent = 0;
	while (a.send(0, request))
		ASSERT_LT(++sent, 5000u);
	EXPECT_GT(sent, 10u);
	a.device_stuck = false;
	a.run(ms);
	EXPECT_EQ(a.transmitted.size(), sent);
	EXPECT_TRUE(a.send(0, request));
	EXPECT_TRUE(a.notes.empty()) << a.notes.front();
}

TEST_P(Llq, SurvivesAResetAndAChangeOfLength)
{
	TxRequest request;
	request.frame.assign(1000, 1);
	oe_request_reset(a.adapter, 13);
	a.run(3 * second);
	EXPECT_EQ(a.resets, 1u);
	a.log.clear(); /* it said so */
	for (uint32_t push : {224u, 96u, 0u, 224u, GetParam().push}) {
		const uint64_t before = stats().tx_llq_header_bytes;
		a.close();
		ASSERT_EQ(a.set([&](oe_settings &s) { s.push = push; }), 0);
		ASSERT_EQ(a.open(), 0);
		a.run(second);
		ASSERT_TRUE(a.send(1, request));
		a.run(ms);
		ASSERT_EQ(a.transmitted.size(), 1u);
		EXPECT_EQ(a.transmitted.front().frame, request.frame);
		a.transmitted.clear();
		EXPECT_EQ(stats().tx_llq_header_bytes - before, push);
	}
	EXPECT_EQ(a.resets, 1u);
	EXPECT_TRUE(a.notes.empty()) << a.notes.front();
	EXPECT_TRUE(a.log.empty()) << a.log.front();
}

INSTANTIATE_TEST_SUITE_P(All, Llq,
			 testing::Values(How{96, true, 0}, How{224, true, 0}, How{96, false, 0},
					 How{224, false, 8192}, How{96, true, 5120},
					 How{0, true, 0}));

} // namespace
