// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "abi/ena_admin.h"
#include "abi/ena_io.h"
#include "abi/ena_regs.h"
#include "abi/ena_types.h"

namespace
{

constexpr uint32_t seed = 20240611;

template <class T> void expect_little_endian(std::mt19937_64 &rng)
{
	for (int round = 0; round < 1000; round++) {
		const T value = static_cast<T>(rng());
		uint8_t bytes[sizeof(T)];
		ena::le<T> wire{};

		wire.set(value);
		EXPECT_EQ(wire.get(), value);
		std::memcpy(bytes, &wire, sizeof(bytes));
		for (size_t i = 0; i < sizeof(T); i++)
			ASSERT_EQ(bytes[i], static_cast<uint8_t>(value >> 8 * i)) << "byte " << i;
	}
}

TEST(LittleEndian, LowByteFirst)
{
	SCOPED_TRACE(seed);
	std::mt19937_64 rng(seed);

	expect_little_endian<uint16_t>(rng);
	expect_little_endian<uint32_t>(rng);
	expect_little_endian<uint64_t>(rng);
}

TEST(LittleEndian, UsableInConstantExpressions)
{
	constexpr uint32_t value = [] {
		ena_le32 wire{};
		wire.set(0x01020304);
		return wire.get();
	}();
	static_assert(value == 0x01020304);
	SUCCEED();
}

TEST(Address, FortyEightBits)
{
	const uint8_t expected[] = {0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x00, 0x00};
	ena_mem_addr address;

	std::memset(&address, 0xff, sizeof(address));
	ena::store(address, 0x112233445566);
	EXPECT_EQ(std::memcmp(&address, expected, sizeof(expected)), 0);
	EXPECT_EQ(ena::load(address), 0x112233445566u);

	/* What the reserved half carries does not become part of the address. */
	address.mbz.set(0xffff);
	EXPECT_EQ(ena::load(address), 0x112233445566u);
	ena::store(address, UINT64_MAX);
	EXPECT_EQ(ena::load(address), 0xffffffffffffu);
}

TEST(Field, EveryMask)
{
	SCOPED_TRACE(seed);
	std::mt19937 rng(seed);

	for (unsigned int lo = 0; lo < 32; lo++) {
		for (unsigned int hi = lo; hi < 32; hi++) {
			const uint32_t mask = ENA_MASK(hi, lo);
			const auto word = static_cast<uint32_t>(rng());
			uint32_t expected_mask = 0, expected_get = 0;

			for (unsigned int bit = lo; bit <= hi; bit++) {
				expected_mask |= 1u << bit;
				expected_get |= (word >> bit & 1) << (bit - lo);
			}
			ASSERT_EQ(mask, expected_mask) << hi << ":" << lo;
			ASSERT_EQ(ena::field_get(mask, word), expected_get) << hi << ":" << lo;
			ASSERT_EQ(ena::field_put(mask, expected_get), word & mask);
			/* Bits beyond the field are cut off. */
			ASSERT_EQ(ena::field_put(mask, word) & ~mask, 0u);
			ASSERT_EQ(ena::field_get(mask, ena::field_put(mask, word)),
				  word & (mask >> lo));
		}
	}
}

/* The fields of one word; @all is what they cover together. */
void expect_disjoint(const char *word, uint32_t all, const std::vector<uint32_t> &fields)
{
	uint32_t seen = 0;

	SCOPED_TRACE(word);
	for (const uint32_t field : fields) {
		EXPECT_EQ(seen & field, 0u) << std::hex << field;
		seen |= field;
	}
	EXPECT_EQ(seen, all);
}

TEST(Field, WordsDoNotOverlap)
{
	expect_disjoint("tx word 0", 0x1dbfffff,
			{ENA_TXD0_LENGTH, ENA_TXD0_REQ_ID_HI, ENA_TXD_META, ENA_TXD_PHASE,
			 ENA_TXD_FIRST, ENA_TXD_LAST, ENA_TXD_COMP_REQ});
	expect_disjoint("tx word 1", 0xffc2ff9f,
			{ENA_TXD1_L3_PROTO, ENA_TXD1_DF, ENA_TXD1_TSO, ENA_TXD1_L4_PROTO,
			 ENA_TXD1_L3_CSUM, ENA_TXD1_L4_CSUM, ENA_TXD1_FCS_DISABLE,
			 ENA_TXD1_L4_PARTIAL, ENA_TXD1_REQ_ID_LO});
	expect_disjoint("tx word 3", 0xff00ffff, {ENA_TXD3_ADDR_HI, ENA_TXD3_HEADER_LENGTH});
	expect_disjoint("tx meta word 0", 0x05bf4000,
			{ENA_TXM0_EXT_VALID, ENA_TXM0_MSS_HI, ENA_TXM0_ETH_META_TYPE,
			 ENA_TXM0_META_STORE, ENA_TXD_META, ENA_TXD_PHASE, ENA_TXD_FIRST});
	expect_disjoint(
		"tx meta word 2", 0xffffffff,
		{ENA_TXM2_L3_HDR_LEN, ENA_TXM2_L3_HDR_OFF, ENA_TXM2_L4_HDR_WORDS, ENA_TXM2_MSS_LO});
	expect_disjoint("rx completion", 0x4f01ff7f,
			{ENA_RXC_L3_PROTO, ENA_RXC_VLAN_COUNT, ENA_RXC_L4_PROTO,
			 ENA_RXC_L3_CSUM_ERR, ENA_RXC_L4_CSUM_ERR, ENA_RXC_IPV4_FRAG,
			 ENA_RXC_L4_CSUM_CHECKED, ENA_RXC_PHASE, ENA_RXC_L3_CSUM2, ENA_RXC_FIRST,
			 ENA_RXC_LAST, ENA_RXC_BUFFER});
	expect_disjoint("unmask", 0xffffffff,
			{ENA_INTR_RX_DELAY, ENA_INTR_TX_DELAY, ENA_INTR_UNMASK,
			 ENA_INTR_NO_MODERATION_UPDATE});
	expect_disjoint("device control", 0xff00000f,
			{ENA_DEV_CTL_RESET, ENA_DEV_CTL_AQ_RESTART, ENA_DEV_CTL_QUIESCENT,
			 ENA_DEV_CTL_IO_RESUME, ENA_DEV_CTL_REASON_EXT, ENA_DEV_CTL_REASON});
	expect_disjoint("caps", 0x000fff3f,
			{ENA_CAPS_CONTIGUOUS_QUEUE, ENA_CAPS_RESET_TIMEOUT, ENA_CAPS_DMA_WIDTH,
			 ENA_CAPS_ADMIN_TIMEOUT});
	expect_disjoint("readless request", 0xffffffff,
			{ENA_MMIO_READ_REQ_ID, ENA_MMIO_READ_OFFSET});
	expect_disjoint("ring caps", 0xffffffff, {ENA_RING_CAPS_DEPTH, ENA_RING_CAPS_ENTRY_SIZE});
}

template <class T, size_t N> void expect_bytes(const T &wire, const uint8_t (&expected)[N])
{
	static_assert(sizeof(T) >= N);
	uint8_t bytes[sizeof(T)];

	std::memcpy(bytes, &wire, sizeof(bytes));
	for (size_t i = 0; i < sizeof(T); i++)
		EXPECT_EQ(bytes[i], i < N ? expected[i] : 0) << "byte " << i;
}

using ena::field_put;

/* Frames written out by hand from the published tables. */
TEST(Golden, CreateCompletionQueue)
{
	ena_create_cq_cmd cmd{};

	cmd.common.command_id.set(0x0321);
	cmd.common.opcode = ENA_ADMIN_CREATE_CQ;
	cmd.common.flags = ENA_AQ_PHASE;
	cmd.caps1 = ENA_CQ_CAPS1_INTERRUPT;
	cmd.caps2 = static_cast<uint8_t>(field_put(ENA_CQ_CAPS2_ENTRY_WORDS, 4));
	cmd.depth.set(1024);
	cmd.msix_vector.set(3);
	ena::store(cmd.base, 0xabcd12345000);
	expect_bytes(cmd, {0x21, 0x03, 3, 1, 0x20, 4, 0x00, 0x04, 3, 0, 0, 0, 0x00, 0x50, 0x34,
			   0x12, 0xcd, 0xab});
}

TEST(Golden, CreateSubmissionQueue)
{
	ena_create_sq_cmd cmd{};

	cmd.common.opcode = ENA_ADMIN_CREATE_SQ;
	cmd.identity = static_cast<uint8_t>(field_put(ENA_SQ_IDENTITY_DIRECTION, ENA_SQ_RX));
	cmd.caps2 = static_cast<uint8_t>(field_put(ENA_SQ_CAPS2_PLACEMENT, ENA_PLACEMENT_HOST));
	cmd.caps3 = ENA_SQ_CAPS3_CONTIGUOUS;
	cmd.cq_idx.set(7);
	cmd.depth.set(256);
	ena::store(cmd.base, 0x1000);
	expect_bytes(cmd, {0, 0, 1, 0, 0x40, 0, 1, 1, 7, 0, 0, 1, 0, 0x10});
}

TEST(Golden, TxDescriptor)
{
	const uint32_t req_id = 0x3ff | 0x2a << 10;
	ena_tx_desc desc{};

	desc.word0.set(field_put(ENA_TXD0_LENGTH, 1514) |
		       field_put(ENA_TXD0_REQ_ID_HI, req_id >> 10) | ENA_TXD_PHASE | ENA_TXD_FIRST |
		       ENA_TXD_LAST | ENA_TXD_COMP_REQ);
	desc.word1.set(field_put(ENA_TXD1_L3_PROTO, ENA_L3_IPV6) | ENA_TXD1_TSO |
		       field_put(ENA_TXD1_L4_PROTO, ENA_L4_TCP) | ENA_TXD1_L4_CSUM |
		       field_put(ENA_TXD1_REQ_ID_LO, req_id));
	desc.addr_lo.set(0x89abcdef);
	desc.word3.set(field_put(ENA_TXD3_ADDR_HI, 0x4567) | field_put(ENA_TXD3_HEADER_LENGTH, 96));
	expect_bytes(desc, {0xea, 0x05, 0x2a, 0x1d, 0x8b, 0x4c, 0xc0, 0xff, 0xef, 0xcd, 0xab, 0x89,
			    0x67, 0x45, 0x00, 0x60});
}

TEST(Golden, TxMetaDescriptor)
{
	const uint32_t mss = 0x3001;
	ena_tx_meta_desc desc{};

	desc.word0.set(ENA_TXM0_EXT_VALID | field_put(ENA_TXM0_MSS_HI, mss >> 10) |
		       ENA_TXM0_ETH_META_TYPE | ENA_TXM0_META_STORE | ENA_TXD_META | ENA_TXD_PHASE |
		       ENA_TXD_FIRST);
	desc.word2.set(field_put(ENA_TXM2_L3_HDR_LEN, 20) | field_put(ENA_TXM2_L3_HDR_OFF, 14) |
		       field_put(ENA_TXM2_L4_HDR_WORDS, 8) | field_put(ENA_TXM2_MSS_LO, mss));
	expect_bytes(desc, {0x00, 0x40, 0xbc, 0x05, 0, 0, 0, 0, 20, 14, 0x48, 0x00});
}

TEST(Golden, RegisterNumbers)
{
	EXPECT_EQ(ENA_REG_AQ_DB, 0x2c);
	EXPECT_EQ(ENA_REG_AENQ_CAPS, 0x34);
	EXPECT_EQ(ENA_REG_AENQ_HEAD_DB, 0x40);
	EXPECT_EQ(ENA_REG_INTR_MASK, 0x4c);
	EXPECT_EQ(ENA_REG_DEV_CTL, 0x54);
	EXPECT_EQ(ENA_REG_DEV_STS, 0x58);
	EXPECT_EQ(ENA_REG_MMIO_REG_READ, 0x5c);
	EXPECT_EQ(ENA_REG_MMIO_RESP_HI, 0x64);
	/* The reason's low half is above its high half. */
	EXPECT_EQ(field_put(ENA_DEV_CTL_REASON, 19) | field_put(ENA_DEV_CTL_REASON_EXT, 19 >> 4),
		  0x31000000u);
}

} // namespace
