// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames that are lost, repeated, damaged, late or out of order on purpose. */
#include "faults.hh"

#include <set>

namespace
{

TEST_F(InjectedFaults, TxFrameLost)
{
	inject("tx-frame-lost,every=2,count=1");
	send(3);
	EXPECT_EQ(completed().size(), 3u);
	EXPECT_EQ(sent(), (std::vector<Bytes>{frames[0], frames[2]}));
}

TEST_F(InjectedFaults, TxFrameDuplicated)
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

TEST_F(InjectedFaults, TxFrameCorruptedIsOneBitOfTheWireOnly)
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

TEST_F(InjectedFaults, TxFrameDelayed)
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

TEST_F(InjectedFaults, TxFramesReordered)
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

TEST_F(InjectedFaults, ABadWireHoldsABoundedNumberOfFrames)
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
TEST_F(InjectedFaults, DelayedFramesArriveWhole)
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

TEST_F(InjectedFaults, ABusyHostGetsNoMoreFramesFromTheWire)
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

TEST_F(InjectedFaults, RxFrameLostDuplicatedDelayedReordered)
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

TEST_F(InjectedFaults, RxFrameCorruptedIsSeenByTheChecksum)
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

TEST_F(InjectedFaults, AFrameThatIsHeldBackIsNoNewOccasion)
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

TEST_F(InjectedFaults, ADelayedFrameWaitsForABuffer)
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
