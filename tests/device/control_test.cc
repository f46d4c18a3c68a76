// SPDX-License-Identifier: GPL-2.0-or-later
/* Registers, reset, admin queue, events. */
#include "guest.hh"

#include <gtest/gtest.h>

TEST(Config, DefaultPassesItsOwnCheck)
{
	const ena_config config = FakeHost::default_config();
	char why[200] = "";
	EXPECT_TRUE(ena_config_check(&config, why, sizeof(why))) << why;
}

TEST(Config, RefusalsNameValueAndLimit)
{
	struct {
		void (*spoil)(ena_config &);
		const char *expect;
	} const cases[] = {
		{[](ena_config &c) { c.queues = 0; }, "0 queue pairs, must be 1 to 32"},
		{[](ena_config &c) { c.queues = 33; }, "33 queue pairs, must be 1 to 32"},
		{[](ena_config &c) { c.vectors = 1; }, "1 MSI-X vectors"},
		{[](ena_config &c) { c.tx_depth = 2048; }, "TX depth 2048"},
		{[](ena_config &c) { c.rx_depth = 1000; }, "RX depth 1000"},
		{[](ena_config &c) { c.rx_depth = 128; }, "between 256 and 8192"},
		{[](ena_config &c) { c.max_mtu = 9217; }, "MTU 9217, must be 128 to 9216"},
		{[](ena_config &c) { c.mac[0] = 1; }, "group address"},
		{[](ena_config &c) { c.speed_mbps = 123; }, "speed of 123"},
		{[](ena_config &c) { c.features |= ENA_BIT(9); }, "features"},
		{[](ena_config &c) { c.features &= ~ENA_BIT(ENA_FEATURE_OFFLOAD); }, "features"},
		{[](ena_config &c) { c.tx_offloads = 0x100; }, "TX offloads 0x100"},
		{[](ena_config &c) { c.rx_offloads = 0x10; }, "RX offloads 0x10"},
		{[](ena_config &c) { c.keep_alive_ms = 1; }, "keep-alive period of 1 ms"},
		{[](ena_config &c) { c.moderation_resolution_us = 0; }, "resolution of 0 us"},
	};
	for (const auto &test : cases) {
		ena_config config = FakeHost::default_config();
		char why[200] = "";
		test.spoil(config);
		EXPECT_FALSE(ena_config_check(&config, why, sizeof(why)));
		EXPECT_NE(std::string(why).find(test.expect), std::string::npos) << why;
	}
}

TEST(Registers, DirectAndReadlessReadsAgree)
{
	Guest g;
	for (uint32_t reg : {ENA_REG_VERSION, ENA_REG_CONTROLLER_VERSION, ENA_REG_CAPS,
			     ENA_REG_CAPS_EXT, ENA_REG_DEV_STS})
		EXPECT_EQ(g.readless(reg), g.host.read(reg)) << reg;
	EXPECT_EQ(g.readless(ENA_REG_VERSION), 0x000au);
	EXPECT_EQ(g.readless(ENA_REG_CONTROLLER_VERSION), 0x01000001u);
	const uint32_t caps = g.readless(ENA_REG_CAPS);
	EXPECT_NE(ena::field_get(ENA_CAPS_RESET_TIMEOUT, caps), 0u);
	EXPECT_EQ(ena::field_get(ENA_CAPS_DMA_WIDTH, caps), 48u);
}

TEST(Registers, ReadlessAnswerIsOneWrite)
{
	Guest g;
	std::vector<size_t> writes;
	g.host.on_dma_write = [&](uint64_t, size_t len) {
		writes.push_back(len);
	};
	(void)g.readless(ENA_REG_CAPS);
	EXPECT_EQ(writes, std::vector<size_t>{8});
}

TEST(Registers, OddAccessesAreRefused)
{
	Guest g;
	EXPECT_EQ(ena_device_mmio_read(g.host.device, ENA_REG_CAPS + 1, 4), 0u);
	EXPECT_EQ(ena_device_mmio_read(g.host.device, ENA_REG_CAPS, 8), 0u);
	EXPECT_EQ(ena_device_mmio_read(g.host.device, ENA_DEVICE_BAR0_SIZE, 4), 0u);
	ena_device_mmio_write(g.host.device, ENA_REG_DEV_CTL, 1, 1);
	EXPECT_EQ(g.host.read(ENA_REG_DEV_STS), ENA_DEV_STS_READY);
	EXPECT_TRUE(g.host.noted("aligned accesses of 4 bytes"));
}

