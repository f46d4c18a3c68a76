// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.hh"

#include "bpf/polls.h"
#include "json.hh"
#include "text.hh"
#include "top_view.hh"
#include "trouble.hh"

#include <gtest/gtest.h>

namespace
{

using namespace tool;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Queue rx0{Direction::rx, 0}, tx0{Direction::tx, 0}, rx1{Direction::rx, 1};
const Sample::Clock::time_point start{seconds(100)};

/* What a counter's name says, as "rx 0 packets drops"; empty: nothing of a queue. */
std::string meaning(const std::string &name)
{
	std::string text;

	for (const auto &[queue, counts] : queue_counts_of({{name, 7}}))
		text += (queue.direction == Direction::rx ? "rx " : "tx ") +
			std::to_string(queue.number) + (counts.packets ? " packets" : "") +
			(counts.bytes ? " bytes" : "") + (counts.drops ? " drops" : "");
	return text;
}

/* eth0 beside what FakeMachine has of it. */
class Top : public ::testing::Test {
    protected:
	Top()
	{
		machine.put("sys/class/net/eth0/ifindex", "2\n");
		machine.put("sys/class/net/eth0/carrier", "1\n");
		machine.put("sys/class/net/eth0/speed", "25000\n");
		machine.put("sys/class/net/eth0/mtu", "9001\n");
		machine.put("sys/class/net/eth0/device/vendor", "0x1d0f\n");
		machine.put("sys/class/net/lo/ifindex", "1\n");
		total("rx_packets", 1000);
	}
	void total(const std::string &name, uint64_t value)
	{
		machine.put("sys/class/net/eth0/statistics/" + name, std::to_string(value) + "\n");
	}
	[[nodiscard]] Sample sample(milliseconds after = milliseconds(0))
	{
		return take_sample(machine, "eth0", start + after).value();
	}
	/* The text of all lines. */
	static std::string shown(const std::vector<TopInterface> &interfaces, size_t sort = 0)
	{
		TopSettings settings;
		std::string text;

		settings.sort = sort;
		for (const TopLine &line : top_lines(interfaces, settings))
			text += line.text + "\n";
		return text;
	}

	FakeMachine machine;
};

} // namespace

TEST(QueueNames, OfManyDrivers)
{
	EXPECT_EQ(meaning("queue_3_rx_cnt"), "rx 3 packets");
	EXPECT_EQ(meaning("queue_0_tx_bytes"), "tx 0 bytes");
	EXPECT_EQ(meaning("queue_0_rx_skb_alloc_fail"), "rx 0 drops");
	EXPECT_EQ(meaning("tx_queue_12_packets"), "tx 12 packets");
	EXPECT_EQ(meaning("rx-4.rx_dropped"), "rx 4 drops");
	EXPECT_EQ(meaning("rx15_packets"), "rx 15 packets");
	EXPECT_EQ(meaning("tx_bytes[2]"), "tx 2 bytes");
}

TEST(QueueNames, NothingElse)
{
	for (const char *name :
	     {"rx_packets", "queue_0_tx_queue_stop", "queue__rx_cnt", "queue_4096_rx_cnt",
	      "queue_99999999999_rx_cnt", "queue_-1_rx_cnt", "tx_bytes[2", "tx_[2]", "rx", "rx1_",
	      "queue_0_rx_", "", "%d%n_%f", "tx_bytes[2]]"})
		EXPECT_EQ(meaning(name), "") << name;
}

TEST(QueueNames, LossesAddUp)
{
	const auto counts = queue_counts_of({{"queue_0_tx_missed_tx", 3},
					     {"queue_0_tx_dma_mapping_err", 4},
					     {"queue_0_tx_cnt", 9}});

	EXPECT_EQ(counts.at(tx0).drops, 7u);
	EXPECT_EQ(counts.at(tx0).packets, 9u);
	EXPECT_FALSE(counts.at(tx0).bytes);
}

