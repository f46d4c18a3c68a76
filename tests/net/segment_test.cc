// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/segment.hh"

#include <gtest/gtest.h>

#include "core/net/packet.hh"
#include "reference.hh"

namespace
{

using reference::be;
using reference::Bytes;

constexpr uint8_t fin = 0x01, psh = 0x08, cwr = 0x80;

net::SegmentRequest request(const reference::Frame &f, uint16_t mss)
{
	return {static_cast<uint16_t>(f.l3_offset),
		static_cast<uint16_t>(f.l3_length),
		static_cast<uint16_t>(f.l4_offset),
		static_cast<uint16_t>(f.payload_offset - f.l4_offset),
		f.ipv6,
		mss};
}

Bytes join(const std::array<iovec, 2> &segment)
{
	Bytes out;

	for (const iovec &piece : segment) {
		const auto *bytes = static_cast<const uint8_t *>(piece.iov_base);

		out.insert(out.end(), bytes, bytes + piece.iov_len);
	}
	return out;
}

/* Bytes of a segment that may differ from the large frame's header. */
std::vector<bool> may_change(const reference::Frame &f)
{
	std::vector<bool> may(f.payload_offset, false);
	auto allow = [&](size_t offset, size_t length) {
		std::fill_n(may.begin() + static_cast<long>(offset), length, true);
	};

	if (f.ipv6) {
		allow(f.l3_offset + 4, 2);
	} else {
		allow(f.l3_offset + 2, 4);
		allow(f.l3_offset + 10, 2);
	}
	allow(f.l4_offset + 4, 4);
	allow(f.l4_offset + 13, 1);
	allow(f.l4_offset + 16, 2);
	return may;
}

void check_segment(const reference::Frame &f, const Bytes &segment, size_t index, size_t done,
		   bool last)
{
	const reference::View view(segment);
	const std::vector<bool> may = may_change(f);

	for (size_t i = 0; i < f.payload_offset; i++) {
		if (!may[i]) {
			ASSERT_EQ(segment[i], f.bytes[i]) << "header byte " << i;
		}
	}
	if (f.ipv6) {
		ASSERT_EQ(be(view, f.l3_offset + 4, 2), segment.size() - f.l3_offset - 40);
	} else {
		ASSERT_EQ(be(view, f.l3_offset + 2, 2), segment.size() - f.l3_offset);
		ASSERT_EQ(be(view, f.l3_offset + 4, 2),
			  (be(f.bytes, f.l3_offset + 4, 2) + index) & 0xffff);
		ASSERT_EQ(reference::sum(view.subspan(f.l3_offset, f.l3_length)), 0xffff);
	}
	ASSERT_EQ(be(view, f.l4_offset + 4, 4),
		  static_cast<uint32_t>(be(f.bytes, f.l4_offset + 4, 4) + done));
	ASSERT_EQ(reference::l4_sum(view, f.l3_offset, f.l4_offset, segment.size(), f.ipv6, 6),
		  0xffff);

	uint8_t flags = f.bytes[f.l4_offset + 13];

	if (index != 0)
		flags &= static_cast<uint8_t>(~cwr);
	if (!last)
		flags &= static_cast<uint8_t>(~(fin | psh));
	ASSERT_EQ(segment[f.l4_offset + 13], flags);
}

/* Segment the frame and check all of it, against the oracle and our own parser. */
void check_all(const reference::Frame &f, uint16_t mss)
{
	const Bytes before = f.bytes;
	const size_t total = f.bytes.size() - f.payload_offset;
	std::array<iovec, 2> segment;
	net::Segmenter segmenter;
	Bytes payload;
	size_t index = 0;

	ASSERT_TRUE(segmenter.init(f.bytes, request(f, mss)));
	while (segmenter.next(segment)) {
		const size_t done = payload.size();
		const Bytes bytes = join(segment);
		const size_t length = bytes.size() - f.payload_offset;
		const bool last = done + length == total;

		ASSERT_EQ(segment[0].iov_len, f.payload_offset);
		ASSERT_EQ(length, std::min<size_t>(mss, total - done));
		ASSERT_NO_FATAL_FAILURE(check_segment(f, bytes, index, done, last));

		const net::Packet p = net::parse(bytes, bytes.size());
		const net::ChecksumResult result = net::verify(p, segment);

		ASSERT_EQ(p.l4, net::L4::tcp);
		ASSERT_EQ(result.l4, net::Check::good);
		ASSERT_EQ(result.l3, f.ipv6 ? net::Check::none : net::Check::good);
		payload.insert(payload.end(), bytes.begin() + static_cast<long>(f.payload_offset),
			       bytes.end());
		index++;
	}
	ASSERT_EQ(index, segmenter.count());
	ASSERT_EQ(segmenter.header_length(), f.payload_offset);
	ASSERT_TRUE(std::equal(payload.begin(), payload.end(),
			       f.bytes.begin() + static_cast<long>(f.payload_offset),
			       f.bytes.end()));
	ASSERT_EQ(f.bytes, before);
	ASSERT_FALSE(segmenter.next(segment));
}

reference::FrameSpec tcp_spec(std::mt19937 &rng, size_t max_payload)
{
	reference::FrameSpec spec = reference::random_spec(rng, max_payload);

	spec.tcp = true;
	spec.padding = 0;
	return spec;
}

TEST(Segmenter, RandomFrames)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);

	for (int round = 0; round < 1500; round++) {
		const reference::Frame f = reference::build(rng, tcp_spec(rng, 12000));
		const auto mss = static_cast<uint16_t>(rng() % 3 == 0 ? 1 + rng() % 100
								      : 500 + rng() % 9000);

		ASSERT_NO_FATAL_FAILURE(check_all(f, mss)) << "round " << round << " mss " << mss;
	}
}

