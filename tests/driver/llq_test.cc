// SPDX-License-Identifier: GPL-2.0-or-later
/* TX rings in the device: what the driver chooses, what it writes, when it does without. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fake_adapter.hh"

namespace
{

class Llq : public testing::Test {
    protected:
	Llq()
	{
		auto &features = k.offer.attributes.supported_features;
		features.set(features.get() | ENA_BIT(ENA_FEATURE_LLQ));
		ena_llq_config &llq = k.offer.llq;
		llq.max_num.set(4);
		llq.max_depth.set(1024);
		llq.header_location.supported.set(1);
		llq.entry_size.supported.set(ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256);
		llq.descs_before_header.supported.set(15);
		llq.stride.supported.set(3);
		llq.version = 1;
		llq.max_wide_depth.set(512);
		k.push_memory.resize(1 << 21);
	}
	void open()
	{
		ASSERT_EQ(k.probe_and_open(), 0);
		q = oe_txq(k.adapter, 1);
	}
	oe_settings settings()
	{
		oe_settings s;
		oe_get_settings(k.adapter, &s);
		return s;
	}
	int set_push(uint32_t push, oe_error *error = nullptr)
	{
		oe_settings s = settings();
		s.push = push;
		return oe_set_settings(k.adapter, &s, error);
	}
	int submit(const std::string &header, uint16_t nbuffers, uint16_t flags = OE_TX_KICK)
	{
		static std::vector<oe_tx_buffer> buffers;
		buffers.assign(nbuffers, {0x123456789000, 100});
		oe_tx_packet packet{};
		packet.header = header.data();
		packet.header_len = static_cast<uint16_t>(header.size());
		packet.buffers = buffers.data();
		packet.nbuffers = nbuffers;
		packet.flags = flags;
		packet.mss = 1000;
		packet.l3_offset = 14;
		packet.l3_len = 20;
		packet.l4_len = 20;
		packet.packets = 1;
		return oe_tx_submit(q, &packet, &result);
	}
	/* Descriptor @slot of the entry at @position. */
	ena_tx_desc desc(uint32_t position, uint32_t slot, uint32_t size = 128)
	{
		ena_tx_desc d;
		memcpy(&d, entry(position, size) + 16 * slot, sizeof(d));
		return d;
	}
	const uint8_t *entry(uint32_t position, uint32_t size = 128)
	{
		FakeQueue &queue = k.txq(1);
		return &k.push_memory[queue.push_offset + position % queue.depth * size];
	}
	bool in_host()
	{
		return !k.txq(1).in_device && !settings().push && !oe_tx_push(q);
	}

	oe_kernel k;
	struct oe_txq *q = nullptr;
	oe_tx_result result{};
};

TEST_F(Llq, IsChosenWithEntriesOf128Bytes)
{
	open();
	EXPECT_EQ(k.llq.header_location.enabled.get(), ENA_LLQ_HEADER_INLINE);
	EXPECT_EQ(k.llq.entry_size.enabled.get(), ENA_LLQ_ENTRY_128);
	EXPECT_EQ(k.llq.descs_before_header.enabled.get(), 2);
	EXPECT_EQ(k.llq.stride.enabled.get(), ENA_LLQ_STRIDE_MULTIPLE);
	EXPECT_EQ(k.llq.accel_flags.get(), 3) << "what we can do, needed or not";
	EXPECT_TRUE(k.txq(1).in_device);
	EXPECT_FALSE(k.rxq(1).in_device);
	EXPECT_EQ(oe_tx_push(q), 96u);
	EXPECT_EQ(settings().push, 96u);
	EXPECT_EQ(oe_info(k.adapter)->largest_push, 224u);
}

