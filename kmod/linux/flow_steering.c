// SPDX-License-Identifier: GPL-2.0-or-later
/* ethtool -N and -n: rules of ethtool become those of the core, and back. Under rtnl. */
#include <linux/ethtool.h>

#include "openena.h"

static_assert(sizeof(struct in6_addr) == sizeof_field(struct oe_flow_rule, dst_ip));

static int oe_flow_refuse(struct net_device *netdev, int err, const struct oe_error *error)
{
	if (err)
		oe_refuse(netdev, NULL, error);
	return err;
}

static int oe_flow_unfit(struct oe_error *error, const char *what)
{
	snprintf(error->text, sizeof(error->text), "the device compares no %s", what);
	return -EINVAL;
}

static void oe_read_tcpip4(struct oe_flow_rule *rule, const struct ethtool_tcpip4_spec *value,
			   const struct ethtool_tcpip4_spec *mask)
{
	memcpy(rule->src_ip, &value->ip4src, sizeof(value->ip4src));
	memcpy(rule->src_ip_mask, &mask->ip4src, sizeof(mask->ip4src));
	memcpy(rule->dst_ip, &value->ip4dst, sizeof(value->ip4dst));
	memcpy(rule->dst_ip_mask, &mask->ip4dst, sizeof(mask->ip4dst));
	rule->src_port = be16_to_cpu(value->psrc);
	rule->src_port_mask = be16_to_cpu(mask->psrc);
	rule->dst_port = be16_to_cpu(value->pdst);
	rule->dst_port_mask = be16_to_cpu(mask->pdst);
	rule->tos = value->tos;
	rule->tos_mask = mask->tos;
}

static void oe_write_tcpip4(const struct oe_flow_rule *rule, struct ethtool_tcpip4_spec *value,
			    struct ethtool_tcpip4_spec *mask)
{
	memcpy(&value->ip4src, rule->src_ip, sizeof(value->ip4src));
	memcpy(&mask->ip4src, rule->src_ip_mask, sizeof(mask->ip4src));
	memcpy(&value->ip4dst, rule->dst_ip, sizeof(value->ip4dst));
	memcpy(&mask->ip4dst, rule->dst_ip_mask, sizeof(mask->ip4dst));
	value->psrc = cpu_to_be16(rule->src_port);
	mask->psrc = cpu_to_be16(rule->src_port_mask);
	value->pdst = cpu_to_be16(rule->dst_port);
	mask->pdst = cpu_to_be16(rule->dst_port_mask);
	value->tos = rule->tos;
	mask->tos = rule->tos_mask;
}

static void oe_read_tcpip6(struct oe_flow_rule *rule, const struct ethtool_tcpip6_spec *value,
			   const struct ethtool_tcpip6_spec *mask)
{
	memcpy(rule->src_ip, value->ip6src, sizeof(value->ip6src));
	memcpy(rule->src_ip_mask, mask->ip6src, sizeof(mask->ip6src));
	memcpy(rule->dst_ip, value->ip6dst, sizeof(value->ip6dst));
	memcpy(rule->dst_ip_mask, mask->ip6dst, sizeof(mask->ip6dst));
	rule->src_port = be16_to_cpu(value->psrc);
	rule->src_port_mask = be16_to_cpu(mask->psrc);
	rule->dst_port = be16_to_cpu(value->pdst);
	rule->dst_port_mask = be16_to_cpu(mask->pdst);
}

static void oe_write_tcpip6(const struct oe_flow_rule *rule, struct ethtool_tcpip6_spec *value,
			    struct ethtool_tcpip6_spec *mask)
{
	memcpy(value->ip6src, rule->src_ip, sizeof(value->ip6src));
	memcpy(mask->ip6src, rule->src_ip_mask, sizeof(mask->ip6src));
	memcpy(value->ip6dst, rule->dst_ip, sizeof(value->ip6dst));
	memcpy(mask->ip6dst, rule->dst_ip_mask, sizeof(mask->ip6dst));
	value->psrc = cpu_to_be16(rule->src_port);
	mask->psrc = cpu_to_be16(rule->src_port_mask);
	value->pdst = cpu_to_be16(rule->dst_port);
	mask->pdst = cpu_to_be16(rule->dst_port_mask);
}

