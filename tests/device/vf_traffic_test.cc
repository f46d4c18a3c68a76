// SPDX-License-Identifier: GPL-2.0-or-later
/* What the settings of virtual functions do to frames. */
#include "fabric.hh"
#include "instance.hh"
#include "tests/time_units.hh"

#include <gtest/gtest.h>

namespace
{
const Bytes multicast = {0x33, 0x33, 0, 0, 0, 1};
const Bytes given = {2, 0, 0, 0, 0, 0x55};

/* Behind the addresses: a tag, and the type of what it is in front of. */
Bytes tag(unsigned int vlan, unsigned int priority = 0)
{
	return {0x81,
		0x00,
		static_cast<uint8_t>(priority << 5 | vlan >> 8),
		static_cast<uint8_t>(vlan),
		0x08,
		0x06};
}

ena_vf_tx_stats tx_stats(Fabric &f, unsigned int vf)
{
	return f.get<ena_vf_tx_stats>(vf, ENA_VF_TX_STATS);
}
ena_vf_rx_stats rx_stats(Fabric &f, unsigned int vf)
{
	return f.get<ena_vf_rx_stats>(vf, ENA_VF_RX_STATS);
}
} // namespace

TEST(VfMac, IsToldAtTheNextStartAndTrafficFollows)
{
	Fabric f(2, 2);
	const Bytes made = Fabric::made_mac(0);
	EXPECT_EQ(f.set_mac(0, given), 0);
	EXPECT_EQ(f.vf(0).address(), made) << "nothing changes under a driver";
	/* The switch goes by the new one at once. */
	f.send(f.vf(0), Fabric::frame(broadcast, made));
	EXPECT_EQ(tx_stats(f, 0).spoofed.get(), 1U);

	f.vf(0).start();
	EXPECT_EQ(f.vf(0).address(), given);
	f.send(f.vf(0), Fabric::frame(broadcast, given));
	f.wire_in(Fabric::frame(given, stranger));
	f.send(f.vf(1), Fabric::frame(given, Fabric::made_mac(1)));
	EXPECT_EQ(f.wire.size(), 1U);
	EXPECT_EQ(count(f.vf(0)), 2U);
	(void)Fabric::received(f.pf());
	f.wire_in(Fabric::frame(made, stranger));
	EXPECT_EQ(count(f.vf(0)), 0U);
	EXPECT_EQ(count(f.pf()), 1U) << "the old address is nobody's";

	f.enable(0);
	f.enable(2);
	ena_device_reset(f.vf(0).g.host.device);
	f.vf(0).start();
	EXPECT_EQ(f.vf(0).address(), made);
}

/* Linux's ena gives an adapter up whose address differs after a reset for a failure. */
TEST(VfMac, ADriverThatRecoversIsToldTheOldOne)
{
	Fabric f(1, 1);
	Guest &g = f.vf(0).g;
	EXPECT_EQ(f.set_mac(0, given), 0);
	g.reset(ENA_RESET_KEEP_ALIVE_TIMEOUT);
	f.vf(0).start(); /* with NORMAL, as ena does */
	EXPECT_EQ(f.vf(0).address(), Fabric::made_mac(0));
	g.reset(ENA_RESET_SHUTDOWN);
	f.vf(0).start();
	EXPECT_EQ(f.vf(0).address(), given);
}

/* When the machine is suspended, ena resets with NORMAL, and with NORMAL again when it resumes. */
TEST(VfMac, ADriverThatSleepsIsToldTheOldOne)
{
	for (const bool resets : {true, false}) {
		Fabric f(1, 1);
		Guest &g = f.vf(0).g;
		EXPECT_EQ(f.set_mac(0, given), 0);
		if (resets)
			g.reset(ENA_RESET_NORMAL);
		ena_device_sleep(g.host.device);
		f.vf(0).start();
		EXPECT_EQ(f.vf(0).address(), Fabric::made_mac(0)) << resets;
		g.reset(ENA_RESET_SHUTDOWN);
		f.vf(0).start();
		EXPECT_EQ(f.vf(0).address(), given) << resets;
		/* And once more, with the address that was told meanwhile. */
		if (resets)
			g.reset(ENA_RESET_NORMAL);
		ena_device_sleep(g.host.device);
		f.vf(0).start();
		EXPECT_EQ(f.vf(0).address(), given) << resets;
	}
}

