/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameters of an action of the EC2 Query API. */
#ifndef TOOL_EC2_QUERY_HH
#define TOOL_EC2_QUERY_HH

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tool::ec2
{

/*
 * A structure is written Name.Member=, a list Name.1=, Name.2=, and these in each other.
 * What is wrong with a value is an ApiError that names it.
 */
class Query {
    public:
	static constexpr size_t max_body = 256 << 10; /* user data of 16 KiB, encoded twice */
	static constexpr size_t max_parameters = 2000;

	/* Of a form. */
	[[nodiscard]] static Query parse(std::string_view body);

	[[nodiscard]] std::optional<std::string> text(const std::string &name);
	[[nodiscard]] std::string text_or(const std::string &name, const char *otherwise);
	[[nodiscard]] std::string need(const std::string &name);
	[[nodiscard]] std::optional<uint64_t> number(const std::string &name, uint64_t least,
						     uint64_t most);
	[[nodiscard]] std::optional<bool> boolean(const std::string &name);
	/* The values of a list, by their numbers. */
	[[nodiscard]] std::vector<std::string> list(const std::string &name);
	/* The prefixes of a list's structures, such as "Filter.1.". */
	[[nodiscard]] std::vector<std::string> structures(const std::string &name) const;

	/* The action has asked for all that it takes. Trouble for it if there is more. */
	void end() const;
	/* Of all parameters, for telling two queries apart; without those of these names. */
	[[nodiscard]] std::string summary(const std::set<std::string> &without) const;

    private:
	/* The numbers behind "Name.". */
	[[nodiscard]] std::vector<uint64_t> numbers(const std::string &name) const;

	std::map<std::string, std::string> values_;
	std::set<std::string> taken_;
};

} // namespace tool::ec2

#endif
