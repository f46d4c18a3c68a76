/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The asynchronous event queue of the adapter family. What an event means is
 * the caller's; this class knows nothing of Ethernet.
 */
#ifndef OPENENA_CORE_EVENT_QUEUE_HH
#define OPENENA_CORE_EVENT_QUEUE_HH

#include <cstdint>

#include "../../abi/ena_admin.h"
#include "barriers.hh"
#include "memory.hh"
#include "registers.hh"
#include "result.hh"

namespace oe
{

class EventQueue {
    public:
	/* Process context. */
	[[nodiscard]] Status init(Registers &registers);
	/* After a reset: tell the device where the ring is. It has no credits yet. */
	void start();
	/* Give the device credit for the whole ring: events come from here on. */
	void open();
	/* Events are not looked at until open(); waits for a consumer at work. Process context. */
	void close();

	/*
	 * Hand a copy of each new event to @handle. Any context: a second
	 * consumer leaves at once, and the first sees to what the second came for.
	 */
	template <class Handler> void consume(Handler &&handle)
	{
		/* The second lap is for what came between the last look and the unlock. */
		for (unsigned int lap = 0; lap < 2; lap++) {
			if (!try_lock())
				return;
			if (open_)
				consume_lap(handle);
			unlock();
			/* Unlocked before this look: a consumer turned away saw the lock. */
			smp_mb();
			if (!event_visible())
				return;
		}
	}

    private:
	static constexpr uint16_t depth = 16;

	[[nodiscard]] bool try_lock()
	{
		return exchange_if(busy_, 0u, 1u);
	}
	void unlock()
	{
		store_release(busy_, 0u);
	}
	[[nodiscard]] bool event_visible() const
	{
		uint16_t head = load_relaxed(head_);

		/* The head starts one lap ahead: it counts credits, too. */
		uint8_t phase = (head / depth) % 2;
		return (load_once(ring_.as<ena_aenq_entry>()[head % depth].flags) &
			ENA_AENQ_PHASE) == phase;
	}
	template <class Handler> void consume_lap(Handler &handle)
	{
		uint16_t first = head_;

		/* At most one lap: a device that writes without end cannot hold us here. */
		while (event_visible() && static_cast<uint16_t>(head_ - first) < depth) {
			/* The phase bit has been seen: the rest is read after it. */
			dma_rmb();
			ena_aenq_entry event = ring_.as<ena_aenq_entry>()[head_ % depth];

			store_relaxed(head_, static_cast<uint16_t>(head_ + 1));
			handle(event);
		}
		if (head_ != first)
			registers_->write(ENA_REG_AENQ_HEAD_DB, head_);
	}

	Registers *registers_ = nullptr;
	DmaBuffer ring_;
	uint32_t busy_ = 0; /* somebody consumes */
	bool open_ = false; /* under busy_ */
	uint16_t head_ = depth; /* free-running, written under busy_ */
};

} // namespace oe

#endif
