// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of every shape through driver, adapter, wire, adapter and driver. */
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "abi/ena_regs.h"
#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

Bytes random_frame(size_t size, Random &random)
{
	Bytes b(size);
	for (auto &byte : b)
		byte = static_cast<uint8_t>(random());
	b[0] &= 0xfe;
	if (size >= 14) {
		b[12] = 0x88;
		b[13] = 0xb5; /* a local experimental EtherType */
	}
	return b;
}

TEST(Traffic, EverySizeArrivesUnchanged)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(1));
	Random random(1);
	for (size_t size = 14; size <= 9015; size += size < 300 ? 1 : 7) {
		TxRequest request;
		request.frame = random_frame(size, random);
		request.fragments = static_cast<unsigned>(1 + random() % 17);
		ASSERT_TRUE(pair.a->send(0, request));
		pair.run(ms);
		ASSERT_EQ(pair.b->received.size(), 1u) << "size " << size;
		ASSERT_EQ(pair.b->received[0].frame, request.frame) << "size " << size;
		pair.b->received.clear();
	}
	EXPECT_EQ(pair.a->resets + pair.b->resets, 0u);
	EXPECT_TRUE(pair.a->notes.empty()) << pair.a->notes.front();
	EXPECT_EQ(pair.a->dma_faults + pair.b->dma_faults, 0u);
}

/* Not a frame: the adapter says so and completes it, nobody waits for it. */
TEST(Traffic, LessThanAnEthernetHeaderIsDropped)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(1));
	Random random(9);
	for (size_t size = 1; size < 14; size++) {
		TxRequest request;
		request.frame = random_frame(size, random);
		ASSERT_TRUE(pair.a->send(0, request));
	}
	pair.run(ms);
	EXPECT_TRUE(pair.b->received.empty());
	EXPECT_EQ(pair.a->tx_completed, 13u);
	EXPECT_EQ(pair.a->notes.size(), 13u);
	ena_device_stats stats;
	ena_device_get_stats(pair.a->device, &stats);
	EXPECT_EQ(stats.tx_drops, 13u);
}

TEST(Traffic, EveryNumberOfFragments)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(1));
	Random random(2);
	for (unsigned n = 1; n <= oe_info(pair.a->adapter)->max_tx_buffers; n++) {
		TxRequest request;
		request.frame = random_frame(1514, random);
		request.fragments = n;
		ASSERT_TRUE(pair.a->send(0, request));
		pair.run(ms);
		ASSERT_EQ(pair.b->received.size(), 1u) << n << " fragments";
		ASSERT_EQ(pair.b->received[0].frame, request.frame) << n << " fragments";
		pair.b->received.clear();
	}
}

TEST(Traffic, SmallBuffersScatterOneFrame)
{
	TwoMachines pair(default_config());
	pair.b->rx_buffer_size = 1024;
	ASSERT_TRUE(pair.start(1));
	Random random(3);
	TxRequest request;
	request.frame = random_frame(9015, random);
	ASSERT_TRUE(pair.a->send(0, request));
	pair.run(ms);
	ASSERT_EQ(pair.b->received.size(), 1u);
	EXPECT_EQ(pair.b->received[0].fragments, 9u);
	EXPECT_EQ(pair.b->received[0].frame, request.frame);
}

/* Rings wrap many times, both ways at once, batches of every length. */
TEST(Traffic, ManyLaps)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(2));
	Random random(4);
	size_t sent[2] = {}, seen[2] = {};
	for (int burst = 0; burst < 1500; burst++) {
		oe_kernel *from[] = {pair.a.get(), pair.b.get()};
		for (int side = 0; side < 2; side++) {
			const size_t count = 1 + random() % 40;
			const auto queue = static_cast<unsigned>(random() % 2);
			for (size_t i = 0; i < count; i++) {
				TxRequest request;
				request.frame = random_frame(14 + random() % 1500, random);
				request.fragments = static_cast<unsigned>(1 + random() % 4);
				sent[side] += from[side]->send(queue, request, i + 1 == count);
			}
		}
		pair.run(ms);
		seen[0] += pair.b->received.size();
		seen[1] += pair.a->received.size();
		pair.a->received.clear();
		pair.b->received.clear();
	}
	EXPECT_GT(sent[0], 20000u);
	EXPECT_EQ(seen[0], sent[0]);
	EXPECT_EQ(seen[1], sent[1]);
	EXPECT_EQ(pair.a->tx_completed, sent[0]);
	EXPECT_EQ(pair.a->resets + pair.b->resets, 0u);
}

