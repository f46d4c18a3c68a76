// SPDX-License-Identifier: GPL-2.0-or-later
/* Why drivers reset: the reason as the registers carry it, and its name. */
#include "guest.hh"

#include "core/reset.hh"

#include <gtest/gtest.h>

#include <set>

TEST(ResetReason, AllArriveWithTheirNames)
{
	Guest g;
	g.start();
	const auto a = g.get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES);
	EXPECT_TRUE(a.capabilities.get() & ENA_CAPABILITY_EXTENDED_RESET_REASONS);

	std::set<std::string> names;
	for (uint32_t reason = 0; reason <= ENA_RESET_MISSING_FIRST_INTERRUPT; reason++) {
		const std::string name = ena::reset_reason_name(reason);
		names.insert(name);
		g.reset(reason);
		ena_device_stats stats;
		ena_device_get_stats(g.host.device, &stats);
		EXPECT_EQ(stats.last_reset_reason, reason);
		EXPECT_TRUE(g.host.noted("reset by the driver, reason " + std::to_string(reason) +
					 " (" + name + ")"));
	}
	EXPECT_EQ(names.size(), ENA_RESET_MISSING_FIRST_INTERRUPT + 1u);
	EXPECT_EQ(names.count("unknown"), 0u);
	g.reset(ENA_RESET_MISSING_FIRST_INTERRUPT + 1);
	EXPECT_TRUE(g.host.noted("reason 21 (unknown)"));
	g.reset(255);
	EXPECT_TRUE(g.host.noted("reason 255 (unknown)"));
}

/* Eight bits in two fields, the upper four in the lower field. */
TEST(ResetReason, ExtendedBitsLieIn27To24)
{
	EXPECT_EQ(ena::ResetControl::reason(0x1000'0001), 1u);
	EXPECT_EQ(ena::ResetControl::reason(0x0100'0001), 16u);
	EXPECT_EQ(ena::ResetControl::reason(0x4100'0001), 20u);
	EXPECT_EQ(ena::ResetControl::reason(0xff00'0001), 255u);
	/* A driver that shifts 16 into the four bits of old loses it. */
	EXPECT_EQ(ena::ResetControl::reason(1 | ((16u << 28) & ENA_DEV_CTL_REASON)), 0u);
}
