// SPDX-License-Identifier: GPL-2.0-or-later
/* What a user sets: limits and their sentences, RSS, moderation, statistics. */
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <set>

#include "fake_adapter.hh"

namespace
{

struct Bad {
	const char *sentence;
	std::function<void(oe_settings &)> change;
};

void PrintTo(const Bad &one, std::ostream *out)
{
	*out << one.sentence;
}

class BadSetting : public testing::TestWithParam<Bad> {};

TEST_P(BadSetting, NamesValueAndLimit)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_settings before, wanted, after;
	oe_get_settings(k.adapter, &before);
	wanted = before;
	GetParam().change(wanted);
	oe_error error{};
	EXPECT_EQ(oe_set_settings(k.adapter, &wanted, &error), -EINVAL);
	EXPECT_STREQ(error.text, GetParam().sentence);
	EXPECT_EQ(oe_set_settings(k.adapter, &wanted, nullptr), -EINVAL);
	oe_get_settings(k.adapter, &after);
	EXPECT_EQ(memcmp(&before, &after, sizeof(before)), 0);
}

INSTANTIATE_TEST_SUITE_P(
	Settings, BadSetting,
	testing::Values(Bad{"number of queues of 5 is not within 1 to 4",
			    [](oe_settings &s) {
				    s.queues = 5;
			    }},
			Bad{"number of queues of 0 is not within 1 to 4",
			    [](oe_settings &s) {
				    s.queues = 0;
			    }},
			Bad{"TX ring of 1024 is not within 256 to 512",
			    [](oe_settings &s) {
				    s.tx_ring = 1024;
			    }},
			Bad{"RX ring of 255 is not within 256 to 1024",
			    [](oe_settings &s) {
				    s.rx_ring = 255;
			    }},
			Bad{"MTU of 9002 is not within 128 to 9001",
			    [](oe_settings &s) {
				    s.mtu = 9002;
			    }},
			Bad{"MTU of 127 is not within 128 to 9001",
			    [](oe_settings &s) {
				    s.mtu = 127;
			    }},
			Bad{"RX delay of 65535 us is above the limit of 65534 us",
			    [](oe_settings &s) {
				    s.rx_usecs = 65535;
			    }},
			Bad{"TX delay of 4294967295 us is above the limit of 65534 us",
			    [](oe_settings &s) {
				    s.tx_usecs = UINT32_MAX;
			    }}));

TEST(Settings, RingsRoundDown)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.rx_ring = 1000;
	settings.queues = 2;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	oe_close(k.adapter);
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(k.rxq(1).depth, 512);
	EXPECT_EQ(k.sqs.size(), 4u);
}

TEST(Settings, MtuGoesToTheDeviceWhenOpen)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.mtu = 9001;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	EXPECT_EQ(k.mtu, 9001u);
	k.refuse = [](const ena_aq_entry &) {
		return std::optional<uint8_t>(5);
	};
	settings.mtu = 1000;
	oe_error error{};
	EXPECT_EQ(oe_set_settings(k.adapter, &settings, &error), -EINVAL);
	EXPECT_STREQ(error.text, "the device refuses an MTU of 1000");
	oe_get_settings(k.adapter, &settings);
	EXPECT_EQ(settings.mtu, 9001u);
	k.refuse = nullptr;
}

TEST(Moderation, DelaysInTheUnitOfTheDevice)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.adaptive_rx = false;
	settings.rx_usecs = 65534;
	settings.tx_usecs = 51;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	oe_unmask(k.adapter, 3);
	EXPECT_EQ(k.writes[k.txq(3).unmask], ENA_INTR_UNMASK | 0x7fff | 26 << 15);
	EXPECT_EQ(oe_tx_stats(k.adapter, 3)->unmask_interrupt, 1u);
}

