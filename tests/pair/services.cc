// SPDX-License-Identifier: GPL-2.0-or-later
/* The oek_* services, as a kernel of one thread and virtual time gives them. */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "machine.hh"

namespace
{
constexpr uint64_t us = 1000;
}

extern "C" {

uint32_t oek_readl(oe_kernel *kernel, uint32_t offset)
{
	return kernel->read_register(offset);
}

void oek_writel(oe_kernel *kernel, uint32_t offset, uint32_t value)
{
	kernel->write_register(offset, value);
}

uint32_t oek_push_size(oe_kernel *kernel)
{
	return static_cast<uint32_t>(kernel->llq.size() * sizeof(uint64_t));
}

void oek_push(oe_kernel *kernel, uint32_t offset, const void *from, uint32_t len)
{
	if (offset + len <= oek_push_size(kernel))
		memcpy(reinterpret_cast<uint8_t *>(kernel->llq.data()) + offset, from, len);
}

void oek_push_barrier(void)
{
}

void *oek_dma_alloc(oe_kernel *kernel, size_t size, uint64_t *bus)
{
	if (kernel->allocations_until_failure == 0)
		return nullptr;
	if (kernel->allocations_until_failure != UINT64_MAX)
		kernel->allocations_until_failure--;
	const BusMemory::Block block = kernel->memory.alloc(size);
	*bus = block.bus;
	return block.cpu;
}

void oek_dma_free(oe_kernel *kernel, size_t, void *, uint64_t bus)
{
	kernel->memory.free(bus);
}

void *oek_alloc(size_t size)
{
	return calloc(1, size);
}

void oek_free(void *memory)
{
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

void oek_sleep_us(uint32_t n)
{
	Clock::now += n * us;
	for (oe_kernel *m : oe_kernel::all)
		m->device_turn();
}

uint64_t oek_now_ns(void)
{
	/* Looking at the clock takes time: who spins on it gets somewhere. */
	return Clock::now += 100;
}

void oek_random(void *buf, size_t n)
{
	static uint64_t state = 88172645463325252u;
	for (size_t i = 0; i < n; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		static_cast<uint8_t *>(buf)[i] = static_cast<uint8_t>(state);
	}
}

void oek_wait_admin(oe_kernel *kernel, uint32_t timeout_us)
{
	kernel->wait_admin(timeout_us * us);
}

void oek_wake_admin(oe_kernel *kernel)
{
	kernel->admin_awake = true;
}

void oek_log(oe_kernel *kernel, oe_log_level level, const char *text)
{
	if (getenv("OPENENA_TRACE"))
		fprintf(stderr, "# driver: %s\n", text);
	if (level <= OE_LOG_WARNING && kernel->log.size() < 1000)
		kernel->log.emplace_back(text);
}

void oek_allow_dma(oe_kernel *kernel, bool allow)
{
	kernel->bus_master = allow;
}

bool oek_registers_reachable(oe_kernel *)
{
	return true;
}

void oek_link(oe_kernel *kernel, bool up)
{
	kernel->link = up;
}

void oek_schedule_reset(oe_kernel *kernel)
{
	kernel->reset_scheduled = true;
}

void oek_pair_state(oe_kernel *kernel, uint32_t index, oe_pair_state *state)
{
	*state = kernel->pair_state(index);
}

void oek_poll_pair(oe_kernel *kernel, uint32_t index)
{
	kernel->schedule(index);
}

void oek_rfs_lock(oe_kernel *)
{
}

void oek_rfs_unlock(oe_kernel *)
{
}

bool oek_rfs_may_expire(oe_kernel *, uint32_t, uint32_t, uint32_t)
{
	return false;
}

void oek_admin_done(oe_kernel *, const oe_admin_record *)
{
}

void oek_host_facts(oe_kernel *, oe_host_facts *facts)
{
	*facts = {};
	facts->kernel_version = 6u << 16 | 12u << 8;
	strcpy(facts->kernel_string, "6.12.0-pair");
	facts->driver_version[1] = 1;
	facts->bdf = 0x10;
	facts->cpus = 2;
}

} // extern "C"
