// SPDX-License-Identifier: GPL-2.0-or-later
/* The allowance itself, under a clock of the test. */
#include "frames.hh"
#include "instance.hh"

#include "core/allowance.hh"
#include "tests/time_units.hh"

#include <gtest/gtest.h>

using namespace ena;

namespace
{
/* What may pass at once; see allowance.cc. */
constexpr uint64_t burst_bytes = 2 * 65536;

/* An adapter without the adapter. */
struct Traffic {
	Traffic(Allowance &allowance, const FrameSpec &spec = {})
	    : frame(make_frame(spec)), wire{frame.size(), 1, frame, net::parse(frame, frame.size())}
	{
		EXPECT_TRUE(share.join(allowance));
	}
	/* As much as is let through at @now_ns; when to come back. */
	uint64_t send(uint64_t now_ns, Way way = Way::out)
	{
		while (true) {
			const Verdict v = share.ask(way, wire, now_ns);
			if (v.say == Verdict::Say::wait)
				return v.until_ns;
			if (v.say == Verdict::Say::drop) {
				dropped++;
				return now_ns + ms;
			}
			share.charge(way, wire);
			bytes += wire.bytes;
			packets++;
		}
	}
	/* All that is let through until @end_ns. */
	void run(uint64_t &now_ns, uint64_t end_ns, Way way = Way::out)
	{
		while (now_ns < end_ns)
			now_ns = std::max(now_ns + 1, send(now_ns, way));
	}
	[[nodiscard]] double mbps(uint64_t ns) const
	{
		return static_cast<double>(bytes) * 8000 / static_cast<double>(ns);
	}

	AllowanceShare share;
	Bytes frame;
	WirePacket wire;
	uint64_t bytes = 0, packets = 0, dropped = 0;
};

std::unique_ptr<Allowance> make(const ena_allowance_config &config)
{
	auto allowance = std::make_unique<Allowance>(config);
	EXPECT_TRUE(allowance->init());
	return allowance;
}
} // namespace

TEST(TokenBucket, CountsEveryUnitOverHours)
{
	constexpr uint64_t rate = 937, step = 12'345'677, end = 5 * 3600 * second;
	constexpr uint64_t piece = 12'345'678'901;
	constexpr int64_t depth = 100'000'000'000;
	TokenBucket bucket(rate, depth);
	uint64_t taken = 0, now = 0;

	while (now < end) {
		now += step;
		bucket.refill(now);
		while (bucket.ready()) {
			bucket.take(piece);
			taken += piece;
		}
	}
	EXPECT_EQ(static_cast<int64_t>(taken) + bucket.level(),
		  depth + static_cast<int64_t>(rate * (now - step))); /* full at first */
}

