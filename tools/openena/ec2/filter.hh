/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filters of the Describe actions, and their answers in pages. */
#ifndef TOOL_EC2_FILTER_HH
#define TOOL_EC2_FILTER_HH

#include "json.hh"
#include "query.hh"

#include <span>

namespace tool::ec2
{

/* '*' stands for any text, '?' for a character, and neither behind a backslash. */
[[nodiscard]] bool matches_pattern(std::string_view text, std::string_view pattern);

/* A filter's name, and the member of an item that it is about: "a.b", through lists, too. */
struct FilterField {
	const char *name, *path;
};

/* Filter.N of a query: an item has to match all of them, and one of the values of each. */
class Filters {
    public:
	/* With "tag:KEY" and "tag-key" if an item has a "tagSet". */
	Filters(Query &query, std::span<const FilterField> fields);
	[[nodiscard]] bool match(const Json &item) const;

    private:
	struct Filter {
		std::string path, tag; /* one of them */
		std::vector<std::string> patterns;
	};
	std::vector<Filter> filters_;
};

/* MaxResults and NextToken of a query: a part of the items, which are in an order that stays. */
class Page {
    public:
	Page(Query &query, uint64_t least, uint64_t most);
	[[nodiscard]] bool wanted() const
	{
		return size_.has_value();
	}
	/*
	 * An item of the list, named by @key, which grows from one to the next. False: the page
	 * does not have it.
	 */
	[[nodiscard]] bool take(const std::string &key);
	/* Null behind the last page. */
	[[nodiscard]] Json next_token() const;

    private:
	std::optional<uint64_t> size_;
	std::string after_, last_; /* keys */
	uint64_t taken_ = 0;
	bool more_ = false;
};

} // namespace tool::ec2

#endif
