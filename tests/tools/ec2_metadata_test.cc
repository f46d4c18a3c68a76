// SPDX-License-Identifier: GPL-2.0-or-later
/* What an instance is told at 169.254.169.254. */
#include "ec2/metadata.hh"
#include "run.hh"

#include <gtest/gtest.h>

using namespace tool;
using namespace tool::ec2;

namespace
{

constexpr const char *instance_id = "i-00000000000000001";
constexpr time_t noon = 1440936000;

State state_of_one()
{
	State state;
	Instance &instance = state.instances[instance_id];
	Interface interface;

	instance.id = instance_id;
	instance.type = "c5n.large";
	instance.region = "eu-1";
	instance.user_data = "I2Nsb3VkLWNvbmZpZwo=";
	instance.key = "my key";
	instance.public_key = "ssh-rsa AAAA my key";
	interface.id = "eni-1";
	interface.mac = "02:00:00:00:00:07";
	interface.address = "172.31.0.16";
	interface.subnet = "subnet-00000000000000000";
	interface.instance = instance_id;
	state.interfaces[interface.id] = interface;
	return state;
}

struct Ec2MetadataTest : testing::Test {
	HttpAnswer ask(const std::string &method, const std::string &target, HttpHeaders headers,
		       time_t when = noon) const
	{
		return metadata.answer({method, target, std::move(headers), ""}, when);
	}
	[[nodiscard]] std::string token(const char *ttl = "60") const
	{
		return ask("PUT", "/latest/api/token",
			   {{"X-AWS-EC2-Metadata-Token-TTL-Seconds", ttl}})
			.body;
	}
	[[nodiscard]] std::string get(const std::string &target) const
	{
		const auto answer = ask("GET", target, {{"x-aws-ec2-metadata-token", token()}});
		return (answer.status == 200 ? "" : std::to_string(answer.status) + " ") +
		       answer.body;
	}
	Metadata metadata{state_of_one(), instance_id, "key"};
};

} // namespace

TEST_F(Ec2MetadataTest, WhatCloudInitReads)
{
	const std::string meta = "/latest/meta-data/";

	EXPECT_EQ(get(meta + "instance-id"), instance_id);
	EXPECT_EQ(get("/2021-03-23/meta-data/instance-type"), "c5n.large");
	EXPECT_EQ(get(meta + "placement/availability-zone"), "eu-1a");
	EXPECT_EQ(get(meta + "network/interfaces/macs"), "02:00:00:00:00:07/");
	EXPECT_EQ(get(meta + "network/interfaces/macs/02:00:00:00:00:07/subnet-ipv4-cidr-block"),
		  "172.31.0.0/24");
	EXPECT_EQ(get("/latest/user-data"), "#cloud-config\n");
	EXPECT_TRUE(has(get("/latest/dynamic/instance-identity/document"), "\"region\": \"eu-1\""));
	EXPECT_TRUE(has(get(meta), "network/\n")) << get(meta);
	/* The one list of other lines: a number and a name. */
	EXPECT_TRUE(has(get(meta), "public-keys/\n")) << get(meta);
	EXPECT_EQ(get(meta + "public-keys/"), "0=my key");
	EXPECT_EQ(get(meta + "public-keys/0/"), "openssh-key");
	EXPECT_EQ(get(meta + "public-keys/0/openssh-key"), "ssh-rsa AAAA my key");
	EXPECT_TRUE(has(get(meta + "public-keys/1/"), "404"));
	EXPECT_TRUE(has(get(meta + "tags"), "404")) << get(meta);
}

TEST_F(Ec2MetadataTest, TokensAreOfOneInstanceAndEnd)
{
	const std::string good = token();
	const auto status = [&](const std::string &said, time_t when, const Metadata &of) {
		return of
			.answer({"GET", "/latest/", {{"x-aws-ec2-metadata-token", said}}, ""}, when)
			.status;
	};

	EXPECT_EQ(status(good, noon + 59, metadata), 200);
	EXPECT_EQ(status(good, noon + 60, metadata), 401);
	EXPECT_EQ(status(good, noon, Metadata(state_of_one(), "i-00000000000000002", "key")), 401);
	EXPECT_EQ(status(good, noon, Metadata(state_of_one(), instance_id, "other")), 401);
	for (const std::string &bad : {std::string(), std::string("-"), std::string("99999999999-"),
				       "9" + good, good.substr(0, good.size() - 1), good + "0"})
		EXPECT_EQ(status(bad, noon, metadata), 401) << bad;
	EXPECT_EQ(ask("GET", "/latest/meta-data/", {}).status, 401);
}

TEST_F(Ec2MetadataTest, WrongRequests)
{
	for (const char *ttl : {"", "0", "21601", "-1", "x", "99999999999999999999"})
		EXPECT_TRUE(has(token(ttl), "must be 1 to 21600")) << ttl;
	EXPECT_EQ(ask("PUT", "/latest/api/token",
		      {{"X-aws-ec2-metadata-token-ttl-seconds", "60"}, {"X-Forwarded-For", "a"}})
			  .status,
		  403);
	EXPECT_EQ(ask("POST", "/latest/api/token", {}).status, 405);
	for (const char *target : {"", "x", "%", "/%zz"})
		EXPECT_EQ(ask("GET", target, {}).status, 400) << target;
	for (const char *target : {"/latest/../../etc/passwd", "/1.0/meta-data",
				   "/latest/meta-data/instance-id/x", "/latest//nothing"})
		EXPECT_TRUE(has(get(target), "404")) << target;
	EXPECT_EQ(get("/latest//meta-data///instance-id/"), instance_id);
}
