/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The admin queue pair and the asynchronous event queue: the frames that the
 * whole family shares, then the commands, features and events of ENA.
 */
#ifndef OPENENA_ABI_ADMIN_H
#define OPENENA_ABI_ADMIN_H

#include "ena_types.h"

/* --- the frames, common to the family ------------------------------------ */

enum { ENA_ADMIN_ENTRY_SIZE = 64 };

/* command_id: the low bits name the slot; the device echoes all twelve. */
#define ENA_AQ_COMMAND_ID ENA_MASK(11, 0)

enum ena_aq_flags {
	ENA_AQ_PHASE = 0x01,
	ENA_AQ_CTRL_DATA = 0x02,
	/*
	 * Drivers set this, yet the address they give is the buffer itself:
	 * every non-zero control address is a direct one.
	 */
	ENA_AQ_CTRL_DATA_INDIRECT = 0x04,
};

struct ena_aq_common {
	ena_le16 command_id;
	uint8_t opcode;
	uint8_t flags;
};
ENA_ASSERT_SIZE(struct ena_aq_common, 4);

struct ena_ctrl_buffer {
	ena_le32 length;
	struct ena_mem_addr address;
};
ENA_ASSERT_SIZE(struct ena_ctrl_buffer, 12);

struct ena_aq_entry {
	struct ena_aq_common common;
	struct ena_ctrl_buffer ctrl;
	uint8_t data[48];
};
ENA_ASSERT_SIZE(struct ena_aq_entry, ENA_ADMIN_ENTRY_SIZE);
ENA_ASSERT_OFFSET(struct ena_aq_entry, data, 16);

enum ena_acq_flags { ENA_ACQ_PHASE = 0x01 };

struct ena_acq_common {
	ena_le16 command_id;
	uint8_t status; /* enum ena_admin_status */
	uint8_t flags;
	ena_le16 extended_status;
	ena_le16 sq_head;
};
ENA_ASSERT_SIZE(struct ena_acq_common, 8);

struct ena_acq_entry {
	struct ena_acq_common common;
	uint8_t payload[56];
};
ENA_ASSERT_SIZE(struct ena_acq_entry, ENA_ADMIN_ENTRY_SIZE);

enum ena_admin_status {
	ENA_ADMIN_SUCCESS = 0,
	ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE = 1,
	ENA_ADMIN_BAD_OPCODE = 2,
	ENA_ADMIN_UNSUPPORTED_OPCODE = 3,
	ENA_ADMIN_MALFORMED_REQUEST = 4,
	ENA_ADMIN_ILLEGAL_PARAMETER = 5,
	ENA_ADMIN_UNKNOWN_ERROR = 6,
	ENA_ADMIN_RESOURCE_BUSY = 7,
};

enum ena_aenq_flags { ENA_AENQ_PHASE = 0x01 };

struct ena_aenq_entry {
	ena_le16 group;
	ena_le16 syndrome;
	uint8_t flags;
	uint8_t reserved[3];
	ena_le32 timestamp_lo;
	ena_le32 timestamp_hi;
	uint8_t data[48];
};
ENA_ASSERT_SIZE(struct ena_aenq_entry, ENA_ADMIN_ENTRY_SIZE);
ENA_ASSERT_OFFSET(struct ena_aenq_entry, timestamp_lo, 8);
ENA_ASSERT_OFFSET(struct ena_aenq_entry, data, 16);

/* --- commands ------------------------------------------------------------ */

enum ena_admin_opcode {
	ENA_ADMIN_CREATE_SQ = 1,
	ENA_ADMIN_DESTROY_SQ = 2,
	ENA_ADMIN_CREATE_CQ = 3,
	ENA_ADMIN_DESTROY_CQ = 4,
	ENA_ADMIN_GET_FEATURE = 8,
	ENA_ADMIN_SET_FEATURE = 9,
	ENA_ADMIN_GET_STATS = 11,
};

enum ena_sq_direction { ENA_SQ_TX = 1, ENA_SQ_RX = 2 };
#define ENA_SQ_IDENTITY_DIRECTION ENA_MASK(7, 5)

