// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/packet.hh"

#include <gtest/gtest.h>

#include <memory>

#include "reference.hh"
#include "vectors.hh"

namespace
{

using reference::Bytes;
using reference::View;

/* In memory of exactly its size, so that a sanitizer sees a read too far. */
net::Packet parse_exact(View head, size_t frame_length)
{
	const auto copy = std::make_unique<uint8_t[]>(head.size());

	std::copy(head.begin(), head.end(), copy.get());
	return net::parse({copy.get(), head.size()}, frame_length);
}

net::Packet parse_frame(const Bytes &frame)
{
	return parse_exact(View(frame).first(std::min(frame.size(), net::parse_window)),
			   frame.size());
}

/* What must hold for any bytes at all. */
void expect_sane(const net::Packet &p, size_t head_length, size_t frame_length)
{
	const size_t head = std::min(head_length, net::parse_window);

	ASSERT_LE(p.vlan_count, 2);
	ASSERT_EQ(p.l3 == net::L3::none, p.l3_offset == 0);
	ASSERT_EQ(p.l4 == net::L4::none, p.l4_offset == 0);
	if (p.l3 != net::L3::none) {
		ASSERT_EQ(p.l3_offset, 14 + 4 * p.vlan_count);
		ASSERT_LE(p.l3_offset + p.l3_length, head);
		ASSERT_GE(p.l3_length, p.l3 == net::L3::ipv4 ? 20 : 40);
	} else {
		ASSERT_FALSE(p.fragment || p.ipv6_ext);
	}
	if (p.l4 == net::L4::none) {
		ASSERT_EQ(p.header_length, 0);
		ASSERT_EQ(p.l4_length, 0);
		return;
	}
	ASSERT_FALSE(p.fragment);
	ASSERT_EQ(p.l4_offset, p.l3_offset + p.l3_length);
	ASSERT_LE(p.header_length, head);
	ASSERT_GE(p.header_length, p.l4_offset + (p.l4 == net::L4::tcp ? 20 : 8));
	ASSERT_LE(p.header_length, p.l4_offset + p.l4_length);
	ASSERT_LE(static_cast<size_t>(p.l4_offset) + p.l4_length, frame_length);
}

TEST(Parse, Vectors)
{
	for (const Vector &v : vectors) {
		SCOPED_TRACE(v.name);
		const Bytes frame = reference::from_hex(v.hex);
		const net::Packet p = parse_frame(frame);

		EXPECT_EQ(p.l3, v.l3);
		EXPECT_EQ(p.l3_offset, v.l3_offset);
		EXPECT_EQ(p.l4, v.l4);
		EXPECT_EQ(p.l4_offset, v.l4_offset);
		EXPECT_EQ(p.l4_length, v.l4_length);
		EXPECT_EQ(p.header_length, v.header_length);
		EXPECT_EQ(p.vlan_count, v.vlans);
		EXPECT_EQ(p.fragment, v.fragment);
		EXPECT_EQ(p.ipv6_ext, v.ipv6_ext);
	}
}

TEST(Parse, EveryTruncationOfTheVectors)
{
	for (const Vector &v : vectors) {
		SCOPED_TRACE(v.name);
		const Bytes frame = reference::from_hex(v.hex);
		const net::Packet whole = parse_frame(frame);
		const size_t ip_end = whole.l4_offset + whole.l4_length;

		for (size_t length = 0; length < frame.size(); length++) {
			const net::Packet cut = parse_exact(View(frame).first(length), length);

			expect_sane(cut, length, length);
			if (length < ip_end) {
				EXPECT_EQ(cut.l4, net::L4::none) << length;
			}
			/* The frame is whole, only the head ends here. */
			const net::Packet seen =
				parse_exact(View(frame).first(length), frame.size());

			expect_sane(seen, length, frame.size());
			EXPECT_EQ(seen.l4, length < whole.header_length ? net::L4::none : whole.l4)
				<< length;
		}
	}
}

TEST(Parse, RandomFrames)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);
	int seen_l4 = 0;

	for (int round = 0; round < 3000; round++) {
		const reference::Frame f = reference::build(rng, reference::random_spec(rng, 1400));
		const net::Packet p = parse_frame(f.bytes);
		const View view(f.bytes);

		expect_sane(p, f.bytes.size(), f.bytes.size());
		ASSERT_EQ(p.l3, f.ipv6 ? net::L3::ipv6 : net::L3::ipv4);
		ASSERT_EQ(p.l3_offset, f.l3_offset);
		ASSERT_EQ(p.l4, f.tcp ? net::L4::tcp : net::L4::udp);
		ASSERT_EQ(p.l3_length, f.l3_length);
		ASSERT_EQ(p.l4_offset, f.l4_offset);
		ASSERT_EQ(p.l4_length, f.ip_end - f.l4_offset);
		ASSERT_EQ(p.header_length, f.payload_offset);
		ASSERT_EQ(p.ipv6_ext, f.ipv6 && f.l3_length > 40);

		const size_t addresses = f.l3_offset + (f.ipv6 ? 8 : 12), size = f.ipv6 ? 16 : 4;

		ASSERT_EQ(p.source(view).data(), &f.bytes[addresses]);
		ASSERT_EQ(p.source(view).size(), size);
		ASSERT_EQ(p.destination(view).data(), &f.bytes[addresses + size]);
		ASSERT_EQ(p.destination(view).size(), size);
		ASSERT_EQ(p.source_port(view).data(), &f.bytes[f.l4_offset]);
		ASSERT_EQ(p.destination_port(view).data(), &f.bytes[f.l4_offset + 2]);
		ASSERT_EQ(p.destination_port(view).size(), 2u);
		seen_l4++;
	}
	EXPECT_EQ(seen_l4, 3000);
}

