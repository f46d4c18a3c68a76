/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt moderation: delays in the device's units, and the word that re-arms a vector. */
#ifndef OPENENA_CORE_MODERATION_HH
#define OPENENA_CORE_MODERATION_HH

#include <cstdint>

#include "../../abi/ena_regs.h"
#include "barriers.hh"

namespace oe
{

class Moderation {
    public:
	/* @resolution_us: the unit of the device, 0 if it has no moderation. */
	void init(uint32_t resolution_us)
	{
		resolution_us_ = resolution_us;
	}
	/* The longest delay that the register can carry. */
	[[nodiscard]] uint32_t max_usecs() const
	{
		return ENA_INTR_RX_DELAY * resolution_us_;
	}
	/* Both at most max_usecs(); rounded up to the unit. Acts at the next unmask. */
	void set(uint32_t rx_usecs, uint32_t tx_usecs)
	{
		store_relaxed(unmask_word_,
			      ENA_INTR_UNMASK | ena::field_put(ENA_INTR_RX_DELAY, units(rx_usecs)) |
				      ena::field_put(ENA_INTR_TX_DELAY, units(tx_usecs)));
	}
	/* Any context. */
	[[nodiscard]] uint32_t unmask_word() const
	{
		return load_relaxed(unmask_word_);
	}

    private:
	[[nodiscard]] uint32_t units(uint32_t usecs) const
	{
		return resolution_us_ ? (usecs + resolution_us_ - 1) / resolution_us_ : 0;
	}

	uint32_t resolution_us_ = 0;
	uint32_t unmask_word_ = ENA_INTR_UNMASK;
};

} // namespace oe

#endif
