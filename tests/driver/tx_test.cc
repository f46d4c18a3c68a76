// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets become descriptors, completions become ids, and lies become resets. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "fake_adapter.hh"

namespace
{

class Tx : public testing::Test {
    protected:
	void SetUp() override
	{
		ASSERT_EQ(k.probe_and_open(), 0);
		q = oe_txq(k.adapter, 1);
	}
	int submit(uint16_t nbuffers = 1, uint16_t flags = OE_TX_KICK, uint16_t mss = 0)
	{
		buffers.assign(nbuffers, {0x123456789000, 100});
		packet = {};
		packet.buffers = buffers.data();
		packet.nbuffers = nbuffers;
		packet.flags = flags;
		packet.mss = mss;
		packet.l3_offset = 14;
		packet.l3_len = 20;
		packet.l4_len = 32;
		packet.bytes = 100u * nbuffers;
		packet.packets = 1;
		return oe_tx_submit(q, &packet, &result);
	}
	FakeQueue &device()
	{
		return k.txq(1);
	}
	std::vector<uint16_t> completed(uint32_t max = 64)
	{
		std::vector<uint16_t> ids(max);
		ids.resize(oe_tx_completed(q, ids.data(), max));
		return ids;
	}
	void release(const std::vector<uint16_t> &ids)
	{
		oe_tx_release(q, ids.data(), static_cast<uint32_t>(ids.size()));
	}

	oe_kernel k;
	struct oe_txq *q;
	std::vector<oe_tx_buffer> buffers;
	oe_tx_packet packet{};
	oe_tx_result result{};
};

TEST_F(Tx, PlainPacket)
{
	ASSERT_EQ(submit(3), 0);
	EXPECT_EQ(device().tail, 3);
	ena_tx_desc first = k.tx_desc(device(), 0), second = k.tx_desc(device(), 1),
		    third = k.tx_desc(device(), 2);
	EXPECT_EQ(first.word0.get(), 100u | ENA_TXD_PHASE | ENA_TXD_FIRST | ENA_TXD_COMP_REQ);
	EXPECT_EQ(second.word0.get(), 100u | ENA_TXD_PHASE);
	EXPECT_EQ(third.word0.get(), 100u | ENA_TXD_PHASE | ENA_TXD_LAST);
	EXPECT_EQ(first.word1.get(), ena::field_put(ENA_TXD1_REQ_ID_LO, result.req_id));
	EXPECT_EQ(first.addr_lo.get(), 0x56789000u);
	EXPECT_EQ(first.word3.get(), 0x1234u);
	EXPECT_FALSE(result.stop);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->cnt, 1u);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->bytes, 300u);
}

TEST_F(Tx, MetaIsSentOnlyWhenItChanges)
{
	ASSERT_EQ(submit(1, OE_TX_TSO | OE_TX_CSUM | OE_TX_DF | OE_TX_KICK, 8961), 0);
	EXPECT_EQ(device().tail, 2);
	ena_tx_desc meta = k.tx_desc(device(), 0), data = k.tx_desc(device(), 1);
	EXPECT_EQ(meta.word0.get(), ENA_TXD_META | ENA_TXM0_EXT_VALID | ENA_TXM0_ETH_META_TYPE |
					    ENA_TXM0_META_STORE | ENA_TXD_FIRST | ENA_TXD_PHASE |
					    ena::field_put(ENA_TXM0_MSS_HI, 8961 >> 10));
	EXPECT_EQ(meta.addr_lo.get(), 20u | 14u << 8 | 8u << 16 | (8961u & 0x3ff) << 22);
	EXPECT_EQ(data.word0.get(), 100u | ENA_TXD_PHASE | ENA_TXD_LAST | ENA_TXD_COMP_REQ);
	/* The device computes all sums of a segment: no "partial". */
	EXPECT_EQ(data.word1.get() & 0x3fffff,
		  8u | ENA_TXD1_DF | ENA_TXD1_TSO | 12u << 8 | ENA_TXD1_L3_CSUM | ENA_TXD1_L4_CSUM);
	ASSERT_EQ(submit(1, OE_TX_TSO | OE_TX_KICK, 8961), 0);
	EXPECT_EQ(device().tail, 3); /* the same meta */
	EXPECT_TRUE(k.tx_desc(device(), 2).word0.get() & ENA_TXD_FIRST);
	ASSERT_EQ(submit(), 0);
	EXPECT_EQ(device().tail, 4); /* none needed */
	ASSERT_EQ(submit(1, OE_TX_TSO | OE_TX_KICK, 1448), 0);
	EXPECT_EQ(device().tail, 6); /* another MSS */
}

