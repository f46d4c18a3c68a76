/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with one adapter, eth0, as sysfs, procfs and ethtool show it. */
#ifndef TESTS_TOOLS_MACHINE_HH
#define TESTS_TOOLS_MACHINE_HH

#include "run.hh"
#include "system.hh"

#include <map>

struct MachineFiles {
	Scratch scratch;
};

class FakeMachine : MachineFiles, public tool::System {
    public:
	static constexpr const char *device = "sys/bus/pci/devices/0000:00:05.0/";

	/* All is as it should be: 4 processors, 4 queues, an interrupt of each on each. */
	FakeMachine();
	~FakeMachine() override;

	void put(const std::string &path, const std::string &text);
	void remove(const std::string &path);
	[[nodiscard]] tool::LinkFacts link(const std::string &) const override
	{
		return facts;
	}
	[[nodiscard]] std::vector<std::pair<std::string, uint64_t>>
	link_counters(const std::string &) const override
	{
		return facts.counters;
	}
	[[nodiscard]] tool::QueueCounts queue_stats(uint32_t) const override
	{
		return netdev_queues;
	}
	[[nodiscard]] std::map<uint32_t, uint32_t> napi_queues(uint32_t) const override
	{
		return {{513, 0}};
	}
	[[nodiscard]] std::unique_ptr<tool::PollMeter> polls() const override;
	[[nodiscard]] std::string kernel() const override
	{
		return "6.12.1";
	}
	[[nodiscard]] unsigned int cpus() const override
	{
		return 4;
	}

	[[nodiscard]] std::optional<std::string>
	link_setting(const std::string &, const std::string &knob) const override;
	/*
	 * Trouble for the knob that is @refused, and, as the kernel has it, for an RSS table and queues
	 * that do not fit each other. Other queues have new interrupts.
	 */
	void set_link(const std::string &, const std::string &knob,
		      const std::string &value) override;
	[[nodiscard]] std::string text(const std::string &path) const;
	[[nodiscard]] std::filesystem::path at(const std::string &name) const
	{
		return scratch / name;
	}

	tool::LinkFacts facts;
	tool::QueueCounts netdev_queues;
	std::optional<tool::Polls> measured; /* none: BPF is not allowed */
	std::map<std::string, std::string> knobs;
	std::string refused;

    private:
	void put_interrupts();
	bool rss_chosen_ = false; /* not the driver's own, which follows the queues */
};

#endif
