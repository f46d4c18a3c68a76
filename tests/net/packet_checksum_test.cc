// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "core/net/packet.hh"
#include "reference.hh"
#include "vectors.hh"

namespace
{

using net::Check;
using reference::Bytes;

net::Packet parse(const Bytes &frame)
{
	return net::parse(frame, frame.size());
}

net::ChecksumResult verify_whole(Bytes &frame)
{
	const iovec whole{frame.data(), frame.size()};

	return net::verify(parse(frame), {&whole, 1});
}

size_t checksum_offset(const reference::Frame &f)
{
	return f.l4_offset + (f.tcp ? 16 : 6);
}

TEST(Verify, Vectors)
{
	for (const Vector &v : vectors) {
		SCOPED_TRACE(v.name);
		Bytes frame = reference::from_hex(v.hex);
		const net::ChecksumResult result = verify_whole(frame);

		EXPECT_EQ(result.l3, v.l3_check);
		EXPECT_EQ(result.l4, v.l4_check);
	}
}

TEST(Verify, RandomFramesInPieces)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);

	for (int round = 0; round < 3000; round++) {
		reference::Frame f = reference::build(rng, reference::random_spec(rng, 3000));
		const net::Packet p = parse(f.bytes);
		const std::vector<iovec> pieces = reference::scatter(rng, f.bytes);
		const net::ChecksumResult good = net::verify(p, pieces);

		ASSERT_EQ(good.l3, f.ipv6 ? Check::none : Check::good) << round;
		ASSERT_EQ(good.l4, Check::good) << round;

		/* Any bit of the L4 part that the parse does not depend on. */
		const size_t from = checksum_offset(f) + 2;

		if (f.ip_end > from) {
			f.bytes[from + rng() % (f.ip_end - from)] ^=
				static_cast<uint8_t>(1u << rng() % 8);
			ASSERT_EQ(net::verify(p, pieces).l4, Check::bad) << round;
		}
	}
}

TEST(Verify, Ipv4HeaderAndAddresses)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.ip_option_words = 3, .payload = 99});

	f.bytes[f.l3_offset + 8] ^= 1; /* TTL: only the header's checksum covers it */
	EXPECT_EQ(verify_whole(f.bytes).l3, Check::bad);
	EXPECT_EQ(verify_whole(f.bytes).l4, Check::good);
	f.bytes[f.l3_offset + 8] ^= 1;
	f.bytes[f.l3_offset + 19] ^= 1; /* destination address: both cover it */
	EXPECT_EQ(verify_whole(f.bytes).l3, Check::bad);
	EXPECT_EQ(verify_whole(f.bytes).l4, Check::bad);
}

TEST(Verify, PaddingDoesNotCount)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.payload = 1, .padding = 20});

	for (size_t i = f.ip_end; i < f.bytes.size(); i++) {
		f.bytes[i] ^= 0xff;
		EXPECT_EQ(verify_whole(f.bytes).l4, Check::good);
	}
}

/* RFC 768: the checksum covers the UDP length, not all of the IP payload. */
TEST(Verify, UdpShorterThanTheIpPayload)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.tcp = false, .payload = 21});
	const uint32_t total = reference::be(f.bytes, f.l3_offset + 2, 2);

	f.bytes.insert(f.bytes.end(), {1, 2, 3});
	reference::put_be(f.bytes, f.l3_offset + 2, 2, total + 3);
	EXPECT_EQ(parse(f.bytes).l4_length, 8 + 21 + 3);
	EXPECT_EQ(verify_whole(f.bytes).l4, Check::good);
}

TEST(Verify, UdpZeroIsNotChecked)
{
	std::mt19937 rng(reference::seed);

	for (const bool ipv6 : {false, true}) {
		reference::Frame f =
			reference::build(rng, {.ipv6 = ipv6, .tcp = false, .payload = 21});

		reference::put_be(f.bytes, checksum_offset(f), 2, 0);
		EXPECT_EQ(verify_whole(f.bytes).l4, Check::none);
	}
}

TEST(Verify, FrameShorterThanParsed)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.payload = 100});
	const net::Packet p = parse(f.bytes);

	for (size_t length = 0; length < f.bytes.size(); length++) {
		const iovec cut{f.bytes.data(), length};
		const net::ChecksumResult result = net::verify(p, {&cut, 1});

		ASSERT_EQ(result.l3, length < f.l4_offset ? Check::none : Check::good) << length;
		ASSERT_EQ(result.l4, Check::none) << length;
	}
	EXPECT_EQ(net::verify(p, {}).l4, Check::none);
}

TEST(Fill, FullRestoresEveryChecksum)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);

	for (int round = 0; round < 3000; round++) {
		reference::Frame f = reference::build(rng, reference::random_spec(rng, 2000));
		const Bytes right = f.bytes;
		const net::Packet p = parse(f.bytes);

		reference::put_be(f.bytes, checksum_offset(f), 2, rng() & 0xffff);
		if (!f.ipv6)
			reference::put_be(f.bytes, f.l3_offset + 10, 2, rng() & 0xffff);
		net::fill_l3(f.bytes, p);
		ASSERT_TRUE(net::fill_l4_full(f.bytes, p));
		ASSERT_EQ(f.bytes, right) << round;
	}
}