enum ena_sq_placement { ENA_PLACEMENT_HOST = 1, ENA_PLACEMENT_DEVICE = 3 };
#define ENA_SQ_CAPS2_PLACEMENT ENA_MASK(3, 0)
#define ENA_SQ_CAPS2_COMPLETION ENA_MASK(6, 4) /* always 0: per descriptor */
#define ENA_SQ_CAPS3_CONTIGUOUS ENA_BIT(0)

struct ena_create_sq_cmd {
	struct ena_aq_common common;
	uint8_t identity;
	uint8_t reserved5;
	uint8_t caps2;
	uint8_t caps3;
	ena_le16 cq_idx;
	ena_le16 depth;
	struct ena_mem_addr base; /* 0 in device placement */
	struct ena_mem_addr head_writeback; /* no driver uses it */
	uint8_t reserved28[36];
};
ENA_ASSERT_SIZE(struct ena_create_sq_cmd, ENA_ADMIN_ENTRY_SIZE);
ENA_ASSERT_OFFSET(struct ena_create_sq_cmd, base, 12);

struct ena_create_sq_resp {
	struct ena_acq_common common;
	ena_le16 sq_idx;
	ena_le16 reserved;
	ena_le32 doorbell_offset; /* in BAR0 */
	ena_le32 llq_descriptors_offset; /* in BAR2 */
	ena_le32 llq_headers_offset;
};
ENA_ASSERT_SIZE(struct ena_create_sq_resp, 24);

struct ena_destroy_sq_cmd {
	struct ena_aq_common common;
	ena_le16 sq_idx;
	uint8_t identity;
	uint8_t reserved;
	uint8_t reserved8[56];
};
ENA_ASSERT_SIZE(struct ena_destroy_sq_cmd, ENA_ADMIN_ENTRY_SIZE);

#define ENA_CQ_CAPS1_INTERRUPT ENA_BIT(5)
/*
 * 2: TX; 4: RX, or TX with timestamps, as the submission queue says; 8: RX with
 * timestamps.
 */
#define ENA_CQ_CAPS2_ENTRY_WORDS ENA_MASK(4, 0)
#define ENA_CQ_NO_VECTOR 0xffffffffu

struct ena_create_cq_cmd {
	struct ena_aq_common common;
	uint8_t caps1;
	uint8_t caps2;
	ena_le16 depth;
	ena_le32 msix_vector;
	struct ena_mem_addr base;
	uint8_t reserved20[44];
};
ENA_ASSERT_SIZE(struct ena_create_cq_cmd, ENA_ADMIN_ENTRY_SIZE);
ENA_ASSERT_OFFSET(struct ena_create_cq_cmd, base, 12);

struct ena_create_cq_resp {
	struct ena_acq_common common;
	ena_le16 cq_idx;
	ena_le16 actual_depth;
	ena_le32 numa_node_offset; /* 0: none */
	ena_le32 head_doorbell_offset; /* 0: none */
	ena_le32 unmask_offset;
};
ENA_ASSERT_SIZE(struct ena_create_cq_resp, 24);

struct ena_destroy_cq_cmd {
	struct ena_aq_common common;
	ena_le16 cq_idx;
	ena_le16 reserved;
	uint8_t reserved8[56];
};
ENA_ASSERT_SIZE(struct ena_destroy_cq_cmd, ENA_ADMIN_ENTRY_SIZE);

enum ena_stats_type {
	ENA_STATS_BASIC = 0,
	ENA_STATS_EXTENDED = 1,
	ENA_STATS_ENI = 2,
	ENA_STATS_SRD = 3,
	ENA_STATS_CUSTOMER_METRICS = 4,
};
enum ena_stats_scope { ENA_STATS_QUEUE = 0, ENA_STATS_ETH = 1 };
#define ENA_STATS_OWN_DEVICE 0xffff

struct ena_get_stats_cmd {
	struct ena_aq_common common;
	struct ena_ctrl_buffer ctrl;
	uint8_t type;
	uint8_t scope;
	ena_le16 reserved18;
	ena_le16 queue_idx;
	ena_le16 device_id;
	ena_le64 requested_metrics;
	uint8_t reserved32[32];
};
ENA_ASSERT_SIZE(struct ena_get_stats_cmd, ENA_ADMIN_ENTRY_SIZE);
ENA_ASSERT_OFFSET(struct ena_get_stats_cmd, requested_metrics, 24);