TEST_F(Top, RatesAreDifferencesInTime)
{
	machine.facts.counters = {{"queue_0_rx_cnt", 100}, {"queue_0_rx_bytes", 1000}};
	total("rx_dropped", 1);
	total("rx_missed_errors", 2);
	const Sample before = sample();
	machine.facts.counters = {{"queue_0_rx_cnt", 300}, {"queue_0_rx_bytes", 3000}};
	total("rx_missed_errors", 12);
	total("rx_packets", 1200);
	const Rates rates = rates_between(&before, sample(milliseconds(500)));

	EXPECT_DOUBLE_EQ(rates.queues.at(rx0).packets.value(), 400);
	EXPECT_DOUBLE_EQ(rates.queues.at(rx0).bits.value(), 32000);
	EXPECT_FALSE(rates.queues.at(rx0).drops);
	EXPECT_DOUBLE_EQ(rates.rx.packets.value(), 400);
	EXPECT_DOUBLE_EQ(rates.rx.drops.value(), 20);
	EXPECT_FALSE(rates.tx.packets);
}

TEST_F(Top, WhatCannotBeARateIsNone)
{
	machine.facts.counters = {{"queue_0_rx_cnt", 100}, {"queue_1_rx_cnt", UINT64_MAX}};
	const Sample before = sample();
	machine.facts.counters = {{"queue_0_rx_cnt", 99}, {"queue_2_rx_cnt", 5}};
	Rates rates = rates_between(&before, sample(seconds(1)));

	/* Gone back; a queue that is new; one that has gone. */
	EXPECT_FALSE(rates.queues.at(rx0).packets);
	EXPECT_FALSE(rates.queues.at({Direction::rx, 2}).packets);
	EXPECT_FALSE(rates.queues.contains(rx1));
	/* No time has gone by. */
	EXPECT_FALSE(rates_between(&before, before).queues.at(rx1).packets);
	/* Another interface of this name. */
	machine.put("sys/class/net/eth0/ifindex", "7\n");
	machine.facts.counters = {{"queue_0_rx_cnt", 200}};
	EXPECT_FALSE(rates_between(&before, sample(seconds(1))).queues.at(rx0).packets);
	EXPECT_FALSE(rates_between(nullptr, sample()).queues.at(rx0).packets);
}

TEST_F(Top, NetlinkWinsOverNames)
{
	machine.facts.counters = {{"queue_0_rx_cnt", 1}, {"queue_0_rx_skb_alloc_fail", 5}};
	EXPECT_STREQ(sample().source, "ethtool -S");
	machine.netdev_queues[rx0] = {10, 20, {}};
	machine.netdev_queues[rx1] = {}; /* a driver that counts nothing */
	const Sample told = sample();

	EXPECT_STREQ(told.source, "netdev qstats");
	EXPECT_EQ(told.queues.at(rx0).packets, 10u);
	EXPECT_EQ(told.queues.at(rx0).drops, 5u);
	EXPECT_FALSE(told.queues.contains(rx1));
	machine.facts.counters.clear();
	machine.netdev_queues.clear();
	EXPECT_STREQ(sample().source, "interface totals");
}

TEST_F(Top, HostileFilesAreUnknown)
{
	machine.put("sys/class/net/eth0/statistics/rx_packets", "99999999999999999999\n");
	machine.put("sys/class/net/eth0/statistics/tx_packets", "-1\n");
	machine.put("sys/class/net/eth0/speed", "-1\n");
	machine.put("sys/class/net/eth0/queues/tx-0/byte_queue_limits/inflight", "5\n");
	machine.put("sys/class/net/eth0/queues/tx-0/byte_queue_limits/limit", "0\n");
	machine.put("sys/class/net/eth0/queues/tx-99999/byte_queue_limits/inflight", "5\n");
	machine.put("sys/class/net/eth0/queues/tx-99999/byte_queue_limits/limit", "5\n");
	machine.put("sys/class/net/eth0/queues/tx-/byte_queue_limits/limit", "5\n");
	const Sample told = sample();

	EXPECT_FALSE(told.rx.packets || told.tx.packets || told.speed_mbps);
	EXPECT_TRUE(told.fill.empty());
}

