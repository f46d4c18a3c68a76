// SPDX-License-Identifier: GPL-2.0-or-later
/* Signatures: Amazon's published examples (the aws4_testsuite), and what is refused. */
#include "ec2/credentials.hh"
#include "ec2/error.hh"
#include "ec2/sigv4.hh"
#include "run.hh"

#include "trouble.hh"

#include <fstream>
#include <gtest/gtest.h>

using namespace tool;
using namespace tool::ec2;

namespace
{

constexpr const char *date = "20150830T123600Z";
constexpr time_t signed_at = 1440938160; /* the same */
const std::string secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/* The examples' credential and scope. */
Authorization example(std::vector<std::string> signed_headers)
{
	return {"AKIDEXAMPLE", "20150830", "us-east-1", "service", std::move(signed_headers), ""};
}

std::string refusal(const HttpRequest &request, time_t when = signed_at)
{
	try {
		(void)authenticate(request, {{"OTHER", "x"}, {"ID", secret}}, when);
		return "";
	} catch (const ApiError &wrong) {
		return wrong.code();
	}
}

/* Signed as it should be. */
HttpRequest good()
{
	Authorization says{"ID", "20150830", "us-east-1", "ec2", {"host", "x-amz-date"}, ""};
	HttpRequest request{"POST", "/", {{"Host", "localhost:1"}, {"X-Amz-Date", date}}, "a=b"};

	request.headers.emplace_back(
		"Authorization",
		"AWS4-HMAC-SHA256 Credential=ID/20150830/us-east-1/ec2/aws4_request, "
		"SignedHeaders=host;x-amz-date, Signature=" +
			signature_of(request, says, secret));
	return request;
}

} // namespace

TEST(Ec2Signature, PublishedExamples)
{
	const HttpHeaders headers = {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", date}};
	HttpRequest request{"GET", "/", headers, ""};
	const Authorization says = example({"host", "x-amz-date"});

	EXPECT_EQ(signature_of(request, says, secret),
		  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	request.target = "/?Param2=value2&Param1=value1";
	EXPECT_EQ(signature_of(request, says, secret),
		  "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
	request = {"POST", "/", headers, "Param1=value1"};
	request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
	EXPECT_EQ(signature_of(request, example({"content-type", "host", "x-amz-date"}), secret),
		  "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(Ec2Signature, WhatIsSignedMayNotChange)
{
	EXPECT_EQ(refusal(good()), "");
	HttpRequest request = good();
	request.body = "a=c";
	EXPECT_EQ(refusal(request), "AuthFailure");
	request = good();
	request.target = "/?x=y";
	EXPECT_EQ(refusal(request), "AuthFailure");
	request = good();
	request.headers[0].second = "localhost:2";
	EXPECT_EQ(refusal(request), "AuthFailure");
	request = good();
	request.headers[1].second = "20150830T123601Z";
	EXPECT_EQ(refusal(request), "AuthFailure");
}

TEST(Ec2Signature, AClockThatIsWrong)
{
	EXPECT_EQ(refusal(good(), signed_at + 15 * 60), "");
	EXPECT_EQ(refusal(good(), signed_at - 15 * 60), "");
	EXPECT_EQ(refusal(good(), signed_at + 15 * 60 + 1), "RequestExpired");
	EXPECT_EQ(refusal(good(), signed_at - 15 * 60 - 1), "RequestExpired");
}

TEST(Ec2Signature, MalformedHeaders)
{
	const std::string scope = "ID/20150830/us-east-1/ec2/aws4_request";

	for (const std::string &header :
	     {std::string(), std::string("Basic eDp5"), std::string("AWS4-HMAC-SHA256"),
	      std::string("AWS4-HMAC-SHA256 ,,,="),
	      "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=, Signature=",
	      "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=0",
	      "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host;x-amz-date",
	      "AWS4-HMAC-SHA256 Credential=" + scope +
		      ", SignedHeaders=host;x-amz-date;none, Signature=0",
	      std::string("AWS4-HMAC-SHA256 Credential=ID/1/2, SignedHeaders=host;x-amz-date, "
			  "Signature=0"),
	      std::string("AWS4-HMAC-SHA256 Credential=NOBODY/20150830/us-east-1/ec2/aws4_request, "
			  "SignedHeaders=host;x-amz-date, Signature=0"),
	      std::string("AWS4-HMAC-SHA256 Credential=ID/20150830/us-east-1/s3/aws4_request, "
			  "SignedHeaders=host;x-amz-date, Signature=0")}) {
		HttpRequest request = good();
		request.headers.back().second = header;
		EXPECT_EQ(refusal(request), "AuthFailure") << header;
	}
	HttpRequest request = good();
	request.headers.pop_back();
	EXPECT_EQ(refusal(request), "AuthFailure");
	for (const char *wrong : {"", "today", "20150830T123600Z ", "20159930T123600Z"}) {
		request = good();
		request.headers[1].second = wrong;
		EXPECT_EQ(refusal(request), "AuthFailure") << wrong;
	}
}

TEST(Ec2Credentials, OfTheFileThatTheCliReads)
{
	const Scratch scratch;
	const std::string path = scratch / "credentials";

	EXPECT_THROW((void)read_credentials(path), Trouble);
	std::ofstream(path) << "# mine\n[default]\n aws_access_key_id=A\naws_secret_access_key = "
			       "b=c\n[other]\naws_secret_access_key=D\r\naws_access_key_id = E\n"
			       "[half]\naws_access_key_id = F\n[rest]\naws_secret_access_key = G\n";
	const auto found = read_credentials(path);
	ASSERT_EQ(found.size(), 2U);
	EXPECT_EQ(found[0].id + " " + found[0].secret, "A b=c");
	EXPECT_EQ(found[1].id + " " + found[1].secret, "E D");
	make_credentials(path); /* it is there */
	EXPECT_EQ(read_credentials(path).size(), 2U);
	std::ofstream(path) << "[default]\n";
	EXPECT_THROW((void)read_credentials(path), Trouble);
	make_credentials(scratch / "made");
	const auto made = read_credentials(scratch / "made");
	ASSERT_EQ(made.size(), 1U);
	EXPECT_EQ(made[0].secret.size(), 40U);
	EXPECT_EQ(std::filesystem::status(scratch / "made").permissions(),
		  std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}
