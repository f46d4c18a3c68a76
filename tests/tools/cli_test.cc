// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line, and that the manual pages say what the help does. */
#include "run.hh"

#include "cli.hh"
#include "json.hh"
#include "text.hh"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

TEST(Cli, HelpListsEachCommand)
{
	const Ran ran = openena({"--help"});

	EXPECT_EQ(ran.status, 0);
	for (const auto &command : tool::commands())
		EXPECT_TRUE(has(ran.out, command->name())) << command->name();
}

TEST(Cli, AWrongWordGetsTheNearest)
{
	Ran ran = openena({"tolpitz"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_EQ(ran.err, "openena: there is no command \"tolpitz\"; the nearest is toeplitz\n");
	ran = openena({"toeplitz", "--quue", "1"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "no option \"--quue\"; the nearest is --queue;")) << ran.err;
	ran = openena({"toeplitz", "--driver", "openna"});
	EXPECT_TRUE(has(ran.err, "must be openena, ena or adapter; the nearest is openena"))
		<< ran.err;
}

TEST(Cli, AWrongOptionWithoutACommand)
{
	Ran ran = openena({"--versio"});
	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "no option \"--versio\"; the nearest is --version;")) << ran.err;
	ran = openena({"-x"});
	EXPECT_TRUE(has(ran.err, "no option \"-x\"")) << ran.err;
}

TEST(Cli, AFlagHasNoValue)
{
	const Ran ran = openena({"list", "--json=3", "--state-dir", "/nonexistent"});
	EXPECT_EQ(ran.status, 2) << ran.out;
	EXPECT_TRUE(
		has(ran.err, "json was given a disallowed flag override; see openena list --help"))
		<< ran.err;
}

TEST(Cli, TextIsCutBetweenCharacters)
{
	EXPECT_EQ(tool::printable("a\xe5\xad\x97\xe5\xad\x97", 6), "a\xe5\xad\x97...");
	EXPECT_EQ(tool::printable("a\xe5\xad\x97", 4), "a\xe5\xad\x97");
	EXPECT_EQ(tool::printable("\x80\x80\x80", 2), "...");
}

TEST(Cli, WithoutACommandItSaysWhereTheHelpIs)
{
	const Ran ran = openena({});

	EXPECT_EQ(ran.status, 2);
	EXPECT_TRUE(has(ran.err, "openena --help")) << ran.err;
}

TEST(Cli, ANumberOutOfRangeIsNamedWithItsLimits)
{
	const Ran ran = openena({"toeplitz", "--queue", "32"});

	EXPECT_EQ(ran.status, 2);
	EXPECT_EQ(ran.err, "openena: --queue 32: must be a number from 0 to 31\n");
}

TEST(Cli, WhatCannotBeWrittenIsAnError)
{
	const int full = open("/dev/full", O_WRONLY);
	tool::Output out(full, "standard output"), err;
	tool::Streams io{out, err};

	EXPECT_EQ(tool::run(std::vector<std::string>{"--help"}, io), 2);
	EXPECT_TRUE(has(err.text(), "standard output cannot be written: No space left"))
		<< err.text();
	close(full);
}

TEST(Cli, AReaderThatHasGoneIsAnError)
{
	int ends[2];
	ASSERT_EQ(pipe(ends), 0);
	close(ends[0]);
	tool::Output out(ends[1], "standard output"), err;
	tool::Streams io{out, err};
	(void)signal(SIGPIPE, SIG_IGN);

	EXPECT_EQ(tool::run(std::vector<std::string>{"instance-types"}, io), 2);
	EXPECT_TRUE(has(err.text(), "Broken pipe")) << err.text();
	close(ends[1]);
}

namespace
{

/* "--option VALUE" of each line that begins with @before and it, up to @behind or the line's end. */
std::vector<std::string> options_in(const std::string &text, const std::string &before,
				    const std::string &behind)
{
	std::vector<std::string> found;

	for (const std::string &line : tool::split(text, '\n'))
		if (line.starts_with(before + "--"))
			found.push_back(line.substr(
				before.size(), line.find(behind, before.size()) - before.size()));
	std::sort(found.begin(), found.end());
	return found;
}

} // namespace

TEST(Cli, ManualPagesHaveTheOptionsOfTheHelp)
{
	const std::filesystem::path pages = MAN_PAGES;

	for (const auto &command : tool::commands()) {
		const std::string name = command->name();
		const std::string help = openena({name, "--help"}).out;
		const std::string page = file_text(pages / ("openena-" + name + ".rst"));
		ASSERT_FALSE(page.empty()) << "no manual page for " << name;
		EXPECT_TRUE(has(page, command->summary())) << name;
		const auto options = options_in(help, "  ", "  ");
		EXPECT_GT(options.size(), 1u) << name;
		EXPECT_EQ(options, options_in(page, "``", "``")) << name;
		EXPECT_TRUE(has(page, "EXIT STATUS")) << name;
	}
	const std::string all = file_text(pages / "openena.rst");
	for (const auto &command : tool::commands())
		EXPECT_TRUE(has(all, std::string("``") + command->name() + "``\n    " +
					     command->summary()))
			<< command->name();
}

TEST(Json, ReadsWhatItWrites)
{
	const std::string text = R"({"a":[1,-2,true,null,"x\n"],"b":{"c":18446744073709551615}})";

	EXPECT_EQ(tool::Json::parse(text, "it").dump(0), text);
	EXPECT_EQ(tool::Json::parse("{\"a\":[1,{}],\"b\":[]}", "it").dump(),
		  "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
	EXPECT_EQ(tool::Json("\xff").dump(0), "\"\xef\xbf\xbd\"");
}

TEST(Json, RefusesWhatIsNone)
{
	try {
		(void)tool::Json::parse("{\"a\": }", "the answer");
		FAIL();
	} catch (const tool::Trouble &trouble) {
		EXPECT_TRUE(has(trouble.what(), "the answer is no JSON: byte 7")) << trouble.what();
	}
	EXPECT_THROW((void)tool::Json::parse(std::string(33, '[') + std::string(33, ']'), "it"),
		     tool::Trouble);
	EXPECT_NO_THROW((void)tool::Json::parse(std::string(32, '[') + std::string(32, ']'), "it"));
}
