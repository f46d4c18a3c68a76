/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET_FEATURE and SET_FEATURE. */
#ifndef ENA_CORE_FEATURES_HH
#define ENA_CORE_FEATURES_HH

#include "address.hh"
#include "driver_info.hh"
#include "events.hh"
#include "flow_steering.hh"
#include "fragments.hh"
#include "llq.hh"
#include "payload.hh"
#include "phc.hh"
#include "rss.hh"
#include "timestamps.hh"
#include "vf_manager.hh"

namespace ena
{

/* What this core implements: the limits of ena_config. */
inline constexpr uint32_t implemented_features =
	ENA_BIT(ENA_FEATURE_DEVICE_ATTRIBUTES) | ENA_BIT(ENA_FEATURE_MAX_QUEUES_NUM) |
	ENA_BIT(ENA_FEATURE_HW_HINTS) | ENA_BIT(ENA_FEATURE_LLQ) |
	ENA_BIT(ENA_FEATURE_MAX_QUEUES_EXT) | ENA_BIT(ENA_FEATURE_RSS_HASH_FUNCTION) |
	ENA_BIT(ENA_FEATURE_OFFLOAD) | ENA_BIT(ENA_FEATURE_RSS_INDIRECTION) |
	ENA_BIT(ENA_FEATURE_MTU) | ENA_BIT(ENA_FEATURE_RSS_HASH_INPUT) |
	ENA_BIT(ENA_FEATURE_INTERRUPT_MODERATION) | ENA_BIT(ENA_FEATURE_AENQ_CONFIG) |
	ENA_BIT(ENA_FEATURE_LINK_CONFIG) | ENA_BIT(ENA_FEATURE_HOST_ATTR) |
	ENA_BIT(ENA_FEATURE_PHC) | ENA_BIT(ENA_FEATURE_FRAG_BYPASS) |
	ENA_BIT(ENA_FEATURE_FLOW_STEERING) | ENA_BIT(ENA_FEATURE_HW_TIMESTAMP);
inline constexpr uint32_t implemented_tx_offloads =
	ENA_OFFLOAD_TX_L3_CSUM_V4 | ENA_OFFLOAD_TX_L4_CSUM_V4_PART |
	ENA_OFFLOAD_TX_L4_CSUM_V4_FULL | ENA_OFFLOAD_TX_L4_CSUM_V6_PART |
	ENA_OFFLOAD_TX_L4_CSUM_V6_FULL | ENA_OFFLOAD_TX_TSO_V4 | ENA_OFFLOAD_TX_TSO_V6 |
	ENA_OFFLOAD_TX_TSO_ECN;
inline constexpr uint32_t implemented_rx_offloads = ENA_OFFLOAD_RX_L3_CSUM_V4 |
						    ENA_OFFLOAD_RX_L4_CSUM_V4 |
						    ENA_OFFLOAD_RX_L4_CSUM_V6 | ENA_OFFLOAD_RX_HASH;

struct LinkSpeed {
	uint32_t mbps;
	uint32_t bit; /* ENA_LINK_1G ... */
};
inline constexpr LinkSpeed link_speeds[] = {
	{1000, ENA_LINK_1G},     {2500, ENA_LINK_2_5G},   {5000, ENA_LINK_5G},
	{10000, ENA_LINK_10G},   {25000, ENA_LINK_25G},   {40000, ENA_LINK_40G},
	{50000, ENA_LINK_50G},   {100000, ENA_LINK_100G}, {200000, ENA_LINK_200G},
	{400000, ENA_LINK_400G},
};

class Features {
    public:
	Features(Host &host, const ena_config &config, Rss &rss, Events &events, Llq &llq, Phc &phc,
		 Timestamps &timestamps, FlowSteering &steering, Fragments &fragments,
		 const Address &address, const VfManager &vfs)
	    : host_(host), config_(config), rss_(rss), events_(events), llq_(llq), phc_(phc),
	      timestamps_(timestamps), steering_(steering), fragments_(fragments),
	      address_(address), vfs_(vfs), mtu_(config.max_mtu), driver_(host)
	{
	}

	/* @payload: of the completion. */
	[[nodiscard]] ena_admin_status get(const ena_get_feature_cmd &cmd, Payload payload);
	[[nodiscard]] ena_admin_status set(const ena_set_feature_cmd &cmd, Payload payload);

	/* As set by the driver, without the Ethernet header. */
	[[nodiscard]] uint32_t mtu() const
	{
		return mtu_;
	}
	[[nodiscard]] const DriverInfo &driver() const
	{
		return driver_;
	}
	void info(ena_settings_info &info) const;
	void reset()
	{
		mtu_ = config_.max_mtu;
		driver_.reset();
	}
	void snapshot(Snapshot &s);

    private:
	[[nodiscard]] ena_admin_status check_offered(const char *what, uint8_t id);
	[[nodiscard]] uint32_t supported() const;
	[[nodiscard]] ena_device_attributes device_attributes() const;
	[[nodiscard]] ena_max_queues max_queues() const;
	[[nodiscard]] ena_max_queues_ext max_queues_ext() const;
	[[nodiscard]] ena_link_config link() const;
	[[nodiscard]] ena_admin_status set_mtu(const ena_mtu &mtu);
	[[nodiscard]] ena_admin_status set_events(const ena_aenq_config &events);

	Host &host_;
	const ena_config &config_;
	Rss &rss_;
	Events &events_;
	Llq &llq_;
	Phc &phc_;
	Timestamps &timestamps_;
	FlowSteering &steering_;
	Fragments &fragments_;
	const Address &address_;
	const VfManager &vfs_;
	uint32_t mtu_;
	DriverInfo driver_;
};

} // namespace ena

#endif
