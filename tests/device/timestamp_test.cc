// SPDX-License-Identifier: GPL-2.0-or-later
/* Timestamps of packets, and the longer completions that carry them. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

namespace
{
class Timestamp : public testing::Test {
    protected:
	void SetUp() override
	{
		g.start();
	}
	uint8_t set(uint8_t tx, uint8_t rx)
	{
		const ena_hw_timestamp_config c = {.version = 0, .tx = tx, .rx = rx};
		return g.set_feature(ENA_FEATURE_HW_TIMESTAMP, &c, sizeof(c));
	}
	[[nodiscard]] uint64_t now() const
	{
		return g.host.epoch_ns + g.host.clock_ns;
	}
	uint64_t stamp_of_sent(Guest::Queue &q, uint16_t req_id)
	{
		uint64_t stamp = 1;
		g.push_packet(q, req_id, g.place(Bytes(60)));
		g.ring(q);
		const auto c = g.tx_completion(q, &stamp);
		EXPECT_TRUE(c && c->req_id.get() == req_id);
		return stamp;
	}
	uint64_t stamp_of_received(Guest::Queue &q, const Bytes &frame = make_frame())
	{
		EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
		const auto f = g.rx_completion(q);
		EXPECT_TRUE(f && f->bytes == frame);
		return f ? f->timestamp : 1;
	}

	Guest g;
};
} // namespace

TEST_F(Timestamp, IsAnnouncedAndCheckedOnSet)
{
	const auto c = g.get_feature<ena_hw_timestamp_config>(ENA_FEATURE_HW_TIMESTAMP);
	EXPECT_EQ(c.version, 1);
	EXPECT_EQ(c.tx, ENA_HW_TIMESTAMP_ALL);
	EXPECT_EQ(c.rx, ENA_HW_TIMESTAMP_ALL);
	EXPECT_EQ(set(2, 0), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("timestamps TX 2, RX 0"));
	EXPECT_EQ(set(0, 255), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_EQ(set(1, 1), 0);
}

TEST_F(Timestamp, FilledOnlyWhereAskedFor)
{
	auto tx = g.create(false, 256, 1, true);
	auto rx = g.create(true, 256, 1, true);
	g.post(rx, 64, 2048);
	for (uint8_t tx_on : {0, 1})
		for (uint8_t rx_on : {0, 1}) {
			EXPECT_EQ(set(tx_on, rx_on), 0);
			g.host.clock_ns += 1'234'567;
			EXPECT_EQ(stamp_of_sent(tx, 7), tx_on ? now() : 0);
			EXPECT_EQ(stamp_of_received(rx), rx_on ? now() : 0);
		}
}

TEST_F(Timestamp, ShortCompletionsStayShort)
{
	EXPECT_EQ(set(1, 1), 0);
	auto tx = g.create(false, 256, 1);
	auto rx = g.create(true, 256, 1);
	g.post(rx, 64, 2048);
	for (uint16_t i = 0; i < 600; i++) {
		EXPECT_EQ(stamp_of_sent(tx, i % 256), 0u);
		EXPECT_EQ(stamp_of_received(rx), 0u);
		g.post(rx, 1, 2048);
	}
}

TEST_F(Timestamp, LongCompletionsOverManyLapsAndBuffers)
{
	EXPECT_EQ(set(1, 1), 0);
	auto tx = g.create(false, 256, 1, true);
	auto rx = g.create(true, 256, 1, true);
	g.post(rx, 128, 512);
	FrameSpec large;
	large.payload = 3000;
	const Bytes frame = make_frame(large);
	const auto pieces = static_cast<unsigned int>((frame.size() + 511) / 512);
	for (int lap = 0; lap < 100; lap++) {
		g.host.clock_ns += 1000;
		for (uint16_t i = 0; i < 7; i++)
			g.push_packet(tx, i, g.place(Bytes(60)));
		g.ring(tx);
		for (uint16_t i = 0; i < 7; i++) {
			uint64_t stamp = 0;
			const auto c = g.tx_completion(tx, &stamp);
			ASSERT_TRUE(c);
			EXPECT_EQ(c->req_id.get(), i);
			EXPECT_EQ(stamp, now());
		}
		ASSERT_EQ(stamp_of_received(rx, frame), now());
		g.post(rx, pieces, 512);
	}
}

TEST_F(Timestamp, EveryDescriptorNamesItsBuffer)
{
	auto rx = g.create(true, 256, 1, true);
	g.post(rx, 8, 512);
	EXPECT_EQ(g.receive(Bytes(1000)), ENA_RECEIVE_TAKEN);
	for (uint64_t i : {0, 1}) {
		const auto desc = g.host.load<ena_rx_desc>(rx.sq + i * sizeof(ena_rx_desc));
		const auto c = g.host.load<ena_rx_cdesc_ext>(rx.cq + i * sizeof(ena_rx_cdesc_ext));
		EXPECT_EQ(c.addr_lo.get(), desc.addr_lo.get());
		EXPECT_EQ(c.addr_hi.get(), desc.addr_hi.get());
	}
}

TEST_F(Timestamp, TxIsStampedBeforeThePeerHasTheFrame)
{
	EXPECT_EQ(set(1, 0), 0);
	auto tx = g.create(false, 256, 1, true);
	const uint64_t before = now();
	g.host.on_transmit = [&] {
		g.host.clock_ns += 5000;
	};
	EXPECT_EQ(stamp_of_sent(tx, 0), before);
}

TEST_F(Timestamp, LargePacketHasTheStampOfItsBeginning)
{
	EXPECT_EQ(set(1, 0), 0);
	auto tx = g.create(false, 1024, 1, true);
	FrameSpec spec;
	spec.payload = 60000;
	const uint64_t before = now();
	/* Busy after the first segment: the packet is suspended, the clock goes on. */
	g.host.answer = ENA_TRANSMIT_BUSY;
	g.host.on_transmit = [&] {
		g.host.clock_ns += 5000;
	};
	g.push_meta(tx, 1000, 14, 20, 5);
	g.push_packet(tx, 9, g.place(make_frame(spec), 16384),
		      ENA_TXD1_TSO | ENA_TXD1_L3_CSUM | ENA_TXD1_L4_CSUM |
			      ena::field_put(ENA_TXD1_L3_PROTO, ENA_L3_IPV4) |
			      ena::field_put(ENA_TXD1_L4_PROTO, ENA_L4_TCP),
		      true);
	g.ring(tx);
	EXPECT_FALSE(g.tx_completion(tx));
	g.host.answer = ENA_TRANSMIT_SENT;
	ena_device_transmit_ready(g.host.device);
	g.host.run();
	uint64_t stamp = 0;
	const auto c = g.tx_completion(tx, &stamp);
	ASSERT_TRUE(c);
	EXPECT_EQ(c->req_id.get(), 9);
	EXPECT_EQ(stamp, before);
	EXPECT_GT(g.host.sent.size(), 50u);
}

