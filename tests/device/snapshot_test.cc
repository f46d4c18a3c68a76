// SPDX-License-Identifier: GPL-2.0-or-later
/* Snapshots: what survives a move to another host, and what of foreign bytes is refused. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

#include <memory>
#include <random>

using ena::field_put;

namespace
{

class Snapshot : public testing::Test {
    protected:
	static ena_config config()
	{
		ena_config c = FakeHost::default_config();
		c.queues = 2;
		c.vectors = 3;
		return c;
	}
	void SetUp() override
	{
		g.start();
		tx = g.create(false, 256, 1);
		rx = g.create(true, 256, 2);
		ena_rss_indirection rss{};
		rss.flags = ENA_RSS_ONE_ENTRY_UPDATE;
		for (uint32_t i = 0; i < 128; i++) {
			rss.inline_index.set(i);
			rss.inline_entry.cq_idx.set(rx.index);
			ASSERT_EQ(g.set_feature(ENA_FEATURE_RSS_INDIRECTION, &rss, sizeof(rss)), 0);
		}
		g.host.interrupts.clear();
	}
	/* A large packet of which the host takes only the first segment. */
	void send_large(size_t payload)
	{
		const FrameSpec spec{.payload = payload};
		Bytes frame = make_frame(spec);
		put16(frame, checksum_at(spec), 0xbeef);
		g.push_meta(tx, 1000, 14, 20, 5);
		g.push_packet(tx, 7, g.place(frame), tso4, true);
		g.host.answer = ENA_TRANSMIT_BUSY;
		g.ring(tx);
		g.host.answer = ENA_TRANSMIT_SENT;
	}
	/* A packet whose last descriptor has not come. */
	void send_half(uint16_t req_id, const Bytes &frame)
	{
		auto buffers = g.place(frame, frame.size() / 2 + 1);
		const uint16_t begin = tx.tail;
		g.push_packet(tx, req_id, buffers);
		g.host.write(tx.doorbell, begin + 1u);
		g.host.run();
	}
	/* A bit of everything that can be under way. */
	void make_busy()
	{
		g.post(rx, 100, 2048);
		g.unmask(rx, 50, 100);
		EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
		auto other = g.create(true, 256, 2);
		g.unmask(tx, 10, 20);
		g.push_meta(tx, 0, 14, 20, 5);
		send_half(3, make_frame());
		auto second = g.create(false, 256, 1);
		std::swap(tx, second);
		send_large(20'000);
		ena_device_set_link(g.host.device, false);
		ena_device_set_link(g.host.device, true);
		(void)other;
	}
	/* The snapshot of an adapter that was only created. */
	std::vector<uint8_t> fresh() const
	{
		FakeHost host(g.host.config);
		host.clock_ns = g.host.clock_ns;
		return host.save();
	}
	/* Refused: as after creation. Taken: nothing that the guest does then breaks anything. */
	void try_load(const std::vector<uint8_t> &bytes, const std::vector<uint8_t> &virgin)
	{
		FakeHost &host = *other;
		host.clock_ns = g.host.clock_ns;
		host.notes.clear();
		const std::string why = host.load(bytes);
		if (!why.empty()) {
			EXPECT_NE(why, "no reason given");
			ena_device_set_link(host.device, true);
			EXPECT_EQ(host.save(), virgin) << why;
			return;
		}
		taken++;
		for (uint16_t slot = 0; slot < 4; slot++) {
			host.write(0x1000 + slot * 16u, tx.tail + 4u);
			host.write(0x1004 + slot * 16u, ENA_INTR_UNMASK);
		}
		host.write(ENA_REG_AQ_DB, g.aq_tail + 3u);
		host.write(ENA_REG_AENQ_HEAD_DB, 40);
		ena_device_set_link(host.device, false);
		ena_device_set_link(host.device, true);
		EXPECT_LT(host.run(2000), 2000u);
		const Bytes frame = make_frame();
		const iovec iov = {const_cast<uint8_t *>(frame.data()), frame.size()};
		for (int i = 0; i < 3; i++)
			(void)ena_device_receive(host.device, &iov, 1, nullptr);
		host.advance(2'000'000'000);
		(void)host.save();
	}

	Guest g{config()};
	Guest::Queue tx, rx;
	std::unique_ptr<FakeHost> other;
	unsigned int taken = 0;
};

void put_le(std::vector<uint8_t> &bytes, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[at + i] = static_cast<uint8_t>(value >> 8 * i);
}

uint32_t get_le32(const std::vector<uint8_t> &bytes, size_t at)
{
	return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
	       static_cast<uint32_t>(bytes[at + 3]) << 24;
}

/* Where the header of section @id is. */
size_t find_section(const std::vector<uint8_t> &bytes, const std::string &id)
{
	size_t at = 16;
	while (at < bytes.size()) {
		if (std::string(reinterpret_cast<const char *>(&bytes[at]),
				strnlen(reinterpret_cast<const char *>(&bytes[at]), 10)) == id)
			return at;
		at += 16 + get_le32(bytes, at + 12);
	}
	ADD_FAILURE() << "no section " << id;
	return 16;
}
} // namespace

