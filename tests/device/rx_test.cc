// SPDX-License-Identifier: GPL-2.0-or-later
/* Reception: buffers, what completions say, back pressure. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

using ena::field_get;

namespace
{
class Rx : public testing::Test {
    protected:
	void SetUp() override
	{
		g.start();
		q = g.create(true, 256, 1);
	}
	Guest::Frame take(const Bytes &frame, const ena_vnet_hdr *hdr = nullptr,
			  size_t piece = SIZE_MAX)
	{
		EXPECT_EQ(g.receive(frame, hdr, piece), ENA_RECEIVE_TAKEN);
		auto got = g.rx_completion(q);
		EXPECT_TRUE(got);
		return got.value_or(Guest::Frame{});
	}
	ena_device_stats stats()
	{
		ena_device_stats s;
		ena_device_get_stats(g.host.device, &s);
		return s;
	}
	void set_mtu(uint32_t mtu)
	{
		ena_mtu m{};
		m.mtu.set(mtu);
		EXPECT_EQ(g.set_feature(ENA_FEATURE_MTU, &m, sizeof(m)), 0);
	}

	Guest g;
	Guest::Queue q;
};
} // namespace

TEST_F(Rx, ScattersOverBuffers)
{
	g.post(q, 64, 256);
	const Bytes frame = make_frame({.payload = 1000});
	for (size_t piece : {size_t{1}, size_t{37}, SIZE_MAX}) {
		const auto got = take(frame, nullptr, piece);
		EXPECT_EQ(got.bytes, frame);
		EXPECT_EQ(got.req_ids.size(), 5u);
	}
	EXPECT_EQ(stats().rx_packets, 3u);
	EXPECT_EQ(stats().rx_bytes, 3 * frame.size());
}

TEST_F(Rx, ManyLapsOfTheRing)
{
	const Bytes frame = make_frame({.payload = 600});
	g.post(q, 256, 256);
	for (unsigned int i = 0; i < 40000; i++) {
		const auto got = take(frame);
		ASSERT_EQ(got.bytes, frame);
		g.post(q, static_cast<unsigned int>(got.req_ids.size()), 256);
	}
}

TEST_F(Rx, DescribesProtocolsAndChecksums)
{
	g.post(q, 64, 2048);
	for (bool ipv6 : {false, true})
		for (bool tcp : {false, true})
			for (unsigned int tags : {0u, 1u, 2u}) {
				const FrameSpec spec{.ipv6 = ipv6, .tcp = tcp, .vlan_tags = tags};
				Bytes frame = make_frame(spec);
				auto got = take(frame);
				EXPECT_EQ(field_get(ENA_RXC_L3_PROTO, got.status),
					  ipv6 ? ENA_L3_IPV6 : ENA_L3_IPV4);
				EXPECT_EQ(field_get(ENA_RXC_L4_PROTO, got.status),
					  tcp ? ENA_L4_TCP : ENA_L4_UDP);
				EXPECT_EQ(field_get(ENA_RXC_VLAN_COUNT, got.status), tags);
				EXPECT_TRUE(got.status & ENA_RXC_L4_CSUM_CHECKED);
				EXPECT_FALSE(got.status &
					     (ENA_RXC_L4_CSUM_ERR | ENA_RXC_L3_CSUM_ERR));
				frame.back() ^= 1;
				got = take(frame);
				EXPECT_TRUE(got.status & ENA_RXC_L4_CSUM_ERR);
				EXPECT_EQ(got.bytes, frame);
			}
	Bytes frame = make_frame();
	frame[24] ^= 1;
	EXPECT_TRUE(take(frame).status & ENA_RXC_L3_CSUM_ERR);
	frame = make_frame();
	put16(frame, 20, 0x2000); /* more fragments */
	put16(frame, 24, 0);
	put16(frame, 24, static_cast<uint16_t>(~plain_sum(&frame[14], 20)));
	const auto got = take(frame);
	EXPECT_TRUE(got.status & ENA_RXC_IPV4_FRAG);
	EXPECT_FALSE(got.status & ENA_RXC_L4_CSUM_CHECKED);
}

