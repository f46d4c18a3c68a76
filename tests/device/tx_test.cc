// SPDX-License-Identifier: GPL-2.0-or-later
/* Transmission: descriptors, offloads, back pressure. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

using ena::field_put;

namespace
{
constexpr uint32_t tcp4 = ENA_L3_IPV4 | ENA_L4_TCP << 8;
constexpr uint32_t tcp6 = ENA_L3_IPV6 | ENA_L4_TCP << 8;
constexpr uint32_t udp4 = ENA_L3_IPV4 | ENA_L4_UDP << 8;
constexpr uint32_t tso = ENA_TXD1_TSO | ENA_TXD1_L4_CSUM;

class Tx : public testing::Test {
    protected:
	void SetUp() override
	{
		g.start();
		q = g.create(false, 256, 1);
	}
	void send(const Bytes &frame, uint32_t word1 = 0, bool meta = false,
		  size_t piece = SIZE_MAX)
	{
		g.push_packet(q, next_id, g.place(frame, piece), word1, meta);
		next_id = (next_id + 1) % 256;
		g.ring(q);
	}
	/* A packet of more descriptors than 16 bits can count. */
	void endless_packet()
	{
		const auto buffers = g.place(Bytes(1));
		for (unsigned int i = 0; i < 70000; i++) {
			ena_tx_desc d{};
			d.word0.set(field_put(ENA_TXD0_LENGTH, 1) |
				    field_put(ENA_TXD_PHASE, q.phase()) |
				    (i == 0 ? ENA_TXD_FIRST : 0) | (i == 69999 ? ENA_TXD_LAST : 0));
			d.addr_lo.set(static_cast<uint32_t>(buffers[0].address));
			d.word3.set(field_put(ENA_TXD3_ADDR_HI, 1));
			g.push(q, &d);
			if (i % 128 == 127 || i == 69999)
				g.ring(q);
		}
	}
	unsigned int completions()
	{
		unsigned int n = 0;
		while (g.tx_completion(q))
			n++;
		return n;
	}
	ena_device_stats stats()
	{
		ena_device_stats s;
		ena_device_get_stats(g.host.device, &s);
		return s;
	}
	/* A TSO packet of @payload bytes, as a stack hands it over. */
	Bytes large(FrameSpec &spec, size_t payload)
	{
		spec.payload = payload;
		Bytes frame = make_frame(spec);
		put16(frame, checksum_at(spec), 0xbeef);
		return frame;
	}

	Guest g;
	Guest::Queue q;
	uint16_t next_id = 0;
};
} // namespace

TEST_F(Tx, PlainFrameFromPieces)
{
	const Bytes frame = make_frame();
	send(frame, 0, false, 40);
	ASSERT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(g.host.sent[0].bytes, frame);
	EXPECT_EQ(g.host.sent[0].hdr.flags, 0);
	const auto c = g.tx_completion(q);
	ASSERT_TRUE(c);
	EXPECT_EQ(c->req_id.get(), 0);
	EXPECT_EQ(c->sq_head.get(), q.tail);
	EXPECT_FALSE(g.tx_completion(q));
	EXPECT_EQ(stats().tx_packets, 1u);
	EXPECT_EQ(stats().tx_bytes, frame.size());
}

TEST_F(Tx, DoorbellOnlySchedules)
{
	g.push_packet(q, 0, g.place(make_frame()));
	g.host.write(q.doorbell, q.tail);
	EXPECT_TRUE(g.host.sent.empty());
	EXPECT_TRUE(g.host.scheduled);
}

TEST_F(Tx, WithoutMappingAndInShortWindows)
{
	const Bytes frame = make_frame({.payload = 1400});
	g.host.mapping_works = false;
	send(frame, 0, false, 700);
	g.host.mapping_works = true;
	g.host.map_limit = 100;
	send(frame, 0, false, 700);
	ASSERT_EQ(g.host.sent.size(), 2u);
	EXPECT_EQ(g.host.sent[0].bytes, frame);
	EXPECT_EQ(g.host.sent[1].bytes, frame);
	EXPECT_EQ(g.host.mappings, 0);
}

