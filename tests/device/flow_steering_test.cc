// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules that send flows to queues before RSS does. */
#include "frames.hh"
#include "guest.hh"

#include <gtest/gtest.h>

namespace
{
class FlowSteering : public testing::Test {
    protected:
	static constexpr int spread = 3; /* where RSS sends everything */

	void SetUp() override
	{
		boot();
	}
	void boot(const ena_config &config = FakeHost::default_config())
	{
		g.emplace(config);
		g->start();
		buffer = g->host.alloc(4096);
		/* As Linux does it: all TX queues, then all RX queues. */
		tx.clear();
		rx.clear();
		for (uint32_t i = 0; i < 4; i++)
			tx.push_back(g->create(false, 256, i + 1));
		for (uint32_t i = 0; i < 4; i++)
			create_rx(i);
		spread_to(spread);
	}
	void create_rx(uint32_t i)
	{
		rx.resize(std::max<size_t>(rx.size(), i + 1));
		rx[i] = g->create(true, 256, i + 1);
		g->post(rx[i], 64, 2048);
	}
	void destroy_rx(uint32_t i)
	{
		EXPECT_EQ(g->destroy_sq(rx[i]), 0);
		EXPECT_EQ(g->destroy_cq(rx[i]), 0);
	}
	void spread_to(uint32_t queue)
	{
		for (uint32_t i = 0; i < 128; i++) {
			ena_rss_entry e{};
			e.cq_idx.set(rx[queue].index);
			g->host.store(buffer + i * sizeof(e), e);
		}
		ena_rss_indirection t{};
		t.size.set(7);
		t.inline_index.set(ENA_RSS_INDEX_WHOLE_TABLE);
		EXPECT_EQ(g->set_feature(ENA_FEATURE_RSS_INDIRECTION, &t, sizeof(t), buffer, 512),
			  0);
	}
	uint8_t command(uint8_t action, uint16_t location, uint8_t type = 0, uint16_t queue = 0,
			uint32_t length = sizeof(ena_flow_steering_match), uint64_t address = 0)
	{
		ena_flow_steering_cmd c{};
		c.action = action;
		c.flow_type = type;
		c.rx_queue.set(queue);
		c.rule_location.set(location);
		g->host.store(buffer, match);
		return g->set_feature(ENA_FEATURE_FLOW_STEERING, &c, sizeof(c),
				      address ? address : buffer, length);
	}
	uint8_t add(uint16_t location, uint8_t type, uint16_t queue)
	{
		return command(ENA_FLOW_ADD, location, type, queue);
	}
	[[nodiscard]] uint16_t chosen() const
	{
		ena_flow_steering_resp resp;
		memcpy(&resp, g->last.payload, sizeof(resp));
		return resp.rule_location.get();
	}
	/* The RX queue that gets the frame. */
	int queue_of(const Bytes &frame)
	{
		EXPECT_EQ(g->receive(frame), ENA_RECEIVE_TAKEN);
		for (size_t i = 0; i < rx.size(); i++)
			if (g->rx_completion(rx[i])) {
				g->post(rx[i], 1, 2048);
				return static_cast<int>(i);
			}
		return -1;
	}
	int queue_of(const FrameSpec &spec)
	{
		return queue_of(make_frame(spec));
	}

	std::optional<Guest> g;
	std::vector<Guest::Queue> tx, rx;
	uint64_t buffer = 0;
	ena_flow_steering_match match{};
};

FrameSpec flow(bool ipv6, bool tcp)
{
	FrameSpec spec;
	spec.ipv6 = ipv6;
	spec.tcp = tcp;
	spec.source_port = 1000;
	spec.destination_port = 2000;
	const size_t n = ipv6 ? 16 : 4;
	for (size_t i = 0; i < n; i++) {
		spec.source.push_back(static_cast<uint8_t>(0x20 + i));
		spec.destination.push_back(static_cast<uint8_t>(0x40 + i));
	}
	return spec;
}

void set_tos(Bytes &frame, bool ipv6, uint8_t tos)
{
	if (ipv6)
		put16(frame, 14, static_cast<uint16_t>(0x6000 | tos << 4));
	else
		frame[15] = tos;
}
} // namespace

