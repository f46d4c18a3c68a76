/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an instance is told at 169.254.169.254: the instance metadata service, version 2. */
#ifndef TOOL_EC2_METADATA_HH
#define TOOL_EC2_METADATA_HH

#include "http/http.hh"
#include "state.hh"

namespace tool::ec2
{

/* For one instance. Anything that its guest sends is answered. */
class Metadata {
    public:
	/* @key makes the session tokens, for as long as the endpoint has its state. */
	Metadata(State state, std::string id, std::string key)
	    : state_(std::move(state)), id_(std::move(id)), key_(std::move(key))
	{
	}
	[[nodiscard]] HttpAnswer answer(const HttpRequest &request, time_t now) const;

    private:
	[[nodiscard]] HttpAnswer new_token(const HttpRequest &request, time_t now) const;
	[[nodiscard]] std::string signature(const std::string &expiry) const;
	[[nodiscard]] bool is_valid(const std::string &token, time_t now) const;
	/* All there is, as a tree. */
	[[nodiscard]] Json tree() const;

	State state_;
	std::string id_, key_;
};

} // namespace tool::ec2

#endif