TEST(Moderation, AdaptiveDelaysAreThoseOfEachPair)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	EXPECT_TRUE(settings.adaptive_rx);
	const auto unmasked = [&](uint32_t pair) {
		oe_unmask(k.adapter, pair);
		return k.writes[k.txq(pair).unmask];
	};
	const uint32_t tx = ENA_INTR_UNMASK | settings.tx_usecs / 2 << 15;
	oe_set_rx_delay(k.adapter, 1, 63);
	oe_set_rx_delay(k.adapter, 2, UINT32_MAX);
	oe_set_rx_delay(k.adapter, OE_MAX_QUEUES, 10); /* of no pair */
	EXPECT_EQ(unmasked(0), tx);
	EXPECT_EQ(unmasked(1), tx | 32);
	EXPECT_EQ(unmasked(2), tx | 0x7fff);
	oe_delays delays{};
	ASSERT_EQ(oe_get_delays(k.adapter, 1, &delays), 0);
	EXPECT_EQ(delays.rx_usecs, 64u);
	EXPECT_EQ(oe_get_delays(k.adapter, 4, &delays), -EINVAL);
	/* Other settings leave them alone. */
	settings.mtu = 1400;
	settings.rx_usecs = 8;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	EXPECT_EQ(unmasked(1), tx | 32);
	/* Fixed: one delay for all, and nobody changes it. */
	settings.adaptive_rx = false;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	oe_set_rx_delay(k.adapter, 1, 63);
	EXPECT_EQ(unmasked(1), tx | 4);
	EXPECT_EQ(unmasked(2), tx | 4);
	/* And adaptive again, from none. */
	settings.adaptive_rx = true;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	EXPECT_EQ(unmasked(1), tx);
}

TEST(Moderation, OnePairHasDelaysOfItsOwn)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	const auto unmasked = [&](uint32_t pair) {
		oe_unmask(k.adapter, pair);
		return k.writes[k.txq(pair).unmask] & ~ENA_INTR_UNMASK;
	};
	oe_settings settings;
	oe_error error{};
	oe_get_settings(k.adapter, &settings);
	const uint32_t tx = settings.tx_usecs / 2 << 15;
	const oe_delays fixed = {.rx_usecs = 20, .tx_usecs = 7, .adaptive_rx = false};
	ASSERT_EQ(oe_set_delays(k.adapter, 1, &fixed, &error), 0);
	EXPECT_EQ(unmasked(1), 10u | 4 << 15);
	EXPECT_EQ(unmasked(0), tx);
	oe_delays delays{};
	ASSERT_EQ(oe_get_delays(k.adapter, 1, &delays), 0);
	EXPECT_EQ(delays.rx_usecs, 20u);
	EXPECT_EQ(delays.tx_usecs, 8u); /* in units of the device */
	EXPECT_FALSE(delays.adaptive_rx);
	/* The adaptive ones go on, and not this one. */
	oe_set_rx_delay(k.adapter, 0, 6);
	oe_set_rx_delay(k.adapter, 1, 6);
	EXPECT_EQ(unmasked(0), tx | 3);
	EXPECT_EQ(unmasked(1), 10u | 4 << 15);
	/* It stays through other settings, closing and a reset. */
	settings.mtu = 1400;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, &error), 0);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.run_reset();
	EXPECT_EQ(unmasked(1), 10u | 4 << 15);
	/* Adaptive again, from none. */
	delays.adaptive_rx = true;
	ASSERT_EQ(oe_set_delays(k.adapter, 1, &delays, &error), 0);
	EXPECT_EQ(unmasked(1), 4u << 15);
	/* Other delays for all are for all. */
	ASSERT_EQ(oe_set_delays(k.adapter, 1, &fixed, &error), 0);
	settings.tx_usecs = 30;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, &error), 0);
	EXPECT_EQ(unmasked(1), 15u << 15);
}

