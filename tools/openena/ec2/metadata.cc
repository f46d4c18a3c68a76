// SPDX-License-Identifier: GPL-2.0-or-later
#include "metadata.hh"

#include "base64.hh"
#include "catalog.hh"
#include "digest.hh"
#include "resource.hh"
#include "text.hh"
#include "uri.hh"
#include "xml.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr uint64_t longest_ttl_s = 6 * 3600;
constexpr const char *ttl_header = "x-aws-ec2-metadata-token-ttl-seconds";
constexpr const char *token_header = "x-aws-ec2-metadata-token";
constexpr const char *plain = "text/plain";

HttpAnswer refusal(int status, const char *why)
{
	return {status, plain, std::string(why) + "\n"};
}

std::string host_name(const Interface &interface)
{
	std::string name = "ip-" + interface.address;

	std::replace(name.begin(), name.end(), '.', '-');
	return name + ".ec2.internal";
}

Json interface_tree(const Interface &interface)
{
	Json tree;

	tree.set("device-number", std::to_string(interface.device_index));
	tree.set("interface-id", interface.id);
	tree.set("local-hostname", host_name(interface));
	tree.set("local-ipv4s", interface.address);
	tree.set("mac", interface.mac);
	tree.set("owner-id", owner);
	tree.set("subnet-id", interface.subnet);
	tree.set("subnet-ipv4-cidr-block", subnet_of(interface.subnet).prefix + "0/24");
	tree.set("vpc-id", vpc);
	tree.set("vpc-ipv4-cidr-block", "172.31.0.0/16");
	return tree;
}

/* A tree of which @path is the only branch. */
Json branch(std::initializer_list<const char *> path, Json leaf)
{
	for (auto name = std::rbegin(path); name != std::rend(path); ++name) {
		Json tree;
		tree.set(*name, std::move(leaf));
		leaf = std::move(tree);
	}
	return leaf;
}

/* A directory's names, those of directories with a slash; "0=web" is a key, whose directory is "0". */
std::string listing(const Json &tree)
{
	std::string text;

	for (const auto &[name, member] : *tree.object())
		text += (text.empty() ? "" : "\n") + name +
			(member.object() && !name.starts_with("0=") ? "/" : "");
	return text;
}

/* None: not there. */
const Json *find(const Json &tree, const std::string &path)
{
	const Json *at = &tree;

	for (const std::string &part : split(path, '/')) {
		if (!at || part.empty())
			continue;
		const bool key = part == "0" && at->object() && at->object()->size() == 1 &&
				 at->object()->front().first.starts_with("0=");
		at = key ? &at->object()->front().second : at->find(part);
	}
	return at;
}

/* "latest", or the date of a version. */
bool is_version(const std::string &name)
{
	return name == "latest" ||
	       (name.size() == 10 && name.find_first_not_of("0123456789-") == name.npos);
}

} // namespace

std::string Metadata::signature(const std::string &expiry) const
{
	return hex(hmac_sha256(key_, id_ + " " + expiry));
}

bool Metadata::is_valid(const std::string &token, time_t now) const
{
	const size_t dash = token.find('-');
	const std::string expiry = token.substr(0, dash);
	const auto when = to_number(expiry);

	return dash != token.npos && when && static_cast<uint64_t>(now) < *when &&
	       same_secret(token.substr(dash + 1), signature(expiry));
}

HttpAnswer Metadata::new_token(const HttpRequest &request, time_t now) const
{
	const std::string *ttl = request.header(ttl_header);
	const uint64_t seconds = ttl ? to_number(*ttl).value_or(0) : 0;

	/* It went through somebody who is not the guest. */
	if (request.header("x-forwarded-for"))
		return refusal(403, "No token for a proxy.");
	if (seconds < 1 || seconds > longest_ttl_s)
		return refusal(400, "X-aws-ec2-metadata-token-ttl-seconds must be 1 to 21600.");
	const std::string expiry = std::to_string(static_cast<uint64_t>(now) + seconds);
	return {200, plain, expiry + "-" + signature(expiry), {{ttl_header, *ttl}}};
}

Json Metadata::tree() const
{
	const Instance &instance = state_.instances.at(id_);
	const auto interfaces = state_.interfaces_of(id_);
	const auto tags = state_.tags.find(id_);
	Json tree, meta, macs{Json::Object{}}, document, labels{Json::Object{}};

	for (const Interface &interface : interfaces)
		macs.set(interface.mac, interface_tree(interface));
	meta.set("ami-id", instance.image);
	meta.set("ami-launch-index", std::to_string(instance.index));
	if (!interfaces.empty()) {
		meta.set("hostname", host_name(interfaces[0]));
		meta.set("local-hostname", host_name(interfaces[0]));
		meta.set("local-ipv4", interfaces[0].address);
		meta.set("mac", interfaces[0].mac);
		document.set("privateIp", interfaces[0].address);
	}
	meta.set("instance-action", "none");
	meta.set("instance-id", id_);
	meta.set("instance-life-cycle", "on-demand");
	meta.set("instance-type", instance.type);
	meta.set("network", branch({"interfaces", "macs"}, macs));
	meta.set("placement", branch({"availability-zone"}, zone_of(instance.region)));
	if (!instance.key.empty())
		meta.set("public-keys", branch({("0=" + instance.key).c_str(), "openssh-key"},
					       instance.public_key));
	meta.set("reservation-id", instance.reservation);
	meta.set("services", branch({"domain"}, "amazonaws.com"));
	if (tags != state_.tags.end()) {
		for (const auto &[key, value] : tags->second)
			labels.set(key, value);
		meta.set("tags", branch({"instance"}, labels));
	}
	document.set("accountId", owner);
	document.set("architecture", "x86_64");
	document.set("availabilityZone", zone_of(instance.region));
	document.set("imageId", instance.image);
	document.set("instanceId", id_);
	document.set("instanceType", instance.type);
	document.set("region", instance.region);
	document.set("version", "2017-09-30");
	tree.set("dynamic", branch({"instance-identity", "document"}, document.dump()));
	tree.set("meta-data", meta);
	if (!instance.user_data.empty())
		tree.set("user-data", base64_decode(instance.user_data).value_or(""));
	return tree;
}

HttpAnswer Metadata::answer(const HttpRequest &request, time_t now) const
{
	const std::string target = request.target.substr(0, request.target.find('?'));
	const auto path = uri_decode(target, false);
	const std::string *token = request.header(token_header);

	if (!path || !path->starts_with('/'))
		return refusal(400, "No such path.");
	const size_t slash = std::min(path->find('/', 1), path->size());
	const std::string version = path->substr(1, slash - 1), rest = path->substr(slash);
	if (request.method == "PUT" && *path == "/latest/api/token")
		return new_token(request, now);
	if (request.method != "GET" && request.method != "HEAD")
		return refusal(405, "There is GET, and PUT of /latest/api/token.");
	if (!token || !is_valid(*token, now))
		return refusal(401, "A token is needed: PUT /latest/api/token gives one.");
	if (version.empty())
		return {200, plain, "latest"};
	if (!is_version(version) || !state_.instances.contains(id_))
		return refusal(404, "Not found.");
	const Json all = tree();
	const Json *found = find(all, rest);
	if (!found)
		return refusal(404, "Not found.");
	return {200, plain, found->object() ? listing(*found) : scalar_text(*found)};
}

} // namespace tool::ec2
