// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters, filters, pages and XML of the EC2 calls. */
#include "ec2/error.hh"
#include "ec2/filter.hh"
#include "ec2/query.hh"
#include "ec2/uri.hh"
#include "ec2/xml.hh"
#include "run.hh"

#include <gtest/gtest.h>

using namespace tool;
using namespace tool::ec2;

namespace
{

template <typename Function> std::string code_of(Function function)
{
	try {
		function();
		return "";
	} catch (const ApiError &wrong) {
		return wrong.code();
	}
}

} // namespace

TEST(Ec2Query, NamesAndLists)
{
	Query query = Query::parse("Action=Do&A.2=second&A.10=tenth&A.1=fir+st&Name=a%26b%C3%A9"
				   "&S.2.K=x&S.1.K=y&N=7&B=true");

	EXPECT_EQ(query.list("A"), (std::vector<std::string>{"fir st", "second", "tenth"}));
	EXPECT_EQ(query.need("Name"), "a&b\xc3\xa9");
	EXPECT_EQ(query.structures("S"), (std::vector<std::string>{"S.1.", "S.2."}));
	EXPECT_EQ(query.number("N", 0, 7), 7U);
	EXPECT_EQ(query.boolean("B"), true);
	EXPECT_FALSE(query.text("None"));
	EXPECT_EQ(code_of([&] { query.end(); }), "UnknownParameter"); /* Action, S.1.K */
	(void)query.text("Action");
	(void)query.text("S.1.K");
	(void)query.text("S.2.K");
	EXPECT_EQ(code_of([&] { query.end(); }), "");
}

TEST(Ec2Query, WrongValues)
{
	Query query = Query::parse("N=8&M=x&B=yes&Empty=&A.0=a&A.01=b&A.1001=c&A.-1=d&A.=e");

	EXPECT_EQ(code_of([&] { (void)query.number("N", 0, 7); }), "InvalidParameterValue");
	EXPECT_EQ(code_of([&] { (void)query.number("M", 0, 7); }), "InvalidParameterValue");
	EXPECT_EQ(code_of([&] { (void)query.boolean("B"); }), "InvalidParameterValue");
	EXPECT_EQ(code_of([&] { (void)query.need("Empty"); }), "MissingParameter");
	EXPECT_EQ(code_of([&] { (void)query.need("None"); }), "MissingParameter");
	EXPECT_TRUE(query.list("A").empty());
}

TEST(Ec2Query, MalformedForms)
{
	for (const char *body : {"a=%", "a=%4", "a=%zz", "%=a", "a=1&a=2"})
		EXPECT_EQ(code_of([&] { (void)Query::parse(body); }), "MalformedQueryString")
			<< body;
	std::string many;
	for (size_t i = 0; i <= Query::max_parameters; i++)
		many += "a." + std::to_string(i) + "=&";
	EXPECT_EQ(code_of([&] { (void)Query::parse(many); }), "MalformedQueryString");
	EXPECT_EQ(code_of([&] { (void)Query::parse("&&=&a&b="); }), "");
}

TEST(Ec2Filter, Patterns)
{
	for (const char *pattern : {"c5n.large", "*", "c5n.*", "*large", "c?n.l*e", "c5n.large*",
				    "***", "*5*.*", "c5n\\.large"})
		EXPECT_TRUE(matches_pattern("c5n.large", pattern)) << pattern;
	for (const char *pattern : {"", "c5n", "c5n.larg", "c5n.large?", "large", "C5n.large",
				    "c5n\\*", "*x*", "c5n.large\\"})
		EXPECT_FALSE(matches_pattern("c5n.large", pattern)) << pattern;
	EXPECT_TRUE(matches_pattern("a*b?", "a\\*b\\?"));
	EXPECT_FALSE(matches_pattern("axb?", "a\\*b\\?"));
	EXPECT_TRUE(matches_pattern("", ""));
	/* Not a matter of years. */
	std::string stars;
	for (int i = 0; i < 5000; i++)
		stars += "*a";
	EXPECT_FALSE(matches_pattern(std::string(5000, 'a') + "b", stars));
}

TEST(Ec2Filter, ItemsOfSeveralValues)
{
	const Json item =
		Json::parse(R"({"id": "i-1", "on": true, "set": [{"mac": "a"}, {"mac": "b"}],
		"tagSet": [{"key": "Name", "value": "web"}]})",
			    "item");
	constexpr FilterField fields[] = {{"id", "id"}, {"mac", "set.mac"}, {"on", "on"}};
	const auto match = [&](const std::string &filters) {
		Query query = Query::parse(filters);
		return Filters(query, fields).match(item);
	};

	EXPECT_TRUE(match(""));
	EXPECT_TRUE(match("Filter.1.Name=mac&Filter.1.Value.1=x&Filter.1.Value.2=b"));
	EXPECT_FALSE(
		match("Filter.1.Name=mac&Filter.1.Value.1=b&Filter.2.Name=id&Filter.2.Value.1=x"));
	EXPECT_TRUE(match("Filter.1.Name=on&Filter.1.Value.1=true"));
	EXPECT_TRUE(match("Filter.1.Name=tag:Name&Filter.1.Value.1=w*"));
	EXPECT_FALSE(match("Filter.1.Name=tag:Other&Filter.1.Value.1=*"));
	EXPECT_TRUE(match("Filter.1.Name=tag-key&Filter.1.Value.1=Name"));
	EXPECT_EQ(code_of([&] { match("Filter.1.Name=x&Filter.1.Value.1=y"); }),
		  "InvalidParameterValue");
	EXPECT_EQ(code_of([&] { match("Filter.1.Name=id"); }), "InvalidParameterValue");
	EXPECT_EQ(code_of([&] { match("Filter.1.Value.1=y"); }), "MissingParameter");
}

TEST(Ec2Page, OneAfterTheOther)
{
	std::string taken, token;
	int pages = 0;

	do {
		Query query =
			Query::parse("MaxResults=2" + (token.empty() ? "" : "&NextToken=" + token));
		Page page(query, 2, 10);
		for (const char *key : {"a", "b b", "c", "d", "e"})
			if (page.take(key))
				taken += key;
		taken += "|";
		token = page.next_token().is_null() ? "" : uri_encode(*page.next_token().string());
		pages++;
	} while (!token.empty() && pages < 9);
	EXPECT_EQ(pages, 3);
	EXPECT_EQ(taken, "ab b|cd|e|");
	for (const char *wrong : {"NextToken=x", "NextToken=page-", "NextToken=page-%25zz",
				  "MaxResults=1", "MaxResults=11", "MaxResults=-1"})
		EXPECT_EQ(code_of([&] {
				  Query query = Query::parse(wrong);
				  Page page(query, 2, 10);
			  }),
			  "InvalidParameterValue")
			<< wrong;
}

TEST(Ec2Xml, WhatOthersWroteIsEscaped)
{
	const Json json = Json::parse(
		R"({"a": "<&>\u0001", "none": null, "list": [1, {"b": true}]})", "json");

	EXPECT_EQ(xml_answer("Do", "id", json),
		  "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DoResponse "
		  "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id</requestId>"
		  "<a>&lt;&amp;&gt;?</a><list><item>1</item><item><b>true</b></item></list>"
		  "</DoResponse>");
	EXPECT_EQ(xml_error("Code", "a \xff<b>", "id"),
		  "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>Code"
		  "</Code><Message>a \xef\xbf\xbd&lt;b&gt;</Message></Error></Errors>"
		  "<RequestID>id</RequestID></Response>");
}
