// SPDX-License-Identifier: GPL-2.0-or-later
/* Strict mode: each refusal has its sentence, and is none without it. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

namespace
{
ena_config config_of(bool strict)
{
	ena_config config = FakeHost::default_config();
	config.strict = strict;
	return config;
}

/* The parameter: strict or not. */
class Strict : public testing::TestWithParam<bool> {
    protected:
	bool strict = GetParam();
	Guest g{config_of(strict)};

	void set_host_info(uint16_t spec_version)
	{
		const uint64_t page = g.host.alloc(4096);
		ena_host_info info{};
		info.os_type.set(ENA_OS_LINUX);
		info.spec_version.set(spec_version);
		g.host.store(page, info);
		ena_host_attr attr{};
		ena::store(attr.os_info, page);
		EXPECT_EQ(g.set_feature(ENA_FEATURE_HOST_ATTR, &attr, sizeof(attr)), 0);
	}
	/* @status and @sentence in strict mode, success otherwise. */
	void expect(uint8_t got, uint8_t status, const char *sentence)
	{
		EXPECT_EQ(got, strict ? status : 0);
		EXPECT_EQ(g.host.noted(sentence), strict);
		EXPECT_EQ(g.host.noted("strict: "), strict);
	}
	uint8_t try_command(uint16_t id, uint8_t flags, uint16_t address_mbz = 0)
	{
		ena_get_feature_cmd cmd{};
		cmd.common.opcode = ENA_ADMIN_GET_FEATURE;
		cmd.common.command_id.set(id);
		cmd.common.flags =
			static_cast<uint8_t>(flags | (g.aq_tail & Guest::admin_depth ? 0 : 1));
		cmd.ctrl.address.mbz.set(address_mbz);
		cmd.feature.feature_id = ENA_FEATURE_DEVICE_ATTRIBUTES;
		g.host.store(g.aq + g.aq_tail % Guest::admin_depth * 64u, cmd);
		g.host.write(ENA_REG_AQ_DB, ++g.aq_tail);
		g.host.run();
		const uint16_t slot = g.acq_head++ % Guest::admin_depth;
		return g.host.load<ena_acq_entry>(g.acq + slot * 64u).common.status;
	}
	void ready()
	{
		g.start();
		set_host_info(0x0200);
	}
};
INSTANTIATE_TEST_SUITE_P(Mode, Strict, testing::Bool(),
			 [](const auto &info) { return info.param ? "strict" : "forgiving"; });

TEST_P(Strict, ADriverThatDoesAllOfItWorks)
{
	ready();
	auto tx = g.create(false, 256, 1), rx = g.create(true, 256, 2);
	const Bytes frame = make_frame();
	g.post(rx, 8, 2048);
	g.push_meta(tx, 0, 0, 0, 0);
	g.push_packet(tx, 3, g.place(frame), 0, true);
	g.ring(tx);
	EXPECT_EQ(g.host.sent.size(), 1u);
	EXPECT_TRUE(g.tx_completion(tx));
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
	EXPECT_TRUE(g.rx_completion(rx));
	EXPECT_FALSE(g.host.noted("strict: "));
}

TEST_P(Strict, EventQueueComesBeforeCommands)
{
	g.reset();
	g.start_admin(); /* gives all rings: a reset takes them away again */
	g.reset();
	g.host.write(ENA_REG_AQ_BASE_LO, static_cast<uint32_t>(g.aq));
	g.host.write(ENA_REG_AQ_BASE_HI, static_cast<uint32_t>(g.aq >> 32));
	g.host.write(ENA_REG_ACQ_BASE_LO, static_cast<uint32_t>(g.acq));
	g.host.write(ENA_REG_ACQ_BASE_HI, static_cast<uint32_t>(g.acq >> 32));
	g.host.write(ENA_REG_AQ_CAPS, ENA_ADMIN_ENTRY_SIZE << 16 | Guest::admin_depth);
	g.host.write(ENA_REG_ACQ_CAPS, ENA_ADMIN_ENTRY_SIZE << 16 | Guest::admin_depth);
	expect(g.get_feature_raw(ENA_FEATURE_DEVICE_ATTRIBUTES).common.status,
	       ENA_ADMIN_ILLEGAL_PARAMETER,
	       "admin command 8 before the event queue was given a ring");
}

TEST_P(Strict, HostInformationComesBeforeQueues)
{
	g.start();
	Guest::Queue q;
	q.depth = 256;
	expect(g.try_create_cq(q, 1), ENA_ADMIN_ILLEGAL_PARAMETER,
	       "CREATE_CQ before a host information page was set");
	set_host_info(0x0200);
	EXPECT_EQ(g.try_create_cq(q, 1), 0);
	/* Until the next reset. */
	g.reset();
	g.start_admin_again();
	EXPECT_EQ(g.try_create_cq(q, 1), strict ? ENA_ADMIN_ILLEGAL_PARAMETER : 0);
}

