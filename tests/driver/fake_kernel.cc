// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's side of the bridge, for a driver core on a fake adapter. */
#include "fake_adapter.hh"

#include <cstdlib>

uint32_t oek_readl(oe_kernel *kernel, uint32_t offset)
{
	const uint32_t value = kernel->register_value(offset);

	return kernel->alter_register ? kernel->alter_register(offset, value) : value;
}

void oek_writel(oe_kernel *kernel, uint32_t offset, uint32_t value)
{
	kernel->write(offset, value);
}

uint32_t oek_push_size(oe_kernel *kernel)
{
	return static_cast<uint32_t>(kernel->push_memory.size());
}

void oek_push(oe_kernel *kernel, uint32_t offset, const void *from, uint32_t len)
{
	if (offset + len > kernel->push_memory.size())
		abort();
	memcpy(&kernel->push_memory[offset], from, len);
}

void oek_push_barrier()
{
	oe_kernel::current->push_barriers++;
}

void *oek_dma_alloc(oe_kernel *kernel, size_t size, uint64_t *bus)
{
	void *p = kernel->allocate(size);
	*bus = reinterpret_cast<uint64_t>(p);
	return p;
}

void oek_dma_free(oe_kernel *kernel, size_t, void *cpu, uint64_t)
{
	kernel->allocations--;
	free(cpu);
}

void *oek_alloc(size_t size)
{
	return oe_kernel::current->allocate(size);
}

void oek_free(void *memory)
{
	oe_kernel::current->allocations--;
	free(memory);
}

void oek_memcpy(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
}

void oek_lock(oe_kernel *, oe_lock)
{
}

void oek_unlock(oe_kernel *, oe_lock)
{
}

void oek_sleep_us(uint32_t us)
{
	oe_kernel::current->now += us * 1000ull;
}

uint64_t oek_now_ns()
{
	return oe_kernel::current->now += 10;
}

void oek_random(void *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		static_cast<uint8_t *>(buf)[i] = static_cast<uint8_t>(i * 7 + 1);
}

void oek_wait_admin(oe_kernel *kernel, uint32_t timeout_us)
{
	if (kernel->completes_while_waiting)
		kernel->admin_doorbell(static_cast<uint16_t>(kernel->writes[ENA_REG_AQ_DB]));
	if (!kernel->woken)
		kernel->now += timeout_us * 1000ull;
	kernel->woken = false;
}

void oek_wake_admin(oe_kernel *kernel)
{
	kernel->woken = true;
}

void oek_log(oe_kernel *kernel, oe_log_level, const char *text)
{
	kernel->log.emplace_back(text);
}

void oek_allow_dma(oe_kernel *kernel, bool allow)
{
	kernel->dma_allowed = allow;
	kernel->dma_grants += allow;
}

bool oek_registers_reachable(oe_kernel *kernel)
{
	return kernel->registers_reachable;
}

void oek_link(oe_kernel *kernel, bool up)
{
	kernel->link = up;
}

void oek_pair_state(oe_kernel *kernel, uint32_t index, oe_pair_state *state)
{
	*state = kernel->pairs[index];
}

void oek_poll_pair(oe_kernel *kernel, uint32_t index)
{
	kernel->polled.push_back(index);
	if (kernel->poll)
		kernel->poll(index);
}

void oek_rfs_lock(oe_kernel *)
{
}

void oek_rfs_unlock(oe_kernel *)
{
}

bool oek_rfs_may_expire(oe_kernel *k, uint32_t queue, uint32_t kernel_id, uint32_t number)
{
	return k->may_expire && k->may_expire(queue, kernel_id, number);
}

void oek_schedule_reset(oe_kernel *kernel)
{
	kernel->resets_scheduled++;
}

void oek_admin_done(oe_kernel *kernel, const oe_admin_record *record)
{
	kernel->last_admin = *record;
	kernel->admin_done++;
}

void oek_host_facts(oe_kernel *, oe_host_facts *facts)
{
	*facts = {};
	facts->kernel_version = 0x060c00;
	strcpy(facts->kernel_string, "6.12.0-test");
	facts->driver_version[0] = 1;
	facts->driver_version[1] = 2;
	facts->driver_version[2] = 3;
	facts->bdf = 0x0108;
	facts->cpus = 4;
}