/* Nobody drives it: vfio-pci lets functions sleep that nobody uses. */
TEST(VfMac, ANewDriverIsToldTheNewOneThoughTheFunctionSlept)
{
	Fabric f(1, 1);
	Guest &g = f.vf(0).g;
	g.reset(ENA_RESET_SHUTDOWN);
	ena_device_sleep(g.host.device);
	EXPECT_EQ(f.set_mac(0, given), 0);
	f.vf(0).start();
	EXPECT_EQ(f.vf(0).address(), given);
	g.reset(ENA_RESET_NORMAL);
	ena_device_reset(g.host.device);
	EXPECT_EQ(f.set_mac(0, Bytes(6)), 0);
	ena_device_sleep(g.host.device);
	f.vf(0).start();
	EXPECT_EQ(f.vf(0).address(), Fabric::made_mac(0));
}

TEST(VfMac, AFunctionLevelResetIsAStart)
{
	Fabric f(1, 1);
	EXPECT_EQ(f.set_mac(0, given), 0);
	f.vf(0).g.reset(ENA_RESET_KEEP_ALIVE_TIMEOUT);
	ena_device_reset(f.vf(0).g.host.device);
	f.vf(0).start();
	EXPECT_EQ(f.vf(0).address(), given);
}

/* What the driver was told moves with it; what it is to be told is the host's to say again. */
TEST(VfMac, TheAddressToldIsInTheSnapshot)
{
	Fabric f(1, 1);
	Guest &g = f.vf(0).g;
	EXPECT_EQ(f.set_mac(0, given), 0);
	f.vf(0).start();
	g.host.migrate();
	EXPECT_EQ(f.vf(0).address(), given);
	ena_device_set_mac(g.host.device, given.data());
	g.reset(ENA_RESET_KEEP_ALIVE_TIMEOUT);
	ena_device_set_mac(g.host.device, Fabric::made_mac(0).data());
	g.host.migrate();
	ena_device_set_mac(g.host.device, Fabric::made_mac(0).data());
	f.vf(0).start();
	EXPECT_EQ(f.vf(0).address(), given) << "it was recovering";
}

TEST(VfVlan, TagsOnTheWayOutAndNotOnTheWayIn)
{
	Fabric f(3, 3);
	EXPECT_EQ(f.set_vlan(0, 100, 5), 0);
	EXPECT_EQ(f.set_vlan(1, 100), 0);
	EXPECT_EQ(f.set_vlan(2, 200), 0);
	const Bytes plain = Fabric::frame(broadcast, Fabric::made_mac(0));
	f.send(f.vf(0), plain);
	ASSERT_EQ(f.wire.size(), 1U);
	Bytes tagged = plain;
	const Bytes with = tag(100, 5);
	tagged.insert(tagged.begin() + 12, with.begin(), with.begin() + 4);
	EXPECT_EQ(f.wire[0], tagged);
	EXPECT_EQ(Fabric::received(f.pf()), std::vector<Bytes>{tagged});
	EXPECT_EQ(Fabric::received(f.vf(1)), std::vector<Bytes>{plain});
	EXPECT_EQ(count(f.vf(2)), 0U);

	f.wire_in(tagged);
	EXPECT_EQ(Fabric::received(f.vf(0)), std::vector<Bytes>{plain});
	EXPECT_EQ(Fabric::received(f.vf(1)), std::vector<Bytes>{plain});
	f.wire_in(plain);
	f.wire_in(Fabric::frame(Fabric::made_mac(0), stranger, tag(200)));
	for (unsigned int i : {0, 1, 2})
		EXPECT_EQ(count(f.vf(i)), 0U) << i;

	EXPECT_EQ(f.set_vlan(0, 0), 0);
	f.wire_in(plain);
	EXPECT_EQ(Fabric::received(f.vf(0)), std::vector<Bytes>{plain});
}

TEST(VfVlan, WhoTagsItselfIsDroppedAndCounted)
{
	Fabric f(2, 2);
	EXPECT_EQ(f.set_vlan(0, 100), 0);
	EXPECT_EQ(f.set_vlan(1, 200), 0);
	for (unsigned int vlan : {100, 200, 0})
		f.send(f.vf(0), Fabric::frame(broadcast, Fabric::made_mac(0), tag(vlan)));
	EXPECT_TRUE(f.wire.empty());
	EXPECT_EQ(count(f.vf(1)), 0U);
	EXPECT_EQ(tx_stats(f, 0).tagged.get(), 3U);
	EXPECT_EQ(tx_stats(f, 0).drops.get(), 3U);
	EXPECT_EQ(tx_stats(f, 1).tagged.get(), 0U);
	EXPECT_EQ(f.get<ena_vf_tx_stats>(0, ENA_VF_TX_STATS).packets.get(), 0U);
}

