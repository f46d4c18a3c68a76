/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tag of a VLAN (802.1Q), put into a frame or taken out of it. */
#ifndef NET_VLAN_TAG_HH
#define NET_VLAN_TAG_HH

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>

#include "headers.hh"

namespace net
{

struct TagEdit {
	enum class Kind : uint8_t { none, insert, remove } kind = Kind::none;
	/* What is inserted. */
	uint16_t vlan = 0;
	uint8_t priority = 0;

	/* Of this many pieces, at most, is the edited frame of @pieces pieces. */
	[[nodiscard]] static constexpr size_t most_pieces(size_t pieces)
	{
		return pieces + 2;
	}
	/*
	 * The edited @frame, whose bytes stay where they are; those of a tag lie in @tag. It has
	 * at least head_length bytes (a tagged one) or 14. @out: most_pieces() of them. Returns
	 * how many there are.
	 */
	[[nodiscard]] size_t apply(std::span<const iovec> frame,
				   std::span<uint8_t, ethernet::vlan_tag_length> tag,
				   std::span<iovec> out) const;
	/* By how much everything behind the tag moves. */
	[[nodiscard]] constexpr int shift() const
	{
		constexpr int length = ethernet::vlan_tag_length;
		return kind == Kind::insert ? length : kind == Kind::remove ? -length : 0;
	}
};

} // namespace net

#endif
