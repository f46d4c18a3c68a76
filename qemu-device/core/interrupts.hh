/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSI-X vectors: one-shot arming, moderation, the management mask. */
#ifndef ENA_CORE_INTERRUPTS_HH
#define ENA_CORE_INTERRUPTS_HH

#include "snapshot.hh"

#include "abi/ena_pci.h"
#include "abi/ena_regs.h"

#include <array>

namespace ena
{

enum class Direction : uint8_t { tx = ENA_SQ_TX, rx = ENA_SQ_RX };

/*
 * A vector of completion queues is masked at first and after each message; the
 * unmask register of any of its queues arms it. What was completed meanwhile
 * is announced when it is armed. The management vector is not one-shot.
 */
class Interrupts {
    public:
	/* @resolution_us: unit of the delays in the unmask registers. */
	Interrupts(Host &host, uint16_t resolution_us) : host_(host), resolution_us_(resolution_us)
	{
	}

	/* A burst of completions was written to a queue of @vector. */
	void completed(uint16_t vector, Direction direction);
	/* A write of @word to the unmask register of a queue of @vector. */
	void unmask(uint16_t vector, uint32_t word);
	/* An admin completion or an event was written. */
	void management();
	void write_mask(uint32_t word);
	[[nodiscard]] uint32_t mask() const
	{
		return management_mask_;
	}

	[[nodiscard]] bool management_pending() const
	{
		return management_pending_;
	}
	[[nodiscard]] bool armed(uint16_t vector) const
	{
		return vectors_[vector].armed;
	}
	/* Something was completed that no message has told. */
	[[nodiscard]] bool pending(uint16_t vector) const
	{
		return vectors_[vector].pending;
	}

	/* The next moment at which a delayed message is due. */
	[[nodiscard]] uint64_t deadline() const;
	void expire(uint64_t now_ns);
	/* All masked, nothing pending. */
	void reset();
	/* @vectors: how many the function has. */
	void snapshot(Snapshot &s, uint16_t vectors);

    private:
	struct Vector {
		bool armed = false;
		bool pending = false;
		uint16_t rx_delay = 0; /* in units of the resolution */
		uint16_t tx_delay = 0;
		uint64_t due_ns = 0; /* when @pending: not before */
	};

	void fire(uint16_t vector);
	/* After any change of the two: a message is due as soon as @vector's delay is over. */
	void note_delayed(uint16_t vector);

	Host &host_;
	uint16_t resolution_us_;
	std::array<Vector, ENA_DEVICE_MAX_VECTORS> vectors_{};
	uint64_t delayed_ = 0; /* vectors both armed and pending; bit = vector */
	static_assert(ENA_DEVICE_MAX_VECTORS <= 64);
	uint32_t management_mask_ = 0;
	bool management_pending_ = false;
};

} // namespace ena

#endif
