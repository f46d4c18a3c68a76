// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Accelerated RFS: the kernel knows on which processor a flow is received, and asks that it arrives
 * at the queue whose interrupt is there. It takes ntuple, and CONFIG_RFS_ACCEL.
 */
#include <linux/cpu_rmap.h>
#include <linux/interrupt.h>
#include <linux/rtnetlink.h>
#include <net/flow_dissector.h>

#include "openena.h"

void oek_rfs_lock(struct oe_kernel *kernel) __acquires(&kernel->rfs_lock)
{
	spin_lock_bh(&kernel->rfs_lock);
}

void oek_rfs_unlock(struct oe_kernel *kernel) __releases(&kernel->rfs_lock)
{
	spin_unlock_bh(&kernel->rfs_lock);
}

bool oek_rfs_may_expire(struct oe_kernel *kernel, uint32_t queue, uint32_t flow, uint32_t id)
{
#ifdef CONFIG_RFS_ACCEL
	return queue >= kernel->netdev->real_num_rx_queues ||
	       rps_may_expire_flow(kernel->netdev, queue, flow, id);
#else
	return true;
#endif
}

/* Made and ended under rtnl, as users' rules are. */
void oe_rfs_work(struct work_struct *work)
{
	struct oe_kernel *kernel = container_of(work, struct oe_kernel, rfs_work);

	rtnl_lock();
	if (netif_device_present(kernel->netdev) && kernel->open_pairs)
		oe_rfs_serve(kernel->adapter, kernel->netdev->features & NETIF_F_NTUPLE);
	rtnl_unlock();
}

#ifdef CONFIG_RFS_ACCEL
/* False: not a flow that a rule describes. */
static bool oe_rfs_describe(const struct sk_buff *skb, struct oe_flow_rule *rule)
{
	bool tcp;
	struct flow_keys keys;

	if (!skb_flow_dissect_flow_keys(skb, &keys, 0))
		return false;
	if (keys.control.flags & (FLOW_DIS_IS_FRAGMENT | FLOW_DIS_ENCAPSULATION))
		return false;
	tcp = keys.basic.ip_proto == IPPROTO_TCP;
	if (!tcp && keys.basic.ip_proto != IPPROTO_UDP)
		return false;
	switch (keys.basic.n_proto) {
	case htons(ETH_P_IP):
		rule->type = tcp ? OE_FLOW_TCP4 : OE_FLOW_UDP4;
		memcpy(rule->src_ip, &keys.addrs.v4addrs.src, sizeof(keys.addrs.v4addrs.src));
		memcpy(rule->dst_ip, &keys.addrs.v4addrs.dst, sizeof(keys.addrs.v4addrs.dst));
		memset(rule->src_ip_mask, 0xff, sizeof(keys.addrs.v4addrs.src));
		memset(rule->dst_ip_mask, 0xff, sizeof(keys.addrs.v4addrs.dst));
		break;
	case htons(ETH_P_IPV6):
		rule->type = tcp ? OE_FLOW_TCP6 : OE_FLOW_UDP6;
		memcpy(rule->src_ip, &keys.addrs.v6addrs.src, sizeof(rule->src_ip));
		memcpy(rule->dst_ip, &keys.addrs.v6addrs.dst, sizeof(rule->dst_ip));
		memset(rule->src_ip_mask, 0xff, sizeof(rule->src_ip_mask));
		memset(rule->dst_ip_mask, 0xff, sizeof(rule->dst_ip_mask));
		break;
	default:
		return false;
	}
	rule->src_port = be16_to_cpu(keys.ports.src);
	rule->dst_port = be16_to_cpu(keys.ports.dst);
	rule->src_port_mask = rule->dst_port_mask = U16_MAX;
	return true;
}

/* Under RCU, with a packet on its way to the stack. */
int oe_ndo_rx_flow_steer(struct net_device *netdev, const struct sk_buff *skb, u16 queue, u32 flow)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	struct oe_flow_rule rule = {.queue = queue};
	int id;

	if (!oe_rfs_describe(skb, &rule))
		return -EPROTONOSUPPORT;
	id = oe_rfs_want(kernel->adapter, &rule, flow);
	if (id < 0)
		return id;
	WRITE_ONCE(kernel->rfs_used, true);
	queue_work(oe_workqueue, &kernel->rfs_work);
	return id;
}

/* Which queue is near a processor. The pairs are open: their interrupts have handlers. */
void oe_rfs_open(struct oe_kernel *kernel)
{
	struct cpu_rmap *map;
	u32 i;

	if (!kernel->info->flow_rules)
		return;
	map = alloc_irq_cpu_rmap(kernel->open_pairs);
	if (!map)
		return;
	for (i = 0; i < kernel->open_pairs; i++) {
		if (!irq_cpu_rmap_add(map, kernel->pairs[i].irq))
			continue;
		netdev_notice(kernel->netdev, "no accelerated RFS: out of memory\n");
		free_irq_cpu_rmap(map);
		return;
	}
	kernel->netdev->rx_cpu_rmap = map;
}

/* Before the interrupts lose their handlers. */
void oe_rfs_close(struct oe_kernel *kernel)
{
	free_irq_cpu_rmap(kernel->netdev->rx_cpu_rmap);
	kernel->netdev->rx_cpu_rmap = NULL;
}
#else
void oe_rfs_open(struct oe_kernel *kernel)
{
}

void oe_rfs_close(struct oe_kernel *kernel)
{
}
#endif