TEST_F(Tx, ChecksumIsPartial)
{
	ASSERT_EQ(submit(1, OE_TX_CSUM | OE_TX_IPV6 | OE_TX_UDP | OE_TX_KICK), 0);
	EXPECT_EQ(k.tx_desc(device(), 0).addr_lo.get(), 20u | 14u << 8);
	EXPECT_EQ(k.tx_desc(device(), 1).word1.get() & 0x3fffff,
		  11u | 13u << 8 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL);
}

TEST_F(Tx, ImpossiblePacketsAreRefused)
{
	EXPECT_EQ(submit(0), -EINVAL);
	EXPECT_EQ(submit(19), -EINVAL);
	EXPECT_EQ(submit(1, OE_TX_TSO, 0), -EINVAL);
	EXPECT_EQ(submit(1, OE_TX_TSO, 16384), -EINVAL);
	EXPECT_EQ(submit(1, OE_TX_TSO | OE_TX_UDP, 1000), -EINVAL);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->prepare_ctx_err, 5u);
}

TEST_F(Tx, DoorbellWaitsForTheEndOfTheBatch)
{
	ASSERT_EQ(submit(1, 0), 0);
	ASSERT_EQ(submit(1, 0), 0);
	EXPECT_EQ(device().doorbells, 0u);
	ASSERT_EQ(submit(1, OE_TX_KICK), 0);
	EXPECT_EQ(device().doorbells, 1u);
	EXPECT_EQ(device().tail, 3);
	oe_tx_kick(q);
	EXPECT_EQ(device().doorbells, 1u);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->doorbells, 1u);
}

TEST_F(Tx, StopsInTimeAndWakesAfterRelease)
{
	unsigned packets = 0;
	do {
		ASSERT_EQ(submit(18, 0), 0);
		packets++;
	} while (!result.stop);
	/* Not asked for, not rung: the packet may not be filed yet. */
	EXPECT_EQ(device().doorbells, 0u);
	/* The largest packet did fit until the last. */
	EXPECT_GT(packets * 18 + 19, 511u);
	EXPECT_FALSE(oe_tx_has_room(q));
	while (submit(1, 0) == 0)
		packets++;
	EXPECT_EQ(submit(1, 0), -EBUSY);
	oe_tx_kick(q);
	EXPECT_EQ(device().tail, 511);
	EXPECT_EQ(k.complete_all_tx(device()).size(), packets);
	auto ids = completed();
	EXPECT_EQ(ids.size(), packets);
	EXPECT_FALSE(oe_tx_has_room(q)); /* completed, not yet released */
	release(ids);
	EXPECT_TRUE(oe_tx_has_room(q));
	EXPECT_EQ(submit(18), 0);
}

TEST_F(Tx, ManyLapsOutOfOrder)
{
	uint64_t sent = 0, done = 0;
	for (unsigned round = 0; round < 3000; round++) {
		std::vector<uint16_t> ids;
		for (unsigned i = 0; i < 1 + round % 7; i++) {
			ASSERT_EQ(submit(1 + (round + i) % 5,
					 i % 2 ? OE_TX_CSUM | OE_TX_KICK : OE_TX_KICK),
				  0);
			packet.l3_offset = 14;
			ids.push_back(result.req_id);
			sent++;
		}
		std::reverse(ids.begin(), ids.end());
		for (uint16_t id : ids)
			k.complete_tx(device(), id);
		for (; static_cast<uint16_t>(device().head) != device().tail; device().head++)
			k.tx_desc(device(), device().head); /* checks the phase */
		auto got = completed();
		EXPECT_EQ(got, ids);
		release(got);
		done += got.size();
	}
	EXPECT_EQ(sent, done);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->cnt, sent);
}

