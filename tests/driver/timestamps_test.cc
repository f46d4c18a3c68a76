// SPDX-License-Identifier: GPL-2.0-or-later
/* Stamps of packets: what the adapter is asked for, when, and which of its answers are believed. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_adapter.hh"

namespace
{

constexpr uint64_t moment = 1'790'000'000'123'456'789;

class Timestamps : public testing::Test {
    protected:
	Timestamps()
	{
		k.offer.attributes.supported_features.set(
			k.offer.attributes.supported_features.get() |
			1u << ENA_FEATURE_HW_TIMESTAMP);
		k.offer.stamps = {.version = 1, .tx = 1, .rx = 1};
	}
	int stamp(bool tx, bool rx)
	{
		oe_settings settings;
		oe_get_settings(k.adapter, &settings);
		settings.queues = 1;
		settings.tx_stamps = tx;
		settings.rx_stamps = rx;
		return oe_set_settings(k.adapter, &settings, &error);
	}
	/* One packet out, completed with @stamp_ns: what the driver says of it. */
	uint64_t sent(uint64_t stamp_ns)
	{
		struct oe_txq *q = oe_txq(k.adapter, 0);
		uint16_t submitted, id = 0;
		EXPECT_EQ(submit_one(q, submitted), 0);
		k.complete_tx(k.txq(0), submitted, 0, stamp_ns);
		EXPECT_EQ(oe_tx_completed(q, &id, 1), 1u);
		EXPECT_EQ(id, submitted);
		const uint64_t answer = oe_tx_stamp(q, id);
		oe_tx_release(q, &id, 1);
		return answer;
	}
	/* A packet of two buffers; only the last completion's stamp counts. */
	uint64_t received(uint64_t stamp_ns)
	{
		struct oe_rxq *q = oe_rxq(k.adapter, 0);
		oe_rx_buffer buffers[OE_BURST];
		while (const uint32_t wanted = oe_rx_wanted(q)) {
			const uint32_t n = std::min<uint32_t>(wanted, OE_BURST);
			for (uint32_t i = 0; i < n; i++)
				buffers[i] = {0x10000, 2048};
			oe_rx_refill(q, buffers, n);
		}
		FakeQueue &device = k.rxq(0);
		k.complete_rx(device, ENA_RXC_FIRST, 2048, k.next_rx(device).req_id.get(), 0, 0,
			      77);
		k.complete_rx(device, ENA_RXC_LAST, 100, k.next_rx(device).req_id.get(), 0, 0,
			      stamp_ns);
		oe_rx_burst burst;
		EXPECT_EQ(oe_rx_poll(q, &burst, 64), 1u);
		EXPECT_EQ(burst.packets[0].len, 2148u);
		return burst.packets[0].stamp_ns;
	}

	oe_kernel k;
	oe_error error{};
};

TEST_F(Timestamps, AreOffUntilSomebodyWantsThem)
{
	ASSERT_EQ(k.probe(), 0);
	EXPECT_TRUE(oe_info(k.adapter)->tx_stamps && oe_info(k.adapter)->rx_stamps);
	ASSERT_EQ(stamp(false, false), 0);
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(k.txq(0).completion_size, sizeof(ena_tx_cdesc));
	EXPECT_EQ(k.rxq(0).completion_size, sizeof(ena_rx_cdesc));
	EXPECT_EQ(sent(moment), 0u);
	EXPECT_EQ(received(moment), 0u);
}

/* Each direction for itself, over more than a lap of the rings. */
TEST_F(Timestamps, ComeWithTheCompletion)
{
	ASSERT_EQ(k.probe(), 0);
	for (const bool tx : {true, false}) {
		ASSERT_EQ(stamp(tx, !tx), 0);
		ASSERT_EQ(oe_open(k.adapter), 0);
		EXPECT_EQ(k.stamps.tx, tx);
		EXPECT_EQ(k.stamps.rx, !tx);
		for (uint64_t i = 0; i < 3000; i++) {
			ASSERT_EQ(sent(moment + i), tx ? moment + i : 0) << i;
			ASSERT_EQ(received(moment + i), tx ? 0 : moment + i) << i;
		}
		oe_close(k.adapter);
	}
	/* The kernel's time is signed. */
	ASSERT_EQ(stamp(true, true), 0);
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(sent(UINT64_MAX), 0u);
	EXPECT_EQ(received(1ull << 63), 0u);
	EXPECT_EQ(k.resets_scheduled, 0u);
}

/* A reset makes the adapter forget it: it is told before the queues are there again. */
TEST_F(Timestamps, OutliveAReset)
{
	ASSERT_EQ(k.probe(), 0);
	ASSERT_EQ(stamp(true, true), 0);
	ASSERT_EQ(oe_open(k.adapter), 0);
	oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
	k.run_reset();
	EXPECT_EQ(k.stamps.tx, ENA_HW_TIMESTAMP_ALL);
	EXPECT_EQ(k.stamps.rx, ENA_HW_TIMESTAMP_ALL);
	EXPECT_EQ(sent(moment), moment);
	EXPECT_EQ(received(moment), moment);
}

TEST_F(Timestamps, WhatTheAdapterLacksIsRefused)
{
	k.offer.stamps.tx = 0;
	ASSERT_EQ(k.probe(), 0);
	EXPECT_FALSE(oe_info(k.adapter)->tx_stamps);
	EXPECT_EQ(stamp(true, true), -EINVAL);
	EXPECT_STREQ(error.text, "the device does not stamp packets that it sends");
	EXPECT_EQ(stamp(false, true), 0);
}

/* It changes its mind: packets flow on without stamps, and the settings say so. */
TEST_F(Timestamps, ARefusalTurnsThemOff)
{
	ASSERT_EQ(k.probe(), 0);
	ASSERT_EQ(stamp(true, true), 0);
	k.refuse = [](const ena_aq_entry &command) -> std::optional<uint8_t> {
		ena_set_feature_cmd set;
		memcpy(&set, &command, sizeof(set));
		if (set.common.opcode == ENA_ADMIN_SET_FEATURE &&
		    set.feature.feature_id == ENA_FEATURE_HW_TIMESTAMP)
			return ENA_ADMIN_RESOURCE_BUSY;
		return std::nullopt;
	};
	ASSERT_EQ(oe_open(k.adapter), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	EXPECT_FALSE(settings.tx_stamps || settings.rx_stamps);
	EXPECT_TRUE(k.logged("refuses timestamps"));
	EXPECT_EQ(received(moment), 0u);
}

} // namespace