TEST(Reset, TwoPhases)
{
	Guest g;
	EXPECT_TRUE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_READY);
	g.host.write(ENA_REG_DEV_CTL, ENA_DEV_CTL_RESET);
	EXPECT_EQ(g.host.read(ENA_REG_DEV_STS), ENA_DEV_STS_RESET_IN_PROGRESS);
	g.host.write(ENA_REG_DEV_CTL, 0);
	EXPECT_TRUE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_READY);
	EXPECT_FALSE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_RESET_IN_PROGRESS);
}

TEST(Reset, ClearsTheReadlessAddressAndKeepsTheNewOne)
{
	Guest g;
	g.host.write(ENA_REG_DEV_CTL, ENA_DEV_CTL_RESET);
	g.host.write(ENA_REG_MMIO_REG_READ, ENA_REG_DEV_STS << 16 | 77);
	EXPECT_TRUE(g.host.noted("without an address in MMIO_RESP"));
	g.reset(); /* reads in both phases with the address written in between */
}

TEST(Reset, ReasonWithItsExtension)
{
	Guest g;
	ena_device_stats stats;
	g.reset(ENA_RESET_DEVICE_REQUEST);
	ena_device_get_stats(g.host.device, &stats);
	EXPECT_EQ(stats.resets, 1u);
	EXPECT_EQ(stats.last_reset_reason, static_cast<uint32_t>(ENA_RESET_DEVICE_REQUEST));
	EXPECT_TRUE(g.host.noted("reason 19"));
}

TEST(Reset, ForgetsTheEarlierLife)
{
	Guest g;
	g.start();
	auto tx = g.create(false, 256, 1);
	auto rx = g.create(true, 256, 1);
	g.post(rx, 8, 2048);
	ena_mtu mtu{};
	mtu.mtu.set(1500);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_MTU, &mtu, sizeof(mtu)), 0);

	g.host.write(ENA_REG_DEV_CTL, ENA_DEV_CTL_RESET);
	const GuestMemory before = g.host.memory;
	EXPECT_FALSE(ena_device_can_receive(g.host.device));
	EXPECT_EQ(g.receive(std::vector<uint8_t>(100)), ENA_RECEIVE_TAKEN);
	g.host.write(tx.doorbell, 1);
	g.host.write(ENA_REG_AQ_DB, static_cast<uint16_t>(g.aq_tail + 1));
	g.host.advance(5'000'000'000);
	EXPECT_EQ(g.host.run(), 0u);
	EXPECT_TRUE(before == g.host.memory);
	EXPECT_EQ(g.host.deadline_ns, UINT64_MAX);
	EXPECT_TRUE(g.host.noted("during reset"));

	/* The next life begins at once, with the same numbers. */
	g.start();
	EXPECT_EQ(g.create(false, 256, 1).index, tx.index);
}

TEST(Admin, RefusesWhatItDoesNotKnow)
{
	Guest g;
	g.start();
	for (uint8_t opcode : {0, 5, 6, 7, 10, 12, 255}) {
		ena_aq_entry e{};
		e.common.opcode = opcode;
		EXPECT_EQ(g.command(&e).common.status, ENA_ADMIN_BAD_OPCODE);
	}
	EXPECT_TRUE(g.host.noted("unknown opcode 10"));
	for (uint8_t id : {0, 5, 6, 8, 9, 30, 32, 255})
		EXPECT_EQ(g.get_feature_raw(id).common.status, ENA_ADMIN_UNSUPPORTED_OPCODE) << +id;
	EXPECT_EQ(g.get_feature_raw(ENA_FEATURE_MTU).common.status, ENA_ADMIN_UNSUPPORTED_OPCODE);
	EXPECT_TRUE(g.host.noted("can only be set"));
}

