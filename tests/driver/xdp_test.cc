// SPDX-License-Identifier: GPL-2.0-or-later
/* The TX queues of XDP, its own or those of the stack: how many, whose vector, whose counters. */
#include <gtest/gtest.h>

#include <cerrno>
#include <map>

#include "fake_adapter.hh"

namespace
{

class Xdp : public testing::Test {
    protected:
	void SetUp() override
	{
		ASSERT_EQ(k.probe(), 0);
		ASSERT_EQ(change([](oe_settings &s) {
				  s.queues = 2;
				  s.xdp = true;
			  }),
			  0);
		ASSERT_EQ(oe_open(k.adapter), 0);
	}
	int change(const std::function<void(oe_settings &)> &how)
	{
		oe_settings settings;

		oe_get_settings(k.adapter, &settings);
		how(settings);
		return oe_set_settings(k.adapter, &settings, &error);
	}
	/* Of pair @pair: the first TX queue, or that of XDP. */
	FakeQueue &device(unsigned pair, bool xdp)
	{
		unsigned nth = 0;

		for (auto &[index, q] : k.sqs)
			if (q.tx && q.vector == pair + 1 && nth++ == xdp)
				return q;
		abort();
	}
	uint16_t send(struct oe_txq *q)
	{
		uint16_t id;

		EXPECT_EQ(submit_one(q, id), 0);
		return id;
	}
	/* A frame of XDP; the answer of oe_tx_submit(). */
	int send_xdp(struct oe_txq *q)
	{
		oe_tx_buffer buffer{0x1000, 60};
		oe_tx_packet packet{};
		oe_tx_result result{};

		packet.buffers = &buffer;
		packet.nbuffers = 1;
		packet.bytes = 60;
		packet.packets = 1;
		packet.flags = OE_TX_XDP | OE_TX_KICK;
		return oe_tx_submit(q, &packet, &result);
	}
	/* More pairs than the device has pairs of TX queues for. */
	void share()
	{
		oe_close(k.adapter);
		ASSERT_EQ(change([](oe_settings &s) { s.queues = 3; }), 0);
		ASSERT_EQ(oe_open(k.adapter), 0);
	}
	unsigned count(bool tx)
	{
		unsigned n = 0;

		for (auto &[index, q] : k.sqs)
			n += q.tx == tx;
		return n;
	}
	std::map<std::string, uint64_t> statistics()
	{
		const uint32_t n = oe_stats_count(k.adapter);
		std::vector<char[OE_STAT_NAME]> rows(n);
		std::vector<uint64_t> values(n);
		std::map<std::string, uint64_t> by_name;

		oe_stats_names(k.adapter, rows.data());
		oe_stats_values(k.adapter, values.data());
		for (uint32_t i = 0; i < n; i++)
			by_name[rows[i]] = values[i];
		EXPECT_EQ(by_name.size(), n);
		return by_name;
	}

