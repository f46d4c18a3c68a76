/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text: formatted, made printable, numbers out of it, the nearest of some words. */
#ifndef TOOL_TEXT_HH
#define TOOL_TEXT_HH

#include <cstdarg>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool
{

/* As printf and vprintf. */
[[nodiscard, gnu::format(printf, 1, 2)]] std::string format(const char *format, ...);
[[nodiscard, gnu::format(printf, 1, 0)]] std::string vformat(const char *format, va_list args);

/* What others wrote, for a terminal: control characters as '?', cut after at most @longest bytes. */
[[nodiscard]] std::string printable(std::string_view text, size_t longest = 200);

/* Of UTF-8. */
[[nodiscard]] size_t characters(std::string_view text);

/* Decimal or 0x; nothing else in the text. */
[[nodiscard]] std::optional<uint64_t> to_number(std::string_view text);
/* The same within limits; Trouble names @what, the value and the limits. */
[[nodiscard]] uint64_t number_within(std::string_view text, uint64_t least, uint64_t most,
				     std::string_view what);

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
/* Its lines of at most @columns, broken at spaces; a word that is longer is not. */
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, size_t columns);
/* "a, b and c" */
[[nodiscard]] std::string enumerate(const std::vector<std::string> &words, const char *last);

/* The word that takes the fewest changes of letters; empty without words. */
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string> &words);
/* The sentence about a wrong word: there is no @kind "@word"; the nearest is ... */
[[nodiscard]] std::string no_such(std::string_view kind, std::string_view word,
				  const std::vector<std::string> &words);

/* 1234567 as 1,234,567. */
[[nodiscard]] std::string grouped(uint64_t number);
/* Mbit/s as people write them: 750 Mbit/s, 12.5 Gbit/s. */
[[nodiscard]] std::string bandwidth(uint64_t mbps);

} // namespace tool

#endif