struct ena_split64 {
	ena_le32 lo;
	ena_le32 hi;
};

struct ena_basic_stats {
	struct ena_split64 tx_bytes;
	struct ena_split64 tx_pkts;
	struct ena_split64 rx_bytes;
	struct ena_split64 rx_pkts;
	struct ena_split64 rx_drops;
	struct ena_split64 tx_drops;
	struct ena_split64 rx_overruns;
};
ENA_ASSERT_SIZE(struct ena_basic_stats, 56);

struct ena_eni_stats {
	ena_le64 bw_in_allowance_exceeded;
	ena_le64 bw_out_allowance_exceeded;
	ena_le64 pps_allowance_exceeded;
	ena_le64 conntrack_allowance_exceeded;
	ena_le64 linklocal_allowance_exceeded;
};
ENA_ASSERT_SIZE(struct ena_eni_stats, 40);

/* ENA Express: the SRD protocol, the packets that could use it and those that did. */
#define ENA_SRD_ENABLED ENA_BIT(0)
#define ENA_SRD_UDP_ENABLED ENA_BIT(1)
#define ENA_SRD_UDP_ORDERING_BYPASS ENA_BIT(2)
struct ena_srd_stats {
	ena_le64 flags;
	ena_le64 tx_pkts;
	ena_le64 eligible_tx_pkts;
	ena_le64 rx_pkts;
	ena_le64 resource_utilization; /* percent */
};
ENA_ASSERT_SIZE(struct ena_srd_stats, 40);

/* Customer metrics: bits of requested_metrics and reported_metrics. */
enum ena_metric {
	ENA_METRIC_BW_IN_ALLOWANCE_EXCEEDED = 0,
	ENA_METRIC_BW_OUT_ALLOWANCE_EXCEEDED = 1,
	ENA_METRIC_PPS_ALLOWANCE_EXCEEDED = 2,
	ENA_METRIC_CONNTRACK_ALLOWANCE_EXCEEDED = 3,
	ENA_METRIC_LINKLOCAL_ALLOWANCE_EXCEEDED = 4,
	ENA_METRIC_CONNTRACK_ALLOWANCE_AVAILABLE = 5,
	ENA_METRIC_COUNT = 6,
};

/* The values go to the control buffer as u64, in the order of the bits. */
struct ena_customer_metrics {
	ena_le64 reported_metrics;
};
ENA_ASSERT_SIZE(struct ena_customer_metrics, 8);

/* --- features ------------------------------------------------------------ */

enum ena_feature_id {
	ENA_FEATURE_DEVICE_ATTRIBUTES = 1,
	ENA_FEATURE_MAX_QUEUES_NUM = 2,
	ENA_FEATURE_HW_HINTS = 3,
	ENA_FEATURE_LLQ = 4,
	ENA_FEATURE_MAX_QUEUES_EXT = 7,
	ENA_FEATURE_FRAG_BYPASS = 8,
	ENA_FEATURE_RSS_HASH_FUNCTION = 10,
	ENA_FEATURE_OFFLOAD = 11,
	ENA_FEATURE_RSS_INDIRECTION = 12,
	ENA_FEATURE_MTU = 14,
	ENA_FEATURE_RSS_HASH_INPUT = 18,
	ENA_FEATURE_INTERRUPT_MODERATION = 20,
	ENA_FEATURE_AENQ_CONFIG = 26,
	ENA_FEATURE_LINK_CONFIG = 27,
	ENA_FEATURE_HOST_ATTR = 28,
	ENA_FEATURE_PHC = 29,
	ENA_FEATURE_FLOW_STEERING = 30,
	ENA_FEATURE_HW_TIMESTAMP = 31,
};

enum ena_feature_select { ENA_SELECT_CURRENT = 1, ENA_SELECT_DEFAULT = 3 };
#define ENA_FEATURE_FLAGS_SELECT ENA_MASK(1, 0)

struct ena_feature_common {
	uint8_t flags;
	uint8_t feature_id;
	uint8_t feature_version; /* the highest that the driver knows */
	uint8_t reserved;
};

