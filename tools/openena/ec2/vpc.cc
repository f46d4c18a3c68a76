// SPDX-License-Identifier: GPL-2.0-or-later
/* The one VPC, and its subnets, which are networks of openena run. */
#include "catalog.hh"
#include "error.hh"
#include "filter.hh"
#include "resource.hh"
#include "text.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr const char *addresses = "172.31.0.0/16";

constexpr FilterField vpc_filters[] = {{"vpc-id", "vpcId"},         {"cidr", "cidrBlock"},
				       {"state", "state"},          {"owner-id", "ownerId"},
				       {"is-default", "isDefault"}, {"isDefault", "isDefault"}};
constexpr FilterField subnet_filters[] = {{"subnet-id", "subnetId"},
					  {"vpc-id", "vpcId"},
					  {"cidr-block", "cidrBlock"},
					  {"cidr", "cidrBlock"},
					  {"state", "state"},
					  {"owner-id", "ownerId"},
					  {"availability-zone", "availabilityZone"},
					  {"default-for-az", "defaultForAz"},
					  {"defaultForAz", "defaultForAz"}};

Json describe_vpcs(Context &context, Query &query)
{
	const auto ids = query.list("VpcId");
	const Filters filters(query, vpc_filters);
	const Page page(query, 5, 1000);
	Json json, result, list{Json::Array{}};

	for (const std::string &id : ids)
		if (id != vpc)
			throw ApiError("InvalidVpcID.NotFound",
				       "The vpc ID '" + printable(id, 60) +
					       "' does not exist: there is " + vpc);
	context.begin(query);
	json.set("vpcId", vpc);
	json.set("ownerId", owner);
	json.set("state", "available");
	json.set("cidrBlock", addresses);
	json.set("isDefault", true);
	json.set("instanceTenancy", "default");
	if (filters.match(json))
		list.add(json);
	result.set("vpcSet", list);
	return result;
}

Json subnet_json(const Context &context, const State &state, const Subnet &subnet)
{
	const auto used =
		std::count_if(state.interfaces.begin(), state.interfaces.end(),
			      [&](const auto &each) { return each.second.subnet == subnet.id; });
	Json json;

	json.set("subnetId", subnet.id);
	json.set("vpcId", vpc);
	json.set("ownerId", owner);
	json.set("state", "available");
	json.set("cidrBlock", subnet.prefix + "0/24");
	json.set("availableIpAddressCount",
		 last_host - first_host + 1 - static_cast<uint64_t>(used));
	json.set("availabilityZone", zone_of(context.region));
	json.set("defaultForAz", !subnet.number);
	json.set("mapPublicIpOnLaunch", false);
	return json;
}

Json describe_subnets(Context &context, Query &query)
{
	const auto ids = query.list("SubnetId");
	const Filters filters(query, subnet_filters);
	Page page(query, 5, 1000);
	Json result, list{Json::Array{}};
	const auto state = context.store.now();

	for (const std::string &id : ids)
		(void)subnet_of(id);
	context.begin(query);
	for (const Subnet &subnet : subnets()) {
		if (!ids.empty() && std::find(ids.begin(), ids.end(), subnet.id) == ids.end())
			continue;
		const Json json = subnet_json(context, *state, subnet);
		if (filters.match(json) && page.take(subnet.id))
			list.add(json);
	}
	result.set("subnetSet", list);
	result.set("nextToken", page.next_token());
	return result;
}

} // namespace

std::span<const Action> vpc_actions()
{
	static constexpr Action actions[] = {{"DescribeVpcs", describe_vpcs},
					     {"DescribeSubnets", describe_subnets}};

	return actions;
}

} // namespace tool::ec2