TEST_F(Tx, ManyLapsOfTheRing)
{
	const Bytes frame = make_frame();
	const auto buffers = g.place(frame, 60);
	for (unsigned int i = 0; i < 40000; i++) {
		g.push_packet(q, static_cast<uint16_t>(i % 256), buffers);
		g.ring(q);
		const auto c = g.tx_completion(q);
		ASSERT_TRUE(c);
		ASSERT_EQ(c->req_id.get(), i % 256);
	}
	EXPECT_EQ(g.host.sent.size(), 40000u);
	EXPECT_EQ(g.host.sent.back().bytes, frame);
}

TEST_F(Tx, ChainOverSeveralDoorbells)
{
	const Bytes frame = make_frame();
	auto buffers = g.place(frame, 50);
	const uint16_t begin = q.tail;
	g.push_packet(q, 9, buffers);
	for (uint16_t tail = begin + 1; tail != q.tail; tail++) {
		g.host.write(q.doorbell, tail);
		g.host.run();
		EXPECT_TRUE(g.host.sent.empty());
	}
	g.ring(q);
	ASSERT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(g.host.sent[0].bytes, frame);
	EXPECT_EQ(completions(), 1u);
}

TEST_F(Tx, PartialChecksumWithMeta)
{
	for (bool ipv6 : {false, true})
		for (bool tcp : {false, true})
			for (unsigned int tags : {0u, 1u}) {
				const FrameSpec spec{.ipv6 = ipv6, .tcp = tcp, .vlan_tags = tags};
				const Bytes good = make_frame(spec);
				Bytes frame = good;
				put16(frame, checksum_at(spec), pseudo_sum(frame, spec));
				const auto l3 = static_cast<uint8_t>(14 + 4 * tags);
				g.push_meta(q, 0, l3, ipv6 ? 40 : 20, 5);
				send(frame,
				     (ipv6 ? ENA_L3_IPV6 : ENA_L3_IPV4) |
					     field_put(ENA_TXD1_L4_PROTO,
						       tcp ? ENA_L4_TCP : ENA_L4_UDP) |
					     ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL,
				     true);
				ASSERT_FALSE(g.host.sent.empty());
				EXPECT_EQ(g.host.sent.back().bytes, good);
			}
	EXPECT_EQ(g.host.sent.size(), 8u);
	EXPECT_EQ(completions(), 8u);
}

TEST_F(Tx, MetaIsRememberedForThePacketsBehind)
{
	const FrameSpec spec;
	const Bytes good = make_frame(spec);
	Bytes frame = good;
	put16(frame, checksum_at(spec), pseudo_sum(frame, spec));
	g.push_meta(q, 0, 14, 20, 5);
	send(frame, tcp4 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL, true);
	send(frame, tcp4 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL);
	/* One that is not to be stored, with an offset that would spoil the next. */
	g.push_meta(q, 0, 30, 20, 5, false);
	send(make_frame(spec), 0, true);
	send(frame, tcp4 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL);
	ASSERT_EQ(g.host.sent.size(), 4u);
	for (const auto &sent : g.host.sent)
		EXPECT_EQ(sent.bytes, good);
}

TEST_F(Tx, StandAloneMeta)
{
	const Bytes frame = make_frame();
	g.push_meta(q, 0, 14, 20, 5);
	g.ring(q);
	EXPECT_EQ(completions(), 0u);
	send(frame);
	ASSERT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(g.host.sent[0].bytes, frame);
}

TEST_F(Tx, FullChecksumAndIpHeader)
{
	for (bool tcp : {false, true}) {
		const FrameSpec spec{.tcp = tcp};
		const Bytes good = make_frame(spec);
		Bytes frame = good;
		put16(frame, checksum_at(spec), 0x1111);
		put16(frame, 24, 0x2222);
		send(frame, (tcp ? tcp4 : udp4) | ENA_TXD1_L4_CSUM | ENA_TXD1_L3_CSUM);
		ASSERT_FALSE(g.host.sent.empty());
		EXPECT_EQ(g.host.sent.back().bytes, good);
		put16(frame, checksum_at(spec), get16(good, checksum_at(spec)));
		send(frame, tcp4 | ENA_TXD1_L3_CSUM);
		EXPECT_EQ(g.host.sent.back().bytes, good);
	}
}