TEST(Moderation, ImpossibleDelaysOfAPair)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_delays before{}, after{}, wanted{};
	oe_error error{};
	ASSERT_EQ(oe_get_delays(k.adapter, 3, &before), 0);
	EXPECT_EQ(oe_set_delays(k.adapter, 4, &before, &error), -EINVAL);
	EXPECT_STREQ(error.text, "delays of queue 4 of 4 queues");
	EXPECT_EQ(oe_set_delays(k.adapter, UINT32_MAX, &before, &error), -EINVAL);
	wanted.rx_usecs = 65535;
	EXPECT_EQ(oe_set_delays(k.adapter, 3, &wanted, &error), -EINVAL);
	EXPECT_STREQ(error.text, "RX delay of 65535 us is above the limit of 65534 us");
	wanted.rx_usecs = 0;
	wanted.tx_usecs = 65535;
	EXPECT_EQ(oe_set_delays(k.adapter, 3, &wanted, &error), -EINVAL);
	ASSERT_EQ(oe_get_delays(k.adapter, 3, &after), 0);
	EXPECT_EQ(after.rx_usecs, before.rx_usecs);
	EXPECT_EQ(after.tx_usecs, before.tx_usecs);
	EXPECT_EQ(after.adaptive_rx, before.adaptive_rx);
}

TEST(Moderation, NoneWithoutTheFeature)
{
	oe_kernel k;
	k.offer.attributes.supported_features.set(0x1c145c88 & ~(1u << 20));
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	EXPECT_EQ(settings.tx_usecs, 0u);
	EXPECT_FALSE(settings.adaptive_rx);
	oe_error error{};
	settings.adaptive_rx = true;
	EXPECT_EQ(oe_set_settings(k.adapter, &settings, &error), -EINVAL);
	EXPECT_STREQ(error.text, "adaptive RX delays: the device cannot delay interrupts");
	settings.adaptive_rx = false;
	settings.rx_usecs = 1;
	EXPECT_EQ(oe_set_settings(k.adapter, &settings, &error), -EINVAL);
	EXPECT_STREQ(error.text, "RX delay of 1 us: the device cannot delay interrupts");
	oe_unmask(k.adapter, 0);
	EXPECT_EQ(k.writes[k.txq(0).unmask], ENA_INTR_UNMASK);
}

TEST(Rss, TheDeviceGetsSqIndicesAndAReversedKey)
{
	oe_kernel k;
	k.queue_base = 20;
	ASSERT_EQ(k.probe_and_open(), 0);
	uint32_t table[128];
	uint8_t key[OE_RSS_KEY_SIZE];
	oe_rss_get(k.adapter, table, key);
	ASSERT_EQ(k.table.size(), 128u);
	for (unsigned i = 0; i < 128; i++) {
		EXPECT_EQ(table[i], i % 4);
		/* The fake numbers its SQs 20 to 27, TX first. */
		EXPECT_EQ(k.table[i], 24 + i % 4);
	}
	EXPECT_EQ(k.key.parts.get(), 10u);
	for (unsigned i = 0; i < OE_RSS_KEY_SIZE; i++)
		EXPECT_EQ(k.key.key[i], key[OE_RSS_KEY_SIZE - 1 - i]);
	EXPECT_NE(key[0], key[1]);
	EXPECT_EQ(k.key_function.init_val.get(), 0u);
	EXPECT_EQ(k.key_function.selected.get(), ENA_RSS_FUNCTION_TOEPLITZ);
}

TEST(Rss, KeyIsNeverReadBackIntoOurs)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	unsigned asked = 0;
	for (const ena_aq_entry &c : k.commands)
		if (c.common.opcode == ENA_ADMIN_GET_FEATURE &&
		    c.data[1] == ENA_FEATURE_RSS_HASH_FUNCTION) {
			asked++;
			EXPECT_EQ(ena::load(c.ctrl.address), 0u);
		}
	EXPECT_EQ(asked, 1u);
}

