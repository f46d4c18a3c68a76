// SPDX-License-Identifier: GPL-2.0-or-later
/* Checksums and segmentation of packets that go from function to function. */
#include "fabric.hh"

#include <gtest/gtest.h>

#include <algorithm>

namespace
{
constexpr uint16_t segment = 1000;

/* A packet to be cut into segments, as a stack hands it over. */
Bytes large_packet(const FrameSpec &spec, const Bytes &to, const Bytes &from)
{
	Bytes frame = make_frame(spec);
	std::copy_n(to.begin(), 6, frame.begin());
	std::copy_n(from.begin(), 6, frame.begin() + 6);
	put16(frame, checksum_at(spec), 0xbeef);
	return frame;
}

void send_large(Fabric::Function &from, const Bytes &frame)
{
	from.g.push_meta(from.tx, segment, 14, 20, 5);
	from.g.push_packet(from.tx, from.next_id++, from.g.place(frame),
			   ENA_L3_IPV4 | ENA_L4_TCP << 8 | ENA_TXD1_TSO | ENA_TXD1_L4_CSUM |
				   ENA_TXD1_L3_CSUM,
			   true);
	from.g.ring(from.tx);
}

void expect_segments(const std::vector<Bytes> &frames, const FrameSpec &spec)
{
	ASSERT_EQ(frames.size(), (spec.payload + segment - 1) / segment);
	for (const Bytes &frame : frames) {
		EXPECT_LE(frame.size(), header_length(spec) + segment);
		EXPECT_TRUE(checksums_good(frame, spec));
	}
}
} // namespace

/* The peer on the wire takes nothing unfinished: between functions it is left to the receiver. */
TEST(VfOffloads, AreResolvedWhereThePacketArrives)
{
	Fabric f(2, 2);
	const FrameSpec spec{.payload = 3500};

	send_large(f.vf(0), large_packet(spec, Fabric::made_mac(1), Fabric::made_mac(0)));
	EXPECT_EQ(f.carried, 1U) << "the switch carries segments";
	expect_segments(Fabric::received(f.vf(1)), spec);
	EXPECT_EQ(f.get<ena_vf_tx_stats>(0, ENA_VF_TX_STATS).packets.get(), 4U);
	EXPECT_EQ(f.get<ena_vf_rx_stats>(1, ENA_VF_RX_STATS).packets.get(), 4U);
	send_large(f.pf(), large_packet(spec, Fabric::made_mac(1), Fabric::pf_mac()));
	EXPECT_EQ(f.carried, 2U);
	expect_segments(Fabric::received(f.vf(1)), spec);
	EXPECT_TRUE(f.wire.empty());
}

TEST(VfOffloads, AreResolvedBeforeTheWire)
{
	Fabric f(2, 2);
	const FrameSpec spec{.payload = 3500};

	send_large(f.vf(0), large_packet(spec, stranger, Fabric::made_mac(0)));
	expect_segments(f.wire, spec);
	/* Also what a trusted function gets with it. */
	EXPECT_EQ(f.set_toggle(1, ENA_VF_TRUST, true), 0);
	f.wire.clear();
	send_large(f.vf(0), large_packet(spec, stranger, Fabric::made_mac(0)));
	expect_segments(f.wire, spec);
	expect_segments(Fabric::received(f.vf(1)), spec);
	/* To a neighbour, by way of the switch at the other end. */
	f.set_mode(ENA_SWITCH_VEPA);
	f.wire.clear();
	send_large(f.vf(0), large_packet(spec, Fabric::made_mac(1), Fabric::made_mac(0)));
	expect_segments(f.wire, spec);
}

/* A smaller MTU than the sender's: segments become smaller, none is lost. */
TEST(VfOffloads, SegmentsFitTheReceiver)
{
	Fabric f(2, 2);
	const FrameSpec spec{.payload = 3500};

	ena_mtu mtu{};
	mtu.mtu.set(600);
	EXPECT_EQ(f.vf(1).g.set_feature(ENA_FEATURE_MTU, &mtu, sizeof(mtu)), 0);
	send_large(f.vf(0), large_packet(spec, Fabric::made_mac(1), Fabric::made_mac(0)));
	const auto frames = Fabric::received(f.vf(1));
	EXPECT_EQ(frames.size(), 7U);
	for (const Bytes &frame : frames) {
		EXPECT_LE(frame.size(), 614U);
		EXPECT_TRUE(checksums_good(frame, spec));
	}
}
