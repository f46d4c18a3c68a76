// SPDX-License-Identifier: GPL-2.0-or-later
/* Transmit queues in the adapter's memory: layouts, refusals, a driver that writes what it likes. */
#include "frames.hh"
#include "llq_writer.hh"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

using ena::field_put;

namespace
{
constexpr uint32_t tcp4 = ENA_L3_IPV4 | ENA_L4_TCP << 8;
constexpr uint32_t tso4_and_l3 = tcp4 | ENA_TXD1_TSO | ENA_TXD1_L4_CSUM | ENA_TXD1_L3_CSUM;

ena_config make_config(bool meta_caching = true, uint16_t burst = 0)
{
	ena_config config = FakeHost::default_config();
	config.queues = 4;
	config.vectors = 5;
	config.tx_depth = 512;
	config.llq_meta_caching = meta_caching;
	config.llq_max_burst = burst;
	return config;
}

ena_llq_config get_llq(Guest &g, uint8_t version)
{
	ena_get_feature_cmd cmd{};
	ena_llq_config config;
	cmd.common.opcode = ENA_ADMIN_GET_FEATURE;
	cmd.feature.feature_id = ENA_FEATURE_LLQ;
	cmd.feature.feature_version = version;
	const ena_acq_entry answer = g.command(&cmd);
	EXPECT_EQ(answer.common.status, 0);
	memcpy(&config, answer.payload, sizeof(config));
	return config;
}

uint32_t supported_features(Guest &g)
{
	return g.get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES)
		.supported_features.get();
}

/* A frame of @size bytes that no other looks like. */
Bytes frame_of(size_t size, uint32_t seed)
{
	std::mt19937 random(seed);
	Bytes frame(size);
	for (auto &byte : frame)
		byte = static_cast<uint8_t>(random());
	return frame;
}

unsigned int completions(Guest &g, Guest::Queue &q)
{
	unsigned int n = 0;
	while (g.tx_completion(q))
		n++;
	return n;
}
} // namespace

/* --- feature 4 ------------------------------------------------------------------ */

TEST(LlqFeature, SaysWhatIsSupportedAndThenWhatIsEnabled)
{
	Guest g(make_config(false, 8192));
	g.start();
	EXPECT_TRUE(supported_features(g) & ENA_BIT(ENA_FEATURE_LLQ));
	auto c = get_llq(g, 1);
	EXPECT_EQ(c.max_num.get(), 4u);
	EXPECT_EQ(c.max_depth.get(), 512u);
	EXPECT_EQ(c.header_location.supported.get(), 1);
	EXPECT_EQ(c.entry_size.supported.get(), 5);
	EXPECT_EQ(c.descs_before_header.supported.get(), 15);
	EXPECT_EQ(c.stride.supported.get(), 3);
	EXPECT_EQ(c.entry_size.enabled.get(), 0);
	EXPECT_EQ(c.version, 1);
	EXPECT_EQ(c.entry_size_recommended, ENA_LLQ_ENTRY_128);
	EXPECT_EQ(c.max_wide_depth.get(), 512);
	EXPECT_EQ(c.accel_flags.get(), 3);
	EXPECT_EQ(c.max_tx_burst.get(), 8192);

	ASSERT_EQ(choose_llq(g, {256, 4, false, 0}), 0);
	c = get_llq(g, 1);
	EXPECT_EQ(c.header_location.enabled.get(), 1);
	EXPECT_EQ(c.entry_size.enabled.get(), ENA_LLQ_ENTRY_256);
	EXPECT_EQ(c.descs_before_header.enabled.get(), 4);
	EXPECT_EQ(c.stride.enabled.get(), ENA_LLQ_STRIDE_SINGLE);
	g.start();
	EXPECT_EQ(get_llq(g, 1).entry_size.enabled.get(), 0) << "reset forgets";
}

/* Where version 1 has version, recommendation and wide depth, older drivers read a burst size. */
TEST(LlqFeature, VersionZeroHasNoneOfVersionOne)
{
	Guest g(make_config());
	g.start();
	const auto c = get_llq(g, 0);
	uint8_t bytes[4];
	memcpy(bytes, reinterpret_cast<const uint8_t *>(&c) + 24, 4);
	for (uint8_t byte : bytes)
		EXPECT_EQ(byte, 0);
	EXPECT_EQ(c.accel_flags.get(), 0);
	EXPECT_EQ(get_llq(g, 9).version, 1);
}

