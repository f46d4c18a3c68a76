/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LLQ: TX rings in the device's memory (BAR2). Each entry takes descriptors and, at the start of a
 * packet, its first bytes, pushed there by the processor.
 */
#ifndef OPENENA_CORE_LLQ_HH
#define OPENENA_CORE_LLQ_HH

#include <cstddef>
#include <cstdint>

#include "../../abi/ena_admin.h"
#include "../../abi/ena_io.h"
#include "../bridge.h"
#include "admin_queue.hh"
#include "queues.hh"
#include "result.hh"

namespace oe
{

/* The only layout we choose: two descriptors, then the header, then entries full of descriptors. */
inline constexpr uint32_t llq_descs_before_header = 2;
inline constexpr uint32_t llq_header_offset = llq_descs_before_header * sizeof(ena_tx_desc);
inline constexpr uint32_t llq_small_entry = 128, llq_wide_entry = 256;

/* Bytes of a packet that fit into its first entry. */
constexpr uint32_t llq_push(uint32_t entry_size)
{
	return entry_size - llq_header_offset;
}

static_assert(llq_push(llq_wide_entry) == OE_MAX_PUSH);

/* What the device offers, as far as we can use it; all zero: no LLQ. */
struct LlqOffer {
	bool small = false, wide = false; /* entries of 128 and 256 bytes */
	uint32_t max_queues = 0;
	uint32_t max_depth = 0, max_wide_depth = 0; /* entries */
	bool meta_in_each = false; /* the device remembers no meta descriptor */
	uint32_t max_burst = 0; /* bytes of entries of one doorbell, 0: any number */

	/* 0, or the length of a push that the device can take. */
	[[nodiscard]] bool has(uint32_t push) const
	{
		return (small && push == llq_push(llq_small_entry)) ||
		       (wide && push == llq_push(llq_wide_entry));
	}
	[[nodiscard]] uint32_t depth_of(uint32_t push) const
	{
		return push == llq_push(llq_wide_entry) ? max_wide_depth : max_depth;
	}
	/* The shortest push, and the longest; 0: none. */
	[[nodiscard]] uint32_t least_push() const
	{
		return small ? llq_push(llq_small_entry) : wide ? llq_push(llq_wide_entry) : 0;
	}
	[[nodiscard]] uint32_t largest_push() const
	{
		return wide ? llq_push(llq_wide_entry) : least_push();
	}
};

/* GET feature 4. What cannot be used is left out, with a line in the log. Process context. */
[[nodiscard]] LlqOffer read_llq(AdminQueue &admin, oe_kernel *kernel);
/* SET feature 4: the queues created from now on push so many bytes. Process context. */
[[nodiscard]] Status choose_llq(AdminQueue &admin, uint32_t push);

/* How a queue pushes. entry_size 0: it does not, its ring is in host memory. */
struct LlqLayout {
	uint32_t entry_size = 0;
	bool meta_in_each = false;
	uint32_t burst = 0; /* entries of one doorbell, 0: any number */

	[[nodiscard]] uint32_t push() const
	{
		return entry_size ? llq_push(entry_size) : 0;
	}
	/* Entries of the ring that a packet of so many descriptors takes, meta included. */
	[[nodiscard]] constexpr uint32_t entries_for(uint32_t descs) const
	{
		uint32_t each = entry_size / sizeof(ena_tx_desc);

		if (!entry_size)
			return descs;
		if (descs <= llq_descs_before_header)
			return 1;
		return 1 + (descs - llq_descs_before_header + each - 1) / each;
	}
};

/*
 * Puts a packet together in entries, each of which goes to the device as a whole: the memory there
 * is written, never read. The producer's.
 */
class LlqWriter {
    public:
	/* @offset: of the ring in BAR2. */
	void init(oe_kernel *kernel, uint32_t entry_size, uint32_t offset)
	{
		kernel_ = kernel;
		entry_size_ = entry_size;
		offset_ = offset;
	}
	/* Where the next descriptor of a packet goes, and where the room for them in its entry ends. */
	struct Entry {
		ena_tx_desc *next = nullptr, *end = nullptr;
	};
	/* A packet begins with @length bytes of @header, at most llq_push(). */
	[[nodiscard]] Entry begin(const void *header, uint32_t length)
	{
		ena_tx_desc *descs = reinterpret_cast<ena_tx_desc *>(entry_);

		/* Not every packet writes the second one. Nobody reads what is behind the header. */
		descs[1] = {};
		oek_memcpy(entry_ + llq_header_offset, header, length);
		return {descs, descs + llq_descs_before_header};
	}
	/* The next descriptor, all of whose words are to be written. */
	[[nodiscard]] ena_tx_desc &next(Entry &entry, RingPosition &tail)
	{
		if (entry.next == entry.end)
			entry = next_entry(tail);
		return *entry.next++;
	}
	/* The packet is complete. */
	void end(RingPosition &tail)
	{
		oek_push(kernel_, offset_ + tail.index() * entry_size_, entry_, entry_size_);
		tail.advance();
	}

    private:
	[[nodiscard]] Entry next_entry(RingPosition &tail);

	oe_kernel *kernel_ = nullptr;
	uint32_t entry_size_ = 0, offset_ = 0;
	alignas(8) uint8_t entry_[llq_wide_entry] = {};
};

} // namespace oe

#endif
