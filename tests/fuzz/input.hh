/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a fuzzer as a stream of decisions. They are taken from the front,
 * so that a fuzzer that inserts or drops bytes inserts or drops steps. Behind
 * the end every decision is zero.
 */
#ifndef OPENENA_TESTS_FUZZ_INPUT_HH
#define OPENENA_TESTS_FUZZ_INPUT_HH

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace fuzz
{

/* A broken promise: say which, and stop where a fuzzer or debugger sees it. */
#define FUZZ_CHECK(condition, ...)                                                      \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__);                                   \
			fputc('\n', stderr);                                            \
			abort();                                                        \
		}                                                                       \
	} while (0)

class Input {
    public:
	Input(const uint8_t *data, size_t size) : rest_(data, size)
	{
	}
	[[nodiscard]] bool empty() const
	{
		return rest_.empty();
	}
	/* A trivially copyable value, byte for byte. */
	template <class T> [[nodiscard]] T take()
	{
		static_assert(std::is_trivially_copyable_v<T>);
		T value{};
		fill({reinterpret_cast<uint8_t *>(&value), sizeof(value)});
		return value;
	}
	[[nodiscard]] uint8_t byte()
	{
		return take<uint8_t>();
	}
	/* 0 to @n - 1. */
	[[nodiscard]] uint32_t below(uint32_t n)
	{
		return (n <= 256 ? byte() : n <= 65536 ? take<uint16_t>() : take<uint32_t>()) % n;
	}
	[[nodiscard]] uint32_t between(uint32_t low, uint32_t high)
	{
		return low + below(high - low + 1);
	}
	[[nodiscard]] bool one_in(uint32_t n)
	{
		return below(n) == n - 1;
	}
	template <class T, size_t n> [[nodiscard]] T pick(const T (&choices)[n])
	{
		return choices[below(n)];
	}
	void fill(std::span<uint8_t> to)
	{
		const size_t n = std::min(to.size(), rest_.size());
		std::copy_n(rest_.begin(), n, to.begin());
		std::fill(to.begin() + static_cast<ptrdiff_t>(n), to.end(), uint8_t{0});
		rest_ = rest_.subspan(n);
	}

    private:
	std::span<const uint8_t> rest_;
};

} // namespace fuzz

#endif
