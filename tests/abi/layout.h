/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs that C and C++ must lay out alike. */
#ifndef TESTS_ABI_LAYOUT_H
#define TESTS_ABI_LAYOUT_H

#include <stddef.h>

#define LAYOUT_TYPES(X)             \
	X(ena_mem_addr)             \
	X(ena_mmio_read_resp)       \
	X(ena_aq_common)            \
	X(ena_ctrl_buffer)          \
	X(ena_aq_entry)             \
	X(ena_acq_common)           \
	X(ena_acq_entry)            \
	X(ena_aenq_entry)           \
	X(ena_create_sq_cmd)        \
	X(ena_create_sq_resp)       \
	X(ena_destroy_sq_cmd)       \
	X(ena_create_cq_cmd)        \
	X(ena_create_cq_resp)       \
	X(ena_destroy_cq_cmd)       \
	X(ena_get_stats_cmd)        \
	X(ena_split64)              \
	X(ena_basic_stats)          \
	X(ena_eni_stats)            \
	X(ena_srd_stats)            \
	X(ena_customer_metrics)     \
	X(ena_feature_common)       \
	X(ena_get_feature_cmd)      \
	X(ena_set_feature_cmd)      \
	X(ena_device_attributes)    \
	X(ena_max_queues)           \
	X(ena_max_queues_ext)       \
	X(ena_llq_config)           \
	X(ena_hw_hints)             \
	X(ena_rss_hash_function)    \
	X(ena_rss_key)              \
	X(ena_offload)              \
	X(ena_rss_entry)            \
	X(ena_rss_indirection)      \
	X(ena_mtu)                  \
	X(ena_rss_proto_fields)     \
	X(ena_rss_hash_input)       \
	X(ena_rss_hash_control)     \
	X(ena_interrupt_moderation) \
	X(ena_aenq_config)          \
	X(ena_link_config)          \
	X(ena_host_attr)            \
	X(ena_host_info)            \
	X(ena_phc_config)           \
	X(ena_phc_answer)           \
	X(ena_hw_timestamp_config)  \
	X(ena_frag_bypass)          \
	X(ena_flow_steering_cmd)    \
	X(ena_flow_steering_resp)   \
	X(ena_flow_steering_match)  \
	X(ena_vf_cmd)               \
	X(ena_vf_info)              \
	X(ena_vf_settings_answer)   \
	X(ena_vf_rx_stats)          \
	X(ena_vf_tx_stats)          \
	X(ena_vf_switch)            \
	X(ena_vf_mac)               \
	X(ena_vf_vlan)              \
	X(ena_vf_toggle)            \
	X(ena_vf_link)              \
	X(ena_vf_tx_rate)           \
	X(ena_tx_desc)              \
	X(ena_tx_meta_desc)         \
	X(ena_tx_cdesc)             \
	X(ena_tx_cdesc_ext)         \
	X(ena_rx_desc)              \
	X(ena_rx_cdesc)             \
	X(ena_rx_cdesc_ext)

struct layout {
	const char *name;
	size_t size, alignment;
};

#ifdef __cplusplus
extern "C" {
#endif
extern const struct layout layout_c[];
extern const unsigned int layout_c_count;
#ifdef __cplusplus
}
#endif

#endif