TEST_F(Snapshot, ABufferTooSmallIsNotOverrun)
{
	make_busy();
	const auto whole = g.host.save();
	for (size_t size = 0; size < whole.size(); size += 1 + size / 8) {
		std::vector<uint8_t> buffer(size);
		EXPECT_EQ(ena_device_save(g.host.device, buffer.data(), size, nullptr, 0),
			  whole.size());
	}
}

TEST_F(Snapshot, AllThatIsUnderWaySurvives)
{
	make_busy();
	g.host.migrate();
	g.host.run();
	EXPECT_EQ(g.host.sent.size(), 20u) << "the segments of the large packet";
	EXPECT_TRUE(g.tx_completion(tx));
	ASSERT_FALSE(g.events().empty());
	g.host.advance(50'000);
	EXPECT_EQ(g.host.raised(2), 1u) << "the delayed interrupt";
}

TEST_F(Snapshot, SegmentsGoOnWhereTheyStopped)
{
	for (int move : {0, 1}) {
		g.host.sent.clear();
		send_large(5000);
		EXPECT_EQ(g.host.sent.size(), 1u);
		if (move)
			g.host.migrate();
		else
			ena_device_transmit_ready(g.host.device);
		g.host.run();
		ASSERT_EQ(g.host.sent.size(), 5u);
		for (size_t i = 0; i < 5; i++) {
			const FrameSpec spec{.payload = 1000};
			EXPECT_TRUE(checksums_good(g.host.sent[i].bytes, spec)) << i;
		}
		EXPECT_TRUE(g.tx_completion(tx));
	}
}

TEST_F(Snapshot, APacketIsCompletedByItsLastDescriptor)
{
	const Bytes frame = make_frame();
	send_half(9, frame);
	g.host.migrate();
	g.ring(tx);
	ASSERT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(g.host.sent[0].bytes, frame);
	EXPECT_EQ(g.tx_completion(tx)->req_id.get(), 9);
}

TEST_F(Snapshot, ConfigurationsMustAgree)
{
	const auto bytes = g.host.save();
	const auto expect = [&](const ena_config &other, const char *sentence) {
		FakeHost host(other);
		EXPECT_EQ(host.load(bytes), sentence);
	};
	ena_config c = config();
	c.queues = 4;
	expect(c, "section config: queues is 2 (0x2) in the snapshot, and 4 (0x4) here");
	c = config();
	c.mac[5] = 9;
	expect(c, "section config: MAC address is 2199023255553 (0x20000000001) in the snapshot, "
		  "and 2199023255561 (0x20000000009) here");
	c = config();
	c.rx_offloads = 0;
	expect(c, "section config: rx-offloads is 15 (0xf) in the snapshot, and 0 (0x0) here");
	c = config();
	c.strict = true;
	expect(c, "section config: strict is 0 (0x0) in the snapshot, and 1 (0x1) here");
	c = config();
	c.phc_block_us = 9000;
	expect(c, "section config: phc-block-us is 8000 (0x1f40) in the snapshot, and 9000 "
		  "(0x2328) here");
	expect(config(), "");
}

TEST_F(Snapshot, WhatHappenedIsStillKnown)
{
	g.reset(ENA_RESET_MISSING_TX_COMPLETION);
	g.host.advance(1000);
	g.start_admin_again();
	(void)g.create(false, 256, 1);
	g.reset(ENA_RESET_NORMAL);
	g.host.advance(500);
	ena_resets before, after;
	ena_control_info control;
	ena_device_get_resets(g.host.device, &before);
	g.host.migrate();
	ena_device_get_resets(g.host.device, &after);
	EXPECT_EQ(after.count, 3u);
	EXPECT_EQ(memcmp(after.by_reason, before.by_reason, sizeof(after.by_reason)), 0);
	for (const auto info : {&ena_resets::last, &ena_resets::last_failure}) {
		EXPECT_EQ((after.*info).time_ns, (before.*info).time_ns);
		EXPECT_EQ((after.*info).reason, (before.*info).reason);
		EXPECT_STREQ((after.*info).name, (before.*info).name);
		EXPECT_STREQ((after.*info).remark, (before.*info).remark);
		EXPECT_EQ((after.*info).queues, (before.*info).queues);
	}
	EXPECT_NE(after.last.remark, nullptr);
	EXPECT_EQ(after.last_failure.reason,
		  static_cast<uint32_t>(ENA_RESET_MISSING_TX_COMPLETION));
	ena_device_control_info(g.host.device, &control);
	EXPECT_EQ(control.events_posted[ENA_AENQ_LINK_CHANGE], 1u);
}

/* As when a machine goes back to a snapshot of its own. */
TEST_F(Snapshot, WhatCameAfterwardsIsForgotten)
{
	const auto earlier = g.host.save();
	ena_resets before, after;
	ena_device_get_resets(g.host.device, &before);
	g.reset(ENA_RESET_MISSING_TX_COMPLETION);
	char why[200] = "";
	ASSERT_TRUE(
		ena_device_load(g.host.device, earlier.data(), earlier.size(), why, sizeof(why)))
		<< why;
	ena_device_get_resets(g.host.device, &after);
	EXPECT_EQ(after.count, before.count);
	EXPECT_EQ(after.by_reason[ENA_RESET_MISSING_TX_COMPLETION], 0u);
	EXPECT_EQ(after.last_failure.time_ns, 0u);
	EXPECT_EQ(g.host.save(), earlier);
}

TEST_F(Snapshot, VersionsAndSections)
{
	const auto good = g.host.save();
	auto bytes = good;
	const size_t rss = find_section(good, "rss");

	put_le(bytes, rss + 10, 900, 2);
	EXPECT_EQ(g.host.load(bytes), "section rss has version 900, this release knows 1 to 1");
	put_le(bytes, rss + 10, 0, 2);
	EXPECT_NE(g.host.load(bytes), "");
	bytes = good;
	bytes[rss] = 'x';
	EXPECT_EQ(g.host.load(bytes), "section rss is missing");
	bytes = good;
	put_le(bytes, 8, 2, 4);
	EXPECT_EQ(g.host.load(bytes), "snapshot of format 2, this release knows format 1");
	bytes = good;
	bytes.insert(bytes.end(), {'n', 'e', 'w', 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0});
	put_le(bytes, 12, bytes.size(), 4);
	EXPECT_EQ(g.host.load(bytes),
		  "section new? (version 3) is there twice or unknown to this release");
	bytes = good;
	bytes.insert(bytes.end(), 5, 0);
	EXPECT_EQ(g.host.load(bytes), "snapshot of " + std::to_string(good.size()) + " bytes, " +
					      std::to_string(bytes.size()) + " are there");
	EXPECT_EQ(g.host.load(good), "");
}

/* Every byte of the adapter's own state, and samples of its queues. */
TEST_F(Snapshot, BytesTurnedOver)
{
	make_busy();
	const auto good = g.host.save();
	const auto virgin = fresh();
	other = std::make_unique<FakeHost>(config());
	other->memory = g.host.memory;
	for (size_t i = 0; i < good.size(); i += i < 600 ? 1 : 29)
		for (const uint8_t flip : {0x01, 0x80, 0xff}) {
			auto bytes = good;
			bytes[i] ^= flip;
			try_load(bytes, virgin);
		}
	EXPECT_GT(taken, 0u);
}

/*
 * Several changes at once, numbers on the edge of their range among them. The same on
 * each run; OPENENA_SEED=N for another.
 */
TEST_F(Snapshot, SeededMutations)
{
	const char *seed = getenv("OPENENA_SEED");
	std::mt19937 random(seed ? static_cast<uint32_t>(strtoul(seed, nullptr, 0)) : 1);
	const auto virgin = fresh();
	make_busy();
	const auto busy = g.host.save();
	other = std::make_unique<FakeHost>(config());
	other->memory = g.host.memory;
	for (int round = 0; round < 1000; round++) {
		auto bytes = random() % 8 ? busy : virgin;
		for (auto changes = 1 + random() % 4; changes; changes--) {
			const size_t width = size_t{1} << random() % 4;
			/* Most of the bytes are those of a packet. */
			const size_t at = random() % (random() % 4 ? 1200 : bytes.size() - 8);
			uint64_t value = 0;
			memcpy(&value, &bytes[at], width);
			const uint64_t choices[] = {0,         1,          UINT64_MAX, value + 1,
						    value - 1, value << 1, random(),   INT64_MAX};
			put_le(bytes, at, choices[random() % std::size(choices)], width);
		}
		SCOPED_TRACE(round);
		try_load(bytes, virgin);
	}
	EXPECT_GT(taken, 0u);
	EXPECT_LT(taken, 1000u);
}

TEST_F(Snapshot, CutOffAnywhere)
{
	make_busy();
	const auto good = g.host.save();
	for (size_t size = 0; size < good.size(); size += 1 + size / 300) {
		std::vector<uint8_t> bytes(good.begin(),
					   good.begin() + static_cast<ptrdiff_t>(size));
		EXPECT_NE(g.host.load(bytes), "");
		if (size < 16)
			continue;
		/* With the length of the whole made right, the sections notice. */
		put_le(bytes, 12, size, 4);
		EXPECT_NE(g.host.load(bytes), "");
	}
}
