// SPDX-License-Identifier: GPL-2.0-or-later
/* Completions that are lost, repeated or wrong on purpose. */
#include "faults.hh"

namespace
{

TEST_F(InjectedFaults, TxCompletionLost)
{
	inject("tx-completion-lost,count=1");
	send(3);
	EXPECT_EQ(completed(), (Ids{1, 2}));
	EXPECT_EQ(g.host.sent.size(), 3u);
}

TEST_F(InjectedFaults, TxCompletionsAllLostRaiseNothing)
{
	g.unmask(tx);
	inject("tx-completion-lost");
	send(3);
	EXPECT_EQ(g.host.raised(1), 0u);
	inject("none");
	send();
	EXPECT_EQ(g.host.raised(1), 1u);
}

TEST_F(InjectedFaults, TxCompletionDuplicated)
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

TEST_F(InjectedFaults, TxCompletionWrongId)
{
	inject("tx-completion-wrong-id,id=0x1234,count=1");
	send(2);
	EXPECT_EQ(completed(), (Ids{0x1234, 1}));
}

TEST_F(InjectedFaults, TxCompletionWrongPhase)
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

TEST_F(InjectedFaults, TxCompletionReserved)
{
	inject("tx-completion-reserved,count=1");
	send(2);
	const auto c = g.host.load<ena_tx_cdesc>(tx.cq);
	EXPECT_EQ(c.flags & ENA_TX_CDESC_MBZ, ENA_TX_CDESC_MBZ);
	tx.cq_head++;
	EXPECT_EQ(completed(), Ids{1});
}

TEST_F(InjectedFaults, RxCompletionLost)
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

TEST_F(InjectedFaults, RxCompletionDuplicated)
{
	inject("rx-completion-duplicated,count=1");
	const Bytes first = arrives(), second = arrives(7001);
	EXPECT_EQ(received(), (std::vector<Bytes>{first, first, second}));
}

TEST_F(InjectedFaults, RxCompletionWrongId)
{
	inject("rx-completion-wrong-id,id=777,count=1");
	arrives();
	EXPECT_EQ(cdesc(0).req_id.get(), 777);
}

TEST_F(InjectedFaults, RxCompletionWrongPhase)
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

TEST_F(InjectedFaults, RxCompletionReserved)
{
	inject("rx-completion-reserved,count=1");
	arrives();
	EXPECT_EQ(cdesc(0).status.get() & (ENA_BIT(7) | ENA_BIT(17)), ENA_BIT(17));
	rx.cq_head++;
	EXPECT_EQ(received().size(), 0u);
	arrives();
	EXPECT_EQ(received().size(), 1u);
}

TEST_F(InjectedFaults, RxCompletionFirstInTheMiddle)
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

TEST_F(InjectedFaults, RxCompletionTooLong)
{
	inject("rx-completion-too-long,count=1");
	arrives();
	EXPECT_EQ(cdesc(0).length.get(), 0xffff);
}

TEST_F(InjectedFaults, RxCompletionTooMany)
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

} // namespace
