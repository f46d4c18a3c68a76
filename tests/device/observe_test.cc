// SPDX-License-Identifier: GPL-2.0-or-later
/* What the adapter tells of itself: history, drops, resets, states, the driver's page. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

namespace
{
std::vector<ena_history_entry> history(const Guest &g, int kind = -1)
{
	std::vector<ena_history_entry> found;
	for (unsigned int i = 0; const auto *entry = ena_device_history(g.host.device, i); i++)
		if (kind < 0 || entry->kind == static_cast<ena_history_kind>(kind))
			found.push_back(*entry);
	return found;
}

uint64_t dropped(const Guest &g, bool tx, const std::string &reason)
{
	for (unsigned int i = 0; const auto *count = ena_device_drops(g.host.device, i); i++)
		if (count->tx == tx && reason == count->reason)
			return count->packets;
	return 0;
}

ena_resets resets(const Guest &g)
{
	ena_resets resets;
	ena_device_get_resets(g.host.device, &resets);
	return resets;
}

ena_queue_info queue_info(const Guest &g, uint16_t index)
{
	ena_queue_info info;
	EXPECT_TRUE(ena_device_queue_info(g.host.device, index, &info));
	return info;
}

/* Give the page of feature 28; returns its address. */
uint64_t introduce(Guest &g, uint32_t os_type, uint32_t version, uint64_t debug_area = 0,
		   uint32_t debug_size = 0)
{
	const uint64_t page = g.host.alloc(ENA_HOST_INFO_PAGE);
	ena_host_info info{};
	info.os_type.set(os_type);
	info.driver_version.set(version);
	g.host.store(page, info);
	ena_host_attr attr{};
	ena::store(attr.os_info, page);
	ena::store(attr.debug_area, debug_area);
	attr.debug_area_size.set(debug_size);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_HOST_ATTR, &attr, sizeof(attr)), 0);
	return page;
}

constexpr uint32_t linux_version = 2 | 1 << 8 | uint32_t{ENA_MODULE_LINUX} << 24;
constexpr uint32_t github_version = 2 | 17 << 8 | uint32_t{ENA_MODULE_GITHUB} << 24;
} // namespace

TEST(History, AFloodIsOneEntryWithACount)
{
	Guest g;
	g.start();
	auto tx = g.create(false, 256, 1);
	const size_t before = history(g).size();
	for (unsigned int i = 0; i < 1000; i++) {
		g.push_packet(tx, static_cast<uint16_t>(i % 256), g.place({1, 2, 3}));
		g.ring(tx);
		g.host.advance(1'000'000);
	}
	const auto drops = history(g, ENA_HISTORY_PACKET_DROPPED);
	ASSERT_EQ(drops.size(), 1u);
	EXPECT_EQ(drops[0].count, 1000u);
	EXPECT_EQ(drops[0].values[ENA_HISTORY_QUEUE], tx.index);
	EXPECT_EQ(drops[0].values[ENA_HISTORY_REQ_ID], 999u % 256) << "of the last";
	EXPECT_STREQ(drops[0].reason, "it is shorter than an Ethernet header");
	EXPECT_EQ(drops[0].last_ns - drops[0].first_ns, 999'000'000u);
	/* A keep-alive or two in between make no second entry. */
	EXPECT_LE(history(g).size(), before + 2);
	EXPECT_EQ(dropped(g, true, "it is shorter than an Ethernet header"), 1000u);
	EXPECT_EQ(queue_info(g, tx.index).drops, 1000u);
}