TEST(LlqFeature, RecommendationAndWideDepth)
{
	ena_config config = make_config();
	config.tx_depth = 1024;
	config.llq_entry_recommended = 256;
	config.llq_wide_depth = 1024;
	{
		Guest g(config);
		g.start();
		EXPECT_EQ(get_llq(g, 1).entry_size_recommended, ENA_LLQ_ENTRY_256);
		EXPECT_EQ(get_llq(g, 1).max_wide_depth.get(), 1024);
		EXPECT_EQ(g.host.llq.size() * 8, 4u * 1024 * 256);
	}
	config.llq_wide_depth = 0;
	config.llq_entry_sizes = ENA_LLQ_ENTRY_128;
	Guest g(config);
	g.start();
	EXPECT_EQ(get_llq(g, 1).entry_size_recommended, ENA_LLQ_ENTRY_128) << "256 is not offered";
	EXPECT_EQ(get_llq(g, 1).max_wide_depth.get(), 0);
	EXPECT_EQ(g.host.llq.size() * 8, 4u * 1024 * 128);
}

/* Drivers halve the ring of wide entries, and refuse one below 256. */
TEST(LlqFeature, ShortRingsHaveNoWideEntries)
{
	ena_config config = make_config();
	config.tx_depth = 256;
	Guest g(config);
	g.start();
	EXPECT_EQ(get_llq(g, 1).entry_size.supported.get(), ENA_LLQ_ENTRY_128);
	EXPECT_EQ(get_llq(g, 1).max_wide_depth.get(), 0);
	EXPECT_EQ(choose_llq(g, {256, 2, true, 0}), ENA_ADMIN_ILLEGAL_PARAMETER);
}

TEST(LlqFeature, NotOfferedWithoutMemoryOrWhenOff)
{
	for (int how : {0, 1}) {
		ena_config config = make_config();
		if (how)
			config.features &= ~ENA_BIT(ENA_FEATURE_LLQ);
		else
			config.llq = false;
		EXPECT_EQ(ena_config_llq_size(&config), 0u);
		Guest g(config);
		g.start();
		EXPECT_FALSE(supported_features(g) & ENA_BIT(ENA_FEATURE_LLQ));
		EXPECT_EQ(choose_llq(g, {}), ENA_ADMIN_UNSUPPORTED_OPCODE);
		Guest::Queue q;
		q.depth = 256;
		EXPECT_EQ(g.try_create_cq(q, 1), 0);
		EXPECT_EQ(g.try_create_sq(q, ENA_PLACEMENT_DEVICE), ENA_ADMIN_ILLEGAL_PARAMETER);
		EXPECT_TRUE(g.host.noted("feature 4 (LLQ) is not announced"));
	}
	Guest g(make_config());
	ena_device_set_llq_memory(g.host.device, nullptr);
	g.start();
	EXPECT_FALSE(supported_features(g) & ENA_BIT(ENA_FEATURE_LLQ));
}

TEST(LlqFeature, SetIsCheckedInEveryField)
{
	ena_config limited = make_config();
	limited.llq_entry_sizes = ENA_LLQ_ENTRY_128;
	limited.llq_descs_before_header = 2 | 8;
	limited.llq_strides = ENA_LLQ_STRIDE_MULTIPLE;
	Guest g(limited);
	g.start();
	struct {
		uint16_t location, size, before, stride;
		const char *why;
	} const cases[] = {
		{0, 1, 2, 2, "header location 0x0, must be one bit of 0x1"},
		{2, 1, 2, 2, "header location 0x2"},
		{3, 1, 2, 2, "header location 0x3"},
		{1, 0, 2, 2, "entry size 0x0"},
		{1, 2, 2, 2, "entry size 0x2"},
		{1, 4, 2, 2, "entry size 0x4, must be one bit of 0x1"},
		{1, 5, 2, 2, "entry size 0x5"},
		{1, 1, 0, 2, "descriptors before the header 0x0"},
		{1, 1, 1, 2, "descriptors before the header 0x1, must be one bit of 0xa"},
		{1, 1, 16, 2, "descriptors before the header 0x10"},
		{1, 1, 8, 2, "8 descriptors before the header leave no room for it in 128 bytes"},
		{1, 1, 2, 0, "stride 0x0"},
		{1, 1, 2, 1, "stride 0x1, must be one bit of 0x2"},
		{1, 1, 2, 3, "stride 0x3"},
	};
	for (const auto &test : cases) {
		ena_llq_config c{};
		c.header_location.enabled.set(test.location);
		c.entry_size.enabled.set(test.size);
		c.descs_before_header.enabled.set(test.before);
		c.stride.enabled.set(test.stride);
		g.host.notes.clear();
		EXPECT_EQ(g.set_feature(ENA_FEATURE_LLQ, &c, sizeof(c)),
			  ENA_ADMIN_ILLEGAL_PARAMETER)
			<< test.why;
		EXPECT_TRUE(g.host.noted(test.why)) << test.why;
		EXPECT_EQ(get_llq(g, 1).entry_size.enabled.get(), 0) << test.why;
	}
	EXPECT_EQ(choose_llq(g, {128, 2, true, 0xffff}), 0) << "flags say what the driver knows";
}

