// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/net/vlan_tag.hh"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace
{
using net::TagEdit;

constexpr size_t length = 60;

/* Bytes that tell where they were; with the type of a tag at its place. */
std::vector<uint8_t> make_frame()
{
	std::vector<uint8_t> frame(length);
	std::iota(frame.begin(), frame.end(), uint8_t{0});
	return frame;
}

/* @frame in pieces of @piece bytes, edited. */
std::vector<uint8_t> edited(const TagEdit &edit, std::vector<uint8_t> frame, size_t piece)
{
	std::vector<iovec> in;
	for (size_t at = 0; at < frame.size(); at += piece)
		in.push_back({&frame[at], std::min(piece, frame.size() - at)});
	std::array<uint8_t, net::ethernet::vlan_tag_length> tag{};
	/* More would be written behind it. */
	std::vector<iovec> out(TagEdit::most_pieces(in.size()));
	out.resize(edit.apply(in, tag, out));

	std::vector<uint8_t> bytes;
	for (const iovec &part : out) {
		EXPECT_NE(part.iov_len, 0U);
		const auto *p = static_cast<const uint8_t *>(part.iov_base);
		bytes.insert(bytes.end(), p, p + part.iov_len);
	}
	return bytes;
}

TEST(VlanTag, IsInsertedBehindTheAddresses)
{
	std::vector<uint8_t> expected = make_frame();
	const uint8_t tag[] = {0x81, 0x00, 0xaf, 0xfe};
	expected.insert(expected.begin() + 12, tag, tag + sizeof(tag));
	for (size_t piece = 1; piece <= length; piece++)
		ASSERT_EQ(edited({TagEdit::Kind::insert, 0xffe, 5}, make_frame(), piece), expected)
			<< "in pieces of " << piece;
}

TEST(VlanTag, IsRemoved)
{
	std::vector<uint8_t> expected = make_frame();
	expected.erase(expected.begin() + 12, expected.begin() + 16);
	for (size_t piece = 1; piece <= length; piece++)
		ASSERT_EQ(edited({.kind = TagEdit::Kind::remove}, make_frame(), piece), expected)
			<< "in pieces of " << piece;
}

TEST(VlanTag, ThereAndBack)
{
	const std::vector<uint8_t> frame = make_frame();
	for (size_t piece : {1, 5, 12, 13, 16, 60})
		EXPECT_EQ(edited({.kind = TagEdit::Kind::remove},
				 edited({TagEdit::Kind::insert, 1, 0}, frame, piece), piece),
			  frame);
}
} // namespace