TEST(Rss, FieldsAreThoseThatBothSidesKnow)
{
	oe_kernel k;
	k.offer.hash_fields[ENA_RSS_UDP6] = 0x0c;
	k.offer.hash_fields[ENA_RSS_IP4_FRAG] = 0;
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(k.fields.selected[ENA_RSS_TCP4].fields.get(), 0x3c);
	EXPECT_EQ(k.fields.selected[ENA_RSS_UDP6].fields.get(), 0x0c);
	EXPECT_EQ(k.fields.selected[ENA_RSS_IP6].fields.get(), 0x0c);
	EXPECT_EQ(k.fields.selected[ENA_RSS_IP4_FRAG].fields.get(), 0);
	EXPECT_EQ(k.input.enabled_sort.get(), 0);
}

TEST(Rss, AUsersTableStaysAndIsGuarded)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	uint32_t table[128] = {};
	uint8_t key[OE_RSS_KEY_SIZE] = {9};
	oe_error error{};
	table[7] = 3;
	ASSERT_EQ(oe_rss_set(k.adapter, table, key, &error), 0);
	EXPECT_EQ(k.table[7], k.table[0] + 3);
	EXPECT_EQ(k.key.key[OE_RSS_KEY_SIZE - 1], 9);
	table[5] = 4;
	EXPECT_EQ(oe_rss_set(k.adapter, table, nullptr, &error), -EINVAL);
	EXPECT_STREQ(error.text, "RSS entry 5 names queue 4 of 4 queues");
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.queues = 3;
	EXPECT_EQ(oe_set_settings(k.adapter, &settings, &error), -EINVAL);
	EXPECT_STREQ(error.text, "the RSS table names queue 3, beyond 3 queues");
	oe_close(k.adapter);
	k.table.clear();
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(k.table[7], k.table[0] + 3);
}

TEST(Rss, ARefusedKeyLeavesTableAndKey)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	auto before = k.table;
	k.refuse = [](const ena_aq_entry &c) -> std::optional<uint8_t> {
		if (c.common.opcode == ENA_ADMIN_SET_FEATURE &&
		    c.data[1] == ENA_FEATURE_RSS_HASH_FUNCTION)
			return ENA_ADMIN_ILLEGAL_PARAMETER;
		return std::nullopt;
	};
	uint32_t table[128] = {}, now[128];
	uint8_t key[OE_RSS_KEY_SIZE] = {}, key_now[OE_RSS_KEY_SIZE];
	EXPECT_EQ(oe_rss_set(k.adapter, table, key, nullptr), -EINVAL);
	oe_rss_get(k.adapter, now, key_now);
	EXPECT_EQ(now[1], 1u);
	EXPECT_NE(key_now[0], 0);
	EXPECT_EQ(k.table, before);
	k.refuse = nullptr;
}

TEST(Rss, TableSizesOfOtherDevices)
{
	for (auto [min, max, entries] :
	     {std::tuple{1, 6, 64u}, std::tuple{8, 10, 1024u}, std::tuple{7, 7, 128u},
	      std::tuple{8, 13, 0u}, std::tuple{9, 8, 0u}, std::tuple{0, 0, 0u}}) {
		oe_kernel k;
		k.offer.indirection.min_size.set(static_cast<uint16_t>(min));
		k.offer.indirection.max_size.set(static_cast<uint16_t>(max));
		ASSERT_EQ(k.probe_and_open(), 0);
		EXPECT_EQ(oe_info(k.adapter)->rss_entries, entries) << min << " " << max;
		EXPECT_EQ(k.table.size(), entries);
	}
}

static std::map<std::string, uint64_t> statistics(oe_kernel &k)
{
	const uint32_t n = oe_stats_count(k.adapter);
	std::vector<char[OE_STAT_NAME]> rows(n + 1);
	std::vector<uint64_t> values(n + 1, 12345);
	oe_stats_names(k.adapter, rows.data());
	oe_stats_values(k.adapter, values.data());
	EXPECT_EQ(values[n], 12345u); /* as many values as names */
	EXPECT_EQ(rows[n][0], 0);
	std::map<std::string, uint64_t> by_name;
	for (uint32_t i = 0; i < n; i++)
		by_name[rows[i]] = values[i];
	EXPECT_EQ(by_name.size(), n);
	return by_name;
}

