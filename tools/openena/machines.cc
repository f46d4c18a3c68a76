// SPDX-License-Identifier: GPL-2.0-or-later
#include "machines.hh"

#include "durable.hh"
#include "qmp.hh"
#include "text.hh"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace tool
{

namespace
{

constexpr size_t longest_name = 32;
constexpr unsigned int quit_s = 10; /* QEMU's own time to end */

std::string default_directory()
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		return std::string(state) + "/openena/machines";
	if (home && *home == '/')
		return std::string(home) + "/.local/state/openena/machines";
	throw Trouble("neither HOME nor XDG_STATE_HOME says where the state of machines is: give "
		      "--state-dir");
}

/* As the launcher has it in QEMU's command line, where running() looks for it. */
std::string normal(const std::string &directory)
{
	const std::filesystem::path path = std::filesystem::absolute(directory).lexically_normal();

	return path.has_filename() ? path : path.parent_path();
}

template <typename Predicate> bool within(unsigned int seconds, Predicate done)
{
	using clock = std::chrono::steady_clock;
	const auto deadline = clock::now() + std::chrono::seconds(seconds);

	while (!done()) {
		if (clock::now() >= deadline)
			return false;
		std::this_thread::sleep_for(std::chrono::milliseconds(50));
	}
	return true;
}

/* Asks QEMU's monitor; whether it answers is not what counts. */
void ask(const std::string &socket, const char *command)
{
	try {
		Qmp qmp(socket);
		(void)qmp.execute(command);
	} catch (const Trouble &) {
		return;
	}
}

} // namespace

Machines::Machines(std::string directory)
    : directory_(normal(directory.empty() ? default_directory() : directory))
{
}

void Machines::check_name(const std::string &name)
{
	const auto good = [](unsigned char c) {
		return isalnum(c) || c == '-';
	};

	if (name.empty() || name.size() > longest_name || name[0] == '-' ||
	    !std::all_of(name.begin(), name.end(), good))
		throw Trouble(format("\"%s\" is no name of a machine: 1 to %zu letters, digits and "
				     "dashes, not a dash first",
				     printable(name, 60).c_str(), longest_name));
}

std::vector<std::string> Machines::names() const
{
	std::vector<std::string> names;
	std::error_code error;

	for (std::filesystem::directory_iterator it(directory_, error), end; !error && it != end;
	     it.increment(error))
		if (it->is_directory(error))
			names.push_back(it->path().filename());
	std::sort(names.begin(), names.end());
	return names;
}

std::string Machines::path(const std::string &name, const std::string &file) const
{
	return directory_ + "/" + name + (file.empty() ? "" : "/" + file);
}

void Machines::need(const std::string &name) const
{
	const std::vector<std::string> all = names();

	if (std::find(all.begin(), all.end(), name) == all.end())
		throw Trouble(no_such("machine", name, all));
}

void Machines::add(const std::string &name, const Json &facts) const
{
	std::error_code error;

	check_name(name);
	/* The longest name of a socket in it has to fit. */
	if (path(name, "console").size() > 107)
		throw Trouble(format("%s is too long for the name of a socket (%zu bytes, at most "
				     "107): give a shorter --state-dir",
				     printable(path(name, "console"), 60).c_str(),
				     path(name, "console").size()));
	std::filesystem::create_directories(directory_, error);
	if (!error && !std::filesystem::create_directory(path(name), error) && !error)
		throw Trouble(running(name) ? "a machine " + name + " is running: see openena list"
					    : "a machine " + name +
						      " was here and has ended: openena stop " +
						      name + " clears it away");
	if (error)
		throw Trouble(printable(path(name)) + " cannot be made: " + error.message());
	std::filesystem::permissions(path(name), std::filesystem::perms::owner_all, error);
	try {
		write_durably(path(name, "machine.json"), facts.dump() + "\n");
	} catch (const Trouble &) {
		std::filesystem::remove_all(path(name), error);
		throw;
	}
}

Json Machines::facts(const std::string &name) const
{
	try {
		const auto text = read_whole(path(name, "machine.json"));
		return text ? Json::parse(*text, "machine.json") : Json();
	} catch (const Trouble &) {
		return {};
	}
}

std::optional<pid_t> Machines::running(const std::string &name) const
{
	const auto text = read_whole(path(name, "pid"));
	const auto pid = text ? to_number(text->substr(0, text->find('\n'))) : std::nullopt;

	if (!pid || !*pid || *pid > INT32_MAX)
		return {};
	/* The number may be another process's by now. A comma is doubled in all but the pid file's name. */
	const auto command = read_whole(format("/proc/%d/cmdline", static_cast<int>(*pid)));
	if (!command || command->find(path(name) + "/") == std::string::npos)
		return {};
	return static_cast<pid_t>(*pid);
}

void Machines::stop(const std::string &name, unsigned int grace_s) const
{
	const auto ended = [&] {
		return !running(name);
	};

	if (running(name) && grace_s) {
		ask(path(name, "qmp"), "system_powerdown");
		(void)within(grace_s, ended);
	}
	if (const auto pid = running(name)) {
		(void)::kill(*pid, SIGTERM);
		if (!within(quit_s, ended))
			(void)::kill(*pid, SIGKILL);
		if (!within(quit_s, ended))
			throw Trouble(
				format("QEMU of %s (process %d) does not end", name.c_str(), *pid));
	}
	std::error_code error;
	std::filesystem::remove_all(path(name), error);
	if (error)
		throw Trouble(printable(path(name)) + " cannot be removed: " + error.message());
}

void AdapterChoice::declare(Options &options)
{
	options.text("--qmp", path_, "SOCKET", "QEMU's monitor (-qmp unix:SOCKET,server=on)");
	options.text("--vm", machine_, "NAME", "a machine of openena run, in place of --qmp");
	options.text("--id", id_, "ID", "of the adapter; none: the only one");
}

std::string AdapterChoice::monitor() const
{
	if (!path_.empty() && !machine_.empty())
		throw Trouble("--qmp and --vm say the same: give one of them");
	if (!path_.empty())
		return path_;
	const Machines machines("");
	const std::vector<std::string> names = machines.names();
	if (machine_.empty() && names.empty())
		throw Trouble("no machine of openena run is there: --qmp is needed, the socket of "
			      "QEMU's monitor");
	if (machine_.empty() && names.size() > 1)
		throw Trouble("there are several machines: choose one with --vm " +
			      enumerate(names, "or"));
	const std::string &name = machine_.empty() ? names.front() : machine_;
	machines.need(name);
	return machines.path(name, "qmp");
}

} // namespace tool