TEST(TokenBucket, NoOverflowAndNoGiftFromTheClock)
{
	TokenBucket bucket(400'000, TokenBucket::max_depth);
	bucket.take(UINT64_MAX);
	bucket.take(UINT64_MAX);
	EXPECT_EQ(bucket.level(), -TokenBucket::max_depth);
	bucket.refill(UINT64_MAX / 2);
	EXPECT_EQ(bucket.level(), TokenBucket::max_depth);
	bucket.take(1000);
	bucket.refill(5); /* back: a snapshot was loaded */
	EXPECT_EQ(bucket.level(), TokenBucket::max_depth - 1000);
	bucket.refill(6);
	EXPECT_EQ(bucket.level(), TokenBucket::max_depth);
}

TEST(Allowance, BaselineIsExactOverAnHour)
{
	auto a = make(plain_allowance(64));
	Traffic t(*a, {.payload = 1400});
	uint64_t now = 0;

	t.run(now, 3600 * second);
	const uint64_t due = 64 * 3600 * second / 8000;
	EXPECT_GE(t.bytes, due - t.wire.bytes);
	EXPECT_LE(t.bytes, due + burst_bytes + 2 * t.wire.bytes);
}

TEST(Allowance, BurstEndsWithTheCreditsWhichComeBackAtTheBaseline)
{
	ena_allowance_config c = plain_allowance(64);
	c.peak_mbps = 1000;
	c.burst_ms = 2000;
	auto a = make(c);
	Traffic t(*a, {.payload = 8000});
	uint64_t now = 0;

	t.run(now, 1900 * ms);
	EXPECT_NEAR(t.mbps(1900 * ms), 1000, 10);
	t.run(now, 3000 * ms);
	t.bytes = 0;
	t.run(now, 13'000 * ms);
	EXPECT_NEAR(t.mbps(10 * second), 64, 0.5);

	/* 29.25 s without traffic are worth 2 s of the difference; twice that is not more. */
	for (uint64_t idle : {29'250 * ms, 58'500 * ms}) {
		now += idle;
		t.bytes = 0;
		const uint64_t start = now;
		t.run(now, start + 5 * second);
		EXPECT_NEAR(static_cast<double>(t.bytes), (936 * 2 + 64 * 5) * 1e6 / 8, 1e6);
	}
}

TEST(Allowance, DirectionsAreSeparateButPacketsAreNot)
{
	ena_allowance_config c = plain_allowance(1000);
	auto a = make(c);
	Traffic t(*a, {.payload = 1400});
	uint64_t now = 0;
	while (now < second) {
		t.send(now, Way::out);
		now = t.send(now, Way::in);
	}
	EXPECT_NEAR(t.mbps(second), 2000, 10);

	c.pps = 10'000;
	auto limited = make(c);
	Traffic p(*limited);
	now = 0;
	bool in = false;
	while (now < 10 * second)
		now = p.send(now, (in = !in) ? Way::in : Way::out);
	EXPECT_NEAR(static_cast<double>(p.packets), 100'000, 200);
	(void)p.send(now);
	EXPECT_EQ(p.share.ask(Way::in, p.wire, now).excess, Excess::packets);
}

TEST(Allowance, OneFlowHasItsOwnLimit)
{
	ena_allowance_config c = plain_allowance(10'000);
	c.flow_mbps = 5000;
	auto a = make(c);
	Traffic one(*a, {.payload = 8000, .source_port = 1});
	Traffic two(*a, {.payload = 8000, .source_port = 2});
	uint64_t now = 0;

	one.run(now, second);
	EXPECT_NEAR(one.mbps(second), 5000, 50);
	one.bytes = 0;
	while (now < 2 * second) {
		const uint64_t again = one.send(now);
		now = std::min(again, two.send(now));
	}
	EXPECT_NEAR(one.mbps(second), 5000, 50);
	EXPECT_NEAR(two.mbps(second), 5000, 50);
}

TEST(Allowance, TimeScale)
{
	ena_allowance_config c = plain_allowance(1000);
	c.time_scale = 7;
	auto a = make(c);
	Traffic t(*a, {.payload = 1400});
	uint64_t now = 5 * second + 3;

	t.run(now, now + 70 * second);
	EXPECT_NEAR(static_cast<double>(t.bytes), 1e9 / 8 * 10 + burst_bytes, 1e5);
}

TEST(Allowance, AdaptersThatWaitTakeTurnsByBytes)
{
	auto a = make(plain_allowance(100));
	Traffic large(*a, {.payload = 8900});
	Traffic medium(*a, {.payload = 1400});
	Traffic small(*a, {.payload = 60});

	/* All of them always in the same order, which must not matter. */
	for (uint64_t now = 0; now < 60 * second; now += ms)
		for (Traffic *t : {&large, &medium, &small})
			t->send(now);
	const double due = 100e6 / 8 * 60 / 3;
	for (Traffic *t : {&large, &medium, &small})
		EXPECT_NEAR(static_cast<double>(t->bytes), due, due / 50);
}

TEST(Allowance, WhatWasNotUsedIsNoClaimOnOthers)
{
	auto a = make(plain_allowance(100));
	Traffic busy(*a, {.payload = 1400});
	Traffic late(*a, {.payload = 1400});
	uint64_t now = 0;

	busy.run(now, 60 * second);
	busy.bytes = 0;
	for (const uint64_t end = now + 10 * second; now < end; now += ms) {
		late.send(now);
		busy.send(now);
	}
	EXPECT_NEAR(static_cast<double>(busy.bytes), 100e6 / 8 * 5, 100e6 / 8 * 5 / 20);
	/* Once it has gone, nobody waits for it. */
	busy.bytes = 0;
	const uint64_t start = now;
	busy.run(now, start + second);
	EXPECT_NEAR(busy.mbps(second), 100, 2);
}

TEST(Allowance, LinkLocalServicesAreLimitedForEachAdapter)
{
	ena_allowance_config c = plain_allowance(10'000);
	c.link_local_pps = 1024;
	auto a = make(c);
	const Bytes metadata = {169, 254, 169, 254};
	Bytes resolver(16);
	const uint8_t prefix[] = {0xfd, 0, 0x0e, 0xc2};
	memcpy(resolver.data(), prefix, sizeof(prefix));
	Traffic v4(*a, {.tcp = false, .payload = 60, .destination = metadata});
	Traffic v6(*a, {.ipv6 = true, .tcp = false, .payload = 60, .destination = resolver});
	Traffic other(*a, {.tcp = false, .payload = 60, .destination = {169, 253, 0, 1}});

	for (uint64_t now = 0; now < 10 * second; now += ms)
		for (Traffic *t : {&v4, &v6})
			t->send(now);
	for (Traffic *t : {&v4, &v6}) {
		EXPECT_NEAR(static_cast<double>(t->packets), 10'240, 70);
		EXPECT_GT(t->dropped, 9000u);
	}
	EXPECT_EQ(v4.share.ask(Way::out, v4.wire, 10 * second - ms).excess, Excess::link_local);
	EXPECT_EQ(v4.share.ask(Way::in, v4.wire, 10 * second - ms).say, Verdict::Say::pass);
	(void)other.send(10 * second);
	EXPECT_GT(other.packets, 500u);
	EXPECT_EQ(other.dropped, 0u);
}

TEST(Allowance, TakesNoMoreAdaptersThanItHasPlaces)
{
	auto a = make(plain_allowance(100));
	std::vector<std::unique_ptr<AllowanceShare>> shares;
	for (int i = 0; i < ENA_INSTANCE_MAX_ADAPTERS; i++) {
		shares.push_back(std::make_unique<AllowanceShare>());
		EXPECT_TRUE(shares.back()->join(*a));
	}
	AllowanceShare one_more;
	EXPECT_FALSE(one_more.join(*a));
	EXPECT_FALSE(one_more.limited());
	shares.pop_back();
	EXPECT_TRUE(one_more.join(*a));
}