TEST(Statistics, StockNamesEachOnce)
{
	oe_kernel k;
	k.offer.attributes.capabilities.set(ENA_CAPABILITY_ENI_STATS);
	ASSERT_EQ(k.probe_and_open(), 0);
	auto by_name = statistics(k);
	for (const char *name : {"tx_timeout", "interface_up", "total_resets", "queue_0_tx_cnt",
				 "queue_3_rx_csum_unchecked", "queue_3_tx_unmask_interrupt",
				 "ena_admin_q_submitted_cmd", "linklocal_allowance_exceeded"})
		EXPECT_EQ(by_name.count(name), 1u) << name;
	EXPECT_EQ(by_name["pps_allowance_exceeded"], 77u);
	EXPECT_EQ(by_name.count("queue_4_tx_cnt"), 0u);
}

TEST(Statistics, MetricsBeforeEni)
{
	oe_kernel k;
	k.offer.attributes.capabilities.set(ENA_CAPABILITY_ENI_STATS |
					    ENA_CAPABILITY_CUSTOMER_METRICS);
	k.metrics_offered = 0x8000'0000'0000'0037; /* without 3, and one that nobody knows */
	k.metrics_answered = 0x8000'0000'0000'0037;
	ASSERT_EQ(k.probe_and_open(), 0);
	auto by_name = statistics(k);
	EXPECT_EQ(by_name["bw_in_allowance_exceeded"], 1000u);
	EXPECT_EQ(by_name["pps_allowance_exceeded"], 1002u);
	EXPECT_EQ(by_name.count("conntrack_allowance_exceeded"), 0u);
	EXPECT_EQ(by_name["linklocal_allowance_exceeded"], 1004u);
	EXPECT_EQ(by_name["conntrack_allowance_available"], 1005u);
	EXPECT_EQ(by_name.count("ena_srd_mode"), 0u);

	/* Less is answered than was offered: the last values stay. All bits: there is room. */
	k.metrics_answered = 0x20;
	EXPECT_EQ(statistics(k)["bw_out_allowance_exceeded"], 1001u);
	EXPECT_EQ(statistics(k)["conntrack_allowance_available"], 1005u);
	k.metrics_answered = ~uint64_t{0};
	EXPECT_EQ(statistics(k)["conntrack_allowance_available"], 1005u);
	k.metrics_status = ENA_ADMIN_UNKNOWN_ERROR;
	EXPECT_EQ(statistics(k)["pps_allowance_exceeded"], 1002u);
}

TEST(Statistics, WithoutAnAnswerThereAreNoMetrics)
{
	oe_kernel k;
	k.offer.attributes.capabilities.set(ENA_CAPABILITY_CUSTOMER_METRICS);
	k.metrics_status = ENA_ADMIN_UNSUPPORTED_OPCODE;
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(statistics(k).count("bw_in_allowance_exceeded"), 0u);
}

TEST(Statistics, EnaExpress)
{
	oe_kernel k;
	k.offer.attributes.capabilities.set(ENA_CAPABILITY_SRD_INFO);
	ASSERT_EQ(k.probe_and_open(), 0);
	auto by_name = statistics(k);
	EXPECT_EQ(by_name["ena_srd_mode"], 3u);
	EXPECT_EQ(by_name["ena_srd_resource_utilization"], 42u);
	EXPECT_EQ(by_name.count("ena_srd_eligible_tx_pkts"), 1u);
	EXPECT_EQ(by_name.count("bw_in_allowance_exceeded"), 0u);
}

TEST(Statistics, LinkSettings)
{
	oe_kernel k;
	ASSERT_EQ(k.probe(), 0);
	struct oe_link link;
	ASSERT_EQ(oe_get_link(k.adapter, &link), 0);
	EXPECT_EQ(link.speed_mbps, 25000u);
	EXPECT_EQ(link.supported, ENA_LINK_25G);
	EXPECT_TRUE(link.full_duplex);
	EXPECT_FALSE(link.autoneg);
}

} // namespace
