// SPDX-License-Identifier: GPL-2.0-or-later
/* DescribeInstanceTypes: from the adapter's own table, and what else is known of a type. */
#include "action.hh"
#include "catalog.hh"
#include "error.hh"
#include "filter.hh"
#include "text.hh"

#include "ena_instance.h"

#include <set>

namespace tool::ec2
{

namespace
{

constexpr FilterField instance_type_filters[] = {
	{"instance-type", "instanceType"},
	{"current-generation", "currentGeneration"},
	{"bare-metal", "bareMetal"},
	{"memory-info.size-in-mib", "memoryInfo.sizeInMiB"},
	{"vcpu-info.default-vcpus", "vCpuInfo.defaultVCpus"},
	{"vcpu-info.default-cores", "vCpuInfo.defaultCores"},
	{"processor-info.supported-architecture", "processorInfo.supportedArchitectures"},
	{"network-info.ena-support", "networkInfo.enaSupport"},
	{"network-info.efa-supported", "networkInfo.efaSupported"},
	{"network-info.efa-info.maximum-efa-interfaces",
	 "networkInfo.efaInfo.maximumEfaInterfaces"},
	{"network-info.maximum-network-cards", "networkInfo.maximumNetworkCards"},
	{"network-info.maximum-network-interfaces", "networkInfo.maximumNetworkInterfaces"},
	{"network-info.network-performance", "networkInfo.networkPerformance"},
	{"network-info.ipv4-addresses-per-interface", "networkInfo.ipv4AddressesPerInterface"},
};

Json list_of(const char *only)
{
	return Json::Array{only};
}

Json gbps(uint32_t mbps)
{
	return mbps ? Json(mbps / 1000.0) : Json();
}

Json or_unknown(uint32_t number)
{
	return number ? Json(number) : Json();
}

Json first_card(const ena_instance_type &type, const InstanceSize *size)
{
	Json card;

	card.set("networkCardIndex", 0);
	if (size)
		card.set("networkPerformance", size->performance);
	/* Of a type with several cards it is not known how many are on the first. */
	if (size && size->cards == 1)
		card.set("maximumNetworkInterfaces", size->interfaces);
	card.set("baselineBandwidthInGbps", gbps(type.baseline_mbps));
	card.set("peakBandwidthInGbps", gbps(type.peak_mbps));
	if (type.adapter == ENA_INSTANCE_ENA) {
		card.set("defaultEnaQueueCountPerInterface", or_unknown(type.queues));
		card.set("maximumEnaQueueCountPerInterface", or_unknown(type.max_queues));
	}
	return card;
}

Json network_of(const ena_instance_type &type, const InstanceSize *size)
{
	const bool ena = type.adapter == ENA_INSTANCE_ENA;
	Json network;

	if (size) {
		network.set("networkPerformance", size->performance);
		network.set("maximumNetworkInterfaces", size->interfaces);
		network.set("maximumNetworkCards", size->cards);
		network.set("ipv4AddressesPerInterface", size->addresses);
		network.set("efaSupported", size->efa_interfaces > 0);
	}
	network.set("defaultNetworkCardIndex", 0);
	network.set("networkCards", Json::Array{first_card(type, size)});
	network.set("enaSupport", size ? size->ena : ena ? "supported" : "unsupported");
	network.set("enaSrdSupported", type.ena_express);
	if (size && size->efa_interfaces) {
		Json efa;
		efa.set("maximumEfaInterfaces", size->efa_interfaces);
		network.set("efaInfo", efa);
	}
	return network;
}

Json type_json(const ena_instance_type &type)
{
	const InstanceSize *size = size_of(type.name);
	Json json, processor, cpus, memory;

	json.set("instanceType", type.name);
	json.set("supportedUsageClasses", list_of("on-demand"));
	json.set("supportedVirtualizationTypes", list_of("hvm"));
	if (size) {
		json.set("currentGeneration", size->current);
		json.set("bareMetal", size->bare_metal);
		processor.set("supportedArchitectures", list_of(size->architecture));
		json.set("processorInfo", processor);
		cpus.set("defaultVCpus", size->vcpus);
		cpus.set("defaultCores", size->cores);
		cpus.set("defaultThreadsPerCore", size->vcpus / size->cores);
		json.set("vCpuInfo", cpus);
		memory.set("sizeInMiB", size->memory_mib);
		json.set("memoryInfo", memory);
	}
	json.set("networkInfo", network_of(type, size));
	return json;
}

Json describe_instance_types(Context &context, Query &query)
{
	const std::vector<std::string> names = query.list("InstanceType");
	std::set<std::string> wanted(names.begin(), names.end());
	const Filters filters(query, instance_type_filters);
	Page page(query, 5, 100);
	Json result, list{Json::Array{}};
	const bool all = wanted.empty();

	if (!all && page.wanted())
		throw ApiError("InvalidParameterCombination",
			       "The parameter instanceTypes cannot be used with the parameter "
			       "maxResults");
	context.begin(query);
	for (size_t i = 0; const auto *type = ena_instance_type_at(i); i++) {
		if (!all && !wanted.erase(type->name))
			continue;
		const Json json = type_json(*type);
		if (filters.match(json) && page.take(type->name))
			list.add(json);
	}
	if (!wanted.empty())
		throw ApiError("InvalidInstanceType",
			       "The following supplied instance types do not exist: [" +
				       printable(*wanted.begin(), 60) + "]");
	result.set("instanceTypeSet", list);
	result.set("nextToken", page.next_token());
	return result;
}

} // namespace

std::span<const Action> instance_type_actions()
{
	static constexpr Action actions[] = {{"DescribeInstanceTypes", describe_instance_types}};

	return actions;
}

} // namespace tool::ec2
