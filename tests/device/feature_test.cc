// SPDX-License-Identifier: GPL-2.0-or-later
/* GET_FEATURE, SET_FEATURE, and the creation of queues. */
#include "guest.hh"

#include <gtest/gtest.h>

TEST(Feature, AttributesAndQueues)
{
	ena_config config = FakeHost::default_config();
	config.queues = 4;
	config.rx_depth = 4096;
	Guest g(config);
	g.start();
	const auto a = g.get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES);
	EXPECT_EQ(memcmp(a.mac, config.mac, 6), 0);
	EXPECT_EQ(a.max_mtu.get(), config.max_mtu);
	EXPECT_EQ(a.phys_addr_width.get(), 48u);
	for (uint8_t id : {2, 3, 7, 10, 11, 12, 14, 18, 20, 26, 27, 28})
		EXPECT_TRUE(a.supported_features.get() >> id & 1) << +id;
	EXPECT_TRUE(a.capabilities.get() & ENA_CAPABILITY_ENI_STATS);

	const auto q = g.get_feature<ena_max_queues_ext>(ENA_FEATURE_MAX_QUEUES_EXT);
	EXPECT_EQ(q.version, 1);
	EXPECT_EQ(q.max_tx_sq_num.get(), 4u);
	EXPECT_EQ(q.max_rx_cq_num.get(), 4u);
	EXPECT_EQ(q.max_tx_sq_depth.get(), 1024u);
	EXPECT_EQ(q.max_rx_sq_depth.get(), 4096u);
	EXPECT_EQ(q.max_packet_tx_descs.get(), ENA_DEVICE_MAX_TX_DESCS);
	const auto old = g.get_feature<ena_max_queues>(ENA_FEATURE_MAX_QUEUES_NUM);
	EXPECT_EQ(old.max_sq_depth.get(), 1024u);
}

TEST(Feature, LinkOffloadModerationHints)
{
	ena_config config = FakeHost::default_config();
	config.hint_watchdog_ms = 60000;
	config.moderation_resolution_us = 4;
	Guest g(config);
	g.start();
	const auto link = g.get_feature<ena_link_config>(ENA_FEATURE_LINK_CONFIG);
	EXPECT_EQ(link.speed_mbps.get(), 25000u);
	EXPECT_EQ(link.supported.get(), ENA_LINK_25G);
	EXPECT_EQ(link.flags.get(), ENA_LINK_FULL_DUPLEX);
	const auto o = g.get_feature<ena_offload>(ENA_FEATURE_OFFLOAD);
	EXPECT_EQ(o.tx.get(), 0xffu);
	EXPECT_EQ(o.rx_supported.get(), 0xfu);
	const auto m = g.get_feature<ena_interrupt_moderation>(ENA_FEATURE_INTERRUPT_MODERATION);
	EXPECT_EQ(m.resolution_us.get(), 4);
	const auto h = g.get_feature<ena_hw_hints>(ENA_FEATURE_HW_HINTS);
	EXPECT_EQ(h.driver_watchdog_timeout_ms.get(), 60000);
}

TEST(Feature, LeftOutIsRefusedAndNotAnnounced)
{
	ena_config config = FakeHost::default_config();
	config.features &= ~ENA_BIT(ENA_FEATURE_RSS_INDIRECTION);
	config.speed_mbps = 0;
	Guest g(config);
	g.start();
	const auto a = g.get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES);
	for (uint8_t id : {ENA_FEATURE_RSS_INDIRECTION, ENA_FEATURE_LINK_CONFIG}) {
		EXPECT_FALSE(a.supported_features.get() >> id & 1);
		EXPECT_EQ(g.get_feature_raw(id).common.status, ENA_ADMIN_UNSUPPORTED_OPCODE);
	}
	EXPECT_TRUE(g.host.noted("feature 12 is not offered"));
}

TEST(Feature, MtuLimits)
{
	Guest g;
	g.start();
	for (uint32_t mtu : {0u, 127u, 9217u, 0xffffffffu}) {
		ena_mtu m{};
		m.mtu.set(mtu);
		EXPECT_EQ(g.set_feature(ENA_FEATURE_MTU, &m, sizeof(m)),
			  ENA_ADMIN_ILLEGAL_PARAMETER);
	}
	EXPECT_TRUE(g.host.noted("MTU 9217, must be 128 to 9216"));
	for (uint32_t mtu : {128u, 1500u, 9216u}) {
		ena_mtu m{};
		m.mtu.set(mtu);
		EXPECT_EQ(g.set_feature(ENA_FEATURE_MTU, &m, sizeof(m)), 0);
	}
	EXPECT_EQ(g.set_feature(ENA_FEATURE_DEVICE_ATTRIBUTES, "", 1),
		  ENA_ADMIN_UNSUPPORTED_OPCODE);
}