TEST(History, DifferentThingsAreDifferentEntries)
{
	Guest g;
	g.start();
	const uint8_t zero[44] = {};
	EXPECT_NE(g.set_feature(ENA_FEATURE_MTU, zero, sizeof(zero)), 0);
	EXPECT_NE(g.get_feature_raw(ENA_FEATURE_MTU).common.status, 0);
	EXPECT_NE(g.set_feature(ENA_FEATURE_MTU, zero, sizeof(zero)), 0);
	const auto refused = history(g, ENA_HISTORY_COMMAND_REFUSED);
	ASSERT_EQ(refused.size(), 2u);
	EXPECT_EQ(refused[0].count, 2u);
	EXPECT_EQ(refused[0].values[ENA_HISTORY_OPCODE], ENA_ADMIN_SET_FEATURE);
	EXPECT_EQ(refused[0].values[ENA_HISTORY_FEATURE], ENA_FEATURE_MTU);
	EXPECT_EQ(refused[0].values[ENA_HISTORY_STATUS], ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_EQ(refused[1].values[ENA_HISTORY_OPCODE], ENA_ADMIN_GET_FEATURE);
	EXPECT_NE(std::string(refused[0].text).find("MTU 0, must be 128"), std::string::npos);
}

TEST(History, IsBoundedAndKeepsTheNewest)
{
	Guest g;
	for (uint32_t i = 0; i < 2000; i++) {
		g.host.clock_ns += 1'000'000'000; /* no limit of sentences a second */
		g.host.write(ENA_REG_CAPS, i);
	}
	const auto all = history(g);
	ASSERT_EQ(all.size(), static_cast<size_t>(ENA_HISTORY_SIZE));
	EXPECT_NE(std::string(all.back().text).find("0x7cf"), std::string::npos) << all.back().text;
	EXPECT_NE(std::string(all.front().text).find("0x6d0"), std::string::npos);
}

TEST(History, MoreSentencesThanTheLimitAllowsBecomeACount)
{
	Guest g;
	for (uint32_t i = 0; i < 2000; i++)
		g.host.write(ENA_REG_CAPS, i);
	const auto refused = history(g, ENA_HISTORY_ACCESS_REFUSED);
	EXPECT_EQ(refused.size(), 32u);
	uint64_t sum = 0;
	for (const auto &entry : refused)
		sum += entry.count;
	EXPECT_EQ(sum, 2000u) << "nothing is lost";
}

TEST(History, TellsTheHostOfEachTime)
{
	static unsigned int times;
	ena_config config = FakeHost::default_config();
	ena_host_ops ops{};
	ops.receive_ready = [](void *) {
	};
	ops.set_timer = [](void *, uint64_t) {
	};
	ops.now = [](void *) {
		return uint64_t{5};
	};
	ops.note = [](void *, ena_note_level, const char *) {
	};
	ops.happened = [](void *, const ena_history_entry *entry) {
		times += entry->kind == ENA_HISTORY_FRAME_DROPPED;
	};
	ena_device *device = ena_device_new(&config, &ops, nullptr);
	ena_device_set_link(device, true);
	uint8_t byte = 0;
	const iovec iov = {&byte, 1};
	times = 0;
	for (unsigned int i = 0; i < 3; i++)
		EXPECT_EQ(ena_device_receive(device, &iov, 1, nullptr), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(times, 3u);
	ena_device_free(device);
}

TEST(History, QueuesEventsAndDma)
{
	Guest g;
	g.start();
	auto rx = g.create(true, 256, 1);
	EXPECT_EQ(history(g, ENA_HISTORY_EVENT_POSTED)[0].values[ENA_HISTORY_GROUP],
		  ENA_AENQ_LINK_CHANGE);
	EXPECT_EQ(history(g, ENA_HISTORY_QUEUE_CREATED)[0].values[ENA_HISTORY_QUEUE], rx.index);
	EXPECT_EQ(g.destroy_sq(rx), 0);
	EXPECT_EQ(history(g, ENA_HISTORY_QUEUE_DESTROYED).size(), 1u);

	g.host.write(ENA_REG_MMIO_RESP_LO, 0x1000);
	g.host.write(ENA_REG_MMIO_RESP_HI, 0);
	g.host.write(ENA_REG_MMIO_REG_READ, 1);
	ena_device_set_pci(g.host.device, false, false);
	g.host.write(ENA_REG_MMIO_REG_READ, 2);
	const auto failures = history(g, ENA_HISTORY_DMA_FAILED);
	ASSERT_EQ(failures.size(), 2u);
	EXPECT_STREQ(failures[0].reason, "there is no RAM");
	EXPECT_EQ(failures[0].values[ENA_HISTORY_ADDRESS], 0x1000u);
	EXPECT_EQ(failures[0].values[ENA_HISTORY_LENGTH], 8u);
	EXPECT_STREQ(failures[1].reason, "bus mastering is off");
	EXPECT_TRUE(history(g, ENA_HISTORY_INTERRUPT_LOST).empty());
	g.get_feature_raw(ENA_FEATURE_MTU);
	EXPECT_EQ(history(g, ENA_HISTORY_INTERRUPT_LOST).size(), 1u);
}

TEST(Drops, OfFramesByReason)
{
	Guest g;
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(dropped(g, false, "there is no running RX queue"), 1u);
	g.start();
	ena_device_set_link(g.host.device, false);
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(dropped(g, false, "the link is down"), 1u);
	ena_device_set_link(g.host.device, true);

	auto rx = g.create(true, 256, 1);
	EXPECT_EQ(g.receive({1, 2, 3}), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(dropped(g, false, "it is shorter than an Ethernet header"), 1u);
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_HOLD);
	EXPECT_TRUE(queue_info(g, rx.index).starving);
	g.host.advance(30'000'000);
	EXPECT_EQ(g.receive(make_frame()), ENA_RECEIVE_TAKEN);
	EXPECT_EQ(dropped(g, false, "the driver has posted no buffers"), 1u);
	EXPECT_EQ(queue_info(g, rx.index).drops, 1u);

	ena_device_stats stats;
	ena_device_get_stats(g.host.device, &stats);
	EXPECT_EQ(stats.rx_drops, 4u) << "each counted once";
	EXPECT_EQ(stats.rx_overruns, 1u);
}

TEST(Drops, OfPacketsThatAreNotTheDriversFault)
{
	Guest g;
	g.start();
	auto tx = g.create(false, 256, 1);
	ena_device_set_link(g.host.device, false);
	g.push_packet(tx, 0, g.place(make_frame()));
	g.ring(tx);
	ena_device_set_link(g.host.device, true);
	g.host.answer = ENA_TRANSMIT_DROPPED;
	g.push_packet(tx, 1, g.place(make_frame()));
	g.ring(tx);
	EXPECT_EQ(dropped(g, true, "the link is down"), 1u);
	EXPECT_EQ(dropped(g, true, "the network did not take it"), 1u);
	ena_device_stats stats;
	ena_device_get_stats(g.host.device, &stats);
	EXPECT_EQ(stats.tx_drops, 2u);
}

TEST(Resets, NormalOfADriverThatCannotSaySixteen)
{
	struct {
		uint32_t os_type, version;
		bool queues, new_driver;
		uint32_t likely;
	} const cases[] = {
		{ENA_OS_LINUX, linux_version, true, false, ENA_RESET_RX_DESCRIPTOR_MALFORMED},
		{ENA_OS_LINUX, linux_version, false, false, ENA_RESET_NORMAL},
		{ENA_OS_LINUX, linux_version, true, true, ENA_RESET_NORMAL},
		{ENA_OS_LINUX, github_version, true, false, ENA_RESET_NORMAL},
		{ENA_OS_FREEBSD, linux_version, true, false, ENA_RESET_NORMAL},
	};
	for (const auto &test : cases) {
		Guest g;
		g.start();
		introduce(g, test.os_type, test.version);
		if (test.queues)
			(void)g.create(false, 256, 1);
		if (test.new_driver)
			g.host.write(ENA_REG_MMIO_RESP_LO, 0);
		g.host.write(ENA_REG_DEV_CTL, ENA_DEV_CTL_RESET);
		const auto last = resets(g).last;
		EXPECT_EQ(last.reason, static_cast<uint32_t>(ENA_RESET_NORMAL));
		EXPECT_EQ(last.likely_reason, test.likely) << &test - cases;
		EXPECT_EQ(last.queues, test.queues);
		EXPECT_EQ(last.remark != nullptr, test.queues);
		EXPECT_EQ(resets(g).last_failure.name != nullptr, test.likely != ENA_RESET_NORMAL);
	}
}

TEST(Resets, TheReasonOutlivesTheStartThatFollows)
{
	Guest g;
	g.start();
	g.reset(ENA_RESET_MISSING_TX_COMPLETION);
	g.host.advance(1000);
	g.reset(ENA_RESET_NORMAL);
	const auto all = resets(g);
	EXPECT_EQ(all.count, 3u);
	EXPECT_EQ(all.by_reason[ENA_RESET_NORMAL], 2u);
	EXPECT_EQ(all.last.reason, static_cast<uint32_t>(ENA_RESET_NORMAL));
	EXPECT_EQ(all.last_failure.reason, static_cast<uint32_t>(ENA_RESET_MISSING_TX_COMPLETION));
	EXPECT_STREQ(all.last_failure.name, "missing TX completion");
	EXPECT_EQ(all.last.time_ns - all.last_failure.time_ns, 1000u);
	g.reset(255);
	EXPECT_EQ(resets(g).by_reason[ENA_RESET_REASONS_COUNTED - 1], 1u);
}

TEST(States, OfAQueueAtWork)
{
	Guest g;
	g.start();
	auto tx = g.create(false, 256, 3);
	auto rx = g.create(true, 256, ENA_CQ_NO_VECTOR);
	g.post(rx, 10, 2048);
	const auto frame = make_frame();
	g.push_packet(tx, 7, g.place(frame));
	g.ring(tx);
	EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);

	auto info = queue_info(g, tx.index);
	EXPECT_TRUE(info.tx && info.has_sq && !info.on_device);
	EXPECT_EQ(info.sq_address, tx.sq);
	EXPECT_EQ(info.cq_address, tx.cq);
	EXPECT_EQ(info.head, 1);
	EXPECT_EQ(info.tail, 1);
	EXPECT_EQ(info.cq_tail, 1);
	EXPECT_EQ(info.vector, 3);
	EXPECT_TRUE(!info.armed && info.pending) << "masked at first";
	EXPECT_EQ(info.packets, 1u);
	EXPECT_EQ(info.bytes, frame.size());
	g.unmask(tx);
	g.unmask(tx);
	info = queue_info(g, tx.index);
	EXPECT_TRUE(info.armed && !info.pending);

	info = queue_info(g, rx.index);
	EXPECT_EQ(info.vector, -1);
	EXPECT_EQ(info.buffers, 9);
	EXPECT_EQ(info.packets, 1u);
	EXPECT_EQ(info.cq_tail, 1);

	g.host.write(tx.doorbell, 300);
	EXPECT_STREQ(queue_info(g, tx.index).stopped, "its doorbell is out of range");
	EXPECT_EQ(g.destroy_sq(tx), 0);
	EXPECT_FALSE(queue_info(g, tx.index).has_sq);
	EXPECT_EQ(g.destroy_cq(tx), 0);
	EXPECT_FALSE(ena_device_queue_info(g.host.device, tx.index, &info));
	EXPECT_FALSE(ena_device_queue_info(g.host.device, 1u << 20, &info));
}

TEST(States, OfTheControlPath)
{
	Guest g;
	ena_control_info info;
	ena_device_control_info(g.host.device, &info);
	EXPECT_FALSE(info.aq.active || info.acq.active || info.aenq.active);
	g.start();
	g.host.write(ENA_REG_INTR_MASK, 1);
	g.get_feature_raw(ENA_FEATURE_DEVICE_ATTRIBUTES);
	ena_device_control_info(g.host.device, &info);
	EXPECT_EQ(info.status & ENA_DEV_STS_READY, ENA_DEV_STS_READY);
	EXPECT_EQ(info.aq.address, g.aq);
	EXPECT_EQ(info.aq.head, g.aq_tail);
	EXPECT_EQ(info.aq.tail, g.aq_tail);
	EXPECT_EQ(info.acq.tail, g.aq_tail);
	EXPECT_EQ(info.aenq.depth, Guest::event_depth);
	EXPECT_EQ(info.aenq_credits, Guest::event_depth - 1);
	EXPECT_EQ(info.events_posted[ENA_AENQ_LINK_CHANGE], 1u);
	EXPECT_TRUE(info.management_masked && info.management_pending);
	EXPECT_EQ(info.readless_address, g.readless_answer);
	g.host.write(ENA_REG_AQ_DB, 1000);
	ena_device_control_info(g.host.device, &info);
	EXPECT_TRUE(info.aq_failed);
}

TEST(States, OfWhatTheDriverHasSet)
{
	Guest g;
	g.start();
	auto rx = g.create(true, 256, 1);
	ena_mtu mtu{};
	mtu.mtu.set(1500);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_MTU, &mtu, sizeof(mtu)), 0);
	g.host.write(ENA_REG_RSS_IND_ENTRY_UPDATE, 5u | uint32_t{rx.index} << 16);
	ena_settings_info info;
	ena_device_settings_info(g.host.device, &info);
	EXPECT_EQ(info.mtu, 1500u);
	EXPECT_TRUE(info.link_up);
	EXPECT_EQ(info.rss_table[5], rx.index);
	EXPECT_EQ(info.rss_table[4], 0xffff);
	EXPECT_EQ(info.rss_entries, 128);
	EXPECT_FALSE(info.rss_key_set);
}

