/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be turned to tune an interface, each with a name and a value as text. */
#ifndef TOOL_KNOBS_HH
#define TOOL_KNOBS_HH

#include "interfaces.hh"

#include <string>
#include <vector>

namespace tool
{

/*
 * A knob's name is "link WHAT" (ethtool: link_knobs), "irq N" (affinity of the interface's
 * Nth queue interrupt, from 0), or "file PATH" below one of the few directories allowed.
 */
class Knobs {
    public:
	Knobs(System &system, std::string interface)
	    : system_(system), interface_(std::move(interface))
	{
	}
	/* None: this interface or kernel has no such knob. */
	[[nodiscard]] std::optional<std::string> get(const std::string &knob) const;
	/* Trouble if it is refused, or the name is none. */
	void set(const std::string &knob, const std::string &value);

	/* Whether two values mean the same: masks and lists have several spellings. */
	[[nodiscard]] static bool same(const std::string &a, const std::string &b);

    private:
	/* Empty: there is no such file now. */
	[[nodiscard]] std::string file_of(const std::string &knob) const;

	System &system_;
	std::string interface_;
};

/* Hex with a comma every 32 bits, as sysfs takes masks of processors. */
[[nodiscard]] std::string cpu_mask(const std::vector<unsigned int> &cpus);

} // namespace tool

#endif
