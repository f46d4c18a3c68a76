/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings in guest memory, common to admin, event and packet queues. */
#ifndef ENA_CORE_RING_HH
#define ENA_CORE_RING_HH

#include "snapshot.hh"

#include <algorithm>

namespace ena
{

/*
 * Where a ring lies. Positions are free-running 16-bit counts, as doorbells
 * carry them; the depth is a power of two of at most 32768, so that the phase
 * follows from the position over any wrap.
 */
class Ring {
    public:
	static constexpr uint16_t max_depth = 32768;

	constexpr Ring() = default;
	constexpr Ring(BusAddress base, uint16_t depth, uint16_t entry_size)
	    : base_(base), depth_(depth), entry_size_(entry_size)
	{
	}

	[[nodiscard]] static constexpr bool valid_depth(uint32_t depth)
	{
		return depth >= 1 && depth <= max_depth && (depth & (depth - 1)) == 0;
	}
	[[nodiscard]] constexpr uint16_t depth() const
	{
		return depth_;
	}
	[[nodiscard]] constexpr uint16_t entry_size() const
	{
		return entry_size_;
	}
	[[nodiscard]] constexpr uint16_t slot(uint16_t position) const
	{
		return static_cast<uint16_t>(position & (depth_ - 1));
	}
	[[nodiscard]] constexpr BusAddress at(uint16_t position) const
	{
		return base_ + uint64_t{slot(position)} * entry_size_;
	}
	/* The phase bit that entries of this lap carry; the first lap has 1. */
	[[nodiscard]] constexpr uint8_t phase(uint16_t position) const
	{
		return position & depth_ ? 0 : 1;
	}
	/* How many of @count entries from @position on lie in one piece. */
	[[nodiscard]] constexpr uint16_t contiguous(uint16_t position, uint16_t count) const
	{
		return std::min<uint16_t>(count, static_cast<uint16_t>(depth_ - slot(position)));
	}
	/* Fields of the section under way. @entry_size: of a ring that exists. */
	void snapshot(Snapshot &s, uint16_t entry_size);

    private:
	BusAddress base_{};
	uint16_t depth_ = 0;
	uint16_t entry_size_ = 0;
};

/* A ring that the device produces: completions and events. */
class CompletionRing {
    public:
	/* @phase_byte: which byte of an entry has the phase in its bit 0. */
	constexpr CompletionRing() = default;
	constexpr CompletionRing(const Ring &ring, uint8_t phase_byte)
	    : ring_(ring), phase_byte_(phase_byte)
	{
	}

	[[nodiscard]] constexpr const Ring &ring() const
	{
		return ring_;
	}
	[[nodiscard]] constexpr uint16_t tail() const
	{
		return tail_;
	}
	/*
	 * Write @count entries (at most the ring's depth) and make them
	 * visible to the guest all at once. Sets the phase bits in @entries;
	 * those of a bit in @wrong_phase (0 is the first) to what they must not
	 * be. False: DMA failed, the ring's state in the guest is unknown.
	 */
	[[nodiscard]] bool publish(Host &host, void *entries, uint16_t count,
				   uint64_t wrong_phase = 0);
	/* Fields of the section under way. */
	void snapshot(Snapshot &s, uint16_t entry_size, uint8_t phase_byte);

    private:
	[[nodiscard]] bool write_pieces(Host &host, const uint8_t *entries, uint16_t position,
					uint16_t count) const;

	Ring ring_{};
	uint16_t tail_ = 0;
	uint8_t phase_byte_ = 0;
};

} // namespace ena

#endif