TEST_F(FlowSteering, IsAnnouncedWithTheSizeOfTheTable)
{
	const auto a = g->get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES);
	EXPECT_TRUE(a.supported_features.get() & ENA_BIT(ENA_FEATURE_FLOW_STEERING));
	EXPECT_EQ(a.flow_steering_max_entries.get(), 64);
	EXPECT_EQ(g->get_feature_raw(ENA_FEATURE_FLOW_STEERING).common.status,
		  ENA_ADMIN_UNSUPPORTED_OPCODE);
}

TEST_F(FlowSteering, TypesAreToldApart)
{
	constexpr struct {
		uint8_t type;
		bool tcp4, udp4, tcp6, udp6;
	} expected[] = {
		{ENA_FLOW_IPV4, true, true, false, false},
		{ENA_FLOW_IPV6, false, false, true, true},
		{ENA_FLOW_TCP4, true, false, false, false},
		{ENA_FLOW_TCP6, false, false, true, false},
		{ENA_FLOW_UDP4, false, true, false, false},
		{ENA_FLOW_UDP6, false, false, false, true},
	};
	Bytes arp(60);
	put16(arp, 12, 0x0806);
	for (const auto &e : expected) {
		SCOPED_TRACE(+e.type);
		EXPECT_EQ(add(5, e.type, 1), 0);
		EXPECT_EQ(chosen(), 5);
		EXPECT_EQ(queue_of(flow(false, true)), e.tcp4 ? 1 : spread);
		EXPECT_EQ(queue_of(flow(false, false)), e.udp4 ? 1 : spread);
		EXPECT_EQ(queue_of(flow(true, true)), e.tcp6 ? 1 : spread);
		EXPECT_EQ(queue_of(flow(true, false)), e.udp6 ? 1 : spread);
		EXPECT_EQ(queue_of(arp), spread);
		EXPECT_EQ(command(ENA_FLOW_REMOVE, 5), 0);
	}
}

TEST_F(FlowSteering, EachFieldAndMask)
{
	for (const bool ipv6 : {false, true}) {
		SCOPED_TRACE(ipv6);
		const uint8_t type = ipv6 ? ENA_FLOW_TCP6 : ENA_FLOW_TCP4;
		const FrameSpec good = flow(ipv6, true);
		const size_t last = good.source.size() - 1;
		const auto differs = [&](auto set_match, auto change) {
			match = {};
			set_match();
			EXPECT_EQ(add(0, type, 2), 0);
			EXPECT_EQ(queue_of(good), 2);
			FrameSpec other = good;
			change(other);
			EXPECT_EQ(queue_of(other), spread);
			EXPECT_EQ(command(ENA_FLOW_REMOVE, 0), 0);
		};
		differs(
			[&] {
				std::copy(good.source.begin(), good.source.end(), match.src_ip);
				memset(match.src_ip_mask, 0xff, last + 1);
			},
			[&](FrameSpec &f) { f.source[last] ^= 1; });
		differs(
			[&] {
				std::copy(good.destination.begin(), good.destination.end(),
					  match.dst_ip);
				memset(match.dst_ip_mask, 0xff, last + 1);
			},
			[&](FrameSpec &f) { f.destination[0] ^= 0x80; });
		differs(
			[&] {
				match.src_port.set(1000);
				match.src_port_mask.set(0xffff);
			},
			[](FrameSpec &f) { f.source_port = 2000; });
		differs(
			[&] {
				match.dst_port.set(2000);
				match.dst_port_mask.set(0xfff0);
			},
			[](FrameSpec &f) { f.destination_port = 2016; });

		/* What the mask leaves out does not count, the value's bits there included. */
		match = {};
		match.dst_port.set(2001);
		match.dst_port_mask.set(0xfff0);
		memset(match.src_ip, 0x5a, sizeof(match.src_ip));
		EXPECT_EQ(add(0, type, 2), 0);
		FrameSpec near = good;
		near.destination_port = 2007;
		near.source_port = 9;
		EXPECT_EQ(queue_of(near), 2);
		EXPECT_EQ(command(ENA_FLOW_REMOVE, 0), 0);
	}
}

TEST_F(FlowSteering, TosAndTrafficClass)
{
	match.tos = 0xb8;
	match.tos_mask = 0xfc;
	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 1), 0);
	EXPECT_EQ(add(1, ENA_FLOW_IPV6, 2), 0);
	for (const bool ipv6 : {false, true}) {
		Bytes frame = make_frame(flow(ipv6, false));
		EXPECT_EQ(queue_of(frame), spread);
		set_tos(frame, ipv6, 0xbb);
		EXPECT_EQ(queue_of(frame), ipv6 ? 2 : 1);
		set_tos(frame, ipv6, 0xbc);
		EXPECT_EQ(queue_of(frame), spread);
	}
}

