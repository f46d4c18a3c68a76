// SPDX-License-Identifier: GPL-2.0-or-later
/* Buffers are posted, completions become packets, and lies become resets. */
#include <gtest/gtest.h>

#include <algorithm>

#include "fake_adapter.hh"

namespace
{

constexpr uint32_t only = ENA_RXC_FIRST | ENA_RXC_LAST;

class Rx : public testing::Test {
    protected:
	void SetUp() override
	{
		k.offer.attributes.capabilities.set(ENA_CAPABILITY_EXTENDED_RESET_REASONS |
						    ENA_CAPABILITY_CDESC_MBZ);
		ASSERT_EQ(k.probe_and_open(), 0);
		q = oe_rxq(k.adapter, 2);
		refill();
	}
	void refill()
	{
		for (uint32_t left = oe_rx_wanted(q), n; left; left -= n) {
			oe_rx_buffer buffers[OE_BURST];
			n = std::min<uint32_t>(left, OE_BURST);
			for (uint32_t i = 0; i < n; i++)
				buffers[i] = {0x10000 + i * 0x1000, 2048};
			for (uint32_t i = 0; i < n; i++)
				ASSERT_LT(oe_rx_next_ids(q)[i], 1024);
			oe_rx_refill(q, buffers, n);
		}
	}
	FakeQueue &device()
	{
		return k.rxq(2);
	}
	uint16_t next_id()
	{
		return k.next_rx(device()).req_id.get();
	}
	uint32_t poll(uint32_t budget = 64)
	{
		return oe_rx_poll(q, &burst, budget);
	}
	/* The reset that a completion causes has this reason. */
	void expect_reset(ena_reset_reason reason)
	{
		EXPECT_EQ(poll(), 0u);
		ASSERT_TRUE(oe_reset_pending(k.adapter));
		EXPECT_EQ(poll(), 0u);
		EXPECT_EQ(oe_rx_wanted(q), 0u);
		k.run_reset();
		uint32_t ctl = k.reset_commands.back();
		EXPECT_EQ(ena::field_get(ENA_DEV_CTL_REASON, ctl) |
				  ena::field_get(ENA_DEV_CTL_REASON_EXT, ctl) << 4,
			  uint32_t{reason});
		EXPECT_FALSE(oe_reset_pending(k.adapter));
	}

