/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An adapter at work, and faults that are set in it. */
#ifndef TESTS_DEVICE_FAULTS_HH
#define TESTS_DEVICE_FAULTS_HH

#include "frames.hh"
#include "guest.hh"
#include "tests/time_units.hh"

#include <gtest/gtest.h>

class InjectedFaults : public testing::Test {
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

#endif
