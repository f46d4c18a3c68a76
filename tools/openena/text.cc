// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.hh"

#include "trouble.hh"

#include "core/words.hh"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace tool
{

std::string vformat(const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	const int length = vsnprintf(nullptr, 0, format, args);
	std::string text(length > 0 ? static_cast<size_t>(length) : 0, '\0');
	vsnprintf(text.data(), text.size() + 1, format, again);
	va_end(again);
	return text;
}

std::string format(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	std::string text = vformat(format, args);
	va_end(args);
	return text;
}

namespace
{

/* A byte within a character of UTF-8. */
bool is_inner(char byte)
{
	return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

} // namespace

size_t characters(std::string_view text)
{
	return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), is_inner));
}

std::string printable(std::string_view text, size_t longest)
{
	size_t end = std::min(longest, text.size());

	while (end && end < text.size() && is_inner(text[end]))
		end--;
	std::string result(text.substr(0, end));

	for (char &c : result)
		if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
			c = c == '\t' ? ' ' : '?';
	if (text.size() > longest)
		result += "...";
	return result;
}

std::optional<uint64_t> to_number(std::string_view text)
{
	const bool hex = text.starts_with("0x");
	uint64_t number = 0;

	if (hex)
		text.remove_prefix(2);
	const char *end = text.data() + text.size();
	const auto result = std::from_chars(text.data(), end, number, hex ? 16 : 10);
	if (text.empty() || result.ec != std::errc{} || result.ptr != end)
		return {};
	return number;
}

uint64_t number_within(std::string_view text, uint64_t least, uint64_t most, std::string_view what)
{
	const auto number = to_number(text);

	if (number && *number >= least && *number <= most)
		return *number;
	throw Trouble(format("%.*s %s: must be a number from %llu to %llu",
			     static_cast<int>(what.size()), what.data(), printable(text).c_str(),
			     static_cast<unsigned long long>(least),
			     static_cast<unsigned long long>(most)));
}

std::vector<std::string> split(std::string_view text, char separator)
{
	std::vector<std::string> parts;

	for (;;) {
		const size_t end = text.find(separator);
		parts.emplace_back(text.substr(0, end));
		if (end == std::string_view::npos)
			return parts;
		text.remove_prefix(end + 1);
	}
}

std::vector<std::string> wrapped(std::string_view text, size_t columns)
{
	std::vector<std::string> lines;

	while (text.size() > columns) {
		size_t end = text.rfind(' ', columns);
		if (end == text.npos)
			end = text.find(' ');
		if (end == text.npos)
			break;
		lines.emplace_back(text.substr(0, end));
		text.remove_prefix(end + 1);
	}
	lines.emplace_back(text);
	return lines;
}

std::string enumerate(const std::vector<std::string> &words, const char *last)
{
	std::string text;

	for (size_t i = 0; i < words.size(); i++) {
		if (i)
			text += i + 1 == words.size() ? format(" %s ", last) : ", ";
		text += words[i];
	}
	return text;
}

std::string nearest(std::string_view word, const std::vector<std::string> &words)
{
	std::string best;
	size_t best_distance = SIZE_MAX;

	for (const std::string &candidate : words) {
		const size_t distance = ena::word_distance(word, candidate);
		if (distance >= best_distance)
			continue;
		best_distance = distance;
		best = candidate;
	}
	return best;
}

std::string no_such(std::string_view kind, std::string_view word,
		    const std::vector<std::string> &words)
{
	const std::string best = nearest(word, words);
	std::string text = format("there is no %.*s \"%s\"", static_cast<int>(kind.size()),
				  kind.data(), printable(word, 60).c_str());

	return best.empty() ? text : text + "; the nearest is " + best;
}

std::string grouped(uint64_t number)
{
	std::string text = std::to_string(number);

	for (size_t place = text.size(); place > 3;) {
		place -= 3;
		text.insert(place, 1, ',');
	}
	return text;
}

std::string bandwidth(uint64_t mbps)
{
	const auto value = static_cast<unsigned long long>(mbps);

	if (mbps < 1000)
		return format("%llu Mbit/s", value);
	if (mbps % 1000 == 0)
		return format("%llu Gbit/s", value / 1000);
	return format("%g Gbit/s", static_cast<double>(value) / 1000);
}

} // namespace tool
