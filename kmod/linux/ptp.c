// SPDX-License-Identifier: GPL-2.0-or-later
/* The device's hardware clock as a PTP clock, and its error bound in sysfs. */
#include <linux/device.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "openena.h"

/* The error bound after a failure, and before the first reading. */
#define OE_PHC_BOUND_UNKNOWN U32_MAX

static int oe_ptp_gettimex64(struct ptp_clock_info *info, struct timespec64 *ts,
			     struct ptp_system_timestamp *sts)
{
	struct oe_kernel *kernel = container_of(info, struct oe_kernel, ptp_info);
	struct oe_phc_time time;
	unsigned long flags;
	int err;

	/* Interrupts off: the two readings of the system's clock shall be close. */
	spin_lock_irqsave(&kernel->phc_lock, flags);
	ptp_read_system_prets(sts);
	err = oe_phc_read(kernel->adapter, &time);
	ptp_read_system_postts(sts);
	WRITE_ONCE(kernel->phc_error_bound_ns, err ? OE_PHC_BOUND_UNKNOWN : time.error_bound_ns);
	spin_unlock_irqrestore(&kernel->phc_lock, flags);
	if (!err)
		*ts = ns_to_timespec64(time.ns);
	return err;
}

/* The clock is the device's: nobody sets it, and PTP's core asks without looking. */
static int oe_ptp_settime64(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int oe_ptp_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int oe_ptp_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int oe_ptp_enable(struct ptp_clock_info *info, struct ptp_clock_request *request, int on)
{
	return -EOPNOTSUPP;
}

static const struct ptp_clock_info oe_ptp_info = {
	.owner = THIS_MODULE,
	.gettimex64 = oe_ptp_gettimex64,
	.settime64 = oe_ptp_settime64,
	.adjtime = oe_ptp_adjtime,
	.adjfine = oe_ptp_adjfine,
	.enable = oe_ptp_enable,
};

void oe_ptp_register(struct oe_kernel *kernel)
{
	struct device *dev = &kernel->pdev->dev;
	struct ptp_clock *clock;

	if (!kernel->info->phc)
		return;
	kernel->phc_error_bound_ns = OE_PHC_BOUND_UNKNOWN;
	kernel->ptp_info = oe_ptp_info;
	snprintf(kernel->ptp_info.name, sizeof(kernel->ptp_info.name), "ena-ptp-%s",
		 pci_name(kernel->pdev));
	/* NULL: a kernel without PTP clocks. */
	clock = ptp_clock_register(&kernel->ptp_info, dev);
	if (IS_ERR(clock)) {
		dev_warn(dev, "the clock cannot be registered (%ld)\n", PTR_ERR(clock));
		return;
	}
	/* The net_device is there already: oe_get_ts_info() may look. */
	WRITE_ONCE(kernel->ptp, clock);
}

/* Afterwards nobody reads the clock. The net_device is gone or detached: nobody asks for it. */
void oe_ptp_unregister(struct oe_kernel *kernel)
{
	if (kernel->ptp)
		ptp_clock_unregister(kernel->ptp);
	kernel->ptp = NULL;
}

/* As the stock driver has it: ns that the last reading may be off. */
static ssize_t phc_error_bound_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct oe_kernel *kernel = dev_get_drvdata(dev);
	u32 bound = READ_ONCE(kernel->phc_error_bound_ns);

	if (bound == OE_PHC_BOUND_UNKNOWN)
		return -EBUSY;
	return sysfs_emit(buf, "%u\n", bound);
}
static DEVICE_ATTR_RO(phc_error_bound);

static umode_t oe_phc_is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	struct oe_kernel *kernel = dev_get_drvdata(kobj_to_dev(kobj));

	return kernel->ptp ? attr->mode : 0;
}

static struct attribute *oe_phc_attributes[] = {&dev_attr_phc_error_bound.attr, NULL};
static const struct attribute_group oe_phc_group = {
	.attrs = oe_phc_attributes,
	.is_visible = oe_phc_is_visible,
};
const struct attribute_group *oe_device_groups[] = {&oe_phc_group, NULL};
