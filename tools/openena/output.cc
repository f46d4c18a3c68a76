// SPDX-License-Identifier: GPL-2.0-or-later
#include "output.hh"

#include "text.hh"
#include "trouble.hh"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace tool
{

namespace
{
constexpr size_t flush_size = 64 * 1024;
}

void Output::write(std::string_view text)
{
	text_ += text;
	if (descriptor_ >= 0 && text_.size() >= flush_size)
		flush();
}

void Output::print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const std::string text = vformat(format, args);
	va_end(args);
	write(text);
}

void Output::flush()
{
	if (descriptor_ < 0)
		return;
	std::string text;
	text.swap(text_); /* it is not tried twice */
	for (size_t done = 0; done < text.size();) {
		const ssize_t n = ::write(descriptor_, text.data() + done, text.size() - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			throw Trouble(
				format("%s cannot be written: %s (%zu of %zu bytes are there)",
				       name_.c_str(), strerror(errno), done, text.size()));
		done += static_cast<size_t>(n);
	}
}

bool Output::is_terminal() const
{
	return descriptor_ >= 0 && isatty(descriptor_);
}

void Table::print(Output &out) const
{
	std::vector<size_t> widths;

	for (size_t i = 0; i < columns_.size(); i++) {
		size_t width = strlen(columns_[i].title);
		for (const auto &row : rows_)
			width = std::max(width, row[i].size());
		widths.push_back(width);
	}
	const auto line = [&](const auto &cell) {
		std::string text;
		for (size_t i = 0; i < columns_.size(); i++) {
			const std::string word = cell(i);
			const std::string space(widths[i] - word.size(), ' ');
			text += columns_[i].right ? space + word : word + space;
			text += "  ";
		}
		text.erase(text.find_last_not_of(' ') + 1);
		out.line(text);
	};
	line([&](size_t i) { return std::string(columns_[i].title); });
	for (const auto &row : rows_)
		line([&](size_t i) { return row[i]; });
}

} // namespace tool