struct ena_get_feature_cmd {
	struct ena_aq_common common;
	struct ena_ctrl_buffer ctrl;
	struct ena_feature_common feature;
	uint8_t reserved20[44];
};
ENA_ASSERT_SIZE(struct ena_get_feature_cmd, ENA_ADMIN_ENTRY_SIZE);
ENA_ASSERT_OFFSET(struct ena_get_feature_cmd, feature, 16);

struct ena_set_feature_cmd {
	struct ena_aq_common common;
	struct ena_ctrl_buffer ctrl;
	struct ena_feature_common feature;
	uint8_t data[44];
};
ENA_ASSERT_SIZE(struct ena_set_feature_cmd, ENA_ADMIN_ENTRY_SIZE);
ENA_ASSERT_OFFSET(struct ena_set_feature_cmd, data, 20);

/* Feature structs: the payload of a GET answer and the data of a SET. */

#define ENA_CAPABILITY_ENI_STATS ENA_BIT(0)
#define ENA_CAPABILITY_SRD_INFO ENA_BIT(1)
#define ENA_CAPABILITY_CUSTOMER_METRICS ENA_BIT(2)
#define ENA_CAPABILITY_EXTENDED_RESET_REASONS ENA_BIT(3)
#define ENA_CAPABILITY_CDESC_MBZ ENA_BIT(4)

struct ena_device_attributes {
	ena_le32 impl_id;
	ena_le32 device_version;
	ena_le32 supported_features; /* bit = feature id */
	ena_le32 capabilities;
	ena_le32 phys_addr_width;
	ena_le32 virt_addr_width;
	uint8_t mac[6];
	ena_le16 flow_steering_max_entries;
	ena_le32 max_mtu; /* without the Ethernet header */
};
ENA_ASSERT_SIZE(struct ena_device_attributes, 36);
ENA_ASSERT_OFFSET(struct ena_device_attributes, mac, 24);

struct ena_max_queues {
	ena_le32 max_sq_num;
	ena_le32 max_sq_depth;
	ena_le32 max_cq_num;
	ena_le32 max_cq_depth;
	ena_le32 max_legacy_llq_num;
	ena_le32 max_legacy_llq_depth;
	ena_le32 max_header_size;
	ena_le16 max_packet_tx_descs;
	ena_le16 max_packet_rx_descs;
};
ENA_ASSERT_SIZE(struct ena_max_queues, 32);

/*
 * LLQ: transmit queues whose entries lie in BAR2. GET fills what is supported and
 * enabled, SET takes the enabled fields: one bit each.
 */
enum ena_llq_header_location { ENA_LLQ_HEADER_INLINE = 1, ENA_LLQ_HEADER_RING = 2 };
enum ena_llq_entry_size { ENA_LLQ_ENTRY_128 = 1, ENA_LLQ_ENTRY_192 = 2, ENA_LLQ_ENTRY_256 = 4 };
/* How descriptors fill the entries of a packet behind its first one. */
enum ena_llq_stride { ENA_LLQ_STRIDE_SINGLE = 1, ENA_LLQ_STRIDE_MULTIPLE = 2 };
#define ENA_LLQ_DISABLE_META_CACHING ENA_BIT(0)
#define ENA_LLQ_LIMIT_TX_BURST ENA_BIT(1)

struct ena_llq_option {
	ena_le16 supported;
	ena_le16 enabled;
};

enum { ENA_LLQ_VERSION = 1 };

struct ena_llq_config {
	ena_le32 max_num;
	ena_le32 max_depth;
	struct ena_llq_option header_location;
	struct ena_llq_option entry_size;
	struct ena_llq_option descs_before_header; /* bit = number: 1, 2, 4, 8 */
	struct ena_llq_option stride;
	uint8_t version; /* this byte and the next three are 0 in version 0 */
	uint8_t entry_size_recommended; /* enum ena_llq_entry_size */
	ena_le16 max_wide_depth; /* of entries of 256 bytes; 0: half of max_depth */
	ena_le16 accel_flags; /* GET: what the device needs; SET: what the driver knows */
	ena_le16 max_tx_burst; /* GET: bytes of entries of one doorbell */
	ena_le32 reserved32;
};
ENA_ASSERT_SIZE(struct ena_llq_config, 36);
ENA_ASSERT_OFFSET(struct ena_llq_config, version, 24);
ENA_ASSERT_OFFSET(struct ena_llq_config, accel_flags, 28);

