// SPDX-License-Identifier: GPL-2.0-or-later
/* Receive-side scaling: what is hashed, and where frames go. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

#include <algorithm>

namespace
{
using Key = std::array<uint8_t, ENA_RSS_KEY_SIZE>;

constexpr Key documented_key = {
	0x77, 0xd1, 0xc9, 0x34, 0xa4, 0xc9, 0xbd, 0x87, 0x6e, 0x35, 0xdd, 0x17, 0xb2, 0xe3,
	0x23, 0x9e, 0x39, 0x6d, 0x8a, 0x93, 0x2a, 0x95, 0xb4, 0x72, 0x3a, 0xb3, 0x7f, 0x56,
	0x8e, 0xde, 0xb6, 0x01, 0x97, 0xaf, 0x3b, 0x2f, 0x3a, 0x70, 0xe7, 0x04,
};

class Rss : public testing::Test {
    protected:
	void SetUp() override
	{
		g.start();
		for (uint32_t i = 0; i < 4; i++) {
			(void)g.create(false, 256, i + 1);
			rx.push_back(g.create(true, 256, i + 1));
			g.post(rx.back(), 64, 2048);
		}
		buffer = g.host.alloc(4096);
	}
	uint8_t set_key(const Key &key, uint32_t init)
	{
		ena_rss_key k{};
		k.parts.set(ENA_RSS_KEY_WORDS);
		std::copy(key.begin(), key.end(), k.key);
		g.host.store(buffer, k);
		ena_rss_hash_function f{};
		f.selected.set(ENA_RSS_FUNCTION_TOEPLITZ);
		f.init_val.set(init);
		return g.set_feature(ENA_FEATURE_RSS_HASH_FUNCTION, &f, sizeof(f), buffer,
				     sizeof(k));
	}
	uint8_t set_table(unsigned int log_size, auto queue_of)
	{
		for (uint32_t i = 0; i < 1u << log_size; i++) {
			ena_rss_entry e{};
			e.cq_idx.set(queue_of(i));
			g.host.store(buffer + i * sizeof(e), e);
		}
		ena_rss_indirection t{};
		t.size.set(static_cast<uint16_t>(log_size));
		t.inline_index.set(ENA_RSS_INDEX_WHOLE_TABLE);
		return g.set_feature(ENA_FEATURE_RSS_INDIRECTION, &t, sizeof(t), buffer,
				     4u << log_size);
	}
	uint8_t set_fields(ena_rss_proto proto, uint16_t fields, uint16_t sort)
	{
		ena_rss_hash_input in = g.get_feature<ena_rss_hash_input>(
			ENA_FEATURE_RSS_HASH_INPUT, buffer, sizeof(ena_rss_hash_control));
		EXPECT_EQ(g.last.common.status, 0);
		auto control = g.host.load<ena_rss_hash_control>(buffer);
		control.selected[proto].fields.set(fields);
		g.host.store(buffer, control);
		in.enabled_sort.set(sort);
		return g.set_feature(ENA_FEATURE_RSS_HASH_INPUT, &in, sizeof(in), buffer,
				     sizeof(control));
	}
	/* The hash that a frame is delivered with; @queue: where. */
	uint32_t hash_of(const Bytes &frame, int *queue = nullptr)
	{
		EXPECT_EQ(g.receive(frame), ENA_RECEIVE_TAKEN);
		for (size_t i = 0; i < rx.size(); i++)
			if (const auto f = g.rx_completion(rx[i])) {
				if (queue)
					*queue = static_cast<int>(i);
				return f->hash;
			}
		ADD_FAILURE() << "frame is nowhere";
		return 0;
	}
	static FrameSpec documented_flow()
	{
		FrameSpec spec;
		spec.source = {1, 2, 3, 4};
		spec.destination = {1, 2, 3, 5};
		return spec;
	}

	Guest g;
	std::vector<Guest::Queue> rx;
	uint64_t buffer = 0;
};
} // namespace

