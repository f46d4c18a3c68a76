// SPDX-License-Identifier: GPL-2.0-or-later
/* The adapter's state, for the people outside. */
#include "device.hh"

namespace ena
{

namespace
{
ena_ring_info describe(const Ring &ring)
{
	ena_ring_info info{};

	info.active = ring.depth();
	info.address = ring.at(0).value;
	info.depth = ring.depth();
	return info;
}
} // namespace

bool Device::info(unsigned int index, ena_queue_info &info) const
{
	info = {};
	if (index >= max_queue_slots)
		return false;
	const QueueSlot &slot = queues_[QueueIndex{static_cast<uint16_t>(index)}];
	const CompletionQueue &cq = slot.cq;
	const SubmissionQueue &sq = slot.sq;
	if (!cq.live)
		return false;

	info.index = static_cast<uint16_t>(index);
	info.cq_depth = cq.ring.ring().depth();
	info.cq_entry_size = cq.ring.ring().entry_size();
	info.cq_address = cq.ring.ring().at(0).value;
	info.cq_tail = cq.ring.tail();
	info.cq_phase = cq.ring.ring().phase(cq.ring.tail());
	info.vector = cq.vector == no_vector ? -1 : cq.vector;
	if (cq.vector != no_vector) {
		info.armed = interrupts_.armed(cq.vector);
		info.pending = interrupts_.pending(cq.vector);
	}
	info.has_sq = sq.live;
	if (!sq.live)
		return true;
	info.tx = sq.direction == Direction::tx;
	info.on_device = sq.llq.live;
	info.sq_depth = sq.ring.depth();
	info.sq_entry_size = sq.ring.entry_size();
	info.sq_address = sq.ring.at(0).value;
	info.head = sq.head;
	info.tail = sq.tail;
	info.sq_phase = sq.ring.phase(sq.head);
	info.stopped = sq.stopped ? sq.why_stopped : nullptr;
	if (sq.stopped && !info.stopped)
		info.stopped = "of something before the state was loaded";
	if (!info.tx) {
		info.buffers = static_cast<uint16_t>(sq.waiting() + slot.rx.cached - slot.rx.next);
		info.starving = slot.rx.drop_from_ns != no_deadline;
	}
	info.packets = slot.traffic.packets;
	info.bytes = slot.traffic.bytes;
	info.drops = slot.traffic.drops;
	return true;
}

void Device::info(ena_control_info &info) const
{
	info = {};
	info.status = reset_.status();
	info.aq = describe(admin_.commands());
	info.aq.head = admin_.head();
	info.aq.tail = admin_.tail();
	info.acq = describe(admin_.completions().ring());
	info.acq.tail = admin_.completions().tail();
	info.aq_failed = admin_.failed();

	const EventQueue &events = events_.queue();
	info.aenq = describe(events.ring());
	info.aenq.head = events.head();
	info.aenq.tail = events.tail();
	info.aenq_credits = events.credits();
	info.event_groups_offered = events_.supported_groups();
	info.event_groups_enabled = events_.enabled_groups();
	info.event_groups_waiting = events_.waiting_groups();
	for (unsigned int group = 0; group < ENA_AENQ_GROUPS; group++)
		info.events_posted[group] = events.posted(group);

	info.management_masked = interrupts_.mask() & ENA_INTR_MASK_MGMT;
	info.management_pending = interrupts_.management_pending();
	info.readless_address = readless_.answer_address();
}

void Device::info(ena_settings_info &info) const
{
	info = {};
	info.link_up = events_.link_up();
	info.speed_mbps = config_.speed_mbps;
	features_.info(info);
	rss_.info(info);
}

void Device::info(ena_driver_info &info) const
{
	features_.driver().describe(info);
}

size_t Device::read_debug_area(void *buf, size_t size) const
{
	return features_.driver().read_debug_area(buf, size);
}

} // namespace ena
