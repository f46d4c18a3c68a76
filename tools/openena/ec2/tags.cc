// SPDX-License-Identifier: GPL-2.0-or-later
/* CreateTags, DeleteTags, DescribeTags; and tags of what is created. */
#include "error.hh"
#include "filter.hh"
#include "resource.hh"
#include "text.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr size_t most_tags = 50, longest_key = 128, longest_value = 256; /* characters */

constexpr FilterField tag_filters[] = {{"key", "key"},
				       {"value", "value"},
				       {"resource-id", "resourceId"},
				       {"resource-type", "resourceType"}};

const char *kind_of(const std::string &id)
{
	return id.starts_with("i-")     ? "instance"
	       : id.starts_with("key-") ? "key-pair"
					: "network-interface";
}

/* ResourceId.N, all of which are there. */
std::vector<std::string> resources(const Context &context, Query &query)
{
	const std::vector<std::string> ids = query.list("ResourceId");
	State state = *context.store.now();

	if (ids.empty())
		throw ApiError("MissingParameter",
			       "The request must contain the parameter resourceIdSet");
	for (const std::string &id : ids) {
		if (id.starts_with("i-"))
			(void)instance_in(state, id);
		else if (id.starts_with("eni-"))
			(void)interface_in(state, id);
		else if (!state.keys.contains(id))
			throw ApiError("InvalidID", "The ID '" + printable(id, 60) +
							    "' is not valid: instances, interfaces "
							    "and key pairs have tags here");
	}
	return ids;
}

Json create_tags(Context &context, Query &query)
{
	const std::vector<std::string> ids = resources(context, query);
	const Tags tags = tags_of(query, "");
	Json result;

	if (tags.empty())
		throw ApiError("MissingParameter", "The request must contain the parameter tagSet");
	context.change(query, [&](State &state) {
		for (const std::string &id : ids)
			add_tags(state, id, tags);
	});
	result.set("return", true);
	return result;
}

/* Without tags all of a resource; a tag without a value whatever its value. */
Json delete_tags(Context &context, Query &query)
{
	const std::vector<std::string> ids = resources(context, query);
	std::vector<std::pair<std::string, std::optional<std::string>>> tags;
	Json result;

	for (const std::string &prefix : query.structures("Tag")) {
		const std::string key = query.need(prefix + "Key");
		tags.emplace_back(key, query.text(prefix + "Value"));
	}
	context.change(query, [&](State &state) {
		for (const std::string &id : ids) {
			Tags &has = state.tags[id];
			for (const auto &[key, value] : tags)
				if (has.contains(key) && (!value || has[key] == *value))
					has.erase(key);
			if (tags.empty() || has.empty())
				state.tags.erase(id);
		}
	});
	result.set("return", true);
	return result;
}

Json describe_tags(Context &context, Query &query)
{
	const Filters filters(query, tag_filters);
	Page page(query, 5, 1000);
	Json result, list{Json::Array{}};

	context.begin(query);
	for (const auto &[id, tags] : context.store.now()->tags)
		for (const auto &[key, value] : tags) {
			Json tag;
			tag.set("resourceId", id);
			tag.set("resourceType", kind_of(id));
			tag.set("key", key);
			tag.set("value", value);
			if (filters.match(tag) && page.take(id + "/" + key))
				list.add(tag);
		}
	result.set("tagSet", list);
	result.set("nextToken", page.next_token());
	return result;
}

} // namespace

Tags tags_of(Query &query, const std::string &prefix)
{
	Tags tags;

	for (const std::string &tag : query.structures(prefix + "Tag")) {
		const std::string key = query.need(tag + "Key");
		const std::string value = query.text_or(tag + "Value", "");
		if (characters(key) > longest_key || characters(value) > longest_value)
			throw ApiError(
				"InvalidParameterValue",
				format("Tag %s: a key has at most %zu characters, a value %zu; "
				       "these are %zu and %zu.",
				       printable(key, 40).c_str(), longest_key, longest_value,
				       characters(key), characters(value)));
		if (key.starts_with("aws:"))
			throw ApiError("InvalidParameterValue",
				       "Tag keys starting with 'aws:' are reserved for internal "
				       "use");
		tags[key] = value;
	}
	return tags;
}

std::map<std::string, Tags> tag_specifications(Query &query, const std::vector<std::string> &kinds)
{
	std::map<std::string, Tags> all;

	for (const std::string &prefix : query.structures("TagSpecification")) {
		const std::string kind = query.need(prefix + "ResourceType");
		if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
			throw ApiError("InvalidParameterValue",
				       "'" + printable(kind, 40) +
					       "' is not a valid taggable resource type for this "
					       "operation: there is " +
					       enumerate(kinds, "and"));
		all[kind].merge(tags_of(query, prefix));
	}
	return all;
}

void add_tags(State &state, const std::string &id, const Tags &tags)
{
	if (tags.empty())
		return;
	Tags &has = state.tags[id];
	for (const auto &[key, value] : tags)
		has[key] = value;
	if (has.size() > most_tags)
		throw ApiError("TagLimitExceeded", format("%s would have %zu tags, at most %zu "
							  "are taken.",
							  id.c_str(), has.size(), most_tags));
}

std::span<const Action> tag_actions()
{
	static constexpr Action actions[] = {{"CreateTags", create_tags},
					     {"DeleteTags", delete_tags},
					     {"DescribeTags", describe_tags}};

	return actions;
}

} // namespace tool::ec2