TEST(Driver, PageIsReadWhenAskedAndItsTextIsCleaned)
{
	Guest g;
	ena_driver_info d;
	ena_device_driver_info(g.host.device, &d);
	EXPECT_FALSE(d.address || d.readable);
	g.start();
	const uint64_t page = introduce(g, ENA_OS_LINUX, linux_version);
	auto info = g.host.load<ena_host_info>(page);
	memset(info.os_dist_str, 'x', sizeof(info.os_dist_str)); /* no end */
	memcpy(info.kernel_ver_str, "6.1\x1b[2J\xff", 9);
	info.driver_supported_features.set(ENA_DRIVER_RX_OFFSET);
	g.host.store(page, info);
	ena_device_driver_info(g.host.device, &d);
	EXPECT_TRUE(d.readable);
	EXPECT_EQ(std::string(d.distribution), std::string(128, 'x'));
	EXPECT_STREQ(d.kernel, "6.1?[2J?");
	EXPECT_STREQ(d.os_name, "Linux");
	EXPECT_EQ(d.features, ENA_DRIVER_RX_OFFSET);
	EXPECT_STREQ(ena_driver_feature_name(1), "rx-offset");
	EXPECT_EQ(ena_driver_feature_name(31), nullptr);

	const size_t failures = history(g, ENA_HISTORY_DMA_FAILED).size();
	g.host.dma_works = false;
	ena_device_driver_info(g.host.device, &d);
	EXPECT_TRUE(d.address && !d.readable);
	EXPECT_EQ(history(g, ENA_HISTORY_DMA_FAILED).size(), failures) << "looking leaves no trace";
	g.host.dma_works = true;
	g.reset();
	ena_device_driver_info(g.host.device, &d);
	EXPECT_EQ(d.address, 0u) << "forgotten by a reset";
}