TEST_F(Timestamp, FourWordsAreDecidedByTheSubmissionQueue)
{
	Guest::Queue q;
	q.rx = true;
	q.depth = 256;
	EXPECT_EQ(g.try_create_cq(q, 1), 0);
	q.rx = false;
	q.extended = true;
	EXPECT_EQ(g.try_create_sq(q), 0);
	EXPECT_EQ(set(1, 0), 0);
	EXPECT_EQ(stamp_of_sent(q, 3), now());

	/* Eight words can only be RX, two only TX. */
	Guest::Queue long_rx;
	long_rx.rx = long_rx.extended = true;
	long_rx.depth = 256;
	EXPECT_EQ(g.try_create_cq(long_rx, 1), 0);
	long_rx.rx = false;
	EXPECT_EQ(g.try_create_sq(long_rx), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("has the entry size of RX, the queue is TX"));
	Guest::Queue odd;
	odd.depth = 256;
	for (uint8_t words : {0, 1, 3, 5, 7, 16, 31}) {
		ena_create_cq_cmd cmd{};
		cmd.common.opcode = ENA_ADMIN_CREATE_CQ;
		cmd.caps2 = words;
		cmd.depth.set(256);
		ena::store(cmd.base, long_rx.cq);
		EXPECT_EQ(g.command(&cmd).common.status, ENA_ADMIN_ILLEGAL_PARAMETER) << +words;
	}
	EXPECT_TRUE(g.host.noted("entries of 31 words, must be 2 (TX), 4 (RX, or TX with"));
}

TEST_F(Timestamp, UndecidedQueuesCount)
{
	ena_config config = FakeHost::default_config();
	config.queues = 2;
	config.vectors = 3;
	Guest two(config);
	two.start();
	std::vector<Guest::Queue> queues(4);
	for (auto &q : queues) {
		q.rx = true; /* four words */
		q.depth = 256;
		EXPECT_EQ(two.try_create_cq(q, 1), 0);
	}
	Guest::Queue more;
	for (const bool rx : {false, true})
		for (const bool extended : {false, true}) {
			more.rx = rx;
			more.extended = extended;
			more.depth = 256;
			EXPECT_EQ(two.try_create_cq(more, 1),
				  ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE);
		}
	EXPECT_EQ(two.try_create_sq(queues[0]), 0);
	EXPECT_EQ(two.try_create_sq(queues[1]), 0);
	EXPECT_EQ(two.try_create_sq(queues[2]), ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE);
	EXPECT_TRUE(two.host.noted("CREATE_SQ: all 2 RX queues are in use"));
	for (size_t i : {2, 3}) {
		queues[i].rx = false;
		queues[i].extended = true;
		EXPECT_EQ(two.try_create_sq(queues[i]), 0);
	}
	/* Room for one TX queue leaves none for an RX queue. */
	EXPECT_EQ(two.destroy_sq(queues[3]), 0);
	EXPECT_EQ(two.destroy_cq(queues[3]), 0);
	more = {};
	more.rx = more.extended = true;
	more.depth = 256;
	EXPECT_EQ(two.try_create_cq(more, 1), ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE);
	more.rx = more.extended = false;
	EXPECT_EQ(two.try_create_cq(more, 1), 0);
}

TEST_F(Timestamp, ResetTurnsThemOff)
{
	EXPECT_EQ(set(1, 1), 0);
	g.reset();
	g.start_admin_again();
	auto rx = g.create(true, 256, 1, true);
	g.post(rx, 8, 2048);
	EXPECT_EQ(stamp_of_received(rx), 0u);
}

TEST_F(Timestamp, LeftOutThereAreOnlyShortCompletions)
{
	ena_config config = FakeHost::default_config();
	config.features &= ~ENA_BIT(ENA_FEATURE_HW_TIMESTAMP);
	Guest without(config);
	without.start();
	EXPECT_EQ(without.get_feature_raw(ENA_FEATURE_HW_TIMESTAMP).common.status,
		  ENA_ADMIN_UNSUPPORTED_OPCODE);
	Guest::Queue q;
	q.rx = q.extended = true;
	q.depth = 256;
	EXPECT_EQ(without.try_create_cq(q, 1), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(without.host.noted("entries of 8 words, must be 2 (TX) or 4 (RX)"));
	q.extended = false;
	EXPECT_EQ(without.try_create_cq(q, 1), 0);
	q.rx = false;
	EXPECT_EQ(without.try_create_sq(q), ENA_ADMIN_ILLEGAL_PARAMETER);
}
