/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A terminal that is redrawn, by ncurses. */
#ifndef TOOL_SCREEN_HH
#define TOOL_SCREEN_HH

#include "top_view.hh"

#include <memory>

namespace tool
{

class Screen {
    public:
	/* Null if the terminal's kind is unknown. One at a time. */
	[[nodiscard]] static std::unique_ptr<Screen> open();
	~Screen();
	Screen(const Screen &) = delete;
	Screen &operator=(const Screen &) = delete;

	/* @head stays at the top; of @lines those from @scroll on that fit, which it is kept within. */
	void draw(const std::string &head, const std::vector<TopLine> &lines, size_t &scroll);
	/*
	 * A key, as TopSettings::press() knows them; none when the time is over, or the terminal has
	 * another size. 'q' when the program is to end.
	 */
	[[nodiscard]] std::optional<int> key(std::chrono::milliseconds within);

    private:
	struct Terminal;
	explicit Screen(std::unique_ptr<Terminal> terminal);
	std::unique_ptr<Terminal> terminal_;
};

} // namespace tool

#endif