TEST_F(Tx, AblePeerGetsARequestAndTheGuestsMemoryIsUntouched)
{
	g.host.set_vnet(true, true, true, true);
	const FrameSpec spec;
	Bytes frame = make_frame(spec);
	put16(frame, checksum_at(spec), 0x1111);
	put16(frame, 24, 0x2222);
	const auto buffers = g.place(frame, 100);
	g.push_packet(q, 0, buffers, tcp4 | ENA_TXD1_L4_CSUM | ENA_TXD1_L3_CSUM);
	g.ring(q);
	ASSERT_EQ(g.host.sent.size(), 1u);
	const auto &sent = g.host.sent[0];
	EXPECT_EQ(sent.hdr.flags, ENA_VNET_NEEDS_CSUM);
	EXPECT_EQ(sent.hdr.gso_type, ENA_VNET_GSO_NONE);
	EXPECT_EQ(sent.hdr.csum_start, 34);
	EXPECT_EQ(sent.hdr.csum_offset, 16);
	EXPECT_EQ(get16(sent.bytes, checksum_at(spec)), pseudo_sum(frame, spec));
	EXPECT_EQ(plain_sum(&sent.bytes[14], 20), 0xffff);
	EXPECT_EQ(*g.host.at(buffers[0].address + checksum_at(spec)), 0x11);
}

TEST_F(Tx, SegmentationInSoftware)
{
	for (bool ipv6 : {false, true}) {
		FrameSpec spec{.ipv6 = ipv6, .vlan_tags = ipv6 ? 1u : 0u};
		const Bytes frame = large(spec, 20000);
		g.host.sent.clear();
		g.push_meta(q, 1448, static_cast<uint8_t>(ipv6 ? 18 : 14), ipv6 ? 40 : 20, 5);
		send(frame, (ipv6 ? tcp6 : tcp4 | ENA_TXD1_L3_CSUM) | tso, true, 4096);
		ASSERT_EQ(g.host.sent.size(), 14u);
		Bytes payload;
		for (const auto &sent : g.host.sent) {
			EXPECT_TRUE(checksums_good(sent.bytes, spec));
			EXPECT_LE(sent.bytes.size(), header_length(spec) + 1448);
			EXPECT_EQ(sent.hdr.gso_type, 0);
			payload.insert(payload.end(), sent.bytes.begin() + header_length(spec),
				       sent.bytes.end());
		}
		EXPECT_TRUE(std::equal(payload.begin(), payload.end(),
				       frame.begin() + header_length(spec), frame.end()));
		EXPECT_EQ(completions(), 1u);
	}
	EXPECT_EQ(stats().tx_packets, 28u);
}

TEST_F(Tx, SegmentationByThePeer)
{
	g.host.set_vnet(true, true, false, false);
	FrameSpec spec;
	const Bytes frame = large(spec, 20000);
	g.push_meta(q, 1448, 14, 20, 5);
	send(frame, tcp4 | ENA_TXD1_L3_CSUM | tso, true, 4096);
	ASSERT_EQ(g.host.sent.size(), 1u);
	const auto &sent = g.host.sent[0];
	EXPECT_EQ(sent.hdr.gso_type, ENA_VNET_GSO_TCPV4);
	EXPECT_EQ(sent.hdr.gso_size, 1448);
	EXPECT_EQ(sent.hdr.hdr_len, 54);
	EXPECT_EQ(sent.hdr.flags, ENA_VNET_NEEDS_CSUM);
	EXPECT_EQ(get16(sent.bytes, checksum_at(spec)), pseudo_sum(frame, spec));
	EXPECT_EQ(sent.bytes.size(), frame.size());
	EXPECT_EQ(stats().tx_packets, 14u);
	EXPECT_EQ(stats().tx_bytes, frame.size() + 13 * 54u);

	/* Congestion notification and IPv6 are beyond this peer. */
	FrameSpec cwr = spec;
	cwr.tcp_flags = 0x98;
	send(large(cwr, 5000), tcp4 | ENA_TXD1_L3_CSUM | tso, false, 4096);
	EXPECT_EQ(g.host.sent.size(), 1u + 4u);
}