/* "ip4" and "ip6" with a protocol are rules of that protocol, with any ports. */
static int oe_read_protocol(struct oe_flow_rule *rule, u8 protocol, u8 mask, u8 tcp, u8 udp)
{
	if (!mask)
		return 0;
	if (mask != 0xff || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return -EINVAL;
	rule->type = protocol == IPPROTO_TCP ? tcp : udp;
	return 0;
}

static int oe_read_ip4(struct oe_flow_rule *rule, const struct ethtool_usrip4_spec *value,
		       const struct ethtool_usrip4_spec *mask, struct oe_error *error)
{
	if (mask->l4_4_bytes)
		return oe_flow_unfit(error, "first bytes behind an IP header");
	if (mask->ip_ver ||
	    oe_read_protocol(rule, value->proto, mask->proto, OE_FLOW_TCP4, OE_FLOW_UDP4))
		return oe_flow_unfit(error, "IP protocols other than TCP and UDP");
	memcpy(rule->src_ip, &value->ip4src, sizeof(value->ip4src));
	memcpy(rule->src_ip_mask, &mask->ip4src, sizeof(mask->ip4src));
	memcpy(rule->dst_ip, &value->ip4dst, sizeof(value->ip4dst));
	memcpy(rule->dst_ip_mask, &mask->ip4dst, sizeof(mask->ip4dst));
	rule->tos = value->tos;
	rule->tos_mask = mask->tos;
	return 0;
}

static int oe_read_ip6(struct oe_flow_rule *rule, const struct ethtool_usrip6_spec *value,
		       const struct ethtool_usrip6_spec *mask, struct oe_error *error)
{
	if (mask->tclass)
		return oe_flow_unfit(error, "traffic class of IPv6");
	if (mask->l4_4_bytes)
		return oe_flow_unfit(error, "first bytes behind an IP header");
	if (oe_read_protocol(rule, value->l4_proto, mask->l4_proto, OE_FLOW_TCP6, OE_FLOW_UDP6))
		return oe_flow_unfit(error, "IP protocols other than TCP and UDP");
	memcpy(rule->src_ip, value->ip6src, sizeof(value->ip6src));
	memcpy(rule->src_ip_mask, mask->ip6src, sizeof(mask->ip6src));
	memcpy(rule->dst_ip, value->ip6dst, sizeof(value->ip6dst));
	memcpy(rule->dst_ip_mask, mask->ip6dst, sizeof(mask->ip6dst));
	return 0;
}

static int oe_read_match(struct oe_flow_rule *rule, const struct ethtool_rx_flow_spec *spec,
			 struct oe_error *error)
{
	switch (spec->flow_type) {
	case TCP_V4_FLOW:
	case UDP_V4_FLOW:
		rule->type = spec->flow_type == TCP_V4_FLOW ? OE_FLOW_TCP4 : OE_FLOW_UDP4;
		oe_read_tcpip4(rule, &spec->h_u.tcp_ip4_spec, &spec->m_u.tcp_ip4_spec);
		return 0;
	case TCP_V6_FLOW:
	case UDP_V6_FLOW:
		if (spec->m_u.tcp_ip6_spec.tclass)
			return oe_flow_unfit(error, "traffic class of IPv6");
		rule->type = spec->flow_type == TCP_V6_FLOW ? OE_FLOW_TCP6 : OE_FLOW_UDP6;
		oe_read_tcpip6(rule, &spec->h_u.tcp_ip6_spec, &spec->m_u.tcp_ip6_spec);
		return 0;
	case IP_USER_FLOW:
		rule->type = OE_FLOW_IPV4;
		return oe_read_ip4(rule, &spec->h_u.usr_ip4_spec, &spec->m_u.usr_ip4_spec, error);
	case IPV6_USER_FLOW:
		rule->type = OE_FLOW_IPV6;
		return oe_read_ip6(rule, &spec->h_u.usr_ip6_spec, &spec->m_u.usr_ip6_spec, error);
	default:
		return oe_flow_unfit(error, "flows but ip4, tcp4, udp4, ip6, tcp6, udp6");
	}
}

static void oe_write_match(const struct oe_flow_rule *rule, struct ethtool_rx_flow_spec *spec)
{
	struct ethtool_usrip4_spec *ip4 = &spec->h_u.usr_ip4_spec, *mask4 = &spec->m_u.usr_ip4_spec;
	struct ethtool_usrip6_spec *ip6 = &spec->h_u.usr_ip6_spec, *mask6 = &spec->m_u.usr_ip6_spec;

	switch (rule->type) {
	case OE_FLOW_TCP4:
	case OE_FLOW_UDP4:
		spec->flow_type = rule->type == OE_FLOW_TCP4 ? TCP_V4_FLOW : UDP_V4_FLOW;
		oe_write_tcpip4(rule, &spec->h_u.tcp_ip4_spec, &spec->m_u.tcp_ip4_spec);
		break;
	case OE_FLOW_TCP6:
	case OE_FLOW_UDP6:
		spec->flow_type = rule->type == OE_FLOW_TCP6 ? TCP_V6_FLOW : UDP_V6_FLOW;
		oe_write_tcpip6(rule, &spec->h_u.tcp_ip6_spec, &spec->m_u.tcp_ip6_spec);
		break;
	case OE_FLOW_IPV4:
		spec->flow_type = IP_USER_FLOW;
		memcpy(&ip4->ip4src, rule->src_ip, sizeof(ip4->ip4src));
		memcpy(&mask4->ip4src, rule->src_ip_mask, sizeof(mask4->ip4src));
		memcpy(&ip4->ip4dst, rule->dst_ip, sizeof(ip4->ip4dst));
		memcpy(&mask4->ip4dst, rule->dst_ip_mask, sizeof(mask4->ip4dst));
		ip4->ip_ver = ETH_RX_NFC_IP4;
		ip4->tos = rule->tos;
		mask4->tos = rule->tos_mask;
		break;
	case OE_FLOW_IPV6:
		spec->flow_type = IPV6_USER_FLOW;
		memcpy(ip6->ip6src, rule->src_ip, sizeof(ip6->ip6src));
		memcpy(mask6->ip6src, rule->src_ip_mask, sizeof(mask6->ip6src));
		memcpy(ip6->ip6dst, rule->dst_ip, sizeof(ip6->ip6dst));
		memcpy(mask6->ip6dst, rule->dst_ip_mask, sizeof(mask6->ip6dst));
		break;
	}
}

static u32 oe_read_location(u32 location)
{
	switch (location) {
	case RX_CLS_LOC_ANY:
	case RX_CLS_LOC_FIRST: /* the lowest free one comes before all added later */
		return OE_FLOW_ANY;
	case RX_CLS_LOC_LAST:
		return OE_FLOW_LAST;
	default:
		return location;
	}
}

static int oe_flow_insert(struct oe_kernel *kernel, struct ethtool_rx_flow_spec *spec,
			  struct oe_error *error)
{
	struct oe_flow_rule rule = {.location = oe_read_location(spec->location)};
	int err;

	if (kernel->info->flow_rules && !(kernel->netdev->features & NETIF_F_NTUPLE)) {
		snprintf(error->text, sizeof(error->text),
			 "flow rules are turned off (ethtool -K ... ntuple on)");
		return -EOPNOTSUPP;
	}
	/* What ethtool has beyond a plain type: VLAN, MAC, user data, RSS contexts. */
	if (spec->flow_type & (FLOW_EXT | FLOW_MAC_EXT | FLOW_RSS))
		return oe_flow_unfit(error, "VLAN, MAC address or user data of a flow");
	err = oe_read_match(&rule, spec, error);
	if (err)
		return err;
	rule.drop = spec->ring_cookie == RX_CLS_FLOW_DISC;
	if (!rule.drop && spec->ring_cookie > U32_MAX) {
		snprintf(error->text, sizeof(error->text),
			 "a flow goes to a queue of this function only");
		return -EINVAL;
	}
	rule.queue = rule.drop ? 0 : spec->ring_cookie;
	err = oe_flow_add(kernel->adapter, &rule, error);
	if (!err)
		spec->location = rule.location;
	return err;
}

int oe_set_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *info)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_error error;

	switch (info->cmd) {
	case ETHTOOL_SRXFH:
		return oe_set_hash_fields(netdev, info->flow_type, info->data, NULL);
	case ETHTOOL_SRXCLSRLINS:
		return oe_flow_refuse(netdev, oe_flow_insert(kernel, &info->fs, &error), &error);
	case ETHTOOL_SRXCLSRLDEL:
		return oe_flow_refuse(
			netdev, oe_flow_remove(kernel->adapter, info->fs.location, &error), &error);
	default:
		return -EOPNOTSUPP;
	}
}

int oe_flow_show(struct oe_kernel *kernel, struct ethtool_rx_flow_spec *spec)
{
	struct oe_flow_rule rule;
	int err = oe_flow_get(kernel->adapter, spec->location, &rule);

	if (err)
		return err;
	memset(spec, 0, sizeof(*spec));
	spec->location = rule.location;
	spec->ring_cookie = rule.queue;
	oe_write_match(&rule, spec);
	return 0;
}

/* Returns how many rules there are. @locations: NULL, or room for @max of them. */
int oe_flow_list(struct oe_kernel *kernel, u32 *locations, u32 max)
{
	u32 n = 0, location = 0;

	while ((location = oe_flow_next(kernel->adapter, location)) != OE_FLOW_NONE) {
		if (locations) {
			if (n == max)
				return -EMSGSIZE;
			locations[n] = location;
		}
		n++;
		location++;
	}
	return n;
}

/* Without "ntuple" there are no rules: they go with it. */
int oe_ndo_set_features(struct net_device *netdev, netdev_features_t wanted)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_error error;

	if (!(netdev->features & ~wanted & NETIF_F_NTUPLE))
		return 0;
	return oe_flow_refuse(netdev, oe_flow_remove_all(kernel->adapter, &error), &error);
}
