/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a command writes: all of it arrives, or it is said why not. */
#ifndef TOOL_OUTPUT_HH
#define TOOL_OUTPUT_HH

#include <string>
#include <string_view>
#include <vector>

namespace tool
{

class Output {
    public:
	/* Of a file descriptor, which @name is for messages; -1: what is written stays in text(). */
	explicit Output(int descriptor = -1, std::string name = {})
	    : descriptor_(descriptor), name_(std::move(name))
	{
	}
	Output(const Output &) = delete;
	Output &operator=(const Output &) = delete;

	/* Trouble, from these, if it cannot be written. */
	void write(std::string_view text);
	void line(std::string_view text)
	{
		write(text);
		write("\n");
	}
	[[gnu::format(printf, 2, 3)]] void print(const char *format, ...);
	/* Before the end, and where someone waits for it. */
	void flush();

	[[nodiscard]] const std::string &text() const
	{
		return text_;
	}
	[[nodiscard]] bool is_terminal() const;

    private:
	int descriptor_;
	std::string name_;
	std::string text_; /* not yet written */
};

/* What a command talks to. */
struct Streams {
	Output &out; /* the result */
	Output &err; /* progress and remarks */
};

/* Columns for people. Widths are those of the longest cells. */
class Table {
    public:
	struct Column {
		const char *title;
		bool right = false; /* numbers */
	};
	explicit Table(std::vector<Column> columns) : columns_(std::move(columns))
	{
	}
	/* As many cells as columns. */
	void row(std::vector<std::string> cells)
	{
		rows_.push_back(std::move(cells));
	}
	void print(Output &out) const;
	[[nodiscard]] bool empty() const
	{
		return rows_.empty();
	}

    private:
	std::vector<Column> columns_;
	std::vector<std::vector<std::string>> rows_;
};

} // namespace tool

#endif