TEST_F(Top, AnInterfaceThatGoesAndComesBack)
{
	std::vector<TopInterface> all(1);
	all[0].name = "eth0";
	all[0].update(sample());
	all[0].update({});
	EXPECT_EQ(shown(all), "eth0  is gone\n");
	total("rx_packets", 5000);
	all[0].update(sample(seconds(1)));
	EXPECT_FALSE(all[0].rates.rx.packets);
	total("rx_packets", 5100);
	all[0].update(sample(seconds(2)));
	EXPECT_DOUBLE_EQ(all[0].rates.rx.packets.value(), 100);
}

TEST_F(Top, TheTable)
{
	machine.facts.counters = {{"queue_0_rx_cnt", 0},
				  {"queue_0_tx_cnt", 0},
				  {"queue_0_tx_bytes", 0},
				  {"queue_1_rx_cnt", 0},
				  {"pps_allowance_exceeded", 1000},
				  {"bw_in_allowance_exceeded", 0}};
	machine.put("sys/class/net/eth0/queues/tx-0/byte_queue_limits/inflight", "300\n");
	machine.put("sys/class/net/eth0/queues/tx-0/byte_queue_limits/limit", "1200\n");
	std::vector<TopInterface> all(1);
	all[0].name = "eth0";
	all[0].update(sample());
	machine.facts.counters = {{"queue_0_rx_cnt", 12},
				  {"queue_0_tx_cnt", 1234567},
				  {"queue_0_tx_bytes", 1'000'000'000},
				  {"queue_1_rx_cnt", 99'950},
				  {"pps_allowance_exceeded", 1500},
				  {"bw_in_allowance_exceeded", 0}};
	all[0].update(sample(seconds(1)));

	EXPECT_EQ(shown(all), "eth0  no driver  25 Gbit/s  MTU 9001  link up  (ethtool -S)\n"
			      "queue    RX p/s   bit/s  drop/s    TX p/s   bit/s  drop/s  fill\n"
			      "all          0       -       -         -       -       -\n"
			      "0           12       -       -     1.23M   8.00G       -   25%\n"
			      "1         100k       -       -         -       -       -     -\n"
			      "allowance pps exceeded 1,500 times, now 500/s\n");
	machine.put("sys/class/net/eth0/carrier", "0\n");
	all[0].update(sample(seconds(2)));
	EXPECT_EQ(top_lines(all, {})[0].style, TopLine::Style::alert);
}

TEST_F(Top, TheTableFitsATerminalOf80)
{
	std::vector<TopInterface> all(1);
	polls_figures many{};

	many.packets = UINT64_MAX;
	many.batches[POLLS_BATCHES - 1] = many.waits[POLLS_WAITS - 1] = 1'000'000'000;
	all[0].name = "eth0";
	all[0].update(sample());
	all[0].update(sample(seconds(1)));
	all[0].polls = all[0].sample->polls[123'456] = all[0].rates.polls[123'456] = many;
	for (const auto &lines : {top_lines(all, {}), top_help()})
		for (const TopLine &line : lines)
			EXPECT_LE(line.text.size(), 80u) << line.text;
	EXPECT_TRUE(has(shown(all), "\n123456     - ")) << shown(all);
	const std::string reason = "not at all because of a word that ends here";
	for (size_t columns = 7; columns < 50; columns++) {
		std::string together;
		for (const std::string &line : wrapped(reason, columns)) {
			EXPECT_LE(line.size(), columns);
			together += (together.empty() ? "" : " ") + line;
		}
		EXPECT_EQ(together, reason);
	}
	EXPECT_EQ(wrapped("longerthan is", 4), (std::vector<std::string>{"longerthan", "is"}));
}

TEST_F(Top, TheBusiestFirst)
{
	std::vector<TopInterface> all(1);
	machine.facts.counters = {{"queue_0_rx_cnt", 0},
				  {"queue_1_rx_cnt", 0},
				  {"queue_0_rx_bytes", 0},
				  {"queue_1_rx_bytes", 0}};
	all[0].name = "eth0";
	all[0].update(sample());
	machine.facts.counters = {{"queue_0_rx_cnt", 1},
				  {"queue_1_rx_cnt", 2},
				  {"queue_0_rx_bytes", 400},
				  {"queue_1_rx_bytes", 300}};
	all[0].update(sample(seconds(1)));
	const auto first = [&](size_t sort) {
		return shown(all, sort).find("\n0  ") < shown(all, sort).find("\n1  ");
	};

	EXPECT_TRUE(first(0));
	EXPECT_FALSE(first(1));
	EXPECT_TRUE(first(2));
}

TEST(TopScaled, ThreeDigits)
{
	EXPECT_EQ(scaled({}), "-");
	EXPECT_EQ(scaled(0.2), "0");
	EXPECT_EQ(scaled(999.4), "999");
	EXPECT_EQ(scaled(999.6), "1.00k");
	EXPECT_EQ(scaled(9996), "10.0k");
	EXPECT_EQ(scaled(99'960), "100k");
	EXPECT_EQ(scaled(999'600), "1.00M");
	EXPECT_EQ(scaled(1e18), "1.00E");
	EXPECT_EQ(scaled(1e22), "10000E");
}

TEST(TopKeys, DoWhatTheHelpSays)
{
	TopSettings settings;

	EXPECT_TRUE(settings.press('s'));
	EXPECT_EQ(settings.sort, 1u);
	for (int i = 0; i < 3; i++)
		settings.press('s');
	EXPECT_EQ(settings.sort, 0u);
	settings.press('+');
	EXPECT_EQ(settings.interval, seconds(2));
	for (int i = 0; i < 20; i++)
		settings.press('+');
	EXPECT_EQ(settings.interval, longest_interval);
	for (int i = 0; i < 20; i++)
		settings.press('-');
	EXPECT_EQ(settings.interval, shortest_interval);
	settings.press(' ');
	EXPECT_TRUE(settings.paused);
	settings.press('j');
	EXPECT_EQ(settings.scroll, 1u);
	settings.press('?');
	EXPECT_TRUE(settings.help);
	EXPECT_EQ(settings.scroll, 0u) << "the help from its beginning";
	settings.press('k');
	EXPECT_EQ(settings.scroll, 0u);
	settings.press('z');
	EXPECT_TRUE(settings.zero);
	EXPECT_FALSE(settings.press('x'));
	EXPECT_FALSE(settings.quit);
	settings.press('q');
	EXPECT_TRUE(settings.quit);
}

TEST_F(Top, OnceForPeopleAndForMachines)
{
	machine.facts.counters = {{"queue_0_rx_cnt", 5}, {"bw_in_allowance_exceeded", 3}};
	const Ran ran = openena({"top", "eth0", "--once", "--interval", "100"});

	EXPECT_EQ(ran.status, 0) << ran.err;
	EXPECT_TRUE(has(ran.out, "\n0            0       -")) << ran.out;
	const Ran json = openena({"top", "--once", "--json", "--interval", "100"});
	const Json told = Json::parse(json.out, "it");
	const Json &eth0 = told.find("interfaces")->array()->at(0);
	EXPECT_EQ(told.find("interfaces")->array()->size(), 1u) << "lo is no hardware";
	EXPECT_EQ(eth0.find("name")->plain(), "eth0");
	EXPECT_EQ(eth0.find("queues")->array()->at(0).find("rx")->dump(0),
		  R"({"packets_per_second":0.0,"bits_per_second":null,"drops_per_second":null})");
	EXPECT_EQ(eth0.find("allowances")->dump(0),
		  R"([{"name":"bw_in","exceeded":3,"exceeded_per_second":0.0}])");
}

TEST_F(Top, WrongInterfaces)
{
	EXPECT_EQ(openena({"top", "eht0"}).err,
		  "openena: there is no interface \"eht0\"; the nearest is eth0\n");
	EXPECT_EQ(openena({"top", "../net/eth0"}).status, 2);
	EXPECT_EQ(openena({"top", std::string(300, 'x')}).status, 2);
	machine.remove("sys/class/net/eth0/device");
	EXPECT_TRUE(has(openena({"top"}).err, "name one")) << openena({"top"}).err;
	machine.remove("sys/class/net");
	EXPECT_EQ(openena({"top", "eth0"}).status, 2);
}
