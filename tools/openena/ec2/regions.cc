// SPDX-License-Identifier: GPL-2.0-or-later
/* Regions and their zones: the region is the one that the request was signed for. */
#include "action.hh"
#include "error.hh"
#include "filter.hh"
#include "text.hh"

#include <algorithm>

namespace tool::ec2
{

namespace
{

constexpr FilterField region_filters[] = {{"region-name", "regionName"},
					  {"endpoint", "regionEndpoint"},
					  {"opt-in-status", "optInStatus"}};
constexpr FilterField zone_filters[] = {{"zone-name", "zoneName"},
					{"region-name", "regionName"},
					{"state", "zoneState"}};

Json describe_regions(Context &context, Query &query)
{
	const std::vector<std::string> names = query.list("RegionName");
	const Filters filters(query, region_filters);
	Json region, result, list{Json::Array{}};

	(void)query.boolean("AllRegions");
	context.begin(query);
	for (const std::string &name : names)
		if (name != context.region)
			throw ApiError("InvalidParameterValue",
				       "Invalid region '" + printable(name, 40) +
					       "': the request was signed for " + context.region);
	region.set("regionName", context.region);
	region.set("regionEndpoint", "localhost");
	region.set("optInStatus", "opt-in-not-required");
	if (filters.match(region))
		list.add(region);
	result.set("regionInfo", list);
	return result;
}

Json describe_zones(Context &context, Query &query)
{
	const Filters filters(query, zone_filters);
	Json zone, result, list{Json::Array{}};

	context.begin(query);
	zone.set("zoneName", context.region + "a");
	zone.set("zoneState", "available");
	zone.set("regionName", context.region);
	if (filters.match(zone))
		list.add(zone);
	result.set("availabilityZoneInfo", list);
	return result;
}

} // namespace

std::span<const Action> region_actions()
{
	static constexpr Action actions[] = {{"DescribeRegions", describe_regions},
					     {"DescribeAvailabilityZones", describe_zones}};

	return actions;
}

} // namespace tool::ec2
