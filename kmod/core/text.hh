/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences with numbers in them, without printf: for the log and for refusals. */
#ifndef OPENENA_CORE_TEXT_HH
#define OPENENA_CORE_TEXT_HH

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "../bridge.h"

namespace oe
{

struct Hex {
	uint64_t value;
};

/* Cuts off what does not fit in @N characters, the terminating zero included. */
template <size_t N> class Text {
    public:
	/* Out of line: log lines are many, and none is on the datapath. */
	[[gnu::noinline]] Text &operator<<(const char *words)
	{
		while (*words)
			append(*words++);
		return *this;
	}
	Text &operator<<(std::unsigned_integral auto number)
	{
		return digits(number, 10);
	}
	Text &operator<<(Hex number)
	{
		*this << "0x";
		return digits(number.value, 16);
	}
	[[nodiscard]] const char *c_str() const
	{
		return chars_;
	}
	[[nodiscard]] size_t length() const
	{
		return length_;
	}
	/* To a buffer of the kernel's; always terminated. */
	template <size_t M> void copy_to(char (&to)[M]) const
	{
		static_assert(M >= N);
		for (size_t i = 0; i < N; i++)
			to[i] = chars_[i];
	}

    private:
	void append(char c)
	{
		if (length_ + 1 < N)
			chars_[length_++] = c;
	}
	[[gnu::noinline]] Text &digits(uint64_t number, unsigned int base)
	{
		char reversed[20];
		unsigned int n = 0;

		do {
			reversed[n++] = "0123456789abcdef"[number % base];
			number /= base;
		} while (number);
		while (n)
			append(reversed[--n]);
		return *this;
	}

	size_t length_ = 0;
	char chars_[N] = {};
};

using LogLine = Text<160>;

inline void log(oe_kernel *kernel, oe_log_level level, const LogLine &line)
{
	oek_log(kernel, level, line.c_str());
}

using Refusal = Text<OE_ERROR_TEXT>;

} // namespace oe

#endif
