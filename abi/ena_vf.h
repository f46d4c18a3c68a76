/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenENA's extension of the ENA ABI: admin commands by which a physical function
 * manages its virtual functions. It is not Amazon's, who has left these numbers free.
 * Documentation/extension.rst says what each of them means and does.
 */
#ifndef OPENENA_ABI_VF_H
#define OPENENA_ABI_VF_H

#include "ena_admin.h"

/* In the device attributes of a physical function that has virtual functions. */
#define ENA_CAPABILITY_VF_MANAGEMENT ENA_BIT(31)

enum ena_vf_opcode {
	ENA_ADMIN_VF_GET = 0xf0,
	ENA_ADMIN_VF_SET = 0xf1,
};

enum { ENA_VF_VERSION = 1 };

/* What a command is about. */
enum ena_vf_item {
	/* GET */
	ENA_VF_INFO = 0,
	ENA_VF_SETTINGS = 1,
	ENA_VF_RX_STATS = 2,
	ENA_VF_TX_STATS = 3,
	ENA_VF_SWITCH = 4, /* of the adapter */
	/* SET */
	ENA_VF_MAC = 8,
	ENA_VF_VLAN = 9,
	ENA_VF_SPOOF_CHECK = 10,
	ENA_VF_TRUST = 11,
	ENA_VF_LINK = 12,
	ENA_VF_TX_RATE = 13,
	ENA_VF_SWITCH_MODE = 14, /* of the adapter */
};

/* GET has no data. All bytes that are not named, and the data behind what an item has, are 0. */
struct ena_vf_cmd {
	struct ena_aq_common common;
	uint8_t reserved4[12];
	uint8_t item; /* enum ena_vf_item */
	uint8_t version; /* of the extension, as the driver speaks it */
	ena_le16 vf; /* its number, from 0; 0 for what is about none or all */
	uint8_t data[44];
};
ENA_ASSERT_SIZE(struct ena_vf_cmd, ENA_ADMIN_ENTRY_SIZE);
ENA_ASSERT_OFFSET(struct ena_vf_cmd, item, 16);
ENA_ASSERT_OFFSET(struct ena_vf_cmd, version, 17);
ENA_ASSERT_OFFSET(struct ena_vf_cmd, vf, 18);
ENA_ASSERT_OFFSET(struct ena_vf_cmd, data, 20);

/* Answers: the payload of the completion. */

struct ena_vf_info {
	uint8_t version; /* the highest that the adapter speaks */
	uint8_t reserved[3];
	ena_le16 total; /* virtual functions that can be enabled */
	ena_le16 enabled; /* those that are: 0 to this - 1 can be named in commands */
	ena_le32 items; /* bit = enum ena_vf_item */
};
ENA_ASSERT_SIZE(struct ena_vf_info, 12);
ENA_ASSERT_OFFSET(struct ena_vf_info, total, 4);
ENA_ASSERT_OFFSET(struct ena_vf_info, enabled, 6);
ENA_ASSERT_OFFSET(struct ena_vf_info, items, 8);

enum ena_vf_flags {
	ENA_VF_FLAG_MAC_GIVEN = 0x01, /* by the physical function */
	ENA_VF_FLAG_SPOOF_CHECK = 0x02,
	ENA_VF_FLAG_TRUSTED = 0x04,
};

enum ena_vf_link_state {
	ENA_VF_LINK_AUTO = 0, /* as the wire */
	ENA_VF_LINK_ENABLED = 1,
	ENA_VF_LINK_DISABLED = 2,
	ENA_VF_LINK_STATES = 3,
};

struct ena_vf_settings_answer {
	uint8_t mac[6]; /* given or not */
	uint8_t flags; /* enum ena_vf_flags */
	uint8_t link; /* enum ena_vf_link_state */
	ena_le16 vlan; /* 0: none */
	uint8_t priority;
	uint8_t reserved;
	ena_le32 max_tx_mbps; /* 0: no limit */
};
ENA_ASSERT_SIZE(struct ena_vf_settings_answer, 16);
ENA_ASSERT_OFFSET(struct ena_vf_settings_answer, flags, 6);
ENA_ASSERT_OFFSET(struct ena_vf_settings_answer, link, 7);
ENA_ASSERT_OFFSET(struct ena_vf_settings_answer, vlan, 8);
ENA_ASSERT_OFFSET(struct ena_vf_settings_answer, priority, 10);
ENA_ASSERT_OFFSET(struct ena_vf_settings_answer, max_tx_mbps, 12);

/* Since the adapter was made. */
struct ena_vf_rx_stats {
	ena_le64 packets;
	ena_le64 bytes;
	ena_le64 drops;
	ena_le64 broadcast;
	ena_le64 multicast;
};
ENA_ASSERT_SIZE(struct ena_vf_rx_stats, 40);

struct ena_vf_tx_stats {
	ena_le64 packets;
	ena_le64 bytes;
	ena_le64 drops; /* for any reason, those below included */
	ena_le64 spoofed;
	ena_le64 tagged; /* by the function itself, though a VLAN is set for it */
};
ENA_ASSERT_SIZE(struct ena_vf_tx_stats, 40);

/* Who carries frames between functions. */
enum ena_vf_switch_modes {
	ENA_VF_SWITCH_VEB = 0, /* the adapter */
	ENA_VF_SWITCH_VEPA = 1, /* its neighbour, by reflection */
	ENA_VF_SWITCH_MODES = 2,
};

/* Answer to ENA_VF_SWITCH, and what ENA_VF_SWITCH_MODE sets. */
struct ena_vf_switch {
	uint8_t mode; /* enum ena_vf_switch_modes */
};
ENA_ASSERT_SIZE(struct ena_vf_switch, 1);

/* What is set: the first bytes of ena_vf_cmd.data. */

struct ena_vf_mac {
	uint8_t mac[6]; /* all zero: the one that the adapter has made */
};
ENA_ASSERT_SIZE(struct ena_vf_mac, 6);

enum { ENA_VF_MAX_VLAN = 4094, ENA_VF_MAX_PRIORITY = 7, ENA_VF_PROTOCOL_8021Q = 0x8100 };

struct ena_vf_vlan {
	ena_le16 vlan; /* 0: none; then priority is 0 */
	ena_le16 protocol; /* ENA_VF_PROTOCOL_8021Q */
	uint8_t priority;
	uint8_t reserved;
};
ENA_ASSERT_SIZE(struct ena_vf_vlan, 6);
ENA_ASSERT_OFFSET(struct ena_vf_vlan, protocol, 2);
ENA_ASSERT_OFFSET(struct ena_vf_vlan, priority, 4);

/* Of ENA_VF_SPOOF_CHECK and ENA_VF_TRUST. */
struct ena_vf_toggle {
	uint8_t on; /* 0 or 1 */
};
ENA_ASSERT_SIZE(struct ena_vf_toggle, 1);

struct ena_vf_link {
	uint8_t state; /* enum ena_vf_link_state */
};
ENA_ASSERT_SIZE(struct ena_vf_link, 1);

/* The fastest ENA link. */
enum { ENA_VF_MAX_TX_MBPS = 400000 };

struct ena_vf_tx_rate {
	ena_le32 max_mbps; /* 0: no limit */
};
ENA_ASSERT_SIZE(struct ena_vf_tx_rate, 4);

#endif
