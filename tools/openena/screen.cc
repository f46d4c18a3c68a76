// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen.hh"

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#define NCURSES_NOMACROS
#include <curses.h>
#include <poll.h>
#include <unistd.h>

namespace tool
{

namespace
{

volatile std::sig_atomic_t ended = 0;

void end_by_signal(int)
{
	ended = 1;
}

attr_t attribute_of(TopLine::Style style)
{
	switch (style) {
	case TopLine::Style::title:
		return A_BOLD;
	case TopLine::Style::alert:
		return A_BOLD | static_cast<attr_t>(has_colors() ? COLOR_PAIR(1) : A_REVERSE);
	case TopLine::Style::faint:
		return A_DIM;
	case TopLine::Style::plain:
		break;
	}
	return A_NORMAL;
}

void put(int row, attr_t attribute, const std::string &text, int columns)
{
	attrset(static_cast<int>(attribute));
	mvaddnstr(row, 0, text.c_str(), std::max(columns, 0));
}

} // namespace

struct Screen::Terminal {
	SCREEN *screen = nullptr;
	/* What was blocked, and is while it waits for a key; else also the signals that end it. */
	sigset_t before{};

	~Terminal()
	{
		if (!screen)
			return;
		endwin();
		delscreen(screen);
		pthread_sigmask(SIG_SETMASK, &before, nullptr);
	}
};

Screen::Screen(std::unique_ptr<Terminal> terminal) : terminal_(std::move(terminal))
{
}

Screen::~Screen() = default;

std::unique_ptr<Screen> Screen::open()
{
	auto terminal = std::make_unique<Terminal>();

	(void)setlocale(LC_CTYPE, "");
	terminal->screen = newterm(nullptr, stdout, stdin);
	if (!terminal->screen)
		return nullptr;
	struct sigaction action = {};
	sigset_t ends;
	action.sa_handler = end_by_signal;
	sigemptyset(&ends);
	for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
		sigaction(signal, &action, nullptr);
		sigaddset(&ends, signal);
	}
	pthread_sigmask(SIG_BLOCK, &ends, &terminal->before);
	raw();
	noecho();
	nodelay(stdscr, true);
	keypad(stdscr, true);
	curs_set(0);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(1, COLOR_RED, -1);
	}
	return std::unique_ptr<Screen>(new Screen(std::move(terminal)));
}

void Screen::draw(const std::string &head, const std::vector<TopLine> &lines, size_t &scroll)
{
	const int rows = getmaxy(stdscr), columns = getmaxx(stdscr);
	const size_t room = rows > 1 ? static_cast<size_t>(rows - 1) : 0;

	scroll = std::min(scroll, lines.size() > room ? lines.size() - room : 0);
	erase();
	put(0, A_REVERSE, head + std::string(static_cast<size_t>(std::max(columns, 0)), ' '),
	    columns);
	for (size_t i = 0; i < room && scroll + i < lines.size(); i++)
		put(static_cast<int>(i) + 1, attribute_of(lines[scroll + i].style),
		    lines[scroll + i].text, columns);
	refresh();
}

std::optional<int> Screen::key(std::chrono::milliseconds within)
{
	pollfd input = {STDIN_FILENO, POLLIN, 0};
	const auto seconds = std::chrono::floor<std::chrono::seconds>(within);
	const timespec time{seconds.count(), std::chrono::nanoseconds(within - seconds).count()};
	const int found = ppoll(&input, 1, &time, &terminal_->before);
	/* A terminal that has gone is always readable, and never has a key. */
	if (ended || (found > 0 && input.revents & (POLLHUP | POLLERR | POLLNVAL)))
		return 'q';
	switch (const int key = getch()) {
	case ERR:
	case KEY_RESIZE:
		return {};
	case KEY_DOWN:
		return 'j';
	case KEY_UP:
		return 'k';
	default:
		return key;
	}
}

} // namespace tool
