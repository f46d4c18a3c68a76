// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each side against one that lies. There is nothing to compare with: the proof
 * is that nothing crashes, hangs or reads what is not its own (run these under
 * the sanitizers), and that a reset brings traffic back.
 */
#include <gtest/gtest.h>

#include "frames.hh"
#include "tests/time_units.hh"

namespace
{

/* Random bytes over random shared pages while traffic flows. */
TEST(Hostile, SharedMemoryChangesUnderBoth)
{
	for (uint64_t seed = 1; seed <= 12; seed++) {
		TwoMachines pair(default_config());
		ASSERT_TRUE(pair.start(2));
		Random random(seed), noise(seed * 77);
		pair.a->scribble = [&](oe_kernel &m) {
			const uint64_t bus = BusMemory::base + noise() % (2u << 20);
			if (noise() % 4 == 0 && m.memory.owned(bus, 1))
				*m.memory.at(bus, 1) = static_cast<uint8_t>(noise());
		};
		for (int i = 0; i < 600; i++) {
			if (pair.a->queues() == 2 && pair.b->queues() == 2) {
				TxRequest request;
				request.frame = build_frame({}, random);
				(void)pair.a->send(i % 2, request);
				(void)pair.b->send(i % 2, request);
			}
			pair.run(5 * ms);
		}
		pair.a->scribble = nullptr;
		pair.run(60 * second);
	}
}

/* A guest that writes anything anywhere. */
TEST(Hostile, RandomRegisterWrites)
{
	for (uint64_t seed = 1; seed <= 30; seed++) {
		oe_kernel m(default_config());
		ASSERT_EQ(m.probe(), 0);
		ASSERT_EQ(m.open(), 0);
		Random random(seed);
		for (int i = 0; i < 3000; i++) {
			const uint64_t offset = random() % 3 ? random() % 0x70
							     : 0x1000 + random() % 0x800;
			const unsigned size = 1u << random() % 4;
			uint64_t value = random();
			if (random() % 2)
				value &= 0xffff;
			ena_device_mmio_write(m.device, offset & ~uint64_t{3}, value, size);
			(void)ena_device_mmio_read(m.device, random() % ENA_DEVICE_BAR0_SIZE, size);
			if (i % 10 == 0)
				m.settle();
		}
		m.scribble = nullptr;
		ena_device_reset(m.device);
		m.run(20 * second);
	}
}

TEST(Hostile, RandomFramesFromTheWire)
{
	oe_kernel m(default_config());
	ASSERT_EQ(m.probe(), 0);
	ASSERT_EQ(m.open(), 0);
	m.run(2 * second);
	Random random(99);
	for (int i = 0; i < 20000; i++) {
		FrameShape shape;
		shape.ipv6 = random() & 1;
		shape.udp = random() & 1;
		shape.payload = random() % 300;
		Bytes frame = build_frame(shape, random);
		for (int n = 0; n < 3; n++)
			frame[random() % std::min<size_t>(frame.size(), 60)] =
				static_cast<uint8_t>(random());
		frame.resize(1 + random() % frame.size());
		ena_vnet_hdr hdr{};
		if (random() % 2)
			hdr = {static_cast<uint8_t>(random()),
			       static_cast<uint8_t>(random() % 6),
			       static_cast<uint16_t>(random()),
			       static_cast<uint16_t>(random()),
			       static_cast<uint16_t>(random() % 400),
			       static_cast<uint16_t>(random() % 64)};
		m.wire_in(frame, &hdr);
		if (i % 32 == 0)
			m.run(ms);
		m.received.clear();
	}
	m.run(second);
	EXPECT_EQ(m.resets, 0u);
	m.received.clear();
	Random fresh(1);
	m.wire_in(build_frame({}, fresh));
	m.run(ms);
	EXPECT_EQ(m.received.size(), 1u);
}

} // namespace
