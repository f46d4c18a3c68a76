/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of the packet rings. Every ring starts with phase 1, and the
 * producer flips it at each wrap. Doorbells carry a free-running 16-bit tail.
 */
#ifndef OPENENA_ABI_IO_H
#define OPENENA_ABI_IO_H

#include "ena_types.h"

enum ena_l3_proto { ENA_L3_UNKNOWN = 0, ENA_L3_IPV4 = 8, ENA_L3_IPV6 = 11 };
enum ena_l4_proto { ENA_L4_UNKNOWN = 0, ENA_L4_TCP = 12, ENA_L4_UDP = 13 };

/* Common to word 0 of both kinds of TX descriptor. */
#define ENA_TXD_META ENA_BIT(23)
#define ENA_TXD_PHASE ENA_BIT(24)
#define ENA_TXD_FIRST ENA_BIT(26)
#define ENA_TXD_LAST ENA_BIT(27)
#define ENA_TXD_COMP_REQ ENA_BIT(28)

#define ENA_TXD0_LENGTH ENA_MASK(15, 0)
#define ENA_TXD0_REQ_ID_HI ENA_MASK(21, 16) /* req_id[15:10] */

#define ENA_TXD1_L3_PROTO ENA_MASK(3, 0)
#define ENA_TXD1_DF ENA_BIT(4)
#define ENA_TXD1_TSO ENA_BIT(7)
#define ENA_TXD1_L4_PROTO ENA_MASK(12, 8)
#define ENA_TXD1_L3_CSUM ENA_BIT(13)
#define ENA_TXD1_L4_CSUM ENA_BIT(14)
#define ENA_TXD1_FCS_DISABLE ENA_BIT(15)
#define ENA_TXD1_L4_PARTIAL ENA_BIT(17) /* the field holds the pseudo-header sum */
#define ENA_TXD1_REQ_ID_LO ENA_MASK(31, 22) /* req_id[9:0] */

#define ENA_TXD3_ADDR_HI ENA_MASK(15, 0)
#define ENA_TXD3_HEADER_LENGTH ENA_MASK(31, 24)

struct ena_tx_desc {
	ena_le32 word0;
	ena_le32 word1;
	ena_le32 addr_lo;
	ena_le32 word3;
};
ENA_ASSERT_SIZE(struct ena_tx_desc, 16);

#define ENA_TXM0_EXT_VALID ENA_BIT(14)
#define ENA_TXM0_MSS_HI ENA_MASK(19, 16) /* mss[13:10] */
#define ENA_TXM0_ETH_META_TYPE ENA_BIT(20)
#define ENA_TXM0_META_STORE ENA_BIT(21)

#define ENA_TXM2_L3_HDR_LEN ENA_MASK(7, 0)
#define ENA_TXM2_L3_HDR_OFF ENA_MASK(15, 8)
#define ENA_TXM2_L4_HDR_WORDS ENA_MASK(21, 16) /* TCP data offset */
#define ENA_TXM2_MSS_LO ENA_MASK(31, 22) /* mss[9:0] */

struct ena_tx_meta_desc {
	ena_le32 word0;
	ena_le32 word1;
	ena_le32 word2;
	ena_le32 word3;
};
ENA_ASSERT_SIZE(struct ena_tx_meta_desc, 16);

#define ENA_CDESC_PHASE 0x01
#define ENA_TX_CDESC_MBZ 0xc0

struct ena_tx_cdesc {
	ena_le16 req_id;
	uint8_t status;
	uint8_t flags;
	ena_le16 sub_qid;
	ena_le16 sq_head;
};
ENA_ASSERT_SIZE(struct ena_tx_cdesc, 8);

/* In completion queues with entries of 4 words. */
struct ena_tx_cdesc_ext {
	struct ena_tx_cdesc base;
	ena_le32 timestamp_lo; /* ns, as the hardware clock shows */
	ena_le32 timestamp_hi;
};
ENA_ASSERT_SIZE(struct ena_tx_cdesc_ext, 16);

enum ena_rx_desc_ctrl {
	ENA_RXD_PHASE = 0x01,
	ENA_RXD_FIRST = 0x04,
	ENA_RXD_LAST = 0x08,
	ENA_RXD_COMP_REQ = 0x10,
};

struct ena_rx_desc {
	ena_le16 length; /* 0: 64 KiB */
	uint8_t reserved2;
	uint8_t ctrl;
	ena_le16 req_id;
	ena_le16 reserved6;
	ena_le32 addr_lo;
	ena_le16 addr_hi;
	ena_le16 reserved14;
};
ENA_ASSERT_SIZE(struct ena_rx_desc, 16);

#define ENA_RXC_L3_PROTO ENA_MASK(4, 0)
#define ENA_RXC_VLAN_COUNT ENA_MASK(6, 5)
#define ENA_RXC_L4_PROTO ENA_MASK(12, 8)
#define ENA_RXC_L3_CSUM_ERR ENA_BIT(13)
#define ENA_RXC_L4_CSUM_ERR ENA_BIT(14)
#define ENA_RXC_IPV4_FRAG ENA_BIT(15)
#define ENA_RXC_L4_CSUM_CHECKED ENA_BIT(16)
#define ENA_RXC_PHASE ENA_BIT(24)
#define ENA_RXC_L3_CSUM2 ENA_BIT(25)
#define ENA_RXC_FIRST ENA_BIT(26)
#define ENA_RXC_LAST ENA_BIT(27)
#define ENA_RXC_BUFFER ENA_BIT(30)
#define ENA_RXC_MBZ (ENA_BIT(7) | ENA_BIT(17))

struct ena_rx_cdesc {
	ena_le32 status;
	ena_le16 length;
	ena_le16 req_id;
	ena_le32 hash;
	ena_le16 sub_qid;
	uint8_t offset;
	uint8_t reserved;
};
ENA_ASSERT_SIZE(struct ena_rx_cdesc, 16);

/* In completion queues with entries of 8 words. */
struct ena_rx_cdesc_ext {
	struct ena_rx_cdesc base;
	ena_le32 addr_lo; /* of the buffer */
	ena_le16 addr_hi;
	ena_le16 reserved22;
	ena_le32 timestamp_lo; /* ns, as the hardware clock shows; drivers read the last one's */
	ena_le32 timestamp_hi;
};
ENA_ASSERT_SIZE(struct ena_rx_cdesc_ext, 32);
ENA_ASSERT_OFFSET(struct ena_rx_cdesc_ext, timestamp_lo, 24);

#endif
