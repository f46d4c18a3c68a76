// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults on purpose: each does what it says and nothing else. */
#include "frames.hh"
#include "guest.hh"

#include "core/faults.hh"

#include <gtest/gtest.h>

#include <set>

namespace
{
constexpr uint64_t ms = 1'000'000;

class Faults : public testing::Test {
    protected:
	void start()
	{
		g.start();
		tx = g.create(false, 256, 1);
		rx = g.create(true, 256, 2);
		g.post(rx, 200, 2048);
		g.host.advance(1 * ms);
		(void)g.events();
	}
	void SetUp() override
	{
		if (FakeHost::always_migrates())
			GTEST_SKIP() << "faults stay where they were set";
		start();
	}
	/* Empty, or why the text was refused. */
	std::string refused(const std::string &text)
	{
		char why[ENA_DEVICE_WHY_SIZE] = "";
		if (ena_device_inject(g.host.device, text.c_str(), why, sizeof(why)))
			return {};
		return why[0] ? why : "no reason";
	}
	void inject(const std::string &text)
	{
		ASSERT_EQ(refused(text), "");
	}
	std::vector<std::string> faults()
	{
		std::vector<std::string> all;
		char text[ENA_DEVICE_FAULT_SIZE];
		for (unsigned int i = 0; ena_device_fault(g.host.device, i, text, sizeof(text));
		     i++)
			all.emplace_back(text);
		return all;
	}
	void send(unsigned int count = 1, size_t payload = 100)
	{
		for (unsigned int i = 0; i < count; i++) {
			const Bytes frame =
				make_frame({.payload = payload,
					    .source_port = static_cast<uint16_t>(1000 + next_id)});
			frames.push_back(frame);
			g.push_packet(tx, next_id, g.place(frame));
			next_id = (next_id + 1) % 256;
		}
		g.ring(tx);
	}
	/* The req_ids of the completions that the guest sees. */
	std::vector<uint16_t> completed()
	{
		std::vector<uint16_t> ids;
		while (const auto c = g.tx_completion(tx))
			ids.push_back(c->req_id.get());
		return ids;
	}
	ena_rx_cdesc cdesc(unsigned int i)
	{
		return g.host.load<ena_rx_cdesc>(rx.cq + ((rx.cq_head + i) % rx.depth) *
								 sizeof(ena_rx_cdesc));
	}
	std::vector<Bytes> sent()
	{
		std::vector<Bytes> all;
		for (const auto &s : g.host.sent)
			all.push_back(s.bytes);
		return all;
	}
	Bytes arrives(uint16_t port = 7000, size_t payload = 100)
	{
		const Bytes frame = make_frame({.payload = payload, .source_port = port});
		EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
		return frame;
	}
	std::vector<Bytes> received()
	{
		std::vector<Bytes> all;
		while (auto frame = g.rx_completion(rx))
			all.push_back(frame->bytes);
		return all;
	}

