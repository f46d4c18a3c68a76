// SPDX-License-Identifier: GPL-2.0-or-later
/* The hardware clock: what drivers ask and how they are answered. */
#include "guest.hh"
#include "tests/time_units.hh"

#include <gtest/gtest.h>

namespace
{

class Phc : public testing::Test {
    protected:
	void boot(const ena_config &config = FakeHost::default_config())
	{
		g.emplace(config);
		g->start();
		place = g->host.alloc(sizeof(ena_phc_answer));
		phc = g->get_feature<ena_phc_config>(ENA_FEATURE_PHC);
		ASSERT_EQ(g->last.common.status, 0);
	}
	uint8_t set(uint64_t address, uint32_t length = sizeof(ena_phc_answer))
	{
		ena_phc_config c{};
		ena::store(c.output_address, address);
		c.output_length.set(length);
		return g->set_feature(ENA_FEATURE_PHC, &c, sizeof(c));
	}
	void boot_and_set(const ena_config &config = FakeHost::default_config())
	{
		boot(config);
		ASSERT_EQ(set(place), 0);
	}
	/* As a driver does it: an id that cannot be taken for the next one, then the doorbell. */
	ena_phc_answer ask()
	{
		ena_phc_answer answer = g->host.load<ena_phc_answer>(place);
		id++;
		answer.req_id.set(static_cast<uint16_t>(id + 0xdead));
		g->host.store(place, answer);
		g->host.write(phc.doorbell_offset.get(), id);
		return g->host.load<ena_phc_answer>(place);
	}
	unsigned int answered_of(unsigned int requests)
	{
		unsigned int good = 0;
		for (unsigned int i = 0; i < requests; i++)
			good += ask().error_flags.get() == 0;
		return good;
	}

	std::optional<Guest> g;
	uint64_t place = 0;
	uint16_t id = 0;
	ena_phc_config phc{};
};
} // namespace

TEST_F(Phc, IsAnnouncedWithItsDoorbellAndTimeouts)
{
	ena_config config = FakeHost::default_config();
	config.phc_expire_us = 70;
	config.phc_block_us = 900;
	boot(config);
	const auto a = g->get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES);
	EXPECT_TRUE(a.supported_features.get() & ENA_BIT(ENA_FEATURE_PHC));
	EXPECT_EQ(phc.version, ENA_PHC_VERSION);
	EXPECT_EQ(phc.doorbell_offset.get(), 0x100u);
	EXPECT_EQ(phc.expire_timeout_us.get(), 70u);
	EXPECT_EQ(phc.block_timeout_us.get(), 900u);
}

TEST_F(Phc, TellsTheTimeOfTheHost)
{
	ena_config config = FakeHost::default_config();
	config.phc_error_bound_ns = 4321;
	boot_and_set(config);
	for (uint64_t step : {0u, 1u, 123'456'789u}) {
		g->host.clock_ns += step;
		const ena_phc_answer answer = ask();
		EXPECT_EQ(answer.req_id.get(), id);
		EXPECT_EQ(answer.timestamp.get(), g->host.epoch_ns + g->host.clock_ns);
		EXPECT_EQ(answer.error_bound.get(), 4321u);
		EXPECT_EQ(answer.error_flags.get(), 0u);
	}
	/* The wall clock may be set back. */
	const uint64_t before = ask().timestamp.get();
	g->host.epoch_ns -= 10 * second;
	EXPECT_EQ(ask().timestamp.get(), before - 10 * second);
}

