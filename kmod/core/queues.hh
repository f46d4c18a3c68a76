/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Submission and completion queues: their indices, and how the device gets and loses them. */
#ifndef OPENENA_CORE_QUEUES_HH
#define OPENENA_CORE_QUEUES_HH

#include <cstdint>

#include "../../abi/ena_admin.h"
#include "admin_queue.hh"
#include "memory.hh"
#include "registers.hh"
#include "result.hh"

namespace oe
{

/* The device's own numbering, which is not that of the pairs. */
struct SqIndex {
	uint16_t value = 0;
};
struct CqIndex {
	uint16_t value = 0;
};

/*
 * A position in a ring of a power of two entries that counts on for ever. Of
 * its value, the low bits are the index, and the next one gives the phase:
 * 1 in the first lap, flipped in each.
 */
class RingPosition {
    public:
	RingPosition() = default;
	explicit RingPosition(uint32_t depth)
	    : mask_(depth - 1), shift_(static_cast<uint32_t>(__builtin_ctz(depth)))
	{
	}
	[[nodiscard]] uint32_t index() const
	{
		return count_ & mask_;
	}
	[[nodiscard]] uint32_t phase() const
	{
		return (count_ >> shift_ & 1) ^ 1;
	}
	/* Free-running, as doorbells want it. */
	[[nodiscard]] uint32_t count() const
	{
		return count_;
	}
	void advance(uint32_t entries = 1)
	{
		count_ += entries;
	}

    private:
	uint32_t count_ = 0;
	uint32_t mask_ = 0;
	uint32_t shift_ = 0;
};

/* A queue pair's half in the device, as its admin commands describe it. */
struct QueueHalf {
	ena_sq_direction direction = ENA_SQ_TX;
	uint16_t depth = 0; /* of both rings */
	uint32_t completion_words = 0; /* 32-bit words of a completion */
	uint32_t vector = 0;
	BusAddress submissions, completions;
	uint32_t push_bytes = 0; /* of a ring in the device's memory; 0: it is at submissions */
	uint32_t push_limit = 0; /* bytes of the device's memory */
};

/*
 * One submission queue and its completion queue while they exist in the
 * device. Process context.
 */
class DeviceQueue {
    public:
	/* On failure nothing is left in the device, if it still listens. */
	[[nodiscard]] Status create(AdminQueue &admin, const QueueHalf &half);
	/* False: the device did not confirm, and may still use the rings. */
	[[nodiscard]] bool destroy(AdminQueue &admin);
	/* The device may know the rings. */
	[[nodiscard]] bool exists() const
	{
		return has_sq_ || has_cq_;
	}
	/* The device was reset, which destroyed all queues. */
	void forget()
	{
		has_sq_ = has_cq_ = false;
	}
	[[nodiscard]] SqIndex sq() const
	{
		return sq_;
	}
	[[nodiscard]] RegisterOffset doorbell() const
	{
		return doorbell_;
	}
	/* Where in the device's memory its ring lies. */
	[[nodiscard]] uint32_t push_offset() const
	{
		return push_offset_;
	}
	[[nodiscard]] RegisterOffset unmask() const
	{
		return unmask_;
	}

    private:
	[[nodiscard]] Status create_cq(AdminQueue &admin, const QueueHalf &half);
	[[nodiscard]] Status create_sq(AdminQueue &admin, const QueueHalf &half);

	ena_sq_direction direction_ = ENA_SQ_TX;
	bool has_cq_ = false, has_sq_ = false;
	SqIndex sq_;
	CqIndex cq_;
	RegisterOffset doorbell_, unmask_;
	uint32_t push_offset_ = 0;
};

} // namespace oe

#endif