TEST(Parse, MutatedFramesStaySane)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);

	for (int round = 0; round < 40000; round++) {
		reference::Frame f = reference::build(rng, reference::random_spec(rng, 40));

		for (unsigned int n = 1 + rng() % 4; n != 0; n--)
			f.bytes[12 + rng() % (f.bytes.size() - 12)] = static_cast<uint8_t>(rng());
		f.bytes.resize(rng() % 3 == 0 ? rng() % f.bytes.size() : f.bytes.size());
		ASSERT_NO_FATAL_FAILURE(
			expect_sane(parse_frame(f.bytes), f.bytes.size(), f.bytes.size()));
	}
}

TEST(Parse, RandomBytesStaySane)
{
	std::mt19937 rng(reference::seed);

	for (int round = 0; round < 40000; round++) {
		Bytes bytes = reference::random_bytes(rng, rng() % 300);

		if (bytes.size() > 15) {
			reference::put_be(bytes, 12, 2, rng() % 2 != 0 ? 0x0800 : 0x86dd);
			bytes[14] = rng() % 2 != 0 ? 0x45 : 0x60;
		}
		ASSERT_NO_FATAL_FAILURE(
			expect_sane(parse_frame(bytes), bytes.size(), bytes.size()));
	}
}

/* A valid frame, changed at one place of its header. */
class ParseRefuses : public testing::Test {
    protected:
	void build(const reference::FrameSpec &spec)
	{
		std::mt19937 rng(reference::seed);

		f = reference::build(rng, spec);
		ASSERT_NE(parse_frame(f.bytes).l4, net::L4::none);
	}
	uint8_t &ip(size_t offset)
	{
		return f.bytes[f.l3_offset + offset];
	}
	uint8_t &l4(size_t offset)
	{
		return f.bytes[f.l4_offset + offset];
	}
	net::Packet parse()
	{
		return parse_frame(f.bytes);
	}
	reference::Frame f;
};

TEST_F(ParseRefuses, Ipv4VersionAndHeaderLength)
{
	build({.payload = 30});
	for (const uint8_t bad : {0x44, 0x40, 0x65, 0x05, 0x55}) {
		ip(0) = bad;
		EXPECT_EQ(parse().l3, net::L3::none) << int{bad};
	}
}

TEST_F(ParseRefuses, Ipv4TotalLength)
{
	build({.payload = 30});
	for (const uint32_t bad : {0u, 19u, 20u, 39u, 71u, 0xffffu}) {
		reference::put_be(f.bytes, f.l3_offset + 2, 2, bad);
		EXPECT_EQ(parse().l3, net::L3::ipv4) << bad;
		EXPECT_EQ(parse().l4, net::L4::none) << bad;
	}
	reference::put_be(f.bytes, f.l3_offset + 2, 2, 40);
	EXPECT_EQ(parse().l4_length, 20);
}