TEST_F(Llq, APacketIsEntriesOfDescriptorsAndItsHeader)
{
	open();
	const std::string header(96, 'h');
	ASSERT_EQ(submit(header, 1), 0);
	EXPECT_EQ(k.txq(1).tail, 1);
	EXPECT_EQ(desc(0, 0).word0.get(),
		  100u | ENA_TXD_PHASE | ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXD_COMP_REQ);
	EXPECT_EQ(desc(0, 0).word3.get(), 0x1234u | 96u << 24);
	EXPECT_EQ(desc(0, 1).word0.get(), 0u);
	EXPECT_EQ(memcmp(entry(0) + 32, header.data(), 96), 0);
	EXPECT_EQ(k.push_barriers, 1u);

	/* Meta and 12 buffers: 2 descriptors with the header, 8, and 3. */
	ASSERT_EQ(submit("0123456789abcdef", 12, OE_TX_CSUM | OE_TX_TSO | OE_TX_KICK), 0);
	EXPECT_EQ(k.txq(1).tail, 4) << "doorbells count entries";
	EXPECT_TRUE(desc(1, 0).word0.get() & ENA_TXD_META);
	EXPECT_EQ(desc(1, 1).word3.get() >> 24, 16u);
	EXPECT_FALSE(desc(1, 1).word0.get() & ENA_TXD_FIRST);
	EXPECT_EQ(memcmp(entry(1) + 32, "0123456789abcdef", 16), 0);
	EXPECT_EQ(desc(3, 2).word0.get(), 100u | ENA_TXD_PHASE | ENA_TXD_LAST);
	EXPECT_EQ(desc(3, 3).word0.get(), 0u);

	/* All of it pushed: a descriptor without a buffer. */
	ASSERT_EQ(submit("all", 0), 0);
	EXPECT_EQ(desc(4, 0).word0.get(),
		  ENA_TXD_PHASE | ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXD_COMP_REQ);
	EXPECT_EQ(desc(4, 0).word3.get(), 3u << 24);
	EXPECT_EQ(submit("", 0), -EINVAL);
	EXPECT_EQ(submit(std::string(97, 'x'), 1), -EINVAL);
}

TEST_F(Llq, PhaseTurnsWithTheRing)
{
	open();
	for (uint32_t i = 0; i < 3000; i++) {
		ASSERT_EQ(submit("x", 4), 0) << i; /* two entries */
		for (uint32_t e : {2 * i, 2 * i + 1})
			EXPECT_EQ(desc(e, 0).word0.get() >> 24 & 1,
				  e / k.txq(1).depth % 2 ? 0u : 1u)
				<< e;
		uint16_t id = result.req_id;
		k.complete_tx(k.txq(1), id);
		ASSERT_EQ(oe_tx_completed(q, &id, 1), 1u);
		oe_tx_release(q, &id, 1);
	}
}

TEST_F(Llq, StopsWhileALargestPacketStillFits)
{
	open();
	unsigned packets = 0;
	do
		ASSERT_EQ(submit("x", 1), 0);
	while (++packets < 2000 && !result.stop);
	/* 18 buffers and meta need 4 entries; one always stays free. */
	EXPECT_EQ(oe_info(k.adapter)->max_tx_buffers, 18u);
	EXPECT_EQ(packets, k.txq(1).depth - 4u);
	EXPECT_EQ(submit("x", 18, OE_TX_CSUM | OE_TX_TSO | OE_TX_KICK), -EBUSY);
	EXPECT_EQ(submit("x", 16), 0);
}

TEST_F(Llq, MetaGoesInEachWhereTheDeviceRemembersNone)
{
	k.offer.llq.accel_flags.set(ENA_LLQ_DISABLE_META_CACHING);
	open();
	ASSERT_EQ(submit("x", 1), 0);
	EXPECT_EQ(desc(0, 0).word0.get() & (ENA_TXD_META | ENA_TXD_FIRST),
		  ENA_TXD_META | ENA_TXD_FIRST);
	EXPECT_EQ(desc(0, 0).addr_lo.get(), 0u) << "that asks for nothing";
	EXPECT_FALSE(desc(0, 1).word0.get() & ENA_TXD_FIRST);
	for (uint32_t i : {1u, 2u}) {
		ASSERT_EQ(submit("x", 1, OE_TX_CSUM | OE_TX_TSO | OE_TX_KICK), 0);
		EXPECT_TRUE(desc(i, 0).word0.get() & ENA_TXD_META) << i;
		EXPECT_NE(desc(i, 0).addr_lo.get(), 0u) << i;
	}
}

TEST_F(Llq, ABurstIsRungBeforeItGetsTooLong)
{
	k.offer.llq.accel_flags.set(ENA_LLQ_LIMIT_TX_BURST);
	k.offer.llq.max_tx_burst.set(5120); /* 40 entries */
	open();
	for (unsigned i = 0; i < 40; i++)
		ASSERT_EQ(submit("x", 1, 0), 0);
	EXPECT_EQ(k.txq(1).tail, 0);
	ASSERT_EQ(submit("x", 3, 0), 0); /* two entries */
	EXPECT_EQ(k.txq(1).tail, 40);
	oe_tx_kick(q);
	EXPECT_EQ(k.txq(1).tail, 42);
}

