// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands.hh"

namespace tool
{

std::vector<std::unique_ptr<Command>> commands()
{
	std::vector<std::unique_ptr<Command>> all;

	all.push_back(make_instance_types());
	all.push_back(make_toeplitz());
	all.push_back(make_events());
	all.push_back(make_inject());
	all.push_back(make_check());
	all.push_back(make_tune());
	all.push_back(make_run());
	all.push_back(make_list());
	all.push_back(make_console());
	all.push_back(make_stop());
	all.push_back(make_top());
	all.push_back(make_export());
	all.push_back(make_ec2());
	return all;
}

} // namespace tool
