// SPDX-License-Identifier: GPL-2.0-or-later
/* openena tune: settings of an interface and this machine for a kind of work. */
#include "commands.hh"
#include "durable.hh"
#include "json.hh"
#include "knobs.hh"
#include "text.hh"

#include <algorithm>

namespace tool
{

namespace
{

/* A knob to be turned. */
struct Change {
	std::string knob, why;
	std::optional<std::string> before; /* none: it is not there yet */
	std::string after;
};

/* What a workload wants of this machine. Of ring sizes, 0 is the most there is. */
struct Workload {
	const char *name;
	uint32_t rx_ring, tx_ring;
	const char *adaptive, *rx_usecs, *tx_usecs;
	const char *why_moderation;
	std::vector<std::pair<const char *, const char *>> sysctls;
};

const std::vector<Workload> &workloads()
{
	static const std::vector<Workload> all = {
		{"throughput",
		 0,
		 0,
		 "on",
		 nullptr,
		 "64",
		 "fewer interrupts for bulk data, as many as it takes when there is little",
		 {{"net/core/rmem_max", "16777216"},
		  {"net/core/wmem_max", "16777216"},
		  {"net/ipv4/tcp_rmem", "4096 131072 16777216"},
		  {"net/ipv4/tcp_wmem", "4096 65536 16777216"}}},
		{"latency",
		 1024,
		 512,
		 "off",
		 "0",
		 "0",
		 "an interrupt at once for each packet",
		 {{"net/core/busy_poll", "50"}, {"net/core/busy_read", "50"}}},
		{"packet-rate",
		 0,
		 0,
		 "on",
		 nullptr,
		 "64",
		 "fewer interrupts, more packets for each",
		 {{"net/core/netdev_max_backlog", "10000"}, {"net/core/netdev_budget", "600"}}},
	};
	return all;
}

class Tune : public Command {
    public:
	[[nodiscard]] const char *name() const override
	{
		return "tune";
	}
	[[nodiscard]] const char *summary() const override
	{
		return "settings of an interface for throughput, latency or packet rate";
	}
	void declare(Options &options) override
	{
		options.text("workload", workload_, "WORKLOAD",
			     "throughput, latency or packet-rate");
		options.text("--interface", interface_, "NAME",
			     "of the adapter; none: the only one");
		options.flag("--apply", apply_, "do it; without it the difference is only shown");
		options.flag("--undo", undo_, "put back what was before");
		options.text("--state", state_, "FILE",
			     "where that is kept (/var/lib/openena/tune-NAME.json)");
		options.flag("--json", json_, "for machines");
	}
	int run(Streams &io) override
	{
		if (apply_ && undo_)
			throw Trouble("--apply and --undo: one or the other");
		choose_interface();
		if (state_.empty())
			state_ = "/var/lib/openena/tune-" + interface_ + ".json";
		return undo_ ? undo(io) : tune(io);
	}

    private:
	void choose_interface()
	{
		std::vector<std::string> names;

		for (const Interface &i : find_interfaces(this_system()))
			if (!i.name.empty())
				names.push_back(i.name);
		if (interface_.empty() && names.size() == 1)
			interface_ = names.front();
		else if (interface_.empty())
			throw Trouble(names.empty()
					      ? "this machine has no interface of an Elastic "
						"Network Adapter"
					      : "there are several interfaces: choose one with "
						"--interface " +
							enumerate(names, "or"));
		if (std::find(names.begin(), names.end(), interface_) == names.end())
			throw Trouble(no_such("interface of an Elastic Network Adapter", interface_,
					      names));
	}

	[[nodiscard]] const Workload &workload() const
	{
		std::vector<std::string> names;

		for (const Workload &w : workloads()) {
			if (workload_ == w.name)
				return w;
			names.emplace_back(w.name);
		}
		if (workload_.empty())
			throw Trouble("name a workload: " + enumerate(names, "or"));
		throw Trouble(no_such("workload", workload_, names));
	}

	/* Adds a change, if there is such a knob and it is turned otherwise. */
	void want(const Knobs &knobs, const std::string &knob, const std::string &value,
		  const std::string &why, bool will_exist = false)
	{
		const auto now = knobs.get(knob);

		if ((now && !Knobs::same(*now, value)) || (!now && will_exist))
			changes_.push_back({knob, why, now, value});
	}

