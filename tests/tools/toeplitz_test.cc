// SPDX-License-Identifier: GPL-2.0-or-later
#include "run.hh"

#include "json.hh"

#include <gtest/gtest.h>

using tool::Json;

namespace
{

constexpr const char *microsoft_key = "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:"
				      "ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa";

uint64_t hash_of(const std::string &from, const std::string &to, const char *driver,
		 std::vector<std::string> more = {})
{
	std::vector<std::string> words = {"toeplitz", "--json", "--from",   from,
					  "--to",     to,       "--driver", driver};
	words.insert(words.end(), more.begin(), more.end());
	const Ran ran = openena(words);
	EXPECT_EQ(ran.status, 0) << ran.err;
	return Json::parse(ran.out, "answer").find("hash")->number().value_or(0);
}

} // namespace

/* Microsoft's verification suite for RSS. */
TEST(Toeplitz, PublishedVectors)
{
	const std::vector<std::string> key = {"--key", microsoft_key};

	EXPECT_EQ(hash_of("66.9.149.187:2794", "161.142.100.80:1766", "openena", key), 0x51ccc178u);
	EXPECT_EQ(hash_of("[3ffe:2501:200:1fff::7]:2794", "[3ffe:2501:200:3::1]:1766", "openena",
			  key),
		  0x40207d3du);
	EXPECT_EQ(hash_of("66.9.149.187", "161.142.100.80", "openena",
			  {"--key", microsoft_key, "--protocol", "other"}),
		  0x323e8fc2u);
}

/* From Amazon's documentation of the adapter, with the default key. */
TEST(Toeplitz, AsEachDriverHashes)
{
	EXPECT_EQ(hash_of("1.2.3.4:7000", "1.2.3.5:7000", "openena"), 0xa9828bd4u);
	EXPECT_EQ(hash_of("1.2.3.4:7000", "1.2.3.5:7000", "ena"), 0x5b5eb8e5u);
	/* It sorts: both directions of a connection meet. */
	EXPECT_EQ(hash_of("1.2.3.5:7001", "1.2.3.4:7000", "ena"),
		  hash_of("1.2.3.4:7000", "1.2.3.5:7001", "ena"));
	EXPECT_NE(hash_of("1.2.3.5:7001", "1.2.3.4:7000", "adapter"),
		  hash_of("1.2.3.4:7000", "1.2.3.5:7001", "adapter"));
}

TEST(Toeplitz, TheTableLeadsToTheQueue)
{
	/* Entry 0x5b5eb8e5 & 127 is 101, and of a table of two 1. */
	const std::vector<std::string> flow = {"toeplitz",     "--from",   "1.2.3.4:7000", "--to",
					       "1.2.3.5:7000", "--driver", "ena"};
	auto with = [&](std::vector<std::string> more) {
		std::vector<std::string> words = flow;
		words.insert(words.end(), more.begin(), more.end());
		return openena(words).out;
	};

	EXPECT_TRUE(with({"--queues", "7"}).starts_with("queue 3 ")) << with({"--queues", "7"});
	EXPECT_TRUE(with({"--table", "4,9"}).starts_with("queue 9 "));
}

TEST(Toeplitz, PortsThatReachAQueueDoReachIt)
{
	const std::vector<std::string> question = {
		"toeplitz", "--json", "--from",   "fd00::1", "--to",    "[fd00::2]:80",
		"--queue",  "3",      "--queues", "5",       "--count", "40"};
	const Json answer = Json::parse(openena(question).out, "answer");

	ASSERT_EQ(answer.find("source_ports")->array()->size(), 40u);
	for (const Json &port : *answer.find("source_ports")->array()) {
		const std::string from = "[fd00::1]:" + port.plain();
		EXPECT_TRUE(openena({"toeplitz", "--from", from, "--to", "[fd00::2]:80", "--queues",
				     "5"})
				    .out.starts_with("queue 3 "));
	}
}

TEST(Toeplitz, WhatMakesNoSenseIsRefused)
{
	const auto said = [](std::vector<std::string> more) {
		std::vector<std::string> words = {"toeplitz"};
		words.insert(words.end(), more.begin(), more.end());
		const Ran ran = openena(words);
		EXPECT_EQ(ran.status, 2);
		return ran.err;
	};

	EXPECT_TRUE(has(said({}), "--from and --to are both needed"));
	EXPECT_TRUE(
		has(said({"--from", "1.2.3.400", "--to", "1.2.3.4:1"}), "--from 1.2.3.400: must"));
	EXPECT_TRUE(has(said({"--from", "1.2.3.4:70000", "--to", "1.2.3.4:1"}),
			"--from: port 70000: must be a number from 0 to 65535"));
	EXPECT_TRUE(has(said({"--from", "1.2.3.4:", "--to", "1.2.3.4:1"}), "port :: must"));
	EXPECT_TRUE(
		has(said({"--from", "1.2.3.4:1", "--to", "[::1]:1"}), "IPv4 and the other IPv6"));
	EXPECT_TRUE(has(said({"--from", "1.2.3.4:1", "--to", "1.2.3.5:1", "--key", "abcd"}),
			"--key: 4 hex digits, must be 80"));
	EXPECT_TRUE(has(said({"--from", "1.2.3.4:1", "--to", "1.2.3.5:1", "--table", "0,1,2"}),
			"3 entries, must be a power of two from 2 to 128"));
	EXPECT_TRUE(has(said({"--from", "1.2.3.4:1", "--to", "1.2.3.5:1", "--table", "0,32"}),
			"--table: queue 32: must be a number from 0 to 31"));
	EXPECT_TRUE(has(said({"--from", "1.2.3.4", "--to", "1.2.3.5:1", "--queue", "9"}),
			"--queue 9: no entry of the table leads there; it has queues up to 7"));
}
