// SPDX-License-Identifier: GPL-2.0-or-later
#include "endpoint.hh"

#include "action.hh"
#include "digest.hh"
#include "error.hh"
#include "text.hh"
#include "xml.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr const char *version = "2016-11-15";
constexpr const char *content_type = "text/xml;charset=UTF-8";
constexpr const char *form = "application/x-www-form-urlencoded";

/* As a UUID. */
std::string request_id()
{
	std::string id = random_hex(16);

	for (const size_t dash : {8, 13, 18, 23})
		id.insert(dash, "-");
	return id;
}

HttpAnswer error(const std::string &code, const std::string &message, int status,
		 const std::string &id)
{
	return {status, content_type, xml_error(code, message, id)};
}

const Action &action_of(const std::string &name)
{
	for (const auto group :
	     {region_actions(), instance_type_actions(), image_actions(), instance_actions(),
	      interface_actions(), vpc_actions(), key_actions(), tag_actions()})
		for (const Action &action : group)
			if (name == action.name)
				return action;
	throw ApiError("InvalidAction", "The action " + printable(name, 60) +
						" is not valid for this web service: OpenENA "
						"does not implement it.");
}

/* Of a request that is signed. */
Query query_of(const HttpRequest &request)
{
	const std::string *type = request.header("content-type");

	if (request.method != "POST" || request.target != "/")
		throw ApiError("InvalidAction",
			       "This endpoint answers POST of a form to /, not " +
				       printable(request.method + " " + request.target, 60) + ".");
	if (!type || !type->starts_with(form))
		throw ApiError("MalformedQueryString",
			       std::string("The Content-Type must be ") + form + ".");
	return Query::parse(request.body);
}

} // namespace

void Context::begin(const Query &query) const
{
	query.end();
	if (dry_run)
		throw ApiError("DryRunOperation",
			       "Request would have succeeded, but DryRun flag is set.", 412);
}

void Context::change(const Query &query, const std::function<void(State &)> &edit)
{
	query.end();
	if (dry_run) {
		State copy = *store.now();
		edit(copy);
	}
	begin(query);
	store.change(edit);
}

HttpAnswer Endpoint::answer(const HttpRequest &request, time_t now) const
{
	std::string id;

	try {
		id = request_id();
		return carry_out(request, id, now);
	} catch (const ApiError &wrong) {
		return error(wrong.code(), wrong.what(), wrong.status(), id);
	} catch (const std::exception &trouble) {
		return error("InternalError", trouble.what(), 500, id);
	}
}

HttpAnswer Endpoint::carry_out(const HttpRequest &request, const std::string &id, time_t now) const
{
	Context context{store_, fleet_, authenticate(request, credentials_, now)};
	Query query = query_of(request);
	const std::string name = query.need("Action");
	const std::string asked = query.need("Version");

	if (asked != version)
		throw ApiError("InvalidParameterValue", "The version is " + printable(asked, 40) +
								", this endpoint has " + version +
								".");
	const Action &action = action_of(name);
	context.dry_run = query.boolean("DryRun").value_or(false);
	return {200, content_type, xml_answer(name, id, action.carry_out(context, query))};
}

HttpAnswer Endpoint::refusal(int status)
{
	if (status != 413)
		return error("InvalidRequest",
			     "This is no request of HTTP, or it is too long, or did not come in "
			     "time.",
			     status, request_id());
	return error("MalformedQueryString",
		     format("The request has more than %zu bytes, which is the most that this "
			    "endpoint takes.",
			    Query::max_body),
		     status, request_id());
}

} // namespace tool::ec2