TEST(Traffic, AFullRingStopsAndWakes)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(1));
	Random random(5);
	pair.a->device_stuck = true;
	size_t sent = 0;
	TxRequest request;
	request.frame = random_frame(60, random);
	while (pair.a->send(0, request))
		ASSERT_LT(++sent, 100000u);
	EXPECT_GT(sent, 200u);
	pair.a->device_stuck = false;
	pair.run(10 * ms);
	EXPECT_EQ(pair.b->received.size(), sent);
	EXPECT_TRUE(pair.a->send(0, request)) << "the queue did not wake";
}

TEST(Traffic, EveryQueueCountSpreadsAndDelivers)
{
	ena_config config = default_config();
	config.queues = 32;
	config.vectors = 33;
	for (unsigned queues = 1; queues <= 32; queues++) {
		TwoMachines pair(config);
		ASSERT_TRUE(pair.start(queues)) << queues;
		Random random(queues);
		std::map<unsigned, unsigned> per_queue;
		const unsigned flows = queues * 24;
		for (unsigned i = 0; i < flows; i++) {
			TxRequest request;
			FrameShape shape;
			/* Of few bits a hash may not reach the whole table. */
			shape.source_port = static_cast<uint16_t>(random());
			request.frame = build_frame(shape, random);
			ASSERT_TRUE(pair.a->send(i % queues, request));
			if (i % 16 == 15)
				pair.run(ms);
		}
		pair.run(10 * ms);
		ASSERT_EQ(pair.b->received.size(), flows) << queues << " queues";
		for (const auto &frame : pair.b->received) {
			per_queue[frame.queue]++;
			EXPECT_NE(frame.hash_type, OE_RX_HASH_NONE);
		}
		EXPECT_EQ(per_queue.size(), queues);
	}
}

/* Flows that differ in their ports alone share a queue when these are not hashed. */
TEST(Traffic, HashFieldsDecideWhichFlowsShareAQueue)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(4));
	const uint32_t addresses = OE_HASH_SRC_IP | OE_HASH_DST_IP;
	const uint32_t all = addresses | OE_HASH_SRC_PORT | OE_HASH_DST_PORT;
	Random random(3);
	oe_error error{};

	for (const uint32_t fields : {all, addresses, all}) {
		ASSERT_EQ(oe_hash_set_fields(pair.b->adapter, OE_FLOW_UDP4, fields, &error), 0);
		std::set<unsigned> queues[2]; /* of TCP, of UDP */
		for (const bool udp : {false, true}) {
			pair.b->received.clear();
			for (unsigned i = 0; i < 64; i++) {
				TxRequest request;
				request.frame = build_frame(
					{.udp = udp,
					 .source_port = static_cast<uint16_t>(random())},
					random);
				ASSERT_TRUE(pair.a->send(i % 4, request));
			}
			pair.run(10 * ms);
			ASSERT_EQ(pair.b->received.size(), 64u);
			for (const RxFrame &frame : pair.b->received) {
				queues[udp].insert(frame.queue);
				EXPECT_EQ(frame.hash_type,
					  udp && fields != all ? OE_RX_HASH_L3 : OE_RX_HASH_L4);
			}
		}
		EXPECT_EQ(queues[true].size(), fields == all ? 4u : 1u);
		EXPECT_EQ(queues[false].size(), 4u);
	}
	EXPECT_TRUE(pair.b->notes.empty());
}

/* A rule of each type and for each queue, also after a reset; what does not fit goes elsewhere. */
TEST(Traffic, FlowRulesDecideBeforeRss)
{
	ena_config config = default_config();
	config.queues = 4;
	TwoMachines pair(config);
	ASSERT_TRUE(pair.start(4));
	const std::vector<uint32_t> table(oe_info(pair.b->adapter)->rss_entries, 3);
	oe_error error{};
	ASSERT_EQ(oe_rss_set(pair.b->adapter, table.data(), nullptr, &error), 0) << error.text;
	const struct {
		uint8_t type;
		FrameShape shape;
	} cases[] = {{OE_FLOW_TCP4, {}},
		     {OE_FLOW_UDP4, {.udp = true}},
		     {OE_FLOW_TCP6, {.ipv6 = true}},
		     {OE_FLOW_UDP6, {.ipv6 = true, .udp = true}}};
	for (unsigned i = 0; i < 4; i++) {
		oe_flow_rule rule{};
		rule.location = OE_FLOW_ANY;
		rule.queue = i % 3;
		rule.type = cases[i].type;
		rule.src_port = 1000;
		rule.dst_port = 2000;
		rule.src_port_mask = rule.dst_port_mask = 0xffff;
		ASSERT_EQ(oe_flow_add(pair.b->adapter, &rule, &error), 0) << error.text;
	}
	Random random(12);
	const auto queue_of = [&](const FrameShape &shape) {
		TxRequest request;
		request.frame = build_frame(shape, random);
		pair.b->received.clear();
		EXPECT_TRUE(pair.a->send(0, request));
		pair.run(ms);
		return pair.b->received.size() == 1 ? pair.b->received[0].queue : 99;
	};
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 4; i++) {
			FrameShape shape = cases[i].shape;
			EXPECT_EQ(queue_of(shape), i % 3) << "type " << +cases[i].type;
			shape.source_port = 1001;
			EXPECT_EQ(queue_of(shape), 3u) << "type " << +cases[i].type;
		}
		oe_request_reset(pair.b->adapter, ENA_RESET_USER_TRIGGER);
		pair.run(3000 * ms);
		ASSERT_EQ(pair.b->resets, round + 1);
	}
}

