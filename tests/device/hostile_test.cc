// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest that writes anything anywhere: nothing breaks, and a reset heals. */
#include "frames.hh"
#include "llq_writer.hh"

#include <gtest/gtest.h>

#include <random>

namespace
{
class Chaos {
    public:
	explicit Chaos(uint32_t seed) : random_(seed), g_(config())
	{
		g_.start();
	}
	void run(unsigned int steps)
	{
		for (unsigned int i = 0; i < steps; i++)
			step();
		check_that_a_reset_heals();
	}

    private:
	static ena_config config()
	{
		ena_config c = FakeHost::default_config();
		c.queues = 2;
		c.vectors = 3;
		return c;
	}
	uint32_t pick(uint32_t n)
	{
		return static_cast<uint32_t>(random_() % n);
	}
	void scribble(uint64_t address, size_t size)
	{
		for (size_t i = 0; i < size; i++)
			if (pick(3))
				*g_.host.at(address + i) = static_cast<uint8_t>(random_());
	}
	/* A descriptor that is nearly right, so that it gets far. */
	void push_nearly(Guest::Queue &q)
	{
		ena_tx_desc d;
		d.word0.set(static_cast<uint32_t>(random_()));
		d.word1.set(static_cast<uint32_t>(random_()));
		d.addr_lo.set(static_cast<uint32_t>(pick(1 << 20)));
		d.word3.set(1);
		if (pick(50))
			d.word0.set((d.word0.get() & ~ENA_TXD_PHASE) |
				    ena::field_put(ENA_TXD_PHASE, q.phase()));
		if (q.rx) {
			ena_rx_desc r{};
			r.ctrl = static_cast<uint8_t>((random_() & 0xfe) | (q.phase() ^ !pick(50)));
			r.length.set(static_cast<uint16_t>(pick(2) ? pick(100) : random_()));
			r.addr_lo.set(pick(1 << 20));
			r.addr_hi.set(1);
			g_.push(q, &r);
			return;
		}
		if (llq_ && pick(3))
			d.word3.set(d.word3.get() | pick(100) << 24); /* a header */
		if (llq_)
			push_entry(q, d);
		else
			g_.push(q, &d);
	}
	/* One to sixteen descriptors in an entry of the adapter's memory. */
	void push_entry(Guest::Queue &q, const ena_tx_desc &d)
	{
		uint8_t *entry = reinterpret_cast<uint8_t *>(g_.host.llq.data()) + q.llq +
				 q.tail % q.depth * llq_;
		for (uint32_t i = 0; i <= pick(llq_ / 16u) && i < llq_ / 16u; i++)
			memcpy(entry + 16 * i, &d, sizeof(d));
		q.tail++;
	}
	void admin()
	{
		ena_set_feature_cmd cmd;
		for (size_t i = 0; i < sizeof(cmd); i++)
			reinterpret_cast<uint8_t *>(&cmd)[i] =
				static_cast<uint8_t>(pick(2) ? 0 : random_());
		cmd.common.opcode = static_cast<uint8_t>(pick(13));
		cmd.common.flags = g_.aq_tail & Guest::admin_depth ? 0 : 1;
		cmd.feature.feature_id = static_cast<uint8_t>(pick(32));
		ena::store(cmd.ctrl.address, FakeHost::memory_base + pick(1 << 24));
		g_.host.store(g_.aq + (g_.aq_tail % Guest::admin_depth) * 64u, cmd);
		g_.aq_tail++;
		g_.host.write(ENA_REG_AQ_DB, g_.aq_tail);
	}
	void frame()
	{
		Bytes bytes = make_frame({.ipv6 = pick(2) == 0,
					  .tcp = pick(2) == 0,
					  .vlan_tags = pick(3),
					  .payload = pick(9000)});
		for (uint32_t i = pick(8); i; i--)
			bytes[pick(static_cast<uint32_t>(std::min<size_t>(bytes.size(), 100)))] =
				static_cast<uint8_t>(random_());
		ena_vnet_hdr hdr{};
		hdr.flags = static_cast<uint8_t>(pick(4));
		hdr.gso_type = static_cast<uint8_t>(pick(2) ? 0 : pick(6));
		hdr.gso_size = static_cast<uint16_t>(pick(2) ? pick(2000) : random_());
		hdr.csum_start = static_cast<uint16_t>(pick(100));
		hdr.csum_offset = static_cast<uint16_t>(pick(30));
		(void)g_.receive(bytes, pick(2) ? &hdr : nullptr, 1 + pick(2000));
	}
	void step()
	{
		switch (pick(13)) {
		case 0:
			g_.host.write(4 * pick(0x80 / 4), static_cast<uint32_t>(random_()));
			break;
		case 1:
			admin();
			break;
		case 2:
			restart();
			break;
		case 3:
		case 4:
		case 5:
			if (!queues_.empty()) {
				auto &q = queues_[pick(static_cast<uint32_t>(queues_.size()))];
				for (uint32_t n = pick(30); n; n--)
					push_nearly(q);
				g_.host.write(q.doorbell, q.tail);
			}
			break;
		case 6:
		case 7:
			frame();
			break;
		case 8:
			g_.host.write(0x1000 + 4 * pick(0x100), pick(2) ? pick(64) : random_());
			break;
		case 9:
			g_.host.answer = static_cast<ena_transmit_result>(pick(3));
			g_.host.mapping_works = pick(4);
			ena_device_transmit_ready(g_.host.device);
			g_.host.set_vnet(pick(2), pick(2), pick(2), pick(2));
			break;
		case 10:
			ena_device_set_link(g_.host.device, pick(4));
			g_.host.advance(pick(50'000'000));
			break;
		case 11:
			g_.host.dma_works = pick(8);
			break;
		case 12: /* whatever state a guest can bring about can travel */
			g_.host.migrate();
			break;
		}
		/* Whatever was asked for comes to an end. */
		ASSERT_LT(g_.host.run(2000), 2000u);
		g_.host.sent.clear();
		g_.host.notes.clear();
		g_.host.interrupts.clear();
	}
	void restart(bool with_llq = true)
	{
		if (restarts_++ % 10)
			return;
		g_.host.dma_works = true;
		ena_device_set_link(g_.host.device, true);
		g_.reset();
		if (!memory_) {
			g_.start_admin();
			memory_ = true;
			for (auto &ring : rings_)
				ring = g_.host.alloc(256 * 16);
		}
		g_.start_admin_again();
		queues_.clear();
		const LlqChoice choice{static_cast<uint16_t>(pick(2) ? 128 : 256),
				       static_cast<uint16_t>(1u << pick(4)), pick(2) != 0};
		llq_ = with_llq && pick(2) && !choose_llq(g_, choice) ? choice.size : 0;
		for (uint32_t i = 0; i < 4; i++) {
			Guest::Queue q;
			q.rx = i % 2;
			q.depth = 256;
			q.sq = rings_[2 * i];
			q.cq = rings_[2 * i + 1];
			ASSERT_EQ(g_.try_create_cq(q, 1 + i / 2), 0);
			ASSERT_EQ(g_.try_create_sq(q, llq_ && !q.rx ? ENA_PLACEMENT_DEVICE
								    : ENA_PLACEMENT_HOST),
				  0);
			scribble(q.sq, 256 * 16);
			queues_.push_back(q);
			g_.unmask(q);
		}
	}
	void check_that_a_reset_heals()
	{
		restarts_ = 0;
		g_.host.answer = ENA_TRANSMIT_SENT;
		g_.host.mapping_works = true;
		restart(false);
		const Bytes frame = make_frame();
		auto &tx = queues_[0];
		g_.push_packet(tx, 3, g_.place(frame));
		g_.ring(tx);
		ASSERT_EQ(g_.host.sent.size(), 1u);
		EXPECT_EQ(g_.host.sent[0].bytes, frame);
	}

	std::mt19937 random_;
	Guest g_;
	std::vector<Guest::Queue> queues_;
	uint64_t rings_[8] = {};
	bool memory_ = false;
	uint16_t llq_ = 0; /* bytes of an entry; 0: TX rings are in host memory */
	unsigned int restarts_ = 0;
};
} // namespace

class Hostile : public testing::TestWithParam<uint32_t> {};

TEST_P(Hostile, NothingBreaks)
{
	Chaos(GetParam()).run(3000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Hostile, testing::Range(1u, 9u));
