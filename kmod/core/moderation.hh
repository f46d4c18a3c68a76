/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt moderation: delays in the device's units, and the word that re-arms a vector. */
#ifndef OPENENA_CORE_MODERATION_HH
#define OPENENA_CORE_MODERATION_HH

#include <cstdint>

#include "../../abi/ena_regs.h"
#include "../bridge.h"
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
	/* At most max_usecs(); rounded up to the unit. Acts at the next unmask. */
	void set_tx(uint32_t usecs)
	{
		store_relaxed(tx_units_, units(usecs));
	}
	void set_rx(uint32_t usecs)
	{
		for (uint32_t &pair : rx_units_)
			store_relaxed(pair, units(usecs));
	}
	/* Of one pair; more than the register can carry is the most that it can. */
	void set_rx_of(uint32_t pair, uint32_t usecs)
	{
		if (pair < OE_MAX_QUEUES)
			store_relaxed(rx_units_[pair],
				      units(usecs < max_usecs() ? usecs : max_usecs()));
	}
	[[nodiscard]] uint32_t rx_of(uint32_t pair) const
	{
		return pair < OE_MAX_QUEUES ? load_relaxed(rx_units_[pair]) * resolution_us_ : 0;
	}
	/* Any context. */
	[[nodiscard]] uint32_t unmask_word(uint32_t pair) const
	{
		return ENA_INTR_UNMASK |
		       ena::field_put(ENA_INTR_RX_DELAY, load_relaxed(rx_units_[pair])) |
		       ena::field_put(ENA_INTR_TX_DELAY, load_relaxed(tx_units_));
	}

    private:
	[[nodiscard]] uint32_t units(uint32_t usecs) const
	{
		return resolution_us_ ? (usecs + resolution_us_ - 1) / resolution_us_ : 0;
	}

	uint32_t resolution_us_ = 0;
	uint32_t rx_units_[OE_MAX_QUEUES] = {};
	uint32_t tx_units_ = 0;
};

} // namespace oe

#endif