/* Checksums left to do are found where they have moved to. */
TEST(VfVlan, OffloadsMoveWithTheTag)
{
	Fabric f(1, 1);
	EXPECT_EQ(f.set_vlan(0, 100), 0);
	const FrameSpec spec{.payload = 200};
	Bytes frame = make_frame(spec);
	std::copy_n(Fabric::made_mac(0).begin(), 6, frame.begin());
	put16(frame, checksum_at(spec), pseudo_sum(frame, spec));
	const Bytes t = tag(100);
	frame.insert(frame.begin() + 12, t.begin(), t.begin() + 4);
	/* From the physical function, whose peer would resolve it. */
	ena_device_set_vnet(f.pf().g.host.device, true, true, true, true);
	f.pf().g.push_meta(f.pf().tx, 0, 18, 20, 5);
	f.pf().g.push_packet(f.pf().tx, 9, f.pf().g.place(frame),
			     ENA_L3_IPV4 | ENA_L4_TCP << 8 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL,
			     true);
	f.pf().g.ring(f.pf().tx);
	const auto got = Fabric::received(f.vf(0));
	ASSERT_EQ(got.size(), 1U);
	EXPECT_TRUE(checksums_good(got[0], spec));
}

TEST(VfSpoofCheck, HarmsNobodyElse)
{
	Fabric f(2, 2);
	f.send(f.vf(0), Fabric::frame(broadcast, stranger));
	f.send(f.vf(0), Fabric::frame(Fabric::made_mac(1), Fabric::pf_mac()));
	EXPECT_TRUE(f.wire.empty());
	EXPECT_EQ(count(f.vf(1)), 0U);
	EXPECT_EQ(tx_stats(f, 0).spoofed.get(), 2U);
	EXPECT_EQ(tx_stats(f, 1).spoofed.get(), 0U);

	EXPECT_EQ(f.set_toggle(0, ENA_VF_SPOOF_CHECK, false), 0);
	f.send(f.vf(0), Fabric::frame(broadcast, stranger));
	f.send(f.vf(0), Fabric::frame(broadcast, Fabric::pf_mac()));
	EXPECT_EQ(f.wire.size(), 2U);
	EXPECT_EQ(tx_stats(f, 0).spoofed.get(), 2U);
	/* Even so it takes nothing away. */
	(void)Fabric::received(f.pf());
	(void)Fabric::received(f.vf(0));
	f.wire_in(Fabric::frame(Fabric::pf_mac(), stranger));
	EXPECT_EQ(count(f.pf()), 1U);
	EXPECT_EQ(count(f.vf(0)), 0U);
}

/* A checksum that the receiver finishes could be in the addresses, or in the tag. */
TEST(VfSpoofCheck, NoChecksumIsFinishedInWhatWasJudged)
{
	Fabric f(2, 2);
	Fabric::Function &hostile = f.vf(0);
	const Bytes frame = Fabric::frame(broadcast, Fabric::made_mac(0));

	for (uint8_t start = 1; start < 20; start++) {
		hostile.g.push_meta(hostile.tx, 0, 0, start, 5);
		hostile.g.push_packet(hostile.tx, start, hostile.g.place(frame),
				      ENA_L3_IPV4 | ENA_L4_UDP << 8 | ENA_TXD1_L4_CSUM |
					      ENA_TXD1_L4_PARTIAL,
				      true);
		hostile.g.ring(hostile.tx);
		for (const Bytes &got : Fabric::received(f.vf(1)))
			EXPECT_TRUE(std::equal(got.begin(), got.begin() + 18, frame.begin()))
				<< unsigned{start};
	}
	EXPECT_TRUE(hostile.g.host.noted("begins in its Ethernet header"));
}

TEST(VfTrust, GivesWhatIsAddressedToNobody)
{
	Fabric f(3, 3);
	f.wire_in(Fabric::frame(stranger, given));
	EXPECT_EQ(count(f.vf(0)), 0U);
	EXPECT_EQ(f.set_toggle(0, ENA_VF_TRUST, true), 0);
	f.wire_in(Fabric::frame(stranger, given));
	f.send(f.vf(1), Fabric::frame(stranger, Fabric::made_mac(1)));
	f.send(f.vf(1), Fabric::frame(Fabric::made_mac(2), Fabric::made_mac(1)));
	EXPECT_EQ(count(f.vf(0)), 2U) << "what is for others stays theirs";
	EXPECT_EQ(count(f.vf(2)), 1U);
	EXPECT_EQ(f.wire.size(), 1U);
}

