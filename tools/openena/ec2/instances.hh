/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What instances.cc has of run_instances.cc, instance_status.cc and goals.cc. */
#ifndef TOOL_EC2_INSTANCES_HH
#define TOOL_EC2_INSTANCES_HH

#include "action.hh"

namespace tool::ec2
{

[[nodiscard]] Json run_instances(Context &context, Query &query);
[[nodiscard]] Json describe_instance_status(Context &context, Query &query);
[[nodiscard]] Json reservation_json(const std::string &id, const Json &instances);

/* ApiError: there is no such type, or it has no such adapter. */
void check_type(const std::string &type);
/* ApiError: not from the state that it is in @now. */
void start(Instance &instance, const std::string &now);
void stop(Instance &instance, const std::string &now, bool force);
void terminate(Instance &instance);

} // namespace tool::ec2

#endif
