// SPDX-License-Identifier: GPL-2.0-or-later
#include "features.hh"
#include "metrics.hh"

#include <cstring>

namespace ena
{

namespace
{
constexpr uint32_t device_version = 1;
constexpr uint32_t implementation = 1;
constexpr uint32_t address_bits = 48;
constexpr uint32_t capabilities = ENA_CAPABILITY_EXTENDED_RESET_REASONS | ENA_CAPABILITY_CDESC_MBZ;
/* Host placement sends no header of its own; drivers use it as a bound of a hint only. */
constexpr uint32_t max_header = 96;

template <class T> T take(const ena_set_feature_cmd &cmd)
{
	T value;
	static_assert(sizeof(T) <= sizeof(cmd.data));
	memcpy(&value, cmd.data, sizeof(value));
	return value;
}
} // namespace

uint32_t Features::supported() const
{
	uint32_t features = config_.features | ENA_BIT(ENA_FEATURE_DEVICE_ATTRIBUTES);
	if (!config_.speed_mbps)
		features &= ~ENA_BIT(ENA_FEATURE_LINK_CONFIG);
	if (!llq_.offered())
		features &= ~ENA_BIT(ENA_FEATURE_LLQ);
	if (!config_.flow_rules)
		features &= ~ENA_BIT(ENA_FEATURE_FLOW_STEERING);
	return features;
}

ena_admin_status Features::check_offered(const char *what, uint8_t id)
{
	if (id < 32 && supported() >> id & 1)
		return ENA_ADMIN_SUCCESS;
	return host_.refuse(ENA_ADMIN_UNSUPPORTED_OPCODE,
			    "%s: feature %u is not offered (supported_features is 0x%x)", what, id,
			    supported());
}

ena_device_attributes Features::device_attributes() const
{
	ena_device_attributes a{};
	a.impl_id.set(implementation);
	a.device_version.set(device_version);
	a.supported_features.set(supported());
	a.capabilities.set(capabilities | Metrics::capabilities(config_) |
			   (vfs_.any() ? ENA_CAPABILITY_VF_MANAGEMENT : 0));
	a.phys_addr_width.set(address_bits);
	a.virt_addr_width.set(address_bits);
	memcpy(a.mac, address_.told().data(), sizeof(a.mac));
	if (supported() & ENA_BIT(ENA_FEATURE_FLOW_STEERING))
		a.flow_steering_max_entries.set(config_.flow_rules);
	a.max_mtu.set(config_.max_mtu);
	return a;
}

/* One depth for both directions: the smaller. */
ena_max_queues Features::max_queues() const
{
	const uint16_t depth = std::min(config_.tx_depth, config_.rx_depth);
	ena_max_queues m{};
	m.max_sq_num.set(config_.queues);
	m.max_sq_depth.set(depth);
	m.max_cq_num.set(config_.queues);
	m.max_cq_depth.set(depth);
	m.max_header_size.set(max_header);
	m.max_packet_tx_descs.set(ENA_DEVICE_MAX_TX_DESCS);
	m.max_packet_rx_descs.set(ENA_DEVICE_MAX_RX_DESCS);
	return m;
}

ena_max_queues_ext Features::max_queues_ext() const
{
	ena_max_queues_ext m{};
	m.version = ENA_MAX_QUEUES_EXT_VERSION;
	m.max_tx_sq_num.set(config_.queues);
	m.max_tx_cq_num.set(config_.queues);
	m.max_rx_sq_num.set(config_.queues);
	m.max_rx_cq_num.set(config_.queues);
	m.max_tx_sq_depth.set(config_.tx_depth);
	m.max_tx_cq_depth.set(config_.tx_depth);
	m.max_rx_sq_depth.set(config_.rx_depth);
	m.max_rx_cq_depth.set(config_.rx_depth);
	m.max_tx_header_size.set(max_header);
	m.max_packet_tx_descs.set(ENA_DEVICE_MAX_TX_DESCS);
	m.max_packet_rx_descs.set(ENA_DEVICE_MAX_RX_DESCS);
	return m;
}

ena_link_config Features::link() const
{
	ena_link_config link{};
	link.speed_mbps.set(config_.speed_mbps);
	for (const LinkSpeed &speed : link_speeds)
		if (speed.mbps == config_.speed_mbps)
			link.supported.set(speed.bit);
	link.flags.set(ENA_LINK_FULL_DUPLEX);
	return link;
}

ena_admin_status Features::get(const ena_get_feature_cmd &cmd, Payload payload)
{
	const uint8_t id = cmd.feature.feature_id;
	const uint32_t select = field_get(ENA_FEATURE_FLAGS_SELECT, cmd.feature.flags);

	if (const auto status = check_offered("GET_FEATURE", id))
		return status;
	if (select > ENA_SELECT_CURRENT)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "GET_FEATURE %u: select %u, only the current value (%u) can "
				    "be read",
				    id, select, ENA_SELECT_CURRENT);

