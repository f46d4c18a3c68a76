/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ordering between processors and with the device, in the kernel's memory
 * model. Every architecture the driver is built for has its own block.
 */
#ifndef OPENENA_CORE_BARRIERS_HH
#define OPENENA_CORE_BARRIERS_HH

#include <cstdint>

namespace oe
{

#if defined(__x86_64__)

/* Loads from coherent memory stay in order on x86: hold the compiler only. */
inline void dma_rmb()
{
	asm volatile("" ::: "memory");
}

/* Stores to coherent memory stay in order on x86: hold the compiler only. */
inline void dma_wmb()
{
	asm volatile("" ::: "memory");
}

/* Also orders a store before a later load, the one pair that x86 reorders. */
inline void smp_mb()
{
	asm volatile("lock; addl $0, -4(%%rsp)" ::: "memory", "cc");
}

inline void cpu_relax()
{
	asm volatile("rep; nop" ::: "memory");
}

#elif defined(__aarch64__)

inline void dma_rmb()
{
	asm volatile("dmb oshld" ::: "memory");
}

inline void dma_wmb()
{
	asm volatile("dmb oshst" ::: "memory");
}

inline void smp_mb()
{
	asm volatile("dmb ish" ::: "memory");
}

inline void cpu_relax()
{
	asm volatile("yield" ::: "memory");
}

#else
#error "the barriers of this architecture are missing"
#endif

/* One load that the compiler neither repeats nor splits: for what the device writes. */
template <class T> [[nodiscard]] inline T load_once(const T &place)
{
	return *const_cast<const volatile T *>(&place);
}

template <class T> [[nodiscard]] inline T load_relaxed(const T &place)
{
	T value;

	/* Not the _n form: clang does not take enumerations there. */
	__atomic_load(&place, &value, __ATOMIC_RELAXED);
	return value;
}

template <class T> inline void store_relaxed(T &place, T value)
{
	__atomic_store(&place, &value, __ATOMIC_RELAXED);
}

template <class T> [[nodiscard]] inline T load_acquire(const T &place)
{
	T value;

	__atomic_load(&place, &value, __ATOMIC_ACQUIRE);
	return value;
}

template <class T> inline void store_release(T &place, T value)
{
	__atomic_store(&place, &value, __ATOMIC_RELEASE);
}

/* True if @place was @from and is @to now. Full ordering. */
template <class T> [[nodiscard]] inline bool exchange_if(T &place, T from, T to)
{
	return __atomic_compare_exchange_n(&place, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

} // namespace oe

#endif