TEST(VfLink, DisabledDropsBothWays)
{
	Fabric f(2, 2);
	(void)f.vf(0).link_events();
	EXPECT_EQ(f.set_link(0, ENA_VF_LINK_DISABLED), 0);
	EXPECT_EQ(f.vf(0).link_events(), std::vector<bool>{false});
	f.send(f.vf(0), Fabric::frame(broadcast, Fabric::made_mac(0)));
	f.wire_in(Fabric::frame(broadcast, stranger));
	f.send(f.vf(1), Fabric::frame(Fabric::made_mac(0), Fabric::made_mac(1)));
	EXPECT_TRUE(f.wire.empty());
	EXPECT_EQ(count(f.vf(0)), 0U);
	EXPECT_EQ(count(f.vf(1)), 1U);
	EXPECT_EQ(tx_stats(f, 0).drops.get(), 1U);
	EXPECT_EQ(rx_stats(f, 0).drops.get(), 2U);

	EXPECT_EQ(f.set_link(0, ENA_VF_LINK_AUTO), 0);
	EXPECT_EQ(f.vf(0).link_events(), std::vector<bool>{true});
	f.send(f.vf(0), Fabric::frame(broadcast, Fabric::made_mac(0)));
	EXPECT_EQ(f.wire.size(), 1U);
}

TEST(VfLink, EnabledIsUpWithoutAWire)
{
	Fabric f(3, 3);
	for (unsigned int i : {0, 1, 2})
		(void)f.vf(i).link_events();
	EXPECT_EQ(f.set_link(0, ENA_VF_LINK_ENABLED), 0);
	EXPECT_EQ(f.set_link(1, ENA_VF_LINK_ENABLED), 0);
	f.plug(false);
	EXPECT_TRUE(f.vf(0).link_events().empty());
	EXPECT_EQ(f.vf(2).link_events(), std::vector<bool>{false});
	f.send(f.vf(0), Fabric::frame(Fabric::made_mac(1), Fabric::made_mac(0)));
	f.send(f.vf(0), Fabric::frame(Fabric::made_mac(2), Fabric::made_mac(0)));
	EXPECT_EQ(count(f.vf(1)), 1U);
	EXPECT_EQ(count(f.vf(2)), 0U);
	EXPECT_EQ(f.set_link(0, ENA_VF_LINK_AUTO), 0);
	EXPECT_EQ(f.vf(0).link_events(), std::vector<bool>{false});
	f.plug(true);
	EXPECT_EQ(f.vf(0).link_events(), std::vector<bool>{true});
}

TEST(VfRate, ExcessWaitsThenIsDroppedAndCounted)
{
	Fabric f(2, 2);
	EXPECT_EQ(f.set_rate(0, 16), 0);
	const Bytes frame = Fabric::frame(broadcast, Fabric::made_mac(0), Bytes(1400, 8));
	Sender sender(f.vf(0).g, frame);

	for (unsigned int i = 0; i < 4000; i++) {
		(void)sender.refill();
		f.vf(0).g.host.advance(ms);
	}
	uint64_t bytes = 0;
	for (const Bytes &out : f.wire)
		bytes += out.size();
	const uint64_t due = 16 * 4 * second / 8000, burst = 2 * 65536;
	EXPECT_GE(bytes, due - frame.size());
	EXPECT_LE(bytes, due + burst + 2 * frame.size());
	const auto stats = tx_stats(f, 0);
	EXPECT_EQ(stats.packets.get(), f.wire.size());
	EXPECT_EQ(stats.bytes.get(), bytes);
	EXPECT_GT(stats.drops.get(), 100U);
	EXPECT_GE(Instance::counters(f.vf(0).g).bw_out_allowance_exceeded.get(), stats.drops.get());
	bool named = false;
	for (unsigned int i = 0; const auto *d = ena_device_drops(f.vf(0).g.host.device, i); i++)
		named = named || (d->tx && std::string(d->reason).find("rate that is set") !=
						   std::string::npos);
	EXPECT_TRUE(named);
}

TEST(VfRate, LosesNothingOfAShortBurstAndHoldsUpNobodyElse)
{
	Fabric f(2, 2);
	EXPECT_EQ(f.set_rate(0, 64), 0);
	Sender sender(f.vf(0).g, Fabric::frame(stranger, Fabric::made_mac(0), Bytes(1400, 8)));
	for (int i = 0; i < 140; i++)
		sender.push();
	f.vf(0).g.ring(sender.queue());
	const size_t at_once = f.wire.size();
	EXPECT_LT(at_once, 140U);
	f.send(f.vf(1), Fabric::frame(stranger, Fabric::made_mac(1)));
	EXPECT_EQ(f.wire.size(), at_once + 1);
	f.vf(0).g.host.advance(40 * ms);
	EXPECT_EQ(f.wire.size(), 141U);
	EXPECT_EQ(tx_stats(f, 0).drops.get(), 0U);
}