	oe_kernel k;
	struct oe_rxq *q;
	oe_rx_burst burst;
};

TEST_F(Rx, PostsAllButOne)
{
	EXPECT_EQ(device().tail, 1023);
	ena_rx_desc desc = k.next_rx(device());
	EXPECT_EQ(desc.length.get(), 2048);
	EXPECT_EQ(desc.ctrl, ENA_RXD_PHASE | ENA_RXD_FIRST | ENA_RXD_LAST | ENA_RXD_COMP_REQ);
	EXPECT_EQ(desc.addr_lo.get(), 0x10000u);
	EXPECT_EQ(poll(), 0u);
}

TEST_F(Rx, OnePacket)
{
	uint16_t id = next_id();
	k.complete_rx(device(), only | 8 | 12 << 8 | ENA_RXC_L4_CSUM_CHECKED, 1514, id, 2, 0xabcd);
	ASSERT_EQ(poll(), 1u);
	EXPECT_EQ(burst.nfrags, 1u);
	EXPECT_EQ(burst.frags[0].id, id);
	EXPECT_EQ(burst.frags[0].len, 1514);
	const oe_rx_packet &p = burst.packets[0];
	EXPECT_EQ(p.len, 1514u);
	EXPECT_EQ(p.offset, 2);
	EXPECT_EQ(p.csum, OE_RX_CSUM_GOOD);
	EXPECT_EQ(p.hash_type, OE_RX_HASH_L4);
	EXPECT_EQ(p.hash, 0xabcdu);
	EXPECT_EQ(oe_rx_stats(k.adapter, 2)->bytes, 1514u);
	EXPECT_EQ(oe_rx_stats(k.adapter, 2)->csum_good, 1u);
}

TEST_F(Rx, ChecksumAndHashVerdicts)
{
	struct {
		uint32_t status;
		int csum, hash;
	} cases[] = {
		{8 | 13 << 8 | ENA_RXC_L4_CSUM_CHECKED, OE_RX_CSUM_GOOD, OE_RX_HASH_L4},
		{8 | 13 << 8, OE_RX_CSUM_NONE, OE_RX_HASH_L4},
		{8 | 12 << 8 | ENA_RXC_L4_CSUM_CHECKED | ENA_RXC_L4_CSUM_ERR, OE_RX_CSUM_BAD,
		 OE_RX_HASH_L4},
		{8 | 12 << 8 | ENA_RXC_L3_CSUM_ERR, OE_RX_CSUM_BAD, OE_RX_HASH_L4},
		{11 | 12 << 8 | ENA_RXC_L4_CSUM_CHECKED, OE_RX_CSUM_GOOD, OE_RX_HASH_L4},
		{8 | 13 << 8 | ENA_RXC_IPV4_FRAG | ENA_RXC_L4_CSUM_CHECKED, OE_RX_CSUM_NONE,
		 OE_RX_HASH_L3},
		{11, OE_RX_CSUM_NONE, OE_RX_HASH_L3},
		{0, OE_RX_CSUM_NONE, OE_RX_HASH_NONE},
	};
	for (const auto &c : cases) {
		k.complete_rx(device(), only | c.status, 60, next_id(), 0, 5);
		ASSERT_EQ(poll(), 1u);
		EXPECT_EQ(burst.packets[0].csum, c.csum) << std::hex << c.status;
		EXPECT_EQ(burst.packets[0].hash_type, c.hash) << std::hex << c.status;
	}
}

TEST_F(Rx, FragmentsWaitForTheLast)
{
	uint16_t ids[3] = {next_id(), next_id(), next_id()};
	k.complete_rx(device(), ENA_RXC_FIRST, 2040, ids[0], 8);
	EXPECT_EQ(poll(), 0u);
	k.complete_rx(device(), 0, 2048, ids[1]);
	EXPECT_EQ(poll(), 0u);
	k.complete_rx(device(), ENA_RXC_LAST | 8 | 12 << 8, 100, ids[2]);
	ASSERT_EQ(poll(), 1u);
	EXPECT_EQ(burst.packets[0].nfrags, 3);
	EXPECT_EQ(burst.packets[0].len, 4188u);
	EXPECT_EQ(burst.packets[0].offset, 8);
	EXPECT_EQ(burst.packets[0].hash_type, OE_RX_HASH_L4);
	EXPECT_EQ(burst.frags[2].id, ids[2]);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

/* In a lap of phase 0 the completion of a fragment in the middle has no bit set. */
TEST_F(Rx, AStatusMayBeZero)
{
	for (unsigned i = 0; i < 1024; i++) {
		k.complete_rx(device(), only, 60, next_id());
		ASSERT_EQ(poll(), 1u);
		refill();
	}
	for (const uint32_t status : {uint32_t{ENA_RXC_FIRST}, 0u, uint32_t{ENA_RXC_LAST}})
		k.complete_rx(device(), status, 2048, next_id());
	ASSERT_EQ(poll(), 1u);
	EXPECT_EQ(burst.packets[0].nfrags, 3);
	EXPECT_EQ(burst.packets[0].len, 3 * 2048u);
}

TEST_F(Rx, BurstsAndBudgets)
{
	for (unsigned i = 0; i < 200; i++)
		k.complete_rx(device(), only, 60, next_id());
	EXPECT_EQ(poll(10), 10u);
	EXPECT_EQ(poll(1000), 64u);
	EXPECT_EQ(poll(0), 0u);
	/* Packets of many fragments end a burst before its room is used up. */
	for (unsigned i = 0; i < 126; i++)
		poll(1);
	for (unsigned i = 0; i < 40; i++)
		for (unsigned f = 0; f < 5; f++)
			k.complete_rx(device(),
				      (f ? 0 : ENA_RXC_FIRST) | (f == 4 ? ENA_RXC_LAST : 0), 1000,
				      next_id());
	EXPECT_EQ(poll(), 13u);
	EXPECT_EQ(burst.nfrags, 65u);
	EXPECT_EQ(burst.packets[12].first_frag, 60);
}

TEST_F(Rx, ManyLaps)
{
	for (unsigned i = 0; i < 10000; i++) {
		k.complete_rx(device(), only, static_cast<uint16_t>(60 + i % 1000), next_id());
		ASSERT_EQ(poll(), 1u);
		ASSERT_EQ(burst.packets[0].len, 60 + i % 1000);
		uint32_t wanted = oe_rx_wanted(q);
		ASSERT_TRUE(wanted == 0 || wanted >= 128);
		refill();
	}
	EXPECT_FALSE(oe_reset_pending(k.adapter));
	/* A batch for each doorbell, not a doorbell for each buffer. */
	EXPECT_LT(device().doorbells, 16u + 10000 / 60);
}

TEST_F(Rx, IdBeyondTheRing)
{
	k.complete_rx(device(), only, 60, 1024);
	expect_reset(ENA_RESET_INVALID_RX_REQ_ID);
	EXPECT_EQ(oe_rx_stats(k.adapter, 2)->bad_req_id, 1u);
}

TEST_F(Rx, APairWhoseRingIsBrokenIsNotArmed)
{
	k.complete_rx(device(), only, 60, 1024);
	EXPECT_EQ(poll(), 0u);
	oe_unmask(k.adapter, 2);
	oe_unmask(k.adapter, 1);
	EXPECT_EQ(oe_tx_stats(k.adapter, 2)->unmask_interrupt, 0u);
	EXPECT_EQ(oe_tx_stats(k.adapter, 1)->unmask_interrupt, 1u);
}

TEST_F(Rx, IdNotPosted)
{
	uint16_t id = next_id();
	k.complete_rx(device(), only, 60, id);
	k.complete_rx(device(), only, 60, id);
	EXPECT_EQ(poll(), 1u); /* the packet before the lie */
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	expect_reset(ENA_RESET_INVALID_RX_REQ_ID);
}

TEST_F(Rx, IdTwiceInAPacket)
{
	uint16_t id = next_id();
	k.complete_rx(device(), ENA_RXC_FIRST, 60, id);
	k.complete_rx(device(), ENA_RXC_LAST, 60, id);
	expect_reset(ENA_RESET_INVALID_RX_REQ_ID);
}

TEST_F(Rx, LongerThanItsBuffer)
{
	k.complete_rx(device(), only, 2049, next_id());
	expect_reset(ENA_RESET_RX_DESCRIPTOR_MALFORMED);
	EXPECT_EQ(oe_rx_stats(k.adapter, 2)->bad_desc_num, 1u);
}

TEST_F(Rx, OffsetPastItsBuffer)
{
	k.complete_rx(device(), only, 2000, next_id(), 49);
	expect_reset(ENA_RESET_RX_DESCRIPTOR_MALFORMED);
}

TEST_F(Rx, NoFirst)
{
	k.complete_rx(device(), ENA_RXC_LAST, 60, next_id());
	expect_reset(ENA_RESET_RX_DESCRIPTOR_MALFORMED);
}

TEST_F(Rx, FirstInTheMiddle)
{
	k.complete_rx(device(), ENA_RXC_FIRST, 60, next_id());
	k.complete_rx(device(), only, 60, next_id());
	expect_reset(ENA_RESET_RX_DESCRIPTOR_MALFORMED);
}

TEST_F(Rx, TooManyFragments)
{
	for (unsigned i = 0; i < 6; i++)
		k.complete_rx(device(), i ? 0 : ENA_RXC_FIRST, 60, next_id());
	expect_reset(ENA_RESET_TOO_MANY_RX_DESCS);
}

TEST_F(Rx, Runt)
{
	k.complete_rx(device(), only, 13, next_id());
	expect_reset(ENA_RESET_RX_DESCRIPTOR_MALFORMED);
}

TEST_F(Rx, EmptyFragment)
{
	k.complete_rx(device(), only, 0, next_id());
	expect_reset(ENA_RESET_RX_DESCRIPTOR_MALFORMED);
}

TEST_F(Rx, ReservedBits)
{
	k.complete_rx(device(), only | 1u << 17, 60, next_id());
	expect_reset(ENA_RESET_RX_DESCRIPTOR_MALFORMED);
}

TEST_F(Rx, EmptyRingIsCounted)
{
	while (device().head != device().tail)
		k.complete_rx(device(), only, 60, next_id());
	while (poll())
		;
	k.keep_alive();
	k.seconds(1);
	EXPECT_EQ(oe_rx_stats(k.adapter, 2)->empty_rx_ring, 0u);
	k.seconds(1);
	EXPECT_EQ(oe_rx_stats(k.adapter, 2)->empty_rx_ring, 1u);
}

} // namespace
