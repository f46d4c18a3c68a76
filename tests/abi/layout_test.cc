// SPDX-License-Identifier: GPL-2.0-or-later
#include "layout.h"

#include <gtest/gtest.h>

#include <iterator>
#include <type_traits>

#include "abi/ena_admin.h"
#include "abi/ena_io.h"
#include "abi/ena_pci.h"
#include "abi/ena_regs.h"
#include "abi/ena_vf.h"

namespace
{

#define ENTRY(type) {#type, sizeof(type), alignof(type)},
constexpr layout layout_cxx[] = {LAYOUT_TYPES(ENTRY)};

#define CHECK_WIRE_STRUCT(type)                                                               \
	static_assert(std::is_trivially_copyable_v<type> && std::is_standard_layout_v<type>); \
	static_assert(std::has_unique_object_representations_v<type>, "no padding on the wire");
LAYOUT_TYPES(CHECK_WIRE_STRUCT)

TEST(Layout, SameInCAndCxx)
{
	ASSERT_EQ(std::size(layout_cxx), layout_c_count);
	for (size_t i = 0; i < std::size(layout_cxx); i++) {
		SCOPED_TRACE(layout_cxx[i].name);
		EXPECT_STREQ(layout_cxx[i].name, layout_c[i].name);
		EXPECT_EQ(layout_cxx[i].size, layout_c[i].size);
		EXPECT_EQ(layout_cxx[i].alignment, layout_c[i].alignment);
	}
}

/* Admin frames have the size of the ring's entry; answers fit the payload. */
TEST(Layout, AdminStructsFitTheirPlace)
{
	constexpr size_t payload = sizeof(ena_acq_entry::payload);
	constexpr size_t set_data = sizeof(ena_set_feature_cmd::data);

	EXPECT_EQ(payload, 56u);
	EXPECT_EQ(set_data, 44u);
	for (const size_t get :
	     {sizeof(ena_device_attributes), sizeof(ena_max_queues), sizeof(ena_max_queues_ext),
	      sizeof(ena_hw_hints), sizeof(ena_rss_hash_function), sizeof(ena_offload),
	      sizeof(ena_rss_indirection), sizeof(ena_rss_hash_input),
	      sizeof(ena_interrupt_moderation), sizeof(ena_aenq_config), sizeof(ena_link_config),
	      sizeof(ena_phc_config), sizeof(ena_basic_stats), sizeof(ena_eni_stats),
	      sizeof(ena_vf_info), sizeof(ena_vf_settings_answer), sizeof(ena_vf_rx_stats),
	      sizeof(ena_vf_tx_stats)})
		EXPECT_LE(get, payload);
	for (const size_t set :
	     {sizeof(ena_rss_hash_function), sizeof(ena_rss_indirection), sizeof(ena_mtu),
	      sizeof(ena_rss_hash_input), sizeof(ena_aenq_config), sizeof(ena_host_attr),
	      sizeof(ena_phc_config)})
		EXPECT_LE(set, set_data);
	for (const size_t event :
	     {sizeof(ena_link_change_event), sizeof(ena_keep_alive_event), sizeof(ena_hw_hints)})
		EXPECT_LE(event, sizeof(ena_aenq_entry::data));
}

/* The extension's numbers are not Amazon's, and its data are where those of a feature are. */
TEST(Layout, ExtensionKeepsClear)
{
	constexpr uint32_t amazon = ENA_CAPABILITY_ENI_STATS | ENA_CAPABILITY_SRD_INFO |
				    ENA_CAPABILITY_CUSTOMER_METRICS |
				    ENA_CAPABILITY_EXTENDED_RESET_REASONS |
				    ENA_CAPABILITY_CDESC_MBZ;

	EXPECT_EQ(ENA_CAPABILITY_VF_MANAGEMENT & amazon, 0u);
	EXPECT_GT(static_cast<int>(ENA_ADMIN_VF_GET), static_cast<int>(ENA_ADMIN_GET_STATS));
	EXPECT_EQ(offsetof(ena_vf_cmd, data), offsetof(ena_set_feature_cmd, data));
	EXPECT_EQ(sizeof(ena_vf_cmd::data), sizeof(ena_set_feature_cmd::data));
	EXPECT_EQ(offsetof(ena_vf_tx_stats, spoofed), 24u);
	EXPECT_EQ(offsetof(ena_vf_tx_stats, tagged), 32u);
	EXPECT_EQ(offsetof(ena_vf_rx_stats, broadcast), 24u);
	EXPECT_EQ(offsetof(ena_vf_rx_stats, multicast), 32u);
}

/* Offsets that the published tables give and the headers do not assert. */
TEST(Layout, PublishedOffsets)
{
	EXPECT_EQ(offsetof(ena_aq_entry, ctrl.address), 8u);
	EXPECT_EQ(offsetof(ena_acq_entry, payload), 8u);
	EXPECT_EQ(offsetof(ena_acq_common, extended_status), 4u);
	EXPECT_EQ(offsetof(ena_acq_common, sq_head), 6u);
	EXPECT_EQ(offsetof(ena_aenq_entry, flags), 4u);
	EXPECT_EQ(offsetof(ena_create_sq_cmd, cq_idx), 8u);
	EXPECT_EQ(offsetof(ena_create_sq_cmd, depth), 10u);
	EXPECT_EQ(offsetof(ena_create_sq_cmd, head_writeback), 20u);
	EXPECT_EQ(offsetof(ena_create_sq_resp, doorbell_offset), 12u);
	EXPECT_EQ(offsetof(ena_create_sq_resp, llq_descriptors_offset), 16u);
	EXPECT_EQ(offsetof(ena_create_cq_cmd, depth), 6u);
	EXPECT_EQ(offsetof(ena_create_cq_cmd, msix_vector), 8u);
	EXPECT_EQ(offsetof(ena_create_cq_resp, actual_depth), 10u);
	EXPECT_EQ(offsetof(ena_create_cq_resp, numa_node_offset), 12u);
	EXPECT_EQ(offsetof(ena_create_cq_resp, head_doorbell_offset), 16u);
	EXPECT_EQ(offsetof(ena_create_cq_resp, unmask_offset), 20u);
	EXPECT_EQ(offsetof(ena_destroy_sq_cmd, identity), 6u);
	EXPECT_EQ(offsetof(ena_get_stats_cmd, type), 16u);
	EXPECT_EQ(offsetof(ena_get_stats_cmd, queue_idx), 20u);
	EXPECT_EQ(offsetof(ena_get_stats_cmd, device_id), 22u);
	EXPECT_EQ(offsetof(ena_device_attributes, flow_steering_max_entries), 30u);
	EXPECT_EQ(offsetof(ena_device_attributes, max_mtu), 32u);
	EXPECT_EQ(offsetof(ena_max_queues, max_packet_tx_descs), 28u);
	EXPECT_EQ(offsetof(ena_max_queues_ext, max_tx_sq_num), 4u);
	EXPECT_EQ(offsetof(ena_max_queues_ext, max_tx_header_size), 36u);
	EXPECT_EQ(offsetof(ena_rss_key, key), 8u);
	EXPECT_EQ(offsetof(ena_rss_indirection, inline_index), 8u);
	EXPECT_EQ(offsetof(ena_rss_indirection, inline_entry), 12u);
	EXPECT_EQ(offsetof(ena_host_info, os_dist), 132u);
	EXPECT_EQ(offsetof(ena_host_info, kernel_ver), 168u);
	EXPECT_EQ(offsetof(ena_host_info, supported_network_features), 176u);
	EXPECT_EQ(offsetof(ena_tx_cdesc, sq_head), 6u);
	EXPECT_EQ(offsetof(ena_rx_desc, req_id), 4u);
	EXPECT_EQ(offsetof(ena_rx_desc, addr_hi), 12u);
	EXPECT_EQ(offsetof(ena_rx_cdesc, hash), 8u);
	EXPECT_EQ(offsetof(ena_rx_cdesc, offset), 14u);
}

} // namespace
