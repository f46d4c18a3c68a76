// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.hh"

#include "json.hh"
#include "poll_figures.hh"
#include "top_view.hh"

#include <gtest/gtest.h>

namespace
{

using namespace tool;

polls_figures figures(unsigned long long packets, unsigned long long full, unsigned long long late)
{
	polls_figures made{};

	made.packets = packets;
	made.batches[1] = 10;
	made.batches[7] = full;
	made.waits[0] = 1;
	made.waits[13] = late;
	return made;
}

/* eth0 with a meter. */
class Measured : public ::testing::Test {
    protected:
	Measured()
	{
		machine.put("sys/class/net/eth0/ifindex", "2\n");
		machine.put("sys/class/net/eth0/device/vendor", "0x1d0f\n");
	}
	FakeMachine machine;
};

} // namespace

TEST(PollFigures, NothingIsLessThanZero)
{
	const polls_figures now = figures(10, 5, 3), before = figures(20, 1, 3);
	const polls_figures gone = less(now, before);

	EXPECT_EQ(gone.packets, 0u);
	EXPECT_EQ(gone.batches[7], 4u);
	EXPECT_EQ(sum(gone.waits), 0u);
	EXPECT_EQ(plus(now, before).packets, 30u);
	EXPECT_EQ(sum(plus(now, before).batches), 26u);
}

TEST(PollFigures, WithinWhichTime)
{
	unsigned long long waits[POLLS_WAITS] = {};
	EXPECT_FALSE(within(waits, 0.5));
	waits[4] = 99;
	waits[31] = 1;
	EXPECT_EQ(within(waits, 0.5), 32u);
	EXPECT_EQ(within(waits, 0.99), 32u);
	EXPECT_EQ(within(waits, 1.0), 1ull << 32);
}

TEST(PollFigures, TimesInThreeDigits)
{
	EXPECT_EQ(time_text(512), "512ns");
	EXPECT_EQ(time_text(65536), "65.5us");
	EXPECT_EQ(time_text(2097152), "2.1ms");
	EXPECT_EQ(time_text(1ull << 32), "4.29s");
}

TEST(PollFigures, HistogramsShowTheSmallestBesideTheLargest)
{
	polls_figures some = figures(0, 1'000'000, 3);
	some.waits[9] = 1; /* 512 to 1023 ns */
	some.waits[10] = 1;
	some.waits[31] = 6;
	const auto lines = histograms(some);

	ASSERT_EQ(lines.size(), 9u);
	EXPECT_EQ(lines[1], "     0                               0  "
			    "  <1us #####                         2");
	EXPECT_EQ(lines[2], "     1 #                            10  "
			    "  -4us ##                            1");
	EXPECT_EQ(lines[3], "   2-3                               0  "
			    " -16us ########                      3");
	EXPECT_EQ(lines[8], "   64- ################      1,000,000  "
			    "  4ms- ################              6");
	for (const std::string &line : histograms({}))
		EXPECT_FALSE(has(line, "#")) << line;
}

TEST_F(Measured, InstancesAndTheirQueues)
{
	std::vector<TopInterface> all(1);
	const auto look = [&](Polls polls, int second) {
		machine.measured = std::move(polls);
		const auto meter = machine.polls();
		all[0].update(take_sample(machine, "eth0",
					  Sample::Clock::time_point(std::chrono::seconds(second)),
					  meter.get()));
	};

	all[0].name = "eth0";
	look({{{2, 513}, figures(1000, 0, 0)}}, 1);
	look({{{2, 513}, figures(1640, 10, 100)},
	      {{2, 514}, figures(10, 0, 0)},
	      {{3, 600}, figures(9, 9, 9)}},
	     3);
	const auto lines = top_lines(all, {});
	std::string text;
	for (const TopLine &line : lines)
		text += line.text + "\n";

	EXPECT_TRUE(has(text, "\n513        0      5            64.0"
			      "                          16.4us      16.4us\n"))
		<< text;
	/* The kernel does not say which queue; it is new. */
	EXPECT_TRUE(has(text, "\n514        -      5             1.0")) << text;
	EXPECT_FALSE(has(text, "\n600")) << text;
	EXPECT_EQ(all[0].polls.packets, 650u) << "not what came before the first look";
}

TEST_F(Measured, ForMachines)
{
	machine.measured = Polls{{{2, 513}, figures(1000, 0, 0)}};
	const Ran ran = openena({"top", "--once", "--json", "--interval", "100"});
	const Json told = Json::parse(ran.out, "it");
	const Json &polls = *told.find("interfaces")->array()->at(0).find("polls");

	ASSERT_EQ(polls.array()->size(), 1u) << ran.out;
	EXPECT_TRUE(told.find("lacks")->is_null()) << ran.out;
	EXPECT_EQ(polls.array()->at(0).find("queue")->plain(), "0");
	EXPECT_EQ(polls.array()->at(0).find("polls_by_log2_packets")->dump(0), "[0,0,0,0,0,0,0,0]");
}

TEST_F(Measured, WhereBpfIsNotAllowedItSaysSo)
{
	const Ran ran = openena({"top", "--once", "--interval", "100"});
	EXPECT_EQ(ran.status, 0);
	EXPECT_TRUE(has(ran.out, "\n(no histograms: BPF is not allowed)\n")) << ran.out;
	EXPECT_FALSE(has(openena({"top", "--once", "--no-bpf", "--interval", "100"}).out, "BPF"));
}
