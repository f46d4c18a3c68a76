// SPDX-License-Identifier: GPL-2.0-or-later
#include "vlan_tag.hh"

namespace net
{

namespace
{
/* Pieces of a frame, put one behind the other. */
class Pieces {
    public:
	explicit Pieces(std::span<iovec> out) : out_(out)
	{
	}
	void add(void *bytes, size_t length)
	{
		if (length)
			out_[count_++] = {bytes, length};
	}
	/* Bytes @from to @to of @frame. */
	void add(std::span<const iovec> frame, size_t from, size_t to)
	{
		size_t at = 0;

		for (const iovec &piece : frame) {
			const size_t end = at + piece.iov_len;
			const size_t first = at > from ? at : from, last = end < to ? end : to;
			if (first < last)
				add(static_cast<uint8_t *>(piece.iov_base) + (first - at),
				    last - first);
			at = end;
		}
	}
	[[nodiscard]] size_t count() const
	{
		return count_;
	}

    private:
	std::span<iovec> out_;
	size_t count_ = 0;
};
} // namespace

size_t TagEdit::apply(std::span<const iovec> frame,
		      std::span<uint8_t, ethernet::vlan_tag_length> tag, std::span<iovec> out) const
{
	Pieces pieces(out);

	pieces.add(frame, 0, ethernet::type_offset);
	if (kind == Kind::insert) {
		tag[0] = ethernet::type_vlan >> 8;
		tag[1] = ethernet::type_vlan & 0xff;
		tag[2] = static_cast<uint8_t>(priority << 5 | vlan >> 8);
		tag[3] = static_cast<uint8_t>(vlan);
		pieces.add(tag.data(), tag.size());
	}
	const size_t rest =
		ethernet::type_offset + (kind == Kind::remove ? ethernet::vlan_tag_length : 0);
	pieces.add(frame, rest, SIZE_MAX);
	return pieces.count();
}

} // namespace net
