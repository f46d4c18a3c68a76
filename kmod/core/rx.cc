/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rx.hh"

#include "../../abi/ena_admin.h"
#include "barriers.hh"
#include "text.hh"
#include "timestamps.hh"

namespace oe
{

namespace
{

constexpr uint32_t ethernet_header_len = 14;
constexpr uint32_t max_batch = 256;
constexpr uint32_t max_posted_len = 65535;
/* Bits 7 and 17 of the status, which are always zero where the device promises it. */
constexpr uint32_t rx_zero_bits = ENA_BIT(7) | ENA_BIT(17);
/* What checksum and hash depend on. */
constexpr uint32_t kind_bits = ENA_RXC_L3_PROTO | ENA_RXC_L4_PROTO | ENA_RXC_L3_CSUM_ERR |
			       ENA_RXC_L4_CSUM_ERR | ENA_RXC_IPV4_FRAG | ENA_RXC_L4_CSUM_CHECKED;

struct Copied {
	ena_rx_cdesc cdesc;
	bool valid;
};

/* One completion, each word read once; not valid while its phase is not @phase. */
Copied copy_completion(const ena_rx_cdesc &place, uint32_t phase)
{
	Copied copied;

	copied.cdesc.status.raw = load_once(place.status.raw);
	copied.valid = ena::field_get(ENA_RXC_PHASE, copied.cdesc.status.get()) == phase;
	if (!copied.valid)
		return copied;
	/* The phase bit has been seen: the rest is read after it. */
	dma_rmb();
	copied.cdesc.length.raw = load_once(place.length.raw);
	copied.cdesc.req_id.raw = load_once(place.req_id.raw);
	copied.cdesc.hash.raw = load_once(place.hash.raw);
	copied.cdesc.offset = load_once(place.offset);
	return copied;
}

bool is_l4(uint32_t proto)
{
	return proto == ENA_L4_TCP || proto == ENA_L4_UDP;
}

bool is_ip(uint32_t proto)
{
	return proto == ENA_L3_IPV4 || proto == ENA_L3_IPV6;
}

oe_rx_csum csum_of(uint32_t status)
{
	if (ena::field_get(ENA_RXC_L3_PROTO, status) == ENA_L3_IPV4 &&
	    (status & ENA_RXC_L3_CSUM_ERR))
		return OE_RX_CSUM_BAD;
	if (!is_l4(ena::field_get(ENA_RXC_L4_PROTO, status)) || (status & ENA_RXC_IPV4_FRAG))
		return OE_RX_CSUM_NONE;
	if (status & ENA_RXC_L4_CSUM_ERR)
		return OE_RX_CSUM_BAD;
	return status & ENA_RXC_L4_CSUM_CHECKED ? OE_RX_CSUM_GOOD : OE_RX_CSUM_NONE;
}

/* @whole_tuples: the protocols whose ports are in the hash. */
oe_rx_hash hash_type_of(uint32_t status, uint32_t whole_tuples)
{
	const uint32_t l3 = ena::field_get(ENA_RXC_L3_PROTO, status);
	const uint32_t l4 = ena::field_get(ENA_RXC_L4_PROTO, status);

	if (!is_ip(l3))
		return OE_RX_HASH_NONE;
	if (!is_l4(l4) || (status & ENA_RXC_IPV4_FRAG))
		return OE_RX_HASH_L3;
	const uint32_t proto = (l3 == ENA_L3_IPV6 ? ENA_RSS_TCP6 : ENA_RSS_TCP4) +
			       (l4 == ENA_L4_UDP ? ENA_RSS_UDP4 - ENA_RSS_TCP4 : 0);
	return whole_tuples >> proto & 1 ? OE_RX_HASH_L4 : OE_RX_HASH_L3;
}

} // namespace

Status RxQueue::allocate(const RxConfig &config)
{
	if (Status status =
		    submissions_.allocate(config.kernel, config.depth * sizeof(ena_rx_desc));
	    !status)
		return status;
	if (Status status = completions_.allocate(config.kernel, config.depth * completion_size());
	    !status)
		return status;
	if (Status status = posted_len_.allocate(config.depth); !status)
		return status;
	return free_ids_.allocate(config.depth);
}

Status RxQueue::create(AdminQueue &admin, const RxConfig &config)
{
	config_ = config;
	if (Status status = allocate(config); !status)
		return status;
	batch_ = config.depth / 8 < max_batch ? config.depth / 8 : max_batch;
	return start(admin);
}

Status RxQueue::start(AdminQueue &admin)
{
	/* The phase of each entry is that of a lap before the first. */
	completions_.clear();
	tail_ = head_ = RingPosition(config_.depth);
	for (uint32_t i = 0; i < config_.depth; i++) {
		posted_len_[i] = 0;
		/* The lowest ids come off the stack first. */
		free_ids_[i] = static_cast<uint16_t>(config_.depth - 1 - i);
	}
	store_relaxed(nfree_, config_.depth);
	Status status = device_.create(admin, {.direction = ENA_SQ_RX,
					       .depth = static_cast<uint16_t>(config_.depth),
					       .completion_words = completion_size() / 4,
					       .vector = config_.vector,
					       .submissions = submissions_.bus(),
					       .completions = completions_.bus()});
	broken_ = !status;
	return status;
}

bool RxQueue::stop(AdminQueue &admin)
{
	broken_ = true;
	return device_.destroy(admin);
}

void RxQueue::refuse(ena_reset_reason reason, const char *what, uint32_t value)
{
	broken_ = true;
	if (reason == ENA_RESET_INVALID_RX_REQ_ID)
		config_.stats->bad_req_id++;
	else
		config_.stats->bad_desc_num++;
	log(config_.kernel, OE_LOG_ERROR,
	    LogLine() << "RX queue " << config_.vector - 1 << ": " << what << " " << value
		      << " in a completion");
	config_.reset->ask(reason);
}

inline bool RxQueue::check_fragment(const ena_rx_cdesc &cdesc, uint32_t nth)
{
	uint32_t status = cdesc.status.get();
	uint32_t id = cdesc.req_id.get();
	uint32_t end = cdesc.length.get() + (nth == 0 ? cdesc.offset : 0u);

	if (nth >= config_.max_frags) {
		refuse(ENA_RESET_TOO_MANY_RX_DESCS, "a packet of more fragments than", nth);
		return false;
	}
	if (((status & ENA_RXC_FIRST) != 0) != (nth == 0)) {
		refuse(ENA_RESET_RX_DESCRIPTOR_MALFORMED, "first bit wrong in fragment", nth);
		return false;
	}
	if (config_.check_zero_bits && (status & rx_zero_bits)) {
		refuse(ENA_RESET_RX_DESCRIPTOR_MALFORMED, "reserved bits set in status", status);
		return false;
	}
	if (id >= config_.depth || !posted_len_[id]) {
		refuse(ENA_RESET_INVALID_RX_REQ_ID, "no posted buffer has the id", id);
		return false;
	}
	if (!cdesc.length.get() || end > posted_len_[id]) {
		refuse(ENA_RESET_RX_DESCRIPTOR_MALFORMED, "data does not fit its buffer: end", end);
		return false;
	}
	return true;
}

/* Take @n buffers back from the device; false if one is named twice, which ends the queue. */
inline bool RxQueue::consume(const oe_rx_frag *frags, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint16_t id = frags[i].id;

		if (!posted_len_[id]) {
			refuse(ENA_RESET_INVALID_RX_REQ_ID, "a packet names twice the id", id);
			return false;
		}
		posted_len_[id] = 0;
		free_ids_[nfree_ + i] = id;
	}
	head_.advance(n);
	store_relaxed(nfree_, nfree_ + n);
	return true;
}

