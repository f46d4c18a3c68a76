// SPDX-License-Identifier: GPL-2.0-or-later
/* What the RSS hash is of: chosen by the user, within what the device can. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_adapter.hh"

namespace
{

constexpr uint32_t hash_ips = OE_HASH_SRC_IP | OE_HASH_DST_IP;
constexpr uint32_t hash_all = hash_ips | OE_HASH_SRC_PORT | OE_HASH_DST_PORT;
constexpr uint16_t device_ips = ENA_RSS_L3_SA | ENA_RSS_L3_DA;
constexpr uint16_t device_all = device_ips | ENA_RSS_L4_SP | ENA_RSS_L4_DP;

class HashFields : public testing::Test {
    protected:
	uint16_t selected(ena_rss_proto proto)
	{
		return k.fields.selected[proto].fields.get();
	}
	int set(uint32_t type, uint32_t fields)
	{
		return oe_hash_set_fields(k.adapter, type, fields, &error);
	}
	/* -1: none to choose. */
	int64_t get(uint32_t type)
	{
		uint32_t fields = 0;
		const int err = oe_hash_get_fields(k.adapter, type, &fields);
		EXPECT_TRUE(err == 0 || err == -EOPNOTSUPP);
		return err ? -1 : int64_t{fields};
	}
	/* Of a packet of these numbers of IP and protocol. */
	uint8_t hash_type(uint32_t l3, uint32_t l4)
	{
		struct oe_rxq *q = oe_rxq(k.adapter, 0);
		const oe_rx_buffer buffer{0x10000, 2048};
		const uint16_t id = oe_rx_next_ids(q)[0];
		oe_rx_burst burst;

		oe_rx_refill(q, &buffer, 1);
		k.complete_rx(k.rxq(0), ENA_RXC_FIRST | ENA_RXC_LAST | l3 | l4 << 8, 60, id);
		EXPECT_EQ(oe_rx_poll(q, &burst, 1), 1u);
		return burst.packets[0].hash_type;
	}

	oe_kernel k;
	oe_error error{};
};

TEST_F(HashFields, AreToldAtOnceAndStay)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(get(OE_FLOW_TCP4), hash_all);
	EXPECT_EQ(get(OE_FLOW_IPV6), hash_ips);
	ASSERT_EQ(set(OE_FLOW_TCP4, hash_ips), 0);
	ASSERT_EQ(set(OE_FLOW_UDP6, OE_HASH_DST_IP | OE_HASH_SRC_PORT), 0);
	for (const char *when : {"at once", "after a reset"}) {
		EXPECT_EQ(get(OE_FLOW_TCP4), hash_ips) << when;
		EXPECT_EQ(selected(ENA_RSS_TCP4), device_ips) << when;
		EXPECT_EQ(selected(ENA_RSS_UDP6), ENA_RSS_L3_DA | ENA_RSS_L4_SP) << when;
		EXPECT_EQ(selected(ENA_RSS_UDP4), device_all) << when;
		EXPECT_EQ(selected(ENA_RSS_IP4_FRAG), device_ips) << when;
		k.fields = {};
		oe_request_reset(k.adapter, ENA_RESET_GENERIC);
		k.run_reset();
	}
}

TEST_F(HashFields, WhatIsChosenWhileClosedIsToldWhenOpen)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_close(k.adapter);
	k.fields = {};
	ASSERT_EQ(set(OE_FLOW_IPV4, OE_HASH_SRC_IP), 0);
	EXPECT_EQ(selected(ENA_RSS_IP4), 0);
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(selected(ENA_RSS_IP4), ENA_RSS_L3_SA);
	EXPECT_EQ(selected(ENA_RSS_IP4_FRAG), ENA_RSS_L3_SA) << "the rest of IPv4";
}

TEST_F(HashFields, OnlyThoseThatTheDeviceCanHash)
{
	k.offer.hash_fields[ENA_RSS_UDP6] = device_ips | ENA_RSS_L4_DP | 0xffc3;
	k.offer.hash_fields[ENA_RSS_TCP6] = 0;
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(get(OE_FLOW_UDP6), hash_ips | OE_HASH_DST_PORT);
	k.fields = {};
	EXPECT_EQ(set(OE_FLOW_UDP6, hash_all), -EINVAL);
	EXPECT_STREQ(error.text, "of these packets the device hashes no fields but sdn");
	EXPECT_EQ(get(OE_FLOW_TCP6), -1);
	EXPECT_EQ(set(OE_FLOW_TCP6, hash_ips), -EOPNOTSUPP);
	EXPECT_EQ(set(0, hash_ips), -EOPNOTSUPP);
	EXPECT_EQ(set(UINT32_MAX, hash_ips), -EOPNOTSUPP);
	EXPECT_EQ(selected(ENA_RSS_TCP4), 0) << "nothing was told";
}

TEST_F(HashFields, ADeviceWithoutTheFeatureOffersNoChoice)
{
	k.offer.attributes.supported_features.set(k.offer.attributes.supported_features.get() &
						  ~ENA_BIT(ENA_FEATURE_RSS_HASH_INPUT));
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(get(OE_FLOW_TCP4), -1);
	EXPECT_EQ(set(OE_FLOW_TCP4, hash_ips), -EOPNOTSUPP);
	EXPECT_EQ(hash_type(ENA_L3_IPV4, ENA_L4_TCP), OE_RX_HASH_L4);
}

TEST_F(HashFields, ARefusalChangesNothing)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	k.refuse = [](const ena_aq_entry &command) -> std::optional<uint8_t> {
		if (command.common.opcode == ENA_ADMIN_SET_FEATURE)
			return ENA_ADMIN_ILLEGAL_PARAMETER;
		return {};
	};
	EXPECT_EQ(set(OE_FLOW_TCP4, hash_ips), -EINVAL);
	EXPECT_EQ(get(OE_FLOW_TCP4), hash_all);
	k.refuse = {};
	ASSERT_EQ(set(OE_FLOW_UDP4, hash_ips), 0);
	EXPECT_EQ(selected(ENA_RSS_TCP4), device_all);
}

/* The stack takes a hash of both addresses and both ports for the flow's own. */
TEST_F(HashFields, WithoutPortsItIsNoHashOfAFlow)
{
	ASSERT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(hash_type(ENA_L3_IPV4, ENA_L4_TCP), OE_RX_HASH_L4);
	ASSERT_EQ(set(OE_FLOW_TCP4, hash_ips), 0);
	ASSERT_EQ(set(OE_FLOW_UDP6, hash_all & ~OE_HASH_DST_IP), 0);
	EXPECT_EQ(hash_type(ENA_L3_IPV4, ENA_L4_TCP), OE_RX_HASH_L3);
	EXPECT_EQ(hash_type(ENA_L3_IPV6, ENA_L4_UDP), OE_RX_HASH_L3);
	EXPECT_EQ(hash_type(ENA_L3_IPV4, ENA_L4_UDP), OE_RX_HASH_L4);
	EXPECT_EQ(hash_type(ENA_L3_IPV6, ENA_L4_TCP), OE_RX_HASH_L4);
	ASSERT_EQ(set(OE_FLOW_TCP4, hash_all), 0);
	EXPECT_EQ(hash_type(ENA_L3_IPV4, ENA_L4_TCP), OE_RX_HASH_L4);
}

} // namespace
