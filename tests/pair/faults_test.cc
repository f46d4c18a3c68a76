// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's core on an adapter that is broken on purpose. */
#include <gtest/gtest.h>

#include "abi/ena_regs.h"
#include "frames.hh"
#include "tests/time_units.hh"

#include <cstring>

namespace
{

struct Case {
	const char *fault;
	int reason; /* of the reset; none: the driver goes on without one */
	bool everything_arrives; /* meanwhile, if there is no reset */
};
constexpr int none = -1;

class BrokenPair : public ::testing::Test {
    protected:
	TwoMachines pair{config()};
	Random random{5};

	static ena_config config()
	{
		ena_config config = default_config();
		config.strict = true;
		return config;
	}
	void SetUp() override
	{
		ASSERT_TRUE(pair.start(2));
	}
	ena_device_stats stats()
	{
		ena_device_stats stats;
		ena_device_get_stats(pair.a->device, &stats);
		return stats;
	}
	void inject(const char *text)
	{
		char why[ENA_DEVICE_WHY_SIZE] = "";
		ASSERT_TRUE(ena_device_inject(pair.a->device, text, why, sizeof(why))) << why;
		pair.a->settle();
	}
	/* Some frames each way; how many arrived. */
	size_t exchange(unsigned int count)
	{
		pair.a->received.clear();
		pair.b->received.clear();
		for (unsigned int i = 0; i < count; i++) {
			for (oe_kernel *side : {pair.a.get(), pair.b.get()}) {
				TxRequest request;
				FrameShape shape;
				shape.source_port = static_cast<uint16_t>(random());
				request.frame = build_frame(shape, random);
				(void)side->send(i % 2, request);
			}
		}
		pair.run(10 * ms);
		return pair.a->received.size() + pair.b->received.size();
	}
	/* It struck at least once. */
	bool struck()
	{
		char text[ENA_DEVICE_FAULT_SIZE];
		for (unsigned int i = 0; ena_device_fault(pair.a->device, i, text, sizeof(text));
		     i++)
			if (!strstr(text, "hits=0 "))
				return true;
		return false;
	}
};

class PairFaults : public BrokenPair, public ::testing::WithParamInterface<Case> {};

TEST_P(PairFaults, RecoversForTheRightReason)
{
	const uint64_t resets = stats().resets;
	size_t sent = 0, arrived = 0;

	inject(GetParam().fault);
	/* Twenty seconds of traffic and of settings, until the reset. */
	for (int i = 0; i < 200 && stats().resets == resets; i++) {
		sent += 2 * 10;
		arrived += exchange(10);
		if (i == 5)
			(void)pair.a->set([](oe_settings &s) { s.mtu = 3000; });
		pair.run(90 * ms);
	}
	EXPECT_TRUE(struck());
	inject("none");
	if (GetParam().reason == none) {
		EXPECT_EQ(stats().resets, resets) << stats().last_reset_reason;
		EXPECT_TRUE(arrived == sent || !GetParam().everything_arrives)
			<< arrived << " of " << sent;
	} else {
		EXPECT_EQ(stats().resets, resets + 1);
		EXPECT_EQ(static_cast<int>(stats().last_reset_reason), GetParam().reason);
	}
	pair.run(5 * second);
	EXPECT_EQ(stats().resets, resets + (GetParam().reason != none)) << "one reset is enough";
	EXPECT_TRUE(pair.a->link);
	EXPECT_EQ(exchange(50), 100u);
}

/* Frames arrive at the first machine, which sends none. Seconds until a reset, or @limit. */
unsigned receive_only(TwoMachines &pair, unsigned limit)
{
	ena_device_stats stats;
	Random random{5};
	unsigned second = 0;

	ena_device_get_stats(pair.a->device, &stats);
	for (const uint64_t resets = stats.resets; stats.resets == resets && second < limit;
	     second++) {
		TxRequest request;
		request.frame = build_frame({}, random);
		(void)pair.b->send(0, request);
		pair.run(::second);
		ena_device_get_stats(pair.a->device, &stats);
	}
	return second;
}

TEST_F(BrokenPair, APairThatOnlyReceivesLosesAllInterrupts)
{
	inject("interrupt-lost,vector=1;interrupt-lost,vector=2");
	const unsigned seconds = receive_only(pair, 30);
	EXPECT_LE(seconds, 12u);
	EXPECT_GE(pair.a->received.size() + 3, seconds) << "it was polled meanwhile";
	EXPECT_EQ(static_cast<int>(stats().last_reset_reason), ENA_RESET_MISSING_FIRST_INTERRUPT);
	inject("none");
	pair.run(5 * second);
	EXPECT_EQ(exchange(50), 100u);
	inject("interrupt-lost,vector=1;interrupt-lost,vector=2");
	EXPECT_LE(receive_only(pair, 30), 12u);
	EXPECT_EQ(static_cast<int>(stats().last_reset_reason), ENA_RESET_MISSING_INTERRUPT);
}

TEST_F(BrokenPair, APairThatOnlyReceivesLosesOneInterrupt)
{
	EXPECT_EQ(exchange(50), 100u);
	inject("interrupt-lost,count=1,vector=1;interrupt-lost,count=1,vector=2");
	pair.a->received.clear();
	EXPECT_EQ(receive_only(pair, 30), 30u);
	EXPECT_EQ(pair.a->received.size(), 30u);
}

TEST_F(BrokenPair, ABusyCpuHasNoResetWhileNothingIsMissed)
{
	pair.a->cpu_busy = true;
	EXPECT_EQ(receive_only(pair, 30), 30u);
	pair.a->cpu_busy = false;
	pair.run(second);
	EXPECT_EQ(pair.a->received.size(), 30u);
}

const Case cases[] = {
	{"admin-lost,opcode=9,count=1", ENA_RESET_ADMIN_TIMEOUT, false},
	{"admin-delayed,delay=20ms", none, true},
	{"admin-refused,opcode=9,status=5,count=1", none, true},
	{"tx-completion-lost", ENA_RESET_MISSING_TX_COMPLETION, false},
	{"tx-completion-duplicated,count=1", ENA_RESET_INVALID_TX_REQ_ID, false},
	{"tx-completion-wrong-id,count=1", ENA_RESET_INVALID_TX_REQ_ID, false},
	{"tx-completion-wrong-id,id=1000,count=1", ENA_RESET_INVALID_TX_REQ_ID, false},
	{"tx-completion-wrong-phase,count=1", ENA_RESET_MISSING_TX_COMPLETION, false},
	{"tx-completion-reserved,count=1", ENA_RESET_TX_DESCRIPTOR_MALFORMED, false},
	{"rx-completion-duplicated,count=1", ENA_RESET_INVALID_RX_REQ_ID, false},
	{"rx-completion-wrong-id,count=1", ENA_RESET_INVALID_RX_REQ_ID, false},
	{"rx-completion-reserved,count=1", ENA_RESET_RX_DESCRIPTOR_MALFORMED, false},
	{"rx-completion-first,count=1", ENA_RESET_RX_DESCRIPTOR_MALFORMED, false},
	{"rx-completion-too-long,count=1", ENA_RESET_RX_DESCRIPTOR_MALFORMED, false},
	{"rx-completion-too-many,count=1", ENA_RESET_TOO_MANY_RX_DESCS, false},
	{"rx-completion-lost,count=3", none, false},
	{"doorbell-lost,queue=0;doorbell-lost,queue=1", ENA_RESET_MISSING_TX_COMPLETION, false},
	{"interrupt-lost,vector=1;interrupt-lost,vector=2", ENA_RESET_MISSING_FIRST_INTERRUPT,
	 false},
	{"interrupt-lost,vector=0", none, true},
	{"register-lost,count=1", ENA_RESET_GENERIC, false},
	{"register-ones,register=0x58,count=1", ENA_RESET_GENERIC, false},
	{"event-lost,group=4", ENA_RESET_KEEP_ALIVE_TIMEOUT, false},
	{"event-wrong-phase,count=1", ENA_RESET_KEEP_ALIVE_TIMEOUT, false},
	{"event-unknown,period=100ms", none, true},
	{"fatal-error", ENA_RESET_GENERIC, false},
	{"reset-request", ENA_RESET_DEVICE_REQUEST, false},
	{"slow,delay=1ms", none, true},
	{"link-flap,down=200ms,count=3", none, false},
	{"tx-frame-lost,every=3", none, false},
	{"tx-frame-duplicated,every=3", none, false},
	{"tx-frame-corrupted,every=3", none, false},
	{"tx-frame-delayed,every=3,delay=2ms", none, true},
	{"tx-frame-reordered,every=3", none, true},
	{"rx-frame-lost,every=3", none, false},
	{"rx-frame-duplicated,every=3", none, false},
	{"rx-frame-corrupted,every=3", none, false},
	{"rx-frame-delayed,every=3,delay=2ms", none, true},
	{"rx-frame-reordered,every=3", none, true},
};
INSTANTIATE_TEST_SUITE_P(Fault, PairFaults, ::testing::ValuesIn(cases), [](const auto &info) {
	std::string name = std::to_string(info.index) + "_";
	for (const char *c = info.param.fault; *c && *c != ','; c++)
		name += *c == '-' ? '_' : *c;
	return name;
});

} // namespace