enum { ENA_MAX_QUEUES_EXT_VERSION = 1 };

struct ena_max_queues_ext {
	uint8_t version;
	uint8_t reserved[3];
	ena_le32 max_tx_sq_num;
	ena_le32 max_tx_cq_num;
	ena_le32 max_rx_sq_num;
	ena_le32 max_rx_cq_num;
	ena_le32 max_tx_sq_depth;
	ena_le32 max_tx_cq_depth;
	ena_le32 max_rx_sq_depth;
	ena_le32 max_rx_cq_depth;
	ena_le32 max_tx_header_size;
	ena_le16 max_packet_tx_descs;
	ena_le16 max_packet_rx_descs;
};
ENA_ASSERT_SIZE(struct ena_max_queues_ext, 44);
ENA_ASSERT_OFFSET(struct ena_max_queues_ext, max_packet_tx_descs, 40);

/* 0: the driver's default stands; 0xffff: no timeout. */
#define ENA_HINT_NO_TIMEOUT 0xffff

struct ena_hw_hints {
	ena_le16 mmio_read_timeout_ms;
	ena_le16 driver_watchdog_timeout_ms;
	ena_le16 missing_tx_completion_timeout_ms;
	ena_le16 missed_tx_completion_threshold;
	ena_le16 admin_completion_timeout_ms;
	ena_le16 netdev_watchdog_timeout_ms;
	ena_le16 max_tx_sgl_size;
	ena_le16 max_rx_sgl_size;
	ena_le16 reserved[8];
};
ENA_ASSERT_SIZE(struct ena_hw_hints, 32);

/* A hash function is named by its bit: 1 << function. */
#define ENA_RSS_FUNCTION_TOEPLITZ ENA_BIT(1)
#define ENA_RSS_FUNCTION_CRC32 ENA_BIT(2)
enum { ENA_RSS_KEY_WORDS = 10, ENA_RSS_KEY_SIZE = 40 };

struct ena_rss_hash_function {
	ena_le32 supported; /* mask of functions */
	ena_le32 selected; /* one of them */
	ena_le32 init_val;
};
ENA_ASSERT_SIZE(struct ena_rss_hash_function, 12);

/* Control buffer of feature 10. */
struct ena_rss_key {
	ena_le32 parts;
	ena_le32 reserved;
	uint8_t key[ENA_RSS_KEY_SIZE];
};
ENA_ASSERT_SIZE(struct ena_rss_key, 48);

#define ENA_OFFLOAD_TX_L3_CSUM_V4 ENA_BIT(0)
#define ENA_OFFLOAD_TX_L4_CSUM_V4_PART ENA_BIT(1)
#define ENA_OFFLOAD_TX_L4_CSUM_V4_FULL ENA_BIT(2)
#define ENA_OFFLOAD_TX_L4_CSUM_V6_PART ENA_BIT(3)
#define ENA_OFFLOAD_TX_L4_CSUM_V6_FULL ENA_BIT(4)
#define ENA_OFFLOAD_TX_TSO_V4 ENA_BIT(5)
#define ENA_OFFLOAD_TX_TSO_V6 ENA_BIT(6)
#define ENA_OFFLOAD_TX_TSO_ECN ENA_BIT(7)

#define ENA_OFFLOAD_RX_L3_CSUM_V4 ENA_BIT(0)
#define ENA_OFFLOAD_RX_L4_CSUM_V4 ENA_BIT(1)
#define ENA_OFFLOAD_RX_L4_CSUM_V6 ENA_BIT(2)
#define ENA_OFFLOAD_RX_HASH ENA_BIT(3)

struct ena_offload {
	ena_le32 tx;
	ena_le32 rx_supported;
	ena_le32 rx_enabled;
};
ENA_ASSERT_SIZE(struct ena_offload, 12);

/* Table sizes are log2. */
#define ENA_RSS_INDEX_WHOLE_TABLE 0xffffffffu
enum ena_rss_indirection_flags { ENA_RSS_ONE_ENTRY_UPDATE = 0x01 };

struct ena_rss_entry {
	ena_le16 cq_idx; /* of the RX queue; drivers write its SQ index here */
	ena_le16 reserved;
};
ENA_ASSERT_SIZE(struct ena_rss_entry, 4);

