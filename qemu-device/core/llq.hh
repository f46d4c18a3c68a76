/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LLQ: transmit queues whose entries lie in the adapter's own memory (BAR2), where
 * the driver pushes descriptors together with the first bytes of the packet.
 */
#ifndef ENA_CORE_LLQ_HH
#define ENA_CORE_LLQ_HH

#include "ring.hh"

#include "abi/ena_io.h"

#include <array>

namespace ena
{

inline constexpr size_t llq_max_entry = 256; /* bytes */
/* Pushed bytes of one packet: all of an entry but one descriptor. */
inline constexpr size_t llq_max_header = llq_max_entry - sizeof(ena_tx_desc);
/* An entry holds descriptors only, or some of them and a header. */
inline constexpr size_t llq_max_descs = llq_max_entry / sizeof(ena_tx_desc);

inline constexpr uint32_t implemented_llq_entry_sizes = ENA_LLQ_ENTRY_128 | ENA_LLQ_ENTRY_256;
inline constexpr uint32_t implemented_llq_descs_before_header = 1 | 2 | 4 | 8;
inline constexpr uint32_t implemented_llq_strides = ENA_LLQ_STRIDE_SINGLE | ENA_LLQ_STRIDE_MULTIPLE;

/* How the entries of a queue are laid out, as the driver has chosen with feature 4. */
struct LlqLayout {
	uint16_t entry_size = 0; /* bytes; 0: nothing is chosen */
	uint8_t descs_before_header = 0;
	bool multiple =
		false; /* an entry behind the first is full of descriptors; else it has one */
	bool meta_caching = true; /* a packet without a meta descriptor goes by the last one */
	uint16_t burst = 0; /* most entries of one doorbell, 0: any number */

	[[nodiscard]] constexpr size_t header_offset() const
	{
		return descs_before_header * sizeof(ena_tx_desc);
	}
	[[nodiscard]] constexpr size_t max_header() const
	{
		return entry_size - header_offset();
	}
	/* Descriptors of an entry; @first: it is the first one of a packet. */
	[[nodiscard]] constexpr size_t slots(bool first) const
	{
		return first      ? descs_before_header
		       : multiple ? entry_size / sizeof(ena_tx_desc)
				  : 1;
	}
};

/* What a queue holds of BAR2. */
struct LlqRegion {
	bool live = false; /* false: the queue lies in host memory */
	uint16_t index = 0;
	LlqLayout layout;
};

struct LlqEntry {
	alignas(uint64_t) std::array<uint8_t, llq_max_entry> bytes;
};

/* Largest ring of entries of @entry_size bytes that is offered. */
[[nodiscard]] uint16_t llq_max_depth(const ena_config &config, uint16_t entry_size);
/* Mask of enum ena_llq_entry_size: those with which stock drivers get a ring they accept. */
[[nodiscard]] uint32_t llq_entry_sizes(const ena_config &config);
/* Bytes of entries that one packet can need, in the offered layout that takes most. */
[[nodiscard]] uint32_t llq_largest_packet(const ena_config &config);
/* Bytes of one queue, and of BAR2. */
[[nodiscard]] size_t llq_region_size(const ena_config &config);
[[nodiscard]] size_t llq_memory_size(const ena_config &config);

/* Feature 4, and who has which part of BAR2. */
class Llq {
    public:
	Llq(Host &host, const ena_config &config) : host_(host), config_(config)
	{
	}

	/* BAR2, llq_memory_size() bytes that the guest changes at any time; null: none. */
	void set_memory(const void *memory)
	{
		memory_ = static_cast<const uint64_t *>(memory);
	}
	[[nodiscard]] bool offered() const
	{
		return memory_ && config_.llq && config_.features & ENA_BIT(ENA_FEATURE_LLQ);
	}
	/* @version: the highest that the driver knows. */
	[[nodiscard]] ena_llq_config get(uint8_t version) const;
	[[nodiscard]] ena_admin_status set(const ena_llq_config &chosen);

	/* A region for a ring of @depth entries in the layout that was set. */
	[[nodiscard]] ena_admin_status claim(uint16_t depth, LlqRegion &region);
	void release(const LlqRegion &region);
	/* The ring in @region; its addresses are offsets in BAR2. */
	[[nodiscard]] Ring ring(const LlqRegion &region, uint16_t depth) const;
	/* A copy of an entry: the guest may write to it meanwhile, so use only the copy. */
	void read(const Ring &ring, uint16_t position, LlqEntry &entry) const;
	/* Nothing chosen, nothing claimed. */
	void reset();
	void snapshot(Snapshot &s);
	/* Fields of the section under way: the part of BAR2 that a queue has, which it claims. */
	void snapshot(Snapshot &s, LlqRegion &region);

    private:
	void snapshot_layout(Snapshot &s, LlqLayout &layout) const;
	[[nodiscard]] ena_admin_status check_choice(const char *what, uint16_t chosen,
						    uint32_t offered);

	Host &host_;
	const ena_config &config_;
	const uint64_t *memory_ = nullptr;
	LlqLayout layout_;
	uint32_t claimed_ = 0; /* bit = region */
	static_assert(ENA_DEVICE_MAX_QUEUES <= 32);
};

} // namespace ena

#endif
