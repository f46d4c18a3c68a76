/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that send flows to queues, before RSS: feature 30. */
#ifndef ENA_CORE_FLOW_STEERING_HH
#define ENA_CORE_FLOW_STEERING_HH

#include "queues.hh"

#include "core/net/packet.hh"

namespace ena
{

class FlowSteering {
    public:
	FlowSteering(Host &host, const ena_config &config, const Queues &queues)
	    : host_(host), config_(config), queues_(queues)
	{
	}

	/* @ctrl: the buffer of the command, by address. */
	[[nodiscard]] ena_admin_status set(const ena_flow_steering_cmd &cmd,
					   const ena_ctrl_buffer &ctrl,
					   ena_flow_steering_resp &resp);
	/*
	 * The queue of the rule with the lowest location that fits and whose
	 * queue runs. @head: the bytes that @packet was parsed from.
	 */
	[[nodiscard]] std::optional<QueueIndex> classify(const net::Packet &packet,
							 std::span<const uint8_t> head) const;
	void reset()
	{
		used_ = 0;
	}
	void snapshot(Snapshot &s);

    private:
	/* What rules look at, in one piece, so that a rule is five comparisons. */
	struct Fields {
		std::array<uint8_t, 16> destination; /* IPv4 in the first four */
		std::array<uint8_t, 16> source;
		std::array<uint8_t, 2> destination_port; /* in the order of the wire */
		std::array<uint8_t, 2> source_port;
		uint8_t tos; /* IPv6: traffic class */
		uint8_t l3; /* net::L3 */
		uint8_t l4; /* net::L4 */
		uint8_t zero;
	};
	using Key = std::array<uint64_t, 5>;
	static_assert(sizeof(Fields) == sizeof(Key));

	struct Rule {
		Key value; /* 0 where mask is 0 */
		Key mask;
		uint16_t queue; /* number of the RX queue */
	};

	[[nodiscard]] static Key read_packet(const net::Packet &packet,
					     std::span<const uint8_t> head);
	[[nodiscard]] static Rule make_rule(const ena_flow_steering_cmd &cmd,
					    const ena_flow_steering_match &match);
	[[nodiscard]] ena_admin_status add(const ena_flow_steering_cmd &cmd,
					   const ena_ctrl_buffer &ctrl,
					   ena_flow_steering_resp &resp);
	[[nodiscard]] ena_admin_status check(const ena_flow_steering_cmd &cmd);
	[[nodiscard]] ena_admin_status remove(uint16_t location);
	[[nodiscard]] bool used(uint16_t location) const
	{
		return used_ >> location & 1;
	}

	Host &host_;
	const ena_config &config_;
	const Queues &queues_;
	uint64_t used_ = 0; /* bit = location */
	static_assert(ENA_DEVICE_MAX_FLOW_RULES <= 64);
	std::array<Rule, ENA_DEVICE_MAX_FLOW_RULES> rules_;
};

} // namespace ena

#endif