TEST(LlqConfig, RefusalsNameValueAndLimit)
{
	struct {
		void (*spoil)(ena_config &);
		const char *expect;
	} const cases[] = {
		{[](ena_config &c) { c.llq_entry_sizes = 2; },
		 "entry sizes 0x2, must be some of 0x5"},
		{[](ena_config &c) { c.llq_entry_sizes = 0; }, "entry sizes 0x0"},
		{[](ena_config &c) { c.llq_descs_before_header = 16; },
		 "0x10, must be some of 0xf"},
		{[](ena_config &c) { c.llq_strides = 4; }, "strides 0x4, must be some of 0x3"},
		{[](ena_config &c) { c.llq_entry_recommended = 192; }, "192 bytes recommended"},
		{[](ena_config &c) { c.llq_wide_depth = 300; }, "wide LLQ depth 300"},
		{[](ena_config &c) { c.llq_wide_depth = 128; }, "wide LLQ depth 128"},
		{[](ena_config &c) { c.llq_max_burst = 256; },
		 "burst of 256 bytes, must be at least 5120"},
		{[](ena_config &c) { c.tx_depth = 256, c.llq_entry_sizes = ENA_LLQ_ENTRY_256; },
		 "only 256 bytes with TX depth 256, must be 512"},
	};
	for (const auto &test : cases) {
		ena_config config = FakeHost::default_config();
		char why[200] = "";
		test.spoil(config);
		EXPECT_FALSE(ena_config_check(&config, why, sizeof(why))) << test.expect;
		EXPECT_NE(std::string(why).find(test.expect), std::string::npos) << why;
		config.llq = false;
		EXPECT_TRUE(ena_config_check(&config, why, sizeof(why)))
			<< "off: nothing to refuse";
	}
	/* The least burst is that of the layouts on offer. */
	ena_config config = FakeHost::default_config();
	config.llq_strides = ENA_LLQ_STRIDE_MULTIPLE;
	config.llq_entry_sizes = ENA_LLQ_ENTRY_128;
	config.llq_descs_before_header = 2;
	config.llq_max_burst = 4 * 128;
	char why[200] = "";
	EXPECT_TRUE(ena_config_check(&config, why, sizeof(why))) << why;
	config.llq_max_burst = 4 * 128 - 1;
	EXPECT_FALSE(ena_config_check(&config, why, sizeof(why)));
}

/* --- every layout --------------------------------------------------------------- */

struct Layout {
	uint16_t size, before;
	bool multiple, meta_caching;
};

void PrintTo(const Layout &layout, std::ostream *out)
{
	*out << layout.size << " bytes, " << layout.before << " before, "
	     << (layout.multiple ? "multiple" : "single") << ", caching " << layout.meta_caching;
}

class LlqLayouts : public testing::TestWithParam<Layout> {
    protected:
	LlqLayouts() : g_(make_config(GetParam().meta_caching))
	{
		g_.start();
		EXPECT_EQ(choose_llq(g_, choice()), 0);
	}
	static LlqChoice choice()
	{
		return {GetParam().size, GetParam().before, GetParam().multiple};
	}

	Guest g_;
};

