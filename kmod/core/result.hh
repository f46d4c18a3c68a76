/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the core reports failure: an error code, or a value or an error code. */
#ifndef OPENENA_CORE_RESULT_HH
#define OPENENA_CORE_RESULT_HH

namespace oe
{

/* The kernel's errno values, which have no header here. */
enum class Errno : int {
	none = 0,
	no_entry = 2,
	io = 5,
	again = 11,
	no_memory = 12,
	busy = 16,
	no_device = 19,
	invalid = 22,
	no_space = 28,
	range = 34,
	timed_out = 62, /* ETIME: the device did not answer */
	protocol_not_supported = 93,
	not_supported = 95,
};

class [[nodiscard]] Status {
    public:
	constexpr Status() = default;
	constexpr Status(Errno error) : error_(error)
	{
	}
	constexpr explicit operator bool() const
	{
		return error_ == Errno::none;
	}
	[[nodiscard]] constexpr Errno error() const
	{
		return error_;
	}
	/* 0 or a negative errno, as the bridge wants it. */
	[[nodiscard]] constexpr int to_kernel() const
	{
		return -static_cast<int>(error_);
	}

    private:
	Errno error_ = Errno::none;
};

template <class T> class [[nodiscard]] Result {
    public:
	constexpr Result(const T &value) : value_(value)
	{
	}
	constexpr Result(Errno error) : error_(error)
	{
	}
	constexpr Result(Status status) : error_(status.error())
	{
	}
	constexpr explicit operator bool() const
	{
		return error_ == Errno::none;
	}
	[[nodiscard]] constexpr const T &operator*() const
	{
		return value_;
	}
	[[nodiscard]] constexpr const T *operator->() const
	{
		return &value_;
	}
	[[nodiscard]] constexpr Errno error() const
	{
		return error_;
	}

    private:
	T value_{};
	Errno error_ = Errno::none;
};

} // namespace oe

#endif