TEST(Segmenter, LargestFrame)
{
	std::mt19937 rng(reference::seed);

	for (const bool ipv6 : {false, true}) {
		reference::Frame f = reference::build(rng, {.ipv6 = ipv6, .payload = 65535 - 60});

		f.bytes.resize(f.payload_offset + 65536, 0x5c);
		ASSERT_NO_FATAL_FAILURE(check_all(f, 1448));
		ASSERT_NO_FATAL_FAILURE(check_all(f, 16383));
	}
}

/* Drivers may leave anything in the lengths and checksums of a large frame. */
TEST(Segmenter, IgnoresLengthsAndChecksumsOfTheLargeFrame)
{
	std::mt19937 rng(reference::seed);

	for (const bool ipv6 : {false, true}) {
		reference::Frame f = reference::build(rng, {.ipv6 = ipv6, .payload = 5000});

		reference::put_be(f.bytes, f.l3_offset + (ipv6 ? 4 : 2), 2, 0);
		reference::put_be(f.bytes, f.l4_offset + 16, 2, 0xdead);
		if (!ipv6)
			reference::put_be(f.bytes, f.l3_offset + 10, 2, 0xbeef);
		ASSERT_NO_FATAL_FAILURE(check_all(f, 1460));
	}
}

TEST(Segmenter, IdentificationAndSequenceWrap)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.payload = 5000});

	reference::put_be(f.bytes, f.l3_offset + 4, 2, 0xfffe);
	reference::put_be(f.bytes, f.l4_offset + 4, 4, 0xfffffff0);
	ASSERT_NO_FATAL_FAILURE(check_all(f, 1000));
}

TEST(Segmenter, Flags)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.payload = 2500});
	std::array<iovec, 2> segment;
	net::Segmenter segmenter;
	std::vector<int> flags;

	f.bytes[f.l4_offset + 13] = 0xff;
	ASSERT_TRUE(segmenter.init(f.bytes, request(f, 1000)));
	while (segmenter.next(segment))
		flags.push_back(static_cast<uint8_t *>(segment[0].iov_base)[f.l4_offset + 13]);
	EXPECT_EQ(flags, (std::vector<int>{0xf6, 0x76, 0x7f}));
}