TEST(Admin, WrapsManyTimes)
{
	Guest g;
	g.start();
	for (unsigned int i = 0; i < 70000; i++)
		ASSERT_EQ(g.get_feature_raw(ENA_FEATURE_OFFLOAD).common.status, 0);
}

TEST(Admin, ABatchIsOneInterrupt)
{
	Guest g;
	g.start();
	g.host.interrupts.clear();
	for (unsigned int i = 0; i < 8; i++) {
		ena_get_feature_cmd cmd{};
		cmd.common.opcode = ENA_ADMIN_GET_FEATURE;
		cmd.common.flags = g.aq_tail & Guest::admin_depth ? 0 : 1;
		cmd.feature.feature_id = ENA_FEATURE_OFFLOAD;
		g.host.store(g.aq + (g.aq_tail++ % Guest::admin_depth) * 64u, cmd);
	}
	g.host.write(ENA_REG_AQ_DB, g.aq_tail);
	EXPECT_TRUE(g.host.interrupts.empty()) << "a doorbell only asks for work";
	g.host.run();
	EXPECT_EQ(g.host.raised(0), 1u);
}

TEST(Admin, MaskDelaysTheManagementInterrupt)
{
	Guest g;
	g.start();
	g.host.write(ENA_REG_INTR_MASK, ENA_INTR_MASK_MGMT);
	g.host.interrupts.clear();
	(void)g.get_feature_raw(ENA_FEATURE_OFFLOAD);
	EXPECT_EQ(g.host.raised(0), 0u);
	g.host.write(ENA_REG_INTR_MASK, 0);
	EXPECT_EQ(g.host.raised(0), 1u);
	g.host.write(ENA_REG_INTR_MASK, 0);
	EXPECT_EQ(g.host.raised(0), 1u);
}

TEST(Admin, WrongPhaseAndFarDoorbellStopTheQueueUntilReset)
{
	Guest g;
	g.start();
	g.aq_tail++; /* a slot never written */
	g.host.write(ENA_REG_AQ_DB, g.aq_tail);
	g.host.run();
	EXPECT_TRUE(g.host.noted("phase 0 where 1 is due"));
	EXPECT_TRUE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);

	g.start();
	EXPECT_FALSE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);
	g.host.write(ENA_REG_AQ_DB, g.aq_tail + 33u);
	EXPECT_TRUE(g.host.noted("33 entries ahead"));
	EXPECT_TRUE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);
	g.start();
}

TEST(Admin, RingsOfWrongShapeAreNotActivated)
{
	Guest g;
	g.reset();
	g.host.write(ENA_REG_AQ_CAPS, 64u << 16 | 33);
	EXPECT_TRUE(g.host.noted("admin queue depth 33"));
	g.host.write(ENA_REG_ACQ_CAPS, 32u << 16 | 32);
	EXPECT_TRUE(g.host.noted("entry size 32, must be 64"));
	g.host.write(ENA_REG_AENQ_CAPS, 64u << 16 | 16);
	EXPECT_TRUE(g.host.noted("without a base address"));
	g.host.write(ENA_REG_AQ_DB, 1);
	EXPECT_TRUE(g.host.noted("before AQ_CAPS"));
	EXPECT_EQ(g.host.run(), 0u);
}

TEST(Admin, RingsThatAreGivenAgainStartAnew)
{
	Guest g;
	g.start();
	for (unsigned int i = 0; i < 5; i++)
		(void)g.get_feature_raw(ENA_FEATURE_MAX_QUEUES_EXT);
	g.start_admin_again();
	(void)g.get_feature_raw(ENA_FEATURE_MAX_QUEUES_EXT);
	EXPECT_EQ(g.last.common.status, 0);
	EXPECT_FALSE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);
}

