/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual machines of "openena run". Each has a directory, named after it, with what
 * tools/vmlib/resident.py puts there and machine.json: all that is known of it is on disk.
 */
#ifndef TOOL_MACHINES_HH
#define TOOL_MACHINES_HH

#include "cli.hh"
#include "json.hh"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tool
{

/* So begins what openena run says of a launcher that has said why. */
inline constexpr const char *launcher_failed = "the launcher failed";

class Machines {
    public:
	/* Empty: $XDG_STATE_HOME/openena/machines, or below ~/.local/state. */
	explicit Machines(std::string directory);
	[[nodiscard]] const std::string &directory() const
	{
		return directory_;
	}

	/* Letters, digits and dashes, at most 32. Trouble otherwise. */
	static void check_name(const std::string &name);
	[[nodiscard]] std::vector<std::string> names() const;
	[[nodiscard]] std::string path(const std::string &name, const std::string &file = {}) const;
	/* Trouble, with the nearest right name, if there is none. */
	void need(const std::string &name) const;

	/* Makes its directory, with @facts in it. Trouble if there is one of that name. */
	void add(const std::string &name, const Json &facts) const;
	/* What add() was given; null if that is not there or damaged. */
	[[nodiscard]] Json facts(const std::string &name) const;
	/* QEMU's process, if it runs. */
	[[nodiscard]] std::optional<pid_t> running(const std::string &name) const;
	/* Ends QEMU, at once or after the guest has shut down, and removes all there is. */
	void stop(const std::string &name, unsigned int grace_s) const;

    private:
	std::string directory_;
};

/* Which adapter of which machine a command is about: its options --qmp, --vm and --id. */
class AdapterChoice {
    public:
	void declare(Options &options);
	/*
	 * The socket of the machine's monitor: that of --qmp, or of --vm in the default
	 * directory; neither: of the only machine there is. Trouble otherwise.
	 */
	[[nodiscard]] std::string monitor() const;
	/* Of the adapter; empty: the only one there is. */
	[[nodiscard]] const std::string &id() const
	{
		return id_;
	}

    private:
	std::string path_, machine_, id_;
};

} // namespace tool

#endif