TEST(Segmenter, OneSegmentIsTheFrameItself)
{
	std::mt19937 rng(reference::seed);

	for (const size_t payload : {0u, 1u, 1000u}) {
		const reference::Frame f =
			reference::build(rng, {.tcp_option_words = 3, .payload = payload});
		std::array<iovec, 2> segment;
		net::Segmenter segmenter;

		ASSERT_TRUE(segmenter.init(f.bytes, request(f, 1000)));
		EXPECT_EQ(segmenter.count(), 1u);
		ASSERT_TRUE(segmenter.next(segment));
		EXPECT_EQ(join(segment), f.bytes);
		EXPECT_FALSE(segmenter.next(segment));
	}
}

/* The frame may be shared memory: its owner rewrites the header halfway through. */
TEST(Segmenter, HeaderIsReadOnce)
{
	std::mt19937 rng(reference::seed);
	reference::Frame f = reference::build(rng, {.payload = 3000});
	const reference::Frame original = f;
	std::array<iovec, 2> segment;
	net::Segmenter segmenter;
	size_t index = 0, done = 0;

	ASSERT_TRUE(segmenter.init(f.bytes, request(f, 1000)));
	std::fill_n(f.bytes.begin(), f.payload_offset, 0xff);
	while (segmenter.next(segment)) {
		check_segment(original, join(segment), index, done, index == 2);
		index++;
		done += segment[1].iov_len;
	}
	EXPECT_EQ(index, 3u);
}

class SegmenterRefuses : public testing::Test {
    protected:
	void build(const reference::FrameSpec &spec)
	{
		std::mt19937 rng(reference::seed);

		f = reference::build(rng, spec);
		r = request(f, 1000);
		ASSERT_TRUE(segmenter.init(f.bytes, r));
	}
	void expect_refused(const char *what)
	{
		std::array<iovec, 2> segment;

		EXPECT_FALSE(segmenter.init(f.bytes, r)) << what;
		EXPECT_FALSE(segmenter.next(segment)) << what;
		r = request(f, 1000);
	}
	reference::Frame f;
	net::SegmentRequest r{};
	net::Segmenter segmenter;
};

TEST_F(SegmenterRefuses, Requests)
{
	build({.vlans = 1, .ip_option_words = 2, .tcp_option_words = 3, .payload = 2000});
	r.mss = 0;
	expect_refused("no mss");
	r.ipv6 = true;
	expect_refused("wrong IP version");
	r.l3_offset = 13;
	expect_refused("IP header in the Ethernet header");
	r.l3_offset = 14;
	expect_refused("gap between the headers");
	r.l3_length = 20;
	r.l4_offset = static_cast<uint16_t>(r.l3_offset + 20);
	expect_refused("IPv4 options left out");
	r.l4_length = 20;
	expect_refused("TCP options left out");
	r.l4_length = 16;
	expect_refused("TCP header too short");
	r.l4_length = 0xffff;
	expect_refused("TCP header too long");
	r.l4_offset = 0xffff;
	expect_refused("TCP header outside");
	r.l3_length = 0xffff;
	expect_refused("IP header too long");
	r.l3_offset = 0xfff0;
	r.l4_offset = 0x0004;
	expect_refused("offsets that wrap");
}

TEST_F(SegmenterRefuses, Headers)
{
	build({.payload = 2000});
	f.bytes[f.l3_offset + 9] = 17;
	expect_refused("UDP");
	f.bytes[f.l3_offset + 9] = 6;
	f.bytes[f.l3_offset + 6] = 0x20;
	expect_refused("first fragment");
	f.bytes[f.l3_offset + 6] = 0x00;
	f.bytes[f.l3_offset + 7] = 0x01;
	expect_refused("later fragment");
	f.bytes[f.l3_offset + 7] = 0x00;
	f.bytes[f.l4_offset + 12] = 0x60;
	expect_refused("other TCP header length");
	f.bytes[f.l4_offset + 12] = 0x40;
	r.l4_length = 16;
	expect_refused("TCP header shorter than TCP's");
	f.bytes[f.l4_offset + 12] = 0x50;
	EXPECT_TRUE(segmenter.init(f.bytes, r));
	f.bytes[f.l3_offset] = 0x46;
	expect_refused("other IPv4 header length");
	f.bytes[f.l3_offset] = 0x45;

	/* All in place, but where the Ethernet header ought to be. */
	f.bytes.erase(f.bytes.begin());
	r.l3_offset--;
	r.l4_offset--;
	expect_refused("IP header at 13");
}