/* Windows' drivers leave the IP length at 0; a peer would drop such a packet. */
TEST_F(Tx, LargePacketsForThePeerHaveTheirLength)
{
	g.host.set_vnet(true, true, true, false);
	for (bool ipv6 : {false, true}) {
		FrameSpec spec{.ipv6 = ipv6};
		Bytes frame = large(spec, 20000);
		put16(frame, ipv6 ? 18 : 16, 0);
		put16(frame, 24, ipv6 ? get16(frame, 24) : 0);
		g.push_meta(q, 1448, 14, ipv6 ? 40 : 20, 5);
		send(frame, (ipv6 ? tcp6 : tcp4) | tso, true, 4096);
		ASSERT_FALSE(g.host.sent.empty());
		const Bytes &sent = g.host.sent.back().bytes;
		EXPECT_EQ(get16(sent, ipv6 ? 18 : 16), 20000 + 20 + (ipv6 ? 0 : 20));
		EXPECT_TRUE(ipv6 || plain_sum(&sent[14], 20) == 0xffff);
	}
}

/* A peer sums up to the frame's end. */
TEST_F(Tx, WhatIsBehindTheDatagramIsNotSummedByThePeer)
{
	g.host.set_vnet(true, true, true, true);
	for (bool tcp : {false, true}) {
		const FrameSpec spec{.tcp = tcp, .payload = 1};
		Bytes good = make_frame(spec);
		good.resize(60, 0xaa);
		Bytes frame = good;
		put16(frame, checksum_at(spec), 0x1111);
		send(frame, (tcp ? tcp4 : udp4) | ENA_TXD1_L4_CSUM);
		ASSERT_FALSE(g.host.sent.empty());
		EXPECT_EQ(g.host.sent.back().hdr.flags, 0);
		EXPECT_EQ(g.host.sent.back().bytes, good);
	}
}

TEST_F(Tx, BusyStopsUntilReadyEvenBetweenSegments)
{
	FrameSpec spec;
	g.host.answer = ENA_TRANSMIT_BUSY;
	g.push_meta(q, 1000, 14, 20, 5);
	g.push_packet(q, 1, g.place(large(spec, 3500)), tcp4 | ENA_TXD1_L3_CSUM | tso, true);
	g.push_packet(q, 2, g.place(make_frame()));
	g.ring(q);
	for (size_t n = 1; n <= 5; n++) {
		EXPECT_EQ(g.host.sent.size(), n);
		EXPECT_FALSE(g.host.scheduled);
		EXPECT_EQ(completions(), n == 4 || n == 5 ? 1u : 0u) << n;
		ena_device_transmit_ready(g.host.device);
		g.host.run();
	}
	EXPECT_EQ(g.host.sent.size(), 5u);
	EXPECT_EQ(stats().tx_packets, 5u);
}

TEST_F(Tx, HostStaysBusyOverADriversReset)
{
	if (FakeHost::always_migrates())
		GTEST_SKIP() << "a new host is not busy";
	g.host.answer = ENA_TRANSMIT_BUSY;
	send(make_frame());
	g.start();
	q = g.create(false, 256, 1);
	send(make_frame());
	EXPECT_EQ(g.host.sent.size(), 1u);
	ena_device_transmit_ready(g.host.device);
	g.host.run();
	EXPECT_EQ(g.host.sent.size(), 2u);
}

TEST_F(Tx, PowerOnResetStartsFromNothing)
{
	g.host.answer = ENA_TRANSMIT_BUSY;
	g.push_packet(q, 0, g.place(make_frame()));
	g.push_packet(q, 1, g.place(make_frame()));
	g.host.write(q.doorbell, q.tail);
	g.host.scheduled = false; /* the host has cancelled it */
	ena_device_reset(g.host.device);
	EXPECT_EQ(g.host.read(ENA_REG_DEV_STS), ENA_DEV_STS_READY);
	EXPECT_EQ(g.host.deadline_ns, UINT64_MAX);
	g.host.answer = ENA_TRANSMIT_SENT;
	g.host.write(ENA_REG_MMIO_RESP_LO, static_cast<uint32_t>(g.readless_answer));
	g.host.write(ENA_REG_MMIO_RESP_HI, static_cast<uint32_t>(g.readless_answer >> 32));
	g.start();
	q = g.create(false, 256, 1);
	EXPECT_TRUE(g.host.sent.empty());
	send(make_frame());
	EXPECT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(stats().resets, 2u) << "power-on is not the driver's";
}

