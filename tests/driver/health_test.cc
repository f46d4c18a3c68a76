// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is at fault when the device must be reset, what is told of each part, the last resets. */
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>

#include "fake_adapter.hh"

namespace
{

class Health : public testing::Test {
    protected:
	void SetUp() override
	{
		ASSERT_EQ(k.probe_and_open(), 0);
	}
	std::map<std::string, uint64_t> facts(oe_reporter reporter, uint32_t queue = 0)
	{
		oe_fact list[OE_MAX_FACTS];
		std::map<std::string, uint64_t> result;
		uint32_t n = oe_facts(k.adapter, reporter, queue, list);

		EXPECT_LE(n, uint32_t{OE_MAX_FACTS});
		for (uint32_t i = 0; i < n; i++)
			result[list[i].name] = list[i].value;
		EXPECT_EQ(result.size(), n) << "a name is there twice";
		return result;
	}
	std::vector<std::string> history()
	{
		oe_reset_record records[OE_RESETS_KEPT];
		std::vector<std::string> result;
		uint32_t n = oe_reset_history(k.adapter, records);

		for (uint32_t i = 0; i < n; i++)
			result.push_back(std::string(records[i].failed ? "failed: " : "") +
					 records[i].reason);
		return result;
	}
	/* The reporter of a reset for this reason, or OE_REPORTERS. */
	oe_reporter blamed(ena_reset_reason reason)
	{
		oe_fault fault{};

		k.seconds(2); /* not in haste */
		oe_request_reset(k.adapter, reason);
		bool found = oe_take_fault(k.adapter, &fault);
		k.run_reset();
		return found ? fault.reporter : OE_REPORTERS;
	}

