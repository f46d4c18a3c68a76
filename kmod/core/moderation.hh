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
	/*
	 * Delays of at most max_usecs(), rounded up to the unit; they act at the next unmask. Adaptive
	 * ones go on from what they are, at first from none.
	 */
	void set(uint32_t pair, const oe_delays &delays)
	{
		if (!delays.adaptive_rx)
			store_relaxed(rx_units_[pair], units(delays.rx_usecs));
		else if (!load_relaxed(adaptive_[pair]))
			store_relaxed(rx_units_[pair], 0u);
		store_relaxed(adaptive_[pair], delays.adaptive_rx);
		store_relaxed(tx_units_[pair], units(delays.tx_usecs));
	}
	void set_all(const oe_delays &delays)
	{
		for (uint32_t pair = 0; pair < OE_MAX_QUEUES; pair++)
			set(pair, delays);
	}
	/* The RX delay of an adaptive pair; more than the register can carry is the most it can. */
	void adapt(uint32_t pair, uint32_t usecs)
	{
		if (pair < OE_MAX_QUEUES && load_relaxed(adaptive_[pair]))
			store_relaxed(rx_units_[pair],
				      units(usecs < max_usecs() ? usecs : max_usecs()));
	}
	/* Those of a pair now. */
	[[nodiscard]] oe_delays get(uint32_t pair) const
	{
		return {.rx_usecs = load_relaxed(rx_units_[pair]) * resolution_us_,
			.tx_usecs = load_relaxed(tx_units_[pair]) * resolution_us_,
			.adaptive_rx = load_relaxed(adaptive_[pair])};
	}
	/* Any context. */
	[[nodiscard]] uint32_t unmask_word(uint32_t pair) const
	{
		return ENA_INTR_UNMASK |
		       ena::field_put(ENA_INTR_RX_DELAY, load_relaxed(rx_units_[pair])) |
		       ena::field_put(ENA_INTR_TX_DELAY, load_relaxed(tx_units_[pair]));
	}

    private:
	[[nodiscard]] uint32_t units(uint32_t usecs) const
	{
		return resolution_us_ ? (usecs + resolution_us_ - 1) / resolution_us_ : 0;
	}

	uint32_t resolution_us_ = 0;
	uint32_t rx_units_[OE_MAX_QUEUES] = {};
	uint32_t tx_units_[OE_MAX_QUEUES] = {};
	bool adaptive_[OE_MAX_QUEUES] = {};
};

} // namespace oe

#endif
