/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An RX queue. All in its NAPI, except for what the service looks at. */
#ifndef OPENENA_CORE_RX_HH
#define OPENENA_CORE_RX_HH

#include <cstdint>

#include "../../abi/ena_io.h"
#include "../bridge.h"
#include "admin_queue.hh"
#include "barriers.hh"
#include "facts.hh"
#include "memory.hh"
#include "queues.hh"
#include "reset.hh"
#include "result.hh"

namespace oe
{

/* What an RX queue must know of its adapter. */
struct RxConfig {
	oe_kernel *kernel = nullptr;
	ResetRequest *reset = nullptr;
	struct oe_rx_stats *stats = nullptr;
	uint32_t depth = 0;
	uint32_t vector = 0;
	uint32_t max_frags = 0;
	bool csum = false, hash = false; /* the device offers them */
	const uint32_t *whole_tuples = nullptr; /* HashFields */
	bool check_zero_bits = false; /* the device promises zeros in reserved bits */
	bool stamps = false; /* completions say when the packet arrived */
};

class RxQueue {
    public:
	/* Process context. */
	[[nodiscard]] Status create(AdminQueue &admin, const RxConfig &config);
	/* Alone, while others run; the NAPI is off. False: the device did not confirm. */
	[[nodiscard]] bool stop(AdminQueue &admin);
	/* Empty, in the rings that it has. */
	[[nodiscard]] Status start(AdminQueue &admin);
	[[nodiscard]] DeviceQueue &device()
	{
		return device_;
	}

	uint32_t poll(oe_rx_burst &burst, uint32_t budget);
	[[nodiscard]] uint32_t wanted() const;
	/* Ids that no posted buffer has, in the order in which buffers get them. */
	[[nodiscard]] const uint16_t *next_ids() const
	{
		return &free_ids_[posted_];
	}
	void refill(const oe_rx_buffer *buffers, uint32_t n);
	/* A completion was refused: no other is looked at. */
	[[nodiscard]] bool broken() const
	{
		return load_relaxed(broken_);
	}
	/* The service: the ring holds one. A guess while a poll runs. */
	[[nodiscard]] bool completion_waits() const;
	/* The service: note a ring that is empty twice in succession. */
	void inspect();
	/* Under rtnl, while packets flow: each number is right, not all of one moment. */
	void describe(Facts &facts) const;

    private:
	/* Of a completion. */
	using MaybeStatus = int64_t;
	static constexpr MaybeStatus no_status = -1;

	[[nodiscard]] Status allocate(const RxConfig &config);
	/* The first fields are there in both sizes. */
	[[nodiscard]] const ena_rx_cdesc &completion(const RingPosition &position) const
	{
		return *reinterpret_cast<const ena_rx_cdesc *>(completions_.as<const char>() +
							       position.index() * completion_size_);
	}
	[[nodiscard]] uint64_t stamp(const ena_rx_cdesc &cdesc) const;
	[[nodiscard]] bool check_fragment(uint32_t status, uint16_t id, uint16_t len, uint32_t end,
					  uint32_t nth);
	[[nodiscard]] MaybeStatus take_fragment(const RingPosition &position, uint32_t nth,
						oe_rx_packet &packet, oe_rx_frag &frag);
	[[nodiscard]] MaybeStatus take_rest(oe_rx_packet &packet, oe_rx_frag *frags);
	[[nodiscard]] bool take_packet(oe_rx_packet &packet, oe_rx_frag *frags);
	void take_back(uint16_t id);
	void describe(uint32_t status, oe_rx_packet &packet);
	void classify(uint32_t kind, uint32_t whole_tuples);
	void post(const oe_rx_buffer &buffer, uint16_t id, const RingPosition &tail);
	void refuse(ena_reset_reason reason, const char *what, uint32_t value);

	RxConfig config_;
	DeviceQueue device_;
	DmaBuffer submissions_, completions_;
	Array<uint16_t> posted_len_; /* by id; 0: the device does not have it */
	/* A stack that grows down: from posted_ on the ids that no posted buffer has. */
	Array<uint16_t> free_ids_;
	uint32_t posted_ = 0; /* buffers that the device has; read by the service */
	uint32_t completion_size_ = 0; /* bytes */
	uint32_t batch_ = 0; /* free descriptors that are worth a doorbell */
	RingPosition tail_, head_;
	/* What the last packet was found to be, for the next one of its kind: nearly all are. */
	uint32_t kind_ = 0; /* of the status */
	uint32_t kind_tuples_ = 0;
	uint8_t kind_csum_ = 0, kind_hash_ = 0; /* as in oe_rx_packet */
	uint64_t *kind_count_ = nullptr; /* of the statistics */
	bool broken_ = false; /* nothing is believed any more */
	bool was_empty_ = false; /* the service's */
};

} // namespace oe

struct oe_rxq final : oe::RxQueue {};

#endif
