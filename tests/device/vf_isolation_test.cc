// SPDX-License-Identifier: GPL-2.0-or-later
/* What a hostile virtual function can do to its neighbours: nothing that they notice. */
#include "fabric.hh"
#include "instance.hh"

#include <gtest/gtest.h>

namespace
{
ena_device_stats totals(Fabric::Function &function)
{
	ena_device_stats stats;
	ena_device_get_stats(function.g.host.device, &stats);
	return stats;
}

/* The same frame many times; @vary changes it in place before each. */
template <class Vary>
void flood(Fabric::Function &from, const Bytes &frame, unsigned int times, Vary vary)
{
	const auto buffers = from.g.place(frame);

	for (unsigned int i = 0; i < times; i++) {
		vary(i, from.g.host.at(buffers[0].address, frame.size()));
		from.g.push_packet(from.tx, from.next_id, buffers);
		from.next_id = static_cast<uint16_t>((from.next_id + 1) % from.tx.depth);
		from.g.ring(from.tx);
		while (from.g.tx_completion(from.tx))
			;
	}
}

/* All but the first virtual function have what they should have. */
void expect_traffic(Fabric &f)
{
	f.wire.clear();
	(void)Fabric::received(f.pf());
	(void)Fabric::received(f.vf(1));
	f.send(f.vf(1), Fabric::frame(stranger, Fabric::made_mac(1)));
	f.send(f.pf(), Fabric::frame(stranger, Fabric::pf_mac()));
	EXPECT_EQ(f.wire.size(), 2U);
	f.send(f.vf(1), Fabric::frame(Fabric::pf_mac(), Fabric::made_mac(1)));
	f.wire_in(Fabric::frame(Fabric::pf_mac(), stranger));
	EXPECT_EQ(count(f.pf()), 2U);
	f.send(f.pf(), Fabric::frame(Fabric::made_mac(1), Fabric::pf_mac()));
	f.wire_in(Fabric::frame(Fabric::made_mac(1), stranger));
	EXPECT_EQ(count(f.vf(1)), 2U);
}
} // namespace

/* Who is flooded loses frames while it does not keep up, and nothing else. */
TEST(VfIsolation, AFloodStopsNobody)
{
	Fabric f(2, 2);
	constexpr unsigned int frames = 1000;

	flood(f.vf(0), Fabric::frame(Fabric::pf_mac(), Fabric::made_mac(0)), frames,
	      [](unsigned int, uint8_t *) {});
	EXPECT_EQ(totals(f.vf(0)).tx_packets, frames) << "a receiver holds the sender up";
	f.send(f.vf(1), Fabric::frame(stranger, Fabric::made_mac(1)));
	EXPECT_EQ(f.wire.size(), 1U);
	f.wire_in(Fabric::frame(Fabric::made_mac(1), stranger));
	EXPECT_EQ(count(f.vf(1)), 1U);
	const size_t arrived = count(f.pf());
	EXPECT_GT(arrived, 0U);
	EXPECT_EQ(f.lost(0) + totals(f.pf()).rx_drops, frames - arrived);
	expect_traffic(f);
}

/* A rate keeps a flood from the others' buffers. */
TEST(VfIsolation, ARateTamesAFloodOfBroadcasts)
{
	Fabric f(2, 2);
	EXPECT_EQ(f.set_rate(0, 1), 0);
	/* A burst, then 1 Mbit/s. */
	Sender sender(f.vf(0).g, Fabric::frame(broadcast, Fabric::made_mac(0), Bytes(1400, 8)));
	for (unsigned int i = 0; i < 100; i++) {
		(void)sender.refill();
		f.vf(0).g.host.advance(1'000'000);
	}
	EXPECT_LT(f.wire.size(), 150U);
	expect_traffic(f);
}

/* One turn is bounded, so that the others' turns come in between. */
TEST(VfIsolation, AFullRingIsSentInTurns)
{
	Fabric f(2, 2);
	Fabric::Function &hostile = f.vf(0);
	constexpr unsigned int rung = 1023;

	hostile.tx = hostile.g.create(false, 1024, 1);
	const auto buffers = hostile.g.place(Fabric::frame(stranger, Fabric::made_mac(0)));
	for (uint16_t i = 0; i < rung; i++)
		hostile.g.push_packet(hostile.tx, i, buffers);
	hostile.g.host.write(hostile.tx.doorbell, hostile.tx.tail);
	hostile.g.host.run(1);
	const size_t first_turn = f.wire.size();
	EXPECT_GT(first_turn, 0U);
	EXPECT_LT(first_turn, rung / 2U);
	f.send(f.vf(1), Fabric::frame(stranger, Fabric::made_mac(1)));
	EXPECT_EQ(f.wire.size(), first_turn + 1);
	hostile.g.host.run();
	EXPECT_EQ(f.wire.size(), rung + 1U);
}

