// SPDX-License-Identifier: GPL-2.0-or-later
#include "ethtool.hh"

#include "ethtool_ioctl.hh"
#include "netlink.hh"
#include "text.hh"
#include "trouble.hh"

#include <algorithm>
#include <cstring>
#include <net/if.h>

namespace tool
{

namespace
{

/* What the kernel may claim to have; more is not believed. */
constexpr uint32_t most_strings = 1 << 14;

std::vector<std::string> read_strings(Ioctl &ask, uint32_t set)
{
	std::vector<std::string> names;
	WithArray<ethtool_sset_info, uint32_t> info(1);

	info.header()->cmd = ETHTOOL_GSSET_INFO;
	info.header()->sset_mask = 1ull << set;
	if (!ask(info.header()) || !info.header()->sset_mask)
		return names;
	const uint32_t count = std::min(info.items()[0], most_strings);
	using Name = char[ETH_GSTRING_LEN];
	WithArray<ethtool_gstrings, Name> strings(count);
	strings.header()->cmd = ETHTOOL_GSTRINGS;
	strings.header()->string_set = set;
	strings.header()->len = count;
	if (!ask(strings.header()))
		return names;
	for (uint32_t i = 0; i < count; i++)
		names.emplace_back(strings.items()[i],
				   strnlen(strings.items()[i], ETH_GSTRING_LEN));
	return names;
}

void read_driver(Ioctl &ask, LinkFacts &facts)
{
	ethtool_drvinfo info{};

	info.cmd = ETHTOOL_GDRVINFO;
	if (!ask(&info))
		return;
	facts.driver.assign(info.driver, strnlen(info.driver, sizeof(info.driver)));
	facts.version.assign(info.version, strnlen(info.version, sizeof(info.version)));
	facts.bus.assign(info.bus_info, strnlen(info.bus_info, sizeof(info.bus_info)));
}

void read_sizes(Ioctl &ask, LinkFacts &facts)
{
	ethtool_ringparam rings{};
	ethtool_channels channels{};

	rings.cmd = ETHTOOL_GRINGPARAM;
	if (ask(&rings)) {
		facts.rx_ring = Setting{rings.rx_pending, rings.rx_max_pending};
		facts.tx_ring = Setting{rings.tx_pending, rings.tx_max_pending};
	}
	channels.cmd = ETHTOOL_GCHANNELS;
	if (ask(&channels))
		facts.queues = Setting{channels.combined_count, channels.max_combined};
}

void read_features(Ioctl &ask, LinkFacts &facts)
{
	const std::vector<std::string> names = read_strings(ask, ETH_SS_FEATURES);
	WithArray<ethtool_gfeatures, ethtool_get_features_block> blocks((names.size() + 31) / 32);

	blocks.header()->cmd = ETHTOOL_GFEATURES;
	blocks.header()->size = static_cast<uint32_t>(blocks.count());
	if (names.empty() || !ask(blocks.header()))
		return;
	for (size_t i = 0; i < names.size(); i++) {
		const ethtool_get_features_block &block = blocks.items()[i / 32];
		const uint32_t bit = 1u << i % 32;
		facts.features.push_back(
			{names[i],
			 ((block.available & ~block.never_changed) & bit) || (block.active & bit),
			 (block.active & bit) != 0});
	}
}

std::vector<std::pair<std::string, uint64_t>> read_counters(Ioctl &ask)
{
	const std::vector<std::string> names = read_strings(ask, ETH_SS_STATS);
	WithArray<ethtool_stats, uint64_t> stats(names.size());
	std::vector<std::pair<std::string, uint64_t>> counters;

	stats.header()->cmd = ETHTOOL_GSTATS;
	stats.header()->n_stats = static_cast<uint32_t>(names.size());
	if (names.empty() || !ask(stats.header()))
		return counters;
	for (size_t i = 0; i < names.size(); i++)
		counters.emplace_back(names[i], stats.items()[i]);
	return counters;
}

void read_rss(Ioctl &ask, LinkFacts &facts)
{
	ethtool_rxfh sizes{};

	sizes.cmd = ETHTOOL_GRSSH;
	if (!ask(&sizes) || sizes.indir_size > most_strings || sizes.key_size > most_strings)
		return;
	WithArray<ethtool_rxfh, uint8_t> rss(sizes.indir_size * sizeof(uint32_t) + sizes.key_size);
	*rss.header() = sizes;
	if (!ask(rss.header()))
		return;
	facts.rss_table.resize(sizes.indir_size);
	memcpy(facts.rss_table.data(), rss.items(), sizes.indir_size * sizeof(uint32_t));
	const uint8_t *key = rss.items() + sizes.indir_size * sizeof(uint32_t);
	facts.rss_key.assign(key, key + sizes.key_size);
}

} // namespace

LinkFacts read_link(const std::string &interface)
{
	Ioctl ask(interface);
	LinkFacts facts;

	if (!if_nametoindex(interface.c_str()))
		throw Trouble("there is no interface " + printable(interface));
	read_driver(ask, facts);
	read_sizes(ask, facts);
	read_features(ask, facts);
	facts.counters = read_counters(ask);
	read_rss(ask, facts);
	facts.tx_push = read_tx_push(interface);
	return facts;
}

std::vector<std::pair<std::string, uint64_t>> read_link_counters(const std::string &interface)
{
	Ioctl ask(interface);
	return read_counters(ask);
}

} // namespace tool
