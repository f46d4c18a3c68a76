/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The asynchronous event notification queue (AENQ), whatever the events mean. */
#ifndef ENA_CORE_EVENT_QUEUE_HH
#define ENA_CORE_EVENT_QUEUE_HH

#include "admin_queue.hh"

#include <array>
#include <span>

namespace ena
{

class EventQueue {
    public:
	/* True: the register was one of this class. */
	[[nodiscard]] bool write(Host &host, uint32_t reg, uint32_t value);
	/* How many events may be posted: slots that the driver has given back. */
	[[nodiscard]] uint16_t credits() const;
	/* False: no credit (the event is not posted), or the guest's ring cannot be written. */
	[[nodiscard]] bool post(Host &host, uint16_t group, uint16_t syndrome,
				std::span<const uint8_t> data);
	[[nodiscard]] const Ring &ring() const
	{
		return events_.ring();
	}
	[[nodiscard]] uint16_t head() const
	{
		return head_;
	}
	[[nodiscard]] uint16_t tail() const
	{
		return events_.tail();
	}
	/* Events of @group since creation. */
	[[nodiscard]] uint64_t posted(unsigned int group) const
	{
		return posted_[group];
	}
	/* Inactive, as at creation. */
	void reset()
	{
		registers_ = {};
		events_ = {};
		head_ = 0;
	}
	/* Fields of the section under way. */
	void snapshot(Snapshot &s);
	void snapshot_posted(Snapshot &s);
	void forget_posted()
	{
		posted_ = {};
	}

    private:
	std::array<uint64_t, ENA_AENQ_GROUPS> posted_{};
	RingRegisters registers_;
	CompletionRing events_;
	uint16_t head_ = 0; /* as the driver last wrote it: events up to here may be posted */
};

} // namespace ena

#endif
