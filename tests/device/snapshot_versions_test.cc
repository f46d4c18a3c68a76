// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Snapshots of earlier releases, from tests/device/snapshots. Each was written at one
 * moment of one life of an adapter, which is lived here again up to that moment; there
 * the adapter is replaced by one that holds the old snapshot, and life goes on.
 *
 * To keep one of the present release, before its format changes:
 * OPENENA_KEEP_SNAPSHOT=FILE device_tests --gtest_filter=SnapshotVersions.*
 */
#include "frames.hh"
#include "kept_snapshot.hh"
#include "llq_writer.hh"

#include <gtest/gtest.h>

#include <fstream>

namespace
{
constexpr size_t mss = 500, segments = 4;
const LlqChoice layout{.flags = 0};
const FrameSpec steered{.tcp = false, .destination_port = 4242};

class SnapshotVersions : public testing::Test {
    protected:
	static ena_config config()
	{
		ena_config c = FakeHost::default_config();
		c.queues = 3;
		c.vectors = 4;
		return c;
	}
	/* The life up to the moment. */
	void SetUp() override
	{
		buffer = g.host.alloc(4096);
		g.start();
		ASSERT_EQ(choose_llq(g, layout), 0);
		ena_mtu mtu{};
		mtu.mtu.set(9000);
		ASSERT_EQ(g.set_feature(ENA_FEATURE_MTU, &mtu, sizeof(mtu)), 0);
		const ena_hw_timestamp_config stamps = {
			.version = 0, .tx = ENA_HW_TIMESTAMP_ALL, .rx = ENA_HW_TIMESTAMP_ALL};
		ASSERT_EQ(g.set_feature(ENA_FEATURE_HW_TIMESTAMP, &stamps, sizeof(stamps)), 0);
		llq.emplace(g, layout, 256, 2);
		tx = g.create(false, 256, 1, true);
		other = g.create(false, 512, 3, true);
		for (uint32_t i = 0; i < 2; i++) {
			rx[i] = g.create(true, 256, i + 1, true);
			g.post(rx[i], 20, 2048);
		}
		spread_to(rx[0]);
		steer_to(1);
		g.unmask(rx[0], 50, 100);
		EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
		llq->packet(5, make_frame(), 96);
		llq->ring();
		ASSERT_TRUE(g.tx_completion(llq->q));
		send_half();
		send_large();
		llq->packet(6, half, 60);
		llq->ring();
		g.events();
		g.host.sent.clear();
		g.host.interrupts.clear();
		ena_device_set_link(g.host.device, false);
	}
	void spread_to(const Guest::Queue &q)
	{
		ena_rss_indirection rss{};
		rss.flags = ENA_RSS_ONE_ENTRY_UPDATE;
		for (uint32_t i = 0; i < 128; i++) {
			rss.inline_index.set(i);
			rss.inline_entry.cq_idx.set(q.index);
			ASSERT_EQ(g.set_feature(ENA_FEATURE_RSS_INDIRECTION, &rss, sizeof(rss)), 0);
		}
	}
	/* UDP to the port of @steered. */
	void steer_to(uint16_t queue)
	{
		ena_flow_steering_match match{};
		match.dst_port.set(steered.destination_port);
		match.dst_port_mask.set(0xffff);
		g.host.store(buffer, match);
		ena_flow_steering_cmd c{};
		c.action = ENA_FLOW_ADD;
		c.flow_type = ENA_FLOW_UDP4;
		c.rx_queue.set(queue);
		c.rule_location.set(3);
		ASSERT_EQ(g.set_feature(ENA_FEATURE_FLOW_STEERING, &c, sizeof(c), buffer,
					sizeof(match)),
			  0);
	}
	/* A packet whose last descriptor has not come. */
	void send_half()
	{
		half = make_frame({.payload = 300});
		const uint16_t begin = other.tail;
		g.push_packet(other, 9, g.place(half, half.size() / 2 + 1));
		g.host.write(other.doorbell, begin + 1u);
		g.host.run();
	}
	/* A packet of which the host has taken only the first segment. */
	void send_large()
	{
		const FrameSpec spec{.payload = segments * mss};
		g.push_meta(tx, mss, 14, 20, 5);
		g.push_packet(tx, 7, g.place(make_frame(spec)), tso4, true);
		g.host.answer = ENA_TRANSMIT_BUSY;
		g.ring(tx);
		g.host.answer = ENA_TRANSMIT_SENT;
	}
	/* The life after the moment. */
	void go_on(const ena_device_stats &before)
	{
		ena_device_stats now;
		ena_device_get_stats(g.host.device, &now);
		EXPECT_EQ(now.rx_packets, before.rx_packets);
		EXPECT_EQ(now.tx_packets, before.tx_packets);
		EXPECT_EQ(now.tx_llq_packets, before.tx_llq_packets);
		EXPECT_EQ(now.resets, before.resets);

		ena_device_set_link(g.host.device, true);
		g.host.run();
		ASSERT_EQ(g.host.sent.size(), segments - 1 + 1);
		EXPECT_EQ(g.host.sent[segments - 1].bytes, half) << "what waited in BAR2";
		EXPECT_TRUE(g.tx_completion(tx));
		EXPECT_EQ(g.tx_completion(llq->q)->req_id.get(), 6);
		g.ring(other);
		ASSERT_EQ(g.host.sent.size(), segments + 1);
		EXPECT_EQ(g.host.sent[segments].bytes, half);

		EXPECT_TRUE(g.rx_completion(rx[0]));
		EXPECT_EQ(g.receive(make_frame(steered)), ENA_RECEIVE_TAKEN);
		const auto frame = g.rx_completion(rx[1]);
		ASSERT_TRUE(frame);
		EXPECT_EQ(frame->bytes, make_frame(steered));
		EXPECT_NE(frame->timestamp, 0u);
		EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
		EXPECT_TRUE(g.rx_completion(rx[0]));
		g.host.advance(50'000);
		EXPECT_EQ(g.host.raised(1), 1u) << "the delayed interrupt";
		const auto events = g.events();
		ASSERT_FALSE(events.empty());
		EXPECT_EQ(events[0].group.get(), ENA_AENQ_LINK_CHANGE);
		EXPECT_EQ(g.readless(ENA_REG_VERSION), 0x0Au);
	}

	Guest g{config()};
	uint64_t buffer = 0;
	Guest::Queue tx, other, rx[2];
	std::optional<LlqWriter> llq;
	Bytes half;
};
} // namespace

TEST_F(SnapshotVersions, ThePresentOneGoesOn)
{
	const auto bytes = g.host.save();
	ena_device_stats before;

	ena_device_get_stats(g.host.device, &before);
	if (const char *path = getenv("OPENENA_KEEP_SNAPSHOT"))
		std::ofstream(path, std::ios::binary)
			.write(reinterpret_cast<const char *>(bytes.data()),
			       static_cast<std::streamsize>(bytes.size()));
	ASSERT_EQ(g.host.load(bytes), "");
	go_on(before);
}

TEST_F(SnapshotVersions, TheFirstGoesOn)
{
	const auto bytes = kept_snapshot("1");
	ena_device_stats before;

	ASSERT_FALSE(bytes.empty()) << "it is not there";
	ena_device_get_stats(g.host.device, &before);
	ASSERT_EQ(g.host.load(bytes), "");
	go_on(before);
}

/* What it does not say of its configuration is not held against it. */
TEST_F(SnapshotVersions, TheFirstKnowsLessOfTheConfiguration)
{
	ena_config strict = config();

	strict.strict = true;
	strict.fragment_pps = 1024;
	FakeHost host(strict);
	EXPECT_EQ(host.load(kept_snapshot("1")), "");
	EXPECT_NE(host.load(g.host.save()), "");
	strict.flow_rules = 1;
	FakeHost other(strict);
	EXPECT_EQ(other.load(kept_snapshot("1")),
		  "section config: flow rules is 64 (0x40) in the snapshot, and 1 (0x1) here");
}