/* The table decides: all entries on one queue, all traffic on it. */
TEST(Traffic, TheIndirectionTableRules)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(4));
	Random random(6);
	for (uint32_t queue = 0; queue < 4; queue++) {
		std::vector<uint32_t> table(oe_info(pair.b->adapter)->rss_entries, queue);
		oe_error error{};
		ASSERT_EQ(oe_rss_set(pair.b->adapter, table.data(), nullptr, &error), 0)
			<< error.text;
		for (unsigned i = 0; i < 50; i++) {
			FrameShape shape;
			shape.ipv6 = i & 1;
			shape.udp = i & 2;
			shape.source_port = static_cast<uint16_t>(random());
			TxRequest request;
			request.frame = build_frame(shape, random);
			ASSERT_TRUE(pair.a->send(0, request));
		}
		pair.run(ms);
		ASSERT_EQ(pair.b->received.size(), 50u);
		for (const auto &frame : pair.b->received)
			EXPECT_EQ(frame.queue, queue);
		pair.b->received.clear();
	}
}

/* The standard Toeplitz sum, bit by bit. */
uint32_t toeplitz(const uint8_t *key, const Bytes &input)
{
	uint32_t hash = 0;
	for (size_t bit = 0; bit < input.size() * 8; bit++) {
		if (!(input[bit / 8] >> (7 - bit % 8) & 1))
			continue;
		for (size_t i = 0; i < 32; i++) {
			const size_t at = bit + i;
			hash ^= static_cast<uint32_t>(key[at / 8] >> (7 - at % 8) & 1) << (31 - i);
		}
	}
	return hash;
}

TEST(Traffic, TheHashIsToeplitzOfTheKeyTheUserSees)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(4));
	std::vector<uint32_t> table(oe_info(pair.b->adapter)->rss_entries);
	uint8_t key[OE_RSS_KEY_SIZE];
	oe_rss_get(pair.b->adapter, table.data(), key);
	Random random(7);
	for (unsigned i = 0; i < 64; i++) {
		FrameShape shape;
		shape.ipv6 = i & 1;
		shape.udp = i & 2;
		shape.source_port = static_cast<uint16_t>(random());
		shape.destination_port = static_cast<uint16_t>(random());
		TxRequest request;
		request.frame = build_frame(shape, random);
		const Bytes &f = request.frame;
		Bytes input(f.begin() + (shape.ipv6 ? 22 : 26), f.begin() + (shape.ipv6 ? 58 : 38));
		ASSERT_TRUE(pair.a->send(0, request));
		pair.run(ms);
		ASSERT_EQ(pair.b->received.size(), 1u);
		const RxFrame &got = pair.b->received[0];
		EXPECT_EQ(got.hash, toeplitz(key, input)) << "flow " << i;
		EXPECT_EQ(got.hash_type, OE_RX_HASH_L4);
		EXPECT_EQ(got.queue, table[got.hash % table.size()]);
		pair.b->received.clear();
	}
}

TEST(Traffic, FramesBeyondTheMtuAreDroppedAndCounted)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(1));
	ASSERT_EQ(pair.b->set([](oe_settings &s) { s.mtu = 1500; }), 0);
	Random random(8);
	TxRequest request;
	request.frame = random_frame(9015, random);
	ASSERT_TRUE(pair.a->send(0, request));
	pair.run(ms);
	EXPECT_TRUE(pair.b->received.empty());
	ena_device_stats stats;
	ena_device_get_stats(pair.b->device, &stats);
	EXPECT_EQ(stats.rx_drops, 1u);
}

} // namespace
