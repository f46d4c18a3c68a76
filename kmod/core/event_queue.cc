/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event_queue.hh"

namespace oe
{

Status EventQueue::init(Registers &registers)
{
	registers_ = &registers;
	return ring_.allocate(registers.kernel(), depth * sizeof(ena_aenq_entry));
}

void EventQueue::start()
{
	ring_.clear();
	store_relaxed(head_, depth);
	registers_->write_address(ENA_REG_AENQ_BASE_LO, ENA_REG_AENQ_BASE_HI, ring_.bus());
	registers_->write(ENA_REG_AENQ_CAPS,
			  ena::field_put(ENA_RING_CAPS_DEPTH, depth) |
				  ena::field_put(ENA_RING_CAPS_ENTRY_SIZE, sizeof(ena_aenq_entry)));
}

void EventQueue::open()
{
	while (!try_lock())
		cpu_relax();
	open_ = true;
	registers_->write(ENA_REG_AENQ_HEAD_DB, head_);
	unlock();
}

void EventQueue::close()
{
	while (!try_lock())
		cpu_relax();
	open_ = false;
	unlock();
}

} // namespace oe