struct ena_rss_indirection {
	ena_le16 min_size;
	ena_le16 max_size;
	ena_le16 size;
	uint8_t flags;
	uint8_t reserved;
	ena_le32 inline_index;
	struct ena_rss_entry inline_entry;
};
ENA_ASSERT_SIZE(struct ena_rss_indirection, 16);

struct ena_mtu {
	ena_le32 mtu; /* without the Ethernet header */
};

enum ena_rss_proto {
	ENA_RSS_TCP4 = 0,
	ENA_RSS_UDP4 = 1,
	ENA_RSS_TCP6 = 2,
	ENA_RSS_UDP6 = 3,
	ENA_RSS_IP4 = 4,
	ENA_RSS_IP6 = 5,
	ENA_RSS_IP4_FRAG = 6,
	ENA_RSS_NOT_IP = 7,
	ENA_RSS_TCP6_EX = 8,
	ENA_RSS_IP6_EX = 9,
	ENA_RSS_PROTO_COUNT = 16, /* table size; 10 to 15 are not in use */
};

enum ena_rss_field {
	ENA_RSS_L2_DA = 0x01,
	ENA_RSS_L2_SA = 0x02,
	ENA_RSS_L3_DA = 0x04,
	ENA_RSS_L3_SA = 0x08,
	ENA_RSS_L4_DP = 0x10,
	ENA_RSS_L4_SP = 0x20,
};

#define ENA_RSS_SORT_L3 ENA_BIT(1)
#define ENA_RSS_SORT_L4 ENA_BIT(2)

struct ena_rss_hash_input {
	ena_le16 supported_sort;
	ena_le16 enabled_sort;
};
ENA_ASSERT_SIZE(struct ena_rss_hash_input, 4);

struct ena_rss_proto_fields {
	ena_le16 fields;
	ena_le16 reserved;
};

/* Control buffer of feature 18; tables are indexed by enum ena_rss_proto. */
struct ena_rss_hash_control {
	struct ena_rss_proto_fields supported[ENA_RSS_PROTO_COUNT];
	struct ena_rss_proto_fields selected[ENA_RSS_PROTO_COUNT];
	struct ena_rss_proto_fields reserved2[ENA_RSS_PROTO_COUNT];
	struct ena_rss_proto_fields reserved3[ENA_RSS_PROTO_COUNT];
};
ENA_ASSERT_SIZE(struct ena_rss_hash_control, 256);

struct ena_interrupt_moderation {
	ena_le16 resolution_us;
	ena_le16 reserved;
};
ENA_ASSERT_SIZE(struct ena_interrupt_moderation, 4);

struct ena_aenq_config {
	ena_le32 supported_groups; /* bit = enum ena_aenq_group */
	ena_le32 enabled_groups;
};
ENA_ASSERT_SIZE(struct ena_aenq_config, 8);

#define ENA_LINK_1G ENA_BIT(0)
#define ENA_LINK_2_5G ENA_BIT(1)
#define ENA_LINK_5G ENA_BIT(2)
#define ENA_LINK_10G ENA_BIT(3)
#define ENA_LINK_25G ENA_BIT(4)
#define ENA_LINK_40G ENA_BIT(5)
#define ENA_LINK_50G ENA_BIT(6)
#define ENA_LINK_100G ENA_BIT(7)
#define ENA_LINK_200G ENA_BIT(8)
#define ENA_LINK_400G ENA_BIT(9)
#define ENA_LINK_AUTONEG ENA_BIT(0)
#define ENA_LINK_FULL_DUPLEX ENA_BIT(1)

struct ena_link_config {
	ena_le32 speed_mbps;
	ena_le32 supported; /* ENA_LINK_1G ... */
	ena_le32 flags; /* ENA_LINK_AUTONEG, ENA_LINK_FULL_DUPLEX */
};
ENA_ASSERT_SIZE(struct ena_link_config, 12);

struct ena_host_attr {
	struct ena_mem_addr os_info; /* one 4 KiB page: struct ena_host_info */
	struct ena_mem_addr debug_area;
	ena_le32 debug_area_size;
};
ENA_ASSERT_SIZE(struct ena_host_attr, 20);

