// SPDX-License-Identifier: GPL-2.0-or-later
/* openena events: what an adapter of a running machine has seen, and its state. */
#include "commands.hh"
#include "json.hh"
#include "machines.hh"
#include "qmp.hh"
#include "text.hh"

#include <algorithm>
#include <thread>

namespace tool
{

namespace
{

void show_history(const Json &, Output &);
void show_queues(const Json &, Output &);
void show_any(const Json &, Output &);

/* What can be asked for, and the adapter's property that tells it. */
constexpr struct Section {
	const char *name, *property;
	void (*show)(const Json &, Output &);
} sections[] = {
	{"history", "history", show_history},    {"refusals", "refusals", show_any},
	{"counters", "statistics", show_any},    {"drops", "drops", show_any},
	{"queues", "queue-states", show_queues}, {"resets", "resets", show_any},
	{"control", "control-state", show_any},  {"settings", "settings", show_any},
	{"driver", "driver", show_any},          {"debug-area", "debug-area", show_any},
	{"faults", "faults", show_any},
};

std::string member(const Json &of, std::string_view name)
{
	const Json *value = of.find(name);
	return value ? value->plain() : "";
}

uint64_t number_of(const Json &of, std::string_view name)
{
	const Json *value = of.find(name);
	return value ? value->number().value_or(0) : 0;
}

void show_entry(const Json &entry, Output &out)
{
	const uint64_t last = number_of(entry, "last-ns"), count = number_of(entry, "count");

	out.print("[%6llu.%06llu] %-16s %s", static_cast<unsigned long long>(last / 1'000'000'000),
		  static_cast<unsigned long long>(last / 1000 % 1'000'000),
		  member(entry, "kind").c_str(), member(entry, "text").c_str());
	if (count > 1)
		out.print(" (%llu times)", static_cast<unsigned long long>(count));
	out.line("");
}

void show_history(const Json &list, Output &out)
{
	if (!list.array() || list.array()->empty())
		out.line("Nothing yet.");
	else
		for (const Json &entry : *list.array())
			show_entry(entry, out);
}

void show_queues(const Json &list, Output &out)
{
	Table table({{"queue", true},
		     {"direction"},
		     {"placement"},
		     {"vector", true},
		     {"depth", true},
		     {"head", true},
		     {"tail", true},
		     {"packets", true},
		     {"bytes", true},
		     {"drops", true},
		     {"state"}});

	if (list.array())
		for (const Json &queue : *list.array()) {
			std::string state = member(queue, "stopped") == "yes"
						    ? "stopped: " + member(queue, "why-stopped")
					    : member(queue, "starving") == "yes" ? "starving"
										 : "";
			table.row({member(queue, "queue"), member(queue, "direction"),
				   member(queue, "placement"), member(queue, "vector"),
				   member(queue, "depth"), member(queue, "head"),
				   member(queue, "tail"), member(queue, "packets"),
				   member(queue, "bytes"), member(queue, "drops"), state});
		}
	if (table.empty())
		out.line("No queue.");
	else
		table.print(out);
}

bool is_flat(const Json &value)
{
	const auto scalar = [](const Json &v) {
		return !v.object() && !v.array();
	};

	if (value.array())
		return std::all_of(value.array()->begin(), value.array()->end(), scalar);
	return scalar(value);
}

std::string flat(const Json &value)
{
	std::string text;

	if (!value.array())
		return value.plain();
	for (const Json &item : *value.array())
		text += (text.empty() ? "" : " ") + item.plain();
	return text.empty() ? "none" : text;
}

/* Names and values, a level of nesting two columns further in. */
void show_nested(const Json &value, size_t depth, Output &out)
{
	const std::string space(2 * depth, ' ');

	if (value.object())
		for (const auto &[name, inner] : *value.object()) {
			const std::string title = space + printable(name, 60);
			if (is_flat(inner)) {
				out.print("%-28s %s\n", title.c_str(), flat(inner).c_str());
				continue;
			}
			out.line(title);
			show_nested(inner, depth + 1, out);
		}
	else if (value.array())
		for (const Json &item : *value.array()) {
			if (!item.object()) {
				out.line(space + flat(item));
				continue;
			}
			std::string line;
			for (const auto &[name, inner] : *item.object())
				line += (line.empty() ? "" : ", ") + printable(name, 60) + " " +
					flat(inner);
			out.line(space + line);
		}
	else
		out.line(space + value.plain());
}

void show_any(const Json &value, Output &out)
{
	if ((value.array() && value.array()->empty()) ||
	    (value.object() && value.object()->empty()))
		out.line("None.");
	else
		show_nested(value, 0, out);
}

class Events : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "events";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "what an adapter of a running virtual machine has seen, and its state";
	}
	void declare(Options &options) override
	{
		options.texts(
			"section", wanted_, "SECTION",
			"history, refusals, counters, drops, queues, resets, control, settings, "
			"driver, debug-area, faults or all; none: history");
		choice_.declare(options);
		options.flag("--follow", follow_, "go on with what happens from now on");
		options.number("--interval", interval_, 10, 60'000, "MS",
			       "look so often when following (500)");
		options.flag("--json", json_, "for machines");
	}
	int run(Streams &io) override
	{
		choose();
		Qmp qmp(choice_.monitor());
		Adapter adapter(qmp, choice_.id());
		if (follow_)
			return follow(adapter, io);
		show(adapter, io.out);
		return exit_fine;
	}