TEST_F(Tx, CompletionOfAnImpossibleId)
{
	ASSERT_EQ(submit(), 0);
	uint16_t good = result.req_id;
	k.complete_tx(device(), good);
	k.complete_tx(device(), 512);
	k.complete_tx(device(), good);
	EXPECT_EQ(completed().size(), 1u); /* what came before the lie is true */
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	EXPECT_EQ(k.resets_scheduled, 1u);
	EXPECT_EQ(completed().size(), 0u);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->bad_req_id, 1u);
	EXPECT_TRUE(k.logged("TX queue 1: no packet in flight has the id 512"));
	/* The pair is quiet now, however long the reset is put off; others are not. */
	oe_unmask(k.adapter, 1);
	oe_unmask(k.adapter, 2);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->unmask_interrupt, 0u);
	EXPECT_EQ(oe_tx_stats(k.adapter, 2)->unmask_interrupt, 1u);
	k.run_reset();
	oe_unmask(k.adapter, 1);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->unmask_interrupt, 1u);
	EXPECT_EQ(ena::field_get(ENA_DEV_CTL_REASON, k.reset_commands.back()),
		  uint32_t{ENA_RESET_INVALID_TX_REQ_ID});
}

TEST_F(Tx, CompletionOfAPacketNotInFlight)
{
	k.complete_tx(device(), 3);
	EXPECT_EQ(completed().size(), 0u);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
}

/* The core has it in flight, the shim has not filed it yet. */
TEST_F(Tx, CompletionThatTheShimRefuses)
{
	ASSERT_EQ(submit(), 0);
	k.complete_tx(device(), result.req_id);
	ASSERT_EQ(completed().size(), 1u);
	oe_tx_refuse(q, result.req_id);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	oe_unmask(k.adapter, 1);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->unmask_interrupt, 0u) << "its vector is armed";
	ASSERT_EQ(submit(), 0);
	k.complete_tx(device(), result.req_id);
	EXPECT_EQ(completed().size(), 0u) << "more of it is believed";
}

TEST_F(Tx, CompletionTwiceBeforeAndAfterRelease)
{
	ASSERT_EQ(submit(), 0);
	k.complete_tx(device(), result.req_id);
	k.complete_tx(device(), result.req_id);
	auto ids = completed();
	EXPECT_EQ(ids.size(), 1u);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	k.run_reset();
	q = oe_txq(k.adapter, 1);
	ASSERT_EQ(submit(), 0);
	k.complete_tx(device(), result.req_id);
	release(completed());
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	k.complete_tx(device(), result.req_id);
	EXPECT_EQ(completed().size(), 0u);
	EXPECT_TRUE(oe_reset_pending(k.adapter));
}

TEST(TxFormat, ReservedBitsCountOnlyWherePromised)
{
	for (bool promised : {false, true}) {
		oe_kernel k;
		if (promised)
			k.offer.attributes.capabilities.set(ENA_CAPABILITY_CDESC_MBZ);
		ASSERT_EQ(k.probe_and_open(), 0);
		oe_tx_buffer buffer{0x1000, 60};
		oe_tx_packet packet{};
		packet.buffers = &buffer;
		packet.nbuffers = 1;
		packet.flags = OE_TX_KICK;
		oe_tx_result result;
		ASSERT_EQ(oe_tx_submit(oe_txq(k.adapter, 0), &packet, &result), 0);
		k.complete_tx(k.txq(0), result.req_id, 0x40);
		uint16_t id;
		EXPECT_EQ(oe_tx_completed(oe_txq(k.adapter, 0), &id, 1), promised ? 0u : 1u);
		EXPECT_EQ(oe_reset_pending(k.adapter), promised);
	}
}

TEST(TxFormat, OffloadsTheDeviceLacksAreRefused)
{
	oe_kernel k;
	k.offer.offload.tx.set(ENA_OFFLOAD_TX_L4_CSUM_V4_FULL);
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_TRUE(oe_info(k.adapter)->tx_csum_v4);
	EXPECT_FALSE(oe_info(k.adapter)->tx_csum_v6);
	oe_tx_buffer buffer{0x1000, 60};
	oe_tx_packet packet{};
	oe_tx_result result;
	packet.buffers = &buffer;
	packet.nbuffers = 1;
	packet.flags = OE_TX_CSUM | OE_TX_IPV6;
	EXPECT_EQ(oe_tx_submit(oe_txq(k.adapter, 0), &packet, &result), -EINVAL);
	packet.flags = OE_TX_CSUM | OE_TX_KICK;
	ASSERT_EQ(oe_tx_submit(oe_txq(k.adapter, 0), &packet, &result), 0);
	/* Only full sums: the field's content does not matter. */
	EXPECT_FALSE(k.tx_desc(k.txq(0), 1).word1.get() & ENA_TXD1_L4_PARTIAL);
}

} // namespace
