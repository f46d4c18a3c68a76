/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adapters of one instance, and the clock that they share. */
#pragma once

#include "guest.hh"

#include "ena_instance.h"

#include <memory>

/* Baseline without credits, and nothing else limited. */
[[nodiscard]] inline ena_allowance_config plain_allowance(uint32_t mbps)
{
	return {.baseline_mbps = mbps,
		.peak_mbps = mbps,
		.burst_ms = 0,
		.flow_mbps = 0,
		.pps = 0,
		.connections = 0,
		.tcp_timeout_s = 350,
		.link_local_pps = 0,
		.wait_ms = 50,
		.time_scale = 1};
}

class Instance {
    public:
	explicit Instance(const ena_allowance_config &config, unsigned int adapters = 1,
			  const ena_config &adapter = FakeHost::default_config())
	    : allowance_(ena_allowance_new(&config), ena_allowance_free)
	{
		for (unsigned int i = 0; i < adapters; i++) {
			guests_.push_back(std::make_unique<Guest>(adapter));
			shared = ena_device_share_allowance(guests_[i]->host.device,
							    allowance_.get());
			guests_[i]->start();
		}
	}
	[[nodiscard]] Guest &operator[](size_t i)
	{
		return *guests_[i];
	}
	/* All clocks together, as finely as fairness needs it. */
	void advance(uint64_t ns, uint64_t step = 100'000)
	{
		for (; ns; ns -= std::min(ns, step))
			for (auto &g : guests_)
				g->host.advance(std::min(ns, step));
	}
	[[nodiscard]] static ena_eni_stats counters(Guest &g)
	{
		ena_get_stats_cmd cmd{};
		ena_eni_stats stats;
		cmd.common.opcode = ENA_ADMIN_GET_STATS;
		cmd.type = ENA_STATS_ENI;
		const ena_acq_entry answer = g.command(&cmd);
		memcpy(&stats, answer.payload, sizeof(stats));
		return stats;
	}
	[[nodiscard]] static ena_device_stats totals(Guest &g)
	{
		ena_device_stats stats;
		ena_device_get_stats(g.host.device, &stats);
		return stats;
	}

	bool shared = false; /* the last one was taken in */

    private:
	std::unique_ptr<ena_allowance, void (*)(ena_allowance *)> allowance_;
	std::vector<std::unique_ptr<Guest>> guests_;
};

/* A queue that always has something to send: one buffer, over and over. */
class Sender {
    public:
	Sender(Guest &g, const std::vector<uint8_t> &frame, uint16_t depth = 256,
	       uint32_t vector = 1)
	    : g_(g), q_(g.create(false, depth, vector)), buffers_(g.place(frame))
	{
	}
	/* Fill the ring; returns how many packets have completed since. */
	unsigned int refill()
	{
		unsigned int completed = 0;
		while (g_.tx_completion(q_))
			completed++;
		queued_ -= completed;
		while (queued_ + 1u < q_.depth)
			push();
		g_.ring(q_);
		return completed;
	}
	void push()
	{
		g_.push_packet(q_, id_, buffers_);
		id_ = static_cast<uint16_t>((id_ + 1) % q_.depth);
		queued_++;
	}
	[[nodiscard]] Guest::Queue &queue()
	{
		return q_;
	}

    private:
	Guest &g_;
	Guest::Queue q_;
	std::vector<Guest::Buffer> buffers_;
	uint16_t id_ = 0;
	unsigned int queued_ = 0;
};