    private:
	void choose()
	{
		std::vector<std::string> names{"all"};

		for (const Section &section : sections)
			names.emplace_back(section.name);
		if (wanted_.empty())
			wanted_ = {"history"};
		for (const std::string &word : wanted_) {
			if (std::find(names.begin(), names.end(), word) == names.end())
				throw Trouble(no_such("section", word, names));
			for (const Section &section : sections)
				if (word == "all" || word == section.name)
					chosen_.push_back(&section);
		}
		if (follow_ && wanted_ != std::vector<std::string>{"history"})
			throw Trouble("--follow shows the history alone: name no other section");
	}

	void show(Adapter &adapter, Output &out)
	{
		Json all;

		for (const Section *section : chosen_) {
			const Json value = adapter.get(section->property);
			if (json_) {
				all.set(section->name, value);
				continue;
			}
			if (chosen_.size() > 1)
				out.print("%s== %s\n", section == chosen_[0] ? "" : "\n",
					  section->name);
			section->show(value, out);
		}
		if (json_)
			out.line(all.dump());
	}

	int follow(Adapter &adapter, Streams &io)
	{
		uint64_t seen = 0;

		for (bool first = true;; first = false) {
			Json history;
			try {
				history = adapter.get("history");
			} catch (const Refused &) {
				throw;
			} catch (const Trouble &gone) {
				if (first)
					throw;
				io.err.print("openena: %s\n", gone.what());
				return exit_fine;
			}
			uint64_t newest = seen;
			const auto &entries = history.array() ? *history.array() : Json::Array{};
			for (const Json &entry : entries) {
				const uint64_t when = number_of(entry, "last-ns");
				newest = std::max(newest, when);
				if (when <= seen && !(first && when == 0))
					continue;
				if (json_)
					io.out.line(entry.dump(0));
				else
					show_entry(entry, io.out);
			}
			seen = newest;
			io.out.flush();
			std::this_thread::sleep_for(
				std::chrono::milliseconds(interval_.value_or(500)));
		}
	}

	std::vector<std::string> wanted_;
	std::vector<const Section *> chosen_;
	AdapterChoice choice_;
	std::optional<uint64_t> interval_;
	bool follow_ = false, json_ = false;
};

} // namespace

std::unique_ptr<Command> make_events()
{
	return std::make_unique<Events>();
}

} // namespace tool