TEST(Driver, DebugAreaIsBounded)
{
	Guest g;
	g.start();
	const uint64_t area = g.host.alloc(4096);
	std::vector<uint8_t> bytes(100, 0xee);
	introduce(g, ENA_OS_LINUX, linux_version, area, 16);
	memcpy(g.host.at(area, 16), "0123456789abcdef", 16);
	EXPECT_EQ(ena_device_read_debug_area(g.host.device, bytes.data(), bytes.size()), 16u);
	EXPECT_EQ(bytes[15], 'f');
	EXPECT_EQ(bytes[16], 0xee);
	EXPECT_EQ(ena_device_read_debug_area(g.host.device, bytes.data(), 4), 4u);
	introduce(g, ENA_OS_LINUX, linux_version, 0, 16);
	EXPECT_EQ(ena_device_read_debug_area(g.host.device, bytes.data(), bytes.size()), 0u);
}

TEST(Driver, DebugAreaThatIsText)
{
	const auto text = [](const std::string &s) {
		return ena_debug_area_text(s.data(), s.size());
	};
	EXPECT_EQ(text(std::string("tx_timeout 0\nqueue_0_tx_cnt 12\n\0\0", 33)), 31u);
	EXPECT_EQ(text("tx_timeout 0\nqueue_0_t"), 13u) << "cut off by the size";
	EXPECT_EQ(text(""), 0u);
	EXPECT_EQ(text(std::string("\0\0", 2)), 0u);
	EXPECT_EQ(text("no number\n"), 0u);
	EXPECT_EQ(text("17\n"), 0u);
	EXPECT_EQ(text("a\tb 17\n"), 0u);
	EXPECT_EQ(text("fine 17\nthen \x01 1\n"), 0u);
}
