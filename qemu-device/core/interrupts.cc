// SPDX-License-Identifier: GPL-2.0-or-later
#include "interrupts.hh"

#include <algorithm>
#include <bit>

namespace ena
{

namespace
{
constexpr uint16_t lowest(uint64_t mask)
{
	return static_cast<uint16_t>(std::countr_zero(mask));
}
} // namespace

void Interrupts::fire(uint16_t vector)
{
	vectors_[vector].armed = false;
	vectors_[vector].pending = false;
	note_delayed(vector);
	host_.raise(vector);
}

void Interrupts::note_delayed(uint16_t vector)
{
	const uint64_t bit = uint64_t{1} << vector;
	const Vector &v = vectors_[vector];

	delayed_ = v.armed && v.pending ? delayed_ | bit : delayed_ & ~bit;
}

void Interrupts::completed(uint16_t vector, Direction direction)
{
	Vector &v = vectors_[vector];
	const uint16_t delay = direction == Direction::rx ? v.rx_delay : v.tx_delay;
	const uint64_t now = delay ? host_.now() : 0;
	const uint64_t due = now + uint64_t{delay} * resolution_us_ * 1000;

	v.due_ns = v.pending ? std::min(v.due_ns, due) : due;
	v.pending = true;
	if (v.armed && v.due_ns <= now)
		fire(vector);
	else
		note_delayed(vector);
}

void Interrupts::unmask(uint16_t vector, uint32_t word)
{
	Vector &v = vectors_[vector];

	if (!(word & ENA_INTR_NO_MODERATION_UPDATE)) {
		v.rx_delay = static_cast<uint16_t>(field_get(ENA_INTR_RX_DELAY, word));
		v.tx_delay = static_cast<uint16_t>(field_get(ENA_INTR_TX_DELAY, word));
	}
	if (!(word & ENA_INTR_UNMASK))
		return;
	v.armed = true;
	if (v.pending && (!v.due_ns || v.due_ns <= host_.now()))
		fire(vector);
	else
		note_delayed(vector);
}

void Interrupts::management()
{
	if (management_mask_ & ENA_INTR_MASK_MGMT)
		management_pending_ = true;
	else
		host_.raise(ENA_VECTOR_MGMT);
}

void Interrupts::write_mask(uint32_t word)
{
	management_mask_ = word & ENA_INTR_MASK_MGMT;
	if (management_mask_ || !management_pending_)
		return;
	management_pending_ = false;
	host_.raise(ENA_VECTOR_MGMT);
}

uint64_t Interrupts::deadline() const
{
	uint64_t deadline = no_deadline;
	for (uint64_t left = delayed_; left; left &= left - 1)
		deadline = std::min(deadline, vectors_[lowest(left)].due_ns);
	return deadline;
}

void Interrupts::expire(uint64_t now_ns)
{
	for (uint64_t left = delayed_; left; left &= left - 1)
		if (vectors_[lowest(left)].due_ns <= now_ns)
			fire(lowest(left));
}

void Interrupts::reset()
{
	vectors_.fill({});
	delayed_ = 0;
	management_mask_ = 0;
	management_pending_ = false;
}

void Interrupts::snapshot(Snapshot &s, uint16_t vectors)
{
	s.section("interrupts", 1, Absent::refused, [&] {
		constexpr uint64_t longest = field_get(ENA_INTR_RX_DELAY, UINT32_MAX);
		static_assert(longest == field_get(ENA_INTR_TX_DELAY, UINT32_MAX));

		s.mask("management mask", management_mask_, uint32_t{ENA_INTR_MASK_MGMT});
		s.value("management pending", management_pending_);
		for (unsigned int i = 0; i < vectors; i++) {
			Vector &v = vectors_[i];
			s.item(i);
			s.value("armed", v.armed);
			s.value("pending", v.pending);
			s.value("RX delay", v.rx_delay, 0, longest);
			s.value("TX delay", v.tx_delay, 0, longest);
			s.deadline("due", v.due_ns, longest * resolution_us_ * 1000);
			note_delayed(static_cast<uint16_t>(i));
		}
	});
}

} // namespace ena