	oe_kernel k;
	oe_error error{};
};

TEST_F(Xdp, ASecondTxQueueForEachPairOnItsVector)
{
	EXPECT_EQ(count(true), 4u);
	EXPECT_EQ(count(false), 2u);
	for (uint32_t pair = 0; pair < 2; pair++) {
		ASSERT_NE(oe_xdp_txq(k.adapter, pair), nullptr);
		EXPECT_NE(oe_xdp_txq(k.adapter, pair), oe_txq(k.adapter, pair));
		send(oe_xdp_txq(k.adapter, pair));
		EXPECT_EQ(device(pair, true).tail, 1);
		EXPECT_EQ(device(pair, false).tail, 0);
	}
	EXPECT_EQ(oe_xdp_txq(k.adapter, 2), nullptr);
	EXPECT_EQ(oe_xdp_txq(k.adapter, UINT32_MAX), nullptr);
	EXPECT_EQ(oe_xdp_pair(k.adapter, 0), 0u);
	EXPECT_EQ(oe_xdp_pair(k.adapter, 7), 1u);
}

TEST_F(Xdp, NoneWithout)
{
	oe_close(k.adapter);
	ASSERT_EQ(change([](oe_settings &s) { s.xdp = false; }), 0);
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(count(true), 2u);
	EXPECT_EQ(oe_xdp_txq(k.adapter, 0), nullptr);
	EXPECT_EQ(statistics().count("queue_2_xdp_tx_cnt"), 0u);
}

TEST_F(Xdp, WithMoreThanHalfOfTheQueuesTheyAreShared)
{
	share();
	EXPECT_EQ(count(true), 3u);
	EXPECT_EQ(count(false), 3u);
	for (uint32_t pair = 0; pair < 3; pair++)
		EXPECT_EQ(oe_xdp_txq(k.adapter, pair), oe_txq(k.adapter, pair));
	EXPECT_EQ(oe_xdp_txq(k.adapter, 3), nullptr);
	oe_close(k.adapter);
	ASSERT_EQ(change([](oe_settings &s) { s.queues = 2; }), 0);
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_NE(oe_xdp_txq(k.adapter, 1), oe_txq(k.adapter, 1));
}

TEST_F(Xdp, FramesInASharedQueueHaveTheirCounters)
{
	share();
	send(oe_txq(k.adapter, 1));
	ASSERT_EQ(send_xdp(oe_xdp_txq(k.adapter, 1)), 0);
	ASSERT_EQ(send_xdp(oe_xdp_txq(k.adapter, 1)), 0);
	auto by_name = statistics();
	EXPECT_EQ(by_name["queue_1_tx_cnt"], 1u);
	EXPECT_EQ(by_name["queue_4_xdp_tx_cnt"], 2u);
	EXPECT_EQ(by_name["queue_4_xdp_tx_bytes"], 120u);
	EXPECT_EQ(by_name["queue_1_tx_doorbells"], 3u);
}

/* What the stack waits for when its queue is stopped: no frame of XDP takes that. */
TEST_F(Xdp, FramesInASharedQueueLeaveRoom)
{
	share();
	struct oe_txq *q = oe_xdp_txq(k.adapter, 1);
	const uint32_t left = 512 / 4;

	EXPECT_EQ(oe_tx_room(q), 511 - left);
	for (uint32_t i = 0; i < 511 - left; i++)
		ASSERT_EQ(send_xdp(q), 0) << i;
	EXPECT_EQ(send_xdp(q), -EBUSY);
	EXPECT_EQ(oe_tx_room(q), 0u);
	EXPECT_TRUE(oe_tx_has_room(q));
	for (uint32_t i = 0; i < left; i++)
		send(q);
	EXPECT_FALSE(oe_tx_has_room(q));
	EXPECT_EQ(oe_tx_room(q), 0u);
}

TEST_F(Xdp, APairThatSharesDoesNotStopAlone)
{
	share();
	k.commands.clear();
	EXPECT_EQ(oe_stop_receiver(k.adapter, 1), -EOPNOTSUPP);
	EXPECT_TRUE(k.commands.empty());
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	send(oe_txq(k.adapter, 1));
}

TEST_F(Xdp, LongFramesNeedAProgramForThem)
{
	ASSERT_EQ(change([](oe_settings &s) { s.xdp_frame = 3520; }), 0);
	EXPECT_EQ(change([](oe_settings &s) { s.mtu = 3502; }), 0);
	EXPECT_EQ(change([](oe_settings &s) { s.mtu = 3503; }), -EINVAL);
	EXPECT_STREQ(error.text,
		     "MTU of 3503 is above 3502, the limit of XDP with a frame in one buffer");
	ASSERT_EQ(change([](oe_settings &s) { s.xdp_frame = 0; }), 0);
	EXPECT_EQ(change([](oe_settings &s) { s.mtu = 9001; }), 0);
	EXPECT_EQ(change([](oe_settings &s) { s.xdp_frame = 3520; }), -EINVAL);
}

/* A socket's packets are taken from it only if they fit. */
TEST_F(Xdp, RoomIsInPacketsOfOneBuffer)
{
	struct oe_txq *q = oe_xdp_txq(k.adapter, 1);

	EXPECT_EQ(oe_tx_room(q), 511u);
	for (uint32_t left = 511; left > 0; left--) {
		ASSERT_EQ(oe_tx_room(q), left);
		send(q);
	}
	oe_tx_buffer buffer{0x1000, 60};
	oe_tx_packet packet{};
	oe_tx_result result{};
	packet.buffers = &buffer;
	packet.nbuffers = 1;
	EXPECT_EQ(oe_tx_room(q), 0u);
	EXPECT_EQ(oe_tx_submit(q, &packet, &result), -EBUSY);
	EXPECT_EQ(k.complete_all_tx(device(1, true)).size(), 511u);
	uint16_t ids[OE_BURST];
	uint32_t n = oe_tx_completed(q, ids, OE_BURST);
	EXPECT_EQ(oe_tx_room(q), 0u); /* completed, not yet released */
	oe_tx_release(q, ids, n);
	EXPECT_EQ(oe_tx_room(q), n);
}

TEST_F(Xdp, CountersOfItsOwn)
{
	send(oe_xdp_txq(k.adapter, 1));
	send(oe_txq(k.adapter, 0));
	oe_rx_stats(k.adapter, 1)->xdp_redirect = 5;
	auto by_name = statistics();
	EXPECT_EQ(by_name["queue_3_xdp_tx_cnt"], 1u);
	EXPECT_EQ(by_name["queue_3_xdp_tx_bytes"], 60u);
	EXPECT_EQ(by_name["queue_3_xdp_tx_doorbells"], 1u);
	EXPECT_EQ(by_name["queue_2_xdp_tx_cnt"], 0u);
	EXPECT_EQ(by_name["queue_0_tx_cnt"], 1u);
	EXPECT_EQ(by_name["queue_1_tx_cnt"], 0u);
	EXPECT_EQ(by_name["queue_1_rx_xdp_redirect"], 5u);
	for (const char *name : {"aborted", "drop", "pass", "tx", "invalid", "redirect"})
		EXPECT_EQ(by_name.count(std::string("queue_0_rx_xdp_") + name), 1u) << name;
	EXPECT_EQ(by_name.count("queue_4_xdp_tx_cnt"), 0u);
	EXPECT_EQ(by_name.count("queue_2_tx_cnt"), 0u);
}

TEST_F(Xdp, CompletionsOfOneQueueAreNotThoseOfTheOther)
{
	uint16_t id = send(oe_txq(k.adapter, 1));
	uint16_t found = 0;

	/* In flight, but not here. */
	k.complete_tx(device(1, true), id);
	EXPECT_EQ(oe_tx_completed(oe_xdp_txq(k.adapter, 1), &found, 1), 0u);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	EXPECT_TRUE(k.logged("TX queue 3: no packet in flight has the id 0"));
	EXPECT_EQ(statistics()["queue_3_xdp_tx_bad_req_id"], 1u);
	EXPECT_EQ(statistics()["queue_1_tx_bad_req_id"], 0u);
	k.run_reset();
	EXPECT_EQ(count(true), 4u);
	send(oe_xdp_txq(k.adapter, 1));
	EXPECT_EQ(device(1, true).tail, 1);
}

TEST_F(Xdp, CompletionTwiceAndBeyondTheRing)
{
	for (uint16_t bad : {uint16_t{0}, uint16_t{512}, uint16_t{65535}}) {
		struct oe_txq *q = oe_xdp_txq(k.adapter, 0);
		uint16_t id = send(q), ids[4];

		k.complete_tx(device(0, true), id);
		k.complete_tx(device(0, true), bad);
		ASSERT_EQ(oe_tx_completed(q, ids, 4), 1u);
		EXPECT_EQ(ids[0], id);
		EXPECT_TRUE(oe_reset_pending(k.adapter));
		k.run_reset();
	}
}

TEST_F(Xdp, LostCompletionsAreMissed)
{
	for (int i = 0; i < 200; i++)
		send(oe_xdp_txq(k.adapter, 1));
	k.seconds(8);
	EXPECT_TRUE(k.logged("TX queue 3: 200 packets without completion"));
	EXPECT_EQ(statistics()["queue_3_xdp_tx_missed_tx"], 200u);
	EXPECT_GE(k.resets_scheduled, 1u);
}

TEST_F(Xdp, AResetThatFindsFewerQueues)
{
	k.offer.queues_ext.max_tx_sq_num.set(3);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.run_reset();
	EXPECT_EQ(count(true), 2u);
	EXPECT_EQ(oe_xdp_txq(k.adapter, 1), oe_txq(k.adapter, 1));
	k.offer.queues_ext.max_tx_sq_num.set(1);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.run_reset();
	EXPECT_TRUE(k.logged("after the reset the device offers a number of queues of 1, but 2"));
	EXPECT_TRUE(oe_reset_pending(k.adapter));
}

TEST_F(Xdp, WithoutMemoryForItNothingIsLeft)
{
	oe_close(k.adapter);
	size_t before = k.allocations;
	for (unsigned left = 0; left < 40; left++) {
		k.allocations_left = left;
		if (oe_open(k.adapter) == 0) {
			EXPECT_EQ(count(true), 4u);
			oe_close(k.adapter);
		}
		k.allocations_left.reset();
		EXPECT_EQ(k.allocations, before) << left;
		EXPECT_EQ(k.sqs.size(), 0u) << left;
	}
}

} // namespace