TEST_F(Llq, WhatCannotBeUsedLeavesTheRingsInHostMemory)
{
	struct {
		const char *what;
		std::function<void(oe_kernel &)> spoil;
	} const cases[] = {
		{"no memory",
		 [](oe_kernel &k) {
			 k.push_memory.clear();
		 }},
		{"refused GET",
		 [](oe_kernel &k) {
			 k.refuse = [](const ena_aq_entry &e) -> std::optional<uint8_t> {
				 return e.common.opcode == ENA_ADMIN_GET_FEATURE && e.data[1] == 4
						? std::optional<uint8_t>(ENA_ADMIN_UNKNOWN_ERROR)
						: std::nullopt;
			 };
		 }},
		{"refused SET",
		 [](oe_kernel &k) {
			 k.refuse = [](const ena_aq_entry &e) -> std::optional<uint8_t> {
				 return e.common.opcode == ENA_ADMIN_SET_FEATURE && e.data[1] == 4
						? std::optional<uint8_t>(
							  ENA_ADMIN_ILLEGAL_PARAMETER)
						: std::nullopt;
			 };
		 }},
		{"header ring",
		 [](oe_kernel &k) {
			 k.offer.llq.header_location.supported.set(2);
		 }},
		{"descriptors",
		 [](oe_kernel &k) {
			 k.offer.llq.descs_before_header.supported.set(1);
		 }},
		{"stride",
		 [](oe_kernel &k) {
			 k.offer.llq.stride.supported.set(1);
		 }},
		{"sizes",
		 [](oe_kernel &k) {
			 k.offer.llq.entry_size.supported.set(2);
		 }},
		{"number",
		 [](oe_kernel &k) {
			 k.offer.llq.max_num.set(0);
		 }},
		{"depth",
		 [](oe_kernel &k) {
			 k.offer.llq.max_depth.set(255);
		 }},
		{"burst",
		 [](oe_kernel &k) {
			 k.offer.llq.accel_flags.set(ENA_LLQ_LIMIT_TX_BURST);
			 k.offer.llq.max_tx_burst.set(128);
		 }},
	};
	const FakeOffer good = k.offer;
	for (const auto &test : cases) {
		k.offer = good;
		k.push_memory.resize(1 << 21);
		k.refuse = nullptr;
		test.spoil(k);
		ASSERT_EQ(k.probe_and_open(), 0) << test.what;
		q = oe_txq(k.adapter, 1);
		EXPECT_TRUE(in_host()) << test.what;
		EXPECT_EQ(submit("", 1), 0) << test.what;
		EXPECT_EQ(k.txq(1).tail, 1) << test.what;
		k.remove();
	}
}

TEST_F(Llq, RingsThatAreNotInTheMemoryAreNotUsed)
{
	constexpr uint32_t size = 1u << 21, ring = 512 * 128;

	for (uint32_t offset : {size, size - ring + 8, 0xfffffff8u, 4u}) {
		k.push_offset = offset;
		ASSERT_EQ(k.probe(), 0);
		k.reset_commands.clear();
		ASSERT_EQ(oe_open(k.adapter), 0) << offset;
		q = oe_txq(k.adapter, 1);
		EXPECT_TRUE(in_host()) << offset;
		EXPECT_EQ(k.reset_commands.size(), 1u) << "the device has forgotten the layout";
		EXPECT_EQ(submit("", 1), 0) << offset;
		k.remove();
	}
	k.push_offset = size - ring;
	EXPECT_EQ(k.probe_and_open(), 0);
	EXPECT_EQ(k.txq(1).depth, 512);
	EXPECT_TRUE(k.txq(1).in_device);
}

TEST_F(Llq, QueuesThatTheDeviceRefusesThereAreCreatedInHostMemory)
{
	k.refuse = [](const ena_aq_entry &e) -> std::optional<uint8_t> {
		ena_create_sq_cmd command;
		memcpy(&command, &e, sizeof(command));
		if (e.common.opcode == ENA_ADMIN_CREATE_SQ &&
		    (command.caps2 & 0xf) == ENA_PLACEMENT_DEVICE)
			return ENA_ADMIN_ILLEGAL_PARAMETER;
		return std::nullopt;
	};
	open();
	EXPECT_TRUE(in_host());
	EXPECT_EQ(submit("", 1), 0);
}