enum ena_os_type {
	ENA_OS_LINUX = 1,
	ENA_OS_WINDOWS = 2,
	ENA_OS_DPDK = 3,
	ENA_OS_FREEBSD = 4,
	ENA_OS_IPXE = 5,
	ENA_OS_ESXI = 6,
};

#define ENA_SPEC_MINOR ENA_MASK(7, 0)
#define ENA_SPEC_MAJOR ENA_MASK(15, 8)
enum { ENA_SPEC_VERSION = 0x0200 };

/* driver_version word */
#define ENA_DRIVER_MAJOR ENA_MASK(7, 0)
#define ENA_DRIVER_MINOR ENA_MASK(15, 8)
#define ENA_DRIVER_SUBMINOR ENA_MASK(23, 16)
#define ENA_DRIVER_MODULE_TYPE ENA_MASK(31, 24)
/* Linux's own driver says 'K', Amazon's 'g'. */
enum ena_driver_module_type { ENA_MODULE_LINUX = 'K', ENA_MODULE_GITHUB = 'g' };

/* driver_supported_features */
#define ENA_DRIVER_RX_OFFSET ENA_BIT(1)
#define ENA_DRIVER_INTERRUPT_MODERATION ENA_BIT(2)
#define ENA_DRIVER_RX_BUF_MIRRORING ENA_BIT(3)
#define ENA_DRIVER_RSS_CONFIGURABLE ENA_BIT(4)
#define ENA_DRIVER_RX_PAGE_REUSE ENA_BIT(6)
#define ENA_DRIVER_TX_IPV6_CSUM ENA_BIT(7)
#define ENA_DRIVER_PHC ENA_BIT(8)
#define ENA_DRIVER_DEBUG_AREA_EXTENDED ENA_BIT(9)

struct ena_host_info {
	ena_le32 os_type;
	char os_dist_str[128];
	ena_le32 os_dist;
	char kernel_ver_str[32];
	ena_le32 kernel_ver;
	ena_le32 driver_version;
	ena_le32 supported_network_features[2];
	ena_le16 spec_version;
	ena_le16 bdf;
	ena_le16 num_cpus;
	ena_le16 reserved;
	ena_le32 driver_supported_features;
};
ENA_ASSERT_SIZE(struct ena_host_info, 196);
ENA_ASSERT_OFFSET(struct ena_host_info, spec_version, 184);
ENA_ASSERT_OFFSET(struct ena_host_info, driver_supported_features, 192);
enum { ENA_HOST_INFO_PAGE = 4096 };

/*
 * Hardware clock. GET gives version, doorbell and timeouts; SET gives the place
 * of the answer.
 */
enum { ENA_PHC_VERSION = 0 };

struct ena_phc_config {
	uint8_t version;
	uint8_t reserved[3];
	ena_le32 doorbell_offset; /* in BAR0 */
	ena_le32 expire_timeout_us; /* how long a driver waits for the answer; 0: 10 */
	ena_le32 block_timeout_us; /* how long it asks nothing after a failure; 0: 1000 */
	struct ena_mem_addr output_address; /* of struct ena_phc_answer */
	ena_le32 output_length;
};
ENA_ASSERT_SIZE(struct ena_phc_config, 28);
ENA_ASSERT_OFFSET(struct ena_phc_config, output_address, 16);

#define ENA_PHC_ERROR_TIMESTAMP ENA_BIT(0) /* no valid time, or asked too often */
#define ENA_PHC_ERROR_ERROR_BOUND ENA_BIT(1)
#define ENA_PHC_ERROR_BOUND_UNKNOWN 0xffffffffu

/* The answer to a write to the doorbell; req_id must become visible last. */
struct ena_phc_answer {
	ena_le16 req_id;
	uint8_t reserved2[6];
	ena_le64 timestamp; /* ns since 1970 */
	uint8_t reserved16[8];
	ena_le32 error_bound; /* ns; drivers before 2025 know it as reserved */
	ena_le32 error_flags;
	uint8_t reserved32[32];
};
ENA_ASSERT_SIZE(struct ena_phc_answer, 64);
ENA_ASSERT_OFFSET(struct ena_phc_answer, timestamp, 8);
ENA_ASSERT_OFFSET(struct ena_phc_answer, error_bound, 24);

