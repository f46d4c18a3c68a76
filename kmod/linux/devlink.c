// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * devlink: what the adapter is, and health reporters. A reset for a fault goes through the reporter
 * of what is at fault, so that its user may have it wait ("auto_recover false") and look first.
 */
#include <linux/rtnetlink.h>
#include <net/devlink.h>

#include "../../abi/ena_regs.h"
#include "openena.h"

struct oe_devlink {
	struct oe_kernel *kernel;
	struct devlink_health_reporter *reporters[OE_REPORTERS];
};

static int oe_info_get(struct devlink *devlink, struct devlink_info_req *request,
		       struct netlink_ext_ack *extack)
{
	struct oe_devlink *ours = devlink_priv(devlink);
	u32 words[OE_REGISTERS], version, controller;
	char text[32];
	int err;

	memset(words, 0xff, sizeof(words));
	rtnl_lock();
	/* Else it is left alone, and each register would be waited for. */
	if (netif_device_present(ours->kernel->netdev))
		oe_dump_registers(ours->kernel->adapter, words);
	rtnl_unlock();
	version = words[ENA_REG_VERSION / sizeof(u32)];
	controller = words[ENA_REG_CONTROLLER_VERSION / sizeof(u32)];
	if (version == U32_MAX || controller == U32_MAX) {
		NL_SET_ERR_MSG(extack, "the device does not answer");
		return -EIO;
	}
	err = oe_devlink_driver_name(request, OE_NAME);
	if (err)
		return err;
	snprintf(text, sizeof(text), "%u.%u", (u8)(version >> 8), (u8)version);
	err = devlink_info_version_running_put(request, DEVLINK_INFO_VERSION_GENERIC_FW_MGMT_API,
					       text);
	if (err)
		return err;
	snprintf(text, sizeof(text), "%u.%u.%u", (u8)(controller >> 16), (u8)(controller >> 8),
		 (u8)controller);
	err = devlink_info_version_running_put(request, DEVLINK_INFO_VERSION_GENERIC_FW, text);
	if (err)
		return err;
	snprintf(text, sizeof(text), "%u", (u8)(controller >> 24));
	return devlink_info_version_fixed_put(request, DEVLINK_INFO_VERSION_GENERIC_ASIC_ID, text);
}

/* The net_device stays, detached until the device is back. */
static int oe_reload_down(struct devlink *devlink, bool netns_change,
			  enum devlink_reload_action action, enum devlink_reload_limit limit,
			  struct netlink_ext_ack *extack)
{
	struct oe_devlink *ours = devlink_priv(devlink);

	if (netns_change) {
		NL_SET_ERR_MSG(extack, "the interface stays in its network namespace");
		return -EOPNOTSUPP;
	}
	oe_device_leave(ours->kernel, ENA_RESET_USER_TRIGGER);
	return 0;
}

static int oe_reload_up(struct devlink *devlink, enum devlink_reload_action action,
			enum devlink_reload_limit limit, u32 *actions_performed,
			struct netlink_ext_ack *extack)
{
	struct oe_devlink *ours = devlink_priv(devlink);
	struct oe_kernel *kernel = ours->kernel;
	int err = 0;

	rtnl_lock();
	if (kernel->netdev->reg_state != NETREG_REGISTERED) {
		err = -ENODEV;
		goto unlock;
	}
	oe_device_attach(kernel);
	oe_reset_now(kernel);
	if (oe_reset_pending(kernel->adapter)) {
		NL_SET_ERR_MSG(extack, "the device did not come back, see the kernel log");
		err = -EIO;
	}
	queue_delayed_work(oe_workqueue, &kernel->service_work, HZ);
unlock:
	rtnl_unlock();
	*actions_performed = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	return err;
}

static const struct devlink_health_reporter_ops oe_reporter_ops[OE_REPORTERS];

static const struct devlink_ops oe_devlink_ops = {
	.info_get = oe_info_get,
	.reload_actions = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT),
	.reload_down = oe_reload_down,
	.reload_up = oe_reload_up,
};

