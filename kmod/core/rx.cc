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
/* What checksum and hash depend on. */
constexpr uint32_t kind_bits = ENA_RXC_L3_PROTO | ENA_RXC_L4_PROTO | ENA_RXC_L3_CSUM_ERR |
			       ENA_RXC_L4_CSUM_ERR | ENA_RXC_IPV4_FRAG | ENA_RXC_L4_CSUM_CHECKED;

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
	if (Status status = completions_.allocate(config.kernel, config.depth * completion_size_);
	    !status)
		return status;
	if (Status status = posted_len_.allocate(config.depth); !status)
		return status;
	return free_ids_.allocate(config.depth);
}

Status RxQueue::create(AdminQueue &admin, const RxConfig &config)
{
	config_ = config;
	completion_size_ = config.stamps ? sizeof(ena_rx_cdesc_ext) : sizeof(ena_rx_cdesc);
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
		free_ids_[i] = static_cast<uint16_t>(i);
	}
	store_relaxed(posted_, 0u);
	classify(0, load_relaxed(*config_.whole_tuples));
	Status status = device_.create(admin, {.direction = ENA_SQ_RX,
					       .depth = static_cast<uint16_t>(config_.depth),
					       .completion_words = completion_size_ / 4,
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

[[gnu::always_inline]] inline bool RxQueue::check_fragment(uint32_t status, uint16_t id,
							   uint16_t len, uint32_t end, uint32_t nth)
{
	if (nth && nth >= config_.max_frags) {
		refuse(ENA_RESET_TOO_MANY_RX_DESCS, "a packet of more fragments than", nth);
		return false;
	}
	if (((status & ENA_RXC_FIRST) != 0) != (nth == 0)) {
		refuse(ENA_RESET_RX_DESCRIPTOR_MALFORMED, "first bit wrong in fragment", nth);
		return false;
	}
	if (config_.check_zero_bits && (status & ENA_RXC_MBZ)) {
		refuse(ENA_RESET_RX_DESCRIPTOR_MALFORMED, "reserved bits set in status", status);
		return false;
	}
	if (id >= config_.depth || !posted_len_[id]) {
		refuse(ENA_RESET_INVALID_RX_REQ_ID, "no posted buffer has the id", id);
		return false;
	}
	if (!len || end > posted_len_[id]) {
		refuse(ENA_RESET_RX_DESCRIPTOR_MALFORMED, "data does not fit its buffer: end", end);
		return false;
	}
	return true;
}

void RxQueue::classify(uint32_t kind, uint32_t whole_tuples)
{
	oe_rx_csum csum = config_.csum ? csum_of(kind) : OE_RX_CSUM_NONE;
	struct oe_rx_stats &stats = *config_.stats;

	kind_ = kind;
	kind_tuples_ = whole_tuples;
	kind_csum_ = static_cast<uint8_t>(csum);
	kind_hash_ = static_cast<uint8_t>(config_.hash ? hash_type_of(kind, whole_tuples)
						       : OE_RX_HASH_NONE);
	kind_count_ = csum == OE_RX_CSUM_GOOD  ? &stats.csum_good
		      : csum == OE_RX_CSUM_BAD ? &stats.csum_bad
					       : &stats.csum_unchecked;
}

/* What the status of a packet's last completion says of it. */
[[gnu::always_inline]] inline void RxQueue::describe(uint32_t status, oe_rx_packet &packet)
{
	uint32_t kind = status & kind_bits;
	uint32_t whole_tuples = load_relaxed(*config_.whole_tuples);

	if (kind != kind_ || whole_tuples != kind_tuples_)
		classify(kind, whole_tuples);
	packet.csum = kind_csum_;
	packet.hash_type = kind_hash_;
	++*kind_count_;
}

/* Of a completion whose phase has been seen. */
uint64_t RxQueue::stamp(const ena_rx_cdesc &cdesc) const
{
	const auto &longer = reinterpret_cast<const ena_rx_cdesc_ext &>(cdesc);

	return stamp_of(load_once(longer.timestamp_lo.raw), load_once(longer.timestamp_hi.raw));
}

/*
 * The completion at @position, the packet's @nth, each word read once: its status, all bits of which
 * may be zero; or none, if it is not there, or cannot be true.
 */
[[gnu::always_inline]] inline RxQueue::MaybeStatus
RxQueue::take_fragment(const RingPosition &position, uint32_t nth, oe_rx_packet &packet,
		       oe_rx_frag &frag)
{
	const ena_rx_cdesc &cdesc = completion(position);
	uint32_t status = ena_le32{load_once(cdesc.status.raw)}.get();

	if (ena::field_get(ENA_RXC_PHASE, status) != position.phase())
		return no_status;
	/* The phase bit has been seen: the rest is read after it. */
	dma_rmb();
	uint16_t id = ena_le16{load_once(cdesc.req_id.raw)}.get();
	uint16_t len = ena_le16{load_once(cdesc.length.raw)}.get();
	uint32_t end = len;
	if (nth == 0) {
		packet.offset = load_once(cdesc.offset);
		end += packet.offset;
	}
	if (!check_fragment(status, id, len, end, nth))
		return no_status;
	frag = {.id = id, .len = len};
	packet.hash = ena_le32{load_once(cdesc.hash.raw)}.get();
	if (config_.stamps && status & ENA_RXC_LAST)
		packet.stamp_ns = stamp(cdesc);
	return status;
}

/* The buffer is the shim's again. */
inline void RxQueue::take_back(uint16_t id)
{
	uint32_t posted = posted_ - 1;

	posted_len_[id] = 0;
	free_ids_[posted] = id;
	store_relaxed(posted_, posted);
}

/*
 * The rest of a packet that begins at the head; its buffers are taken back. Returns the status of its
 * last completion; none: it is not there yet, or cannot be true.
 */
[[gnu::noinline]] RxQueue::MaybeStatus RxQueue::take_rest(oe_rx_packet &packet, oe_rx_frag *frags)
{
	RingPosition position = head_;
	MaybeStatus status;
	uint32_t n = 1;

	position.advance();
	do {
		status = take_fragment(position, n, packet, frags[n]);
		if (status == no_status)
			return no_status;
		position.advance();
		packet.len += frags[n++].len;
	} while (!(status & ENA_RXC_LAST));
	for (uint32_t i = 0; i < n; i++) {
		if (!posted_len_[frags[i].id]) {
			refuse(ENA_RESET_INVALID_RX_REQ_ID, "a packet names twice the id",
			       frags[i].id);
			return no_status;
		}
		take_back(frags[i].id);
	}
	packet.nfrags = static_cast<uint16_t>(n);
	head_ = position;
	return status;
}

/*
 * The next packet, if the device has finished one: it is taken when its last completion is there.
 * Nearly all have only one.
 */
[[gnu::always_inline]] inline bool RxQueue::take_packet(oe_rx_packet &packet, oe_rx_frag *frags)
{
	packet.stamp_ns = 0;
	MaybeStatus status = take_fragment(head_, 0, packet, frags[0]);
	if (status == no_status)
		return false;
	packet.len = frags[0].len;
	if (!(status & ENA_RXC_LAST)) {
		status = take_rest(packet, frags);
		if (status == no_status)
			return false;
	} else if (packet.len < ethernet_header_len) {
		refuse(ENA_RESET_RX_DESCRIPTOR_MALFORMED,
		       "a packet shorter than its Ethernet header:", packet.len);
		return false;
	} else {
		packet.nfrags = 1;
		take_back(frags[0].id);
		head_.advance();
	}
	describe(static_cast<uint32_t>(status), packet);
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
	uint32_t room = config_.depth - 1 - posted_;

	return broken_ || room < batch_ ? 0 : room;
}

inline void RxQueue::post(const oe_rx_buffer &buffer, uint16_t id, const RingPosition &tail)
{
	/* Its reserved fields are zero from the beginning. */
	ena_rx_desc &desc = submissions_.as<ena_rx_desc>()[tail.index()];
	uint16_t len =
		static_cast<uint16_t>(buffer.len < max_posted_len ? buffer.len : max_posted_len);

	posted_len_[id] = len;
	desc.length.set(len);
	desc.ctrl = static_cast<uint8_t>(ENA_RXD_FIRST | ENA_RXD_LAST | ENA_RXD_COMP_REQ |
					 ena::field_put(ENA_RXD_PHASE, tail.phase()));
	desc.req_id.set(id);
	desc.addr_lo.set(static_cast<uint32_t>(buffer.bus));
	desc.addr_hi.set(static_cast<uint16_t>(buffer.bus >> 32));
}

void RxQueue::refill(const oe_rx_buffer *buffers, uint32_t n)
{
	RingPosition tail = tail_;
	const uint16_t *ids = next_ids();
	uint32_t room = config_.depth - 1 - posted_;

	/* More than wanted would overrun the ring. */
	n = n < room ? n : room;
	for (uint32_t i = 0; i < n; i++) {
		post(buffers[i], ids[i], tail);
		tail.advance();
	}
	tail_ = tail;
	store_relaxed(posted_, posted_ + n);
	/* oek_writel orders the descriptors before the doorbell. */
	oek_writel(config_.kernel, device_.doorbell().value, static_cast<uint16_t>(tail_.count()));
}

bool RxQueue::completion_waits() const
{
	const RingPosition head = head_;
	uint32_t status = ena_le32{load_once(completion(head).status.raw)}.get();

	return !broken() && ena::field_get(ENA_RXC_PHASE, status) == head.phase();
}

void RxQueue::inspect()
{
	bool empty = load_relaxed(posted_) == 0;

	if (empty && was_empty_)
		config_.stats->empty_rx_ring++;
	was_empty_ = empty;
}

void RxQueue::describe(Facts &facts) const
{
	facts.add("entries", config_.depth);
	facts.add("posted", load_relaxed(posted_));
	facts.add("found_empty", load_relaxed(config_.stats->empty_rx_ring));
	facts.add("bad_id", load_relaxed(config_.stats->bad_req_id));
	facts.add("bad_descriptors", load_relaxed(config_.stats->bad_desc_num));
	facts.add("broken", broken());
}

} // namespace oe
