/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOL_DESCRIPTOR_HH
#define TOOL_DESCRIPTOR_HH

#include <unistd.h>
#include <utility>

namespace tool
{

/* Owns a file descriptor. */
class Descriptor {
    public:
	explicit Descriptor(int descriptor = -1) : descriptor_(descriptor)
	{
	}
	Descriptor(Descriptor &&other) noexcept : descriptor_(std::exchange(other.descriptor_, -1))
	{
	}
	Descriptor &operator=(Descriptor &&other) noexcept
	{
		std::swap(descriptor_, other.descriptor_);
		return *this;
	}
	~Descriptor()
	{
		if (descriptor_ >= 0)
			::close(descriptor_);
	}
	[[nodiscard]] int get() const
	{
		return descriptor_;
	}
	explicit operator bool() const
	{
		return descriptor_ >= 0;
	}

    private:
	int descriptor_;
};

} // namespace tool

#endif
