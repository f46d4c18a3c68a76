// SPDX-License-Identifier: GPL-2.0-or-later
/* The hardware clock: what the driver makes of the device's answers, good and bad. */
#include <gtest/gtest.h>

#include <cerrno>

#include "abi/ena_admin.h"
#include "abi/ena_regs.h"
#include "machine.hh"
#include "tests/time_units.hh"

namespace
{

class Phc : public testing::Test {
    protected:
	void boot(const ena_config &config = default_config())
	{
		m.emplace(config);
		ASSERT_EQ(m->probe(), 0);
	}
	~Phc() override
	{
		if (m && m->adapter)
			m->remove();
	}
	int read()
	{
		time = {};
		return oe_phc_read(m->adapter, &time);
	}
	uint64_t counter(const char *name)
	{
		const uint32_t n = oe_stats_count(m->adapter);
		std::vector<char[OE_STAT_NAME]> names(n);
		std::vector<uint64_t> values(n);
		oe_stats_names(m->adapter, names.data());
		oe_stats_values(m->adapter, values.data());
		for (uint32_t i = 0; i < n; i++)
			if (!strcmp(names[i], name))
				return values[i];
		ADD_FAILURE() << "no counter " << name;
		return 0;
	}

	std::optional<oe_kernel> m;
	struct oe_phc_time time = {};
};

TEST_F(Phc, ReadsTheHostsTime)
{
	ena_config config = default_config();
	config.phc_error_bound_ns = 77;
	boot(config);
	EXPECT_TRUE(oe_info(m->adapter)->phc);
	for (int i = 0; i < 100; i++) {
		const uint64_t before = Clock::epoch + Clock::now;
		ASSERT_EQ(read(), 0);
		EXPECT_GE(time.ns, before);
		EXPECT_LE(time.ns, Clock::epoch + Clock::now);
		EXPECT_EQ(time.error_bound_ns, 77u);
	}
	EXPECT_EQ(counter("phc_cnt"), 100u);
	EXPECT_TRUE(m->notes.empty()) << m->notes.front();
}

TEST_F(Phc, BlocksAfterTooManyAndRecovers)
{
	boot();
	for (int i = 0; i < 125; i++)
		ASSERT_EQ(read(), 0) << i;
	EXPECT_EQ(read(), -EBUSY);
	EXPECT_EQ(counter("phc_err_ts"), 1u);
	/* For the time that the device has named nothing is asked. */
	const size_t notes = m->notes.size();
	EXPECT_EQ(read(), -EBUSY);
	EXPECT_EQ(read(), -EBUSY);
	EXPECT_EQ(m->notes.size(), notes);
	EXPECT_EQ(counter("phc_skp"), 2u);
	m->run(9 * ms);
	EXPECT_EQ(read(), 0);
	EXPECT_EQ(counter("phc_err_dv"), 0u);
	EXPECT_EQ(counter("phc_exp"), 0u);
}

TEST_F(Phc, SilentDeviceIsGivenUpInTime)
{
	boot();
	m->dma_until_failure = 0;
	const uint64_t before = Clock::now;
	EXPECT_EQ(read(), -EBUSY);
	EXPECT_GT(Clock::now - before, 5 * ms);
	EXPECT_LT(Clock::now - before, 6 * ms);
	m->dma_until_failure = UINT64_MAX;
	EXPECT_EQ(read(), -EBUSY) << "too soon";
	m->run(9 * ms);
	EXPECT_EQ(read(), 0);
	EXPECT_EQ(counter("phc_err_dv"), 1u);
	EXPECT_EQ(counter("phc_skp"), 1u);
}

TEST_F(Phc, WishesOfTheDeviceAreBounded)
{
	ena_config config = default_config();
	config.phc_expire_us = config.phc_block_us = 1'000'000;
	boot(config);
	m->dma_until_failure = 0;
	const uint64_t before = Clock::now;
	EXPECT_EQ(read(), -EBUSY);
	EXPECT_LT(Clock::now - before, 21 * ms);
	m->dma_until_failure = UINT64_MAX;

	config.phc_expire_us = config.phc_block_us = 0;
	m->remove();
	boot(config);
	m->dma_until_failure = 0;
	const uint64_t start = Clock::now;
	EXPECT_EQ(read(), -EBUSY);
	EXPECT_LT(Clock::now - start, 20'000u) << "10 us, if the device names no time";
	m->dma_until_failure = UINT64_MAX;
	m->run(2 * ms);
	EXPECT_EQ(read(), 0);
}

TEST_F(Phc, UnknownErrorBoundIsAFailure)
{
	ena_config config = default_config();
	config.phc_error_bound_ns = ENA_PHC_ERROR_BOUND_UNKNOWN;
	boot(config);
	EXPECT_EQ(read(), -EBUSY);
	EXPECT_EQ(counter("phc_err_eb"), 1u);
	EXPECT_EQ(counter("phc_cnt"), 0u);
}

TEST_F(Phc, WorksAgainAfterAReset)
{
	boot();
	ASSERT_EQ(m->open(), 0);
	m->run(2 * second);
	ASSERT_EQ(read(), 0);
	oe_request_reset(m->adapter, ENA_RESET_USER_TRIGGER);
	m->run(2 * second);
	EXPECT_EQ(m->resets, 1u);
	EXPECT_EQ(read(), 0);
	EXPECT_EQ(counter("phc_cnt"), 2u);
	m->close();
}

TEST_F(Phc, AbsentWithoutTheFeature)
{
	ena_config config = default_config();
	config.features &= ~ENA_BIT(ENA_FEATURE_PHC);
	boot(config);
	EXPECT_FALSE(oe_info(m->adapter)->phc);
	EXPECT_EQ(read(), -EOPNOTSUPP);
	EXPECT_TRUE(m->log.empty()) << m->log.front();
}

} // namespace
