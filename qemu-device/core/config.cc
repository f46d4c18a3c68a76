// SPDX-License-Identifier: GPL-2.0-or-later
#include "features.hh"
#include "why.hh"

using namespace ena;

extern "C" void ena_config_default(ena_config *config)
{
	*config = {};
	config->queues = 8;
	config->tx_depth = 1024;
	config->rx_depth = 1024;
	config->vectors = 9;
	config->max_mtu = ENA_DEVICE_MAX_MTU;
	config->speed_mbps = 25000;
	config->features = implemented_features;
	config->tx_offloads = implemented_tx_offloads;
	config->rx_offloads = implemented_rx_offloads;
	config->keep_alive_ms = 1000;
	config->moderation_resolution_us = 1;
	config->readless = true;
	config->fault_seed = 1;
	config->llq = true;
	config->llq_meta_caching = true;
	config->llq_entry_sizes = implemented_llq_entry_sizes;
	config->llq_descs_before_header = implemented_llq_descs_before_header;
	config->llq_strides = implemented_llq_strides;
	config->llq_entry_recommended = 128;
	config->llq_wide_depth = 512;
	config->phc_rate = 125;
	config->phc_error_bound_ns = 1000;
	config->phc_expire_us = 5000;
	config->phc_block_us = 8000;
	config->flow_rules = ENA_DEVICE_MAX_FLOW_RULES;
}

