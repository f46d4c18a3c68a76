/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a frame that the host gives in pieces. */
#ifndef ENA_CORE_FRAME_CURSOR_HH
#define ENA_CORE_FRAME_CURSOR_HH

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace ena
{

/* Steps through a frame in pieces, handing out runs of bytes. */
class FrameCursor {
    public:
	explicit FrameCursor(std::span<const iovec> frame) : frame_(frame)
	{
	}
	/* At most @max bytes in one piece; empty at the end. */
	[[nodiscard]] std::span<const uint8_t> take(size_t max)
	{
		while (!frame_.empty() && at_ == frame_[0].iov_len) {
			frame_ = frame_.subspan(1);
			at_ = 0;
		}
		if (frame_.empty())
			return {};
		const size_t n = std::min(max, frame_[0].iov_len - at_);
		const auto *bytes = static_cast<const uint8_t *>(frame_[0].iov_base) + at_;
		at_ += n;
		return {bytes, n};
	}

    private:
	std::span<const iovec> frame_;
	size_t at_ = 0;
};

/* The first bytes of @frame; how many there were. */
inline size_t copy_out(std::span<const iovec> frame, std::span<uint8_t> to)
{
	FrameCursor cursor(frame);
	size_t done = 0;
	while (done < to.size()) {
		const auto part = cursor.take(to.size() - done);
		if (part.empty())
			break;
		memcpy(&to[done], part.data(), part.size());
		done += part.size();
	}
	return done;
}

} // namespace ena

#endif