TEST_P(LlqLayouts, HeaderAndBuffersInOrderOverManyLaps)
{
	LlqWriter llq(g_, choice());
	const ena_tx_meta_desc nothing = make_meta(0, 0, 0, 0);
	std::mt19937 random(7);
	size_t sent = 0;

	for (uint32_t i = 0; i < 700; i++) {
		/* From header only to all the descriptors that a packet may have. */
		const size_t pieces = i % 20;
		const size_t header = pieces ? random() % (choice().max_header() + 1)
					     : std::min<size_t>(60, choice().max_header());
		const Bytes frame = frame_of(std::max<size_t>(header + pieces * 20, 14), i);
		const size_t piece = pieces ? (frame.size() - header + pieces - 1) / pieces
					    : SIZE_MAX;
		const bool meta = !GetParam().meta_caching || i % 3 == 0;
		const auto req_id = static_cast<uint16_t>(i % 256);
		if (GetParam().meta_caching && i % 7 == 0)
			llq.lone_meta(nothing);
		llq.packet(req_id, frame, std::min(header, frame.size()), 0, piece,
			   meta ? &nothing : nullptr);
		llq.ring();
		ASSERT_EQ(g_.host.sent.size(), ++sent) << i << ": " << g_.host.notes.back().text;
		ASSERT_EQ(g_.host.sent.back().bytes, frame) << i;
		const auto c = g_.tx_completion(llq.q);
		ASSERT_TRUE(c);
		EXPECT_EQ(c->req_id.get(), req_id);
		EXPECT_EQ(c->sq_head.get(), llq.q.tail);
	}
	EXPECT_GT(llq.q.tail, 2 * llq.q.depth) << "the phase has turned, and turned back";
}

TEST_P(LlqLayouts, ABatchInOneDoorbell)
{
	LlqWriter llq(g_, choice());
	const ena_tx_meta_desc nothing = make_meta(0, 0, 0, 0);
	std::vector<Bytes> frames;

	for (uint16_t i = 0; i < 10; i++) {
		frames.push_back(frame_of(100 + i, i));
		llq.packet(i, frames.back(), std::min<size_t>(40, choice().max_header()), 0,
			   i % 2 ? 13 : SIZE_MAX, &nothing);
	}
	llq.ring();
	ASSERT_EQ(g_.host.sent.size(), frames.size());
	for (size_t i = 0; i < frames.size(); i++)
		EXPECT_EQ(g_.host.sent[i].bytes, frames[i]) << i;
	EXPECT_EQ(completions(g_, llq.q), frames.size());
}

TEST_P(LlqLayouts, Segmentation)
{
	LlqWriter llq(g_, choice());
	const ena_tx_meta_desc meta = make_meta(1000, 14, 20, 5);
	FrameSpec spec{.payload = 4500};
	Bytes frame = make_frame(spec);
	put16(frame, checksum_at(spec), 0xbeef);

	for (bool able : {false, true}) {
		g_.host.set_vnet(able, able, able, able);
		g_.host.sent.clear();
		/* The TCP header may reach beyond what was pushed. */
		llq.packet(3, frame, std::min<size_t>(40, choice().max_header()), tso4_and_l3, 1500,
			   &meta);
		llq.ring();
		ASSERT_EQ(g_.host.sent.size(), able ? 1u : 5u);
		Bytes payload;
		for (const auto &sent : g_.host.sent) {
			EXPECT_TRUE(able || checksums_good(sent.bytes, spec));
			payload.insert(payload.end(), sent.bytes.begin() + header_length(spec),
				       sent.bytes.end());
		}
		EXPECT_TRUE(std::equal(payload.begin(), payload.end(),
				       frame.begin() + header_length(spec), frame.end()));
	}
	EXPECT_EQ(completions(g_, llq.q), 2u);
}

