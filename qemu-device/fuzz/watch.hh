/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest has told the adapter, as far as it can be seen at the waist,
 * and whether the adapter keeps to it: reads and writes only memory that it was
 * pointed to, completes only what it was given, raises only vectors that exist
 * and are armed. Works from the ABI alone and knows nothing of the core.
 */
#ifndef OPENENA_FUZZ_WATCH_HH
#define OPENENA_FUZZ_WATCH_HH

#include "abi/ena_admin.h"
#include "abi/ena_io.h"
#include "abi/ena_regs.h"
#include "ena_device.h"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace fuzz
{

struct Region {
	uint64_t base = 0;
	uint64_t size = 0;

	[[nodiscard]] bool contains(uint64_t address, uint64_t length) const
	{
		return length <= size && address - base <= size - length;
	}
	[[nodiscard]] bool overlaps(const Region &other) const
	{
		return size && other.size &&
		       (other.base - base < size || base - other.base < other.size);
	}
};

class Watch {
    public:
	explicit Watch(const ena_config &config) : config_(config)
	{
	}

	/* Before the adapter sees it. */
	void register_write(uint64_t offset, uint64_t value, unsigned int size);
	void power_on_reset();
	/* A call into the adapter has ended. */
	void call_ended()
	{
		answering_ = telling_time_ = false;
	}

	/* What the adapter does; @worked: the access succeeded, with @bytes. */
	void read(uint64_t address, std::span<const uint8_t> bytes, bool worked);
	void map(uint64_t address, size_t length) const;
	void write(uint64_t address, std::span<const uint8_t> bytes, bool worked);
	void raise(unsigned int vector);

	/* Nothing overlaps and no answer was lost: all can be accounted for. */
	[[nodiscard]] bool exact() const
	{
		return exact_;
	}
	/* Frames completed since creation, while exact(). */
	[[nodiscard]] uint64_t rx_frames() const
	{
		return rx_frames_;
	}
	[[nodiscard]] uint64_t tx_completions() const
	{
		return tx_completions_;
	}

    private:
	struct RxBuffer {
		Region region;
		uint16_t req_id;
	};
	struct CompletionQueue {
		Region ring;
		uint16_t depth = 0, entry = 0;
		uint32_t vector = 0;
		std::optional<uint16_t> index; /* as the adapter answered */
		std::vector<uint8_t> bytes; /* as the adapter wrote them */
		uint16_t head = 0;
		bool in_frame = false; /* RX: first seen, last not yet */
	};
	struct SubmissionQueue {
		Region ring;
		bool rx = false;
		bool llq = false; /* descriptors are in BAR2, and not seen here */
		uint16_t cq = 0;
		std::set<std::pair<uint64_t, uint32_t>> tx_buffers; /* address, length */
		std::set<uint16_t> tx_ids;
		uint64_t rung = 0; /* descriptors */
		uint16_t tail = 0;
		uint32_t doorbell = 0;
		uint64_t completed = 0;
		std::deque<RxBuffer> rx_buffers; /* read and not completed */
	};

	void reset();
	/* A ring register pair's ring, if @caps activate it. */
	[[nodiscard]] static std::optional<Region> admin_ring(uint64_t base, uint32_t caps);
	void queue_register_write(uint32_t offset, uint32_t value);
	/* The adapter will write to it, or take what is in it for commands. */
	void claim(const Region &region);
	[[nodiscard]] bool touches_ring(const Region &region) const;
	[[nodiscard]] bool touches_buffer(const Region &region) const;

	[[nodiscard]] bool may_read(const Region &r) const;
	[[nodiscard]] bool may_write(const Region &r) const;
	[[nodiscard]] Region control_buffer() const;
	[[nodiscard]] Region host_page() const;

	void begin_command(std::span<const uint8_t> bytes);
	void end_command(const ena_acq_entry &answer);
	void read_descriptors(SubmissionQueue &q, std::span<const uint8_t> bytes);
	void write_completion(CompletionQueue &q, uint64_t address, std::span<const uint8_t> bytes);
	void complete_tx(CompletionQueue &q, const ena_tx_cdesc &c);
	void complete_rx(CompletionQueue &q, const ena_rx_cdesc &c);
	[[nodiscard]] SubmissionQueue *queue_of(const CompletionQueue &q);

	const ena_config &config_;
	uint64_t answer_ = 0, aq_base_ = 0, acq_base_ = 0, aenq_base_ = 0;
	Region aq_, acq_, aenq_;
	bool in_reset_ = false;
	bool answering_ = false; /* a register read by DMA was asked for in this call */
	bool telling_time_ = false; /* the same of the hardware clock */
	Region time_; /* where the clock's answer goes */
	Region time_asked_; /* the same, of a command that is not answered */
	bool masked_ = false; /* management interrupt */
	bool exact_ = true;
	std::optional<ena_aq_entry> command_; /* read, not answered */
	std::deque<CompletionQueue> cqs_;
	std::deque<SubmissionQueue> sqs_;
	std::map<uint32_t, uint32_t> unmask_; /* register: vector */
	std::set<uint32_t> vectors_; /* named by a completion queue */
	std::set<uint32_t> armed_;
	uint64_t rx_frames_ = 0, tx_completions_ = 0;
};

} // namespace fuzz

#endif
