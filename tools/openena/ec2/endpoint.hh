/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The endpoint of the EC2 Query API: who asks, what for, and the answer. */
#ifndef TOOL_EC2_ENDPOINT_HH
#define TOOL_EC2_ENDPOINT_HH

#include "http/http.hh"
#include "fleet.hh"
#include "sigv4.hh"

namespace tool::ec2
{

class Endpoint {
    public:
	Endpoint(Store &store, Fleet &fleet, std::vector<Credential> credentials)
	    : store_(store), fleet_(fleet), credentials_(std::move(credentials))
	{
	}
	/* By several threads at a time. */
	[[nodiscard]] HttpAnswer answer(const HttpRequest &request, time_t now) const;
	/* To what is no request: 413: a body of more than Query::max_body bytes. */
	[[nodiscard]] static HttpAnswer refusal(int status);

    private:
	[[nodiscard]] HttpAnswer carry_out(const HttpRequest &request, const std::string &id,
					   time_t now) const;

	Store &store_;
	Fleet &fleet_;
	std::vector<Credential> credentials_;
};

} // namespace tool::ec2

#endif
