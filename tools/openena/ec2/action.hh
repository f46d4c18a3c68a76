/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actions of the EC2 Query API that are answered. Each group is in a file of its own. */
#ifndef TOOL_EC2_ACTION_HH
#define TOOL_EC2_ACTION_HH

#include "fleet.hh"
#include "json.hh"
#include "query.hh"
#include "state.hh"

#include <span>

namespace tool::ec2
{

/* What a request is carried out in. */
struct Context {
	Store &store;
	Fleet &fleet;
	std::string region;
	bool dry_run = false;

	/*
	 * An action calls this when it has read and checked @query, before it does anything:
	 * ApiError if there is more in the query, or this is a dry run.
	 */
	void begin(const Query &query) const;
	/* The same for one that changes the state by @edit, whose refusals a dry run has, too. */
	void change(const Query &query, const std::function<void(State &)> &edit);
};

/* Returns what the answer has beside the request's id, or throws ApiError. */
struct Action {
	const char *name;
	Json (*carry_out)(Context &context, Query &query);
};

std::span<const Action> region_actions();
std::span<const Action> instance_type_actions();
std::span<const Action> image_actions();
std::span<const Action> instance_actions();
std::span<const Action> interface_actions();
std::span<const Action> vpc_actions();
std::span<const Action> key_actions();
std::span<const Action> tag_actions();

} // namespace tool::ec2

#endif
