/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each is in the file of its name. */
#ifndef TOOL_COMMANDS_HH
#define TOOL_COMMANDS_HH

#include "cli.hh"

namespace tool
{

std::unique_ptr<Command> make_instance_types();
std::unique_ptr<Command> make_toeplitz();
std::unique_ptr<Command> make_events();
std::unique_ptr<Command> make_inject();
std::unique_ptr<Command> make_check();
std::unique_ptr<Command> make_tune();
std::unique_ptr<Command> make_run();
std::unique_ptr<Command> make_list();
std::unique_ptr<Command> make_console();
std::unique_ptr<Command> make_stop();
std::unique_ptr<Command> make_top();
std::unique_ptr<Command> make_export();
std::unique_ptr<Command> make_ec2();

} // namespace tool

#endif