TEST_F(ParseRefuses, TcpHeaderLength)
{
	build({.payload = 8});
	for (const uint8_t bad : {0x00, 0x40, 0x80, 0xf0}) {
		l4(12) = bad;
		EXPECT_EQ(parse().l4, net::L4::none) << int{bad};
	}
	l4(12) = 0x70;
	EXPECT_EQ(parse().header_length, f.l4_offset + 28);
}

TEST_F(ParseRefuses, UdpLength)
{
	build({.tcp = false, .payload = 8});
	for (const uint32_t bad : {0u, 7u, 17u, 0xffffu}) {
		reference::put_be(f.bytes, f.l4_offset + 4, 2, bad);
		EXPECT_EQ(parse().l4, net::L4::none) << bad;
	}
}

TEST_F(ParseRefuses, TooManyExtensionHeaders)
{
	for (size_t n = 1; n <= 8; n++)
		ASSERT_NO_FATAL_FAILURE(
			build({.ipv6 = true, .extensions = std::vector<uint8_t>(n, 44)}));
	std::mt19937 rng(reference::seed);

	f = reference::build(rng, {.ipv6 = true, .extensions = std::vector<uint8_t>(9, 44)});
	EXPECT_EQ(parse().l3, net::L3::ipv6);
	EXPECT_TRUE(parse().ipv6_ext);
	EXPECT_EQ(parse().l4, net::L4::none);
}

TEST_F(ParseRefuses, HopByHopThatIsNotFirst)
{
	std::mt19937 rng(reference::seed);

	f = reference::build(rng, {.ipv6 = true, .extensions = {60, 0}});
	EXPECT_EQ(parse().l3, net::L3::ipv6);
	EXPECT_EQ(parse().l4, net::L4::none);
}

TEST_F(ParseRefuses, RoutingHeaderStillInUse)
{
	build({.ipv6 = true, .extensions = {43}});
	ip(40 + 3) = 1;
	EXPECT_TRUE(parse().ipv6_ext);
	EXPECT_EQ(parse().l4, net::L4::none);
}

TEST_F(ParseRefuses, ExtensionBeyondThePacket)
{
	build({.ipv6 = true, .extensions = {60}, .payload = 20, .padding = 40});
	ip(40 + 1) = 5;
	EXPECT_EQ(parse().l4, net::L4::none);
	ip(40 + 1) = 0xff;
	EXPECT_EQ(parse().l4, net::L4::none);
}

TEST_F(ParseRefuses, Ipv6Version)
{
	build({.ipv6 = true, .payload = 8});
	for (const uint8_t bad : {0x40, 0x00, 0x70}) {
		ip(0) = bad;
		EXPECT_EQ(parse().l3, net::L3::none) << int{bad};
	}
}

TEST_F(ParseRefuses, HeadBeyondTheFrame)
{
	build({.payload = 0});
	for (size_t length = 0; length < f.ip_end; length++)
		EXPECT_EQ(net::parse(f.bytes, length).l4, net::L4::none) << length;
	EXPECT_EQ(net::parse(f.bytes, f.ip_end).l4, net::L4::tcp);
	/* Not even the IP header is in the frame. */
	EXPECT_EQ(net::parse(f.bytes, 33).l3, net::L3::none);
}

/* What is found does not depend on how much of the frame happens to be contiguous. */
TEST_F(ParseRefuses, HeadersBeyondTheWindow)
{
	std::mt19937 rng(reference::seed);
	int beyond = 0, within = 0;

	for (int round = 0; round < 200; round++) {
		f = reference::build(rng, {.vlans = 2,
					   .ipv6 = true,
					   .extensions = std::vector<uint8_t>(8, 60),
					   .tcp_option_words = 10,
					   .payload = 99});
		const bool fits = f.payload_offset <= net::parse_window;

		EXPECT_EQ(net::parse(f.bytes, f.bytes.size()).l4 != net::L4::none, fits);
		(fits ? within : beyond)++;
	}
	EXPECT_GT(beyond, 0);
	EXPECT_GT(within, 0);
}

TEST_F(ParseRefuses, ThreeVlanTags)
{
	std::mt19937 rng(reference::seed);

	f = reference::build(rng, {.vlans = 3, .payload = 8});
	EXPECT_EQ(parse().vlan_count, 2);
	EXPECT_EQ(parse().l3, net::L3::none);
}

} // namespace