TEST_P(LlqLayouts, Checksum)
{
	LlqWriter llq(g_, choice());
	const ena_tx_meta_desc meta = make_meta(0, 14, 20, 5);
	const FrameSpec spec;
	const Bytes good = make_frame(spec);
	Bytes frame = good;
	put16(frame, checksum_at(spec), pseudo_sum(frame, spec));

	for (size_t pushed : {size_t{0}, size_t{30}, choice().max_header()}) {
		llq.packet(1, frame, std::min(pushed, frame.size()),
			   tcp4 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL, SIZE_MAX, &meta);
		llq.ring();
		ASSERT_FALSE(g_.host.sent.empty()) << pushed;
		EXPECT_EQ(g_.host.sent.back().bytes, good) << pushed;
	}
	EXPECT_EQ(g_.host.sent.size(), 3u);
	ena_device_stats stats;
	ena_device_get_stats(g_.host.device, &stats);
	EXPECT_EQ(stats.tx_llq_packets, 3u);
	EXPECT_EQ(stats.tx_llq_header_bytes, 30 + std::min(choice().max_header(), frame.size()));
}

static std::vector<Layout> all_layouts()
{
	std::vector<Layout> layouts;
	for (uint16_t size : {128, 256})
		for (uint16_t before : {1, 2, 4, 8})
			for (bool multiple : {false, true})
				for (bool caching : {false, true})
					if (before * 16 < size)
						layouts.push_back(
							{size, before, multiple, caching});
	return layouts;
}

INSTANTIATE_TEST_SUITE_P(All, LlqLayouts, testing::ValuesIn(all_layouts()));

/* --- meta descriptors ------------------------------------------------------------ */

TEST(LlqMeta, IsRememberedWhileCachingIsOn)
{
	const FrameSpec spec;
	const Bytes good = make_frame(spec);
	Bytes frame = good;
	put16(frame, checksum_at(spec), pseudo_sum(frame, spec));
	constexpr uint32_t partial = tcp4 | ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL;
	const ena_tx_meta_desc meta = make_meta(0, 14, 20, 5);

	Guest g(make_config());
	g.start();
	ASSERT_EQ(choose_llq(g, {}), 0);
	LlqWriter first(g, {}), second(g, {}, 256, 2);
	first.lone_meta(meta);
	first.ring();
	EXPECT_EQ(completions(g, first.q), 0u);
	first.packet(1, frame, 96, partial);
	first.ring();
	ASSERT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(g.host.sent[0].bytes, good);

	/* It is the queue's own, and a new queue has none. */
	const Bytes large = make_frame({.payload = 3000});
	first.packet(2, large, 96, tso4_and_l3, SIZE_MAX, &meta);
	const ena_tx_meta_desc mss = make_meta(1000, 14, 20, 5);
	first.lone_meta(mss);
	first.ring();
	second.packet(2, large, 96, tso4_and_l3);
	second.ring();
	EXPECT_TRUE(g.host.noted("TX queue 1: packet with req_id 2")) << g.host.notes.back().text;
	EXPECT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(g.destroy_sq(first.q), 0);
	EXPECT_EQ(g.destroy_cq(first.q), 0);
	LlqWriter again(g, {});
	again.packet(2, large, 96, tso4_and_l3);
	again.ring();
	EXPECT_EQ(g.host.sent.size(), 1u);
	EXPECT_EQ(completions(g, again.q), 1u);
}

TEST(LlqMeta, IsDemandedOfADriverThatKnowsHow)
{
	Guest g(make_config(false));
	g.start();
	ASSERT_EQ(choose_llq(g, {}), 0);
	LlqWriter llq(g, {});
	const Bytes frame = make_frame();
	const ena_tx_meta_desc nothing = make_meta(0, 0, 0, 0);
	llq.packet(0, frame, 96, 0, SIZE_MAX, &nothing);
	llq.packet(1, frame, 96);
	llq.packet(2, frame, 96, 0, SIZE_MAX, &nothing);
	llq.ring();
	EXPECT_EQ(g.host.sent.size(), 2u);
	EXPECT_TRUE(g.host.noted("no meta descriptor, and none is remembered"));
	EXPECT_EQ(completions(g, llq.q), 3u);

	/* One from before the flags were known gets caching; so do queues in host memory. */
	g.start();
	ASSERT_EQ(choose_llq(g, {128, 2, true, 0}), 0);
	LlqWriter old(g, {});
	old.packet(0, frame, 96);
	old.ring();
	EXPECT_EQ(g.host.sent.size(), 3u);
	auto q = g.create(false, 256, 2);
	g.push_packet(q, 0, g.place(frame));
	g.ring(q);
	EXPECT_EQ(g.host.sent.size(), 4u);
}

