/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion and submission queues: creation, destruction, doorbells. */
#ifndef ENA_CORE_QUEUES_HH
#define ENA_CORE_QUEUES_HH

#include "events.hh"
#include "llq.hh"

#include "abi/ena_io.h"

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace ena
{

/*
 * Names a completion queue and the submission queue that completes to it: both
 * have the same number, since drivers write the one where the RSS table wants
 * the other. TX and RX queues share the numbers.
 */
struct QueueIndex {
	uint16_t value;

	/* In a mask of queues. */
	[[nodiscard]] constexpr uint64_t bit() const
	{
		return value < 64 ? uint64_t{1} << value : 0;
	}
};

inline constexpr uint16_t max_queue_slots = 2 * ENA_DEVICE_MAX_QUEUES;
static_assert(max_queue_slots <= 64); /* masks of queues are 64 bits wide */

/* Registers of a queue in BAR0: 16 bytes each from queue_registers on. */
enum class QueueRegister : uint32_t { doorbell = 0, unmask = 4, numa = 8 };
inline constexpr uint32_t queue_registers = 0x1000, queue_registers_stride = 16;
inline constexpr uint32_t queue_registers_end =
	queue_registers + max_queue_slots * queue_registers_stride;
static_assert(queue_registers_end <= ENA_DEVICE_BAR0_SIZE);

[[nodiscard]] constexpr uint32_t register_offset(QueueIndex q, QueueRegister reg)
{
	return queue_registers + q.value * queue_registers_stride + static_cast<uint32_t>(reg);
}

inline constexpr uint16_t no_vector = 0xffff;
inline constexpr uint16_t min_queue_depth = 2;

/* The phase bit of completions of both directions lies in bit 0 of byte 3. */
inline constexpr uint8_t cdesc_phase_byte = offsetof(ena_tx_cdesc, flags);
static_assert(ENA_RXC_PHASE == ENA_CDESC_PHASE << 8 * cdesc_phase_byte);

struct CompletionQueue {
	bool live = false;
	uint16_t vector = no_vector;
	CompletionRing ring;

	/* Entries have room for a timestamp, if they are of @d. */
	[[nodiscard]] bool extended(Direction d) const
	{
		return ring.ring().entry_size() ==
		       (d == Direction::tx ? sizeof(ena_tx_cdesc_ext) : sizeof(ena_rx_cdesc_ext));
	}
};

/* What the meta descriptor says, remembered for the packets behind it. */
struct TxMeta {
	uint16_t mss = 0;
	uint8_t l3_offset = 0;
	uint8_t l3_length = 0;
	uint8_t l4_words = 0;
};

struct TxBuffer {
	BusAddress address;
	uint16_t length;
};

/* What may be wrong with the descriptors of a packet. */
enum class TxFault : uint8_t {
	none,
	meta_inside,
	not_first,
	first_again,
	too_many,
	no_meta,
	last = no_meta,
};
[[nodiscard]] const char *sentence(TxFault fault);

/* A packet as far as its descriptors have been read. */
struct TxPacket {
	std::array<TxBuffer, ENA_DEVICE_MAX_TX_DESCS> buffers;
	std::array<uint8_t, llq_max_header> header; /* its first bytes, if the driver pushed them */
	uint16_t header_length = 0;
	uint32_t length = 0; /* of header and buffers */
	uint32_t word1 = 0; /* of the first descriptor: what is asked for */
	uint16_t count = 0; /* descriptors, those beyond buffers included */
	uint16_t buffer_count = 0;
	uint16_t req_id = 0;
	bool meta_seen = false;
	TxMeta meta;
	TxFault fault = TxFault::none; /* why it will not be sent */

	[[nodiscard]] std::span<const uint8_t> pushed() const
	{
		return {header.data(), header_length};
	}
	/* As new, but for what lies beyond the counts. */
	void clear()
	{
		header_length = count = buffer_count = req_id = 0;
		length = word1 = 0;
		meta_seen = false;
		meta = {};
		fault = TxFault::none;
	}
};

struct SubmissionQueue {
	bool live = false;
	bool stopped = false; /* the ring made no sense: ignored until destroyed */
	const char *why_stopped = nullptr;
	Direction direction = Direction::tx;
	uint16_t number = 0; /* RX: among the RX queues, see Queues::running_rx() */
	LlqRegion llq; /* if the ring lies in the adapter */
	Ring ring;
	uint16_t head = 0; /* next entry to read */
	uint16_t tail = 0; /* as rung by the driver */

	[[nodiscard]] bool runs(Direction d) const
	{
		return live && !stopped && direction == d;
	}
	[[nodiscard]] uint16_t waiting() const
	{
		return static_cast<uint16_t>(tail - head);
	}
};

/* A queue that is held back by the allowance. */
struct TxPace {
	bool waits = false; /* its packet is complete, but may not go yet */
	uint64_t until_ns = 0;
	/*
	 * Entries before @mark were in the ring at @mark_ns, and have waited since.
	 */
	bool backlog = false;
	bool refused = false; /* something, since the mark was set */
	uint16_t mark = 0;
	uint64_t mark_ns = 0;
	uint8_t excess = 0; /* enum class Excess: what was refused */
};

struct TxState {
	TxMeta meta;
	TxPacket packet;
	TxPace pace;
};

/* How long a queue without buffers may hold up the others. */
inline constexpr uint64_t rx_patience_ns = 20'000'000;

/* Descriptors read ahead, and what happens while there are none. */
struct RxState {
	static constexpr uint16_t cache_size = 64;
	static_assert(cache_size > ENA_DEVICE_MAX_RX_DESCS);

	std::array<ena_rx_desc, cache_size> cache;
	uint16_t cached = 0;
	uint16_t next = 0; /* in cache */
	uint64_t drop_from_ns = no_deadline; /* without a buffer: hold frames until then */
	bool dropping = false;

	/* Descriptors read and not yet completed: their places in the ring are still taken. */
	[[nodiscard]] uint16_t held() const
	{
		return static_cast<uint16_t>(cached - next);
	}
};

/* Since the submission queue was created. */
struct Traffic {
	uint64_t packets = 0, bytes = 0, drops = 0;
};

struct QueueSlot {
	CompletionQueue cq;
	SubmissionQueue sq;
	TxState tx;
	RxState rx;
	Traffic traffic;
};

class Queues {
    public:
	Queues(Host &host, const ena_config &config, Llq &llq, Events &events)
	    : host_(host), config_(config), llq_(llq), events_(events)
	{
	}

	[[nodiscard]] ena_admin_status create_cq(const ena_create_cq_cmd &cmd,
						 ena_create_cq_resp &resp);
	[[nodiscard]] ena_admin_status destroy_cq(const ena_destroy_cq_cmd &cmd);
	[[nodiscard]] ena_admin_status create_sq(const ena_create_sq_cmd &cmd,
						 ena_create_sq_resp &resp);
	[[nodiscard]] ena_admin_status destroy_sq(const ena_destroy_sq_cmd &cmd);

	[[nodiscard]] QueueSlot &operator[](QueueIndex q)
	{
		return slots_[q.value];
	}
	[[nodiscard]] const QueueSlot &operator[](QueueIndex q) const
	{
		return slots_[q.value];
	}
	/* Submission queues that are live. */
	[[nodiscard]] unsigned int live() const;
	/* The live submission queue of that number and direction, or null. */
	[[nodiscard]] QueueSlot *find(uint32_t index, Direction direction);
	/* The running RX queue with the lowest number. */
	[[nodiscard]] std::optional<QueueIndex> first_rx() const;
	/*
	 * RX queue @number, if it takes frames. They are counted as drivers
	 * create them: each has the lowest number that was free.
	 */
	[[nodiscard]] std::optional<QueueIndex> running_rx(uint16_t number) const;
	/* Some RX queue takes frames. */
	[[nodiscard]] bool can_receive() const
	{
		return running_rx_;
	}
	/* Store the tail. False, and a note, if it cannot be. */
	[[nodiscard]] bool ring_doorbell(QueueIndex q, uint16_t tail);
	/* Ignore the queue until it is destroyed, and warn the driver. */
	void stop(QueueIndex q, const char *why);
	void reset();
	void snapshot(Snapshot &s); /* queues_snapshot.cc */

    private:
	/* Completion queues by direction; undecided ones are in the total alone. */
	struct Use {
		uint16_t total = 0, tx = 0, rx = 0;

		[[nodiscard]] uint16_t of(Direction d) const
		{
			return d == Direction::tx ? tx : rx;
		}
	};

	/* Entries of @size bytes are of @d, or may be: the submission queue decides. */
	[[nodiscard]] bool may_be(Direction d, size_t size) const;
	[[nodiscard]] Use in_use() const;
	[[nodiscard]] ena_admin_status check_entry_size(uint32_t words);
	[[nodiscard]] uint16_t max_depth(Direction d) const
	{
		return d == Direction::tx ? config_.tx_depth : config_.rx_depth;
	}
	void snapshot_completions(Snapshot &s, CompletionQueue &cq);
	void snapshot_submissions(Snapshot &s, QueueSlot &slot);
	void take_up(Snapshot &s, QueueIndex q);
	[[nodiscard]] ena_admin_status check_depth(const char *what, Direction d, uint16_t depth);
	[[nodiscard]] ena_admin_status check_sq(const ena_create_sq_cmd &cmd, Direction direction);
	[[nodiscard]] ena_admin_status check_placement(const ena_create_sq_cmd &cmd, Direction d);

	Host &host_;
	const ena_config &config_;
	Llq &llq_;
	Events &events_;
	std::array<QueueSlot, max_queue_slots> slots_{};
	uint64_t running_rx_ = 0; /* bit = queue index */
	uint32_t rx_numbers_ = 0; /* in use; bit = number */
	static_assert(ENA_DEVICE_MAX_QUEUES <= 32);
	std::array<QueueIndex, ENA_DEVICE_MAX_QUEUES> rx_by_number_{};
};

} // namespace ena

#endif