TEST_F(Rss, DocumentedVectors)
{
	const Bytes frame = make_frame(documented_flow());
	EXPECT_EQ(hash_of(frame), 0xa4a1471au) << "before a key is set";

	EXPECT_EQ(set_key(documented_key, 0xffffffff), 0);
	EXPECT_EQ(hash_of(frame), 0x5b5eb8e5u);

	Key reversed = documented_key;
	std::reverse(reversed.begin(), reversed.end());
	EXPECT_EQ(set_key(reversed, 0), 0);
	EXPECT_EQ(hash_of(frame), 0xa9828bd4u);
}

TEST_F(Rss, KeyIsReturnedOnlyAfterItWasSet)
{
	memset(g.host.at(buffer, 48), 0x5a, 48);
	const auto f =
		g.get_feature<ena_rss_hash_function>(ENA_FEATURE_RSS_HASH_FUNCTION, buffer, 48);
	EXPECT_EQ(f.supported.get(), ENA_RSS_FUNCTION_TOEPLITZ);
	EXPECT_EQ(*g.host.at(buffer + 20), 0x5a);
	EXPECT_EQ(set_key(documented_key, 7), 0);
	memset(g.host.at(buffer, 48), 0x5a, 48);
	const auto f2 =
		g.get_feature<ena_rss_hash_function>(ENA_FEATURE_RSS_HASH_FUNCTION, buffer, 48);
	EXPECT_EQ(f2.init_val.get(), 7u);
	const auto key = g.host.load<ena_rss_key>(buffer);
	EXPECT_EQ(key.parts.get(), 10u);
	EXPECT_EQ(memcmp(key.key, documented_key.data(), 40), 0);
}

TEST_F(Rss, TableSendsByHash)
{
	EXPECT_EQ(set_key(documented_key, 0xffffffff), 0);
	EXPECT_EQ(set_table(7, [&](uint32_t i) { return rx[i % 4].index; }), 0);
	FrameSpec spec = documented_flow();
	for (uint16_t port = 1; port < 40; port++) {
		int queue = -1;
		spec.source_port = port;
		const uint32_t hash = hash_of(make_frame(spec), &queue);
		EXPECT_EQ(queue, static_cast<int>(hash % 128 % 4));
	}
	const auto t = g.get_feature<ena_rss_indirection>(ENA_FEATURE_RSS_INDIRECTION, buffer, 512);
	EXPECT_LE(t.min_size.get(), 7);
	EXPECT_EQ(t.max_size.get(), 7);
	EXPECT_EQ(t.size.get(), 7);
	EXPECT_EQ(g.host.load<ena_rss_entry>(buffer + 4 * 5).cq_idx.get(), rx[1].index);
}

TEST_F(Rss, NonIpGoesToEntryZero)
{
	EXPECT_EQ(set_key(documented_key, 0xffffffff), 0);
	EXPECT_EQ(set_table(7, [&](uint32_t i) { return rx[i ? 0 : 2].index; }), 0);
	Bytes arp(60);
	put16(arp, 12, 0x0806);
	int queue = -1;
	EXPECT_EQ(hash_of(arp, &queue), 0u);
	EXPECT_EQ(queue, 2);
}

TEST_F(Rss, FieldsAndSort)
{
	EXPECT_EQ(set_key(documented_key, 0), 0);
	FrameSpec there = documented_flow(), back = there;
	there.source_port = back.destination_port = 1000;
	there.destination_port = back.source_port = 80;
	std::swap(back.source, back.destination);
	EXPECT_NE(hash_of(make_frame(there)), hash_of(make_frame(back)));
	EXPECT_EQ(set_fields(ENA_RSS_TCP4, 0x3c, ENA_RSS_SORT_L3 | ENA_RSS_SORT_L4), 0);
	EXPECT_EQ(hash_of(make_frame(there)), hash_of(make_frame(back)));

	/* Addresses only: ports no longer matter. */
	EXPECT_EQ(set_fields(ENA_RSS_TCP4, ENA_RSS_L3_SA | ENA_RSS_L3_DA, 0), 0);
	FrameSpec other = there;
	other.source_port++;
	EXPECT_EQ(hash_of(make_frame(there)), hash_of(make_frame(other)));
	FrameSpec udp = there, udp2 = other;
	udp.tcp = udp2.tcp = false;
	EXPECT_NE(hash_of(make_frame(udp)), hash_of(make_frame(udp2)));
	EXPECT_EQ(set_fields(ENA_RSS_TCP4, 0, 0), 0);
	EXPECT_EQ(hash_of(make_frame(there)), 0u);
}

