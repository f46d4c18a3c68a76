// SPDX-License-Identifier: GPL-2.0-or-later
#include "bus_memory.hh"

#include <cstring>
#include <iterator>
#include <sys/mman.h>

BusMemory::BusMemory(size_t size) : size_(size)
{
	void *p = mmap(nullptr, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	arena_ = p == MAP_FAILED ? nullptr : static_cast<uint8_t *>(p);
	ASAN_POISON_MEMORY_REGION(arena_, size_);
}

BusMemory::~BusMemory()
{
	ASAN_UNPOISON_MEMORY_REGION(arena_, size_);
	munmap(arena_, size_);
}

BusMemory::Block BusMemory::alloc(size_t size)
{
	const size_t rounded = round_up(size);
	uint64_t bus;
	const auto it = free_.find(rounded);
	const bool used_before = it != free_.end();
	if (used_before) {
		bus = it->second;
		free_.erase(it);
	} else {
		if (!arena_ || rounded > size_ - next_)
			return {nullptr, 0};
		bus = base + next_;
		next_ += rounded;
	}
	used_.emplace(bus, size);
	uint8_t *cpu = arena_ + (bus - base);
	ASAN_UNPOISON_MEMORY_REGION(cpu, size);
	if (used_before) /* fresh memory of the host is zero, and costs nothing until it is used */
		memset(cpu, 0, size);
	return {cpu, bus};
}

void BusMemory::free(uint64_t bus)
{
	auto it = used_.find(bus);
	if (it == used_.end())
		__builtin_trap();
	ASAN_POISON_MEMORY_REGION(arena_ + (bus - base), it->second);
	free_.emplace(round_up(it->second), bus);
	used_.erase(it);
}

uint8_t *BusMemory::at(uint64_t bus, size_t len) const
{
	if (bus < base || bus - base > size_ || len > size_ - (bus - base))
		return nullptr;
	return arena_ + (bus - base);
}

bool BusMemory::owned(uint64_t bus, size_t len) const
{
	auto it = used_.upper_bound(bus);
	if (it == used_.begin())
		return false;
	--it;
	return bus - it->first <= it->second && len <= it->second - (bus - it->first);
}