	void plan(const Knobs &knobs)
	{
		const Workload &w = workload();
		const LinkFacts link = this_system().link(interface_);
		const unsigned int cpus = this_system().cpus();
		uint32_t queues = 1;

		/* In this order: changed queues bring new interrupts and new files. */
		if (link.queues && link.queues->most) {
			queues = std::min(link.queues->most, cpus);
			want(knobs, "link queues", std::to_string(queues), "a queue a processor");
		}
		const auto ring = [&](const char *knob, const std::optional<Setting> &s,
				      uint32_t to) {
			if (s && s->most)
				want(knobs, knob,
				     std::to_string(to ? std::min(to, s->most) : s->most),
				     to ? "short queues wait less" : "room for bursts");
		};
		ring("link rx-ring", link.rx_ring, w.rx_ring);
		ring("link tx-ring", link.tx_ring, w.tx_ring);
		plan_rss(knobs, link, queues);
		want(knobs, "link adaptive-rx", w.adaptive, w.why_moderation);
		if (w.rx_usecs)
			want(knobs, "link rx-usecs", w.rx_usecs, w.why_moderation);
		want(knobs, "link tx-usecs", w.tx_usecs, w.why_moderation);
		plan_processors(knobs, queues, cpus, std::string(w.name) != "latency");
		for (const auto &[path, value] : w.sysctls)
			want(knobs, std::string("file /proc/sys/") + path, value,
			     "of the whole machine");
	}

	void plan_rss(const Knobs &knobs, const LinkFacts &link, uint32_t queues)
	{
		std::string even;

		for (size_t i = 0; i < link.rss_table.size(); i++)
			even += (i ? " " : "") + std::to_string(i % queues);
		if (!even.empty())
			want(knobs, "link rss", even, "the same share of flows for each queue");
	}

	/* Queue i: interrupt on processor i, sent from the processors that are i modulo queues. */
	void plan_processors(const Knobs &knobs, uint32_t queues, unsigned int cpus, bool spread)
	{
		const std::string files = "file /sys/class/net/" + interface_ + "/queues/";
		std::vector<unsigned int> everyone;

		for (unsigned int cpu = 0; cpu < cpus; cpu++)
			everyone.push_back(cpu);
		for (uint32_t q = 0; q < queues; q++) {
			std::vector<unsigned int> senders;
			for (unsigned int cpu = q; cpu < cpus; cpu += queues)
				senders.push_back(cpu);
			want(knobs, format("irq %u", q), std::to_string(q % cpus),
			     "each queue's interrupt on a processor of its own", true);
			want(knobs, files + format("tx-%u/xps_cpus", q), cpu_mask(senders),
			     "a processor sends by its own queue", true);
			want(knobs, files + format("rx-%u/rps_cpus", q),
			     cpu_mask(spread && queues < cpus ? everyone
							      : std::vector<unsigned int>{}),
			     queues < cpus && spread
				     ? "fewer queues than processors: share the work"
				     : "a queue stays on its processor",
			     true);
		}
	}

	int tune(Streams &io)
	{
		Knobs knobs(this_system(), interface_);

		plan(knobs);
		if (!apply_) {
			show(io.out, false);
			return changes_.empty() ? exit_fine : exit_findings;
		}
		if (!changes_.empty())
			apply(knobs, io);
		show(io.out, true);
		return exit_fine;
	}

	/* What is put back is written down before anything is changed. */
	void apply(Knobs &knobs, Streams &io)
	{
		const Descriptor lock = lock_file(state_ + ".lock");
		Json saved = read_state();
		const auto known = [&](const std::string &knob) {
			return std::any_of(saved.array()->begin(), saved.array()->end(),
					   [&](const Json &item) {
						   return item.find("knob")->plain() == knob;
					   });
		};

		for (const Change &change : changes_) {
			if (!change.before || known(change.knob))
				continue; /* that of the first time is what to go back to */
			Json item;
			item.set("knob", change.knob);
			item.set("before", *change.before);
			saved.add(item);
		}
		Json state;
		state.set("interface", interface_);
		state.set("settings", saved);
		write_durably(state_, state.dump() + "\n");
		for (size_t i = 0; i < changes_.size(); i++) {
			if (io.err.is_terminal())
				io.err.print("\r%zu of %zu%s", i + 1, changes_.size(),
					     i + 1 == changes_.size() ? "\n" : ""),
					io.err.flush();
			try {
				knobs.set(changes_[i].knob, changes_[i].after);
			} catch (const Trouble &trouble) {
				throw Trouble(
					format("%s; %zu of %zu settings are made, openena tune "
					       "--undo puts them back",
					       trouble.what(), i, changes_.size()));
			}
		}
	}

