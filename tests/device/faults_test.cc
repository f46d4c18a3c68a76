// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults on purpose, by their text: each does what it says and nothing else. */
#include "faults.hh"

#include "core/faults.hh"

#include <set>

namespace
{

/* ---- the text ---- */

TEST_F(InjectedFaults, EveryNameIsKnownAndReadBack)
{
	const std::string list = refused("?");
	const std::string names = list.substr(list.find("are:") + 5);
	size_t count = 0;
	for (size_t at = 0; at < names.size(); count++) {
		const size_t end = std::min(names.find(' ', at), names.size());
		const std::string name = names.substr(at, end - at);
		at = end + 1;
		inject("none");
		inject(name + ",count=1");
		ASSERT_EQ(faults().size(), 1u);
		EXPECT_EQ(faults()[0].find(name), 0u) << faults()[0];
		EXPECT_NE(faults()[0].find(",count=1 hits=0 seen=0"), std::string::npos);
	}
	EXPECT_EQ(count, ena::fault_count);
}

TEST_F(InjectedFaults, TextComesBackAsItWasSet)
{
	const char *const texts[] = {
		"tx-completion-lost,queue=2,every=3,per-million=500000,count=7",
		"admin-refused,opcode=9,feature=28,status=3",
		"admin-delayed,delay=1500us",
		"link-flap,down=20ms,period=3s,count=2",
		"interrupt-lost,vector=0",
		"register-ones,register=88",
	};
	for (const char *text : texts) {
		inject("none");
		inject(text);
		ASSERT_EQ(faults().size(), 1u);
		EXPECT_EQ(faults()[0], std::string(text) + " hits=0 seen=0");
	}
	inject("none");
	inject("register-ones,register=0x58;slow,delay=7ns");
	EXPECT_EQ(faults().size(), 2u);
}

TEST_F(InjectedFaults, RefusalsNameValueAndLimit)
{
	const struct {
		const char *text, *part;
	} cases[] = {
		{"tx-completion-lots", "no fault \"tx-completion-lots\"; the nearest is "
				       "tx-completion-lost."},
		{"", "no fault \"\""},
		{"none,count=1", "no fault \"none\""},
		{"admin-lost,queue=1", "admin-lost has no option \"queue\"; it has count, every, "
				       "per-million, opcode, feature"},
		{"tx-completion-lost,count", "count=: must be a number from 1 to 4294967295"},
		{"tx-completion-lost,count=0", "count=0: must be a number from 1"},
		{"tx-completion-lost,count=1x", "count=1x: must be"},
		{"tx-completion-lost,count=99999999999999999999", "must be a number"},
		{"tx-completion-lost,queue=64", "queue=64: must be a number from 0 to 63"},
		{"tx-completion-lost,per-million=1000001", "from 0 to 1000000"},
		{"tx-completion-lost,every=0", "every=0: must be"},
		{"admin-refused,status=0", "status=0: must be a number from 1 to 255"},
		{"slow,delay=5", "delay=5: must be a time from 1ns to 3600s, with its unit"},
		{"slow,delay=3601s", "delay=3601s: must be a time"},
		{"slow,delay=0ms", "delay=0ms: must be a time"},
		{"slow,delay=18446744073709551615s", "must be a time"},
		{"slow,", "slow has no option \"\""},
		{"slow;", "no fault \"\""},
		{"slow;nonsense", "no fault \"nonsense\""},
		{"non\nsense\x7f", "no fault \"non?sense?\""},
		{"slow,count=\x11", "count=?: must be a number"},
	};
	for (const auto &test : cases) {
		EXPECT_NE(refused(test.text).find(test.part), std::string::npos)
			<< test.text << ": " << refused(test.text);
		EXPECT_TRUE(faults().empty()) << test.text;
	}
}

TEST_F(InjectedFaults, ASentenceThatDoesNotFitIsCut)
{
	char why[10];
	EXPECT_FALSE(ena_device_inject(g.host.device, "nonsense", why, sizeof(why)));
	EXPECT_EQ(std::string(why), "there is ");
	std::string longest(100000, 'x');
	EXPECT_NE(refused(longest).find("rx-frame-reordered"), std::string::npos);
	inject("slow");
	char text[5];
	EXPECT_TRUE(ena_device_fault(g.host.device, 0, text, sizeof(text)));
	EXPECT_EQ(std::string(text), "slow");
}

TEST_F(InjectedFaults, AreBoundedAndSpentOnesMakeRoom)
{
	std::string all = "tx-completion-lost,count=1";
	for (size_t i = 1; i < ena::Faults::max_rules; i++)
		all += ";tx-completion-lost,queue=9";
	inject(all);
	EXPECT_NE(refused("slow").find("16 of at most 16 faults are set"), std::string::npos)
		<< refused("slow");
	EXPECT_NE(refused(all + ";slow").find("more than 16 faults at once"), std::string::npos);
	send();
	EXPECT_EQ(completed(), Ids{});
	inject("slow");
	EXPECT_EQ(faults().size(), ena::Faults::max_rules);
	EXPECT_NE(refused("slow").find("16 of at most 16"), std::string::npos);
}

/* ---- when ---- */

TEST_F(InjectedFaults, CountEveryAndChance)
{
	inject("tx-completion-lost,every=3,count=2");
	send(10);
	EXPECT_EQ(completed(), (Ids{0, 1, 3, 4, 6, 7, 8, 9}));
	EXPECT_EQ(faults()[0], "tx-completion-lost,every=3,count=2 hits=2 seen=6");

	inject("none");
	inject("tx-completion-lost,per-million=300000");
	for (int i = 0; i < 40; i++) {
		send(25);
		(void)completed();
	}
	unsigned int hits = 0, seen = 0;
	ASSERT_EQ(sscanf(faults()[0].c_str() + faults()[0].find("hits"), "hits=%u seen=%u", &hits,
			 &seen),
		  2);
	EXPECT_EQ(seen, 1000u);
	EXPECT_NEAR(hits, 300, 60);
}

TEST_F(InjectedFaults, FilterNamesItsQueueOnly)
{
	inject("tx-completion-lost,queue=" + std::to_string(tx.index + 1));
	send(3);
	EXPECT_EQ(completed().size(), 3u);
	EXPECT_NE(faults()[0].find("hits=0 seen=0"), std::string::npos);
	inject("tx-completion-lost,queue=" + std::to_string(tx.index));
	send(3);
	EXPECT_EQ(completed().size(), 0u);
}

TEST_F(InjectedFaults, StrikesAreNotedWithoutAFlood)
{
	inject("tx-completion-lost");
	for (int i = 0; i < 40; i++) {
		send(25);
		(void)completed();
	}
	EXPECT_TRUE(g.host.noted("fault tx-completion-lost: queue 0, hit 1"));
	EXPECT_TRUE(g.host.noted("hit 512"));
	size_t notes = 0;
	for (const auto &note : g.host.notes)
		notes += note.text.find("fault tx-completion-lost:") == 0;
	EXPECT_EQ(notes, 16u + 5); /* 32, 64, 128, 256, 512 */
}

/* The whole of guest memory and every interrupt after some life with @faults. */
std::pair<std::vector<uint8_t>, std::vector<unsigned int>> life(uint64_t seed, const char *text)
{
	ena_config config = FakeHost::default_config();
	config.fault_seed = seed;
	Guest g(config);
	char why[ENA_DEVICE_WHY_SIZE];
	const bool good = !text || ena_device_inject(g.host.device, text, why, sizeof(why));
	EXPECT_TRUE(good) << why;
	g.start();
	Guest::Queue tx = g.create(false, 256, 1), rx = g.create(true, 256, 2);
	g.post(rx, 256, 2048);
	for (uint16_t i = 0; i < 200; i++) {
		g.push_packet(tx, i, g.place(make_frame({.payload = 50u + i})));
		g.ring(tx);
		g.unmask(tx);
		(void)g.receive(make_frame({.payload = 40u + i}));
		g.host.advance(20 * ms);
	}
	const GuestMemory &memory = g.host.memory;
	std::vector<uint8_t> m(memory.data(), memory.data() + memory.size());
	for (const auto &s : g.host.sent)
		m.insert(m.end(), s.bytes.begin(), s.bytes.end());
	return {std::move(m), std::move(g.host.interrupts)};
}

TEST(FaultSeed, SameSeedSameFaults)
{
	const char *const text = "tx-completion-lost,per-million=100000;tx-frame-corrupted,"
				 "per-million=200000;rx-frame-lost,per-million=200000;"
				 "interrupt-lost,per-million=300000;rx-frame-reordered,"
				 "per-million=100000;tx-frame-duplicated,per-million=100000";
	const auto once = life(7, text);
	EXPECT_TRUE(once == life(7, text));
	EXPECT_FALSE(once == life(8, text));
}

TEST(FaultSeed, NothingSetNothingChanges)
{
	const auto plain = life(7, nullptr);
	EXPECT_TRUE(plain == life(8, nullptr));
	EXPECT_TRUE(plain == life(7, "none"));
	/* Set, but for others. */
	EXPECT_TRUE(plain == life(7, "tx-completion-lost,queue=60;register-lost,register=0x7c;"
				     "doorbell-lost,queue=60;event-lost,group=9;tx-frame-lost,"
				     "per-million=0;rx-frame-lost,per-million=0;admin-lost,"
				     "opcode=77;interrupt-lost,vector=30"));
}

/* ---- admin commands ---- */

TEST_F(InjectedFaults, AdminLost)
{
	inject("admin-lost,opcode=8,feature=1,count=1");
	EXPECT_EQ(g.get_feature_raw(ENA_FEATURE_HW_HINTS).common.status, 0);
	const size_t interrupts = g.host.raised(0);
	ena_get_feature_cmd cmd{};
	cmd.common.opcode = ENA_ADMIN_GET_FEATURE;
	cmd.common.flags = g.aq_tail & Guest::admin_depth ? 0 : 1;
	cmd.feature.feature_id = ENA_FEATURE_DEVICE_ATTRIBUTES;
	g.host.store(g.aq + g.aq_tail % Guest::admin_depth * 64u, cmd);
	g.host.write(ENA_REG_AQ_DB, ++g.aq_tail);
	g.host.run();
	EXPECT_EQ(g.host.read(ENA_REG_ACQ_TAIL), g.acq_head);
	EXPECT_EQ(g.host.raised(0), interrupts);
	/* The next one is answered, in its place. */
	EXPECT_EQ(g.get_feature_raw(ENA_FEATURE_DEVICE_ATTRIBUTES).common.status, 0);
}

TEST_F(InjectedFaults, AdminDelayedHoldsUpThoseBehind)
{
	inject("admin-delayed,delay=50ms,count=1");
	for (int i = 0; i < 2; i++) {
		ena_get_feature_cmd cmd{};
		cmd.common.opcode = ENA_ADMIN_GET_FEATURE;
		cmd.common.flags = g.aq_tail & Guest::admin_depth ? 0 : 1;
		cmd.common.command_id.set(static_cast<uint16_t>(7 + i));
		cmd.feature.feature_id = ENA_FEATURE_DEVICE_ATTRIBUTES;
		g.host.store(g.aq + g.aq_tail % Guest::admin_depth * 64u, cmd);
		g.host.write(ENA_REG_AQ_DB, ++g.aq_tail);
	}
	EXPECT_LE(g.host.run(), 3u) << "it must not spin";
	const uint16_t before = g.acq_head;
	g.host.advance(49 * ms);
	EXPECT_EQ(g.host.read(ENA_REG_ACQ_TAIL), before);
	g.host.advance(2 * ms);
	EXPECT_EQ(g.host.read(ENA_REG_ACQ_TAIL), before + 2u);
	const auto c = g.host.load<ena_acq_entry>(g.acq + before % Guest::admin_depth * 64u);
	EXPECT_EQ(c.common.command_id.get(), 7);
}

TEST_F(InjectedFaults, AdminDelayedIsForgottenAtReset)
{
	inject("admin-delayed,delay=50ms,count=1");
	ena_get_feature_cmd cmd{};
	cmd.common.opcode = ENA_ADMIN_GET_FEATURE;
	cmd.common.flags = g.aq_tail & Guest::admin_depth ? 0 : 1;
	g.host.store(g.aq + g.aq_tail % Guest::admin_depth * 64u, cmd);
	g.host.write(ENA_REG_AQ_DB, ++g.aq_tail);
	g.host.run();
	g.reset();
	g.start_admin_again();
	g.host.advance(100 * ms);
	EXPECT_EQ(g.host.read(ENA_REG_ACQ_TAIL), 0u);
	EXPECT_EQ(g.get_feature_raw(ENA_FEATURE_DEVICE_ATTRIBUTES).common.status, 0);
}

TEST_F(InjectedFaults, AdminRefusedDoesNotExecute)
{
	inject("admin-refused,opcode=3,status=7,count=1");
	Guest::Queue q;
	q.depth = 256;
	EXPECT_EQ(g.try_create_cq(q, 1), 7);
	EXPECT_EQ(g.try_create_cq(q, 1), 0);
	EXPECT_EQ(q.cq_index, 2) << "the refused one must not have taken a number";
}

/* ---- doorbells, interrupts, DMA, registers ---- */

TEST_F(InjectedFaults, DoorbellLost)
{
	inject("doorbell-lost,queue=0");
	send(2);
	EXPECT_TRUE(g.host.sent.empty());
	inject("none");
	EXPECT_TRUE(g.host.sent.empty());
	send();
	EXPECT_EQ(completed(), (Ids{0, 1, 2}));
}

TEST_F(InjectedFaults, InterruptLostIsNotRepeated)
{
	g.unmask(tx);
	inject("interrupt-lost,vector=1,count=1");
	send();
	EXPECT_EQ(g.host.raised(1), 0u);
	EXPECT_EQ(completed(), Ids{0});
	send();
	EXPECT_EQ(g.host.raised(1), 0u) << "it has been masked by the one that got lost";
	g.unmask(tx);
	EXPECT_EQ(g.host.raised(1), 1u);
}

TEST_F(InjectedFaults, DmaReadFailed)
{
	inject("dma-read-failed,count=1");
	send();
	EXPECT_TRUE(g.host.sent.empty());
	EXPECT_TRUE(g.host.noted("its descriptors cannot be read"));
}

TEST_F(InjectedFaults, DmaWriteFailed)
{
	inject("dma-write-failed,count=1");
	send();
	EXPECT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(completed(), Ids{});
	EXPECT_TRUE(g.host.noted("its completions cannot be written"));
}

TEST_F(InjectedFaults, RegisterLost)
{
	inject("register-lost,register=0x58,count=2");
	g.host.store(g.readless_answer, ena_mmio_read_resp{});
	g.host.write(ENA_REG_MMIO_REG_READ, ENA_REG_DEV_STS << 16 | 5);
	EXPECT_EQ(g.host.load<ena_mmio_read_resp>(g.readless_answer).req_id.get(), 0);
	EXPECT_EQ(g.host.read(ENA_REG_DEV_STS), 0xffffffffu);
	EXPECT_NE(g.readless(ENA_REG_DEV_STS), 0xffffffffu);
}

TEST_F(InjectedFaults, RegisterOnes)
{
	inject("register-ones,register=8,count=2");
	EXPECT_EQ(g.readless(ENA_REG_CAPS), 0xffffffffu);
	EXPECT_EQ(g.host.read(ENA_REG_CAPS), 0xffffffffu);
	EXPECT_NE(g.host.read(ENA_REG_CAPS), 0xffffffffu);
}

/* ---- events, link, time ---- */

TEST_F(InjectedFaults, EventLost)
{
	inject("event-lost,group=4,count=2");
	g.host.advance(2500 * ms);
	EXPECT_TRUE(g.events().empty());
	g.host.advance(1000 * ms);
	EXPECT_EQ(g.events().size(), 1u);
}

TEST_F(InjectedFaults, EventWithWrongPhaseHidesThoseBehind)
{
	inject("event-wrong-phase,count=1");
	g.host.advance(2500 * ms);
	EXPECT_TRUE(g.events().empty());
	g.aenq_head++;
	EXPECT_EQ(g.events().size(), 1u);
}

TEST_F(InjectedFaults, EventUnknown)
{
	inject("event-unknown,group=77,period=100ms,count=2");
	g.host.advance(500 * ms);
	const auto events = g.events();
	ASSERT_EQ(events.size(), 2u);
	EXPECT_EQ(events[0].group.get(), 77);
	EXPECT_GE(g.host.raised(0), 2u);
}

TEST_F(InjectedFaults, FatalErrorAndResetRequest)
{
	inject("fatal-error,syndrome=5;reset-request");
	g.host.advance(500 * ms);
	const auto events = g.events();
	ASSERT_EQ(events.size(), 2u);
	EXPECT_EQ(events[0].group.get(), ENA_AENQ_FATAL_ERROR);
	EXPECT_EQ(events[0].syndrome.get(), 5);
	EXPECT_EQ(events[1].group.get(), ENA_AENQ_DEVICE_REQUEST_RESET);
	EXPECT_TRUE(g.host.read(ENA_REG_DEV_STS) & ENA_DEV_STS_FATAL_ERROR);
}

TEST_F(InjectedFaults, LinkFlap)
{
	inject("link-flap,down=100ms,period=500ms,count=2");
	g.host.advance(50 * ms);
	EXPECT_FALSE(ena_device_can_receive(g.host.device));
	g.host.advance(100 * ms);
	EXPECT_TRUE(ena_device_can_receive(g.host.device));
	g.host.advance(2000 * ms);
	unsigned int changes = 0;
	for (const auto &event : g.events())
		changes += event.group.get() == ENA_AENQ_LINK_CHANGE;
	EXPECT_EQ(changes, 4u);
	EXPECT_TRUE(ena_device_can_receive(g.host.device));
}

TEST_F(InjectedFaults, LinkStaysDownIfItsHostSaysSo)
{
	inject("link-flap,down=100ms");
	g.host.advance(50 * ms);
	ena_device_set_link(g.host.device, false);
	g.host.advance(1000 * ms);
	EXPECT_FALSE(ena_device_can_receive(g.host.device));
	ena_device_set_link(g.host.device, true);
	EXPECT_TRUE(ena_device_can_receive(g.host.device));
}

TEST_F(InjectedFaults, Slow)
{
	inject("slow,delay=200us");
	send();
	EXPECT_TRUE(g.host.sent.empty());
	ena_device_poll(g.host.device);
	EXPECT_TRUE(g.host.sent.empty()) << "a host may poll without having been asked to";
	g.host.advance(199'000);
	EXPECT_TRUE(g.host.sent.empty());
	g.host.advance(2'000);
	EXPECT_EQ(completed(), Ids{0});
	inject("none");
	send();
	EXPECT_EQ(completed(), Ids{1});
}

TEST_F(InjectedFaults, ClearLetsGo)
{
	inject("slow,delay=1s;tx-frame-delayed,delay=10s;link-flap,down=10s");
	g.host.advance(1);
	send();
	inject("none");
	g.host.run();
	EXPECT_TRUE(ena_device_can_receive(g.host.device));
	send();
	EXPECT_EQ(g.host.sent.size(), 2u);
	inject("tx-frame-delayed,delay=10s");
	send();
	EXPECT_EQ(g.host.sent.size(), 2u);
	inject("none");
	EXPECT_EQ(g.host.sent.size(), 3u);
	EXPECT_EQ(g.host.mappings, 0);
}

TEST_F(InjectedFaults, OutliveAReset)
{
	inject("tx-completion-lost");
	ena_device_reset(g.host.device);
	EXPECT_EQ(faults().size(), 1u);
	g.host.write(ENA_REG_MMIO_RESP_LO, static_cast<uint32_t>(g.readless_answer));
	g.host.write(ENA_REG_MMIO_RESP_HI, static_cast<uint32_t>(g.readless_answer >> 32));
	start();
	next_id = 0;
	send(2);
	EXPECT_EQ(completed(), Ids{});
}

} // namespace
