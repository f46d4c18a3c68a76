// SPDX-License-Identifier: GPL-2.0-or-later
/* oek_*: what the core asks of the kernel. bridge.h describes each. */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/version.h>

#include "openena.h"
#include "trace.h"

/* Doorbell offsets come from the device: one outside of BAR 0 is no register. */
static bool oek_is_register(const struct oe_kernel *kernel, uint32_t offset)
{
	return offset <= kernel->registers_size - sizeof(u32) && IS_ALIGNED(offset, sizeof(u32));
}

uint32_t oek_readl(struct oe_kernel *kernel, uint32_t offset)
{
	/* All ones, as from a device that is gone. */
	if (unlikely(!oek_is_register(kernel, offset)))
		return U32_MAX;
	return readl(kernel->registers + offset);
}

void oek_writel(struct oe_kernel *kernel, uint32_t offset, uint32_t value)
{
	if (unlikely(!oek_is_register(kernel, offset))) {
		dev_err_ratelimited(&kernel->pdev->dev, "register %#x is outside of BAR 0 (%#x)\n",
				    offset, kernel->registers_size);
		return;
	}
	trace_openena_doorbell(kernel->netdev, offset, value);
	/* writel() orders the descriptors written before the doorbell. */
	writel(value, kernel->registers + offset);
}

uint32_t oek_push_size(struct oe_kernel *kernel)
{
	return kernel->push_size;
}

void oek_push(struct oe_kernel *kernel, uint32_t offset, const void *from, uint32_t len)
{
	if (likely(offset <= kernel->push_size && len <= kernel->push_size - offset))
		__iowrite64_copy(kernel->push + offset, from, len / sizeof(u64));
}

void oek_push_barrier(void)
{
	/* Write-combining stores leave the processor before the doorbell that follows. */
	wmb();
}

void *oek_dma_alloc(struct oe_kernel *kernel, size_t size, uint64_t *bus)
{
	dma_addr_t address;
	void *cpu = dma_alloc_coherent(&kernel->pdev->dev, size, &address, GFP_KERNEL);

	if (cpu)
		*bus = address;
	return cpu;
}

void oek_dma_free(struct oe_kernel *kernel, size_t size, void *cpu, uint64_t bus)
{
	dma_free_coherent(&kernel->pdev->dev, size, cpu, bus);
}

void *oek_alloc(size_t size)
{
	return kvzalloc(size, GFP_KERNEL);
}

void oek_free(void *memory)
{
	kvfree(memory);
}

void oek_memcpy(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
}

static struct mutex *oek_mutex(struct oe_kernel *kernel, enum oe_lock lock)
{
	return lock == OE_LOCK_ADMIN ? &kernel->admin_lock : &kernel->registers_lock;
}

void oek_lock(struct oe_kernel *kernel, enum oe_lock lock)
{
	mutex_lock(oek_mutex(kernel, lock));
}

void oek_unlock(struct oe_kernel *kernel, enum oe_lock lock)
{
	mutex_unlock(oek_mutex(kernel, lock));
}

void oek_sleep_us(uint32_t us)
{
	fsleep(us);
}

uint64_t oek_now_ns(void)
{
	return ktime_get_ns();
}

void oek_random(void *buf, size_t n)
{
	get_random_bytes(buf, n);
}

void oek_wait_admin(struct oe_kernel *kernel, uint32_t timeout_us)
{
	wait_event_timeout(kernel->admin_wait, test_and_clear_bit(0, &kernel->admin_woken),
			   usecs_to_jiffies(timeout_us) + 1);
}

void oek_wake_admin(struct oe_kernel *kernel)
{
	/* The lock in wake_up() orders the bit before the look for a waiter. */
	set_bit(0, &kernel->admin_woken);
	wake_up(&kernel->admin_wait);
}

void oek_log(struct oe_kernel *kernel, enum oe_log_level level, const char *text)
{
	static const char *const levels[] = {
		[OE_LOG_ERROR] = KERN_ERR,
		[OE_LOG_WARNING] = KERN_WARNING,
		[OE_LOG_NOTICE] = KERN_NOTICE,
		[OE_LOG_DEBUG] = KERN_DEBUG,
	};

	/* Before it is registered a net_device has no name. */
	if (level == OE_LOG_DEBUG)
		dev_dbg(&kernel->pdev->dev, "%s\n", text);
	else if (kernel->netdev->reg_state == NETREG_REGISTERED)
		netdev_printk(levels[level], kernel->netdev, "%s\n", text);
	else
		dev_printk(levels[level], &kernel->pdev->dev, "%s\n", text);
}

/* The carrier is on while the link is up and packets can pass. Under link_lock. */
static void oe_update_carrier(struct oe_kernel *kernel)
{
	lockdep_assert_held(&kernel->link_lock);
	if (kernel->link && kernel->datapath)
		netif_carrier_on(kernel->netdev);
	else
		netif_carrier_off(kernel->netdev);
}

void oe_set_datapath(struct oe_kernel *kernel, bool up)
{
	/* Interrupts off: oek_link() comes from the management interrupt. */
	spin_lock_irq(&kernel->link_lock);
	kernel->datapath = up;
	oe_update_carrier(kernel);
	spin_unlock_irq(&kernel->link_lock);
}

void oek_allow_dma(struct oe_kernel *kernel, bool allow)
{
	if (allow)
		pci_set_master(kernel->pdev);
	else
		pci_clear_master(kernel->pdev);
}

bool oek_registers_reachable(struct oe_kernel *kernel)
{
	u16 command;

	if (pci_channel_offline(kernel->pdev))
		return false;
	return kernel->pdev->is_virtfn ||
	       (!pci_read_config_word(kernel->pdev, PCI_COMMAND, &command) &&
		command & PCI_COMMAND_MEMORY);
}

void oek_link(struct oe_kernel *kernel, bool up)
{
	unsigned long flags;

	spin_lock_irqsave(&kernel->link_lock, flags);
	kernel->link = up;
	oe_update_carrier(kernel);
	spin_unlock_irqrestore(&kernel->link_lock, flags);
}

void oek_schedule_reset(struct oe_kernel *kernel)
{
	queue_work(oe_workqueue, &kernel->reset_work);
}

void oek_admin_done(struct oe_kernel *kernel, const struct oe_admin_record *record)
{
	trace_openena_admin(kernel->netdev, record);
}

void oek_host_facts(struct oe_kernel *kernel, struct oe_host_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->kernel_version = KERNEL_VERSION(LINUX_VERSION_MAJOR, LINUX_VERSION_PATCHLEVEL,
					       LINUX_VERSION_SUBLEVEL);
	strscpy(facts->kernel_string, init_utsname()->release, sizeof(facts->kernel_string));
	if (sscanf(OPENENA_VERSION, "%u.%u.%u", &facts->driver_version[0],
		   &facts->driver_version[1], &facts->driver_version[2]) != 3)
		dev_dbg(&kernel->pdev->dev, "version %s has not three parts\n", OPENENA_VERSION);
	facts->bdf = pci_dev_id(kernel->pdev);
	facts->cpus = num_online_cpus();
}