namespace
{
bool check_depth(Why &why, const char *name, uint16_t depth, unsigned int max)
{
	if (Ring::valid_depth(depth) && depth >= ENA_DEVICE_MIN_RING_DEPTH && depth <= max)
		return true;
	return why.refuse("%s depth %u is not a power of two between %u and %u", name, depth,
			  ENA_DEVICE_MIN_RING_DEPTH, max);
}

bool check_queues(Why &why, const ena_config &c)
{
	if (c.queues < 1 || c.queues > ENA_DEVICE_MAX_QUEUES)
		return why.refuse("%u queue pairs, must be 1 to %u", c.queues,
				  ENA_DEVICE_MAX_QUEUES);
	if (c.vectors < 2 || c.vectors > ENA_DEVICE_MAX_VECTORS)
		return why.refuse("%u MSI-X vectors, must be 2 to %u", c.vectors,
				  ENA_DEVICE_MAX_VECTORS);
	return check_depth(why, "TX", c.tx_depth, ENA_DEVICE_MAX_TX_DEPTH) &&
	       check_depth(why, "RX", c.rx_depth, ENA_DEVICE_MAX_RX_DEPTH);
}

bool check_link(Why &why, const ena_config &c)
{
	if (c.mac[0] & 1)
		return why.refuse("MAC address %02x:%02x:%02x:%02x:%02x:%02x is a group address",
				  c.mac[0], c.mac[1], c.mac[2], c.mac[3], c.mac[4], c.mac[5]);
	if (c.max_mtu < ENA_DEVICE_MIN_MTU || c.max_mtu > ENA_DEVICE_MAX_MTU)
		return why.refuse("MTU %u, must be %u to %u", c.max_mtu, ENA_DEVICE_MIN_MTU,
				  ENA_DEVICE_MAX_MTU);
	if (!c.speed_mbps)
		return true;
	for (const LinkSpeed &speed : link_speeds)
		if (speed.mbps == c.speed_mbps)
			return true;
	return why.refuse("speed of %u Mb/s, must be 1000, 2500, 5000, 10000, 25000, 40000, "
			  "50000, 100000, 200000, 400000, or 0 to report none",
			  c.speed_mbps);
}

bool check_features(Why &why, const ena_config &c)
{
	constexpr uint32_t mandatory = ENA_BIT(ENA_FEATURE_OFFLOAD) |
				       ENA_BIT(ENA_FEATURE_AENQ_CONFIG);
	constexpr uint32_t max_fragment_pps = 100'000'000;
	constexpr uint32_t sizes = ENA_BIT(ENA_FEATURE_MAX_QUEUES_NUM) |
				   ENA_BIT(ENA_FEATURE_MAX_QUEUES_EXT);

	if (c.features & ~implemented_features)
		return why.refuse("features 0x%x, only 0x%x are implemented", c.features,
				  implemented_features);
	if ((c.features & mandatory) != mandatory)
		return why.refuse("features 0x%x, no driver starts without 0x%x", c.features,
				  mandatory);
	if (!(c.features & sizes))
		return why.refuse("features 0x%x, a driver needs one of 0x%x to size its queues",
				  c.features, sizes);
	if (c.fragment_pps > max_fragment_pps)
		return why.refuse("%u fragments a second, must be 1 to %u, or 0 for no limit",
				  c.fragment_pps, max_fragment_pps);
	if (c.flow_rules > ENA_DEVICE_MAX_FLOW_RULES)
		return why.refuse("%u flow rules, must be 0 to %u", c.flow_rules,
				  ENA_DEVICE_MAX_FLOW_RULES);
	if (c.tx_offloads & ~implemented_tx_offloads)
		return why.refuse("TX offloads 0x%x, only 0x%x are implemented", c.tx_offloads,
				  implemented_tx_offloads);
	if (c.rx_offloads & ~implemented_rx_offloads)
		return why.refuse("RX offloads 0x%x, only 0x%x are implemented", c.rx_offloads,
				  implemented_rx_offloads);
	return true;
}

bool check_times(Why &why, const ena_config &c)
{
	constexpr uint32_t min_keep_alive_ms = 10, max_keep_alive_ms = 3'600'000;
	constexpr uint32_t max_resolution_us = 1000;

	if (c.keep_alive_ms &&
	    (c.keep_alive_ms < min_keep_alive_ms || c.keep_alive_ms > max_keep_alive_ms))
		return why.refuse("keep-alive period of %u ms, must be %u to %u, or 0 for none",
				  c.keep_alive_ms, min_keep_alive_ms, max_keep_alive_ms);
	if (c.features & ENA_BIT(ENA_FEATURE_INTERRUPT_MODERATION) &&
	    (!c.moderation_resolution_us || c.moderation_resolution_us > max_resolution_us))
		return why.refuse("interrupt moderation resolution of %u us, must be 1 to %u",
				  c.moderation_resolution_us, max_resolution_us);
	if (c.ena_express_udp && !c.ena_express)
		return why.refuse("ena-express-udp=on needs ena-express=on");
	return true;
}

bool check_mask(Why &why, const char *name, uint32_t mask, uint32_t implemented)
{
	if (mask && !(mask & ~implemented))
		return true;
	return why.refuse("LLQ %s 0x%x, must be some of 0x%x", name, mask, implemented);
}

bool check_llq(Why &why, const ena_config &c)
{
	if (!ena_config_llq_size(&c))
		return true;
	if (!check_mask(why, "entry sizes", c.llq_entry_sizes, implemented_llq_entry_sizes) ||
	    !check_mask(why, "descriptors before the header", c.llq_descs_before_header,
			implemented_llq_descs_before_header) ||
	    !check_mask(why, "strides", c.llq_strides, implemented_llq_strides))
		return false;
	if (!llq_entry_sizes(c))
		return why.refuse("LLQ entries of only 256 bytes with TX depth %u, must be %u or "
				  "more: drivers halve it",
				  c.tx_depth, 2u * ENA_DEVICE_MIN_RING_DEPTH);
	if (c.llq_entry_recommended != 128 && c.llq_entry_recommended != 256)
		return why.refuse("LLQ entries of %u bytes recommended, must be 128 or 256",
				  c.llq_entry_recommended);
	if (c.llq_wide_depth &&
	    !check_depth(why, "wide LLQ", c.llq_wide_depth, ENA_DEVICE_MAX_TX_DEPTH))
		return false;
	if (c.llq_max_burst && c.llq_max_burst < llq_largest_packet(c))
		return why.refuse("LLQ burst of %u bytes, must be at least %u, the largest packet, "
				  "or 0 for no limit",
				  c.llq_max_burst, llq_largest_packet(c));
	return true;
}

bool check_phc(Why &why, const ena_config &c)
{
	constexpr uint32_t max_rate = 1'000'000;
	constexpr uint32_t max_timeout_us = 1'000'000;

	if (c.phc_rate > max_rate)
		return why.refuse("%u clock requests a second, must be at most %u, or 0 for no "
				  "limit",
				  c.phc_rate, max_rate);
	if (c.phc_expire_us > max_timeout_us || c.phc_block_us > max_timeout_us)
		return why.refuse("clock timeouts of %u and %u us, must be at most %u",
				  c.phc_expire_us, c.phc_block_us, max_timeout_us);
	if (c.phc_block_us && c.phc_expire_us > c.phc_block_us)
		return why.refuse("clock requests expire after %u us, must be at most the %u us "
				  "for which a failed one blocks others",
				  c.phc_expire_us, c.phc_block_us);
	return true;
}
} // namespace

extern "C" bool ena_config_check(const ena_config *config, char *why_text, size_t why_size)
{
	Why why(why_text, why_size);
	return check_queues(why, *config) && check_link(why, *config) &&
	       check_features(why, *config) && check_times(why, *config) &&
	       check_llq(why, *config) && check_phc(why, *config);
}
