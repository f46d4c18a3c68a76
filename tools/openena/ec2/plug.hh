/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces that go into a running machine and out of it, by its monitor. */
#ifndef TOOL_EC2_PLUG_HH
#define TOOL_EC2_PLUG_HH

#include "qmp.hh"
#include "state.hh"

#include <atomic>

namespace tool::ec2
{

[[nodiscard]] bool is_plugged(Qmp &qmp, const std::string &id);
/* Into the port of its device index. Refused: by QEMU. */
void plug(Qmp &qmp, const Interface &interface, const std::string &instance_type);
/* Asks the guest, if it has it, to let go of it. False: it has not, yet; or @ending. */
[[nodiscard]] bool unplug(Qmp &qmp, const std::string &id, const std::atomic<bool> &ending);

} // namespace tool::ec2

#endif
