// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/checksum.hh"

#include <gtest/gtest.h>

#include "reference.hh"

namespace
{

using reference::Bytes;

TEST(Sum, Rfc1071Example)
{
	const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	net::Sum sum;

	sum.add(bytes);
	EXPECT_EQ(sum.fold(), 0xddf2);
	EXPECT_EQ(sum.checksum(), 0x220d);
}

TEST(Sum, EmptyIsZero)
{
	net::Sum sum;

	sum.add({});
	EXPECT_EQ(sum.fold(), 0);
	EXPECT_EQ(sum.checksum(), 0xffff);
}

TEST(Sum, EveryLengthAndAlignment)
{
	std::mt19937 rng(reference::seed);
	const Bytes bytes = reference::random_bytes(rng, 300);

	for (size_t start = 0; start < 33; start++) {
		for (size_t length = 0; length <= 200; length++) {
			const reference::View view(bytes.data() + start, length);
			net::Sum sum;

			sum.add(view);
			ASSERT_EQ(sum.fold(), reference::sum(view)) << start << "+" << length;
		}
	}
}

/* Each width of vectors, for runs that fill some of them and leave any rest. */
TEST(Sum, EveryWidthOfVectors)
{
	std::mt19937 rng(reference::seed);
	const Bytes bytes = reference::random_bytes(rng, 10000);

	for (const size_t widest : {16u, 32u, 64u}) {
		for (size_t length = 0; length <= 800; length++) {
			const reference::View view(bytes.data() + length % 67, length);
			ASSERT_EQ(net::sum_run(view, widest), reference::sum(view))
				<< widest << ": " << length;
		}
		for (const size_t length : {1514u, 9001u, 9933u}) {
			const reference::View view(bytes.data() + 1, length);
			ASSERT_EQ(net::sum_run(view, widest), reference::sum(view))
				<< widest << ": " << length;
		}
	}
}

/* Nothing may be lost of the carries of the largest words in the largest frame. */
TEST(Sum, CarriesOfAllOnes)
{
	for (const size_t length : {1u, 2u, 63u, 64u, 65535u, 65536u, 70001u, 1u << 20}) {
		const Bytes bytes(length, 0xff);
		net::Sum sum;

		sum.add(bytes);
		EXPECT_EQ(sum.fold(), reference::sum(bytes)) << length;
		for (const size_t widest : {16u, 32u, 64u})
			EXPECT_EQ(net::sum_run(bytes, widest), reference::sum(bytes))
				<< widest << ": " << length;
	}
}

TEST(Sum, PiecesOfAnyLength)
{
	SCOPED_TRACE(reference::seed);
	std::mt19937 rng(reference::seed);

	for (int round = 0; round < 500; round++) {
		Bytes bytes = reference::random_bytes(rng, rng() % 4000);
		net::Sum sum;

		for (const iovec &piece : reference::scatter(rng, bytes))
			sum.add({static_cast<const uint8_t *>(piece.iov_base), piece.iov_len});
		ASSERT_EQ(sum.fold(), reference::sum(bytes)) << bytes.size() << " bytes";
	}
}

TEST(Sum, WordsAreAlignedWhateverThePosition)
{
	const uint8_t odd[] = {0x12}, rest[] = {0x34, 0x56};
	const uint8_t whole[] = {0x12, 0x34, 0x56, 0x00, 0xfe, 0xdc};
	net::Sum sum;

	sum.add(odd);
	sum.add_word(0xfedc);
	sum.add(rest);
	EXPECT_EQ(sum.fold(), reference::sum(whole));
}

TEST(Sum, InitialSumIsFolded)
{
	EXPECT_EQ(net::Sum(0).fold(), 0);
	EXPECT_EQ(net::Sum(0x1234).fold(), 0x1234);
	EXPECT_EQ(net::Sum(0x12345678).fold(), 0x68ac);
	EXPECT_EQ(net::Sum(0xffffffff).fold(), 0xffff);
}

} // namespace