void RxQueue::classify(uint32_t kind, uint32_t whole_tuples)
{
	kind_ = kind;
	kind_tuples_ = whole_tuples;
	kind_csum_ = config_.csum ? csum_of(kind) : OE_RX_CSUM_NONE;
	kind_hash_ = config_.hash ? hash_type_of(kind, whole_tuples) : OE_RX_HASH_NONE;
}

/* What only the last completion of a packet knows. */
[[gnu::always_inline]] inline void RxQueue::describe(const ena_rx_cdesc &last, oe_rx_packet &packet)
{
	uint32_t kind = last.status.get() & kind_bits;
	uint32_t whole_tuples = load_relaxed(*config_.whole_tuples);

	if (kind != kind_ || whole_tuples != kind_tuples_)
		classify(kind, whole_tuples);
	packet.csum = static_cast<uint8_t>(kind_csum_);
	packet.hash_type = static_cast<uint8_t>(kind_hash_);
	packet.hash = kind_hash_ == OE_RX_HASH_NONE ? 0 : last.hash.get();
	switch (kind_csum_) {
	case OE_RX_CSUM_GOOD:
		config_.stats->csum_good++;
		break;
	case OE_RX_CSUM_BAD:
		config_.stats->csum_bad++;
		break;
	case OE_RX_CSUM_NONE:
		config_.stats->csum_unchecked++;
		break;
	}
}

/* Of a completion whose phase has been seen. */
uint64_t RxQueue::stamp(const RingPosition &position) const
{
	const auto &longer = reinterpret_cast<const ena_rx_cdesc_ext &>(completion(position));

	return stamp_of(load_once(longer.timestamp_lo.raw), load_once(longer.timestamp_hi.raw));
}

/* The next completion, the packet's @nth. False: it is not there, or cannot be true. */
[[gnu::always_inline]] inline bool RxQueue::take_fragment(RingPosition &position, uint32_t nth,
							  oe_rx_packet &packet, oe_rx_frag &frag,
							  ena_rx_cdesc &cdesc)
{
	Copied copied = copy_completion(completion(position), position.phase());

	if (!copied.valid || !check_fragment(copied.cdesc, nth))
		return false;
	cdesc = copied.cdesc;
	if (config_.stamps && cdesc.status.get() & ENA_RXC_LAST)
		packet.stamp_ns = stamp(position);
	position.advance();
	frag = {.id = cdesc.req_id.get(), .len = cdesc.length.get()};
	packet.len += frag.len;
	return true;
}

