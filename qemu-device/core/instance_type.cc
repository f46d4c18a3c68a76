// SPDX-License-Identifier: GPL-2.0-or-later
/* EC2's instance types by name, and what they mean for an adapter. */
#include "ena_instance.h"

#include "features.hh"
#include "why.hh"
#include "words.hh"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

using namespace ena;

namespace
{

constexpr ena_instance_type types[] = {
#include "instance_types.inc"
};

/* The nearest types that have ENA, the nearest first. */
std::array<const ena_instance_type *, 3> nearest(const char *name)
{
	std::array<const ena_instance_type *, 3> best{};
	std::array<size_t, 3> best_distance;

	best_distance.fill(SIZE_MAX);
	for (const ena_instance_type &type : types) {
		if (type.adapter != ENA_INSTANCE_ENA)
			continue;
		const ena_instance_type *candidate = &type;
		size_t d = word_distance(name, type.name);
		for (size_t i = 0; i < best.size(); i++) {
			if (d >= best_distance[i])
				continue;
			std::swap(d, best_distance[i]);
			std::swap(candidate, best[i]);
		}
	}
	return best;
}

} // namespace

extern "C" const ena_instance_type *ena_instance_type_at(size_t index)
{
	return index < std::size(types) ? &types[index] : nullptr;
}

extern "C" const ena_instance_type *ena_instance_type_find(const char *name, char *why_text,
							   size_t why_size)
{
	Why why(why_text, why_size);
	const auto *type = std::find_if(std::begin(types), std::end(types),
					[&](const auto &t) { return strcmp(t.name, name) == 0; });

	if (type == std::end(types)) {
		const auto best = nearest(name);
		(void)why.refuse("instance-type=%.40s is not known; the nearest are %s, %s and %s",
				 name, best[0]->name, best[1]->name, best[2]->name);
		return nullptr;
	}
	if (type->adapter == ENA_INSTANCE_ENA)
		return type;
	(void)why.refuse("instance-type=%s has no ENA: %s", type->name,
			 type->adapter == ENA_INSTANCE_82599
				 ? "its enhanced networking is the Intel 82599 VF"
				 : "it has no enhanced networking");
	return nullptr;
}

extern "C" uint16_t ena_instance_type_most_queues(const ena_instance_type *type)
{
	return std::min<uint16_t>(type->max_queues ? type->max_queues : 8, ENA_DEVICE_MAX_QUEUES);
}

extern "C" void ena_config_set_instance_type(ena_config *config, const ena_instance_type *type)
{
	if (type->queues)
		config->queues = std::min<uint16_t>(type->queues, ENA_DEVICE_MAX_QUEUES);
	config->max_mtu = ENA_INSTANCE_MTU;
	/* The slowest link that carries the peak. */
	for (const LinkSpeed &speed : link_speeds) {
		config->speed_mbps = speed.mbps;
		if (speed.mbps >= type->peak_mbps)
			break;
	}
}

extern "C" bool ena_config_check_instance_type(const ena_config *config,
					       const ena_instance_type *type, char *why_text,
					       size_t why_size)
{
	Why why(why_text, why_size);

	if (config->queues > ena_instance_type_most_queues(type))
		return why.refuse("queues=%u, an adapter of %s has at most %u", config->queues,
				  type->name, ena_instance_type_most_queues(type));
	if (config->max_mtu > ENA_INSTANCE_MTU)
		return why.refuse("max-mtu=%u, an adapter of %s has at most %u", config->max_mtu,
				  type->name, ENA_INSTANCE_MTU);
	if (config->ena_express && !type->ena_express)
		return why.refuse("ena-express=on, %s has no ENA Express", type->name);
	return true;
}