TEST_F(FlowSteering, FieldsThatTheTypeHasNotAreIgnored)
{
	memset(&match, 0xff, sizeof(match));
	const FrameSpec f = flow(false, true);
	std::copy(f.source.begin(), f.source.end(), match.src_ip);
	std::copy(f.destination.begin(), f.destination.end(), match.dst_ip);
	match.tos_mask = 0;
	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 1), 0) << "ports, and bytes of IPv6 addresses";
	EXPECT_EQ(queue_of(f), 1);
}

TEST_F(FlowSteering, FragmentsHaveNoPorts)
{
	Bytes fragment = make_frame(flow(false, false));
	put16(fragment, 20, 0x2000); /* more fragments: the first one */
	EXPECT_EQ(add(0, ENA_FLOW_UDP4, 1), 0);
	EXPECT_EQ(queue_of(fragment), spread);
	EXPECT_EQ(add(1, ENA_FLOW_IPV4, 2), 0);
	EXPECT_EQ(queue_of(fragment), 2);
}

TEST_F(FlowSteering, LowestLocationWins)
{
	EXPECT_EQ(add(40, ENA_FLOW_IPV4, 0), 0);
	EXPECT_EQ(add(7, ENA_FLOW_TCP4, 1), 0);
	EXPECT_EQ(queue_of(flow(false, true)), 1);
	EXPECT_EQ(add(3, ENA_FLOW_IPV4, 2), 0);
	EXPECT_EQ(queue_of(flow(false, true)), 2);
	EXPECT_EQ(command(ENA_FLOW_REMOVE, 3), 0);
	EXPECT_EQ(command(ENA_FLOW_REMOVE, 7), 0);
	EXPECT_EQ(queue_of(flow(false, true)), 0);
	EXPECT_EQ(command(ENA_FLOW_REMOVE_ALL, 0), 0);
	EXPECT_EQ(queue_of(flow(false, true)), spread);
}

TEST_F(FlowSteering, TheDeviceChoosesTheLowestFree)
{
	ena_config config = FakeHost::default_config();
	config.flow_rules = 4;
	boot(config);
	EXPECT_EQ(add(1, ENA_FLOW_IPV4, 0), 0);
	for (uint16_t expected : {0, 2, 3}) {
		EXPECT_EQ(add(ENA_FLOW_ANY_LOCATION, ENA_FLOW_IPV4, 0), 0);
		EXPECT_EQ(chosen(), expected);
	}
	EXPECT_EQ(add(ENA_FLOW_ANY_LOCATION, ENA_FLOW_IPV4, 0),
		  ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE);
	EXPECT_TRUE(g->host.noted("all 4 rules are in use"));
	EXPECT_EQ(add(4, ENA_FLOW_IPV4, 0), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g->host.noted("location 4, the table has 0 to 3"));
}

TEST_F(FlowSteering, FullTableOfTheLargestSize)
{
	for (uint16_t i = 0; i < ENA_DEVICE_MAX_FLOW_RULES; i++) {
		match.dst_port.set(static_cast<uint16_t>(1 + i));
		match.dst_port_mask.set(0xffff);
		EXPECT_EQ(add(ENA_FLOW_ANY_LOCATION, ENA_FLOW_TCP4, i % 3), 0);
		EXPECT_EQ(chosen(), i);
	}
	EXPECT_EQ(add(ENA_FLOW_ANY_LOCATION, ENA_FLOW_TCP4, 0),
		  ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE);
	FrameSpec f = flow(false, true);
	for (uint16_t i : {0, 1, 31, 32, 62, 63}) {
		f.destination_port = static_cast<uint16_t>(1 + i);
		EXPECT_EQ(queue_of(f), i % 3);
	}
}

TEST_F(FlowSteering, HashIsTheSameAsWithoutARule)
{
	const Bytes frame = make_frame(flow(false, true));
	EXPECT_EQ(g->receive(frame), ENA_RECEIVE_TAKEN);
	const auto before = g->rx_completion(rx[spread]);
	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 1), 0);
	EXPECT_EQ(g->receive(frame), ENA_RECEIVE_TAKEN);
	const auto after = g->rx_completion(rx[1]);
	ASSERT_TRUE(before && after);
	EXPECT_EQ(before->hash, after->hash);
	EXPECT_NE(after->hash, 0u);
}

