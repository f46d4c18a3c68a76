// SPDX-License-Identifier: GPL-2.0-or-later
#include "admin_queue.hh"

#include <cstddef>

namespace ena
{

bool RingRegisters::activate(Host &host, const char *name, uint32_t caps, Ring &ring) const
{
	const uint32_t depth = field_get(ENA_RING_CAPS_DEPTH, caps);
	const uint32_t size = field_get(ENA_RING_CAPS_ENTRY_SIZE, caps);

	if (!caps) {
		ring = {};
		return true;
	}
	if (!Ring::valid_depth(depth)) {
		host.complain("%s depth %u is not a power of two between 1 and %u", name, depth,
			      Ring::max_depth);
		return false;
	}
	if (size != ENA_ADMIN_ENTRY_SIZE) {
		host.complain("%s entry size %u, must be %u", name, size, ENA_ADMIN_ENTRY_SIZE);
		return false;
	}
	if (!base_) {
		host.complain("%s activated without a base address", name);
		return false;
	}
	ring = Ring({base_}, static_cast<uint16_t>(depth), static_cast<uint16_t>(size));
	return true;
}

bool AdminQueue::write(Host &host, uint32_t reg, uint32_t value)
{
	Ring ring;

	switch (reg) {
	case ENA_REG_AQ_BASE_LO:
		command_registers_.set_base_lo(value);
		return true;
	case ENA_REG_AQ_BASE_HI:
		command_registers_.set_base_hi(value);
		return true;
	case ENA_REG_AQ_CAPS:
		if (command_registers_.activate(host, "admin queue", value, ring)) {
			commands_ = ring;
			head_ = tail_ = 0;
		}
		return true;
	case ENA_REG_ACQ_BASE_LO:
		completion_registers_.set_base_lo(value);
		return true;
	case ENA_REG_ACQ_BASE_HI:
		completion_registers_.set_base_hi(value);
		return true;
	case ENA_REG_ACQ_CAPS:
		if (completion_registers_.activate(host, "admin completion queue", value, ring))
			completions_ = CompletionRing(ring, offsetof(ena_acq_common, flags));
		return true;
	case ENA_REG_AQ_DB:
		ring_doorbell(host, value);
		return true;
	default:
		return false;
	}
}

void AdminQueue::ring_doorbell(Host &host, uint32_t value)
{
	const auto tail = static_cast<uint16_t>(value);
	const auto waiting = static_cast<uint16_t>(tail - head_);

	if (failed_)
		return;
	if (!active()) {
		host.complain("admin doorbell rung before AQ_CAPS and ACQ_CAPS were written");
		return;
	}
	if (waiting > commands_.depth()) {
		host.complain("admin doorbell %u is %u entries ahead, the ring has %u: queue "
			      "stopped until reset",
			      tail, waiting, commands_.depth());
		failed_ = true;
		return;
	}
	tail_ = tail;
}

bool AdminQueue::next(Host &host, ena_aq_entry &command)
{
	if (!pending())
		return false;
	if (!host.read(commands_.at(head_), &command, sizeof(command))) {
		host.complain("admin command %u cannot be read: queue stopped until reset", head_);
		failed_ = true;
		return false;
	}
	if ((command.common.flags & ENA_AQ_PHASE) != commands_.phase(head_)) {
		host.complain("admin command %u has phase %u where %u is due: queue stopped until "
			      "reset",
			      head_, command.common.flags & ENA_AQ_PHASE, commands_.phase(head_));
		failed_ = true;
		return false;
	}
	head_++;
	return true;
}

void AdminQueue::complete(Host &host, const ena_aq_entry &command, ena_acq_entry &completion)
{
	const uint32_t id = field_get(ENA_AQ_COMMAND_ID, command.common.command_id.get());

	completion.common.command_id.set(static_cast<uint16_t>(id));
	completion.common.sq_head.set(head_);
	if (!completions_.publish(host, &completion, 1)) {
		host.complain("admin completion cannot be written: queue stopped until reset");
		failed_ = true;
	}
}

void AdminQueue::snapshot(Snapshot &s)
{
	s.section("admin", 1, Absent::refused, [&] {
		command_registers_.snapshot(s);
		completion_registers_.snapshot(s);
		commands_.snapshot(s, ENA_ADMIN_ENTRY_SIZE);
		completions_.snapshot(s, ENA_ADMIN_ENTRY_SIZE, offsetof(ena_acq_common, flags));
		s.value("head", head_);
		s.value("doorbell", tail_);
		s.value("failed", failed_);
		s.require(static_cast<uint16_t>(tail_ - head_) <= commands_.depth(),
			  "doorbell is further ahead than the ring is deep");
	});
}

} // namespace ena
