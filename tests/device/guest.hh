/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a driver, one by one, for tests that want to get one wrong. */
#pragma once

#include "fake_host.hh"

#include <algorithm>
#include <optional>

/* A TX descriptor's second word that asks for segmentation of TCP over IPv4. */
constexpr uint32_t tso4 = ENA_L3_IPV4 | ENA_L4_TCP << 8 | ENA_TXD1_TSO | ENA_TXD1_L4_CSUM;

class Guest {
    public:
	static constexpr uint16_t admin_depth = 32, event_depth = 16;

	struct Queue {
		uint16_t index = 0;
		uint16_t cq_index = 0;
		uint32_t doorbell = 0, unmask = 0;
		uint64_t sq = 0, cq = 0;
		uint32_t llq = 0; /* offset in BAR2 */
		uint16_t depth = 0;
		uint16_t tail = 0; /* free-running */
		uint16_t cq_head = 0;
		bool rx = false;
		bool extended = false; /* completions with room for timestamps */

		[[nodiscard]] uint8_t phase() const
		{
			return tail & depth ? 0 : 1;
		}
		[[nodiscard]] size_t cdesc_size() const
		{
			return (rx ? sizeof(ena_rx_cdesc) : sizeof(ena_tx_cdesc)) << extended;
		}
	};
	struct Buffer {
		uint64_t address;
		uint32_t length;
	};
	/* A frame as its completion descriptors tell it. */
	struct Frame {
		std::vector<uint8_t> bytes;
		std::vector<uint16_t> req_ids;
		uint32_t status; /* of the last one */
		uint32_t hash;
		uint64_t timestamp; /* of the last one; 0 without room for it */
	};

	explicit Guest(const ena_config &config = FakeHost::default_config(),
		       size_t memory_size = FakeHost::default_memory_size);

	/* The two phases of the reset. */
	void reset(uint32_t reason = 0);
	/* Base addresses and caps of admin and event rings, without credits. */
	void start_admin();
	/* The same with the rings of before, cleared. */
	void start_admin_again();
	void give_event_credits(uint16_t head)
	{
		host.write(ENA_REG_AENQ_HEAD_DB, head);
	}
	/* reset(), start_admin(), all event groups, credits. */
	void start();
	[[nodiscard]] uint32_t readless(uint32_t reg);

	/* Run one command to its completion. */
	ena_acq_entry command(const void *entry);
	template <class T>
	[[nodiscard]] T get_feature(uint8_t id, uint64_t ctrl = 0, uint32_t length = 0)
	{
		T value;
		last = get_feature_raw(id, ctrl, length);
		memcpy(&value, last.payload, sizeof(value));
		return value;
	}
	ena_acq_entry get_feature_raw(uint8_t id, uint64_t ctrl = 0, uint32_t length = 0);
	uint8_t set_feature(uint8_t id, const void *data, size_t size, uint64_t ctrl = 0,
			    uint32_t length = 0);

	uint8_t try_create_cq(Queue &q, uint32_t vector);
	uint8_t try_create_sq(Queue &q, uint8_t placement = ENA_PLACEMENT_HOST);
	Queue create(bool rx, uint16_t depth, uint32_t vector, bool extended = false);
	uint8_t destroy_sq(const Queue &q);
	uint8_t destroy_cq(const Queue &q);
	void unmask(const Queue &q, uint16_t rx_delay = 0, uint16_t tx_delay = 0);

	/* Events posted since the last call. */
	std::vector<ena_aenq_entry> events();

	/* Write a descriptor without ringing. */
	void push(Queue &q, const void *desc);
	void ring(const Queue &q)
	{
		host.write(q.doorbell, q.tail);
		host.run();
	}
	void push_meta(Queue &q, uint16_t mss, uint8_t l3_offset, uint8_t l3_length,
		       uint8_t l4_words, bool store = true);
	/* @word1: offloads, without req_id. @meta_first: a meta descriptor came before. */
	void push_packet(Queue &q, uint16_t req_id, const std::vector<Buffer> &buffers,
			 uint32_t word1 = 0, bool meta_first = false);
	/* Copy @bytes to guest memory, in pieces of @piece bytes. */
	std::vector<Buffer> place(const std::vector<uint8_t> &bytes, size_t piece = SIZE_MAX);
	std::optional<ena_tx_cdesc> tx_completion(Queue &q, uint64_t *timestamp = nullptr);

	/* @count buffers of @size bytes each, req_id = slot; rings the doorbell. */
	void post(Queue &q, unsigned int count, uint32_t size);
	ena_receive_result receive(const std::vector<uint8_t> &frame,
				   const ena_vnet_hdr *hdr = nullptr, size_t piece = SIZE_MAX);
	std::optional<Frame> rx_completion(Queue &q);

	FakeHost host;
	ena_acq_entry last{};
	uint64_t aq = 0, acq = 0, aenq = 0, readless_answer;
	uint16_t aq_tail = 0, acq_head = 0, aenq_head = 0, readless_seq = 0;

    private:
	void write_admin_registers();

	std::vector<Buffer> rx_buffers_[64];
};
