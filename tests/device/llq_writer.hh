/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver's side of a queue in the adapter's memory, entry by entry. */
#pragma once

#include "guest.hh"

/* What a driver chooses of feature 4. */
struct LlqChoice {
	uint16_t size = 128; /* bytes of an entry */
	uint16_t before = 2; /* descriptors before the header */
	bool multiple = true;
	uint16_t flags = ENA_LLQ_DISABLE_META_CACHING | ENA_LLQ_LIMIT_TX_BURST;

	[[nodiscard]] size_t max_header() const
	{
		return size - before * 16u;
	}
};

/* SET_FEATURE 4; the status. */
[[nodiscard]] uint8_t choose_llq(Guest &g, const LlqChoice &choice);

class LlqWriter {
    public:
	/* Creates the pair of queues, which must succeed. */
	LlqWriter(Guest &g, const LlqChoice &choice, uint16_t depth = 256, uint32_t vector = 1);

	/* A packet: the first @pushed bytes of @frame as its header, the rest in pieces. */
	void packet(uint16_t req_id, const std::vector<uint8_t> &frame, size_t pushed,
		    uint32_t word1 = 0, size_t piece = SIZE_MAX,
		    const ena_tx_meta_desc *meta = nullptr);
	/* A meta descriptor and nothing else. */
	void lone_meta(const ena_tx_meta_desc &meta);
	/* One entry as it is; the phase is the caller's. */
	void raw(const std::vector<uint8_t> &entry);
	void ring()
	{
		g_.ring(q);
	}
	/* The entry at a free-running @position, in the adapter's memory. */
	[[nodiscard]] uint8_t *at(uint16_t position);

	Guest::Queue q;

    private:
	[[nodiscard]] std::vector<Guest::Buffer> place(const std::vector<uint8_t> &bytes,
						       size_t piece);
	void put(const void *desc);
	void close();

	Guest &g_;
	const LlqChoice choice_;
	uint64_t buffers_ = 0; /* memory for payloads, used in turn */
	size_t next_ = 0;
	std::vector<uint8_t> entry_; /* the one that is being filled */
	size_t used_ = 0, room_ = 0; /* descriptors */
};

[[nodiscard]] ena_tx_meta_desc make_meta(uint16_t mss, uint8_t l3_offset, uint8_t l3_length,
					 uint8_t l4_words);
