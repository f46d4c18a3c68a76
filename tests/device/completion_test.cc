// SPDX-License-Identifier: GPL-2.0-or-later
/* Bits of completions that the adapter promises to leave zero. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

namespace
{
/* Frames that between them set every field of an RX completion. */
std::vector<Bytes> all_kinds()
{
	std::vector<Bytes> frames;
	for (const bool ipv6 : {false, true})
		for (const bool tcp : {false, true})
			for (unsigned int tags = 0; tags < 3; tags++)
				for (const size_t payload :
				     {size_t{0}, size_t{100}, size_t{3000}}) {
					FrameSpec spec;
					spec.ipv6 = ipv6;
					spec.tcp = tcp;
					spec.vlan_tags = tags;
					spec.payload = payload;
					frames.push_back(make_frame(spec));
					Bytes bad = frames.back();
					bad[checksum_at(spec)] ^= 0xff;
					frames.push_back(bad);
				}
	Bytes fragment = make_frame();
	put16(fragment, 20, 0x2000);
	frames.push_back(fragment);
	frames.emplace_back(60);
	for (uint8_t fill : {0x00, 0x45, 0x60, 0xff}) {
		Bytes noise(120, fill);
		put16(noise, 12, fill == 0x60 ? 0x86dd : 0x0800);
		frames.push_back(noise);
	}
	return frames;
}
} // namespace

TEST(Completion, BitsThatMustBeZeroAre)
{
	Guest g;
	g.start();
	const auto a = g.get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES);
	EXPECT_TRUE(a.capabilities.get() & ENA_CAPABILITY_CDESC_MBZ);

	const ena_hw_timestamp_config on = {.version = 0, .tx = 1, .rx = 1};
	EXPECT_EQ(g.set_feature(ENA_FEATURE_HW_TIMESTAMP, &on, sizeof(on)), 0);
	for (const bool extended : {false, true}) {
		auto tx = g.create(false, 256, 1, extended);
		auto rx = g.create(true, 256, 1, extended);
		g.post(rx, 250, 2048);
		size_t taken = 0;
		for (const Bytes &frame : all_kinds()) {
			EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
			/* rx_completion() and tx_completion() look at the bits. */
			while (const auto f = g.rx_completion(rx))
				taken++;
			g.push_packet(tx, 255, g.place(frame));
			g.ring(tx);
			EXPECT_TRUE(g.tx_completion(tx));
		}
		EXPECT_EQ(taken, all_kinds().size());
		EXPECT_EQ(g.destroy_sq(rx), 0);
		EXPECT_EQ(g.destroy_cq(rx), 0);
		EXPECT_EQ(g.destroy_sq(tx), 0);
		EXPECT_EQ(g.destroy_cq(tx), 0);
	}
	static_assert(ENA_RXC_MBZ == 0x20080 && ENA_TX_CDESC_MBZ == 0xc0);
}
