// SPDX-License-Identifier: GPL-2.0-or-later
/* Checksum and segmentation, by our own engines and by the virtio-net header. */
#include <gtest/gtest.h>

#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

std::vector<FrameShape> shapes()
{
	std::vector<FrameShape> all;
	for (const bool ipv6 : {false, true})
		for (const bool udp : {false, true})
			for (const unsigned options : {0u, 8u})
				for (const size_t payload : {0, 1, 2, 33, 100, 1399, 8000}) {
					FrameShape shape;
					shape.ipv6 = ipv6;
					shape.udp = udp;
					shape.ip_options = options;
					shape.tcp_options = udp ? 0 : 12;
					shape.payload = payload;
					all.push_back(shape);
				}
	return all;
}

std::string name_of(const FrameShape &s)
{
	return std::string(s.ipv6 ? "IPv6 " : "IPv4 ") + (s.udp ? "UDP " : "TCP ") +
	       std::to_string(s.payload) + " bytes, options " + std::to_string(s.ip_options);
}

TEST(Offload, ChecksumIsFilledIn)
{
	TwoMachines pair(default_config());
	ASSERT_TRUE(pair.start(1));
	Random random(11);
	for (const FrameShape &shape : shapes()) {
		Bytes finished;
		TxRequest request = checksum_request(shape, random, finished);
		request.fragments = static_cast<unsigned>(1 + random() % 6);
		ASSERT_TRUE(pair.a->send(0, request));
		pair.run(ms);
		ASSERT_EQ(pair.b->received.size(), 1u) << name_of(shape);
		EXPECT_EQ(pair.b->received[0].frame, finished) << name_of(shape);
		EXPECT_EQ(pair.b->received[0].csum, OE_RX_CSUM_GOOD) << name_of(shape);
		pair.b->received.clear();
	}
}

/* A peer that takes the header gets the request, and the receiver finishes it. */
TEST(Offload, ChecksumThroughTheHeader)
{
	TwoMachines pair(default_config());
	ena_device_set_vnet(pair.a->device, true, true, true, true);
	ASSERT_TRUE(pair.start(1));
	Random random(12);
	for (const FrameShape &shape : shapes()) {
		Bytes finished;
		const TxRequest request = checksum_request(shape, random, finished);
		ASSERT_TRUE(pair.a->send(0, request));
		pair.run(ms);
		ASSERT_EQ(pair.b->received.size(), 1u) << name_of(shape);
		EXPECT_EQ(pair.b->received[0].frame, finished) << name_of(shape);
		pair.b->received.clear();
	}
}

void check_segments(const TxRequest &request, const std::vector<Bytes> &segments,
		    const FrameShape &shape, uint16_t mss)
{
	const size_t header = request.frame.size() - shape.payload;
	const size_t expected = (shape.payload + mss - 1) / mss;
	ASSERT_EQ(segments.size(), expected);
	Bytes whole;
	uint32_t sequence = 0;
	for (size_t i = 0; i < segments.size(); i++) {
		ASSERT_EQ(fault_of(segments[i]), "") << "segment " << i;
		const Bytes part = payload_of(segments[i]);
		if (i == 0)
			sequence = tcp_sequence(segments[i]);
		EXPECT_EQ(tcp_sequence(segments[i]), sequence);
		sequence += static_cast<uint32_t>(part.size());
		const bool last = i + 1 == segments.size();
		EXPECT_EQ(part.size(), last ? shape.payload - i * mss : mss);
		/* FIN and PSH on the last, CWR on the first. */
		uint8_t flags = shape.tcp_flags;
		if (!last)
			flags &= static_cast<uint8_t>(~0x09);
		if (i != 0)
			flags &= static_cast<uint8_t>(~0x80);
		EXPECT_EQ(tcp_flags(segments[i]), flags) << "segment " << i;
		whole.insert(whole.end(), part.begin(), part.end());
	}
	EXPECT_EQ(whole,
		  Bytes(request.frame.begin() + static_cast<long>(header), request.frame.end()));
}

