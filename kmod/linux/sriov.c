// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "ip link set PF vf I" and "bridge link set dev PF hwmode": what is asked for the virtual
 * functions of this one, and for the switch between them. Under rtnl.
 */
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "openena.h"

/* These operations have no extended answer: the reason goes to the log. */
static int oe_vf_answer(struct net_device *netdev, int err, const struct oe_error *error)
{
	if (err)
		oe_refuse(netdev, NULL, error);
	return err;
}

static struct oe_adapter *oe_vf_adapter(struct net_device *netdev)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	return kernel->adapter;
}

int oe_ndo_set_vf_mac(struct net_device *netdev, int vf, u8 *mac)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct oe_error error;

	return oe_vf_answer(netdev, oe_vf_set_mac(adapter, vf, mac, &error), &error);
}

int oe_ndo_set_vf_vlan(struct net_device *netdev, int vf, u16 vlan, u8 qos, __be16 proto)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct oe_error error;

	return oe_vf_answer(
		netdev, oe_vf_set_vlan(adapter, vf, vlan, qos, be16_to_cpu(proto), &error), &error);
}

int oe_ndo_set_vf_spoofchk(struct net_device *netdev, int vf, bool on)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct oe_error error;

	return oe_vf_answer(netdev, oe_vf_set_spoof_check(adapter, vf, on, &error), &error);
}

int oe_ndo_set_vf_trust(struct net_device *netdev, int vf, bool on)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct oe_error error;

	return oe_vf_answer(netdev, oe_vf_set_trust(adapter, vf, on, &error), &error);
}

int oe_ndo_set_vf_link_state(struct net_device *netdev, int vf, int state)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct oe_error error;

	static_assert((int)OE_VF_LINK_AUTO == IFLA_VF_LINK_STATE_AUTO);
	static_assert((int)OE_VF_LINK_ENABLED == IFLA_VF_LINK_STATE_ENABLE);
	static_assert((int)OE_VF_LINK_DISABLED == IFLA_VF_LINK_STATE_DISABLE);
	return oe_vf_answer(netdev, oe_vf_set_link(adapter, vf, state, &error), &error);
}

int oe_ndo_set_vf_rate(struct net_device *netdev, int vf, int min_mbps, int max_mbps)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct oe_error error;

	return oe_vf_answer(netdev, oe_vf_set_rate(adapter, vf, min_mbps, max_mbps, &error),
			    &error);
}

int oe_ndo_get_vf_config(struct net_device *netdev, int vf, struct ifla_vf_info *info)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct oe_vf_config config;
	int err;

	err = oe_vf_get(adapter, vf, &config);
	if (err)
		return err;
	info->vf = vf;
	ether_addr_copy(info->mac, config.mac);
	info->vlan = config.vlan;
	info->qos = config.priority;
	info->vlan_proto = htons(ETH_P_8021Q);
	info->spoofchk = config.spoof_check;
	info->linkstate = config.link;
	info->max_tx_rate = config.max_tx_mbps;
	info->trusted = config.trusted;
	return 0;
}

int oe_ndo_get_vf_stats(struct net_device *netdev, int vf, struct ifla_vf_stats *to)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct oe_vf_stats stats;
	int err;

	err = oe_vf_get_stats(adapter, vf, &stats);
	if (err)
		return err;
	to->rx_packets = stats.rx_packets;
	to->rx_bytes = stats.rx_bytes;
	to->rx_dropped = stats.rx_drops;
	to->broadcast = stats.rx_broadcast;
	to->multicast = stats.rx_multicast;
	to->tx_packets = stats.tx_packets;
	to->tx_bytes = stats.tx_bytes;
	to->tx_dropped = stats.tx_drops;
	return 0;
}

int oe_ndo_bridge_setlink(struct net_device *netdev, struct nlmsghdr *nlh, u16 flags,
			  struct netlink_ext_ack *extack)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	struct nlattr *spec, *mode;
	struct oe_error error;
	int err;

	static_assert((int)OE_SWITCH_VEB == BRIDGE_MODE_VEB);
	static_assert((int)OE_SWITCH_VEPA == BRIDGE_MODE_VEPA);
	spec = nlmsg_find_attr(nlh, sizeof(struct ifinfomsg), IFLA_AF_SPEC);
	mode = spec ? nla_find_nested(spec, IFLA_BRIDGE_MODE) : NULL;
	if (!mode || nla_len(mode) < (int)sizeof(u16)) {
		NL_SET_ERR_MSG(extack, "only the mode of the switch can be set");
		return -EOPNOTSUPP;
	}
	err = oe_switch_set_mode(adapter, nla_get_u16(mode), &error);
	if (err)
		oe_refuse(netdev, extack, &error);
	return err;
}

/* Under rcu_read_lock() alone, too. */
int oe_ndo_bridge_getlink(struct sk_buff *skb, u32 pid, u32 seq, struct net_device *netdev,
			  u32 filter_mask, int nlflags)
{
	struct oe_adapter *adapter = oe_vf_adapter(netdev);
	u32 mode;
	int err;

	err = oe_switch_get_mode(adapter, &mode);
	if (err)
		return err;
	return ndo_dflt_bridge_getlink(skb, pid, seq, netdev, mode, 0, 0, nlflags, filter_mask,
				       NULL);
}
