/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows on guest memory, closed when they go out of scope. */
#ifndef ENA_CORE_DMA_HH
#define ENA_CORE_DMA_HH

#include "host.hh"

#include <array>
#include <span>

namespace ena
{

/* A frame for the wire, made of windows on the guest's buffers. */
class FrameMap {
    public:
	static constexpr size_t max_pieces = 64;

	/* @spare: where bytes go that cannot be mapped. */
	FrameMap(Host &host, std::span<uint8_t> spare) : host_(host), spare_(spare)
	{
	}
	~FrameMap()
	{
		for (size_t i = 0; i < count_; i++)
			if (mapped_[i])
				host_.unmap(iov_[i].iov_base, iov_[i].iov_len);
	}
	FrameMap(const FrameMap &) = delete;
	FrameMap &operator=(const FrameMap &) = delete;

	/* Bytes of the core's own, which the host only reads. */
	void add_local(std::span<const uint8_t> bytes)
	{
		if (!bytes.empty())
			iov_[count_++] = {const_cast<uint8_t *>(bytes.data()), bytes.size()};
	}
	/* False: guest memory cannot be read, or lies in too many pieces. */
	[[nodiscard]] bool add(BusAddress address, size_t length)
	{
		while (length) {
			size_t n = length;
			if (count_ == max_pieces)
				return false;
			void *window = host_.map(address, n);
			if (!window)
				return add_copy(address, length);
			iov_[count_] = {window, n};
			mapped_[count_++] = true;
			address = address + n;
			length -= n;
		}
		return true;
	}
	[[nodiscard]] std::span<const iovec> iov() const
	{
		return {iov_.data(), count_};
	}

    private:
	[[nodiscard]] bool add_copy(BusAddress address, size_t length)
	{
		if (length > spare_.size() || !host_.read(address, spare_.data(), length))
			return false;
		iov_[count_++] = {spare_.data(), length};
		spare_ = spare_.subspan(length);
		return true;
	}

	Host &host_;
	std::span<uint8_t> spare_;
	std::array<iovec, max_pieces> iov_;
	std::array<bool, max_pieces> mapped_{};
	size_t count_ = 0;
};

} // namespace ena

#endif
