/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes machines what their instances should be. */
#ifndef TOOL_EC2_FLEET_HH
#define TOOL_EC2_FLEET_HH

#include "machines.hh"
#include "qmp.hh"
#include "state.hh"

#include <atomic>
#include <condition_variable>
#include <semaphore>
#include <set>
#include <thread>

namespace tool::ec2
{

/*
 * Runs "openena" with @words, until it ends or @ending says so, with what it says in the file
 * @log. Trouble if it fails.
 */
using RunProgram = std::function<void(const std::vector<std::string> &words, const std::string &log,
				      const std::atomic<bool> &ending)>;

/* What all machines of an endpoint get. */
struct FleetConfig {
	std::string machines; /* directory; empty: the default */
	std::string logs; /* directory for what the launches say */
	std::string metadata; /* command for a guest's connection to the metadata; ID is added */
	std::string accel, memory;
	std::optional<uint64_t> cpus;
};

class Fleet {
    public:
	Fleet(Store &store, FleetConfig config, RunProgram run);
	/* Launches under way are given up, and are done again by the next Fleet. */
	~Fleet();
	Fleet(const Fleet &) = delete;
	Fleet &operator=(const Fleet &) = delete;

	/* Has the machine of that instance become what it should be; returns at once. */
	void settle(const std::string &id);
	void settle_all();

	/* "running" and the like; settles what has ended by itself. */
	[[nodiscard]] std::string state_of(const Instance &instance);
	/* The path of QEMU's monitor. */
	[[nodiscard]] std::string monitor(const Instance &instance) const
	{
		return machines_.path(instance.id, "qmp");
	}
	/* An interface that should be in a running machine: it is. */
	[[nodiscard]] bool plugged(const Interface &interface) const;

    private:
	void work(const std::string &id);
	/* These return whether it is done; if not, or by an error, work() tries again. */
	bool try_once(const std::string &id, std::string &trouble);
	bool bring_about(const Instance &instance);
	bool launch(const Instance &instance);
	void clear_away(const Instance &instance);
	bool plug_and_unplug(const Instance &instance);
	bool settle_interface(Qmp &qmp, const Instance &instance, const Interface &interface);
	void remove_files(const std::string &id) const;
	void note_end(const std::string &id, const char *code, const std::string &reason);
	[[nodiscard]] bool note_shutdown(const std::string &id);
	[[nodiscard]] bool started_by_us(const std::string &id);
	[[nodiscard]] std::string key_file(const std::string &id) const;
	[[nodiscard]] std::vector<std::string> words_for(const Instance &instance) const;

	Store &store_;
	FleetConfig config_;
	Machines machines_;
	RunProgram run_;
	std::atomic<bool> ending_ = false;
	std::counting_semaphore<> launches_{2}; /* at a time */
	mutable std::mutex mutex_;
	std::condition_variable changed_; /* working_, or it ends */
	std::map<std::string, bool> working_; /* instances with a thread; true: once more */
	std::set<std::string> plugged_; /* interfaces */
	std::set<std::string> started_; /* instances, of which the state does not say so yet */
};

/* The program itself. */
void run_this_program(const std::vector<std::string> &words, const std::string &log,
		      const std::atomic<bool> &ending);

} // namespace tool::ec2

#endif
