// SPDX-License-Identifier: GPL-2.0-or-later
/* openena top: the queues of interfaces, live. */
#include "commands.hh"
#include "screen.hh"
#include "text.hh"
#include "top_view.hh"

#include <algorithm>
#include <thread>
#include <unistd.h>

namespace tool
{

namespace
{

class Top : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "top";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "the queues of interfaces, live: packets, bits and drops a second, fill";
	}
	void declare(Options &options) override
	{
		options.texts("interface", wanted_, "INTERFACE",
			      "of any driver; none: all that are hardware");
		options.number("--interval", interval_, shortest_interval.count(),
			       longest_interval.count(), "MS", "between two looks (1000)");
		options.number("--count", count_, 1, 1'000'000'000, "N",
			       "end after so many intervals");
		options.flag("--no-bpf", no_bpf_, "counters alone");
		options.choice("--sort", sort_, sort_orders(), "the busiest first");
		options.flag("--once", once_, "one interval, as lines");
		options.flag("--lines", lines_, "lines also to a terminal");
		options.flag("--json", json_, "for machines: a line of JSON an interval");
	}
	int run(Streams &io) override
	{
		if (wanted_.empty())
			wanted_ = hardware_interfaces(this_system());
		if (wanted_.empty())
			throw Trouble("no interface here is hardware: name one");
		if (!no_bpf_)
			begin_measurement();
		for (const std::string &name : wanted_)
			add(name);
		settings_.interval = std::chrono::milliseconds(interval_.value_or(1000));
		settings_.sort = static_cast<size_t>(
			std::find(sort_orders().begin(), sort_orders().end(), sort_) -
			sort_orders().begin());
		if (once_)
			count_ = 1;
		if (!once_ && !lines_ && !json_ && io.out.is_terminal() && isatty(STDIN_FILENO)) {
			if (const auto screen = Screen::open())
				return live(*screen);
			io.err.print("openena: this kind of terminal is unknown (TERM): lines\n");
		}
		return print(io);
	}

    private:
	/* Without it the counters are shown, and why there is no more. */
	void begin_measurement()
	{
		try {
			meter_ = this_system().polls();
			lacks_ = meter_->lacks();
		} catch (const Trouble &trouble) {
			lacks_ = std::string("no histograms: ") + trouble.what();
		}
	}

	[[nodiscard]] std::optional<Sample> sample(const std::string &name) const
	{
		return take_sample(this_system(), name, Sample::Clock::now(), meter_.get());
	}

	[[nodiscard]] std::vector<TopLine> lines() const
	{
		std::vector<TopLine> lines = top_lines(interfaces_, settings_);

		if (!lacks_.empty())
			for (const std::string &line : wrapped("(" + lacks_ + ")", 80))
				lines.push_back({TopLine::Style::faint, line});
		return lines;
	}

	void add(const std::string &name)
	{
		auto first = sample(name);

		if (name.find('/') != std::string::npos || !first)
			throw Trouble(
				no_such("interface", name, this_system().list("/sys/class/net")));
		interfaces_.emplace_back().name = name;
		interfaces_.back().update(std::move(first));
	}

	void look()
	{
		for (TopInterface &interface : interfaces_) {
			if (settings_.zero)
				interface.polls = {};
			interface.update(sample(interface.name));
		}
		settings_.zero = false;
	}

	/* Exit status 1: nothing is there any more. */
	int print(Streams &io)
	{
		for (uint64_t turn = 0; !count_ || turn < *count_; turn++) {
			std::this_thread::sleep_for(settings_.interval);
			look();
			if (json_) {
				Json json = top_json(interfaces_);
				json.set("lacks", lacks_.empty() ? Json() : Json(lacks_));
				io.out.line(json.dump(0));
			} else {
				if (turn)
					io.out.line("");
				for (const TopLine &line : lines())
					io.out.line(line.text);
			}
			io.out.flush();
			if (std::none_of(interfaces_.begin(), interfaces_.end(),
					 [](const TopInterface &i) { return i.sample; }))
				return exit_findings;
		}
		return exit_fine;
	}

	[[nodiscard]] std::string head() const
	{
		return format("openena top   every %g s   by %s%s   ? help  q end",
			      std::chrono::duration<double>(settings_.interval).count(),
			      sort_orders()[settings_.sort].c_str(),
			      settings_.paused ? "   PAUSED" : "");
	}

	int live(Screen &screen)
	{
		auto next = Sample::Clock::now() + settings_.interval;

		for (uint64_t turn = 0; !settings_.quit;) {
			screen.draw(head(), settings_.help ? top_help() : lines(),
				    settings_.scroll);
			const auto left = std::chrono::ceil<std::chrono::milliseconds>(
				next - Sample::Clock::now());
			if (const auto key =
				    screen.key(std::max(left, std::chrono::milliseconds(0)))) {
				settings_.press(*key);
				continue;
			}
			if (Sample::Clock::now() < next)
				continue;
			next = Sample::Clock::now() + settings_.interval;
			if (settings_.paused)
				continue;
			look();
			if (count_ && ++turn >= *count_)
				break;
		}
		return exit_fine;
	}

	std::vector<std::string> wanted_;
	std::optional<uint64_t> interval_, count_;
	std::string sort_;
	bool once_ = false, lines_ = false, json_ = false, no_bpf_ = false;
	std::unique_ptr<PollMeter> meter_;
	std::string lacks_; /* what is not measured, and why */
	TopSettings settings_;
	std::vector<TopInterface> interfaces_;
};

} // namespace

std::unique_ptr<Command> make_top()
{
	return std::make_unique<Top>();
}

} // namespace tool