TEST_P(Strict, HostInformationNamesTheSecondSpecification)
{
	g.start();
	set_host_info(0x0103);
	Guest::Queue q;
	q.depth = 256;
	expect(g.try_create_cq(q, 1), ENA_ADMIN_ILLEGAL_PARAMETER,
	       "names specification 1, must be 2");
}

TEST_P(Strict, RingsAreContiguousAndCompleteByDescriptor)
{
	ready();
	Guest::Queue q;
	q.depth = 256;
	ASSERT_EQ(g.try_create_cq(q, 1), 0);
	ena_create_sq_cmd cmd{};
	cmd.common.opcode = ENA_ADMIN_CREATE_SQ;
	cmd.identity = ena::field_put(ENA_SQ_IDENTITY_DIRECTION, ENA_SQ_TX);
	cmd.caps2 = ENA_PLACEMENT_HOST;
	cmd.cq_idx.set(q.cq_index);
	cmd.depth.set(256);
	ena::store(cmd.base, g.host.alloc(4096));
	expect(g.command(&cmd).common.status, ENA_ADMIN_ILLEGAL_PARAMETER,
	       "the ring is not said to be contiguous");
}

TEST_P(Strict, CompletionPolicyIsByDescriptor)
{
	ready();
	Guest::Queue q;
	q.depth = 256;
	ASSERT_EQ(g.try_create_cq(q, 1), 0);
	expect(g.try_create_sq(q, ENA_PLACEMENT_HOST | 1 << 4), ENA_ADMIN_ILLEGAL_PARAMETER,
	       "completion policy 1, must be 0");
}

TEST_P(Strict, ReservedBitsOfCommands)
{
	ready();
	expect(try_command(0x1001, 0), ENA_ADMIN_MALFORMED_REQUEST, "id 0x1001 and flags");
	EXPECT_EQ(try_command(1, 0x08), strict ? ENA_ADMIN_MALFORMED_REQUEST : 0);
	EXPECT_EQ(try_command(1, 0, 9), strict ? ENA_ADMIN_MALFORMED_REQUEST : 0);
	EXPECT_EQ(g.host.noted("bits 63:48 of an address are 0x9"), strict);
	EXPECT_EQ(try_command(1, 0), 0);
}

TEST_P(Strict, ReservedBitsOfDescriptors)
{
	const struct {
		uint32_t word0, word1;
		bool meta;
	} cases[] = {
		{ENA_BIT(22), 0, false}, {ENA_BIT(25), 0, false}, {ENA_BIT(31), 0, false},
		{ENA_BIT(29), 0, false}, {0, ENA_BIT(18), false}, {0, ENA_BIT(21), false},
		{ENA_BIT(0), 0, true},   {ENA_BIT(22), 0, true},  {0, ENA_BIT(5), true},
	};
	for (const auto &test : cases) {
		g.host.notes.clear();
		g.reset();
		if (!g.aq)
			g.start_admin();
		else
			g.start_admin_again();
		set_host_info(0x0200);
		auto q = g.create(false, 256, 1);
		g.host.sent.clear();
		if (test.meta)
			g.push_meta(q, 0, 0, 0, 0);
		g.push_packet(q, 0, g.place(make_frame()), 0, test.meta);
		auto d = g.host.load<ena_tx_desc>(q.sq);
		d.word0.set(d.word0.get() | test.word0);
		d.word1.set(d.word1.get() | test.word1);
		g.host.store(q.sq, d);
		g.ring(q);
		EXPECT_EQ(g.host.sent.size(), strict ? 0u : 1u) << test.word0 << " " << test.word1;
		EXPECT_EQ(g.host.noted("strict: a descriptor has reserved bits set in its"),
			  strict);
	}
}

TEST_P(Strict, ReservedBitsOfReceiveDescriptors)
{
	ready();
	auto q = g.create(true, 256, 1);
	ena_rx_desc d{};
	d.length.set(2048);
	d.ctrl = static_cast<uint8_t>(ENA_RXD_FIRST | ENA_RXD_LAST | ENA_RXD_COMP_REQ | ENA_BIT(6) |
				      q.phase());
	const uint64_t buffer = g.host.alloc(2048);
	d.addr_lo.set(static_cast<uint32_t>(buffer));
	d.addr_hi.set(static_cast<uint16_t>(buffer >> 32));
	g.push(q, &d);
	g.ring(q);
	(void)g.receive(make_frame());
	const auto c = g.host.load<ena_rx_cdesc>(q.cq);
	EXPECT_EQ(bool(c.status.get() & ENA_RXC_LAST), !strict);
	EXPECT_EQ(g.host.noted("strict: a descriptor has reserved bits set"), strict);
}
} // namespace