/* What was set before stays possible: else the device would refuse each setting from then on. */
TEST_F(Llq, ADeviceThatTakesLessThereAfterAResetGetsItsRingsInHostMemory)
{
	struct {
		const char *what;
		std::function<void(ena_llq_config &)> take;
	} const cases[] = {
		{"queues",
		 [](ena_llq_config &llq) {
			 llq.max_num.set(1);
		 }},
		{"entries",
		 [](ena_llq_config &llq) {
			 llq.max_depth.set(256);
		 }},
	};
	const FakeOffer good = k.offer;
	for (const auto &test : cases) {
		k.offer = good;
		open();
		ASSERT_FALSE(in_host()) << test.what;
		test.take(k.offer.llq);
		oe_request_reset(k.adapter, ENA_RESET_USER_TRIGGER);
		k.run_reset();
		q = oe_txq(k.adapter, 1);
		ASSERT_NE(q, nullptr) << test.what;
		EXPECT_TRUE(in_host()) << test.what;
		const oe_settings same = settings();
		oe_error error{};
		EXPECT_EQ(oe_set_settings(k.adapter, &same, &error), 0) << error.text;
		k.remove();
	}
}

TEST_F(Llq, TheLimitOfQueuesIsThatOfThePlaceOfTheirRings)
{
	k.offer.llq.max_num.set(2);
	open();
	EXPECT_EQ(oe_max_queues(k.adapter), 4u);
	EXPECT_EQ(oe_queue_limit(k.adapter), 2u);
	oe_settings s = settings();
	s.queues = 3;
	EXPECT_EQ(oe_set_settings(k.adapter, &s, nullptr), -EINVAL);
	ASSERT_EQ(set_push(0), 0);
	EXPECT_EQ(oe_queue_limit(k.adapter), 4u);
	EXPECT_EQ(oe_set_settings(k.adapter, &s, nullptr), -EINVAL) << "with the push of before";
	s.push = 0;
	EXPECT_EQ(oe_set_settings(k.adapter, &s, nullptr), 0);
}

TEST_F(Llq, LengthIsASetting)
{
	open();
	oe_error error{};
	EXPECT_EQ(set_push(100, &error), -EINVAL);
	EXPECT_STREQ(error.text, "the device takes no push of 100 bytes");
	EXPECT_EQ(settings().push, 96u);

	oe_close(k.adapter);
	ASSERT_EQ(set_push(224), 0);
	EXPECT_EQ(settings().tx_ring, 512u) << "a ring that was not touched follows";
	k.reset_commands.clear();
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_EQ(k.reset_commands.size(), 1u) << "a layout is chosen once after a reset";
	EXPECT_EQ(k.llq.entry_size.enabled.get(), ENA_LLQ_ENTRY_256);
	q = oe_txq(k.adapter, 1);
	const std::string header(224, 'w');
	ASSERT_EQ(submit(header, 5), 0);
	EXPECT_EQ(k.txq(1).tail, 2);
	EXPECT_EQ(memcmp(entry(0, 256) + 32, header.data(), 224), 0);
	EXPECT_EQ(desc(1, 2, 256).word0.get() & ENA_TXD_LAST, ENA_TXD_LAST);

	oe_settings s = settings();
	s.tx_ring = 1024;
	EXPECT_EQ(oe_set_settings(k.adapter, &s, &error), -EINVAL);
	EXPECT_STREQ(error.text, "TX ring of 1024 is not within 256 to 512");

	oe_close(k.adapter);
	ASSERT_EQ(set_push(0), 0);
	ASSERT_EQ(oe_open(k.adapter), 0);
	q = oe_txq(k.adapter, 1);
	EXPECT_TRUE(in_host());
}

/* A device that knows no wide entries has memory for half as many. */
TEST_F(Llq, OldDevicesHalveWideRings)
{
	k.offer.llq.version = 0;
	k.offer.llq.max_wide_depth.set(77);
	ASSERT_EQ(k.probe(), 0);
	ASSERT_EQ(set_push(224), 0);
	EXPECT_EQ(settings().tx_ring, 512u);
}

} // namespace
