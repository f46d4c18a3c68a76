// SPDX-License-Identifier: GPL-2.0-or-later
/* Probe, open, close, remove; and that a failure in the middle undoes everything. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_adapter.hh"

namespace
{

uint32_t reason_of(uint32_t dev_ctl)
{
	return ena::field_get(ENA_DEV_CTL_REASON, dev_ctl) |
	       ena::field_get(ENA_DEV_CTL_REASON_EXT, dev_ctl) << 4;
}

TEST(Life, ProbeReadsWhatTheDeviceOffers)
{
	oe_kernel k;
	ASSERT_EQ(k.probe(), 0);
	const struct oe_info *info = oe_info(k.adapter);
	EXPECT_EQ(info->mac[5], 7);
	EXPECT_EQ(info->max_mtu, 9001u);
	EXPECT_EQ(info->dma_bits, 48u);
	EXPECT_EQ(info->max_queues, 4u);
	EXPECT_EQ(info->max_tx_ring, 512u);
	EXPECT_EQ(info->max_rx_ring, 1024u);
	EXPECT_EQ(info->max_tx_buffers, 18u); /* one descriptor is for the meta */
	EXPECT_EQ(info->rss_entries, 128u);
	EXPECT_TRUE(info->rss_key && info->tx_csum_v4 && info->tso_v6 && info->rx_csum &&
		    info->rx_hash && info->moderation && info->readless);
	EXPECT_EQ(k.host_info.os_type.get(), uint32_t{ENA_OS_LINUX});
	EXPECT_EQ(k.host_info.spec_version.get(), 0x0200);
	EXPECT_EQ(k.host_info.driver_version.get(), 0x030201u);
	EXPECT_EQ(k.host_info.driver_supported_features.get(), 0x116u);
	EXPECT_STREQ(k.host_info.kernel_ver_str, "6.12.0-test");
	EXPECT_EQ(k.event_groups, 0x9bu);
	EXPECT_EQ(k.intr_mask, ENA_INTR_MASK_MGMT);
	k.remove();
	EXPECT_EQ(k.allocations, 0u);
	EXPECT_EQ(reason_of(k.reset_commands.back()), uint32_t{ENA_RESET_NORMAL});
}

TEST(Life, ProbeByPlainReads)
{
	oe_kernel k;
	k.answers_reads = false;
	EXPECT_EQ(k.probe(false), 0);
}

TEST(Life, MinimalDevice)
{
	oe_kernel k;
	k.offer.attributes.supported_features.set(1u << 26 | 1u << 11);
	k.offer.queues.max_sq_num.set(2);
	k.offer.queues.max_cq_num.set(3);
	k.offer.queues.max_sq_depth.set(700);
	k.offer.queues.max_cq_depth.set(1000);
	k.offer.queues.max_packet_tx_descs.set(200);
	k.offer.queues.max_packet_rx_descs.set(200);
	ASSERT_EQ(k.probe_and_open(), 0);
	const struct oe_info *info = oe_info(k.adapter);
	EXPECT_EQ(info->max_queues, 2u);
	EXPECT_EQ(info->max_rx_ring, 512u);
	EXPECT_EQ(info->max_tx_buffers, uint32_t{OE_MAX_TX_BUFFERS});
	EXPECT_EQ(info->rss_entries, 0u);
	EXPECT_FALSE(info->rss_key || info->moderation);
	struct oe_link link;
	EXPECT_EQ(oe_get_link(k.adapter, &link), -EOPNOTSUPP);
}

struct Refused {
	const char *words;
	std::function<void(oe_kernel &)> spoil;
};

void PrintTo(const Refused &one, std::ostream *out)
{
	*out << one.words;
}

class Refusal : public testing::TestWithParam<Refused> {};

TEST_P(Refusal, IsLoggedAndNothingIsLeft)
{
	oe_kernel k;
	GetParam().spoil(k);
	EXPECT_LT(k.probe(), 0);
	EXPECT_TRUE(k.logged(GetParam().words)) << (k.log.empty() ? "silent" : k.log.back());
	EXPECT_EQ(k.allocations, 0u);
}