/* As iPXE does before it frees the memory. */
TEST(Admin, RingsAreTakenAwayByZero)
{
	Guest g;
	g.start();
	const size_t notes = g.host.notes.size();
	for (const uint32_t reg : {ENA_REG_AENQ_CAPS, ENA_REG_AQ_CAPS, ENA_REG_ACQ_CAPS})
		g.host.write(reg, 0);
	EXPECT_EQ(g.host.notes.size(), notes) << g.host.notes.back().text;

	unsigned int written = 0;
	g.host.on_dma_write = [&](uint64_t, size_t) {
		written++;
	};
	ena_device_set_link(g.host.device, false);
	g.host.write(ENA_REG_AQ_DB, ++g.aq_tail);
	EXPECT_TRUE(g.host.noted("before AQ_CAPS"));
	g.host.run();
	EXPECT_EQ(written, 0u);
	EXPECT_FALSE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);
	g.host.on_dma_write = nullptr;
	g.start();
	(void)g.get_feature_raw(ENA_FEATURE_MAX_QUEUES_EXT);
	EXPECT_EQ(g.last.common.status, 0);
}

TEST(Admin, DmaFailureIsSurvivedByReset)
{
	Guest g;
	g.start();
	g.host.dma_works = false;
	g.host.write(ENA_REG_AQ_DB, ++g.aq_tail);
	g.host.run();
	EXPECT_TRUE(g.host.noted("cannot be read"));
	g.host.dma_works = true;
	g.start();
}

/* No entry may ever show its phase before its contents. */
TEST(Admin, PhaseIsWrittenLast)
{
	Guest g;
	g.start();
	const uint64_t entry = g.acq + (g.acq_head % Guest::admin_depth) * 64u;
	bool seen = false;
	g.host.on_dma_write = [&](uint64_t, size_t) {
		const auto c = g.host.load<ena_acq_entry>(entry);
		if (seen || !(c.common.flags & ENA_ACQ_PHASE))
			return;
		seen = true;
		ena_max_queues_ext max;
		memcpy(&max, c.payload, sizeof(max));
		EXPECT_EQ(max.max_packet_rx_descs.get(), ENA_DEVICE_MAX_RX_DESCS);
	};
	(void)g.get_feature_raw(ENA_FEATURE_MAX_QUEUES_EXT);
	EXPECT_TRUE(seen);
}

TEST(Stats, BasicIsSinceTheLastResetAndEniIsZero)
{
	Guest g;
	g.start();
	auto rx = g.create(true, 256, 1);
	g.post(rx, 4, 2048);
	std::vector<uint8_t> frame(100, 0x42);
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);

	ena_get_stats_cmd cmd{};
	ena_basic_stats basic;
	cmd.common.opcode = ENA_ADMIN_GET_STATS;
	cmd.type = ENA_STATS_BASIC;
	auto c = g.command(&cmd);
	memcpy(&basic, c.payload, sizeof(basic));
	EXPECT_EQ(c.common.status, 0);
	EXPECT_EQ(basic.rx_pkts.lo.get(), 1u);
	EXPECT_EQ(basic.rx_bytes.lo.get(), 100u);

	g.start();
	c = g.command(&cmd);
	memcpy(&basic, c.payload, sizeof(basic));
	EXPECT_EQ(basic.rx_pkts.lo.get(), 0u);
	ena_device_stats total;
	ena_device_get_stats(g.host.device, &total);
	EXPECT_EQ(total.rx_packets, 1u);

	cmd.type = ENA_STATS_ENI;
	c = g.command(&cmd);
	EXPECT_EQ(c.common.status, 0);
	for (uint8_t byte : c.payload)
		EXPECT_EQ(byte, 0);
	cmd.type = ENA_STATS_BASIC;
	cmd.device_id.set(3);
	EXPECT_EQ(g.command(&cmd).common.status, ENA_ADMIN_ILLEGAL_PARAMETER);
}

static bool is_link(const ena_aenq_entry &e, bool up)
{
	return e.group.get() == ENA_AENQ_LINK_CHANGE && (e.data[0] & 1) == up;
}

TEST(Events, LinkWaitsForCreditsAndGroupInEitherOrder)
{
	for (bool credits_first : {false, true}) {
		Guest g;
		g.reset();
		g.start_admin();
		ena_aenq_config config{};
		config.enabled_groups.set(ENA_BIT(ENA_AENQ_LINK_CHANGE));
		if (credits_first)
			g.give_event_credits(16);
		EXPECT_TRUE(g.events().empty());
		EXPECT_EQ(g.set_feature(ENA_FEATURE_AENQ_CONFIG, &config, sizeof(config)), 0);
		if (!credits_first) {
			EXPECT_TRUE(g.events().empty());
			g.give_event_credits(16);
		}
		const auto events = g.events();
		ASSERT_EQ(events.size(), 1u);
		EXPECT_TRUE(is_link(events[0], true));
		g.give_event_credits(17);
		EXPECT_TRUE(g.events().empty());
	}
}

