// SPDX-License-Identifier: GPL-2.0-or-later
/* ethtool's rx-flow-hash: what the hash of received packets is of. Under rtnl. */
#include <linux/ethtool.h>

#include "openena.h"

static const struct {
	u64 ethtool;
	u32 field;
} oe_hash_names[] = {
	{RXH_IP_SRC, OE_HASH_SRC_IP},
	{RXH_IP_DST, OE_HASH_DST_IP},
	{RXH_L4_B_0_1, OE_HASH_SRC_PORT},
	{RXH_L4_B_2_3, OE_HASH_DST_PORT},
};

/* 0: none that the core knows. */
static u32 oe_hash_type(u32 flow_type)
{
	switch (flow_type) {
	case IPV4_FLOW:
		return OE_FLOW_IPV4;
	case IPV6_FLOW:
		return OE_FLOW_IPV6;
	case TCP_V4_FLOW:
		return OE_FLOW_TCP4;
	case TCP_V6_FLOW:
		return OE_FLOW_TCP6;
	case UDP_V4_FLOW:
		return OE_FLOW_UDP4;
	case UDP_V6_FLOW:
		return OE_FLOW_UDP6;
	default:
		return 0;
	}
}

int oe_get_hash_fields(struct net_device *netdev, u32 flow_type, u64 *data)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	u32 i, fields;
	int err = oe_hash_get_fields(kernel->adapter, oe_hash_type(flow_type), &fields);

	if (err)
		return err;
	*data = 0;
	for (i = 0; i < ARRAY_SIZE(oe_hash_names); i++)
		if (fields & oe_hash_names[i].field)
			*data |= oe_hash_names[i].ethtool;
	return 0;
}

int oe_set_hash_fields(struct net_device *netdev, u32 flow_type, u64 data,
		       struct netlink_ext_ack *extack)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_error error;
	u32 i, fields = 0;
	int err;

	for (i = 0; i < ARRAY_SIZE(oe_hash_names); i++) {
		if (data & oe_hash_names[i].ethtool)
			fields |= oe_hash_names[i].field;
		data &= ~oe_hash_names[i].ethtool;
	}
	if (data) {
		snprintf(error.text, sizeof(error.text),
			 "fields %#llx: no device hashes more than addresses and ports", data);
		err = -EINVAL;
	} else {
		err = oe_hash_set_fields(kernel->adapter, oe_hash_type(flow_type), fields, &error);
	}
	if (err)
		oe_refuse(netdev, extack, &error);
	return err;
}