TEST_F(Tx, DestroyingAQueueForgetsItsHalfSentPacket)
{
	FrameSpec spec;
	g.host.answer = ENA_TRANSMIT_BUSY;
	g.push_meta(q, 1000, 14, 20, 5);
	g.push_packet(q, 1, g.place(large(spec, 3500)), tcp4 | tso, true);
	g.ring(q);
	EXPECT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(g.destroy_sq(q), 0);
	EXPECT_EQ(g.destroy_cq(q), 0);
	q = g.create(false, 256, 1);
	ena_device_transmit_ready(g.host.device);
	g.host.run();
	EXPECT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(completions(), 0u);
	g.host.answer = ENA_TRANSMIT_SENT;
	send(make_frame());
	EXPECT_EQ(completions(), 1u);
}

TEST_F(Tx, WorkIsBoundedAndFair)
{
	auto other = g.create(false, 256, 2);
	const auto buffers = g.place(make_frame());
	for (auto *queue : {&q, &other})
		for (uint16_t i = 0; i < 256; i++)
			g.push_packet(*queue, i, buffers);
	g.host.write(q.doorbell, q.tail);
	g.host.write(other.doorbell, other.tail);
	EXPECT_EQ(g.host.run(1), 1u);
	EXPECT_EQ(g.host.sent.size(), 256u);
	EXPECT_TRUE(g.host.scheduled);
	EXPECT_EQ(completions(), 128u);
	g.host.run();
	EXPECT_EQ(g.host.sent.size(), 512u);

	/* One packet of very many segments does not hold up the host either. */
	g.host.sent.clear();
	FrameSpec spec;
	g.push_meta(q, 1, 14, 20, 5);
	g.push_packet(q, 0, g.place(large(spec, 20000)), tcp4 | tso, true);
	g.host.write(q.doorbell, q.tail);
	g.host.run(1);
	EXPECT_LE(g.host.sent.size(), 256u);
	g.host.run();
	EXPECT_EQ(g.host.sent.size(), 20000u);

	/* Nor those who get it whole. */
	g.host.set_vnet(true, true, true, true);
	g.host.sent.clear();
	g.push_meta(q, 1, 14, 20, 5);
	for (uint16_t i = 0; i < 8; i++)
		g.push_packet(q, i, g.place(large(spec, 20000)), tcp4 | tso, i == 0);
	g.host.write(q.doorbell, q.tail);
	g.host.run(1);
	EXPECT_EQ(g.host.sent.size(), 1u);
	g.host.run();
	EXPECT_EQ(g.host.sent.size(), 8u);
}