/* --- regions of BAR2 ------------------------------------------------------------- */

TEST(LlqRegion, QueuesShareTheMemoryAndGiveItBack)
{
	Guest g(make_config());
	g.start();
	ASSERT_EQ(choose_llq(g, {256, 2, true, 0}), 0);
	std::vector<LlqWriter> queues;
	std::vector<uint32_t> offsets;
	for (int i = 0; i < 4; i++) {
		queues.emplace_back(g, LlqChoice{256, 2, true, 0}, uint16_t{512});
		offsets.push_back(queues.back().q.llq);
	}
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < i; j++)
			EXPECT_GE(std::max(offsets[i], offsets[j]) -
					  std::min(offsets[i], offsets[j]),
				  512u * 256);
	/* A region that was given back is the one that the next queue gets. */
	EXPECT_EQ(g.destroy_sq(queues[2].q), 0);
	EXPECT_EQ(g.destroy_cq(queues[2].q), 0);
	LlqWriter again(g, {256, 2, true, 0}, 512);
	EXPECT_EQ(again.q.llq, offsets[2]);
	const Bytes frame = make_frame();
	for (auto *llq : {&queues[0], &queues[1], &queues[3], &again}) {
		llq->packet(7, frame, 50);
		llq->ring();
		EXPECT_EQ(completions(g, llq->q), 1u);
	}
	EXPECT_EQ(g.host.sent.size(), 4u);

	/* A driver's reset and power-on give back all of it. */
	for (int round = 0; round < 2; round++) {
		if (round) {
			ena_device_reset(g.host.device);
			g.host.write(ENA_REG_MMIO_RESP_LO,
				     static_cast<uint32_t>(g.readless_answer));
			g.host.write(ENA_REG_MMIO_RESP_HI,
				     static_cast<uint32_t>(g.readless_answer >> 32));
		}
		g.start();
		ASSERT_EQ(choose_llq(g, {}), 0);
		for (int i = 0; i < 4; i++)
			EXPECT_EQ(LlqWriter(g, {}).q.llq, offsets[static_cast<size_t>(i)]);
	}
}

TEST(LlqRegion, CreateIsRefusedWithTheLimit)
{
	ena_config config = make_config();
	config.tx_depth = 1024;
	Guest g(config);
	g.start();
	Guest::Queue q;
	q.depth = 1024;
	ASSERT_EQ(g.try_create_cq(q, 1), 0);
	EXPECT_EQ(g.try_create_sq(q, ENA_PLACEMENT_DEVICE), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("before SET_FEATURE 4"));
	ASSERT_EQ(choose_llq(g, {256, 2, true, 0}), 0);
	/* Linux goes on with half the depth after this status. */
	EXPECT_EQ(g.try_create_sq(q, ENA_PLACEMENT_DEVICE), ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE);
	EXPECT_TRUE(
		g.host.noted("depth 1024 with entries of 256 bytes in the device, at most 512"));
	q.depth = 512;
	EXPECT_EQ(g.try_create_sq(q, 2), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("placement 2, must be 1 (host memory) or 3"));
	EXPECT_EQ(g.try_create_sq(q, ENA_PLACEMENT_DEVICE), 0);
	Guest::Queue rx;
	rx.rx = true;
	rx.depth = 256;
	ASSERT_EQ(g.try_create_cq(rx, 1), 0);
	EXPECT_EQ(g.try_create_sq(rx, ENA_PLACEMENT_DEVICE), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("placement 3 for an RX queue"));
}

TEST(LlqRegion, QueuesKeepTheLayoutTheyWereCreatedWith)
{
	Guest g(make_config());
	g.start();
	ASSERT_EQ(choose_llq(g, {128, 2, true, 0}), 0);
	LlqWriter narrow(g, {128, 2, true, 0});
	ASSERT_EQ(choose_llq(g, {256, 8, false, 0}), 0);
	LlqWriter wide(g, {256, 8, false, 0}, 256, 2);
	const Bytes frame = make_frame();
	narrow.packet(0, frame, 90, 0, 4);
	narrow.ring();
	wide.packet(0, frame, 100, 0, 5);
	wide.ring();
	ASSERT_EQ(g.host.sent.size(), 2u);
	EXPECT_EQ(g.host.sent[0].bytes, frame);
	EXPECT_EQ(g.host.sent[1].bytes, frame);
}

