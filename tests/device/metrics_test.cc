// SPDX-License-Identifier: GPL-2.0-or-later
/* GET_STATS: every type, and what of it is announced. */
#include "frames.hh"
#include "instance.hh"

#include <gtest/gtest.h>

namespace
{
ena_acq_entry get(Guest &g, uint8_t type, uint64_t buffer = 0, uint32_t length = 0,
		  uint64_t requested = 0)
{
	ena_get_stats_cmd cmd{};
	cmd.common.opcode = ENA_ADMIN_GET_STATS;
	cmd.type = type;
	cmd.ctrl.length.set(length);
	cmd.ctrl.address.lo.set(static_cast<uint32_t>(buffer));
	cmd.ctrl.address.hi.set(static_cast<uint16_t>(buffer >> 32));
	cmd.requested_metrics.set(requested);
	return g.command(&cmd);
}

uint64_t reported(const ena_acq_entry &answer)
{
	ena_customer_metrics metrics;
	memcpy(&metrics, answer.payload, sizeof(metrics));
	return metrics.reported_metrics.get();
}

uint32_t capabilities(Guest &g)
{
	return g.get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES)
		.capabilities.get();
}

/* Two connections may be tracked; the third is refused. */
ena_allowance_config two_connections()
{
	ena_allowance_config c = plain_allowance(1000);
	c.connections = 2;
	return c;
}
} // namespace

TEST(Metrics, WithoutAnAllowanceNothingIsExceeded)
{
	Guest g;
	g.start();
	EXPECT_EQ(capabilities(g) & 7, ENA_CAPABILITY_ENI_STATS | ENA_CAPABILITY_CUSTOMER_METRICS);
	EXPECT_EQ(reported(get(g, ENA_STATS_CUSTOMER_METRICS)), 0x1fu);
	const uint64_t buffer = g.host.alloc(512);
	memset(g.host.at(buffer, 512), 0xee, 512);
	EXPECT_EQ(reported(get(g, ENA_STATS_CUSTOMER_METRICS, buffer, 512, 0x3f)), 0x1fu);
	for (unsigned int i = 0; i < 5; i++)
		EXPECT_EQ(g.host.load<ena_le64>(buffer + 8 * i).get(), 0u);
	EXPECT_EQ(*g.host.at(buffer + 40), 0xee);
}

TEST(Metrics, ValuesInTheOrderOfTheBitsAsRequested)
{
	Instance instance(two_connections());
	Guest &g = instance[0];
	Guest::Queue q = g.create(false, 256, 1);
	for (uint16_t port = 0; port < 5; port++) {
		g.push_packet(q, port, g.place(make_frame({.source_port = port})));
		g.ring(q);
	}
	EXPECT_EQ(g.host.sent.size(), 2u);
	EXPECT_EQ(Instance::totals(g).tx_drops, 3u);

	EXPECT_EQ(reported(get(g, ENA_STATS_CUSTOMER_METRICS)), 0x3fu);
	const uint64_t buffer = g.host.alloc(512);
	EXPECT_EQ(reported(get(g, ENA_STATS_CUSTOMER_METRICS, buffer, 48, ~uint64_t{0})), 0x3fu);
	const uint64_t all[] = {0, 0, 0, 3, 0, 0};
	EXPECT_EQ(memcmp(g.host.at(buffer, 48), all, 48), 0);
	EXPECT_EQ(reported(get(g, ENA_STATS_CUSTOMER_METRICS, buffer, 16, 0x28)), 0x28u);
	EXPECT_EQ(g.host.load<ena_le64>(buffer).get(), 3u);
	EXPECT_EQ(g.host.load<ena_le64>(buffer + 8).get(), 0u);
	EXPECT_EQ(Instance::counters(g).conntrack_allowance_exceeded.get(), 3u);

	/* Half a minute later, what was only begun is forgotten. */
	instance.advance(31'000'000'000, 1'000'000'000);
	EXPECT_EQ(reported(get(g, ENA_STATS_CUSTOMER_METRICS, buffer, 8, 0x20)), 0x20u);
	EXPECT_EQ(g.host.load<ena_le64>(buffer).get(), 2u);
}

TEST(Metrics, RefusalsSayWhy)
{
	Guest g;
	g.start();
	const uint64_t buffer = g.host.alloc(512);
	EXPECT_EQ(get(g, ENA_STATS_CUSTOMER_METRICS, buffer, 39, 0x1f).common.status,
		  ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("customer metrics 0x1f need 40 bytes, the buffer has 39"));
	EXPECT_EQ(get(g, ENA_STATS_CUSTOMER_METRICS, 0x7000'0000'0000, 40, 0x1f).common.status,
		  ENA_ADMIN_UNKNOWN_ERROR);
	EXPECT_EQ(get(g, ENA_STATS_CUSTOMER_METRICS, buffer, 0, 0).common.status, 0);
	EXPECT_EQ(get(g, ENA_STATS_SRD).common.status, ENA_ADMIN_UNSUPPORTED_OPCODE);
	EXPECT_TRUE(g.host.noted("type 3 (SRD) is not offered, ENA Express is off"));
	for (uint8_t type : {1, 5, 200})
		EXPECT_EQ(get(g, type).common.status, ENA_ADMIN_UNSUPPORTED_OPCODE);
	EXPECT_TRUE(g.host.noted("type 200 is not offered"));
}

TEST(Metrics, EnaExpressCountsWhatItCouldHaveSent)
{
	ena_config config = FakeHost::default_config();
	config.ena_express = true;
	for (bool udp : {false, true}) {
		config.ena_express_udp = udp;
		Guest g(config);
		g.start();
		EXPECT_TRUE(capabilities(g) & ENA_CAPABILITY_SRD_INFO);
		Guest::Queue q = g.create(false, 256, 1);
		Bytes group = make_frame();
		group[0] |= 1;
		uint16_t id = 0;
		for (const Bytes &frame :
		     {make_frame(), make_frame({.tcp = false}), group, Bytes(60, 0)})
			g.push_packet(q, id++, g.place(frame));
		g.ring(q);
		EXPECT_EQ(g.host.sent.size(), 4u);
		ena_srd_stats srd;
		const auto answer = get(g, ENA_STATS_SRD);
		memcpy(&srd, answer.payload, sizeof(srd));
		EXPECT_EQ(srd.flags.get(), udp ? 3u : 1u);
		EXPECT_EQ(srd.eligible_tx_pkts.get(), udp ? 2u : 1u);
		EXPECT_EQ(srd.tx_pkts.get(), 0u);
		g.start();
		const auto after = get(g, ENA_STATS_SRD);
		memcpy(&srd, after.payload, sizeof(srd));
		EXPECT_EQ(srd.eligible_tx_pkts.get(), 0u);
	}
	config.ena_express = false;
	char why[100];
	EXPECT_FALSE(ena_config_check(&config, why, sizeof(why)));
	EXPECT_STREQ(why, "ena-express-udp=on needs ena-express=on");
}