std::vector<Bytes> frames_of(std::vector<RxFrame> &received)
{
	std::vector<Bytes> frames;
	for (auto &r : received)
		frames.push_back(std::move(r.frame));
	received.clear();
	return frames;
}

void segmentation(bool through_header)
{
	TwoMachines pair(default_config());
	if (through_header)
		ena_device_set_vnet(pair.a->device, true, true, true, true);
	ASSERT_TRUE(pair.start(1));
	Random random(13);
	for (const bool ipv6 : {false, true})
		for (const uint16_t mss : {88, 536, 1448, 8928})
			for (const size_t payload : {size_t{1}, size_t{mss}, size_t{mss} + 1,
						     size_t{mss} * 7 / 2, size_t{64000}}) {
				if (payload / mss > 200)
					continue;
				FrameShape shape;
				shape.ipv6 = ipv6;
				shape.payload = payload;
				shape.tcp_options = 12;
				shape.tcp_flags = 0x99; /* CWR, ACK, PSH, FIN */
				TxRequest request = tso_request(shape, mss, random);
				request.fragments = static_cast<unsigned>(2 + random() % 16);
				ASSERT_TRUE(pair.a->send(0, request));
				pair.run(ms);
				SCOPED_TRACE((ipv6 ? "IPv6 mss " : "IPv4 mss ") +
					     std::to_string(mss) + " payload " +
					     std::to_string(payload));
				check_segments(request, frames_of(pair.b->received), shape, mss);
			}
	EXPECT_EQ(pair.a->resets + pair.b->resets, 0u);
}

TEST(Offload, Segmentation)
{
	segmentation(false);
}

TEST(Offload, SegmentationThroughTheHeader)
{
	segmentation(true);
}

TEST(Offload, TheHeaderSaysWhatIsLeftToDo)
{
	oe_kernel m(default_config());
	ena_device_set_vnet(m.device, true, true, true, true);
	ASSERT_EQ(m.probe(), 0);
	ASSERT_EQ(m.open(), 0);
	m.run(2000 * ms);
	Random random(14);
	FrameShape shape;
	shape.payload = 30000;
	TxRequest request = tso_request(shape, 1460, random);
	request.fragments = 9;
	ASSERT_TRUE(m.send(0, request));
	m.run(ms);
	ASSERT_EQ(m.transmitted.size(), 1u);
	const WireFrame &wire = m.transmitted.front();
	EXPECT_EQ(wire.frame.size(), request.frame.size());
	EXPECT_EQ(wire.hdr.flags & ENA_VNET_NEEDS_CSUM, ENA_VNET_NEEDS_CSUM);
	EXPECT_EQ(wire.hdr.gso_type, ENA_VNET_GSO_TCPV4);
	EXPECT_EQ(wire.hdr.gso_size, 1460);
	EXPECT_EQ(wire.hdr.hdr_len, 54);
	EXPECT_EQ(wire.hdr.csum_start, 34);
	EXPECT_EQ(wire.hdr.csum_offset, 16);
}

TEST(Offload, ABadChecksumIsReportedAndDelivered)
{
	oe_kernel m(default_config());
	ASSERT_EQ(m.probe(), 0);
	ASSERT_EQ(m.set([](oe_settings &s) { s.mtu = 9001; }), 0);
	ASSERT_EQ(m.open(), 0);
	m.run(2000 * ms);
	Random random(15);
	for (FrameShape shape : shapes()) {
		Bytes frame = build_frame(shape, random);
		frame.back() ^= 0x55;
		if (!shape.payload)
			continue;
		m.wire_in(frame);
		m.run(ms);
		ASSERT_EQ(m.received.size(), 1u);
		EXPECT_EQ(m.received[0].csum, OE_RX_CSUM_BAD) << name_of(shape);
		EXPECT_EQ(m.received[0].frame, frame);
		m.received.clear();
	}
}

} // namespace
