// SPDX-License-Identifier: GPL-2.0-or-later
/* Connection tracking under a clock of the test. */
#include "frames.hh"

#include "core/connections.hh"
#include "tests/time_units.hh"

#include <gtest/gtest.h>

using namespace ena;

namespace
{
constexpr uint8_t fin = 1, syn = 2, rst = 4, ack = 16;

class Tracking : public testing::Test {
    protected:
	void use(uint32_t entries)
	{
		EXPECT_TRUE(table.init(entries, 350 * second));
	}
	bool track(const FrameSpec &spec, bool outbound = true)
	{
		const Bytes frame = make_frame(spec);
		const net::Packet p = net::parse(frame, frame.size());
		return table.track(Connection::of(p, frame, outbound), p, frame, outbound, now);
	}
	/* The answer to what make_frame() made of @spec. */
	bool answer(const FrameSpec &spec)
	{
		const Bytes frame = make_frame(spec);
		const net::Packet p = net::parse(frame, frame.size());
		const auto from = p.source(frame), to = p.destination(frame);
		FrameSpec back = spec;
		back.source.assign(to.begin(), to.end());
		back.destination.assign(from.begin(), from.end());
		std::swap(back.source_port, back.destination_port);
		return track(back, false);
	}

	Connections table;
	uint64_t now = 0;
};
} // namespace

TEST_F(Tracking, BothDirectionsAreOneConnection)
{
	use(10);
	EXPECT_TRUE(track({}));
	EXPECT_TRUE(answer({}));
	EXPECT_TRUE(track({}));
	EXPECT_EQ(table.available(), 9u);
	EXPECT_TRUE(track({.source_port = 7001}));
	EXPECT_TRUE(track({.tcp = false}));
	EXPECT_TRUE(track({.ipv6 = true}));
	EXPECT_EQ(table.available(), 6u);
}

TEST_F(Tracking, NewOnesAreRefusedWhenFullAndOldOnesGoOn)
{
	use(100);
	for (uint16_t i = 0; i < 100; i++)
		EXPECT_TRUE(track({.source_port = i}));
	EXPECT_EQ(table.available(), 0u);
	EXPECT_FALSE(track({.source_port = 100}));
	for (uint16_t i = 0; i < 100; i++)
		EXPECT_TRUE(answer({.source_port = i}));
	EXPECT_TRUE(track({.source_port = 5, .tcp_flags = rst}));
	EXPECT_TRUE(track({.source_port = 100}));
	EXPECT_FALSE(track({.source_port = 101}));
}

TEST_F(Tracking, TimesOutByWhatItIs)
{
	use(10);
	const FrameSpec tcp{.source_port = 1}, opening{.source_port = 2, .tcp_flags = syn};
	const FrameSpec stream{.tcp = false, .source_port = 3};
	const FrameSpec single{.tcp = false, .source_port = 4};
	EXPECT_TRUE(track(tcp) && answer(tcp));
	EXPECT_TRUE(track(stream) && answer(stream));
	EXPECT_TRUE(track(opening) && track(single));
	const std::pair<uint64_t, uint32_t> steps[] = {{29, 6},  {30, 8},  {179, 8},
						       {180, 9}, {349, 9}, {350, 10}};
	for (const auto &[seconds, available] : steps) {
		now = seconds * second;
		table.expire(now);
		EXPECT_EQ(table.available(), available) << seconds;
	}
}

TEST_F(Tracking, ClosedConnectionsLeaveSoon)
{
	use(10);
	EXPECT_TRUE(track({.tcp_flags = syn}) && answer({.tcp_flags = syn | ack}));
	EXPECT_TRUE(track({.tcp_flags = fin | ack}));
	now = 31 * second;
	table.expire(now);
	EXPECT_EQ(table.available(), 9u); /* half closed is open */
	EXPECT_TRUE(answer({.tcp_flags = fin | ack}));
	now = 62 * second;
	table.expire(now);
	EXPECT_EQ(table.available(), 10u);
}

TEST_F(Tracking, ATableFullOfTheTimedOutTakesNewOnes)
{
	use(1000);
	for (unsigned int round = 0; round < 5; round++) {
		for (uint16_t i = 0; i < 1000; i++)
			ASSERT_TRUE(track({.tcp = false,
					   .source_port = i,
					   .destination_port = static_cast<uint16_t>(round)}));
		now += 30 * second;
	}
}

TEST_F(Tracking, ManyRandomOnesStayWithinTheTable)
{
	constexpr uint32_t size = 4096;
	uint64_t x = 1;
	unsigned int refused = 0;
	use(size);
	for (unsigned int i = 0; i < 200'000; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		const auto r = static_cast<uint32_t>(x >> 32);
		Bytes remote = {10, static_cast<uint8_t>(r >> 8), static_cast<uint8_t>(r >> 16), 1};
		refused += !track({.tcp = (r & 1) != 0,
				   .payload = 1,
				   .source_port = static_cast<uint16_t>(r),
				   .tcp_flags = static_cast<uint8_t>(r >> 24),
				   .destination = remote},
				  (r & 2) != 0);
		ASSERT_LE(table.available(), size);
		now += (r & 0xfff) * 1000;
	}
	EXPECT_GT(refused, 1000u);
	now += 400 * second;
	table.expire(now);
	EXPECT_EQ(table.available(), size);
}

TEST_F(Tracking, AClockSetBackForgetsNothing)
{
	use(10);
	now = 100 * second;
	EXPECT_TRUE(track({}));
	now = 0;
	EXPECT_TRUE(track({.source_port = 9}));
	table.expire(now);
	EXPECT_EQ(table.available(), 8u);
}