TEST(RxOffload, LeftOutIsNotReported)
{
	ena_config config = FakeHost::default_config();
	config.rx_offloads = 0;
	Guest g(config);
	g.start();
	auto q = g.create(true, 256, 1);
	g.post(q, 8, 2048);
	Bytes frame = make_frame();
	frame.back() ^= 1;
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
	const auto got = g.rx_completion(q);
	ASSERT_TRUE(got);
	EXPECT_EQ(got->hash, 0u);
	EXPECT_FALSE(got->status & (ENA_RXC_L4_CSUM_ERR | ENA_RXC_L4_CSUM_CHECKED));
}

/* At every moment all that shows its phase is complete. */
TEST_F(Rx, PhaseIsNeverVisibleBeforeTheContents)
{
	g.post(q, 64, 256);
	unsigned int complete = 0;
	g.host.on_dma_write = [&](uint64_t, size_t) {
		const auto first = g.host.load<ena_rx_cdesc>(q.cq);
		if (!(first.status.get() & ENA_RXC_PHASE))
			return;
		complete++;
		for (unsigned int i = 0; i < 4; i++) {
			const auto c = g.host.load<ena_rx_cdesc>(q.cq + i * sizeof(ena_rx_cdesc));
			EXPECT_TRUE(c.status.get() & ENA_RXC_PHASE);
			EXPECT_NE(c.length.get(), 0);
			EXPECT_EQ(bool(c.status.get() & ENA_RXC_LAST), i == 3);
		}
	};
	const auto got = take(make_frame({.payload = 800}));
	EXPECT_EQ(got.req_ids.size(), 4u);
	EXPECT_EQ(complete, 1u);
}

TEST_F(Rx, SizesOutOfBoundsAreDropped)
{
	g.post(q, 64, 2048);
	set_mtu(1500);
	EXPECT_EQ(g.receive(Bytes(13)), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(g.receive(Bytes(1500 + 23)), ENA_RECEIVE_TAKEN);
	EXPECT_FALSE(g.rx_completion(q));
	EXPECT_EQ(stats().rx_drops, 2u);
	EXPECT_EQ(take(Bytes(1500 + 22)).bytes.size(), 1522u);
}

TEST_F(Rx, MoreThanSeventeenBuffersAreTooMany)
{
	g.post(q, 128, 64);
	EXPECT_EQ(take(Bytes(17 * 64)).req_ids.size(), 17u);
	EXPECT_EQ(g.receive(Bytes(17 * 64 + 1)), ENA_RECEIVE_TAKEN);
	EXPECT_FALSE(g.rx_completion(q));
	EXPECT_TRUE(g.host.noted("does not fit 17 of its buffers"));
	EXPECT_EQ(stats().rx_drops, 1u);
}

TEST_F(Rx, HoldsThenDropsThenTakesAgain)
{
	const Bytes frame = make_frame();
	EXPECT_TRUE(ena_device_can_receive(g.host.device));
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_HOLD);
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_HOLD);
	const unsigned int ready = g.host.receive_ready;
	g.host.advance(19'000'000);
	EXPECT_EQ(g.host.receive_ready, ready);
	EXPECT_EQ(stats().rx_drops, 0u);
	g.host.advance(1'000'000);
	EXPECT_EQ(g.host.receive_ready, ready + 1);
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(stats().rx_drops, 2u);
	EXPECT_EQ(stats().rx_overruns, 2u);
	g.post(q, 1, 2048);
	EXPECT_EQ(take(frame).bytes, frame);
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_HOLD) << "patience starts anew";
	g.post(q, 1, 2048);
	EXPECT_EQ(g.host.receive_ready, ready + 2);
	EXPECT_EQ(take(frame).bytes, frame);
}