	/* The list of settings; an empty one without a file. */
	[[nodiscard]] Json read_state() const
	{
		const auto text = read_whole(state_);
		if (!text)
			return Json(Json::Array{});
		const Json state = Json::parse(*text, printable(state_));
		const Json *of = state.find("interface"), *settings = state.find("settings");
		if (!of || !of->string() || !settings || !settings->array())
			throw Trouble(printable(state_) + " is no state of openena tune");
		if (*of->string() != interface_)
			throw Trouble(printable(state_) + " is of the interface " + of->plain());
		for (const Json &item : *settings->array())
			for (const char *name : {"knob", "before"})
				if (!item.find(name) || !item.find(name)->string())
					throw Trouble(printable(state_) + ": an entry without " +
						      name);
		return *settings;
	}

	/*
	 * All of them, in the order of plan(); returns those that were refused, and in @why the reasons.
	 * One may want a later one first (fewer queues an RSS table without them), and undo others.
	 */
	static Json put_back(Knobs &knobs, const Json &saved, std::string &why)
	{
		Json left{Json::Array{}};

		why.clear();
		for (const Json &item : *saved.array()) {
			const std::string &knob = *item.find("knob")->string();
			const std::string &before = *item.find("before")->string();
			try {
				const auto now = knobs.get(knob);
				if (!now || !Knobs::same(*now, before))
					knobs.set(knob, before);
			} catch (const Trouble &trouble) {
				why += std::string("openena: ") + trouble.what() + "\n";
				left.add(item);
			}
		}
		return left;
	}

	int undo(Streams &io)
	{
		const Descriptor lock = lock_file(state_ + ".lock");
		const Json saved = read_state();
		Knobs knobs(this_system(), interface_);
		Json left = saved;
		std::string why;

		for (size_t before = SIZE_MAX;
		     !left.array()->empty() && left.array()->size() < before;) {
			before = left.array()->size();
			left = put_back(knobs, saved, why);
		}
		io.err.write(why);
		const size_t done = saved.array()->size() - left.array()->size();
		if (!left.array()->empty()) {
			Json state;
			state.set("interface", interface_);
			state.set("settings", left);
			write_durably(state_, state.dump() + "\n");
			throw Trouble(
				format("%zu settings are put back, %zu are not and stay in %s",
				       done, left.array()->size(), printable(state_).c_str()));
		}
		remove_durably(state_);
		if (json_) {
			Json json;
			json.set("interface", interface_);
			json.set("put_back", done);
			io.out.line(json.dump());
		} else {
			io.out.print(done ? "%zu settings of %s are as they were.\n"
					  : "Nothing was changed before (%zu settings of %s).\n",
				     done, interface_.c_str());
		}
		return done ? exit_fine : exit_findings;
	}

	void show(Output &out, bool applied) const
	{
		Json json, list{Json::Array{}};
		Table table({{"setting"},
			     {applied ? "was" : "is"},
			     {applied ? "is" : "becomes"},
			     {"why"}});

		for (const Change &change : changes_) {
			Json item;
			item.set("setting", change.knob);
			item.set("before", change.before ? Json(*change.before) : Json());
			item.set("after", change.after);
			item.set("why", change.why);
			list.add(item);
			table.row({change.knob, printable(change.before.value_or("-"), 24),
				   printable(change.after, 24), change.why});
		}
		if (json_) {
			json.set("interface", interface_);
			json.set("workload", workload_);
			json.set("applied", applied);
			json.set("changes", list);
			out.line(json.dump());
		} else if (changes_.empty()) {
			out.print("%s is as %s wants it.\n", interface_.c_str(), workload_.c_str());
		} else {
			table.print(out);
			out.print(
				applied ? "Done; openena tune --undo --interface %s puts it back.\n"
					: "Nothing is changed on %s yet: --apply does it.\n",
				interface_.c_str());
		}
	}

	std::string workload_, interface_, state_;
	bool apply_ = false, undo_ = false, json_ = false;
	std::vector<Change> changes_;
};

} // namespace

std::unique_ptr<Command> make_tune()
{
	return std::make_unique<Tune>();
}

} // namespace tool