TEST(Fill, PartialFinishesThePseudoHeaderSum)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);

	for (int round = 0; round < 3000; round++) {
		reference::FrameSpec spec = reference::random_spec(rng, 2000);

		spec.padding = 0;
		reference::Frame f = reference::build(rng, spec);
		const uint32_t right = reference::be(f.bytes, checksum_offset(f), 2);
		const size_t addresses = f.l3_offset + (f.ipv6 ? 8 : 12);
		Bytes pseudo(f.bytes.begin() + static_cast<long>(addresses),
			     f.bytes.begin() + static_cast<long>(addresses) + (f.ipv6 ? 32 : 8));
		const size_t length = f.ip_end - f.l4_offset;

		pseudo.insert(pseudo.end(),
			      {0, static_cast<uint8_t>(f.tcp ? 6 : 17),
			       static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
		reference::put_be(f.bytes, checksum_offset(f), 2, reference::sum(pseudo));
		ASSERT_TRUE(net::fill_partial(f.bytes, f.l4_offset, f.tcp ? 16 : 6));
		const uint32_t got = reference::be(f.bytes, checksum_offset(f), 2);

		ASSERT_EQ(got == 0xffff ? 0 : got, right == 0xffff ? 0 : right) << round;
		ASSERT_NE(got, 0u);
	}
}

/* The frame's owner changes the UDP length after it was parsed. */
TEST(Fill, UdpLengthThatChanges)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.tcp = false, .payload = 100, .padding = 30});
	const net::Packet p = parse(f.bytes);
	const iovec whole{f.bytes.data(), f.bytes.size()};

	for (const uint32_t bad : {0u, 1u, 7u, 109u, 138u, 139u, 0xffffu}) {
		reference::put_be(f.bytes, f.l4_offset + 4, 2, bad);
		const Bytes before = f.bytes;

		EXPECT_EQ(net::verify(p, {&whole, 1}).l4, Check::none) << bad;
		EXPECT_FALSE(net::fill_l4_full(f.bytes, p)) << bad;
		EXPECT_EQ(f.bytes, before);
	}
}

/* Make the word at @offset such that the L4 checksum comes out as zero. */
void cancel_checksum(reference::Frame &f, size_t offset)
{
	reference::put_be(f.bytes, checksum_offset(f), 2, 0);
	reference::put_be(f.bytes, offset, 2, 0);
	reference::put_be(f.bytes, offset, 2,
			  0xffffu - reference::l4_sum(f.bytes, f.l3_offset, f.l4_offset, f.ip_end,
						      f.ipv6, f.tcp ? 6 : 17));
}

TEST(Fill, TcpZeroStaysZero)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.payload = 40});

	cancel_checksum(f, f.payload_offset);
	reference::put_be(f.bytes, checksum_offset(f), 2, 0x1234);
	ASSERT_TRUE(net::fill_l4_full(f.bytes, parse(f.bytes)));
	EXPECT_EQ(reference::be(f.bytes, checksum_offset(f), 2), 0u);
	EXPECT_EQ(verify_whole(f.bytes).l4, Check::good);
}

/* A UDP payload that sums up to a checksum of zero, which says "none" on the wire. */
TEST(Fill, UdpZeroBecomesAllOnes)
{
	std::mt19937 rng(reference::seed);

	for (const bool ipv6 : {false, true}) {
		reference::Frame f =
			reference::build(rng, {.ipv6 = ipv6, .tcp = false, .payload = 40});

		cancel_checksum(f, f.payload_offset);
		ASSERT_TRUE(net::fill_l4_full(f.bytes, parse(f.bytes)));
		EXPECT_EQ(reference::be(f.bytes, checksum_offset(f), 2), 0xffffu);
		EXPECT_EQ(verify_whole(f.bytes).l4, Check::good);
	}
}

TEST(Fill, PartialZeroBecomesAllOnes)
{
	Bytes frame(100, 0);

	reference::put_be(frame, 40, 2, 0x1234); /* the pseudo-header sum */
	reference::put_be(frame, 60, 2, 0xffff - 0x1234);
	ASSERT_TRUE(net::fill_partial(frame, 34, 6));
	EXPECT_EQ(reference::be(frame, 40, 2), 0xffffu);
}

TEST(Fill, FullRefusesWhatIsNotThere)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.tcp = false, .payload = 100});
	const net::Packet p = parse(f.bytes);
	const Bytes before = f.bytes;

	for (size_t length = 0; length < f.bytes.size(); length++) {
		Bytes cut(f.bytes.begin(), f.bytes.begin() + static_cast<long>(length));
		const Bytes untouched = cut;

		ASSERT_FALSE(net::fill_l4_full(cut, p)) << length;
		ASSERT_EQ(cut, untouched);
	}
	EXPECT_FALSE(net::fill_l4_full(f.bytes, net::Packet{}));
	EXPECT_EQ(f.bytes, before);
}

TEST(Fill, PartialOutsideTheFrame)
{
	Bytes frame(60, 0x11);
	const Bytes before = frame;

	EXPECT_FALSE(net::fill_partial(frame, 61, 0));
	EXPECT_FALSE(net::fill_partial(frame, 60, 0));
	EXPECT_FALSE(net::fill_partial(frame, 59, 0));
	EXPECT_FALSE(net::fill_partial(frame, 34, 25));
	EXPECT_FALSE(net::fill_partial(frame, SIZE_MAX, 1));
	EXPECT_FALSE(net::fill_partial(frame, 34, SIZE_MAX));
	EXPECT_FALSE(net::fill_partial(frame, SIZE_MAX, SIZE_MAX));
	EXPECT_FALSE(net::fill_partial({}, 0, 0));
	EXPECT_EQ(frame, before);
	EXPECT_TRUE(net::fill_partial(frame, 34, 24));
	EXPECT_TRUE(net::fill_partial(frame, 58, 0));
}

TEST(Fill, L3LeavesOtherPacketsAlone)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.ipv6 = true, .payload = 20});
	const Bytes before = f.bytes;

	net::fill_l3(f.bytes, parse(f.bytes));
	net::fill_l3(f.bytes, net::Packet{});
	EXPECT_EQ(f.bytes, before);
}

} // namespace