TEST_F(Phc, IdIsSeenOnlyWithTheWholeAnswer)
{
	boot_and_set();
	ena_phc_answer old{};
	memset(&old, 0x5a, sizeof(old));
	g->host.store(place, old);
	bool seen = false;
	g->host.on_dma_write = [&](uint64_t, size_t) {
		const auto now = g->host.load<ena_phc_answer>(place);
		if (now.req_id.get() != 0x1234)
			return;
		seen = true;
		EXPECT_EQ(now.timestamp.get(), g->host.epoch_ns + g->host.clock_ns);
		EXPECT_EQ(now.error_flags.get(), 0u);
		EXPECT_EQ(now.reserved32[31], 0);
	};
	g->host.write(phc.doorbell_offset.get(), 0x1234);
	EXPECT_TRUE(seen);
	/* Only 16 bits are the id. */
	g->host.on_dma_write = nullptr;
	g->host.write(phc.doorbell_offset.get(), 0xabcd'0077);
	EXPECT_EQ(g->host.load<ena_phc_answer>(place).req_id.get(), 0x77);
}

TEST_F(Phc, RateIsLimitedToASecondsWorth)
{
	boot_and_set();
	EXPECT_EQ(answered_of(200), 125u);
	const ena_phc_answer refused = ask();
	EXPECT_EQ(refused.req_id.get(), id) << "an error is an answer, too";
	EXPECT_EQ(refused.error_flags.get(), ENA_PHC_ERROR_TIMESTAMP);
	EXPECT_EQ(refused.timestamp.get(), 0u);
	EXPECT_EQ(refused.error_bound.get(), ENA_PHC_ERROR_BOUND_UNKNOWN);
	EXPECT_TRUE(g->host.noted("more than 125 in a second"));

	/* Refused requests cost nothing: an even rate goes on. */
	for (int i = 0; i < 1000; i++) {
		g->host.clock_ns += second / 125;
		EXPECT_EQ(ask().error_flags.get(), 0u);
	}
	EXPECT_EQ(answered_of(1), 0u);
	g->host.clock_ns += 100 * second;
	EXPECT_EQ(answered_of(200), 125u) << "what is not used does not add up";
}

TEST_F(Phc, RateIsAProperty)
{
	ena_config config = FakeHost::default_config();
	config.phc_rate = 0;
	boot_and_set(config);
	EXPECT_EQ(answered_of(5000), 5000u);
	config.phc_rate = 1;
	boot_and_set(config);
	EXPECT_EQ(answered_of(3), 1u);
	g->host.clock_ns += second - 1;
	EXPECT_EQ(answered_of(1), 0u);
	g->host.clock_ns += 1;
	EXPECT_EQ(answered_of(2), 1u);
}

TEST_F(Phc, UnknownErrorBoundIsAnError)
{
	ena_config config = FakeHost::default_config();
	config.phc_error_bound_ns = ENA_PHC_ERROR_BOUND_UNKNOWN;
	boot_and_set(config);
	const ena_phc_answer answer = ask();
	EXPECT_EQ(answer.req_id.get(), id);
	EXPECT_EQ(answer.error_flags.get(), ENA_PHC_ERROR_ERROR_BOUND);
}

TEST_F(Phc, BadRequestsAreNamed)
{
	boot();
	g->host.write(phc.doorbell_offset.get(), 7);
	EXPECT_TRUE(g->host.noted("clock request 7 without a place for the answer"));
	EXPECT_EQ(set(0), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_EQ(set(place, 63), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g->host.noted("room for 63 bytes of answer, 64 are needed"));
	g->host.write(phc.doorbell_offset.get(), 8);
	EXPECT_TRUE(g->host.noted("clock request 8 without"));
	EXPECT_EQ(set(0x1000), 0);
	g->host.write(phc.doorbell_offset.get(), 9);
	EXPECT_TRUE(g->host.noted("clock request 9: the answer cannot be written to 0x1000"));
	EXPECT_EQ(set(place, 4096), 0);
	EXPECT_EQ(ask().error_flags.get(), 0u);
}

TEST_F(Phc, ResetForgetsThePlace)
{
	boot_and_set();
	EXPECT_EQ(answered_of(200), 125u);
	g->reset();
	g->start_admin_again();
	const ena_phc_answer before = ask();
	EXPECT_NE(before.req_id.get(), id) << "written to memory that was given back";
	EXPECT_EQ(set(place), 0);
	EXPECT_EQ(ask().req_id.get(), id);
}

TEST_F(Phc, LeftOutItIsNotThere)
{
	ena_config config = FakeHost::default_config();
	config.features &= ~ENA_BIT(ENA_FEATURE_PHC);
	g.emplace(config);
	g->start();
	EXPECT_EQ(g->get_feature_raw(ENA_FEATURE_PHC).common.status, ENA_ADMIN_UNSUPPORTED_OPCODE);
	EXPECT_EQ(set(0x1000), ENA_ADMIN_UNSUPPORTED_OPCODE);
}

TEST(PhcConfig, Limits)
{
	const auto refused = [](auto change) {
		ena_config config = FakeHost::default_config();
		char why[160] = "";
		EXPECT_TRUE(ena_config_check(&config, why, sizeof(why))) << why;
		change(config);
		EXPECT_FALSE(ena_config_check(&config, why, sizeof(why)));
		return std::string(why);
	};
	EXPECT_NE(refused([](auto &c) { c.phc_rate = 1'000'001; }).find("1000001"),
		  std::string::npos);
	EXPECT_NE(refused([](auto &c) { c.phc_block_us = 1'000'001; }).find("1000001"),
		  std::string::npos);
	EXPECT_NE(refused([](auto &c) {
			  c.phc_expire_us = 20;
			  c.phc_block_us = 10;
		  }).find("at most the 10 us"),
		  std::string::npos);
}
