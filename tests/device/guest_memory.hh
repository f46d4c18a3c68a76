/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory of a guest: zero at first, and of this machine only what is touched. */
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

class GuestMemory {
    public:
	explicit GuestMemory(size_t size)
	    : bytes_(static_cast<uint8_t *>(calloc(size, 1)), free), size_(size)
	{
		if (!bytes_)
			abort();
	}
	GuestMemory(const GuestMemory &other) : GuestMemory(other.size_)
	{
		*this = other;
	}
	GuestMemory &operator=(const GuestMemory &other)
	{
		if (size_ != other.size_)
			abort();
		memcpy(data(), other.data(), size_);
		return *this;
	}
	[[nodiscard]] uint8_t *data() const
	{
		return bytes_.get();
	}
	[[nodiscard]] size_t size() const
	{
		return size_;
	}
	bool operator==(const GuestMemory &other) const
	{
		return size_ == other.size_ && !memcmp(data(), other.data(), size_);
	}

    private:
	std::unique_ptr<uint8_t, decltype(&free)> bytes_;
	size_t size_;
};