/* The next packet, if the device has finished one: it is taken when its last completion is there. */
[[gnu::always_inline]] inline bool RxQueue::take_packet(oe_rx_packet &packet, oe_rx_frag *frags)
{
	RingPosition position = head_;
	ena_rx_cdesc cdesc;
	uint32_t n = 1;

	packet.len = 0;
	packet.stamp_ns = 0;
	if (!take_fragment(position, 0, packet, frags[0], cdesc))
		return false;
	packet.offset = cdesc.offset;
	for (; !(cdesc.status.get() & ENA_RXC_LAST); n++) {
		if (!take_fragment(position, n, packet, frags[n], cdesc))
			return false;
	}
	packet.nfrags = static_cast<uint16_t>(n);
	if (packet.len < ethernet_header_len) {
		refuse(ENA_RESET_RX_DESCRIPTOR_MALFORMED,
		       "a packet shorter than its Ethernet header:", packet.len);
		return false;
	}
	if (!consume(frags, n))
		return false;
	describe(cdesc, packet);
	return true;
}

uint32_t RxQueue::poll(oe_rx_burst &burst, uint32_t budget)
{
	uint32_t limit = budget < OE_BURST ? budget : uint32_t{OE_BURST};

	uint32_t packets = 0, frags = 0;
	uint64_t bytes = 0;

	static_assert(sizeof(burst.frags) / sizeof(burst.frags[0]) >= OE_BURST + OE_RX_MAX_FRAGS);
	if (broken_)
		limit = 0;
	/* Up to OE_BURST fragments, there is room for another largest packet. */
	while (packets < limit && frags <= OE_BURST) {
		oe_rx_packet &packet = burst.packets[packets];

		if (!take_packet(packet, &burst.frags[frags]))
			break;
		packet.first_frag = static_cast<uint16_t>(frags);
		bytes += packet.len;
		frags += packet.nfrags;
		packets++;
	}
	burst.npackets = packets;
	burst.nfrags = frags;
	config_.stats->cnt += packets;
	config_.stats->bytes += bytes;
	return packets;
}

uint32_t RxQueue::wanted() const
{
	/* One descriptor always stays free, so a full ring differs from an empty one. */
	uint32_t room = nfree_ - 1;

	return broken_ || room < batch_ ? 0 : room;
}

inline void RxQueue::post(oe_rx_buffer &buffer, uint16_t id, const RingPosition &tail)
{
	/* Its reserved fields are zero from the beginning. */
	ena_rx_desc &desc = submissions_.as<ena_rx_desc>()[tail.index()];
	uint16_t len =
		static_cast<uint16_t>(buffer.len < max_posted_len ? buffer.len : max_posted_len);

	buffer.id = id;
	posted_len_[id] = len;
	desc.length.set(len);
	desc.ctrl = static_cast<uint8_t>(ENA_RXD_FIRST | ENA_RXD_LAST | ENA_RXD_COMP_REQ |
					 ena::field_put(ENA_RXD_PHASE, tail.phase()));
	desc.req_id.set(id);
	desc.addr_lo.set(static_cast<uint32_t>(buffer.bus));
	desc.addr_hi.set(static_cast<uint16_t>(buffer.bus >> 32));
}

void RxQueue::refill(oe_rx_buffer *buffers, uint32_t n)
{
	RingPosition tail = tail_;
	uint32_t left = nfree_;

	/* More than wanted would overrun the ring: the surplus gets no id. */
	for (uint32_t i = 0; i < n; i++) {
		if (left <= 1) {
			buffers[i].id = UINT16_MAX;
			continue;
		}
		post(buffers[i], free_ids_[--left], tail);
		tail.advance();
	}
	tail_ = tail;
	store_relaxed(nfree_, left);
	/* oek_writel orders the descriptors before the doorbell. */
	oek_writel(config_.kernel, device_.doorbell().value, static_cast<uint16_t>(tail_.count()));
}

bool RxQueue::completion_waits() const
{
	const RingPosition head = head_;

	return !load_relaxed(broken_) && copy_completion(completion(head), head.phase()).valid;
}

void RxQueue::inspect()
{
	bool empty = load_relaxed(nfree_) == config_.depth;

	if (empty && was_empty_)
		config_.stats->empty_rx_ring++;
	was_empty_ = empty;
}

void RxQueue::describe(Facts &facts) const
{
	facts.add("entries", config_.depth);
	facts.add("posted", config_.depth - load_relaxed(nfree_));
	facts.add("found_empty", load_relaxed(config_.stats->empty_rx_ring));
	facts.add("bad_id", load_relaxed(config_.stats->bad_req_id));
	facts.add("bad_descriptors", load_relaxed(config_.stats->bad_desc_num));
	facts.add("broken", load_relaxed(broken_));
}

} // namespace oe
