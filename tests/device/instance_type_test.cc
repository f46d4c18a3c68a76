// SPDX-License-Identifier: GPL-2.0-or-later
/* EC2's instance types: what is found, what is refused, what it sets. */
#include "guest.hh"

#include "ena_instance.h"

#include <gtest/gtest.h>

namespace
{
const ena_instance_type &find(const char *name)
{
	char why[200] = "";
	const ena_instance_type *type = ena_instance_type_find(name, why, sizeof(why));
	EXPECT_TRUE(type) << why;
	static const ena_instance_type none{};
	return type ? *type : none;
}

std::string refusal(const char *name)
{
	char why[200] = "";
	EXPECT_FALSE(ena_instance_type_find(name, why, sizeof(why)));
	return why;
}
} // namespace

TEST(InstanceType, Facts)
{
	EXPECT_EQ(find("c5n.18xlarge").peak_mbps, 100'000u);
	EXPECT_EQ(find("c5n.18xlarge").queues, 32);
	EXPECT_EQ(find("t3.micro").baseline_mbps, 64u);
	EXPECT_EQ(find("t3.micro").peak_mbps, 5000u);
	EXPECT_FALSE(find("t3.micro").ena_express);
	EXPECT_TRUE(find("c6in.32xlarge").ena_express);
	EXPECT_EQ(find("c8gn.48xlarge").tcp_timeout_s, 350u);
	EXPECT_EQ(find("p5.48xlarge").peak_mbps, 100'000u); /* of one of its cards */
}

TEST(InstanceType, UnknownOnesAreRefusedWithTheNearest)
{
	EXPECT_EQ(refusal("c5n.18xlarg"), "instance-type=c5n.18xlarg is not known; the nearest are "
					  "c5n.18xlarge, c5d.18xlarge and c5.18xlarge");
	EXPECT_NE(refusal("t3micro").find("t3.micro"), std::string::npos);
	(void)refusal("");
	(void)refusal(std::string(5000, 'x').c_str());
	(void)refusal("%s%n");
}

TEST(InstanceType, WithoutEnaTheReasonIsGiven)
{
	EXPECT_EQ(refusal("t2.micro"),
		  "instance-type=t2.micro has no ENA: it has no enhanced networking");
	EXPECT_EQ(refusal("c4.8xlarge"), "instance-type=c4.8xlarge has no ENA: its enhanced "
					 "networking is the Intel 82599 VF");
}

TEST(InstanceType, SetsTheAdapterWithinItsLimits)
{
	ena_config config = FakeHost::default_config();
	char why[200];

	ena_config_set_instance_type(&config, &find("t3.micro"));
	config.vectors = static_cast<uint16_t>(config.queues + 1);
	EXPECT_EQ(config.queues, 2);
	EXPECT_EQ(config.max_mtu, 9001u);
	EXPECT_EQ(config.speed_mbps, 5000u);
	EXPECT_TRUE(ena_config_check(&config, why, sizeof(why)));
	EXPECT_TRUE(ena_config_check_instance_type(&config, &find("t3.micro"), why, sizeof(why)));
	config.queues = 3;
	EXPECT_FALSE(ena_config_check_instance_type(&config, &find("t3.micro"), why, sizeof(why)));
	EXPECT_STREQ(why, "queues=3, an adapter of t3.micro has at most 2");
	EXPECT_TRUE(ena_config_check_instance_type(&config, &find("m5.large"), why, sizeof(why)));
	config.max_mtu = 9002;
	EXPECT_FALSE(ena_config_check_instance_type(&config, &find("m5.large"), why, sizeof(why)));
	config.max_mtu = 1500;
	config.ena_express = true;
	EXPECT_FALSE(ena_config_check_instance_type(&config, &find("m5.large"), why, sizeof(why)));
	EXPECT_TRUE(
		ena_config_check_instance_type(&config, &find("c6in.32xlarge"), why, sizeof(why)));
}

TEST(InstanceType, AllowancesAreChecked)
{
	ena_allowance_config c;
	char why[200];

	ena_allowance_default(&c, &find("t3.nano"));
	EXPECT_TRUE(ena_allowance_check(&c, why, sizeof(why)));
	EXPECT_EQ(c.flow_mbps, 5000u);
	EXPECT_EQ(c.link_local_pps, 1024u);
	EXPECT_EQ(c.tcp_timeout_s, 432'000u);
	const auto refused = [&](uint32_t ena_allowance_config::*field, uint32_t value) {
		ena_allowance_config bad = c;
		bad.*field = value;
		EXPECT_FALSE(ena_allowance_check(&bad, why, sizeof(why)));
		return std::string(why);
	};
	EXPECT_EQ(refused(&ena_allowance_config::time_scale, 31),
		  "time-scale=31, must be at most 30: the baseline of 32 Mbit/s must carry a "
		  "packet of 64 KiB in half a second of the guest");
	EXPECT_EQ(refused(&ena_allowance_config::time_scale, 0),
		  "time-scale=0, must be at least 1");
	EXPECT_EQ(refused(&ena_allowance_config::wait_ms, 1001),
		  "allowance-wait-ms=1001, must be 1 to 1000");
	EXPECT_EQ(refused(&ena_allowance_config::burst_ms, 3'600'001),
		  "burst-ms=3600001, must be at most 3600000");
	EXPECT_EQ(refused(&ena_allowance_config::connections, 1'048'577),
		  "conntrack-allowance=1048577, must be at most 1048576, or 0 to track none");
	EXPECT_EQ(refused(&ena_allowance_config::flow_mbps, 400'001),
		  "flow-mbps=400001, must be at most 400000, or 0 for no limit");
	EXPECT_EQ(refused(&ena_allowance_config::pps, 400'000'001),
		  "pps-allowance=400000001, must be at most 400000000, or 0 for no limit");
	EXPECT_NE(refused(&ena_allowance_config::baseline_mbps, 5001), "");
	EXPECT_NE(refused(&ena_allowance_config::peak_mbps, 400'001), "");
}