static void oe_put_facts(struct devlink_fmsg *fmsg, const struct oe_fact *facts, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		devlink_fmsg_u64_pair_put(fmsg, facts[i].name, facts[i].value);
}

/* TX and RX: an object for each queue. */
static void oe_put_queues(struct oe_kernel *kernel, enum oe_reporter reporter,
			  struct devlink_fmsg *fmsg)
{
	struct oe_fact facts[OE_MAX_FACTS];
	u32 queue = 0, n;

	devlink_fmsg_arr_pair_nest_start(fmsg, "queues");
	while ((n = oe_facts(kernel->adapter, reporter, queue, facts))) {
		devlink_fmsg_obj_nest_start(fmsg);
		devlink_fmsg_u64_pair_put(fmsg, "queue", queue++);
		oe_put_facts(fmsg, facts, n);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
}

static void oe_put_history(struct oe_kernel *kernel, struct devlink_fmsg *fmsg)
{
	struct oe_reset_record records[OE_RESETS_KEPT];
	u32 i, n = oe_reset_history(kernel->adapter, records);
	u64 now_ns = oek_now_ns();

	devlink_fmsg_arr_pair_nest_start(fmsg, "last_resets");
	for (i = 0; i < n; i++) {
		devlink_fmsg_obj_nest_start(fmsg);
		devlink_fmsg_string_pair_put(fmsg, "reason", records[i].reason);
		devlink_fmsg_u64_pair_put(fmsg, "seconds_ago",
					  div_u64(now_ns - records[i].when_ns, NSEC_PER_SEC));
		devlink_fmsg_bool_pair_put(fmsg, "failed", records[i].failed);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
}

/* Under rtnl. */
static void oe_describe(struct oe_kernel *kernel, enum oe_reporter reporter,
			struct devlink_fmsg *fmsg)
{
	struct oe_fact facts[OE_MAX_FACTS];

	if (reporter == OE_REPORTER_TX || reporter == OE_REPORTER_RX)
		oe_put_queues(kernel, reporter, fmsg);
	else
		oe_put_facts(fmsg, facts, oe_facts(kernel->adapter, reporter, 0, facts));
	if (reporter == OE_REPORTER_DEVICE)
		oe_put_history(kernel, fmsg);
}

static enum oe_reporter oe_which(struct devlink_health_reporter *reporter)
{
	struct oe_devlink *ours = devlink_health_reporter_priv(reporter);
	int i;

	for (i = 0; i < OE_REPORTERS - 1; i++)
		if (ours->reporters[i] == reporter)
			break;
	return i;
}

static int oe_diagnose(struct devlink_health_reporter *reporter, struct devlink_fmsg *fmsg,
		       struct netlink_ext_ack *extack)
{
	struct oe_devlink *ours = devlink_health_reporter_priv(reporter);

	rtnl_lock();
	oe_describe(ours->kernel, oe_which(reporter), fmsg);
	rtnl_unlock();
	return 0;
}

/* All there is: what stopped a queue may be in another part. */
static int oe_dump(struct devlink_health_reporter *reporter, struct devlink_fmsg *fmsg,
		   void *context, struct netlink_ext_ack *extack)
{
	struct oe_devlink *ours = devlink_health_reporter_priv(reporter);
	const struct oe_fault *fault = context;
	int i;

	if (fault)
		devlink_fmsg_string_pair_put(fmsg, "fault", fault->text);
	rtnl_lock();
	for (i = 0; i < OE_REPORTERS; i++) {
		devlink_fmsg_pair_nest_start(fmsg, oe_reporter_ops[i].name);
		devlink_fmsg_obj_nest_start(fmsg);
		oe_describe(ours->kernel, i, fmsg);
		devlink_fmsg_obj_nest_end(fmsg);
		devlink_fmsg_pair_nest_end(fmsg);
	}
	rtnl_unlock();
	return 0;
}

/* devlink calls it only for what is in error: with a fault, a reset is pending. */
static int oe_recover(struct devlink_health_reporter *reporter, void *context,
		      struct netlink_ext_ack *extack)
{
	struct oe_devlink *ours = devlink_health_reporter_priv(reporter);
	int err = 0;

	rtnl_lock();
	oe_reset_now(ours->kernel);
	if (oe_reset_pending(ours->kernel->adapter)) {
		NL_SET_ERR_MSG(extack, "the device did not come back, see the kernel log");
		err = -EIO;
	}
	rtnl_unlock();
	return err;
}

#define OE_REPORTER(reporter) \
	{.name = reporter, .recover = oe_recover, .dump = oe_dump, .diagnose = oe_diagnose}

static const struct devlink_health_reporter_ops oe_reporter_ops[OE_REPORTERS] = {
	[OE_REPORTER_DEVICE] = OE_REPORTER("device"),
	[OE_REPORTER_ADMIN] = OE_REPORTER("admin"),
	[OE_REPORTER_KEEP_ALIVE] = OE_REPORTER("keep_alive"),
	[OE_REPORTER_TX] = OE_REPORTER("tx"),
	[OE_REPORTER_RX] = OE_REPORTER("rx"),
};

static void oe_reporters_destroy(struct oe_devlink *ours)
{
	int i;

	for (i = 0; i < OE_REPORTERS; i++)
		if (ours->reporters[i])
			devlink_health_reporter_destroy(ours->reporters[i]);
}

/* The adapter is probed, nothing asks for resets yet. Without memory there is no devlink. */
void oe_devlink_register(struct oe_kernel *kernel)
{
	struct devlink *devlink =
		devlink_alloc(&oe_devlink_ops, sizeof(struct oe_devlink), &kernel->pdev->dev);
	struct devlink_health_reporter *reporter;
	struct oe_devlink *ours;
	int i;

	if (!devlink)
		goto none;
	ours = devlink_priv(devlink);
	ours->kernel = kernel;
	for (i = 0; i < OE_REPORTERS; i++) {
		reporter = oe_health_reporter_create(devlink, &oe_reporter_ops[i], ours);
		if (IS_ERR(reporter))
			goto destroy;
		ours->reporters[i] = reporter;
	}
	oe_devlink_allow_reload(devlink);
	kernel->devlink = ours;
	devlink_register(devlink);
	return;

destroy:
	oe_reporters_destroy(ours);
	devlink_free(devlink);
none:
	dev_notice(&kernel->pdev->dev, "no devlink: out of memory\n");
}

/* Nothing asks for resets any more. */
void oe_devlink_unregister(struct oe_kernel *kernel)
{
	struct oe_devlink *ours = kernel->devlink;

	if (!ours)
		return;
	kernel->devlink = NULL;
	devlink_unregister(priv_to_devlink(ours));
	oe_reporters_destroy(ours);
	devlink_free(priv_to_devlink(ours));
}

/*
 * The reset work, not under rtnl. True: the fault behind the reset that is pending was not known
 * before, and now is its reporter's, which has carried the reset out or has it wait.
 */
bool oe_devlink_report(struct oe_kernel *kernel)
{
	struct oe_fault fault;
	bool found;

	rtnl_lock();
	found = kernel->netdev->reg_state == NETREG_REGISTERED && kernel->devlink &&
		oe_take_fault(kernel->adapter, &fault);
	rtnl_unlock();
	if (found)
		devlink_health_report(kernel->devlink->reporters[fault.reporter], fault.text,
				      &fault);
	return found;
}

/* After a reset of any origin: the device works. Under rtnl. */
void oe_devlink_healthy(struct oe_kernel *kernel)
{
	int i;

	if (!kernel->devlink)
		return;
	for (i = 0; i < OE_REPORTERS; i++)
		devlink_health_reporter_state_update(kernel->devlink->reporters[i],
						     DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);
}