/* SET only: IP fragments are sent without the limit on their number. */
struct ena_frag_bypass {
	uint8_t enable;
	uint8_t reserved[3];
};
ENA_ASSERT_SIZE(struct ena_frag_bypass, 4);

enum ena_flow_action { ENA_FLOW_ADD = 1, ENA_FLOW_REMOVE = 2, ENA_FLOW_REMOVE_ALL = 3 };

enum ena_flow_type {
	ENA_FLOW_IPV4 = 1,
	ENA_FLOW_IPV6 = 2,
	ENA_FLOW_TCP4 = 3,
	ENA_FLOW_TCP6 = 4,
	ENA_FLOW_UDP4 = 5,
	ENA_FLOW_UDP6 = 6,
};

#define ENA_FLOW_ANY_LOCATION 0xffff /* the device chooses */

/* SET only. */
struct ena_flow_steering_cmd {
	uint8_t action; /* enum ena_flow_action */
	uint8_t flow_type; /* enum ena_flow_type */
	ena_le16 rx_queue; /* the driver's number of the RX queue, not its SQ index */
	ena_le16 rule_location;
	ena_le16 reserved6;
	ena_le32 flags; /* none is defined */
};
ENA_ASSERT_SIZE(struct ena_flow_steering_cmd, 12);

/* Payload of the answer to a SET that adds a rule. */
struct ena_flow_steering_resp {
	ena_le16 rule_location;
	ena_le16 reserved;
};
ENA_ASSERT_SIZE(struct ena_flow_steering_resp, 4);

/* Control buffer of feature 30. Bits that are 1 in a mask are compared. */
struct ena_flow_steering_match {
	uint8_t dst_ip[16]; /* IPv4: the first four bytes, as in the packet */
	uint8_t dst_ip_mask[16];
	uint8_t src_ip[16];
	uint8_t src_ip_mask[16];
	ena_le16 dst_port;
	ena_le16 dst_port_mask;
	ena_le16 src_port;
	ena_le16 src_port_mask;
	uint8_t tos;
	uint8_t tos_mask;
	uint8_t reserved74[54];
};
ENA_ASSERT_SIZE(struct ena_flow_steering_match, 128);
ENA_ASSERT_OFFSET(struct ena_flow_steering_match, dst_port, 64);

enum ena_hw_timestamp { ENA_HW_TIMESTAMP_NONE = 0, ENA_HW_TIMESTAMP_ALL = 1 };
enum { ENA_HW_TIMESTAMP_VERSION = 1 };

/* GET says what is possible, SET what is to be done; enum ena_hw_timestamp. */
struct ena_hw_timestamp_config {
	uint8_t version; /* GET only */
	uint8_t tx;
	uint8_t rx;
};
ENA_ASSERT_SIZE(struct ena_hw_timestamp_config, 3);

/* --- asynchronous events ------------------------------------------------- */

enum ena_aenq_group {
	ENA_AENQ_LINK_CHANGE = 0,
	ENA_AENQ_FATAL_ERROR = 1,
	ENA_AENQ_WARNING = 2,
	ENA_AENQ_NOTIFICATION = 3,
	ENA_AENQ_KEEP_ALIVE = 4,
	ENA_AENQ_REFRESH_CAPABILITIES = 5,
	ENA_AENQ_CONF_NOTIFICATIONS = 6,
	ENA_AENQ_DEVICE_REQUEST_RESET = 7,
	ENA_AENQ_GROUPS = 8,
};

enum ena_aenq_notification_syndrome { ENA_NOTIFICATION_UPDATE_HINTS = 2 };

#define ENA_LINK_CHANGE_UP ENA_BIT(0)

struct ena_link_change_event {
	ena_le32 flags;
};

struct ena_keep_alive_event {
	struct ena_split64 rx_drops;
	struct ena_split64 tx_drops;
	struct ena_split64 rx_overruns;
};
ENA_ASSERT_SIZE(struct ena_keep_alive_event, 24);

/* Bit n is the notification with code n + 1 in Amazon's documents. */
struct ena_conf_notifications_event {
	ena_le64 bitmap;
	ena_le64 reserved;
};
ENA_ASSERT_SIZE(struct ena_conf_notifications_event, 16);

#endif
