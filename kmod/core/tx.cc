/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tx.hh"

#include "barriers.hh"
#include "text.hh"
#include "timestamps.hh"

namespace oe
{

namespace
{

constexpr uint32_t max_mss = (1u << 14) - 1;
constexpr uint32_t max_l4_words = 63;

/* For a packet that was pushed as a whole, which has a descriptor, too. */
constexpr oe_tx_buffer no_buffer = {};

constexpr bool is_set(uint16_t flags, oe_tx_flags flag)
{
	return (flags & flag) != 0;
}

/* The device wants only the sum over the payload, or all of it. */
constexpr uint32_t partial_bit(bool ipv6)
{
	return ipv6 ? ENA_OFFLOAD_TX_L4_CSUM_V6_PART : ENA_OFFLOAD_TX_L4_CSUM_V4_PART;
}

constexpr uint32_t csum_bits(bool ipv6)
{
	return partial_bit(ipv6) |
	       (ipv6 ? ENA_OFFLOAD_TX_L4_CSUM_V6_FULL : ENA_OFFLOAD_TX_L4_CSUM_V4_FULL);
}

} // namespace

Status TxQueue::allocate(const TxConfig &config)
{
	if (!config.llq.entry_size) {
		Status status =
			submissions_.allocate(config.kernel, config.depth * sizeof(ena_tx_desc));
		if (!status)
			return status;
	}
	if (Status status = completions_.allocate(config.kernel, config.depth * completion_size_);
	    !status)
		return status;
	if (config.stamps) {
		if (Status status = stamps_.allocate(config.depth); !status)
			return status;
	}
	if (Status status = slots_.allocate(config.depth); !status)
		return status;
	return free_ids_.allocate(config.depth);
}

Status TxQueue::create(AdminQueue &admin, const TxConfig &config)
{
	config_ = config;
	push_ = config.llq.push();
	completion_size_ = config.stamps ? sizeof(ena_tx_cdesc_ext) : sizeof(ena_tx_cdesc);
	if (Status status = allocate(config); !status)
		return status;
	/* Buffers and a meta descriptor. */
	stop_below_ = config.llq.entries_for(config.max_buffers + 1);
	/* Woken with some slack, or the queue would stop again at once. */
	wake_from_ = config.depth / 4 > stop_below_ ? config.depth / 4 : stop_below_;
	/* A stopped queue is woken, however many frames of XDP wait for their turn. */
	xdp_leaves_ = config.stats == config.xdp_stats ? 0 : wake_from_;
	return start(admin);
}

void TxQueue::empty()
{
	/* The phase of each entry is that of a lap before the first. */
	completions_.clear();
	tail_ = head_ = RingPosition(config_.depth);
	for (uint32_t i = 0; i < config_.depth; i++) {
		store_relaxed(slots_[i].in_flight, false);
		free_ids_[i] = static_cast<uint16_t>(i);
	}
	ids_put_ = config_.depth;
	ids_taken_ = rung_ = 0;
	store_relaxed(used_, 0u);
	store_relaxed(released_, 0u);
	has_cached_meta_ = false;
}

Status TxQueue::start(AdminQueue &admin)
{
	empty();
	Status status = device_.create(admin, {.direction = ENA_SQ_TX,
					       .depth = static_cast<uint16_t>(config_.depth),
					       .completion_words = completion_size_ / 4,
					       .vector = config_.vector,
					       .submissions = submissions_.bus(),
					       .completions = completions_.bus(),
					       .push_bytes = config_.depth * config_.llq.entry_size,
					       .push_limit = oek_push_size(config_.kernel)});
	if (status)
		llq_.init(config_.kernel, config_.llq.entry_size, device_.push_offset());
	broken_ = !status;
	return status;
}

bool TxQueue::stop(AdminQueue &admin)
{
	broken_ = true;
	return device_.destroy(admin);
}

inline uint32_t TxQueue::room() const
{
	/*
	 * Acquire: the ids that the completer put back before it gave up their
	 * entries can be taken. One entry always stays free, so a full
	 * ring differs from an empty one.
	 */
	return config_.depth - 1 - (load_relaxed(used_) - load_acquire(released_));
}

bool TxQueue::has_room() const
{
	/*
	 * The caller has set the stop flag before; this barrier orders it before
	 * the look at released_. It pairs with the one at the end of release():
	 * either we see the new room here, or the completer sees the flag.
	 */
	smp_mb();
	return room() >= wake_from_;
}

uint32_t TxQueue::small_packets() const
{
	uint32_t entries = room();

	return entries > xdp_leaves_
		       ? (entries - xdp_leaves_) /
				 config_.llq.entries_for(config_.llq.meta_in_each ? 2 : 1)
		       : 0;
}

bool TxQueue::offloads_possible(const oe_tx_packet &packet) const
{
	bool ipv6 = is_set(packet.flags, OE_TX_IPV6);

	if (packet.l3_offset > 255 || packet.l3_len > 255)
		return false;
	if (!is_set(packet.flags, OE_TX_TSO))
		return (config_.offloads & csum_bits(ipv6)) != 0;
	return (config_.offloads & (ipv6 ? ENA_OFFLOAD_TX_TSO_V6 : ENA_OFFLOAD_TX_TSO_V4)) != 0 &&
	       !is_set(packet.flags, OE_TX_UDP) && packet.mss >= 1 && packet.mss <= max_mss &&
	       packet.l4_len % 4 == 0 && packet.l4_len / 4u <= max_l4_words;
}

inline bool TxQueue::possible(const oe_tx_packet &packet) const
{
	if (packet.nbuffers > config_.max_buffers || packet.header_len > push_ ||
	    !(packet.nbuffers || packet.header_len))
		return false;
	return !(packet.flags & (OE_TX_CSUM | OE_TX_TSO)) || offloads_possible(packet);
}

inline uint32_t TxQueue::offload_word(const oe_tx_packet &packet) const
{
	bool tso = is_set(packet.flags, OE_TX_TSO);
	bool ipv6 = is_set(packet.flags, OE_TX_IPV6);

	if (!tso && !is_set(packet.flags, OE_TX_CSUM))
		return 0;

	uint32_t word = ENA_TXD1_L4_CSUM |
			ena::field_put(ENA_TXD1_L3_PROTO, ipv6 ? ENA_L3_IPV6 : ENA_L3_IPV4) |
			ena::field_put(ENA_TXD1_L4_PROTO,
				       is_set(packet.flags, OE_TX_UDP) ? ENA_L4_UDP : ENA_L4_TCP);
	if (is_set(packet.flags, OE_TX_DF))
		word |= ENA_TXD1_DF;
	/* Each segment gets headers of its own, so the device computes all sums of them. */
	if (tso)
		return word | ENA_TXD1_TSO | (ipv6 ? 0 : ENA_TXD1_L3_CSUM);
	if (config_.offloads & partial_bit(ipv6))
		word |= ENA_TXD1_L4_PARTIAL;
	return word;
}

/* For the next descriptor of the packet. @pushed: the ring is the device's. */
template <bool pushed>
[[gnu::always_inline]] inline TxQueue::Place TxQueue::next(LlqWriter::Entry &entry)
{
	if constexpr (pushed) {
		ena_tx_desc *desc = &llq_.next(entry, tail_);
		return {desc, ena::field_put(ENA_TXD_PHASE, tail_.phase())};
	}
	Place place = {&submissions_.as<ena_tx_desc>()[tail_.index()],
		       ena::field_put(ENA_TXD_PHASE, tail_.phase())};
	tail_.advance();
	return place;
}

/* Whether a meta descriptor goes before the packet, and which one. */
inline bool TxQueue::needs_meta(const oe_tx_packet &packet, Meta &meta) const
{
	bool tso = is_set(packet.flags, OE_TX_TSO);

	if (!tso && !is_set(packet.flags, OE_TX_CSUM))
		return config_.llq.meta_in_each;
	meta.word2 = ena::field_put(ENA_TXM2_L3_HDR_LEN, packet.l3_len) |
		     ena::field_put(ENA_TXM2_L3_HDR_OFF, packet.l3_offset);
	if (tso) {
		meta.word0 = ena::field_put(ENA_TXM0_MSS_HI, packet.mss >> 10u);
		meta.word2 |= ena::field_put(ENA_TXM2_L4_HDR_WORDS, packet.l4_len / 4u) |
			      ena::field_put(ENA_TXM2_MSS_LO, packet.mss);
	}
	/* The device applies the last meta to every packet with offloads. */
	return config_.llq.meta_in_each || !has_cached_meta_ || meta != cached_meta_;
}

template <bool pushed> inline void TxQueue::write_meta(Meta meta, LlqWriter::Entry &entry)
{
	Place place = next<pushed>(entry);

	place.desc->word0.set(place.phase | meta.word0 | ENA_TXD_META | ENA_TXM0_EXT_VALID |
			      ENA_TXM0_ETH_META_TYPE | ENA_TXM0_META_STORE | ENA_TXD_FIRST);
	place.desc->word1.set(0);
	place.desc->addr_lo.set(meta.word2);
	place.desc->word3.set(0);
	cached_meta_ = meta;
	has_cached_meta_ = true;
}

/* @word0, @word1, @word3: what the first descriptor of a packet says beside its buffer. */
template <bool pushed>
[[gnu::always_inline]] inline void TxQueue::write_buffer(const oe_tx_buffer &buffer, uint32_t word0,
							 uint32_t word1, uint32_t word3,
							 LlqWriter::Entry &entry)
{
	Place place = next<pushed>(entry);

	place.desc->word0.set(word0 | place.phase | ena::field_put(ENA_TXD0_LENGTH, buffer.len));
	place.desc->word1.set(word1);
	place.desc->addr_lo.set(static_cast<uint32_t>(buffer.bus));
	place.desc->word3.set(
		word3 | ena::field_put(ENA_TXD3_ADDR_HI, static_cast<uint32_t>(buffer.bus >> 32)));
}

template <bool pushed>
[[gnu::always_inline]] inline void TxQueue::write_buffers(const oe_tx_packet &packet, uint16_t id,
							  bool first, LlqWriter::Entry &entry)
{
	uint32_t word0 = ENA_TXD_COMP_REQ | ena::field_put(ENA_TXD0_REQ_ID_HI, id >> 10u) |
			 (first ? ENA_TXD_FIRST : 0);
	uint32_t word1 = offload_word(packet) | ena::field_put(ENA_TXD1_REQ_ID_LO, id);
	uint32_t word3 = ena::field_put(ENA_TXD3_HEADER_LENGTH, packet.header_len);
	uint32_t n = packet.nbuffers;

	write_buffer<pushed>(n ? packet.buffers[0] : no_buffer,
			     n > 1 ? word0 : word0 | ENA_TXD_LAST, word1, word3, entry);
	for (uint32_t i = 1; i < n; i++)
		write_buffer<pushed>(packet.buffers[i], i + 1 < n ? 0 : ENA_TXD_LAST, 0, 0, entry);
}

template <bool pushed>
[[gnu::always_inline]] inline void TxQueue::write(const oe_tx_packet &packet, uint16_t id,
						  const Meta *meta)
{
	LlqWriter::Entry entry;

	if constexpr (pushed)
		entry = llq_.begin(packet.header, packet.header_len);
	if (meta)
		write_meta<pushed>(*meta, entry);
	write_buffers<pushed>(packet, id, !meta, entry);
	if constexpr (pushed)
		llq_.end(tail_);
}

/* An id for a packet that is about to be written, and its slot filled. */
inline uint16_t TxQueue::take_id(uint32_t entries)
{
	/* A clock read for each batch is enough for time-outs of seconds. */
	if (rung_ == tail_.count())
		batch_ns_ = oek_now_ns();
	uint16_t id = free_ids_[ids_taken_++ & (config_.depth - 1)];
	Slot &slot = slots_[id];
	slot.entries = static_cast<uint16_t>(entries);
	store_relaxed(slot.counted_overdue, false);
	store_relaxed(slot.sent_ns, batch_ns_);
	/* Last: whoever sees the packet in flight sees what belongs to it. */
	store_release(slot.in_flight, true);
	return id;
}

Status TxQueue::submit(const oe_tx_packet &packet, oe_tx_result &result)
{
	if (!possible(packet)) [[unlikely]] {
		config_.stats->prepare_ctx_err++;
		return Errno::invalid;
	}

	Meta meta;
	bool new_meta = needs_meta(packet, meta);
	uint32_t entries = config_.llq.entries_for((packet.nbuffers ? packet.nbuffers : 1u) +
						   (new_meta ? 1u : 0u));
	uint32_t room_before = room();
	bool xdp = is_set(packet.flags, OE_TX_XDP);
	if (room_before < (xdp ? entries + xdp_leaves_ : entries))
		return Errno::busy;
	/* The packets before this one fill a burst: they were filed, and go now. */
	if (config_.llq.burst && tail_.count() - rung_ + entries > config_.llq.burst)
		kick();

	uint16_t id = take_id(entries);
	if (push_)
		write<true>(packet, id, new_meta ? &meta : nullptr);
	else
		write<false>(packet, id, new_meta ? &meta : nullptr);
	store_relaxed(used_, tail_.count());
	struct oe_tx_stats *stats = xdp ? config_.xdp_stats : config_.stats;
	stats->cnt += packet.packets;
	stats->bytes += packet.bytes;

	/* Otherwise the shim files the packet under its id first. */
	if (is_set(packet.flags, OE_TX_KICK))
		kick();
	result = {.req_id = id, .stop = room_before - entries < stop_below_};
	return {};
}

void TxQueue::kick()
{
	if (rung_ == tail_.count())
		return;
	rung_ = tail_.count();
	config_.stats->doorbells++;
	/* Entries have arrived in the device's memory before the doorbell says so. */
	if (push_)
		oek_push_barrier();
	/* oek_writel orders the descriptors before the doorbell. */
	oek_writel(config_.kernel, device_.doorbell().value, static_cast<uint16_t>(rung_));
}

void TxQueue::refuse(ena_reset_reason reason, const char *what, uint32_t value)
{
	broken_ = true;
	config_.stats->bad_req_id++;
	log(config_.kernel, OE_LOG_ERROR,
	    LogLine() << "TX queue " << config_.index << ": " << what << " " << value
		      << " in a completion");
	config_.reset->ask(reason);
}

void TxQueue::take_stamp(uint16_t id, const ena_tx_cdesc &cdesc)
{
	const auto &longer = reinterpret_cast<const ena_tx_cdesc_ext &>(cdesc);

	stamps_[id] =
		stamp_of(load_once(longer.timestamp_lo.raw), load_once(longer.timestamp_hi.raw));
}

[[gnu::always_inline]] inline bool TxQueue::take_completion(RingPosition &head, uint16_t &id)
{
	const ena_tx_cdesc &cdesc = completion(head);
	uint8_t flags = load_once(cdesc.flags);

	if ((flags & ENA_CDESC_PHASE) != head.phase())
		return false;
	/* The phase bit has been seen: the rest is read after it. */
	dma_rmb();
	id = ena_le16{load_once(cdesc.req_id.raw)}.get();
	if (config_.check_zero_bits && (flags & ENA_TX_CDESC_MBZ)) {
		refuse(ENA_RESET_TX_DESCRIPTOR_MALFORMED, "reserved bits are set:", flags);
		return false;
	}
	/* Acquire: pairs with the producer, who fills the slot first. */
	if (id >= config_.depth || !load_acquire(slots_[id].in_flight)) {
		refuse(id);
		return false;
	}
	if (config_.stamps)
		take_stamp(id, cdesc);
	/* Its id is not given again before release(). */
	store_relaxed(slots_[id].in_flight, false);
	head.advance();
	return true;
}

uint32_t TxQueue::completed(uint16_t *ids, uint32_t max)
{
	RingPosition head = head_;
	uint32_t n = 0;

	if (broken_)
		return 0;
	while (n < max && take_completion(head, ids[n]))
		n++;
	head_ = head;
	return n;
}

void TxQueue::release(const uint16_t *ids, uint32_t n)
{
	uint32_t entries = 0;

	for (uint32_t i = 0; i < n; i++) {
		entries += slots_[ids[i]].entries;
		free_ids_[ids_put_++ & (config_.depth - 1)] = ids[i];
	}
	/* Release: the ids are in their ring before the producer sees room for them. */
	store_release(released_, released_ + entries);
	/* Orders this room before the caller's look at the stop flag; pairs with has_room(). */
	smp_mb();
}

void TxQueue::unmask(uint32_t value)
{
	config_.stats->unmask_interrupt++;
	oek_writel(config_.kernel, device_.unmask().value, value);
}

uint32_t TxQueue::overdue(uint64_t now_ns, uint64_t timeout_ns)
{
	uint32_t packets = 0;

	for (Slot &slot : slots_) {
		/* Acquire: the time belongs to the packet that is seen in flight. */
		if (!load_acquire(slot.in_flight))
			continue;
		uint64_t sent_ns = load_relaxed(slot.sent_ns);
		if (now_ns < sent_ns || now_ns - sent_ns <= timeout_ns)
			continue;
		packets++;
		if (!load_relaxed(slot.counted_overdue)) {
			store_relaxed(slot.counted_overdue, true);
			config_.stats->missed_tx++;
		}
	}
	return packets;
}

bool TxQueue::completion_waits() const
{
	const RingPosition head = head_;

	return !broken() && (load_once(completion(head).flags) & ENA_CDESC_PHASE) == head.phase();
}

void TxQueue::describe(Facts &facts) const
{
	facts.add("entries", config_.depth);
	facts.add("pushed_bytes", push_);
	facts.add("written", load_relaxed(used_));
	facts.add("doorbell", load_relaxed(rung_));
	facts.add("released", load_relaxed(released_));
	facts.add("doorbells", load_relaxed(config_.stats->doorbells));
	facts.add("missed", load_relaxed(config_.stats->missed_tx));
	facts.add("bad_id", load_relaxed(config_.stats->bad_req_id));
	facts.add("broken", broken());
}

} // namespace oe