INSTANTIATE_TEST_SUITE_P(
	Probe, Refusal,
	testing::Values(Refused{"TX ring of 128, at least 256",
				[](oe_kernel &k) {
					k.offer.queues_ext.max_tx_cq_depth.set(128);
				}},
			Refused{"RX ring of 0",
				[](oe_kernel &k) {
					k.offer.queues_ext.max_rx_sq_depth.set(0);
				}},
			Refused{"number of queues of 0",
				[](oe_kernel &k) {
					k.offer.queues_ext.max_rx_cq_num.set(0);
				}},
			Refused{"largest MTU of 60",
				[](oe_kernel &k) {
					k.offer.attributes.max_mtu.set(60);
				}},
			Refused{"TX descriptors for a packet of 1",
				[](oe_kernel &k) {
					k.offer.queues_ext.max_packet_tx_descs.set(1);
				}},
			Refused{"version 2",
				[](oe_kernel &k) {
					k.offer.queues_ext.version = 2;
				}},
			Refused{"DMA width of 31 bits",
				[](oe_kernel &k) {
					k.offer.caps = (k.offer.caps & ~0xff00u) | 31 << 8;
				}},
			Refused{"DMA width of 49 bits",
				[](oe_kernel &k) {
					k.offer.caps = (k.offer.caps & ~0xff00u) | 49 << 8;
				}},
			Refused{"below 0.0.1",
				[](oe_kernel &k) {
					k.offer.controller = 0x01000000;
				}},
			Refused{"no timeout",
				[](oe_kernel &k) {
					k.offer.caps &= ~0x3eu;
				}},
			Refused{"not ready",
				[](oe_kernel &k) {
					k.dev_sts = 0;
				}},
			Refused{"did not start within 1000 ms",
				[](oe_kernel &k) {
					k.reset_starts = false;
				}},
			Refused{"did not finish within 1000 ms",
				[](oe_kernel &k) {
					k.reset_ends = false;
				}},
			Refused{"no answer after 200 ms",
				[](oe_kernel &k) {
					k.answers_reads = false;
				}},
			Refused{"the answer is about register",
				[](oe_kernel &k) {
					k.wrong_offset = true;
				}},
			Refused{"does not answer",
				[](oe_kernel &k) {
					k.absent = true;
				}},
			Refused{"got no completion within 1000 ms",
				[](oe_kernel &k) {
					k.answers_commands = false;
				}},
			Refused{"is in flight", [](oe_kernel &k) {
					k.wrong_command_id = true;
				}}));

TEST(Life, EveryFailedAllocationOfProbeIsUndone)
{
	unsigned n = 0;
	for (;; n++) {
		oe_kernel k;
		k.allocations_left = n;
		int err = k.probe();
		if (!err)
			break;
		EXPECT_EQ(err, -ENOMEM);
		EXPECT_EQ(k.allocations, 0u);
	}
	EXPECT_GT(n, 5u);
}

/* Let the nth command from now fail with @status. */
void fail_nth(oe_kernel &k, unsigned n, uint8_t status)
{
	k.refuse = [n, status](const ena_aq_entry &) mutable -> std::optional<uint8_t> {
		if (n-- == 0)
			return status;
		return std::nullopt;
	};
}

TEST(Life, EveryRefusedCommandOfProbeIsUndone)
{
	oe_kernel good;
	ASSERT_EQ(good.probe(), 0);
	size_t count = good.commands.size();
	good.remove();
	unsigned failures = 0;
	for (unsigned n = 0; n < count; n++) {
		oe_kernel k;
		fail_nth(k, n, ENA_ADMIN_UNKNOWN_ERROR);
		if (k.probe()) {
			failures++;
			EXPECT_EQ(k.allocations, 0u);
		}
	}
	/* Attributes, queues, offloads, and events read and set; the others can be done without. */
	EXPECT_EQ(failures, 5u);
}

TEST(Life, EveryRefusedCommandOfOpenIsUndone)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_close(k.adapter);
	size_t idle = k.allocations;
	size_t before = k.commands.size();
	ASSERT_EQ(oe_open(k.adapter), 0);
	size_t count = k.commands.size() - before;
	EXPECT_EQ(k.sqs.size(), 8u);
	EXPECT_EQ(k.cqs.size(), 8u);
	oe_close(k.adapter);
	EXPECT_EQ(k.allocations, idle);
	for (unsigned n = 0; n < count; n++) {
		fail_nth(k, n, ENA_ADMIN_ILLEGAL_PARAMETER);
		EXPECT_EQ(oe_open(k.adapter), -EINVAL) << n;
		EXPECT_TRUE(k.sqs.empty() && k.cqs.empty()) << n;
		EXPECT_EQ(k.allocations, idle) << n;
	}
	k.refuse = nullptr;
	EXPECT_EQ(oe_open(k.adapter), 0);
}

