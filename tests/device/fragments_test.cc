// SPDX-License-Identifier: GPL-2.0-or-later
/* The limit on IP fragments that are sent, and feature 8, which lifts it. */
#include "frames.hh"
#include "guest.hh"
#include "tests/time_units.hh"

#include <gtest/gtest.h>

namespace
{

class Fragments : public testing::Test {
    protected:
	void boot(uint32_t limit)
	{
		ena_config config = FakeHost::default_config();
		config.fragment_pps = limit;
		g.emplace(config);
		g->start();
		q = g->create(false, 256, 1);
		whole = make_frame();
		fragment = make_frame();
		put16(fragment, 20, 0x2000); /* more fragments */
		whole_at = g->place(whole);
		fragment_at = g->place(fragment);
	}
	uint8_t bypass(uint8_t enable)
	{
		const ena_frag_bypass b = {.enable = enable, .reserved = {}};
		return g->set_feature(ENA_FEATURE_FRAG_BYPASS, &b, sizeof(b));
	}
	/* How many of @n reach the wire; all are completed. */
	size_t sent_of(unsigned int n, bool fragments)
	{
		g->host.sent.clear();
		for (unsigned int i = 0; i < n; i++) {
			g->push_packet(q, static_cast<uint16_t>(i % 256),
				       fragments ? fragment_at : whole_at);
			g->ring(q);
			EXPECT_TRUE(g->tx_completion(q));
		}
		return g->host.sent.size();
	}
	uint64_t packets_exceeded()
	{
		ena_get_stats_cmd cmd{};
		cmd.common.opcode = ENA_ADMIN_GET_STATS;
		cmd.type = ENA_STATS_ENI;
		const auto c = g->command(&cmd);
		ena_eni_stats stats;
		memcpy(&stats, c.payload, sizeof(stats));
		return stats.pps_allowance_exceeded.get();
	}

	std::optional<Guest> g;
	Guest::Queue q;
	Bytes whole, fragment;
	std::vector<Guest::Buffer> whole_at, fragment_at;
};
} // namespace

TEST_F(Fragments, WithoutALimitAllAreSent)
{
	boot(0);
	EXPECT_EQ(sent_of(500, true), 500u);
	EXPECT_EQ(packets_exceeded(), 0u);
	EXPECT_EQ(bypass(1), 0);
}

TEST_F(Fragments, ThoseBeyondTheLimitAreDroppedAndCounted)
{
	boot(10);
	EXPECT_EQ(sent_of(25, true), 10u);
	EXPECT_EQ(packets_exceeded(), 15u);
	ena_device_stats stats;
	ena_device_get_stats(g->host.device, &stats);
	EXPECT_EQ(stats.tx_drops, 15u);
	/* Others are none of it. */
	EXPECT_EQ(sent_of(300, false), 300u);
	g->host.clock_ns += second / 2;
	EXPECT_EQ(sent_of(25, true), 5u);
	g->host.clock_ns += 100 * second;
	EXPECT_EQ(sent_of(25, true), 10u);
	EXPECT_EQ(packets_exceeded(), 15u + 20u + 15u);
}

TEST_F(Fragments, BypassLiftsTheLimitUntilReset)
{
	boot(10);
	EXPECT_EQ(bypass(1), 0);
	EXPECT_EQ(sent_of(200, true), 200u);
	EXPECT_EQ(bypass(0), 0);
	EXPECT_EQ(sent_of(200, true), 10u);
	EXPECT_EQ(bypass(1), 0);
	g->reset();
	g->start_admin_again();
	q = g->create(false, 256, 1);
	EXPECT_EQ(sent_of(200, true), 10u);
}

TEST_F(Fragments, CanOnlyBeSetToOnOrOff)
{
	boot(10);
	EXPECT_EQ(bypass(2), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g->host.noted("fragment bypass 2, must be 0 or 1"));
	EXPECT_EQ(sent_of(200, true), 10u);
	EXPECT_EQ(g->get_feature_raw(ENA_FEATURE_FRAG_BYPASS).common.status,
		  ENA_ADMIN_UNSUPPORTED_OPCODE);

	ena_config config = FakeHost::default_config();
	config.fragment_pps = 100'000'001;
	char why[160] = "";
	EXPECT_FALSE(ena_config_check(&config, why, sizeof(why)));
	EXPECT_NE(std::string(why).find("100000001 fragments a second"), std::string::npos);
}
