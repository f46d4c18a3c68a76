// SPDX-License-Identifier: GPL-2.0-or-later
#include "run.hh"

#include "json.hh"

#include <gtest/gtest.h>

using tool::Json;

TEST(InstanceTypes, AllOfTheTable)
{
	const Json list = Json::parse(openena({"instance-types", "--json"}).out, "list");
	std::string csv = file_text(INSTANCE_TYPES);
	size_t rows = 0;

	for (size_t at = 0; at < csv.size(); at = csv.find('\n', at) + 1)
		rows += csv[at] != '#';
	ASSERT_TRUE(list.array());
	EXPECT_EQ(list.array()->size(), rows - 1); /* less the heading */
}

TEST(InstanceTypes, Filters)
{
	const Json list = Json::parse(
		openena({"instance-types", "--json", "--family", "c5n", "--min-bandwidth", "15000"})
			.out,
		"list");
	std::vector<std::string> names;

	for (const Json &type : *list.array())
		names.push_back(*type.find("type")->string());
	EXPECT_EQ(names, (std::vector<std::string>{"c5n.18xlarge", "c5n.4xlarge", "c5n.9xlarge",
						   "c5n.metal"}));
	EXPECT_FALSE(has(openena({"instance-types", "--ena"}).out, "c4.large"));
	EXPECT_TRUE(has(openena({"instance-types"}).out, "c4.large"));
	const Json express =
		Json::parse(openena({"instance-types", "--json", "--ena-express"}).out, "list");
	EXPECT_FALSE(express.array()->empty());
	for (const Json &type : *express.array())
		EXPECT_EQ(type.find("ena_express")->boolean(), true);
	EXPECT_EQ(openena({"instance-types", "--min-peak", "900000"}).status, 1);
	EXPECT_EQ(Json::parse(openena({"instance-types", "--min-peak", "900000", "--json"}).out, "")
			  .dump(0),
		  "[]");
}

TEST(InstanceTypes, OneTypeWithItsLimitsAndWhatIsAssumed)
{
	const Json list =
		Json::parse(openena({"instance-types", "--json", "c5n.18xlarge"}).out, "type");
	const Json &type = list.array()->front();
	const Json *limits = type.find("limits");

	EXPECT_EQ(limits->find("mtu")->number(), 9001u);
	EXPECT_EQ(limits->find("baseline_mbps")->number(), 100'000u);
	EXPECT_EQ(limits->find("pps")->number(), 10'000'000u);
	EXPECT_EQ(type.find("assumed")->dump(0), R"(["burst_ms","pps","connections","wait_ms"])");

	const Ran ran = openena({"instance-types", "c5n.18xlarge"});
	EXPECT_TRUE(has(ran.out, "10,000,000 packets a second (assumed)")) << ran.out;
	EXPECT_TRUE(has(ran.out, "9001 bytes at most\n")) << ran.out;
	/* Amazon's answer has no number of queues. */
	EXPECT_TRUE(has(openena({"instance-types", "f1.2xlarge"}).out,
			"8 queue pairs, at most 8 (assumed)"));
}

TEST(InstanceTypes, WithoutEna)
{
	const Ran ran = openena({"instance-types", "c4.large"});

	EXPECT_EQ(ran.status, 0);
	EXPECT_TRUE(has(ran.out, "the Intel 82599 VF")) << ran.out;
}

TEST(InstanceTypes, UnknownOnesGetTheNearest)
{
	Ran ran = openena({"instance-types", "c5n.18xlrge"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "no instance type \"c5n.18xlrge\"; the nearest is c5n.18xlarge"));
	EXPECT_TRUE(ran.out.empty());
	ran = openena({"instance-types", "--family", "c5nn"});
	EXPECT_TRUE(has(ran.err, "no family \"c5nn\"; the nearest is c5n")) << ran.err;
	ran = openena({"instance-types", std::string("\x1b[31m") + std::string(5000, 'x')});
	EXPECT_FALSE(has(ran.err, "\x1b"));
	EXPECT_LT(ran.err.size(), 200u);
}
