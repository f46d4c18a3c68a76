// SPDX-License-Identifier: GPL-2.0-or-later
#include "sigv4.hh"

#include "digest.hh"
#include "error.hh"
#include "text.hh"
#include "uri.hh"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>

namespace tool::ec2
{

namespace
{

constexpr const char *algorithm = "AWS4-HMAC-SHA256";
constexpr time_t skew_s = 15 * 60;

[[noreturn]] void fail(const std::string &why)
{
	throw ApiError("AuthFailure",
		       "AWS was not able to validate the provided access credentials: " + why + ".",
		       401);
}

/* Spaces at the ends gone, several as one. */
std::string trimmed(const std::string &text)
{
	std::string result;

	for (const char c : text)
		if (c != ' ' || (!result.empty() && result.back() != ' '))
			result += c;
	while (result.ends_with(' '))
		result.pop_back();
	return result;
}

/* Sorted by their encoded names, then values. */
std::string canonical_query(const std::string &target)
{
	const size_t mark = target.find('?');
	std::vector<std::pair<std::string, std::string>> encoded;
	std::string result;

	if (mark == target.npos)
		return {};
	const auto pairs = uri_pairs(std::string_view(target).substr(mark + 1), false);
	if (!pairs)
		fail("a % in the query has to be followed by two hexadecimal digits");
	for (const auto &[name, value] : *pairs)
		encoded.emplace_back(uri_encode(name), uri_encode(value));
	std::sort(encoded.begin(), encoded.end());
	for (const auto &[name, value] : encoded)
		result += (result.empty() ? "" : "&") + name + "=" + value;
	return result;
}

std::string canonical_headers(const HttpRequest &request, const std::vector<std::string> &names)
{
	std::string result;

	for (const std::string &name : names) {
		std::string values;
		bool there = false;
		for (const auto &[key, value] : request.headers) {
			if (strcasecmp(key.c_str(), name.c_str()) != 0)
				continue;
			values += (there ? "," : "") + trimmed(value);
			there = true;
		}
		if (!there)
			fail("the header " + printable(name, 40) + " is signed and not there");
		result += name + ":" + values + "\n";
	}
	return result;
}

std::string joined(const std::vector<std::string> &words)
{
	std::string result;

	for (const std::string &word : words)
		result += (result.empty() ? "" : ";") + word;
	return result;
}

/* Seconds since 1970 of 20150830T123600Z. */
std::optional<time_t> time_of(const std::string &date)
{
	struct tm fields = {};
	const char *end = strptime(date.c_str(), "%Y%m%dT%H%M%SZ", &fields);

	if (date.size() != 16 || !end || *end)
		return {};
	return timegm(&fields);
}

} // namespace

Authorization Authorization::parse(const std::string &header)
{
	Authorization says;
	std::map<std::string, std::string> parts;

	if (!header.starts_with(std::string(algorithm) + " "))
		fail(std::string("the header Authorization must begin with ") + algorithm);
	for (const std::string &part : split(header.substr(header.find(' ') + 1), ',')) {
		const std::string pair = trimmed(part);
		const size_t equals = pair.find('=');
		parts[pair.substr(0, equals)] = equals == pair.npos ? "" : pair.substr(equals + 1);
	}
	const std::vector<std::string> scope = split(parts["Credential"], '/');
	if (scope.size() != 5 || scope[4] != "aws4_request")
		fail("Credential must be ID/DATE/REGION/ec2/aws4_request");
	says.id = scope[0];
	says.date = scope[1];
	says.region = scope[2];
	says.service = scope[3];
	says.signed_headers = split(parts["SignedHeaders"], ';');
	says.signature = parts["Signature"];
	return says;
}

std::string signature_of(const HttpRequest &request, const Authorization &says,
			 const std::string &secret)
{
	const std::string *date = request.header("x-amz-date");
	const std::string path = request.target.substr(0, request.target.find('?'));
	const std::string canonical =
		request.method + "\n" + path + "\n" + canonical_query(request.target) + "\n" +
		canonical_headers(request, says.signed_headers) + "\n" +
		joined(says.signed_headers) + "\n" + hex(sha256(request.body));
	const std::string scope =
		says.date + "/" + says.region + "/" + says.service + "/aws4_request";
	const std::string to_sign = std::string(algorithm) + "\n" + (date ? *date : "") + "\n" +
				    scope + "\n" + hex(sha256(canonical));
	std::string key = "AWS4" + secret;

	for (const std::string &part :
	     {says.date, says.region, says.service, std::string("aws4_request")})
		key = hmac_sha256(key, part);
	return hex(hmac_sha256(key, to_sign));
}

std::string authenticate(const HttpRequest &request, const std::vector<Credential> &credentials,
			 time_t now)
{
	const std::string *header = request.header("authorization");
	const std::string *date = request.header("x-amz-date");

	if (!header)
		fail("the request is not signed");
	const Authorization says = Authorization::parse(*header);
	for (const char *name : {"host", "x-amz-date"})
		if (std::find(says.signed_headers.begin(), says.signed_headers.end(), name) ==
		    says.signed_headers.end())
			fail(std::string("the header ") + name + " has to be signed");
	const auto when = date ? time_of(*date) : std::nullopt;
	if (!when)
		fail("the header x-amz-date must be like 20150830T123600Z");
	if (says.date != date->substr(0, 8))
		fail("the days of Credential and x-amz-date differ");
	if (says.service != "ec2")
		fail("the service is " + printable(says.service, 40) + ", not ec2");
	const auto credential =
		std::find_if(credentials.begin(), credentials.end(),
			     [&](const Credential &known) { return known.id == says.id; });
	if (credential == credentials.end())
		fail("the access key " + printable(says.id, 40) +
		     " is not in the file of credentials of this endpoint");
	if (!same_secret(signature_of(request, says, credential->secret), says.signature))
		fail("the signature is not the one that the secret of " + says.id + " makes");
	if (std::llabs(static_cast<long long>(now - *when)) > skew_s)
		throw ApiError("RequestExpired",
			       format("The request was signed at %s, which is more than %lld "
				      "minutes from this machine's time.",
				      printable(*date, 20).c_str(),
				      static_cast<long long>(skew_s / 60)));
	return says.region;
}

} // namespace tool::ec2