TEST(VfRate, LiftedLimitsLetWhatWaitsGo)
{
	Fabric f(1, 1);
	EXPECT_EQ(f.set_rate(0, 1), 0);
	Sender sender(f.vf(0).g, Fabric::frame(stranger, Fabric::made_mac(0), Bytes(1400, 8)));
	for (int i = 0; i < 200; i++)
		sender.push();
	f.vf(0).g.ring(sender.queue());
	EXPECT_LT(f.wire.size(), 150U);
	EXPECT_EQ(f.set_rate(0, 0), 0);
	f.vf(0).g.host.advance(1000 * ms);
	EXPECT_EQ(f.wire.size(), 200U);
	EXPECT_EQ(tx_stats(f, 0).drops.get(), 0U);
}

/* Frames between functions go by the wire; the switch there sends them back. */
TEST(VfVepa, FramesComeBackToAllButTheirSender)
{
	Fabric f(3, 3);
	f.set_mode(ENA_SWITCH_VEPA);
	EXPECT_EQ(f.set_vlan(2, 100), 0);
	const Bytes to_neighbour = Fabric::frame(Fabric::made_mac(1), Fabric::made_mac(0));
	const Bytes to_all = Fabric::frame(broadcast, Fabric::made_mac(0));
	f.send(f.vf(0), to_neighbour);
	f.send(f.vf(0), to_all);
	f.send(f.vf(0), Fabric::frame(Fabric::pf_mac(), Fabric::made_mac(0)));
	EXPECT_EQ(f.wire.size(), 3U);
	EXPECT_EQ(count(f.vf(1)) + count(f.pf()), 0U) << "there is no short way";

	f.send_back();
	EXPECT_EQ(Fabric::received(f.vf(1)), (std::vector<Bytes>{to_neighbour, to_all}));
	EXPECT_EQ(count(f.pf()), 2U);
	EXPECT_EQ(count(f.vf(0)), 0U);
	EXPECT_EQ(count(f.vf(2)), 0U);

	/* The frame comes back with the tag that the wire has seen. */
	f.send(f.vf(2), Fabric::frame(broadcast, Fabric::made_mac(2)));
	f.send_back();
	EXPECT_EQ(count(f.vf(2)), 0U);
	const auto got = Fabric::received(f.pf());
	ASSERT_EQ(got.size(), 1U);
	EXPECT_EQ(Bytes(got[0].begin() + 12, got[0].begin() + 16), (Bytes{0x81, 0, 0, 100}));
}

TEST(VfStats, CountWhatPassed)
{
	Fabric f(2, 2);
	f.wire_in(Fabric::frame(broadcast, stranger));
	f.wire_in(Fabric::frame(multicast, stranger));
	f.wire_in(Fabric::frame(Fabric::made_mac(1), stranger));
	f.send(f.vf(1), Fabric::frame(stranger, Fabric::made_mac(1)));
	const auto rx = rx_stats(f, 1);
	EXPECT_EQ(rx.packets.get(), 3U);
	EXPECT_EQ(rx.bytes.get(), 180U);
	EXPECT_EQ(rx.broadcast.get(), 1U);
	EXPECT_EQ(rx.multicast.get(), 1U);
	EXPECT_EQ(rx.drops.get(), 0U);
	const auto tx = tx_stats(f, 1);
	EXPECT_EQ(tx.packets.get(), 1U);
	EXPECT_EQ(tx.bytes.get(), 60U);
	EXPECT_EQ(rx_stats(f, 0).packets.get(), 2U);
}

/* Each alone in its VLAN: 64 tenants that do not see each other. */
TEST(VfVlan, SixtyFourTenants)
{
	constexpr unsigned int tenants = ENA_DEVICE_MAX_VFS;
	Fabric f(tenants, tenants);
	for (unsigned int i = 0; i < tenants; i++)
		ASSERT_EQ(f.set_vlan(i, static_cast<uint16_t>(1000 + i)), 0);
	for (unsigned int i = 0; i < tenants; i++)
		f.send(f.vf(i), Fabric::frame(broadcast, Fabric::made_mac(i)));
	EXPECT_EQ(f.wire.size(), tenants);
	for (unsigned int i = 0; i < tenants; i++)
		ASSERT_EQ(count(f.vf(i)), 0U) << i;
	for (unsigned int i = 0; i < tenants; i++)
		f.wire_in(Fabric::frame(broadcast, stranger, tag(1000 + i)));
	for (unsigned int i = 0; i < tenants; i++)
		ASSERT_EQ(count(f.vf(i)), 1U) << i;
}
