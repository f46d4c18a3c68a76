/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that driver and device share, by bus address. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#endif

/*
 * One arena, so that a bus address is found by a subtraction. What is not
 * allocated is poisoned: under AddressSanitizer a device that touches memory
 * the driver has given back is caught at the byte.
 */
class BusMemory {
    public:
	struct Block {
		void *cpu;
		uint64_t bus;
	};

	explicit BusMemory(size_t size = 256u << 20);
	~BusMemory();
	BusMemory(const BusMemory &) = delete;
	BusMemory &operator=(const BusMemory &) = delete;

	/* Page-aligned and zeroed; cpu is null when the arena is full. */
	[[nodiscard]] Block alloc(size_t size);
	void free(uint64_t bus);
	/* Null when any byte lies outside the arena. */
	[[nodiscard]] uint8_t *at(uint64_t bus, size_t len) const;
	/* Whether all of it lies within one allocation. */
	[[nodiscard]] bool owned(uint64_t bus, size_t len) const;
	[[nodiscard]] size_t blocks() const
	{
		return used_.size();
	}

	/* Above 4 GiB, so that a lost upper half of an address shows. */
	static constexpr uint64_t base = 0x12'3400'0000;

    private:
	static constexpr size_t page = 4096;

	[[nodiscard]] static size_t round_up(size_t size)
	{
		return (size + page - 1) / page * page;
	}

	uint8_t *arena_;
	size_t size_;
	size_t next_ = 0;
	std::map<uint64_t, size_t> used_; /* bus -> size */
	std::multimap<size_t, uint64_t> free_; /* rounded size -> bus */
};