TEST(Events, LinkTogglesAreAnnounced)
{
	Guest g;
	g.start();
	(void)g.events();
	g.host.interrupts.clear();
	ena_device_set_link(g.host.device, false);
	ena_device_set_link(g.host.device, false);
	ena_device_set_link(g.host.device, true);
	const auto events = g.events();
	ASSERT_EQ(events.size(), 2u);
	EXPECT_TRUE(is_link(events[0], false));
	EXPECT_TRUE(is_link(events[1], true));
	EXPECT_EQ(g.host.raised(0), 2u);
}

TEST(Events, NeverBeyondTheCredits)
{
	Guest g;
	g.start();
	(void)g.events();
	for (unsigned int i = 0; i < 100; i++)
		ena_device_set_link(g.host.device, i % 2);
	EXPECT_EQ(g.events().size(), 15u);
	/* Newest state once there is room again. */
	g.give_event_credits(32);
	const auto events = g.events();
	ASSERT_EQ(events.size(), 1u);
	EXPECT_TRUE(is_link(events[0], true));
	g.give_event_credits(300);
	EXPECT_TRUE(g.host.noted("the ring has 16"));
}

TEST(Events, KeepAliveByTheGuestsClockWithDropCounters)
{
	Guest g;
	g.start();
	auto rx = g.create(true, 256, 1);
	(void)rx;
	(void)g.events();
	std::vector<uint8_t> tiny(4);
	for (unsigned int i = 0; i < 3; i++)
		EXPECT_EQ(g.receive(tiny), ENA_RECEIVE_TAKEN);
	g.host.advance(999'000'000);
	EXPECT_TRUE(g.events().empty());
	g.host.advance(2'002'000'000);
	const auto events = g.events();
	ASSERT_EQ(events.size(), 3u);
	ena_keep_alive_event data;
	memcpy(&data, events[0].data, sizeof(data));
	EXPECT_EQ(events[0].group.get(), ENA_AENQ_KEEP_ALIVE);
	EXPECT_EQ(data.rx_drops.lo.get(), 3u);
	EXPECT_EQ(data.rx_overruns.lo.get(), 0u);
}

TEST(Events, NoKeepAliveIsNotOffered)
{
	ena_config config = FakeHost::default_config();
	config.keep_alive_ms = 0;
	Guest g(config);
	g.start();
	(void)g.events();
	g.host.advance(10'000'000'000);
	EXPECT_TRUE(g.events().empty());
	ena_aenq_config groups{};
	groups.enabled_groups.set(ENA_BIT(ENA_AENQ_KEEP_ALIVE));
	EXPECT_EQ(g.set_feature(ENA_FEATURE_AENQ_CONFIG, &groups, sizeof(groups)),
		  ENA_ADMIN_ILLEGAL_PARAMETER);
}

TEST(Events, UpdateOfHints)
{
	Guest g;
	g.start();
	(void)g.events();
	ena_config config = FakeHost::default_config();
	config.hint_watchdog_ms = 0xffff;
	config.hint_admin_ms = 5000;
	ena_device_update_hints(g.host.device, &config);
	const auto events = g.events();
	ASSERT_EQ(events.size(), 1u);
	ena_hw_hints hints;
	memcpy(&hints, events[0].data, sizeof(hints));
	EXPECT_EQ(events[0].group.get(), ENA_AENQ_NOTIFICATION);
	EXPECT_EQ(events[0].syndrome.get(), ENA_NOTIFICATION_UPDATE_HINTS);
	EXPECT_EQ(hints.driver_watchdog_timeout_ms.get(), 0xffff);
	EXPECT_EQ(hints.admin_completion_timeout_ms.get(), 5000);
	g.start();
	EXPECT_EQ(
		g.get_feature<ena_hw_hints>(ENA_FEATURE_HW_HINTS).admin_completion_timeout_ms.get(),
		5000);
}