TEST_F(FlowSteering, RuleWaitsForItsQueue)
{
	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 1), 0);
	EXPECT_EQ(add(1, ENA_FLOW_IPV4, 2), 0);
	EXPECT_EQ(add(2, ENA_FLOW_IPV6, 7), 0) << "offered, not created";
	EXPECT_EQ(queue_of(flow(true, true)), spread);
	EXPECT_EQ(queue_of(flow(false, true)), 1);

	/* The next rule that fits has its turn; other queues keep their numbers. */
	destroy_rx(1);
	EXPECT_EQ(queue_of(flow(false, true)), 2);
	create_rx(1);
	EXPECT_EQ(queue_of(flow(false, true)), 1);

	destroy_rx(1);
	destroy_rx(2);
	EXPECT_EQ(queue_of(flow(false, true)), spread);
	/* Created in the other order: the numbers follow the order. */
	create_rx(2);
	create_rx(1);
	EXPECT_EQ(queue_of(flow(false, true)), 2);
}

TEST_F(FlowSteering, ResetRemovesAllRules)
{
	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 1), 0);
	g->reset();
	g->start_admin_again();
	rx.clear();
	for (uint32_t i = 0; i < 4; i++)
		create_rx(i);
	spread_to(spread);
	EXPECT_EQ(queue_of(flow(false, true)), spread);
	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 0), 0) << "location 0 is free again";
	EXPECT_EQ(queue_of(flow(false, true)), 0);
}

TEST_F(FlowSteering, BadCommandsAreNamedAndChangeNothing)
{
	EXPECT_EQ(command(0, 0), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_EQ(command(4, 0), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g->host.noted("action 4, must be 1 (add), 2 (remove) or 3 (remove all)"));
	for (uint8_t type : {0, 7, 255})
		EXPECT_EQ(add(0, type, 1), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g->host.noted("flow type 255, must be 1 to 6"));
	for (uint16_t queue : {8, 32, 0xffff})
		EXPECT_EQ(add(0, ENA_FLOW_IPV4, queue), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g->host.noted("RX queue 65535, the adapter has 0 to 7"));
	for (uint16_t location : {64, 0xfffe})
		EXPECT_EQ(add(location, ENA_FLOW_IPV4, 1), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_EQ(command(ENA_FLOW_ADD, 0, ENA_FLOW_IPV4, 1, 127), ENA_ADMIN_MALFORMED_REQUEST);
	EXPECT_EQ(command(ENA_FLOW_ADD, 0, ENA_FLOW_IPV4, 1, 128, 0x1000), ENA_ADMIN_UNKNOWN_ERROR);
	ena_flow_steering_cmd c{};
	c.action = ENA_FLOW_ADD;
	c.flow_type = ENA_FLOW_IPV4;
	EXPECT_EQ(g->set_feature(ENA_FEATURE_FLOW_STEERING, &c, sizeof(c)),
		  ENA_ADMIN_MALFORMED_REQUEST);
	for (uint16_t location : {0, 63, 64, 0xffff})
		EXPECT_EQ(command(ENA_FLOW_REMOVE, location), ENA_ADMIN_ILLEGAL_PARAMETER);
	EXPECT_TRUE(g->host.noted("no rule at location 65535 to remove"));
	EXPECT_EQ(queue_of(flow(false, true)), spread);

	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 1), 0);
	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 2), ENA_ADMIN_RESOURCE_BUSY);
	EXPECT_TRUE(g->host.noted("location 0 has a rule"));
	EXPECT_EQ(queue_of(flow(false, true)), 1);
}

TEST_F(FlowSteering, LeftOutByAnEmptyTable)
{
	ena_config config = FakeHost::default_config();
	config.flow_rules = 0;
	boot(config);
	const auto a = g->get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES);
	EXPECT_FALSE(a.supported_features.get() & ENA_BIT(ENA_FEATURE_FLOW_STEERING));
	EXPECT_EQ(a.flow_steering_max_entries.get(), 0);
	EXPECT_EQ(add(0, ENA_FLOW_IPV4, 1), ENA_ADMIN_UNSUPPORTED_OPCODE);

	config.flow_rules = 65;
	char why[160] = "";
	EXPECT_FALSE(ena_config_check(&config, why, sizeof(why)));
	EXPECT_STREQ(why, "65 flow rules, must be 0 to 64");
}
