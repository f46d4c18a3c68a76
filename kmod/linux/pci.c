// SPDX-License-Identifier: GPL-2.0-or-later
/* The PCI function: probe, remove, shutdown, and its interrupt vectors. */
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "../../abi/ena_regs.h"
#include "openena.h"

/* Of addresses before the adapter has said how many it takes; none takes fewer. */
#define OE_LEAST_DMA_BITS 32

struct workqueue_struct *oe_workqueue;

int oe_pair_vector(const struct oe_kernel *kernel, u32 index)
{
	return pci_irq_vector(kernel->pdev, ENA_VECTOR_FIRST_IO + index);
}

static irqreturn_t oe_mgmt_handler(int irq, void *data)
{
	struct oe_kernel *kernel = data;

	WRITE_ONCE(kernel->mgmt_interrupts, kernel->mgmt_interrupts + 1);
	oe_mgmt_interrupt(kernel->adapter);
	return IRQ_HANDLED;
}

/* The management vector and as many for queues as can be had. On failure nothing is left. */
static int oe_interrupts_open(struct oe_kernel *kernel)
{
	struct pci_dev *pdev = kernel->pdev;
	unsigned int queues = min(kernel->info->max_queues, kernel->netdev->num_tx_queues);
	int vectors, err;

	vectors = pci_alloc_irq_vectors(pdev, ENA_VECTOR_FIRST_IO + 1, ENA_VECTOR_FIRST_IO + queues,
					PCI_IRQ_MSIX);
	if (vectors < 0) {
		dev_err(&pdev->dev, "no two MSI-X vectors to be had (%d)\n", vectors);
		return vectors;
	}
	snprintf(kernel->mgmt_irq_name, sizeof(kernel->mgmt_irq_name), OE_NAME "-mgmt@pci:%s",
		 pci_name(pdev));
	err = request_irq(pci_irq_vector(pdev, ENA_VECTOR_MGMT), oe_mgmt_handler, 0,
			  kernel->mgmt_irq_name, kernel);
	if (err)
		goto free_vectors;
	err = oe_interrupts_ready(kernel->adapter, vectors);
	if (err)
		goto free_mgmt;
	return 0;

free_mgmt:
	free_irq(pci_irq_vector(pdev, ENA_VECTOR_MGMT), kernel);
free_vectors:
	pci_free_irq_vectors(pdev);
	return err;
}

static void oe_interrupts_close(struct oe_kernel *kernel)
{
	oe_interrupts_gone(kernel->adapter);
	free_irq(pci_irq_vector(kernel->pdev, ENA_VECTOR_MGMT), kernel);
	pci_free_irq_vectors(kernel->pdev);
}

/* The function is enabled, its registers are mapped. On failure nothing is left. */
static int oe_adapter_open(struct oe_kernel *kernel)
{
	struct pci_dev *pdev = kernel->pdev;
	int err;

	err = oe_probe(kernel, !(pdev->revision & ENA_PCI_REVISION_NO_READLESS), &kernel->adapter);
	if (err)
		return err;
	kernel->info = oe_info(kernel->adapter);
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(kernel->info->dma_bits));
	if (err) {
		dev_err(&pdev->dev, "no DMA with the %u address bits of the device (%d)\n",
			kernel->info->dma_bits, err);
		goto remove;
	}
	err = oe_interrupts_open(kernel);
	if (err)
		goto remove;
	oe_devlink_register(kernel);
	err = oe_netdev_register(kernel);
	if (err)
		goto unregister_devlink;
	oe_ptp_register(kernel);
	queue_delayed_work(oe_workqueue, &kernel->service_work, HZ);
	/* One asked for earlier has found no registered net_device and done nothing. */
	if (oe_reset_pending(kernel->adapter))
		oek_schedule_reset(kernel);
	return 0;

unregister_devlink:
	oe_interrupts_close(kernel);
	cancel_work_sync(&kernel->reset_work);
	oe_devlink_unregister(kernel);
remove:
	oe_remove(kernel->adapter);
	return err;
}

/* The net_device is unregistered, the service work is off. */
static void oe_adapter_close(struct oe_kernel *kernel)
{
	/* "devlink dev reload" may have started it again. */
	cancel_delayed_work_sync(&kernel->service_work);
	oe_ptp_unregister(kernel);
	oe_interrupts_close(kernel);
	cancel_work_sync(&kernel->reset_work);
	cancel_work_sync(&kernel->rfs_work);
	oe_devlink_unregister(kernel);
	oe_remove(kernel->adapter);
}

/* The registers, and the device's memory if it has any. */
static int oe_bars(struct pci_dev *pdev)
{
	return pci_select_bars(pdev, IORESOURCE_MEM) & (BIT(ENA_BAR_REGISTERS) | BIT(ENA_BAR_LLQ));
}

/* Without a mapping the TX rings are in host memory. */
static void oe_push_map(struct oe_kernel *kernel)
{
	struct pci_dev *pdev = kernel->pdev;

	if (!(oe_bars(pdev) & BIT(ENA_BAR_LLQ)))
		return;
	kernel->push = pci_ioremap_wc_bar(pdev, ENA_BAR_LLQ);
	if (kernel->push)
		kernel->push_size =
			min_t(resource_size_t, pci_resource_len(pdev, ENA_BAR_LLQ), U32_MAX);
	else
		dev_notice(&pdev->dev, "BAR %d cannot be mapped\n", ENA_BAR_LLQ);
}

static void oe_push_unmap(struct oe_kernel *kernel)
{
	if (kernel->push)
		iounmap(kernel->push);
}