	using Ids = std::vector<uint16_t>;
	Guest g;
	Guest::Queue tx, rx;
	uint16_t next_id = 0;
	std::vector<Bytes> frames; /* sent */
};

/* ---- the text ---- */

TEST_F(Faults, EveryNameIsKnownAndReadBack)
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

TEST_F(Faults, TextComesBackAsItWasSet)
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

TEST_F(Faults, RefusalsNameValueAndLimit)
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

TEST_F(Faults, ASentenceThatDoesNotFitIsCut)
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

TEST_F(Faults, AreBoundedAndSpentOnesMakeRoom)
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

TEST_F(Faults, CountEveryAndChance)
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

TEST_F(Faults, FilterNamesItsQueueOnly)
{
	inject("tx-completion-lost,queue=" + std::to_string(tx.index + 1));
	send(3);
	EXPECT_EQ(completed().size(), 3u);
	EXPECT_NE(faults()[0].find("hits=0 seen=0"), std::string::npos);
	inject("tx-completion-lost,queue=" + std::to_string(tx.index));
	send(3);
	EXPECT_EQ(completed().size(), 0u);
}

TEST_F(Faults, StrikesAreNotedWithoutAFlood)
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
	auto &m = g.host.memory;
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

TEST_F(Faults, AdminLost)
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

TEST_F(Faults, AdminDelayedHoldsUpThoseBehind)
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

TEST_F(Faults, AdminDelayedIsForgottenAtReset)
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

TEST_F(Faults, AdminRefusedDoesNotExecute)
{
	inject("admin-refused,opcode=3,status=7,count=1");
	Guest::Queue q;
	q.depth = 256;
	EXPECT_EQ(g.try_create_cq(q, 1), 7);
	EXPECT_EQ(g.try_create_cq(q, 1), 0);
	EXPECT_EQ(q.cq_index, 2) << "the refused one must not have taken a number";
}

/* ---- completions ---- */

TEST_F(Faults, TxCompletionLost)
{
	inject("tx-completion-lost,count=1");
	send(3);
	EXPECT_EQ(completed(), (Ids{1, 2}));
	EXPECT_EQ(g.host.sent.size(), 3u);
}

TEST_F(Faults, TxCompletionsAllLostRaiseNothing)
{
	g.unmask(tx);
	inject("tx-completion-lost");
	send(3);
	EXPECT_EQ(g.host.raised(1), 0u);
	inject("none");
	send();
	EXPECT_EQ(g.host.raised(1), 1u);
}

TEST_F(Faults, TxCompletionDuplicated)
{
	inject("tx-completion-duplicated,every=2,count=1");
	send(3);
	EXPECT_EQ(completed(), (Ids{0, 1, 1, 2}));
	/* As many as a burst has room for. */
	inject("none");
	inject("tx-completion-duplicated");
	send(64);
	EXPECT_GE(completed().size(), 64u);
}

TEST_F(Faults, TxCompletionWrongId)
{
	inject("tx-completion-wrong-id,id=0x1234,count=1");
	send(2);
	EXPECT_EQ(completed(), (Ids{0x1234, 1}));
}

TEST_F(Faults, TxCompletionWrongPhase)
{
	inject("tx-completion-wrong-phase,every=2,count=1");
	send(3);
	EXPECT_EQ(completed(), Ids{0});
	tx.cq_head++;
	EXPECT_EQ(completed(), Ids{2}) << "its place is taken all the same";
	inject("tx-completion-wrong-phase,count=1");
	send();
	EXPECT_EQ(completed(), Ids{});
}

TEST_F(Faults, TxCompletionReserved)
{
	inject("tx-completion-reserved,count=1");
	send(2);
	const auto c = g.host.load<ena_tx_cdesc>(tx.cq);
	EXPECT_EQ(c.flags & ENA_TX_CDESC_MBZ, ENA_TX_CDESC_MBZ);
	tx.cq_head++;
	EXPECT_EQ(completed(), Ids{1});
}

TEST_F(Faults, RxCompletionLost)
{
	inject("rx-completion-lost,count=1");
	arrives();
	const Bytes second = arrives(7001);
	const auto frame = g.rx_completion(rx);
	ASSERT_TRUE(frame);
	EXPECT_EQ(frame->bytes, second);
	EXPECT_EQ(frame->req_ids, Ids{1}) << "the buffer of the first is gone";
	EXPECT_FALSE(g.rx_completion(rx));
}

TEST_F(Faults, RxCompletionDuplicated)
{
	inject("rx-completion-duplicated,count=1");
	const Bytes first = arrives(), second = arrives(7001);
	EXPECT_EQ(received(), (std::vector<Bytes>{first, first, second}));
}

TEST_F(Faults, RxCompletionWrongId)
{
	inject("rx-completion-wrong-id,id=777,count=1");
	arrives();
	EXPECT_EQ(cdesc(0).req_id.get(), 777);
}

TEST_F(Faults, RxCompletionWrongPhase)
{
	inject("rx-completion-wrong-phase,count=1");
	arrives();
	EXPECT_FALSE(g.rx_completion(rx));
	EXPECT_NE(cdesc(0).status.get() & ENA_RXC_LAST, 0u);
	const Bytes second = arrives(7001);
	EXPECT_FALSE(g.rx_completion(rx)) << "hidden behind the first";
	rx.cq_head++;
	EXPECT_EQ(received(), std::vector<Bytes>{second});
}

TEST_F(Faults, RxCompletionReserved)
{
	inject("rx-completion-reserved,count=1");
	arrives();
	EXPECT_EQ(cdesc(0).status.get() & (ENA_BIT(7) | ENA_BIT(17)), ENA_BIT(17));
	rx.cq_head++;
	EXPECT_EQ(received().size(), 0u);
	arrives();
	EXPECT_EQ(received().size(), 1u);
}

TEST_F(Faults, RxCompletionFirstInTheMiddle)
{
	inject("rx-completion-first,count=2");
	arrives(7000, 3000);
	EXPECT_TRUE(cdesc(0).status.get() & ENA_RXC_FIRST);
	EXPECT_TRUE(cdesc(1).status.get() & ENA_RXC_FIRST);
	rx.cq_head += 2;
	arrives();
	EXPECT_FALSE(cdesc(0).status.get() & ENA_RXC_LAST);
	arrives();
	EXPECT_TRUE(cdesc(1).status.get() & ENA_RXC_FIRST);
	EXPECT_TRUE(cdesc(1).status.get() & ENA_RXC_LAST);
}

TEST_F(Faults, RxCompletionTooLong)
{
	inject("rx-completion-too-long,count=1");
	arrives();
	EXPECT_EQ(cdesc(0).length.get(), 0xffff);
}

TEST_F(Faults, RxCompletionTooMany)
{
	inject("rx-completion-too-many,count=1");
	arrives(7000, 3000);
	std::set<uint16_t> ids;
	for (unsigned int i = 0; i < 18; i++) {
		EXPECT_EQ(bool(cdesc(i).status.get() & ENA_RXC_FIRST), i == 0) << i;
		EXPECT_EQ(bool(cdesc(i).status.get() & ENA_RXC_LAST), i == 17) << i;
		EXPECT_TRUE(cdesc(i).status.get() & ENA_RXC_PHASE);
		ids.insert(cdesc(i).req_id.get());
	}
	EXPECT_EQ(ids.size(), 18u);
	rx.cq_head += 18;
	const Bytes next = arrives(7001);
	EXPECT_EQ(received(), std::vector<Bytes>{next});
}

/* ---- doorbells, interrupts, DMA, registers ---- */

TEST_F(Faults, DoorbellLost)
{
	inject("doorbell-lost,queue=0");
	send(2);
	EXPECT_TRUE(g.host.sent.empty());
	inject("none");
	EXPECT_TRUE(g.host.sent.empty());
	send();
	EXPECT_EQ(completed(), (Ids{0, 1, 2}));
}

TEST_F(Faults, InterruptLostIsNotRepeated)
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

TEST_F(Faults, DmaReadFailed)
{
	inject("dma-read-failed,count=1");
	send();
	EXPECT_TRUE(g.host.sent.empty());
	EXPECT_TRUE(g.host.noted("its descriptors cannot be read"));
}

TEST_F(Faults, DmaWriteFailed)
{
	inject("dma-write-failed,count=1");
	send();
	EXPECT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(completed(), Ids{});
	EXPECT_TRUE(g.host.noted("its completions cannot be written"));
}

TEST_F(Faults, RegisterLost)
{
	inject("register-lost,register=0x58,count=2");
	g.host.store(g.readless_answer, ena_mmio_read_resp{});
	g.host.write(ENA_REG_MMIO_REG_READ, ENA_REG_DEV_STS << 16 | 5);
	EXPECT_EQ(g.host.load<ena_mmio_read_resp>(g.readless_answer).req_id.get(), 0);
	EXPECT_EQ(g.host.read(ENA_REG_DEV_STS), 0xffffffffu);
	EXPECT_NE(g.readless(ENA_REG_DEV_STS), 0xffffffffu);
}

TEST_F(Faults, RegisterOnes)
{
	inject("register-ones,register=8,count=2");
	EXPECT_EQ(g.readless(ENA_REG_CAPS), 0xffffffffu);
	EXPECT_EQ(g.host.read(ENA_REG_CAPS), 0xffffffffu);
	EXPECT_NE(g.host.read(ENA_REG_CAPS), 0xffffffffu);
}

/* ---- events, link, time ---- */

TEST_F(Faults, EventLost)
{
	inject("event-lost,group=4,count=2");
	g.host.advance(2500 * ms);
	EXPECT_TRUE(g.events().empty());
	g.host.advance(1000 * ms);
	EXPECT_EQ(g.events().size(), 1u);
}

TEST_F(Faults, EventWithWrongPhaseHidesThoseBehind)
{
	inject("event-wrong-phase,count=1");
	g.host.advance(2500 * ms);
	EXPECT_TRUE(g.events().empty());
	g.aenq_head++;
	EXPECT_EQ(g.events().size(), 1u);
}

TEST_F(Faults, EventUnknown)
{
	inject("event-unknown,group=77,period=100ms,count=2");
	g.host.advance(500 * ms);
	const auto events = g.events();
	ASSERT_EQ(events.size(), 2u);
	EXPECT_EQ(events[0].group.get(), 77);
	EXPECT_GE(g.host.raised(0), 2u);
}

TEST_F(Faults, FatalErrorAndResetRequest)
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

TEST_F(Faults, LinkFlap)
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

TEST_F(Faults, LinkStaysDownIfItsHostSaysSo)
{
	inject("link-flap,down=100ms");
	g.host.advance(50 * ms);
	ena_device_set_link(g.host.device, false);
	g.host.advance(1000 * ms);
	EXPECT_FALSE(ena_device_can_receive(g.host.device));
	ena_device_set_link(g.host.device, true);
	EXPECT_TRUE(ena_device_can_receive(g.host.device));
}

TEST_F(Faults, Slow)
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

TEST_F(Faults, ClearLetsGo)
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

TEST_F(Faults, OutliveAReset)
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

/* ---- the wire ---- */

TEST_F(Faults, TxFrameLost)
{
	inject("tx-frame-lost,every=2,count=1");
	send(3);
	EXPECT_EQ(completed().size(), 3u);
	EXPECT_EQ(sent(), (std::vector<Bytes>{frames[0], frames[2]}));
}

TEST_F(Faults, TxFrameDuplicated)
{
	inject("tx-frame-duplicated,count=1");
	send(2);
	EXPECT_EQ(sent(), (std::vector<Bytes>{frames[0], frames[0], frames[1]}));
}

/* How many bits differ, and the first byte with one. */
std::pair<int, size_t> difference(const Bytes &a, const Bytes &b)
{
	int bits = 0;
	size_t first = SIZE_MAX;
	for (size_t i = 0; i < a.size(); i++) {
		const int n = __builtin_popcount(a[i] ^ b[i]);
		first = n ? std::min(first, i) : first;
		bits += n;
	}
	return {bits, first};
}

TEST_F(Faults, TxFrameCorruptedIsOneBitOfTheWireOnly)
{
	inject("tx-frame-corrupted,count=200");
	std::set<size_t> places;
	for (int i = 0; i < 200; i++)
		send();
	ASSERT_EQ(sent().size(), 200u);
	for (size_t i = 0; i < 200; i++) {
		ASSERT_EQ(sent()[i].size(), frames[i].size());
		const auto [bits, first] = difference(sent()[i], frames[i]);
		EXPECT_EQ(bits, 1);
		EXPECT_GE(first, 12u);
		places.insert(first);
	}
	EXPECT_GT(places.size(), 50u);
}

TEST_F(Faults, TxFrameDelayed)
{
	inject("tx-frame-delayed,delay=10ms,count=1");
	send(2);
	EXPECT_EQ(sent(), std::vector<Bytes>{frames[1]});
	EXPECT_EQ(completed().size(), 2u);
	g.host.advance(9 * ms);
	EXPECT_EQ(sent().size(), 1u);
	g.host.advance(2 * ms);
	EXPECT_EQ(sent(), (std::vector<Bytes>{frames[1], frames[0]}));
}

TEST_F(Faults, TxFramesReordered)
{
	inject("tx-frame-reordered,count=2");
	send(5);
	EXPECT_EQ(sent(),
		  (std::vector<Bytes>{frames[1], frames[0], frames[3], frames[2], frames[4]}));
	inject("tx-frame-reordered");
	send();
	EXPECT_EQ(sent().size(), 5u);
	g.host.advance(11 * ms);
	EXPECT_EQ(sent().size(), 6u) << "nobody came to overtake it";
}

TEST_F(Faults, ABadWireHoldsABoundedNumberOfFrames)
{
	inject("tx-frame-delayed,delay=1s");
	for (int i = 0; i < 5; i++) {
		send(60);
		(void)completed();
	}
	EXPECT_TRUE(g.host.noted("the bad wire has no room for it"));
	g.host.advance(2000 * ms);
	EXPECT_EQ(sent().size(), 128u);
	frames.resize(sent().size());
	EXPECT_EQ(sent(), frames);
	/* And bytes: of large ones only so many. */
	g.host.sent.clear();
	frames.clear();
	send(60, 9000);
	g.host.advance(2000 * ms);
	EXPECT_EQ(sent().size(), 256u * 1024 / frames[0].size());
	frames.resize(sent().size());
	EXPECT_EQ(sent(), frames);
}

/* The memory wraps many times, with frames of all sizes. */
TEST_F(Faults, DelayedFramesArriveWhole)
{
	inject("tx-frame-delayed,delay=3ms");
	for (unsigned int i = 0; i < 600; i++) {
		send(1, i * 977 % 9000);
		(void)completed();
		g.host.advance(200'000);
		if (i % 64 == 63) {
			g.host.advance(10 * ms);
			ASSERT_EQ(sent(), frames) << i;
			g.host.sent.clear();
			frames.clear();
		}
	}
}

TEST_F(Faults, ABusyHostGetsNoMoreFramesFromTheWire)
{
	inject("tx-frame-duplicated");
	g.host.answer = ENA_TRANSMIT_BUSY;
	send(3);
	EXPECT_EQ(sent().size(), 1u);
	g.host.answer = ENA_TRANSMIT_SENT;
	ena_device_transmit_ready(g.host.device);
	g.host.run();
	EXPECT_EQ(sent().size(), 6u);
	EXPECT_EQ(completed().size(), 3u);
}

TEST_F(Faults, RxFrameLostDuplicatedDelayedReordered)
{
	inject("rx-frame-lost,count=1");
	arrives();
	EXPECT_TRUE(received().empty());

	inject("rx-frame-duplicated,count=1");
	Bytes first = arrives(1), second = arrives(2);
	EXPECT_EQ(received(), (std::vector<Bytes>{first, first, second}));

	inject("rx-frame-delayed,delay=5ms,count=1");
	first = arrives(3);
	second = arrives(4);
	EXPECT_EQ(received(), std::vector<Bytes>{second});
	g.host.advance(6 * ms);
	EXPECT_EQ(received(), std::vector<Bytes>{first});

	inject("rx-frame-reordered,count=1");
	first = arrives(5);
	second = arrives(6);
	EXPECT_EQ(received(), (std::vector<Bytes>{second, first}));
}

TEST_F(Faults, RxFrameCorruptedIsSeenByTheChecksum)
{
	inject("rx-frame-corrupted");
	unsigned int wrong = 0;
	for (uint16_t i = 0; i < 100; i++) {
		const Bytes frame = arrives(i);
		const auto got = g.rx_completion(rx);
		ASSERT_TRUE(got);
		EXPECT_EQ(difference(got->bytes, frame).first, 1);
		wrong += bool(got->status & (ENA_RXC_L3_CSUM_ERR | ENA_RXC_L4_CSUM_ERR));
	}
	EXPECT_GT(wrong, 80u);
}

TEST_F(Faults, AFrameThatIsHeldBackIsNoNewOccasion)
{
	inject("rx-frame-lost,every=2");
	/* All buffers but none left. */
	const Bytes frame = make_frame();
	unsigned int taken = 0;
	while (g.receive(frame) == ENA_RECEIVE_TAKEN)
		taken++;
	EXPECT_EQ(taken, 400u); /* 200 delivered, 200 lost: the next is held back */
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(g.receive(frame), ENA_RECEIVE_HOLD);
	EXPECT_NE(faults()[0].find("seen=401"), std::string::npos) << faults()[0];
}

TEST_F(Faults, ADelayedFrameWaitsForABuffer)
{
	const Bytes frame = make_frame();
	while (g.receive(frame) == ENA_RECEIVE_TAKEN)
		;
	EXPECT_EQ(received().size(), 200u);
	inject("rx-frame-delayed,delay=1ms,count=1");
	ena_device_transmit_ready(g.host.device);
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
	g.host.advance(5 * ms);
	EXPECT_TRUE(received().empty());
	g.post(rx, 10, 2048);
	g.host.advance(5 * ms);
	EXPECT_EQ(received(), std::vector<Bytes>{frame});
}
} // namespace
