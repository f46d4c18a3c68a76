// SPDX-License-Identifier: GPL-2.0-or-later
/* The register dump, and the self-test's look at a device that works and at one that does not. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "fake_adapter.hh"

namespace
{

class Diagnosis : public testing::Test {
    protected:
	void SetUp() override
	{
		ASSERT_EQ(k.probe_and_open(), 0);
	}
	uint32_t word(ena_reg reg)
	{
		oe_dump_registers(k.adapter, words);
		return words[reg / 4];
	}
	/* The sentence of a test that fails, or nothing. */
	std::string said(int (*test)(oe_adapter *, oe_error *))
	{
		oe_error error{};
		int err = test(k.adapter, &error);
		EXPECT_EQ(err, *error.text ? -EIO : 0);
		return error.text;
	}

	oe_kernel k;
	uint32_t words[OE_REGISTERS] = {};
};

TEST_F(Diagnosis, RegistersAreAtTheirOffsets)
{
	EXPECT_EQ(word(ENA_REG_DEV_STS), ENA_DEV_STS_READY);
	for (ena_reg reg : {ENA_REG_VERSION, ENA_REG_CONTROLLER_VERSION, ENA_REG_CAPS})
		EXPECT_EQ(words[reg / 4], k.register_value(reg)) << reg;
	EXPECT_NE(words[ENA_REG_CAPS / 4], 0u);
	EXPECT_EQ(words[ENA_REG_AQ_DB / 4], 0u) << "is only written";
}

TEST_F(Diagnosis, ASilentDeviceIsAskedOnce)
{
	k.answers_reads = false;
	const uint64_t before = k.now;
	EXPECT_EQ(word(ENA_REG_DEV_STS), ENA_REG_READ_TIMEOUT);
	EXPECT_EQ(words[ENA_REG_VERSION / 4], ENA_REG_READ_TIMEOUT);
	EXPECT_LT(k.now - before, 400'000'000u) << "one register has 200 ms";
}

TEST_F(Diagnosis, AWorkingDevicePasses)
{
	EXPECT_EQ(said(oe_test_registers), "");
	EXPECT_EQ(said(oe_test_admin), "");
	EXPECT_FALSE(oe_reset_pending(k.adapter));
}

TEST_F(Diagnosis, StatusIsLookedAt)
{
	k.dev_sts = ENA_DEV_STS_READY | ENA_DEV_STS_FATAL_ERROR;
	EXPECT_EQ(said(oe_test_registers), "the device's status is 0x21, which is not just ready");
	k.dev_sts = 0;
	EXPECT_EQ(said(oe_test_registers), "the device's status is 0x0, which is not just ready");
	k.answers_reads = false;
	EXPECT_EQ(said(oe_test_registers), "the device does not answer");
}

TEST_F(Diagnosis, CapabilitiesMustStayAsTheyWere)
{
	k.alter_register = [](uint32_t offset, uint32_t value) {
		return offset == ENA_REG_CAPS ? (value & ~ENA_CAPS_DMA_WIDTH) | 40u << 8 : value;
	};
	EXPECT_EQ(said(oe_test_registers), "the device says 40 address bits, and said 48 before");
	k.alter_register = [](uint32_t offset, uint32_t value) {
		return offset == ENA_REG_CONTROLLER_VERSION ? 0 : value;
	};
	EXPECT_EQ(said(oe_test_registers),
		  "version or capabilities of the device are not possible");
}

TEST_F(Diagnosis, ACommandIsCarriedOut)
{
	const size_t before = k.commands.size();
	EXPECT_EQ(said(oe_test_admin), "");
	EXPECT_EQ(k.commands.size(), before + 1);
	k.refuse = [](const ena_aq_entry &) {
		return std::optional<uint8_t>{7};
	};
	EXPECT_EQ(said(oe_test_admin), "a command got no answer, or a refusal, error 11");
	k.refuse = nullptr;
	k.offer.attributes.mac[5] ^= 1;
	EXPECT_EQ(said(oe_test_admin), "the device names another MAC than before");
	k.offer.attributes.mac[5] ^= 1;
	k.answers_commands = false;
	EXPECT_EQ(said(oe_test_admin), "a command got no answer, or a refusal, error 62");
}

} // namespace
