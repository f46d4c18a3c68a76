// SPDX-License-Identifier: GPL-2.0-or-later
#include "ring.hh"

#include <atomic>

namespace ena
{

bool CompletionRing::write_pieces(Host &host, const uint8_t *entries, uint16_t position,
				  uint16_t count) const
{
	while (count) {
		const uint16_t n = ring_.contiguous(position, count);
		const size_t bytes = size_t{n} * ring_.entry_size();
		if (!host.write(ring_.at(position), entries, bytes))
			return false;
		entries += bytes;
		position = static_cast<uint16_t>(position + n);
		count = static_cast<uint16_t>(count - n);
	}
	return true;
}

bool CompletionRing::publish(Host &host, void *entries, uint16_t count, uint64_t wrong_phase)
{
	auto *bytes = static_cast<uint8_t *>(entries);
	const uint16_t size = ring_.entry_size();

	if (!count)
		return true;
	for (uint16_t i = 0; i < count; i++, wrong_phase >>= 1) {
		uint8_t &byte = bytes[i * size + phase_byte_];
		const auto phase = ring_.phase(static_cast<uint16_t>(tail_ + i));
		byte = static_cast<uint8_t>((byte & ~1u) | (phase ^ (wrong_phase & 1)));
	}

	/*
	 * A consumer looks at entries in order, so nobody sees those behind
	 * the first before the first shows its phase; that comes last of all.
	 */
	const uint8_t phase = bytes[phase_byte_];
	bytes[phase_byte_] = ring_.phase(tail_) ^ 1u;
	const auto second = static_cast<uint16_t>(tail_ + 1);
	if (!write_pieces(host, bytes + size, second, static_cast<uint16_t>(count - 1)) ||
	    !host.write(ring_.at(tail_), bytes, size))
		return false;

	/* Orders the contents of all entries before the phase of the first. */
	std::atomic_thread_fence(std::memory_order_release);
	if (!host.write(ring_.at(tail_) + phase_byte_, &phase, 1))
		return false;
	tail_ = static_cast<uint16_t>(tail_ + count);
	return true;
}

void Ring::snapshot(Snapshot &s, uint16_t entry_size)
{
	s.value("ring address", base_.value);
	s.value("ring depth", depth_, 0, max_depth);
	s.require(!depth_ || (valid_depth(depth_) && base_), "ring has no address or an odd depth");
	entry_size_ = depth_ ? entry_size : 0;
}

void CompletionRing::snapshot(Snapshot &s, uint16_t entry_size, uint8_t phase_byte)
{
	ring_.snapshot(s, entry_size);
	s.value("tail", tail_);
	phase_byte_ = ring_.depth() ? phase_byte : 0;
}

} // namespace ena
