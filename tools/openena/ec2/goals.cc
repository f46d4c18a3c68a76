// SPDX-License-Identifier: GPL-2.0-or-later
/* What an instance should be from now on. */
#include "error.hh"
#include "instances.hh"
#include "text.hh"

#include "ena_instance.h"

namespace tool::ec2
{

namespace
{

[[noreturn]] void wrong_state(const Instance &instance, const std::string &now)
{
	throw ApiError("IncorrectInstanceState",
		       "The instance '" + instance.id +
			       "' is not in a state from which it can do that: it is " + now);
}

void set_goal(Instance &instance, Goal goal, const char *code, const char *reason)
{
	instance.goal = goal;
	instance.changed = time(nullptr);
	instance.reason_code = code;
	instance.reason = reason;
}

} // namespace

void check_type(const std::string &type)
{
	char why[256];

	for (size_t i = 0; const auto *known = ena_instance_type_at(i); i++)
		if (type == known->name && known->adapter != ENA_INSTANCE_ENA)
			throw ApiError("Unsupported", "The instance type " + type +
							      " has no Elastic Network Adapter, "
							      "and there is nothing else here.");
	if (!ena_instance_type_find(type.c_str(), why, sizeof(why)))
		throw ApiError("InvalidParameterValue",
			       "Invalid value '" + printable(type, 40) +
				       "' for InstanceType: " + printable(why, sizeof(why)));
}

void start(Instance &instance, const std::string &now)
{
	if (now == "running" || now == "pending")
		return;
	if (now != "stopped")
		wrong_state(instance, now);
	if (!instance.ena_support)
		throw ApiError("InvalidParameterCombination",
			       "Enhanced networking with the Elastic Network Adapter (ENA) is "
			       "required for the '" +
				       instance.type +
				       "' instance type. Ensure that your instance '" +
				       instance.id + "' is enabled for ENA.");
	set_goal(instance, Goal::running, "", "");
	instance.launched = false;
	instance.force = false;
	instance.launch_time = time(nullptr);
}

void stop(Instance &instance, const std::string &now, bool force)
{
	if (now == "stopped" || now == "stopping")
		return;
	if (now != "running")
		wrong_state(instance, now);
	set_goal(instance, Goal::stopped, "Client.UserInitiatedShutdown",
		 "User initiated shutdown");
	instance.force = force;
}

void terminate(Instance &instance)
{
	if (instance.goal == Goal::terminated)
		return;
	set_goal(instance, Goal::terminated, "Client.UserInitiatedShutdown",
		 "User initiated shutdown");
	instance.user_data.clear();
}

} // namespace tool::ec2
