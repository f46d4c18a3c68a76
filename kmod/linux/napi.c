// SPDX-License-Identifier: GPL-2.0-or-later
/* A queue pair: its interrupt, its NAPI, and how it is opened and closed. */
#include <linux/cpumask.h>
#include <linux/interrupt.h>

#include "openena.h"

static irqreturn_t oe_pair_interrupt(int irq, void *data)
{
	struct oe_pair *pair = data;

	WRITE_ONCE(pair->interrupts, pair->interrupts + 1);
	/* The device masks the vector until oe_unmask(). */
	napi_schedule_irqoff(&pair->napi);
	return IRQ_HANDLED;
}

static int oe_poll(struct napi_struct *napi, int budget)
{
	struct oe_pair *pair = container_of(napi, struct oe_pair, napi);
	bool tx_more = oe_tx_clean(pair, budget);
	int done;

	pair->tx_stats->tx_poll++;
	/* Netpoll sends only: it must not receive, nor touch the pages of pools. */
	if (unlikely(!budget))
		return 0;
	if (pair->xdp && !pair->xdp_shared)
		tx_more |= oe_xdp_clean(pair);
	if (pair->xsk)
		tx_more |= oe_xsk_send(pair);
	done = oe_rx_clean(pair, budget);
	if (tx_more || done >= budget)
		return budget;
	if (!napi_complete_done(napi, done))
		return done;
	pair->tx_stats->napi_comp++;
	oe_dim_poll(pair);
	oe_unmask(pair->kernel->adapter, pair->index);
	return done;
}

/* The first time each vector gets a CPU of its own; later the user's choice stands. */
static void oe_pair_set_affinity(struct oe_pair *pair)
{
	int node = dev_to_node(&pair->kernel->pdev->dev);
	const struct cpumask *cpu = cpumask_of(cpumask_local_spread(pair->index, node));

	if (pair->affine) {
		irq_update_affinity_hint(pair->irq, cpu);
		return;
	}
	irq_set_affinity_and_hint(pair->irq, cpu);
	pair->affine = true;
}

/*
 * Give the queues that oe_open() made their memory, buffers and interrupt.
 * The vector is masked in the device until oe_pair_kick(). On failure nothing
 * is left.
 */
int oe_pair_open(struct oe_kernel *kernel, u32 index, const struct oe_settings *settings)
{
	struct oe_pair *pair = &kernel->pairs[index];
	int err;

	pair->txq = oe_txq(kernel->adapter, index);
	pair->rxq = oe_rxq(kernel->adapter, index);
	pair->tx_ring = settings->tx_ring;
	pair->rx_ring = settings->rx_ring;
	pair->tx_stamps = settings->tx_stamps;
	pair->xdp = settings->xdp;
	pair->xsk = pair->xdp ? pair->xsk_wanted : NULL;
	oe_napi_add(kernel->netdev, &pair->napi, oe_poll, index);
	err = oe_tx_open(pair);
	if (err)
		goto del_napi;
	err = oe_rx_open(pair);
	if (err)
		goto close_tx;
	err = oe_xdp_open(pair);
	if (err)
		goto close_rx;
	snprintf(pair->irq_name, sizeof(pair->irq_name), "%s-Tx-Rx-%u", kernel->netdev->name,
		 index);
	pair->interrupts_at_open = pair->interrupts;
	err = request_irq(pair->irq, oe_pair_interrupt, 0, pair->irq_name, pair);
	if (err)
		goto close_xdp;
	oe_pair_set_affinity(pair);
	oe_dim_open(pair);
	/* Last: nothing fails any more, with which pages would go that the device has. */
	oe_rx_fill(pair, GFP_KERNEL);
	return 0;

close_xdp:
	oe_xdp_close(pair);
close_rx:
	oe_rx_close(pair);
close_tx:
	oe_tx_close(pair);
del_napi:
	pair->txq = NULL;
	netif_napi_del(&pair->napi);
	return err;
}

/* After oe_close(): the device uses none of it any more. */
void oe_pair_close(struct oe_pair *pair)
{
	oe_dim_close(pair);
	irq_update_affinity_hint(pair->irq, NULL);
	free_irq(pair->irq, pair);
	oe_xdp_close(pair);
	oe_rx_close(pair);
	oe_tx_close(pair);
	pair->txq = NULL;
	netif_napi_del(&pair->napi);
}

void oe_pair_start(struct oe_pair *pair)
{
	napi_enable(&pair->napi);
	oe_napi_publish(pair->kernel->netdev, &pair->napi, pair->index, pair->irq);
}

/* None follows. The last one may still be at its end, behind napi_complete_done(). */
void oe_pair_stop(struct oe_pair *pair)
{
	oe_napi_publish(pair->kernel->netdev, &pair->napi, pair->index, -1);
	napi_disable(&pair->napi);
}

/* Poll once, which arms the vector at its end. Process context. */
void oe_pair_kick(struct oe_pair *pair)
{
	/* The softirq raised here runs at the latest when bottom halves are on again. */
	local_bh_disable();
	napi_schedule(&pair->napi);
	local_bh_enable();
}

void oek_pair_state(struct oe_kernel *kernel, uint32_t index, struct oe_pair_state *state)
{
	const struct oe_pair *pair = &kernel->pairs[index];

	state->interrupts = READ_ONCE(pair->interrupts) - pair->interrupts_at_open;
	state->scheduled = test_bit(NAPI_STATE_SCHED, &pair->napi.state);
}

void oek_poll_pair(struct oe_kernel *kernel, uint32_t index)
{
	oe_pair_kick(&kernel->pairs[index]);
}
