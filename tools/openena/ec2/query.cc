// SPDX-License-Identifier: GPL-2.0-or-later
#include "query.hh"

#include "error.hh"
#include "text.hh"
#include "uri.hh"

namespace tool::ec2
{

namespace
{

constexpr uint64_t most_items = 1000; /* of a list */

[[noreturn]] void invalid(const std::string &name, const std::string &value,
			  const std::string &must)
{
	throw ApiError("InvalidParameterValue",
		       format("Value (%s) for parameter %s is invalid. It must be %s.",
			      printable(value, 60).c_str(), printable(name, 60).c_str(),
			      must.c_str()));
}

} // namespace

Query Query::parse(std::string_view body)
{
	Query query;
	const auto pairs = uri_pairs(body, true);

	if (!pairs)
		throw ApiError("MalformedQueryString",
			       "A % has to be followed by two hexadecimal digits.");
	if (pairs->size() > max_parameters)
		throw ApiError("MalformedQueryString",
			       format("The request has %zu parameters, at most %zu are taken.",
				      pairs->size(), max_parameters));
	for (const auto &[name, value] : *pairs)
		if (!query.values_.emplace(name, value).second)
			throw ApiError("MalformedQueryString",
				       "The parameter " + printable(name, 60) + " is there twice.");
	return query;
}

std::optional<std::string> Query::text(const std::string &name)
{
	const auto found = values_.find(name);

	taken_.insert(name);
	if (found == values_.end())
		return {};
	return found->second;
}

std::string Query::text_or(const std::string &name, const char *otherwise)
{
	return text(name).value_or(otherwise);
}

std::string Query::need(const std::string &name)
{
	auto value = text(name);

	if (!value || value->empty())
		throw ApiError("MissingParameter",
			       "The request must contain the parameter " + name + ".");
	return *value;
}

std::optional<uint64_t> Query::number(const std::string &name, uint64_t least, uint64_t most)
{
	const auto value = text(name);

	if (!value)
		return {};
	const auto number = to_number(*value);
	if (!number || *number < least || *number > most)
		invalid(name, *value,
			format("a number from %llu to %llu", static_cast<unsigned long long>(least),
			       static_cast<unsigned long long>(most)));
	return number;
}

std::optional<bool> Query::boolean(const std::string &name)
{
	const auto value = text(name);

	if (!value)
		return {};
	if (*value != "true" && *value != "false")
		invalid(name, *value, "true or false");
	return *value == "true";
}

std::vector<uint64_t> Query::numbers(const std::string &name) const
{
	const std::string prefix = name + ".";
	std::set<uint64_t> numbers;

	for (auto it = values_.lower_bound(prefix);
	     it != values_.end() && it->first.starts_with(prefix); ++it) {
		const std::string rest = it->first.substr(prefix.size());
		const auto number = to_number(rest.substr(0, rest.find('.')));
		/* Written otherwise it is no number of an item, and stays unknown. */
		if (number && *number >= 1 && *number <= most_items &&
		    rest.starts_with(std::to_string(*number)))
			numbers.insert(*number);
	}
	return {numbers.begin(), numbers.end()};
}

std::vector<std::string> Query::list(const std::string &name)
{
	std::vector<std::string> values;

	for (const uint64_t number : numbers(name))
		if (auto value = text(name + "." + std::to_string(number)))
			values.push_back(*value);
	return values;
}

std::vector<std::string> Query::structures(const std::string &name) const
{
	std::vector<std::string> prefixes;

	for (const uint64_t number : numbers(name))
		prefixes.push_back(name + "." + std::to_string(number) + ".");
	return prefixes;
}

void Query::end() const
{
	for (const auto &[name, value] : values_)
		if (!taken_.contains(name))
			throw ApiError("UnknownParameter",
				       "The parameter " + printable(name, 60) +
					       " is not recognized: OpenENA does not implement "
					       "it here.");
}

std::string Query::summary(const std::set<std::string> &without) const
{
	std::string all;

	for (const auto &[name, value] : values_)
		if (!without.contains(name))
			all += uri_encode(name) + "=" + uri_encode(value) + "&";
	return all;
}

} // namespace tool::ec2