TEST_F(SegmenterRefuses, Ipv6Headers)
{
	build({.ipv6 = true, .extensions = {60}, .payload = 2000});
	f.bytes[f.l3_offset + 40] = 17;
	expect_refused("UDP behind an extension");
	f.bytes[f.l3_offset + 40] = 6;
	f.bytes[f.l3_offset + 41] ^= 1;
	expect_refused("extension ends elsewhere");
	f.bytes[f.l3_offset + 41] ^= 1;
	f.bytes[f.l3_offset] = 0x45;
	expect_refused("wrong IP version");
}

TEST_F(SegmenterRefuses, FrameThatEndsInTheHeaders)
{
	build({.payload = 100});
	for (size_t length = 0; length < f.payload_offset; length++)
		EXPECT_FALSE(segmenter.init(reference::View(f.bytes).first(length), r)) << length;
	EXPECT_TRUE(segmenter.init(reference::View(f.bytes).first(f.payload_offset), r));
}

TEST_F(SegmenterRefuses, SegmentsBeyondAnIpPacket)
{
	build({.payload = 60000});
	f.bytes.resize(f.payload_offset + 70000);
	r.mss = 65535 - 40;
	EXPECT_TRUE(segmenter.init(f.bytes, r));
	r.mss = 65535 - 39;
	expect_refused("IPv4 total length");
	build({.ipv6 = true, .payload = 60000});
	f.bytes.resize(f.payload_offset + 70000);
	r.mss = 65535 - 20;
	EXPECT_TRUE(segmenter.init(f.bytes, r));
	r.mss = 65535 - 19;
	expect_refused("IPv6 payload length");
}

TEST_F(SegmenterRefuses, HeadersBeyondItsBuffer)
{
	std::mt19937 rng(reference::seed);
	int refused = 0, taken = 0;

	for (int round = 0; round < 300; round++) {
		std::vector<uint8_t> many(8, 60);

		f = reference::build(rng, {.ipv6 = true, .extensions = many, .payload = 300});
		const bool fits = f.payload_offset <= net::Segmenter::max_header;

		EXPECT_EQ(segmenter.init(f.bytes, request(f, 100)), fits) << f.payload_offset;
		(fits ? taken : refused)++;
	}
	EXPECT_GT(refused, 0);
	EXPECT_GT(taken, 0);
}

/* Whatever a guest asks for, the segments stay inside what it gave. */
TEST(Segmenter, RandomRequestsStayInside)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);
	int accepted = 0;

	for (int round = 0; round < 20000; round++) {
		reference::Frame f = reference::build(rng, tcp_spec(rng, 300));
		net::SegmentRequest r = request(f, static_cast<uint16_t>(1 + rng() % 200));
		uint16_t *fields[] = {&r.l3_offset, &r.l3_length, &r.l4_offset, &r.l4_length,
				      &r.mss};
		std::array<iovec, 2> segment;
		net::Segmenter segmenter;

		if (rng() % 2 != 0)
			*fields[rng() % 5] = static_cast<uint16_t>(rng() % 400);
		if (rng() % 2 != 0)
			f.bytes[rng() % f.payload_offset] = static_cast<uint8_t>(rng());
		if (!segmenter.init(f.bytes, r))
			continue;
		accepted++;
		size_t total = 0, n = 0;

		for (; segmenter.next(segment); n++)
			total += join(segment).size() - segmenter.header_length();
		ASSERT_EQ(total, f.bytes.size() - segmenter.header_length());
		ASSERT_EQ(n, segmenter.count());
	}
	EXPECT_GT(accepted, 1000);
}

} // namespace
