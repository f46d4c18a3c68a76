// SPDX-License-Identifier: GPL-2.0-or-later
/* The watch once a second, and what it may ask for: a reset, or another try to open. */
#include <linux/rtnetlink.h>

#include "openena.h"
#include "trace.h"

/* A ring without buffers gets no packets, so no poll and no refill: start one. */
static void oe_feed_starved(struct oe_kernel *kernel)
{
	u32 i;

	for (i = 0; i < kernel->open_pairs; i++) {
		struct oe_pair *pair = &kernel->pairs[i];

		if (!READ_ONCE(pair->starved))
			continue;
		WRITE_ONCE(pair->starved, false);
		oe_pair_kick(pair);
	}
}

void oe_service_work(struct work_struct *work)
{
	struct oe_kernel *kernel =
		container_of(to_delayed_work(work), struct oe_kernel, service_work);

	/* The queues that it looks at are not opened or closed meanwhile. */
	mutex_lock(&kernel->service_lock);
	oe_service(kernel->adapter);
	oe_feed_starved(kernel);
	/* Rules that are not needed any more. */
	if (READ_ONCE(kernel->rfs_used))
		queue_work(oe_workqueue, &kernel->rfs_work);
	if (READ_ONCE(kernel->reopen))
		oek_schedule_reset(kernel);
	mutex_unlock(&kernel->service_lock);
	queue_delayed_work(oe_workqueue, &kernel->service_work, HZ);
}

static void oe_trace_reset(struct oe_kernel *kernel, int err, u64 begin)
{
	struct oe_reset_record records[OE_RESETS_KEPT];

	/* -EIO: given up, there was none. */
	if (trace_openena_reset_enabled() && err != -EIO &&
	    oe_reset_history(kernel->adapter, records))
		trace_openena_reset(kernel->netdev, records[0].reason, err, ktime_get_ns() - begin);
}

/*
 * Carries out a reset, or only opens a datapath that could not be opened before. Under rtnl:
 * nobody opens, closes or configures until the device is back.
 */
void oe_reset_now(struct oe_kernel *kernel)
{
	struct net_device *netdev = kernel->netdev;
	u64 begin = ktime_get_ns();
	int err = 0;

	ASSERT_RTNL();
	if (netdev->reg_state != NETREG_REGISTERED || !netif_device_present(netdev))
		return;
	if (oe_reset_pending(kernel->adapter)) {
		oe_down(kernel);
		mutex_lock(&kernel->service_lock);
		err = oe_reset_work(kernel->adapter);
		mutex_unlock(&kernel->service_lock);
		oe_trace_reset(kernel, err, begin);
	}
	if (err)
		return;
	oe_devlink_healthy(kernel);
	if (netif_running(netdev))
		oe_up_or_later(kernel);
}

void oe_reset_task(struct work_struct *work)
{
	struct oe_kernel *kernel = container_of(work, struct oe_kernel, reset_work);

	if (oe_devlink_report(kernel))
		return;
	rtnl_lock();
	oe_reset_now(kernel);
	rtnl_unlock();
}
