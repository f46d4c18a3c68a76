// SPDX-License-Identifier: GPL-2.0-or-later
/* ethtool -d and -t: the registers; whether the adapter answers, resets and interrupts. */
#include <linux/delay.h>
#include <linux/rtnetlink.h>

#include "../../abi/ena_regs.h"
#include "openena.h"

/* Of what a register dump holds, as bridge.h describes it. */
#define OE_REGS_VERSION 1

/* A vector has so much time to show itself; a packet is sent to it in each round. */
#define OE_TEST_ROUNDS 100
#define OE_TEST_ROUND_MS 20

enum oe_test {
	OE_TEST_REGISTERS,
	OE_TEST_ADMIN,
	OE_TEST_RESET,
	OE_TEST_MGMT_INTERRUPT,
	OE_TEST_PAIR_INTERRUPTS,
	OE_TESTS
};

static const char oe_test_names[OE_TESTS][ETH_GSTRING_LEN] = {
	[OE_TEST_REGISTERS] = "registers",
	[OE_TEST_ADMIN] = "admin queue",
	[OE_TEST_RESET] = "reset (offline)",
	[OE_TEST_MGMT_INTERRUPT] = "management interrupt",
	[OE_TEST_PAIR_INTERRUPTS] = "queue interrupts",
};

int oe_get_regs_len(struct net_device *netdev)
{
	return OE_REGISTERS * sizeof(u32);
}

void oe_get_regs(struct net_device *netdev, struct ethtool_regs *regs, void *words)
{
	struct oe_kernel *kernel = netdev_priv(netdev);

	regs->version = OE_REGS_VERSION;
	oe_dump_registers(kernel->adapter, words);
}

int oe_test_count(void)
{
	return OE_TESTS;
}

void oe_get_test_names(u8 *names)
{
	memcpy(names, oe_test_names, sizeof(oe_test_names));
}

static bool oe_mgmt_interrupts(struct oe_kernel *kernel)
{
	u64 before = READ_ONCE(kernel->mgmt_interrupts);
	struct oe_error error;
	int round;

	if (oe_test_admin(kernel->adapter, &error))
		return false;
	for (round = 0; round < OE_TEST_ROUNDS; round++) {
		if (READ_ONCE(kernel->mgmt_interrupts) != before)
			return true;
		msleep(OE_TEST_ROUND_MS);
	}
	return false;
}

/* To ourselves, of a protocol that nobody listens to. A full queue has interrupts without it. */
static void oe_send_test_packet(struct oe_pair *pair)
{
	struct net_device *netdev = pair->kernel->netdev;
	struct netdev_queue *queue = netdev_get_tx_queue(netdev, pair->index);
	struct sk_buff *skb = netdev_alloc_skb(netdev, ETH_ZLEN);
	netdev_tx_t sent = NETDEV_TX_BUSY;
	struct ethhdr *header;

	if (!skb)
		return;
	header = skb_put_zero(skb, ETH_ZLEN);
	ether_addr_copy(header->h_dest, netdev->dev_addr);
	ether_addr_copy(header->h_source, netdev->dev_addr);
	header->h_proto = htons(ETH_P_802_EX1);
	skb->protocol = header->h_proto;
	skb_reset_mac_header(skb);
	skb_set_queue_mapping(skb, pair->index);
	__netif_tx_lock_bh(queue);
	if (!netif_xmit_frozen_or_stopped(queue))
		sent = netdev_start_xmit(skb, netdev, queue, false);
	__netif_tx_unlock_bh(queue);
	if (sent != NETDEV_TX_OK)
		kfree_skb(skb);
}

/* How many pairs have had no interrupt since the test began. */
static u32 oe_silent_pairs(struct oe_kernel *kernel, bool send)
{
	u32 i, silent = 0;

	for (i = 0; i < kernel->open_pairs; i++) {
		struct oe_pair *pair = &kernel->pairs[i];

		if (READ_ONCE(pair->interrupts) != pair->interrupts_before)
			continue;
		silent++;
		if (send)
			oe_send_test_packet(pair);
	}
	return silent;
}

/*
 * A completion interrupts, unless a poll that ran anyway has taken it: again, then. Returns how
 * many pairs stayed silent.
 */
static u32 oe_pair_interrupts(struct oe_kernel *kernel)
{
	u32 i, silent;
	int round;

	for (i = 0; i < kernel->open_pairs; i++)
		kernel->pairs[i].interrupts_before = READ_ONCE(kernel->pairs[i].interrupts);
	for (round = 0; round < OE_TEST_ROUNDS; round++) {
		silent = oe_silent_pairs(kernel, true);
		if (!silent)
			return 0;
		msleep(OE_TEST_ROUND_MS);
	}
	silent = oe_silent_pairs(kernel, false);
	if (silent)
		netdev_err(kernel->netdev, "test: %u of %u queue pairs had no interrupt\n", silent,
			   kernel->open_pairs);
	return silent;
}

static bool oe_resets(struct oe_kernel *kernel)
{
	oe_request_reset(kernel->adapter, ENA_RESET_USER_TRIGGER);
	oe_reset_now(kernel);
	return !oe_reset_pending(kernel->adapter) &&
	       (kernel->open_pairs || !netif_running(kernel->netdev));
}

static u64 oe_test_core(struct oe_kernel *kernel,
			int (*test)(struct oe_adapter *adapter, struct oe_error *error))
{
	struct oe_error error;
	int err = test(kernel->adapter, &error);

	if (err)
		netdev_err(kernel->netdev, "test: %s\n", error.text);
	return err ? 1 : 0;
}

/* Under rtnl. @failures: of each test, how often it failed. Queues are tested while they are there. */
void oe_self_test(struct net_device *netdev, struct ethtool_test *test, u64 *failures)
{
	struct oe_kernel *kernel = netdev_priv(netdev);
	int i;

	memset(failures, 0, OE_TESTS * sizeof(*failures));
	failures[OE_TEST_REGISTERS] = oe_test_core(kernel, oe_test_registers);
	failures[OE_TEST_ADMIN] = oe_test_core(kernel, oe_test_admin);
	if (test->flags & ETH_TEST_FL_OFFLINE)
		failures[OE_TEST_RESET] = !oe_resets(kernel);
	failures[OE_TEST_MGMT_INTERRUPT] = !oe_mgmt_interrupts(kernel);
	failures[OE_TEST_PAIR_INTERRUPTS] = oe_pair_interrupts(kernel);
	for (i = 0; i < OE_TESTS; i++)
		if (failures[i])
			test->flags |= ETH_TEST_FL_FAILED;
}