TEST_F(Rx, NothingIsHeldOverAReset)
{
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_HOLD);
	unsigned int ready = g.host.receive_ready;
	g.reset();
	EXPECT_GT(g.host.receive_ready, ready) << "by the driver";
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);

	g.start();
	q = g.create(true, 256, 1);
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_HOLD);
	ready = g.host.receive_ready;
	ena_device_reset(g.host.device);
	EXPECT_GT(g.host.receive_ready, ready) << "of the function";
}

TEST_F(Rx, AStuckQueueDoesNotBlockItsNeighbour)
{
	auto other = g.create(true, 256, 2);
	g.post(other, 8, 2048);
	const uint64_t buffer = g.host.alloc(512);
	for (uint32_t i = 0; i < 128; i++) {
		ena_rss_entry e{};
		e.cq_idx.set(i ? other.index : q.index);
		g.host.store(buffer + i * 4, e);
	}
	ena_rss_indirection t{};
	t.size.set(7);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_RSS_INDIRECTION, &t, sizeof(t), buffer, 512), 0);
	Bytes arp(60);
	put16(arp, 12, 0x0806);
	EXPECT_EQ(g.receive(arp), ENA_RECEIVE_HOLD);
	g.host.advance(20'000'000);
	EXPECT_EQ(g.receive(arp), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
	EXPECT_TRUE(g.rx_completion(other));
}

TEST_F(Rx, FinishesTheSendersChecksum)
{
	g.post(q, 64, 2048);
	const FrameSpec spec{.ipv6 = true, .tcp = false};
	const Bytes good = make_frame(spec);
	Bytes frame = good;
	put16(frame, checksum_at(spec), pseudo_sum(frame, spec));
	ena_vnet_hdr hdr{};
	hdr.flags = ENA_VNET_NEEDS_CSUM;
	hdr.csum_start = 54;
	hdr.csum_offset = 6;
	const auto got = take(frame, &hdr, 33);
	EXPECT_EQ(got.bytes, good);
	EXPECT_TRUE(got.status & ENA_RXC_L4_CSUM_CHECKED);
	EXPECT_FALSE(got.status & ENA_RXC_L4_CSUM_ERR);
	hdr.csum_start = 0xffff;
	EXPECT_EQ(g.receive(frame, &hdr), ENA_RECEIVE_TAKEN);
	EXPECT_FALSE(g.rx_completion(q));
	EXPECT_EQ(stats().rx_drops, 1u);
}

