/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory and locks that are given back when their owner goes. */
#ifndef OPENENA_CORE_MEMORY_HH
#define OPENENA_CORE_MEMORY_HH

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "../bridge.h"
#include "result.hh"

namespace oe
{

/* An address as the device sees it; 48 bits are all that the ABI can carry. */
struct BusAddress {
	uint64_t value = 0;

	[[nodiscard]] constexpr bool fits() const
	{
		return value >> 48 == 0;
	}
};

/* Coherent memory that driver and device share. Process context. */
class DmaBuffer {
    public:
	DmaBuffer() = default;
	DmaBuffer(const DmaBuffer &) = delete;
	DmaBuffer &operator=(const DmaBuffer &) = delete;
	~DmaBuffer()
	{
		release();
	}

	[[nodiscard]] Status allocate(oe_kernel *kernel, size_t size)
	{
		release();
		cpu_ = oek_dma_alloc(kernel, size, &bus_.value);
		if (!cpu_)
			return Errno::no_memory;
		kernel_ = kernel;
		size_ = size;
		if (!bus_.fits()) {
			release();
			return Errno::no_memory;
		}
		return {};
	}
	void release()
	{
		if (cpu_)
			oek_dma_free(kernel_, size_, cpu_, bus_.value);
		cpu_ = nullptr;
		size_ = 0;
	}
	void clear()
	{
		__builtin_memset(cpu_, 0, size_);
	}
	template <class T> [[nodiscard]] T *as() const
	{
		return static_cast<T *>(cpu_);
	}
	[[nodiscard]] BusAddress bus() const
	{
		return bus_;
	}
	[[nodiscard]] size_t size() const
	{
		return size_;
	}

    private:
	oe_kernel *kernel_ = nullptr;
	void *cpu_ = nullptr;
	size_t size_ = 0;
	BusAddress bus_;
};

/* A fixed number of objects in ordinary memory. Process context. */
template <class T> class Array {
    public:
	Array() = default;
	Array(const Array &) = delete;
	Array &operator=(const Array &) = delete;
	~Array()
	{
		release();
	}

	[[nodiscard]] Status allocate(uint32_t count)
	{
		release();
		void *memory = oek_alloc(static_cast<size_t>(count) * sizeof(T));
		if (!memory)
			return Errno::no_memory;
		items_ = static_cast<T *>(memory);
		for (; count_ < count; count_++)
			new (&items_[count_]) T();
		return {};
	}
	void release()
	{
		while (count_)
			items_[--count_].~T();
		if (items_)
			oek_free(items_);
		items_ = nullptr;
	}
	[[nodiscard]] uint32_t size() const
	{
		return count_;
	}
	[[nodiscard]] T &operator[](uint32_t i)
	{
		return items_[i];
	}
	[[nodiscard]] const T &operator[](uint32_t i) const
	{
		return items_[i];
	}
	[[nodiscard]] T *begin()
	{
		return items_;
	}
	[[nodiscard]] const T *begin() const
	{
		return items_;
	}
	[[nodiscard]] T *end()
	{
		return items_ + count_;
	}

    private:
	T *items_ = nullptr;
	uint32_t count_ = 0;
};

class LockGuard {
    public:
	LockGuard(oe_kernel *kernel, oe_lock lock) : kernel_(kernel), lock_(lock)
	{
		oek_lock(kernel_, lock_);
	}
	LockGuard(const LockGuard &) = delete;
	LockGuard &operator=(const LockGuard &) = delete;
	~LockGuard()
	{
		oek_unlock(kernel_, lock_);
	}

    private:
	oe_kernel *kernel_;
	oe_lock lock_;
};

} // namespace oe

#endif
