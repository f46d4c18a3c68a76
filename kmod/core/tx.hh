/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TX queue. Three parties share it without a lock: oe_tx_submit() under the
 * kernel's TX lock (the producer), the queue's NAPI (the completer), and the
 * once-a-second service (the inspector).
 */
#ifndef OPENENA_CORE_TX_HH
#define OPENENA_CORE_TX_HH

#include <cstdint>

#include "../../abi/ena_io.h"
#include "../bridge.h"
#include "admin_queue.hh"
#include "barriers.hh"
#include "facts.hh"
#include "llq.hh"
#include "memory.hh"
#include "queues.hh"
#include "reset.hh"
#include "result.hh"

namespace oe
{

/* What a TX queue must know of its adapter. */
struct TxConfig {
	oe_kernel *kernel = nullptr;
	ResetRequest *reset = nullptr;
	struct oe_tx_stats *stats = nullptr;
	struct oe_tx_stats *xdp_stats =
		nullptr; /* of frames of XDP; the same if there are no others */
	uint32_t index = 0; /* for people: those of XDP come after all others */
	uint32_t depth = 0;
	uint32_t vector = 0;
	uint32_t max_buffers = 0;
	uint32_t offloads = 0; /* ENA_OFFLOAD_TX_* of the device */
	bool check_zero_bits = false; /* the device promises zeros in reserved bits */
	bool stamps = false; /* completions say when the packet left */
	LlqLayout llq;
};

class TxQueue {
    public:
	/* Process context. */
	[[nodiscard]] Status create(AdminQueue &admin, const TxConfig &config);
	/* Alone, while others run; nobody submits, the NAPI is off. False: the device did not confirm. */
	[[nodiscard]] bool stop(AdminQueue &admin);
	/* Empty, in the rings that it has. */
	[[nodiscard]] Status start(AdminQueue &admin);
	[[nodiscard]] DeviceQueue &device()
	{
		return device_;
	}

	/* See oe_tx_submit(). */
	[[nodiscard]] Status submit(const oe_tx_packet &packet, oe_tx_result &result);
	void kick();
	[[nodiscard]] bool has_room() const;
	/* In packets of one buffer, of XDP. */
	[[nodiscard]] uint32_t small_packets() const;
	[[nodiscard]] uint32_t completed(uint16_t *ids, uint32_t max);
	void release(const uint16_t *ids, uint32_t n);
	/* No packet of this id can be completed now. */
	void refuse(uint16_t id)
	{
		refuse(ENA_RESET_INVALID_TX_REQ_ID, "no packet in flight has the id", id);
	}
	/* Of a completed packet: ns on the hardware clock, 0: not known. */
	[[nodiscard]] uint64_t stamp(uint16_t id) const
	{
		return id < stamps_.size() ? stamps_[id] : 0;
	}
	void unmask(uint32_t value);
	/* A completion was refused: no other is looked at. */
	[[nodiscard]] bool broken() const
	{
		return load_relaxed(broken_);
	}
	/* The first bytes of a packet that go with its descriptors. */
	[[nodiscard]] uint32_t push() const
	{
		return push_;
	}
	/* The service: how many packets wait for their completion for too long. */
	[[nodiscard]] uint32_t overdue(uint64_t now_ns, uint64_t timeout_ns);
	/* The service: the ring holds one. A guess while a poll runs. */
	[[nodiscard]] bool completion_waits() const;
	/* Under rtnl, while packets flow: each number is right, not all of one moment. */
	void describe(Facts &facts) const;

    private:
	/* A packet by its id. */
	struct Slot {
		uint64_t sent_ns;
		uint16_t entries; /* of the ring */
		bool in_flight; /* set last by the producer, cleared first by the completer */
		bool counted_overdue; /* the inspector's */
	};

	/* The words of a meta descriptor that tell packets apart; the device keeps the last one per queue. */
	struct Meta {
		uint32_t word0 = 0, word2 = 0;

		bool operator==(const Meta &) const = default;
	};

	/* Where a descriptor goes, and the phase bit of its word 0 there. */
	struct Place {
		ena_tx_desc *desc;
		uint32_t phase;
	};

	[[nodiscard]] Status allocate(const TxConfig &config);
	void empty();
	[[nodiscard]] bool possible(const oe_tx_packet &packet) const;
	[[nodiscard]] bool offloads_possible(const oe_tx_packet &packet) const;
	[[nodiscard]] uint32_t offload_word(const oe_tx_packet &packet) const;
	[[nodiscard]] bool needs_meta(const oe_tx_packet &packet, Meta &meta) const;
	[[nodiscard]] uint32_t room() const;
	template <bool pushed> [[nodiscard]] Place next(LlqWriter::Entry &entry);
	template <bool pushed> void write_meta(Meta meta, LlqWriter::Entry &entry);
	template <bool pushed>
	void write_buffer(const oe_tx_buffer &buffer, uint32_t word0, uint32_t word1,
			  uint32_t word3, LlqWriter::Entry &entry);
	template <bool pushed>
	void write_buffers(const oe_tx_packet &packet, uint16_t id, bool first,
			   LlqWriter::Entry &entry);
	template <bool pushed>
	void write(const oe_tx_packet &packet, uint16_t id, const Meta *meta);
	[[nodiscard]] uint16_t take_id(uint32_t entries);
	/* The first fields are there in both sizes. */
	[[nodiscard]] const ena_tx_cdesc &completion(const RingPosition &position) const
	{
		return *reinterpret_cast<const ena_tx_cdesc *>(completions_.as<const char>() +
							       position.index() * completion_size_);
	}
	void take_stamp(uint16_t id, const ena_tx_cdesc &cdesc);
	[[nodiscard]] bool take_completion(RingPosition &head, uint16_t &id);
	void refuse(ena_reset_reason reason, const char *what, uint32_t value);

	TxConfig config_;
	DeviceQueue device_;
	DmaBuffer submissions_, completions_;
	Array<Slot> slots_;
	Array<uint64_t> stamps_; /* by id; the completer's. None without config_.stamps */
	/* Ids not in use, a ring: the completer puts, the producer takes. */
	Array<uint16_t> free_ids_;
	uint32_t push_ = 0; /* as push(); 0: the ring is in host memory */
	uint32_t completion_size_ = 0; /* bytes */
	uint32_t stop_below_ = 0; /* entries a largest packet may take */
	uint32_t wake_from_ = 0;
	uint32_t xdp_leaves_ = 0; /* entries that frames of XDP may not take */
	bool broken_ = false; /* the completer's: nothing is believed any more */

	/* The producer's. */
	RingPosition tail_;
	LlqWriter llq_;
	uint32_t used_ = 0; /* entries written so far; read by all */
	uint32_t ids_taken_ = 0;
	uint32_t rung_ = 0; /* the tail that the device knows */
	uint64_t batch_ns_ = 0; /* when the batch since the last doorbell began */
	Meta cached_meta_;
	bool has_cached_meta_ = false;

	/* The completer's. */
	RingPosition head_;
	uint32_t ids_put_ = 0;
	uint32_t released_ = 0; /* entries given back so far; read by the producer */
};

} // namespace oe

struct oe_txq final : oe::TxQueue {};

#endif