	oe_kernel k;
};

TEST_F(Health, EveryReasonHasItsReporter)
{
	EXPECT_EQ(blamed(ENA_RESET_KEEP_ALIVE_TIMEOUT), OE_REPORTER_KEEP_ALIVE);
	EXPECT_EQ(blamed(ENA_RESET_ADMIN_TIMEOUT), OE_REPORTER_ADMIN);
	EXPECT_EQ(blamed(ENA_RESET_MISSING_ADMIN_INTERRUPT), OE_REPORTER_ADMIN);
	for (ena_reset_reason reason :
	     {ENA_RESET_MISSING_TX_COMPLETION, ENA_RESET_INVALID_TX_REQ_ID,
	      ENA_RESET_OS_NETDEV_WATCHDOG, ENA_RESET_POLL_STARVATION,
	      ENA_RESET_TX_DESCRIPTOR_MALFORMED})
		EXPECT_EQ(blamed(reason), OE_REPORTER_TX) << reason;
	for (ena_reset_reason reason :
	     {ENA_RESET_INVALID_RX_REQ_ID, ENA_RESET_TOO_MANY_RX_DESCS,
	      ENA_RESET_RX_DESCRIPTOR_MALFORMED, ENA_RESET_MISSING_INTERRUPT,
	      ENA_RESET_MISSING_FIRST_INTERRUPT})
		EXPECT_EQ(blamed(reason), OE_REPORTER_RX) << reason;
	for (ena_reset_reason reason : {ENA_RESET_GENERIC, ENA_RESET_DEVICE_REQUEST})
		EXPECT_EQ(blamed(reason), OE_REPORTER_DEVICE) << reason;
	for (ena_reset_reason reason : {ENA_RESET_OS_TRIGGER, ENA_RESET_USER_TRIGGER})
		EXPECT_EQ(blamed(reason), OE_REPORTERS) << reason << " is nobody's fault";
}

TEST_F(Health, AFaultIsTakenOnce)
{
	oe_fault fault{};

	EXPECT_FALSE(oe_take_fault(k.adapter, &fault));
	oe_request_reset(k.adapter, ENA_RESET_GENERIC);
	ASSERT_TRUE(oe_take_fault(k.adapter, &fault));
	EXPECT_STREQ(fault.text, "generic");
	oe_request_reset(k.adapter, ENA_RESET_ADMIN_TIMEOUT);
	EXPECT_FALSE(oe_take_fault(k.adapter, &fault)) << "it is part of the first";
	k.run_reset();
	oe_request_reset(k.adapter, ENA_RESET_ADMIN_TIMEOUT);
	EXPECT_TRUE(oe_take_fault(k.adapter, &fault));
}

TEST_F(Health, TheLastResetsLatestFirst)
{
	EXPECT_TRUE(history().empty());
	for (unsigned i = 0; i < OE_RESETS_KEPT; i++)
		(void)blamed(ENA_RESET_GENERIC);
	(void)blamed(ENA_RESET_USER_TRIGGER);
	EXPECT_EQ(history().size(), size_t{OE_RESETS_KEPT});
	EXPECT_EQ(history()[0], "asked by the user");
	EXPECT_EQ(history()[OE_RESETS_KEPT - 1], "generic");
	k.answers_reads = false;
	(void)blamed(ENA_RESET_GENERIC);
	EXPECT_EQ(history()[0], "failed: generic");
}

TEST_F(Health, QueuesThatAreOpen)
{
	oe_settings settings;
	oe_get_settings(k.adapter, &settings);
	const uint32_t pairs = settings.queues;

	for (uint32_t i = 0; i < pairs; i++) {
		EXPECT_EQ(facts(OE_REPORTER_TX, i)["entries"], settings.tx_ring);
		EXPECT_EQ(facts(OE_REPORTER_RX, i)["entries"], settings.rx_ring);
	}
	EXPECT_TRUE(facts(OE_REPORTER_TX, pairs).empty());
	EXPECT_TRUE(facts(OE_REPORTER_RX, UINT32_MAX).empty());
	oe_close(k.adapter);
	EXPECT_TRUE(facts(OE_REPORTER_TX).empty());
}

TEST_F(Health, QueuesOfXdpAreBehindTheOthers)
{
	oe_settings settings;
	oe_error error{};

	oe_close(k.adapter);
	oe_get_settings(k.adapter, &settings);
	settings.queues = 2;
	settings.xdp = true;
	ASSERT_EQ(oe_set_settings(k.adapter, &settings, &error), 0) << error.text;
	ASSERT_EQ(oe_open(k.adapter), 0);
	EXPECT_FALSE(facts(OE_REPORTER_TX, 3).empty());
	EXPECT_TRUE(facts(OE_REPORTER_TX, 4).empty());
	EXPECT_FALSE(facts(OE_REPORTER_RX, 1).empty());
	EXPECT_TRUE(facts(OE_REPORTER_RX, 2).empty());
}

TEST_F(Health, WhatIsWrittenAndPosted)
{
	oe_tx_buffer buffer{0x1000, 60};
	oe_tx_packet packet{};
	oe_tx_result result;
	packet.buffers = &buffer;
	packet.nbuffers = 1;
	packet.packets = 1;
	ASSERT_EQ(oe_tx_submit(oe_txq(k.adapter, 0), &packet, &result), 0);
	auto tx = facts(OE_REPORTER_TX);
	EXPECT_GT(tx["written"], tx["doorbell"]);
	oe_tx_kick(oe_txq(k.adapter, 0));
	tx = facts(OE_REPORTER_TX);
	EXPECT_EQ(tx["written"], tx["doorbell"]);
	EXPECT_EQ(tx["released"], 0u);

	oe_rx_buffer posted[3] = {};
	for (oe_rx_buffer &one : posted)
		one = {.bus = 0x2000, .len = 2048};
	oe_rx_refill(oe_rxq(k.adapter, 0), posted, 3);
	EXPECT_EQ(facts(OE_REPORTER_RX)["posted"], 3u);
}

TEST_F(Health, TheAdminQueueAndTheKeepAlive)
{
	auto admin = facts(OE_REPORTER_ADMIN);
	EXPECT_EQ(admin["running"], 1u);
	EXPECT_EQ(admin["by_interrupt"], 1u);
	EXPECT_EQ(admin["submitted"], admin["completed"]);
	k.keep_alive();
	k.seconds(2);
	EXPECT_EQ(facts(OE_REPORTER_KEEP_ALIVE)["since_last_ms"], 2000u);
	EXPECT_EQ(facts(OE_REPORTER_KEEP_ALIVE)["limit_ms"], 6000u);
}

TEST_F(Health, ADeviceThatIsSilent)
{
	EXPECT_EQ(facts(OE_REPORTER_DEVICE)["status"], uint64_t{ENA_DEV_STS_READY});
	k.answers_reads = false;
	EXPECT_EQ(facts(OE_REPORTER_DEVICE)["status"], uint64_t{ENA_REG_READ_TIMEOUT});
	EXPECT_TRUE(facts(OE_REPORTERS).empty());
}

} // namespace