/* --- bursts ----------------------------------------------------------------------- */

TEST(LlqBurst, TheDoorbellIsHeldToTheLimitOfADriverThatKnowsIt)
{
	for (uint16_t flags : {uint16_t{ENA_LLQ_LIMIT_TX_BURST}, uint16_t{0}}) {
		Guest g(make_config(true, 5120)); /* 40 entries of 128 bytes */
		g.start();
		ASSERT_EQ(choose_llq(g, {128, 2, true, flags}), 0);
		LlqWriter llq(g, {128, 2, true, flags});
		const Bytes frame = frame_of(64, 1);
		for (int round = 0; round < 3; round++) {
			for (uint16_t i = 0; i < 40; i++)
				llq.packet(i, frame, 64);
			llq.ring();
		}
		EXPECT_EQ(g.host.sent.size(), 120u);
		for (uint16_t i = 0; i < 41; i++)
			llq.packet(i, frame, 64);
		llq.ring();
		EXPECT_EQ(g.host.sent.size(), flags ? 120u : 161u);
		EXPECT_EQ(g.host.noted("41 entries at once, the limit of a burst is 40"),
			  flags != 0);
	}
}

/* --- what makes no sense stops the queue ------------------------------------------ */

class LlqFault : public testing::Test {
    protected:
	LlqFault() : g_(make_config())
	{
		g_.start();
		EXPECT_EQ(choose_llq(g_, {}), 0);
		llq_.emplace(g_, LlqChoice{});
		llq_->packet(1, good_, 60);
		llq_->ring();
		EXPECT_EQ(g_.host.sent.size(), 1u);
	}
	/* The queue is dead, with this sentence; the next one with its number is not. */
	void expect_stop(const char *why)
	{
		EXPECT_TRUE(g_.host.noted(why)) << why;
		EXPECT_TRUE(g_.host.noted("is stopped until it is created again")) << why;
		EXPECT_FALSE(g_.host.scheduled);
		const size_t sent = g_.host.sent.size();
		llq_->packet(2, good_, 60);
		llq_->ring();
		EXPECT_EQ(g_.host.sent.size(), sent) << why;
		EXPECT_EQ(g_.destroy_sq(llq_->q), 0);
		EXPECT_EQ(g_.destroy_cq(llq_->q), 0);
		llq_.emplace(g_, LlqChoice{});
		llq_->packet(3, good_, 60);
		llq_->ring();
		EXPECT_EQ(g_.host.sent.size(), sent + 1) << why;
		g_.host.notes.clear();
	}
	/* An entry with one descriptor. */
	static std::vector<uint8_t> entry(uint32_t word0, uint32_t word3)
	{
		std::vector<uint8_t> bytes(128);
		ena_tx_desc d{};
		d.word0.set(word0);
		d.word3.set(word3);
		memcpy(bytes.data(), &d, sizeof(d));
		return bytes;
	}

	const Bytes good_ = make_frame();
	Guest g_;
	std::optional<LlqWriter> llq_;
};

TEST_F(LlqFault, HeaderLongerThanItsRoom)
{
	constexpr uint32_t word0 = ENA_TXD_FIRST | ENA_TXD_LAST | ENA_TXD_PHASE | ENA_TXD_COMP_REQ;
	llq_->raw(entry(word0, field_put(ENA_TXD3_HEADER_LENGTH, 96)));
	llq_->ring();
	EXPECT_EQ(g_.host.sent.size(), 2u) << "96 bytes fit";
	llq_->raw(entry(word0, field_put(ENA_TXD3_HEADER_LENGTH, 97)));
	llq_->ring();
	expect_stop("a header is longer than its entry has room for");
}

TEST_F(LlqFault, NoLastDescriptorBeforeTheDoorbell)
{
	llq_->raw(entry(ENA_TXD_FIRST | ENA_TXD_PHASE, field_put(ENA_TXD3_HEADER_LENGTH, 60)));
	llq_->ring();
	expect_stop("no last descriptor");
}

TEST_F(LlqFault, WrongPhase)
{
	llq_->raw(entry(ENA_TXD_FIRST | ENA_TXD_LAST, field_put(ENA_TXD3_HEADER_LENGTH, 60)));
	llq_->ring();
	expect_stop("wrong phase");
}