static int oe_pci_open(struct pci_dev *pdev)
{
	int err = pci_enable_device_mem(pdev);

	if (err) {
		dev_err(&pdev->dev, "the function cannot be enabled (%d)\n", err);
		return err;
	}
	err = pci_request_selected_regions(pdev, oe_bars(pdev), OE_NAME);
	if (err) {
		dev_err(&pdev->dev, "BAR %d is missing or taken (%d)\n", ENA_BAR_REGISTERS, err);
		goto disable;
	}
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(OE_LEAST_DMA_BITS));
	if (err) {
		dev_err(&pdev->dev, "no DMA with %d address bits (%d)\n", OE_LEAST_DMA_BITS, err);
		goto release;
	}
	pci_set_master(pdev);
	return 0;

release:
	pci_release_selected_regions(pdev, oe_bars(pdev));
disable:
	pci_disable_device(pdev);
	return err;
}

static void oe_pci_close(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
	pci_release_selected_regions(pdev, oe_bars(pdev));
	pci_disable_device(pdev);
}

static int oe_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct oe_kernel *kernel;
	int err;

	err = oe_pci_open(pdev);
	if (err)
		return err;
	kernel = oe_netdev_alloc(pdev);
	if (!kernel) {
		err = -ENOMEM;
		goto close;
	}
	kernel->registers_size =
		min_t(resource_size_t, pci_resource_len(pdev, ENA_BAR_REGISTERS), U32_MAX);
	kernel->registers = pci_ioremap_bar(pdev, ENA_BAR_REGISTERS);
	if (!kernel->registers) {
		err = -ENOMEM;
		goto free;
	}
	oe_push_map(kernel);
	pci_set_drvdata(pdev, kernel);
	err = oe_adapter_open(kernel);
	if (err)
		goto unmap;
	/* For oe_slot_reset(). */
	pci_save_state(pdev);
	return 0;

unmap:
	/* Asked for while the device came up. */
	cancel_work_sync(&kernel->reset_work);
	oe_push_unmap(kernel);
	iounmap(kernel->registers);
free:
	oe_netdev_free(kernel);
close:
	oe_pci_close(pdev);
	return err;
}

static void oe_pci_remove(struct pci_dev *pdev)
{
	struct oe_kernel *kernel = pci_get_drvdata(pdev);

	pci_disable_sriov(pdev);
	/* The service work asks for resets: it goes first. A reset needs the net_device. */
	cancel_delayed_work_sync(&kernel->service_work);
	unregister_netdev(kernel->netdev);
	oe_adapter_close(kernel);
	oe_push_unmap(kernel);
	iounmap(kernel->registers);
	oe_netdev_free(kernel);
	oe_pci_close(pdev);
}

/* All stays, the net_device detached: processes still use it. Only oe_pci_remove() frees. */
static void oe_pci_shutdown(struct pci_dev *pdev)
{
	struct oe_kernel *kernel = pci_get_drvdata(pdev);

	/* Whoever has rtnl after oe_device_leave() sees it. */
	kernel->shut_down = true;
	oe_device_leave(kernel, ENA_RESET_SHUTDOWN);
	pci_clear_master(pdev);
}

/* The device may lose all it knows, and memory may be another kernel's: until a reset after resuming. */
static int oe_pci_suspend(struct device *dev)
{
	oe_device_leave(dev_get_drvdata(dev), ENA_RESET_OS_TRIGGER);
	return 0;
}

static int oe_pci_resume(struct device *dev)
{
	oe_device_return(dev_get_drvdata(dev));
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(oe_pci_pm_ops, oe_pci_suspend, oe_pci_resume);

static const struct pci_device_id oe_pci_ids[] = {{PCI_DEVICE(ENA_PCI_VENDOR, ENA_PCI_PF)},
						  {PCI_DEVICE(ENA_PCI_VENDOR, ENA_PCI_LLQ_PF)},
						  {PCI_DEVICE(ENA_PCI_VENDOR, ENA_PCI_VF)},
						  {PCI_DEVICE(ENA_PCI_VENDOR, ENA_PCI_LLQ_VF)},
						  {PCI_DEVICE(ENA_PCI_VENDOR, ENA_PCI_RESERVED)},
						  {}};
MODULE_DEVICE_TABLE(pci, oe_pci_ids);

static struct pci_driver oe_pci_driver = {
	.name = OE_NAME,
	.id_table = oe_pci_ids,
	.probe = oe_pci_probe,
	.remove = oe_pci_remove,
	.shutdown = oe_pci_shutdown,
	.driver.pm = pm_sleep_ptr(&oe_pci_pm_ops),
	.err_handler = &oe_error_handlers,
	.sriov_configure = pci_sriov_configure_simple,
	.dev_groups = oe_device_groups,
};

static int __init oe_module_init(void)
{
	int err;

	oe_workqueue = alloc_workqueue(OE_NAME, WQ_UNBOUND, 0);
	if (!oe_workqueue)
		return -ENOMEM;
	err = pci_register_driver(&oe_pci_driver);
	if (err)
		destroy_workqueue(oe_workqueue);
	return err;
}

static void __exit oe_module_exit(void)
{
	pci_unregister_driver(&oe_pci_driver);
	destroy_workqueue(oe_workqueue);
}

module_init(oe_module_init);
module_exit(oe_module_exit);

MODULE_AUTHOR("OpenENA");
MODULE_DESCRIPTION("Driver for the Elastic Network Adapter");
MODULE_LICENSE("GPL");
MODULE_VERSION(OPENENA_VERSION);