TEST_F(Rx, CutsTheSendersLargeFrames)
{
	set_mtu(1500);
	for (bool ipv6 : {false, true}) {
		g.post(q, 100, 1024);
		const FrameSpec spec{.ipv6 = ipv6, .payload = 30000};
		const Bytes frame = make_frame(spec);
		ena_vnet_hdr hdr{};
		hdr.flags = ENA_VNET_NEEDS_CSUM;
		hdr.gso_type = ipv6 ? ENA_VNET_GSO_TCPV6 : ENA_VNET_GSO_TCPV4;
		hdr.gso_size = 8000; /* more than the MTU of this side */
		hdr.csum_start = static_cast<uint16_t>(l4_offset(spec));
		hdr.csum_offset = 16;
		hdr.hdr_len = static_cast<uint16_t>(header_length(spec));
		EXPECT_EQ(g.receive(frame, &hdr, 5000), ENA_RECEIVE_TAKEN);
		Bytes payload;
		while (const auto got = g.rx_completion(q)) {
			EXPECT_LE(got->bytes.size(), 1514u);
			EXPECT_TRUE(checksums_good(got->bytes, spec));
			payload.insert(payload.end(), got->bytes.begin() + header_length(spec),
				       got->bytes.end());
		}
		EXPECT_TRUE(std::equal(payload.begin(), payload.end(),
				       frame.begin() + header_length(spec), frame.end()));
		EXPECT_EQ(payload.size(), 30000u);
	}
	ena_vnet_hdr udp{};
	udp.gso_type = 3;
	udp.gso_size = 1000;
	EXPECT_EQ(g.receive(make_frame(), &udp), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(stats().rx_drops, 1u);
}

TEST_F(Rx, LargeFrameWaitsForRoomOfAllItsSegments)
{
	g.post(q, 10, 2048);
	ena_vnet_hdr hdr{};
	hdr.flags = ENA_VNET_NEEDS_CSUM;
	hdr.gso_type = ENA_VNET_GSO_TCPV4;
	hdr.gso_size = 1448;
	const Bytes frame = make_frame({.payload = 20000});
	EXPECT_EQ(g.receive(frame, &hdr), ENA_RECEIVE_HOLD);
	EXPECT_FALSE(g.rx_completion(q));
	g.post(q, 10, 2048);
	EXPECT_EQ(g.receive(frame, &hdr), ENA_RECEIVE_TAKEN);
	unsigned int n = 0;
	while (g.rx_completion(q))
		n++;
	EXPECT_EQ(n, 14u);
}

/* More segments than the ring has buffers: what fits arrives, the rest is counted. */
TEST_F(Rx, LargeFrameOfTinySegments)
{
	g.post(q, 256, 2048);
	ena_vnet_hdr hdr{};
	hdr.flags = ENA_VNET_NEEDS_CSUM;
	hdr.gso_type = ENA_VNET_GSO_TCPV4;
	hdr.gso_size = 1;
	EXPECT_EQ(g.receive(make_frame({.payload = 5000}), &hdr), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(stats().rx_packets, 256u);
	EXPECT_EQ(stats().rx_overruns, 5000u - 256u);
}

TEST_F(Rx, UnwritableBufferDropsAndUnreadableRingStops)
{
	ena_rx_desc d{};
	d.length.set(2048);
	d.ctrl = ENA_RXD_FIRST | ENA_RXD_LAST | ENA_RXD_PHASE;
	d.addr_lo.set(0x10);
	g.push(q, &d);
	g.ring(q);
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
	EXPECT_TRUE(g.host.noted("cannot be written to the buffer"));
	EXPECT_EQ(stats().rx_drops, 1u);

	g.start();
	q = g.create(true, 256, 1);
	g.post(q, 4, 2048);
	g.host.dma_works = false;
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
	EXPECT_TRUE(g.host.noted("descriptors cannot be read"));
	EXPECT_FALSE(ena_device_can_receive(g.host.device));
	g.host.dma_works = true;
	g.start();
	q = g.create(true, 256, 1);
	g.post(q, 4, 2048);
	EXPECT_EQ(take(make_frame()).bytes, make_frame());
}

TEST_F(Rx, WrongPhaseStopsTheQueue)
{
	q.tail = 4;
	g.ring(q);
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
	EXPECT_TRUE(g.host.noted("wrong phase"));
	EXPECT_FALSE(ena_device_can_receive(g.host.device));
}

/* Read ahead or not, it is in the ring until it is completed. */
TEST_F(Rx, NoMoreBuffersThanTheRingHas)
{
	g.post(q, 256, 2048);
	(void)take(make_frame());
	g.post(q, 1, 2048);
	EXPECT_TRUE(ena_device_can_receive(g.host.device));
	g.post(q, 1, 2048);
	EXPECT_TRUE(g.host.noted("257 entries ahead"));
	EXPECT_FALSE(ena_device_can_receive(g.host.device));
}

TEST_F(Rx, DestroyedQueueLetsHeldFramesGo)
{
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_HOLD);
	const unsigned int ready = g.host.receive_ready;
	EXPECT_EQ(g.destroy_sq(q), 0);
	EXPECT_EQ(g.host.receive_ready, ready + 1);
	EXPECT_FALSE(ena_device_can_receive(g.host.device));
	g.host.advance(1'000'000'000);
}
