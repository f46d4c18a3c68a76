// SPDX-License-Identifier: GPL-2.0-or-later
/* Adaptive interrupt moderation: the kernel's DIM looks at each pair and names its RX delay. */
#include "openena.h"

/* Process context; net_dim() has asked for it, and does not again until it is over. */
static void oe_dim_work(struct work_struct *work)
{
	struct dim *dim = container_of(work, struct dim, work);
	struct oe_pair *pair = container_of(dim, struct oe_pair, dim);
	struct dim_cq_moder moderation = net_dim_get_rx_moderation(dim->mode, dim->profile_ix);

	oe_set_rx_delay(pair->kernel->adapter, pair->index, moderation.usec);
	dim->state = DIM_START_MEASURE;
}

/* As the core has it. */
static void oe_dim_resume(struct oe_pair *pair)
{
	struct oe_delays delays;

	if (!oe_get_delays(pair->kernel->adapter, pair->index, &delays))
		WRITE_ONCE(pair->adaptive_rx, delays.adaptive_rx);
}

/* Before the NAPI runs: a new start, with no delay until there is something to judge by. */
void oe_dim_open(struct oe_pair *pair)
{
	memset(&pair->dim, 0, sizeof(pair->dim));
	INIT_WORK(&pair->dim.work, oe_dim_work);
	pair->dim.mode = DIM_CQ_PERIOD_MODE_START_FROM_EQE;
	pair->dim_events = 0;
	oe_dim_resume(pair);
	oe_set_rx_delay(pair->kernel->adapter, pair->index, 0);
}

/* Nothing asks for the work any more. */
void oe_dim_close(struct oe_pair *pair)
{
	/* It was asked for, and net_dim() would wait for it. */
	if (cancel_work_sync(&pair->dim.work))
		pair->dim.state = DIM_START_MEASURE;
}

/* At the end of a poll, before the vector is armed. */
void oe_dim_poll(struct oe_pair *pair)
{
	struct dim_sample sample = {};

	if (!READ_ONCE(pair->adaptive_rx))
		return;
	dim_update_sample(++pair->dim_events, pair->rx_stats->cnt, pair->rx_stats->bytes, &sample);
	oe_net_dim(&pair->dim, &sample);
}

/* What a poll that is over has asked for does not come any more. */
static void oe_dim_pause(struct oe_pair *pair)
{
	WRITE_ONCE(pair->adaptive_rx, false);
	oe_dim_close(pair);
}

/* Takes the settings, with which delays may become fixed or cease to be. Under rtnl. */
int oe_set_moderation(struct oe_kernel *kernel, const struct oe_settings *settings,
		      struct oe_error *error)
{
	u32 i;
	int err;

	for (i = 0; i < kernel->open_pairs; i++)
		oe_dim_pause(&kernel->pairs[i]);
	err = oe_set_settings(kernel->adapter, settings, error);
	for (i = 0; i < kernel->open_pairs; i++)
		oe_dim_resume(&kernel->pairs[i]);
	return err;
}

/* Likewise the delays of one pair. Under rtnl. */
int oe_set_pair_moderation(struct oe_kernel *kernel, u32 index, const struct oe_delays *delays,
			   struct oe_error *error)
{
	struct oe_pair *pair = index < kernel->open_pairs ? &kernel->pairs[index] : NULL;
	int err;

	if (pair)
		oe_dim_pause(pair);
	err = oe_set_delays(kernel->adapter, index, delays, error);
	if (pair)
		oe_dim_resume(pair);
	return err;
}