TEST(Life, EveryFailedAllocationOfOpenIsUndone)
{
	oe_kernel k;
	ASSERT_EQ(k.probe(), 0);
	ASSERT_EQ(oe_interrupts_ready(k.adapter, 5), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	settings.tx_ring = settings.rx_ring = OE_MIN_RING;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, nullptr), 0);
	size_t idle = k.allocations;
	unsigned n = 0;
	for (;; n++) {
		k.allocations_left = n;
		int err = oe_open(k.adapter);
		if (!err)
			break;
		EXPECT_EQ(err, -ENOMEM);
		EXPECT_EQ(k.allocations, idle);
		EXPECT_TRUE(k.sqs.empty() && k.cqs.empty());
	}
	EXPECT_GT(n, 30u);
	k.allocations_left.reset();
}

TEST(Life, RingsShrinkWhenTheDeviceIsShortOfMemory)
{
	oe_kernel k;
	ASSERT_EQ(k.probe(), 0);
	ASSERT_EQ(oe_interrupts_ready(k.adapter, 5), 0);
	k.refuse = [](const ena_aq_entry &c) -> std::optional<uint8_t> {
		ena_create_sq_cmd create;
		memcpy(&create, &c, sizeof(create));
		if (c.common.opcode == ENA_ADMIN_CREATE_SQ && create.depth.get() > 256)
			return ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE;
		return std::nullopt;
	};
	ASSERT_EQ(oe_open(k.adapter), 0);
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	EXPECT_EQ(settings.tx_ring, 256u);
	EXPECT_EQ(settings.rx_ring, 256u);
	EXPECT_EQ(k.sqs.size(), 8u);
	oe_close(k.adapter);
	k.refuse = [](const ena_aq_entry &c) -> std::optional<uint8_t> {
		if (c.common.opcode == ENA_ADMIN_CREATE_CQ)
			return ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE;
		return std::nullopt;
	};
	EXPECT_EQ(oe_open(k.adapter), -ENOMEM);
}

TEST(Life, QueueAnswersThatMakeNoSense)
{
	oe_kernel k;
	ASSERT_EQ(k.probe(), 0);
	ASSERT_EQ(oe_interrupts_ready(k.adapter, 5), 0);
	/* An answer that says success and nothing else: depth 0, no registers. */
	k.refuse = [](const ena_aq_entry &c) -> std::optional<uint8_t> {
		if (c.common.opcode == ENA_ADMIN_CREATE_CQ)
			return ENA_ADMIN_SUCCESS;
		return std::nullopt;
	};
	EXPECT_LT(oe_open(k.adapter), 0);
	/* The queue that it claims to have cannot be destroyed: the device was reset instead. */
	EXPECT_TRUE(oe_reset_pending(k.adapter));
	k.refuse = nullptr;
	EXPECT_EQ(oe_open(k.adapter), 0);
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST(Life, QueuesArePairedWithTheirVectors)
{
	oe_kernel k;
	ASSERT_EQ(k.probe(), 0);
	EXPECT_EQ(oe_interrupts_ready(k.adapter, 1), -EINVAL);
	ASSERT_EQ(oe_interrupts_ready(k.adapter, 3), 0);
	EXPECT_EQ(oe_max_queues(k.adapter), 2u);
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(k.sqs.size(), 4u);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_EQ(k.txq(i).vector, i + 1);
		EXPECT_EQ(k.rxq(i).vector, i + 1);
		EXPECT_EQ(k.txq(i).depth, 512);
		EXPECT_EQ(k.rxq(i).depth, 1024);
	}
	EXPECT_EQ(oe_txq(k.adapter, 2), nullptr);
	EXPECT_EQ(k.mtu, 1500u);
}

TEST(Life, ShutdownHasItsOwnReason)
{
	oe_kernel k;
	ASSERT_EQ(k.probe_and_open(), 0);
	oe_close(k.adapter);
	oe_leave(k.adapter, ENA_RESET_SHUTDOWN);
	EXPECT_EQ(reason_of(k.reset_commands.back()), uint32_t{ENA_RESET_SHUTDOWN});
	/* It stands still: no second reset before its memory goes. */
	const size_t resets = k.reset_commands.size();
	k.remove();
	EXPECT_EQ(k.reset_commands.size(), resets);
}

TEST(Reset, UpperReasonsNeedTheCapability)
{
	for (bool extended : {false, true}) {
		oe_kernel k;
		if (extended)
			k.offer.attributes.capabilities.set(ENA_CAPABILITY_EXTENDED_RESET_REASONS);
		ASSERT_EQ(k.probe_and_open(), 0);
		oe_request_reset(k.adapter, ENA_RESET_RX_DESCRIPTOR_MALFORMED);
		oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER); /* the first one counts */
		k.run_reset();
		EXPECT_EQ(reason_of(k.reset_commands.back()),
			  extended ? uint32_t{ENA_RESET_RX_DESCRIPTOR_MALFORMED}
				   : uint32_t{ENA_RESET_GENERIC});
	}
}

} // namespace
