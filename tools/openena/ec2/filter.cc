// SPDX-License-Identifier: GPL-2.0-or-later
#include "filter.hh"

#include "error.hh"
#include "text.hh"
#include "uri.hh"
#include "xml.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr size_t most_values = 200; /* of a filter */
constexpr std::string_view token_mark = "page-";

/* The scalars at @path of @item, through lists. */
void values_at(const Json &item, std::string_view path, std::vector<std::string> &values)
{
	if (const auto *items = item.array()) {
		for (const Json &each : *items)
			values_at(each, path, values);
		return;
	}
	if (path.empty()) {
		if (!item.is_null() && !item.object())
			values.push_back(scalar_text(item));
		return;
	}
	const std::string_view name = path.substr(0, path.find('.'));
	path.remove_prefix(std::min(path.size(), name.size() + 1));
	if (const Json *member = item.find(name))
		values_at(*member, path, values);
}

void tag_values(const Json &item, const std::string &key, std::vector<std::string> &values)
{
	const Json *tags = item.find("tagSet");

	if (!tags || !tags->array())
		return;
	for (const Json &tag : *tags->array())
		if (*tag.find("key")->string() == key)
			values.push_back(*tag.find("value")->string());
}

} // namespace

bool matches_pattern(std::string_view text, std::string_view pattern)
{
	size_t at = 0, star = pattern.npos, star_text = 0, i = 0;

	while (i < text.size()) {
		const bool escaped = at + 1 < pattern.size() && pattern[at] == '\\';
		const size_t letter = at + (escaped ? 1 : 0);
		if (at < pattern.size() && !escaped && pattern[at] == '*') {
			star = at++;
			star_text = i;
		} else if (at < pattern.size() &&
			   ((!escaped && pattern[at] == '?') || pattern[letter] == text[i])) {
			at = letter + 1;
			i++;
		} else if (star != pattern.npos) {
			at = star + 1; /* the last star takes one more */
			i = ++star_text;
		} else {
			return false;
		}
	}
	return pattern.find_first_not_of('*', at) == pattern.npos;
}

Filters::Filters(Query &query, std::span<const FilterField> fields)
{
	for (const std::string &prefix : query.structures("Filter")) {
		const std::string name = query.need(prefix + "Name");
		Filter filter{{}, {}, query.list(prefix + "Value")};
		const auto known =
			std::find_if(fields.begin(), fields.end(),
				     [&](const FilterField &field) { return name == field.name; });
		if (known != fields.end())
			filter.path = known->path;
		else if (name.starts_with("tag:"))
			filter.tag = name.substr(4);
		else if (name == "tag-key")
			filter.path = "tagSet.key";
		else
			throw ApiError("InvalidParameterValue",
				       "The filter '" + printable(name, 60) + "' is invalid");
		if (filter.patterns.empty() || filter.patterns.size() > most_values)
			throw ApiError("InvalidParameterValue",
				       format("The filter '%s' has %zu values, it must have 1 to "
					      "%zu.",
					      printable(name, 60).c_str(), filter.patterns.size(),
					      most_values));
		filters_.push_back(std::move(filter));
	}
}

bool Filters::match(const Json &item) const
{
	return std::all_of(filters_.begin(), filters_.end(), [&](const Filter &filter) {
		std::vector<std::string> values;

		if (filter.tag.empty())
			values_at(item, filter.path, values);
		else
			tag_values(item, filter.tag, values);
		return std::any_of(values.begin(), values.end(), [&](const std::string &value) {
			return std::any_of(filter.patterns.begin(), filter.patterns.end(),
					   [&](const std::string &pattern) {
						   return matches_pattern(value, pattern);
					   });
		});
	});
}

Page::Page(Query &query, uint64_t least, uint64_t most)
    : size_(query.number("MaxResults", least, most))
{
	const auto token = query.text("NextToken");

	if (!token || token->empty())
		return;
	const auto key = token->starts_with(token_mark)
				 ? uri_decode(token->substr(token_mark.size()), false)
				 : std::nullopt;
	if (!key || key->empty())
		throw ApiError("InvalidParameterValue", "The token '" + printable(*token, 60) +
								"' is invalid: it is none of this "
								"endpoint's.");
	after_ = *key;
}

bool Page::take(const std::string &key)
{
	if (key <= after_)
		return false;
	if (size_ && taken_ == *size_) {
		more_ = true;
		return false;
	}
	taken_++;
	last_ = key;
	return true;
}

Json Page::next_token() const
{
	return more_ ? Json(std::string(token_mark) + uri_encode(last_)) : Json();
}

} // namespace tool::ec2
