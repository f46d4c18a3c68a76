/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures of requests: AWS Signature Version 4, in the header Authorization. */
#ifndef TOOL_EC2_SIGV4_HH
#define TOOL_EC2_SIGV4_HH

#include "http/http.hh"

#include <ctime>
#include <string>
#include <vector>

namespace tool::ec2
{

struct Credential {
	std::string id, secret;
};

/* What the header says. */
struct Authorization {
	std::string id; /* of the credential */
	std::string date, region, service; /* the scope */
	std::vector<std::string> signed_headers;
	std::string signature;

	/* ApiError if it is malformed. */
	[[nodiscard]] static Authorization parse(const std::string &header);
};

/* The signature that @request should have; its header x-amz-date must be there. */
[[nodiscard]] std::string signature_of(const HttpRequest &request, const Authorization &says,
				       const std::string &secret);

/*
 * Whoever has sent @request has one of @credentials, and has signed it within 15 minutes
 * of @now: returns its region. ApiError otherwise.
 */
std::string authenticate(const HttpRequest &request, const std::vector<Credential> &credentials,
			 time_t now);

} // namespace tool::ec2

#endif
