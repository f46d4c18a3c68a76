/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells of this machine's adapters: sysfs, procfs, ethtool. */
#ifndef TOOL_SYSTEM_HH
#define TOOL_SYSTEM_HH

#include "polls.hh"
#include "queue_counts.hh"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tool
{

/* A number as it is, and the most that it can be. */
struct Setting {
	uint32_t now = 0, most = 0;
};

struct LinkFeature {
	std::string name;
	bool can; /* it may be switched on, or is always on */
	bool on;
};

/* What ethtool tells of an interface; what it does not tell is left out. */
struct LinkFacts {
	std::string driver, version, bus; /* bus: the PCI address */
	std::optional<Setting> rx_ring, tx_ring, queues;
	std::vector<LinkFeature> features;
	std::vector<std::pair<std::string, uint64_t>> counters;
	std::optional<bool> tx_push; /* packets are pushed to the adapter: LLQ */
	std::vector<uint32_t> rss_table;
	std::vector<uint8_t> rss_key;

	[[nodiscard]] const LinkFeature *feature(const std::string &name) const;
	[[nodiscard]] std::optional<uint64_t> counter(const std::string &name) const;
};

/* Paths are absolute; tests put @root before them. */
class System {
    public:
	explicit System(std::filesystem::path root = "/") : root_(std::move(root))
	{
	}
	virtual ~System() = default;

	/* The text of a small file, less the line's end; none if it cannot be read. */
	[[nodiscard]] std::optional<std::string> read(const std::string &path) const;
	/* The number in it; none also for what is no number, as the -1 of what is not known. */
	[[nodiscard]] std::optional<uint64_t> number(const std::string &path) const;
	[[nodiscard]] bool exists(const std::string &path) const;
	/* The names in a directory, sorted; none if there is no such directory. */
	[[nodiscard]] std::vector<std::string> list(const std::string &path) const;
	/* The last part of where a symbolic link leads; empty if it is none. */
	[[nodiscard]] std::string link_name(const std::string &path) const;

	/* Trouble names the file and the reason. */
	virtual void write(const std::string &path, const std::string &text);

	/* A knob of ethtool, see link_knobs; none: the interface has none such. */
	[[nodiscard]] virtual std::optional<std::string>
	link_setting(const std::string &interface, const std::string &knob) const;
	virtual void set_link(const std::string &interface, const std::string &knob,
			      const std::string &value);
	[[nodiscard]] virtual LinkFacts link(const std::string &interface) const;
	/* Those of ethtool -S alone; empty: none, or no such interface. */
	[[nodiscard]] virtual std::vector<std::pair<std::string, uint64_t>>
	link_counters(const std::string &interface) const;
	[[nodiscard]] virtual QueueCounts queue_stats(uint32_t interface_index) const;
	/* The queue that each NAPI instance polls, by its id. */
	[[nodiscard]] virtual std::map<uint32_t, uint32_t>
	napi_queues(uint32_t interface_index) const;
	/* Trouble says why not. */
	[[nodiscard]] virtual std::unique_ptr<PollMeter> polls() const;
	[[nodiscard]] virtual std::string kernel() const;
	[[nodiscard]] virtual unsigned int cpus() const;

    private:
	[[nodiscard]] std::filesystem::path path_of(const std::string &path) const
	{
		return root_ / std::filesystem::path(path).relative_path();
	}
	std::filesystem::path root_;
};

/* The one that commands look at: this machine, or what a test puts there. */
System &this_system();
void look_at(System *system);

} // namespace tool

#endif