	const auto get_rss = [&](auto value) {
		const ena_admin_status status = rss_.get(value, cmd.ctrl);
		return status ? status : put(payload, value);
	};
	switch (id) {
	case ENA_FEATURE_DEVICE_ATTRIBUTES:
		return put(payload, device_attributes());
	case ENA_FEATURE_MAX_QUEUES_NUM:
		return put(payload, max_queues());
	case ENA_FEATURE_MAX_QUEUES_EXT:
		return put(payload, max_queues_ext());
	case ENA_FEATURE_HW_HINTS:
		return put(payload, events_.hints());
	case ENA_FEATURE_LLQ:
		return put(payload, llq_.get(cmd.feature.feature_version));
	case ENA_FEATURE_RSS_HASH_FUNCTION:
		return get_rss(ena_rss_hash_function{});
	case ENA_FEATURE_RSS_INDIRECTION:
		return get_rss(ena_rss_indirection{});
	case ENA_FEATURE_RSS_HASH_INPUT:
		return get_rss(ena_rss_hash_input{});
	case ENA_FEATURE_LINK_CONFIG:
		return put(payload, link());
	case ENA_FEATURE_OFFLOAD: {
		ena_offload offload{};
		offload.tx.set(config_.tx_offloads);
		offload.rx_supported.set(config_.rx_offloads);
		offload.rx_enabled.set(config_.rx_offloads);
		return put(payload, offload);
	}
	case ENA_FEATURE_INTERRUPT_MODERATION: {
		ena_interrupt_moderation moderation{};
		moderation.resolution_us.set(config_.moderation_resolution_us);
		return put(payload, moderation);
	}
	case ENA_FEATURE_PHC:
		return put(payload, phc_.get());
	case ENA_FEATURE_HW_TIMESTAMP:
		return put(payload, Timestamps::get());
	case ENA_FEATURE_AENQ_CONFIG: {
		ena_aenq_config events{};
		events.supported_groups.set(events_.supported_groups());
		events.enabled_groups.set(events_.enabled_groups());
		return put(payload, events);
	}
	default:
		return host_.refuse(ENA_ADMIN_UNSUPPORTED_OPCODE,
				    "GET_FEATURE %u: this feature can only be set", id);
	}
}

ena_admin_status Features::set(const ena_set_feature_cmd &cmd, Payload payload)
{
	const uint8_t id = cmd.feature.feature_id;

	if (const auto status = check_offered("SET_FEATURE", id))
		return status;
	switch (id) {
	case ENA_FEATURE_MTU:
		return set_mtu(take<ena_mtu>(cmd));
	case ENA_FEATURE_LLQ:
		return llq_.set(take<ena_llq_config>(cmd));
	case ENA_FEATURE_RSS_HASH_FUNCTION:
		return rss_.set(take<ena_rss_hash_function>(cmd), cmd.ctrl);
	case ENA_FEATURE_RSS_INDIRECTION:
		return rss_.set(take<ena_rss_indirection>(cmd), cmd.ctrl);
	case ENA_FEATURE_RSS_HASH_INPUT:
		return rss_.set(take<ena_rss_hash_input>(cmd), cmd.ctrl);
	case ENA_FEATURE_AENQ_CONFIG:
		return set_events(take<ena_aenq_config>(cmd));
	case ENA_FEATURE_PHC:
		return phc_.set(take<ena_phc_config>(cmd));
	case ENA_FEATURE_HW_TIMESTAMP:
		return timestamps_.set(take<ena_hw_timestamp_config>(cmd));
	case ENA_FEATURE_FRAG_BYPASS:
		return fragments_.set(take<ena_frag_bypass>(cmd));
	case ENA_FEATURE_FLOW_STEERING: {
		ena_flow_steering_resp resp{};
		const auto status = steering_.set(take<ena_flow_steering_cmd>(cmd), cmd.ctrl, resp);
		return status ? status : put(payload, resp);
	}
	case ENA_FEATURE_HOST_ATTR:
		return driver_.set(take<ena_host_attr>(cmd));
	default:
		return host_.refuse(ENA_ADMIN_UNSUPPORTED_OPCODE,
				    "SET_FEATURE %u: this feature can only be read", id);
	}
}

ena_admin_status Features::set_mtu(const ena_mtu &mtu)
{
	const uint32_t value = mtu.mtu.get();

	if (value < ENA_DEVICE_MIN_MTU || value > config_.max_mtu)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 14: MTU %u, must be %u to %u", value,
				    ENA_DEVICE_MIN_MTU, config_.max_mtu);
	mtu_ = value;
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Features::set_events(const ena_aenq_config &events)
{
	const uint32_t groups = events.enabled_groups.get();

	if (groups & ~events_.supported_groups())
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 26: event groups 0x%x, only 0x%x are supported",
				    groups, events_.supported_groups());
	events_.enable(groups);
	return ENA_ADMIN_SUCCESS;
}

void Features::info(ena_settings_info &info) const
{
	info.mtu = mtu_;
	info.features = supported();
}

void Features::snapshot(Snapshot &s)
{
	s.section("features", 1, Absent::refused,
		  [&] { s.value("MTU", mtu_, ENA_DEVICE_MIN_MTU, config_.max_mtu); });
	driver_.snapshot(s);
}

} // namespace ena