TEST_F(Tx, InvalidPacketsAreCompletedAndCounted)
{
	const auto expect = [&](const char *why) {
		EXPECT_EQ(completions(), 1u) << why;
		EXPECT_TRUE(g.host.noted(why)) << g.host.notes.back().text;
		EXPECT_TRUE(g.host.sent.empty()) << why;
	};
	send(Bytes(13));
	expect("shorter than an Ethernet header");
	send(Bytes(9216 + 23));
	expect("longer than the largest MTU");
	send(make_frame(), tcp4 | tso);
	expect("an MSS of 0");
	g.push_meta(q, 9300, 14, 20, 5);
	send(make_frame(), tcp4 | tso, true);
	expect("MSS makes segments longer");
	g.push_meta(q, 1000, 14, 0, 5);
	send(make_frame(), tcp4 | tso, true);
	expect("names no TCP over IP");
	g.push_meta(q, 1000, 14, 20, 15);
	send(Bytes(60), tcp4 | tso, true);
	expect("beyond its first 256 bytes");
	g.push_meta(q, 1000, 14, 20, 5);
	send(make_frame(), ENA_L4_TCP << 8 | tso, true);
	expect("names no IP version");
	g.push_meta(q, 1000, 14, 20, 5);
	send(Bytes(60), tcp4 | tso, true);
	expect("do not allow segmentation");
	send(Bytes(60), tcp4 | ENA_TXD1_L4_CSUM);
	expect("no TCP or UDP header");
	g.push_meta(q, 0, 200, 40, 5);
	send(Bytes(60), tcp4 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL, true);
	expect("checksum to finish is outside");
	g.push_meta(q, 0, 0, 13, 5);
	send(Bytes(60), tcp4 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL, true);
	expect("checksum to finish begins in its Ethernet header");
	g.push_meta(q, 1000, 14, 20, 5);
	send(Bytes(65536 + 14), tcp4 | tso, true, 32768);
	expect("longer than an IP packet can be");
	send(Bytes(40), 0, false, 2);
	expect("more than 19 descriptors");
	endless_packet();
	expect("in 65535 descriptors is dropped: it has more than 19");
	g.push_packet(q, 1, {{0x10, 100}});
	g.ring(q);
	expect("buffers cannot be read");
	g.push_packet(q, 1, {{0x10, 100}}, tcp4 | ENA_TXD1_L4_CSUM);
	g.ring(q);
	expect("buffers cannot be read");
	send(make_frame(), 0, true); /* no first bit, no meta */
	expect("not marked as first");
	EXPECT_EQ(stats().tx_drops, 17u);
	send(make_frame());
	EXPECT_EQ(g.host.sent.size(), 1u);
}

/* iPXE's ids are its slots times four: the id is the driver's own, only to be given back. */
TEST_F(Tx, RequestIdsAreTheDriversOwn)
{
	for (const uint16_t id : {255, 256, 1020, 0xffff}) {
		g.host.sent.clear();
		g.push_packet(q, id, g.place(make_frame()));
		g.ring(q);
		EXPECT_EQ(g.host.sent.size(), 1u) << id;
		const auto cdesc = g.tx_completion(q);
		ASSERT_TRUE(cdesc) << id;
		EXPECT_EQ(cdesc->req_id.get(), id);
	}
	EXPECT_EQ(stats().tx_drops, 0u);
}

TEST_F(Tx, LinkDownDropsAndHostDropCounts)
{
	ena_device_set_link(g.host.device, false);
	send(make_frame());
	EXPECT_TRUE(g.host.sent.empty());
	ena_device_set_link(g.host.device, true);
	g.host.answer = ENA_TRANSMIT_DROPPED;
	send(make_frame());
	EXPECT_EQ(completions(), 2u);
	EXPECT_EQ(stats().tx_drops, 2u);
	EXPECT_EQ(stats().tx_packets, 0u);
}

TEST_F(Tx, MalformedRingStopsOneQueueOnly)
{
	auto other = g.create(false, 256, 2);
	q.tail = static_cast<uint16_t>(q.tail + 5); /* descriptors of the wrong phase */
	g.ring(q);
	EXPECT_TRUE(g.host.noted("wrong phase"));
	EXPECT_FALSE(g.host.scheduled);
	g.push_packet(other, 0, g.place(make_frame()));
	g.ring(other);
	EXPECT_EQ(g.host.sent.size(), 1u);
	g.host.write(other.doorbell, other.tail + 257u);
	EXPECT_TRUE(g.host.noted("257 entries ahead"));
	g.push_packet(other, 0, g.place(make_frame()));
	g.ring(other);
	EXPECT_EQ(g.host.sent.size(), 1u);

	g.start();
	q = g.create(false, 256, 1);
	send(make_frame());
	EXPECT_EQ(g.host.sent.size(), 2u);
}

TEST_F(Tx, DmaFailureStopsTheQueueAndResetRecovers)
{
	g.push_packet(q, 0, g.place(make_frame()));
	g.host.dma_works = false;
	g.ring(q);
	EXPECT_TRUE(g.host.noted("descriptors cannot be read"));
	g.host.dma_works = true;
	g.start();
	q = g.create(false, 256, 1);
	send(make_frame());
	EXPECT_EQ(g.host.sent.size(), 1u);
}