TEST_F(Rss, AnnouncesWhatDriversInsistOn)
{
	const auto in = g.get_feature<ena_rss_hash_input>(ENA_FEATURE_RSS_HASH_INPUT, buffer, 256);
	EXPECT_EQ(in.supported_sort.get(), 6);
	const auto c = g.host.load<ena_rss_hash_control>(buffer);
	for (int p : {ENA_RSS_TCP4, ENA_RSS_UDP4, ENA_RSS_TCP6, ENA_RSS_UDP6})
		EXPECT_EQ(c.supported[p].fields.get() & 0x3c, 0x3c);
	for (int p : {ENA_RSS_IP4, ENA_RSS_IP6, ENA_RSS_IP4_FRAG})
		EXPECT_EQ(c.supported[p].fields.get() & 0x0c, 0x0c);
	EXPECT_EQ(c.supported[ENA_RSS_NOT_IP].fields.get() & 3, 3);
}

TEST_F(Rss, BadSettingsChangeNothing)
{
	EXPECT_EQ(set_table(7, [&](uint32_t) { return rx[3].index; }), 0);
	EXPECT_EQ(set_table(7, [&](uint32_t i) { return i == 99 ? 64 : rx[0].index; }),
		  ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("entry 99 names queue 64"));
	EXPECT_EQ(set_table(7, [&](uint32_t) { return uint16_t{0}; }), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g.host.noted("which is a TX queue"));
	ena_rss_indirection t{};
	t.size.set(8);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_RSS_INDIRECTION, &t, sizeof(t), buffer, 4096),
		  ENA_ADMIN_ILLEGAL_PARAMETER);
	t.size.set(7);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_RSS_INDIRECTION, &t, sizeof(t), buffer, 511),
		  ENA_ADMIN_MALFORMED_REQUEST);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_RSS_INDIRECTION, &t, sizeof(t), 0x10, 512),
		  ENA_ADMIN_UNKNOWN_ERROR);
	int queue = -1;
	(void)hash_of(make_frame(), &queue);
	EXPECT_EQ(queue, 3);

	ena_rss_hash_function f{};
	f.selected.set(ENA_RSS_FUNCTION_CRC32);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_RSS_HASH_FUNCTION, &f, sizeof(f)),
		  ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_EQ(set_fields(ENA_RSS_IP4, ENA_RSS_L4_SP, 0), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_EQ(set_fields(ENA_RSS_IP4, 0, 1), ENA_ADMIN_ILLEGAL_PARAMETER);
}

TEST_F(Rss, OneEntryByCommandAndByRegister)
{
	EXPECT_EQ(set_table(7, [&](uint32_t) { return rx[0].index; }), 0);
	const uint32_t entry = hash_of(make_frame()) % 128;
	ena_rss_indirection t{};
	t.flags = ENA_RSS_ONE_ENTRY_UPDATE;
	t.inline_index.set(entry);
	t.inline_entry.cq_idx.set(rx[2].index);
	EXPECT_EQ(g.set_feature(ENA_FEATURE_RSS_INDIRECTION, &t, sizeof(t)), 0);
	int queue = -1;
	(void)hash_of(make_frame(), &queue);
	EXPECT_EQ(queue, 2);
	g.host.write(ENA_REG_RSS_IND_ENTRY_UPDATE, entry | uint32_t{rx[1].index} << 16);
	(void)hash_of(make_frame(), &queue);
	EXPECT_EQ(queue, 1);
}
