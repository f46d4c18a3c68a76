// SPDX-License-Identifier: GPL-2.0-or-later
/* The receiving side of one pair closes and opens again; all other queues go on meanwhile. */
#include <linux/rtnetlink.h>

#include "openena.h"

/* Afterwards the pair's buffers are ours, and its NAPI is off; on failure it is as it was. */
static int oe_receiver_stop(struct oe_pair *pair)
{
	struct oe_kernel *kernel = pair->kernel;
	int err;

	oe_xdp_pair_stop(pair);
	napi_disable(&pair->napi);
	mutex_lock(&kernel->service_lock);
	err = oe_stop_receiver(kernel->adapter, pair->index);
	mutex_unlock(&kernel->service_lock);
	if (err)
		napi_enable(&pair->napi);
	return err;
}

static int oe_receiver_start(struct oe_pair *pair)
{
	struct oe_kernel *kernel = pair->kernel;
	int err;

	mutex_lock(&kernel->service_lock);
	err = oe_start_receiver(kernel->adapter, pair->index);
	mutex_unlock(&kernel->service_lock);
	if (err)
		return err;
	oe_rx_fill(pair, GFP_KERNEL);
	oe_xdp_pair_start(pair);
	return 0;
}

/* What is closed has neither memory nor, for the polls until oe_down(), a queue for XDP. */
static int oe_receiver_exchange(struct oe_pair *pair)
{
	int err;

	oe_xdp_close(pair);
	oe_rx_close(pair);
	pair->xsk = pair->xdp ? pair->xsk_wanted : NULL;
	err = oe_rx_open(pair);
	if (err)
		goto closed;
	err = oe_xdp_open(pair);
	if (err)
		goto close_rx;
	return 0;

close_rx:
	oe_rx_close(pair);
closed:
	pair->xdp = false;
	pair->xsk = NULL;
	return err;
}

/*
 * With the memory that the pair shall receive into now: pages, or that of a socket. When it fails
 * all pairs close and open.
 */
int oe_receiver_reopen(struct oe_pair *pair)
{
	struct oe_kernel *kernel = pair->kernel;
	int err;

	ASSERT_RTNL();
	err = oe_receiver_stop(pair);
	if (!err) {
		err = oe_receiver_exchange(pair);
		if (!err)
			err = oe_receiver_start(pair);
		napi_enable(&pair->napi);
	}
	if (err) {
		/* One whose frames of XDP share the stack's queue never opens alone. */
		if (err != -EOPNOTSUPP)
			netdev_warn(kernel->netdev,
				    "queue %u did not open again (%d), now all do\n", pair->index,
				    err);
		oe_down(kernel);
		return oe_up_or_later(kernel);
	}
	oe_pair_kick(pair);
	return 0;
}
