/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances, interfaces and their tags: their ids, and what an answer says of them. */
#ifndef TOOL_EC2_RESOURCE_HH
#define TOOL_EC2_RESOURCE_HH

#include "action.hh"

namespace tool::ec2
{

/* ClientToken of a query that makes something: again, it makes nothing. */
struct Token {
	std::string text, asked; /* asked: a digest of all that the query says */

	/* ApiError: it is too long. */
	explicit Token(Query &query);
	/* Whether it has made what has these. ApiError: it has, and the query said other things. */
	[[nodiscard]] bool made(const std::string &with, const std::string &asked_then) const;
};

/* Such as "i-" with 17 digits. */
[[nodiscard]] std::string fresh_id(const char *prefix);
[[nodiscard]] std::string time_text(time_t when);
[[nodiscard]] std::string zone_of(const std::string &region);

/* ApiError if there is none of that id. */
[[nodiscard]] Instance &instance_in(State &state, const std::string &id);
[[nodiscard]] Interface &interface_in(State &state, const std::string &id);
/* None if there is none of that name; the second: ApiError. */
[[nodiscard]] const Key *key_named(const State &state, const std::string &name);
[[nodiscard]] const Key &need_key(const State &state, const std::string &name);
/* InstanceId.N, each once, at least one, all of which are there. */
[[nodiscard]] std::vector<std::string> instances_named(const Context &context, Query &query);

/* A new one in a subnet, with an address that is free there. */
[[nodiscard]] Interface fresh_interface(const State &state, const std::string &subnet);
void attach(Interface &interface, const std::string &instance, uint64_t device_index);

[[nodiscard]] Json instance_json(Context &context, const State &state, const Instance &instance);
[[nodiscard]] Json interface_json(Context &context, const State &state, const Interface &interface);
[[nodiscard]] Json state_json(const std::string &name);
[[nodiscard]] Json tags_json(const State &state, const std::string &id);

/* TagSpecification.N of @query, by kind of resource: one of @kinds. */
[[nodiscard]] std::map<std::string, Tags> tag_specifications(Query &query,
							     const std::vector<std::string> &kinds);
/* Tag.N below @prefix. */
[[nodiscard]] Tags tags_of(Query &query, const std::string &prefix);
/* ApiError if they would be too many. */
void add_tags(State &state, const std::string &id, const Tags &tags);

} // namespace tool::ec2

#endif
