/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ends a command early: a sentence for the user. */
#ifndef TOOL_TROUBLE_HH
#define TOOL_TROUBLE_HH

#include <cstdint>
#include <stdexcept>
#include <string>

namespace tool
{

/* Exit statuses, the same for all commands. */
enum Exit : int {
	exit_fine = 0,
	exit_findings = 1, /* done, and the answer is no: findings, nothing that matches */
	exit_trouble = 2, /* not done */
};

/* One sentence that names the value and the limit. */
class Trouble : public std::runtime_error {
    public:
	using std::runtime_error::runtime_error;
};

} // namespace tool

#endif