TEST(VfIsolation, HammeredResetsAreItsOwn)
{
	Fabric f(2, 2);
	const auto before = totals(f.vf(1)).resets;

	EXPECT_EQ(f.set_vlan(0, 100), 0);
	(void)f.vf(1).link_events();
	f.vf(1).g.host.interrupts.clear();
	for (unsigned int i = 0; i < 1000; i++) {
		/* In the middle of a packet, now and then. */
		if (i % 7 == 0)
			f.vf(0).g.host.write(f.vf(0).tx.doorbell, i);
		f.vf(0).g.host.write(ENA_REG_DEV_CTL, ENA_DEV_CTL_RESET);
		if (i % 3)
			f.vf(0).g.host.write(ENA_REG_DEV_CTL, 0);
		else
			ena_device_reset(f.vf(0).g.host.device);
	}
	EXPECT_TRUE(f.vf(1).link_events().empty());
	EXPECT_TRUE(f.vf(1).g.host.interrupts.empty());
	EXPECT_EQ(totals(f.vf(1)).resets, before);
	EXPECT_GE(totals(f.vf(0)).resets, 1000U);
	expect_traffic(f);
	EXPECT_EQ(f.get<ena_vf_settings_answer>(0, ENA_VF_SETTINGS).vlan.get(), 100);
}

/* Spoof check off is the worst case: it may send from any address. */
TEST(VfIsolation, NoAddressIsLearnt)
{
	Fabric f(2, 2);
	EXPECT_EQ(f.set_toggle(0, ENA_VF_SPOOF_CHECK, false), 0);
	flood(f.vf(0), Fabric::frame(stranger, {2, 0, 0, 0, 0, 0}), 5000,
	      [](unsigned int i, uint8_t *frame) {
		      frame[10] = static_cast<uint8_t>(i >> 8);
		      frame[11] = static_cast<uint8_t>(i);
	      });
	EXPECT_EQ(f.wire.size(), 5000U);
	f.send(f.vf(0), Fabric::frame(stranger, Fabric::pf_mac()));
	f.send(f.vf(0), Fabric::frame(stranger, Fabric::made_mac(1)));
	expect_traffic(f);
	EXPECT_EQ(count(f.vf(0)), 0U) << "it gets what is for others";
	/* What it has claimed is still the physical function's to take. */
	f.wire_in(Fabric::frame({2, 0, 0, 0, 0, 1}, stranger));
	EXPECT_EQ(count(f.vf(0)), 0U);
	EXPECT_EQ(count(f.pf()), 1U);
}

/* The function goes to another virtual machine by way of a function level reset alone. */
TEST(VfIsolation, TheNextOwnerStartsAtZero)
{
	Fabric f(1, 1);
	Guest &g = f.vf(0).g;
	ena_get_stats_cmd cmd{};
	ena_basic_stats stats;

	EXPECT_EQ(f.set_rate(0, 1), 0);
	Sender sender(g, Fabric::frame(stranger, Fabric::made_mac(0), Bytes(1400, 8)));
	for (unsigned int i = 0; i < 1000; i++) {
		(void)sender.refill();
		g.host.advance(1'000'000);
	}
	f.wire_in(Fabric::frame(Fabric::made_mac(0), stranger));
	EXPECT_GT(Instance::counters(g).bw_out_allowance_exceeded.get(), 0U);
	ena_device_reset(g.host.device);
	/* Without a reset by its driver, which would do the same. */
	g.start_admin();
	cmd.common.opcode = ENA_ADMIN_GET_STATS;
	cmd.type = ENA_STATS_BASIC;
	const ena_acq_entry answer = g.command(&cmd);
	memcpy(&stats, answer.payload, sizeof(stats));
	EXPECT_EQ(stats.tx_pkts.lo.get() + stats.rx_pkts.lo.get() + stats.tx_drops.lo.get(), 0U);
	EXPECT_EQ(Instance::counters(g).bw_out_allowance_exceeded.get(), 0U);
	EXPECT_GT(f.get<ena_vf_tx_stats>(0, ENA_VF_TX_STATS).packets.get(), 0U)
		<< "the physical function sees all that has passed";
}
