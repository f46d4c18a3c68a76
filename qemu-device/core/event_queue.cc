// SPDX-License-Identifier: GPL-2.0-or-later
#include "event_queue.hh"

#include <algorithm>
#include <cstddef>

namespace ena
{

bool EventQueue::write(Host &host, uint32_t reg, uint32_t value)
{
	Ring ring;

	switch (reg) {
	case ENA_REG_AENQ_BASE_LO:
		registers_.set_base_lo(value);
		return true;
	case ENA_REG_AENQ_BASE_HI:
		registers_.set_base_hi(value);
		return true;
	case ENA_REG_AENQ_CAPS:
		if (registers_.activate(host, "event queue", value, ring)) {
			events_ = CompletionRing(ring, offsetof(ena_aenq_entry, flags));
			head_ = 0;
		}
		return true;
	case ENA_REG_AENQ_HEAD_DB: {
		const auto head = static_cast<uint16_t>(value);
		const auto free_slots = static_cast<uint16_t>(head - events_.tail());
		if (free_slots > events_.ring().depth())
			host.complain("event queue head %u gives %u free entries, the ring has %u",
				      head, free_slots, events_.ring().depth());
		else
			head_ = head;
		return true;
	}
	default:
		return false;
	}
}

uint16_t EventQueue::credits() const
{
	return static_cast<uint16_t>(head_ - events_.tail());
}

bool EventQueue::post(Host &host, uint16_t group, uint16_t syndrome, std::span<const uint8_t> data)
{
	ena_aenq_entry entry{};

	if (!credits())
		return false;
	if (host.struck_by(Fault::event_lost, group))
		return true;
	const uint64_t now = host.now();
	entry.group.set(group);
	entry.syndrome.set(syndrome);
	entry.timestamp_lo.set(static_cast<uint32_t>(now));
	entry.timestamp_hi.set(static_cast<uint32_t>(now >> 32));
	std::copy_n(data.begin(), std::min(data.size(), sizeof(entry.data)), entry.data);
	const bool wrong_phase = host.struck_by(Fault::event_wrong_phase, group);
	if (events_.publish(host, &entry, 1, wrong_phase)) {
		posted_[group % ENA_AENQ_GROUPS]++;
		host.tell(Happening(ENA_HISTORY_EVENT_POSTED)
				  .with(ENA_HISTORY_GROUP, group)
				  .with(ENA_HISTORY_SYNDROME, syndrome),
			  "event of group %u posted, syndrome %u", group, syndrome);
		return true;
	}
	/* Nothing more until the driver gives credits again. */
	host.complain("event of group %u cannot be written to the event queue", group);
	head_ = events_.tail();
	return false;
}

void EventQueue::snapshot(Snapshot &s)
{
	registers_.snapshot(s);
	events_.snapshot(s, ENA_ADMIN_ENTRY_SIZE, offsetof(ena_aenq_entry, flags));
	s.value("head", head_);
	s.require(credits() <= events_.ring().depth(), "head gives more entries than the ring has");
}

void EventQueue::snapshot_posted(Snapshot &s)
{
	for (unsigned int group = 0; group < posted_.size(); group++) {
		s.item(group);
		s.value("events posted", posted_[group]);
	}
}

} // namespace ena