TEST_F(LlqFault, EmptyEntry)
{
	llq_->raw(std::vector<uint8_t>(128));
	llq_->ring();
	expect_stop("has no descriptor");
}

TEST_F(LlqFault, EndlessPacketIsDroppedAndTheQueueGoesOn)
{
	llq_->packet(9, frame_of(200, 1), 60, 0, 4); /* 35 buffers */
	llq_->packet(10, good_, 60);
	llq_->ring();
	EXPECT_TRUE(g_.host.noted("more than 19 descriptors"));
	EXPECT_EQ(completions(g_, llq_->q), 3u);
	EXPECT_EQ(g_.host.sent.size(), 2u);
}

TEST_F(LlqFault, DoorbellBeyondTheRing)
{
	g_.host.write(llq_->q.doorbell, llq_->q.tail + 257u);
	expect_stop("entries ahead of the adapter");
}

/* --- memory that changes while it is read ------------------------------------------ */

TEST(LlqMemory, APacketThatWaitsIsTheOneThatWasRung)
{
	Guest g(make_config());
	g.start();
	ASSERT_EQ(choose_llq(g, {}), 0);
	LlqWriter llq(g, {});
	const ena_tx_meta_desc meta = make_meta(1000, 14, 20, 5);
	FrameSpec spec{.payload = 3500};
	const Bytes frame = make_frame(spec);
	g.host.answer = ENA_TRANSMIT_BUSY;
	llq.packet(1, frame, 54, tso4_and_l3, 4096, &meta);
	llq.ring();
	ASSERT_EQ(g.host.sent.size(), 1u);
	memset(llq.at(0), 0xff, 128);
	for (int i = 0; i < 3; i++) {
		ena_device_transmit_ready(g.host.device);
		g.host.run();
	}
	ASSERT_EQ(g.host.sent.size(), 4u);
	for (const auto &sent : g.host.sent)
		EXPECT_TRUE(checksums_good(sent.bytes, spec));
	EXPECT_EQ(completions(g, llq.q), 1u);
}

TEST(LlqMemory, AnotherProcessorScribblesWhileTheDeviceReads)
{
	ena_config config = make_config();
	config.queues = 1;
	config.vectors = 2;
	Guest g(config);
	g.start();
	ASSERT_EQ(choose_llq(g, {}), 0);
	std::optional<LlqWriter> llq(std::in_place, g, LlqChoice{});
	std::atomic<bool> stop = false;
	const size_t words = size_t{256} * 128 / 8;

	/* Header lengths, ends and phases that come and go. */
	std::thread scribbler([&] {
		std::mt19937_64 random(3);
		while (!stop) {
			const size_t entry = random() % (words / 16) * 16;
			const bool meta = random() % 4 == 0;
			uint64_t low = ENA_TXD_FIRST | ENA_TXD_COMP_REQ;
			low |= random() % 16 ? ENA_TXD_PHASE : 0;
			low |= meta ? ENA_TXD_META : 0;
			low |= random() % 8 ? ENA_TXD_LAST : 0;
			const uint64_t high = (random() % 8 ? 60 : random() % 256) << 56;
			uint64_t *at = &g.host.llq[entry + (meta ? 2 : 0)];
			std::atomic_ref(at[0]).store(low, std::memory_order_relaxed);
			std::atomic_ref(at[1]).store(high, std::memory_order_relaxed);
		}
	});
	size_t stops = 0;
	for (int i = 0; i < 3000; i++) {
		g.host.clock_ns += 1'000'000'000; /* notes are limited by the second */
		llq->q.tail = static_cast<uint16_t>(llq->q.tail + 1 + i % 200);
		llq->ring();
		for (const auto &sent : g.host.sent)
			ASSERT_LE(sent.bytes.size(), 96u);
		g.host.sent.clear();
		if (!g.host.noted("stopped"))
			continue;
		stops++;
		g.host.notes.clear();
		ASSERT_EQ(g.destroy_sq(llq->q), 0);
		ASSERT_EQ(g.try_create_sq(llq->q, ENA_PLACEMENT_DEVICE), 0);
		llq->q.tail = 0;
	}
	stop = true;
	scribbler.join();
	EXPECT_GT(stops, 10u);
}