TEST(Feature, HostAttributes)
{
	Guest g;
	g.start();
	const uint64_t page = g.host.alloc(ENA_HOST_INFO_PAGE);
	ena_host_info info{};
	info.os_type.set(ENA_OS_LINUX);
	info.driver_version.set(2 | 17 << 8);
	info.spec_version.set(ENA_SPEC_VERSION);
	g.host.store(page, info);
	ena_host_attr attr{};
	ena::store(attr.os_info, page);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_HOST_ATTR, &attr, sizeof(attr)), 0);
	EXPECT_TRUE(g.host.noted("OS type 1, version 2.17.0, specification 2.0"));
	ena::store(attr.os_info, 0);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_HOST_ATTR, &attr, sizeof(attr)),
		  ENA_ADMIN_ILLEGAL_PARAMETER);
	ena::store(attr.os_info, 0x1000);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_HOST_ATTR, &attr, sizeof(attr)),
		  ENA_ADMIN_UNKNOWN_ERROR);
}

TEST(Queue, RxQueueHasTheNumberOfItsCompletionQueue)
{
	Guest g;
	g.start();
	for (int i = 0; i < 3; i++) {
		const auto tx = g.create(false, 256, 1);
		const auto rx = g.create(true, 256, 1);
		EXPECT_EQ(rx.index, rx.cq_index);
		EXPECT_NE(rx.index, tx.index);
		EXPECT_NE(rx.doorbell, tx.doorbell);
		EXPECT_GE(rx.doorbell, 0x1000u);
		EXPECT_LT(rx.unmask, static_cast<uint32_t>(ENA_DEVICE_BAR0_SIZE));
	}
}

TEST(Queue, AllPairsThenNoMore)
{
	ena_config config = FakeHost::default_config();
	config.queues = ENA_DEVICE_MAX_QUEUES;
	config.vectors = ENA_DEVICE_MAX_VECTORS;
	Guest g(config);
	g.start();
	std::vector<Guest::Queue> queues;
	for (uint32_t i = 0; i < 32; i++) {
		queues.push_back(g.create(false, 256, i + 1));
		queues.push_back(g.create(true, 256, i + 1));
	}
	for (bool rx : {false, true}) {
		Guest::Queue q;
		q.rx = rx;
		q.depth = 256;
		EXPECT_EQ(g.try_create_cq(q, 1), ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE);
	}
	for (const auto &q : queues) {
		EXPECT_EQ(g.destroy_cq(q), ENA_ADMIN_RESOURCE_BUSY);
		EXPECT_EQ(g.destroy_sq(q), 0);
		EXPECT_EQ(g.destroy_cq(q), 0);
		EXPECT_EQ(g.destroy_cq(q), ENA_ADMIN_ILLEGAL_PARAMETER);
		EXPECT_EQ(g.destroy_sq(q), ENA_ADMIN_ILLEGAL_PARAMETER);
	}
	EXPECT_EQ(g.create(false, 256, 1).index, 0);
}

TEST(Queue, BadParametersAreRefusedWithTheLimit)
{
	Guest g;
	g.start();
	Guest::Queue q;
	q.depth = 2048;
	EXPECT_EQ(g.try_create_cq(q, 1), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("TX depth 2048 is not a power of two between 2 and 1024"));
	q = {};
	q.depth = 300;
	EXPECT_EQ(g.try_create_cq(q, 1), ENA_ADMIN_ILLEGAL_PARAMETER);
	q.depth = 256;
	EXPECT_EQ(g.try_create_cq(q, 9), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("vector 9, the adapter has 0 to 8"));
	EXPECT_EQ(g.try_create_cq(q, ENA_CQ_NO_VECTOR), 0);
	EXPECT_EQ(g.try_create_sq(q, ENA_PLACEMENT_DEVICE), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("before SET_FEATURE 4"));
	q.rx = true;
	EXPECT_EQ(g.try_create_sq(q), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("has the entry size of TX, the queue is RX"));
	q.rx = false;
	q.depth = 512;
	EXPECT_EQ(g.try_create_sq(q), ENA_ADMIN_ILLEGAL_PARAMETER);
	q.depth = 256;
	EXPECT_EQ(g.try_create_sq(q), 0);
	EXPECT_EQ(g.try_create_sq(q), ENA_ADMIN_RESOURCE_BUSY);
	q.cq_index = 63;
	EXPECT_EQ(g.try_create_sq(q), ENA_ADMIN_ILLEGAL_PARAMETER);
	q.cq_index = 0xffff;
	EXPECT_EQ(g.try_create_sq(q), ENA_ADMIN_ILLEGAL_PARAMETER);
}

TEST(Queue, RegistersOfMissingQueuesAreNoted)
{
	Guest g;
	g.start();
	const auto q = g.create(false, 256, 1);
	EXPECT_EQ(g.destroy_sq(q), 0);
	EXPECT_EQ(g.destroy_cq(q), 0);
	g.host.write(q.doorbell, 5);
	EXPECT_TRUE(g.host.noted("doorbell of queue 0, which does not exist"));
	g.host.write(q.unmask, ENA_INTR_UNMASK);
	EXPECT_TRUE(g.host.noted("unmask register of queue 0"));
	g.host.write(0x3ffc, 1);
	EXPECT_TRUE(g.host.noted("no register"));
	EXPECT_EQ(g.host.run(), 0u);
}
