// SPDX-License-Identifier: GPL-2.0-or-later
/* The PCI core's resets and errors: the adapter is left alone until they are over. */
#include <linux/rtnetlink.h>

#include "../../abi/ena_regs.h"
#include "openena.h"

/* Nobody reaches for the device from here on, and it for no memory. Suspending does the same. */
void oe_device_leave(struct oe_kernel *kernel, u32 reason)
{
	cancel_delayed_work_sync(&kernel->service_work);
	rtnl_lock();
	netif_device_detach(kernel->netdev);
	oe_down(kernel);
	mutex_lock(&kernel->service_lock);
	oe_leave(kernel->adapter, reason);
	mutex_unlock(&kernel->service_lock);
	rtnl_unlock();
}

/* The reset that is pending is due before anything else. Under rtnl. */
void oe_device_attach(struct oe_kernel *kernel)
{
	/* Present: another's return has done it, and the queues may be open. */
	if (kernel->shut_down || netif_device_present(kernel->netdev))
		return;
	/* It wakes the queues, which only oe_up() shall: no softirq may see them before they stop again. */
	local_bh_disable();
	netif_device_attach(kernel->netdev);
	netif_tx_disable(kernel->netdev);
	local_bh_enable();
	oe_return(kernel->adapter);
}

/* It is back, and has forgotten all: reset it, and open it if it was. */
void oe_device_return(struct oe_kernel *kernel)
{
	rtnl_lock();
	oe_device_attach(kernel);
	oek_schedule_reset(kernel);
	rtnl_unlock();
	queue_delayed_work(oe_workqueue, &kernel->service_work, HZ);
}

/* Something on the way to the device failed; with the channel frozen nothing gets through. */
static pci_ers_result_t oe_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct oe_kernel *kernel = pci_get_drvdata(pdev);

	dev_warn(&pdev->dev, "PCI error, channel state %d\n", state);
	oe_device_leave(kernel, ENA_RESET_OS_TRIGGER);
	if (state == pci_channel_io_perm_failure)
		return PCI_ERS_RESULT_DISCONNECT;
	/*
	 * The way to the device works if only a transaction failed: oe_error_resume() resets the device
	 * itself. Asked for a reset, Linux 7 would take down the link for that, too.
	 */
	return state == pci_channel_io_normal ? PCI_ERS_RESULT_CAN_RECOVER
					      : PCI_ERS_RESULT_NEED_RESET;
}

/* After the reset of slot or link: the configuration is that of the end of the probe. */
static pci_ers_result_t oe_slot_reset(struct pci_dev *pdev)
{
	/* Resuming from a suspension has cleared it; what was saved is there. */
	pdev->state_saved = true;
	pci_restore_state(pdev);
	/* For the next time. */
	pci_save_state(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static void oe_error_resume(struct pci_dev *pdev)
{
	oe_device_return(pci_get_drvdata(pdev));
}

/* A reset that the PCI core does, such as a function level reset by sysfs. Under the device's lock. */
static void oe_reset_prepare(struct pci_dev *pdev)
{
	oe_device_leave(pci_get_drvdata(pdev), ENA_RESET_OS_TRIGGER);
}

static void oe_reset_done(struct pci_dev *pdev)
{
	oe_device_return(pci_get_drvdata(pdev));
}

const struct pci_error_handlers oe_error_handlers = {
	.error_detected = oe_error_detected,
	.slot_reset = oe_slot_reset,
	.resume = oe_error_resume,
	.reset_prepare = oe_reset_prepare,
	.reset_done = oe_reset_done,
};
