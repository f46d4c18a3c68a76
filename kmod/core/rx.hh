/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An RX queue. All in its NAPI, except for what the service looks at. */
#ifndef OPENENA_CORE_RX_HH
#define OPENENA_CORE_RX_HH

#include <cstdint>

#include "../../abi/ena_io.h"
#include "../bridge.h"
#include "admin_queue.hh"
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
	void refill(oe_rx_buffer *buffers, uint32_t n);
	/* The service: the ring holds one. A guess while a poll runs. */
	[[nodiscard]] bool completion_waits() const;
	/* The service: note a ring that is empty twice in succession. */
	void inspect();
	/* Under rtnl, while packets flow: each number is right, not all of one moment. */
	void describe(Facts &facts) const;

    private:
	[[nodiscard]] Status allocate(const RxConfig &config);
	[[nodiscard]] uint32_t completion_size() const
	{
		return config_.stamps ? sizeof(ena_rx_cdesc_ext) : sizeof(ena_rx_cdesc);
	}
	/* The first fields are there in both sizes. */
	[[nodiscard]] const ena_rx_cdesc &completion(const RingPosition &position) const
	{
		return *reinterpret_cast<const ena_rx_cdesc *>(
			completions_.as<const char>() + position.index() * completion_size());
	}
	[[nodiscard]] uint64_t stamp(const RingPosition &position) const;
	[[nodiscard]] bool take_fragment(RingPosition &position, uint32_t nth, oe_rx_packet &packet,
					 oe_rx_frag &frag, ena_rx_cdesc &cdesc);
	[[nodiscard]] bool take_packet(oe_rx_packet &packet, oe_rx_frag *frags);
	[[nodiscard]] bool check_fragment(const ena_rx_cdesc &cdesc, uint32_t nth);
	[[nodiscard]] bool consume(const oe_rx_frag *frags, uint32_t n);
	void describe(const ena_rx_cdesc &last, oe_rx_packet &packet);
	void classify(uint32_t kind, uint32_t whole_tuples);
	void post(oe_rx_buffer &buffer, uint16_t id, const RingPosition &tail);
	void refuse(ena_reset_reason reason, const char *what, uint32_t value);

	RxConfig config_;
	DeviceQueue device_;
	DmaBuffer submissions_, completions_;
	Array<uint16_t> posted_len_; /* by id; 0: the device does not have it */
	Array<uint16_t> free_ids_; /* a stack */
	uint32_t nfree_ = 0; /* on the stack; read by the service */
	uint32_t batch_ = 0; /* free descriptors that are worth a doorbell */
	RingPosition tail_, head_;
	/* What the last packet was found to be, for the next one of its kind: nearly all are. */
	uint32_t kind_ = 0; /* of the status */
	uint32_t kind_tuples_ = 0;
	oe_rx_csum kind_csum_ = OE_RX_CSUM_NONE;
	oe_rx_hash kind_hash_ = OE_RX_HASH_NONE;
	bool broken_ = false; /* nothing is believed any more */
	bool was_empty_ = false; /* the service's */
};

} // namespace oe

struct oe_rxq final : oe::RxQueue {};

#endif
