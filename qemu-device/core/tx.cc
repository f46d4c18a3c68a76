// SPDX-License-Identifier: GPL-2.0-or-later
#include "tx.hh"

#include "completion_faults.hh"
#include "strict.hh"

#include <bit>
#include <cstring>

namespace ena
{

namespace
{
constexpr unsigned int poll_budget = 256;
} // namespace

const char *sentence(TxFault fault)
{
	switch (fault) {
	case TxFault::none:
		return nullptr;
	case TxFault::meta_inside:
		return "a meta descriptor stands in the middle of a packet";
	case TxFault::not_first:
		return "its first descriptor is not marked as first";
	case TxFault::first_again:
		return "a later descriptor is marked as first";
	case TxFault::too_many:
		static_assert(ENA_DEVICE_MAX_TX_DESCS == 19);
		return "it has more than 19 descriptors";
	case TxFault::no_meta:
		return "it has no meta descriptor, and none is remembered";
	}
	return nullptr;
}

void Transmitter::reset()
{
	suspended_ = {};
	rung_ = 0;
	waiting_ = 0;
}

void Transmitter::queue_destroyed()
{
	if (suspended_.active && !queues_.find(suspended_.queue.value, Direction::tx))
		suspended_ = {};
	for (uint16_t i = 0; i < max_queue_slots; i++)
		if (!queues_.find(i, Direction::tx))
			waiting_ &= ~QueueIndex{i}.bit();
}

void Transmitter::poll()
{
	budget_ = poll_budget;
	if (blocked_ || !resume())
		return;
	while (rung_ && budget_ && !blocked_ && !suspended_.active) {
		/* The next queue in turn: the lowest bit after turning the mask. */
		turn_ = (turn_ + std::countr_zero(std::rotr(rung_, turn_))) % max_queue_slots;
		run(QueueIndex{static_cast<uint16_t>(turn_)});
		turn_ = (turn_ + 1) % max_queue_slots;
	}
	/* Those that were refused come first when there is something to be had again. */
	if (waiting_)
		turn_ = (served_ + 1) % max_queue_slots;
}

/* False: the large packet is still not out. */
bool Transmitter::resume()
{
	if (!suspended_.active)
		return true;
	send_segments();
	if (suspended_.active)
		return false;
	Burst burst;
	complete(suspended_.queue, burst, suspended_.req_id, suspended_.sent_ns);
	flush(suspended_.queue, burst);
	return !blocked_;
}

/* A batch of one queue. */
void Transmitter::run(QueueIndex q)
{
	QueueSlot &slot = queues_[q];
	SubmissionQueue &sq = slot.sq;

	if (sq.runs(Direction::tx) && slot.tx.pace.waits) {
		/* Unless it is told to wait again; also if its buffers are gone by now. */
		slot.tx.pace.waits = false;
		Burst burst;
		finish_packet(q, burst);
		flush(q, burst);
		return;
	}
	if (!sq.runs(Direction::tx) || !sq.waiting()) {
		rung_ &= ~q.bit();
		return;
	}
	TxEntries entries(host_, llq_, slot, budget_);
	Burst burst;
	while (budget_ && !blocked_ && !suspended_.active && !sq.stopped && !slot.tx.pace.waits) {
		const std::span<const ena_tx_desc> entry = entries.next();
		if (entry.empty())
			break;
		budget_ -= std::min<unsigned int>(budget_, entry.size());
		for (const ena_tx_desc &desc : entry) {
			if (const char *why = config_.strict ? check_strictly(desc) : nullptr) {
				queues_.stop(q, why);
				break;
			}
			if (feed(slot, desc))
				finish_packet(q, burst);
		}
	}
	if (entries.fault())
		queues_.stop(q, entries.fault());
	else if (sq.llq.live && slot.tx.packet.count && !slot.tx.pace.waits && !sq.waiting())
		queues_.stop(q, "a packet before its doorbell has no last descriptor");
	flush(q, burst);
}

void Transmitter::feed_meta(QueueSlot &slot, const ena_tx_desc &desc)
{
	const auto raw = std::bit_cast<ena_tx_meta_desc>(desc);
	const uint32_t word0 = raw.word0.get();
	const uint32_t word2 = raw.word2.get();
	TxPacket &packet = slot.tx.packet;

	if (packet.count) {
		packet.fault = TxFault::meta_inside;
		return;
	}
	TxMeta meta;
	meta.mss = static_cast<uint16_t>(field_get(ENA_TXM0_MSS_HI, word0) << 10 |
					 field_get(ENA_TXM2_MSS_LO, word2));
	meta.l3_length = static_cast<uint8_t>(field_get(ENA_TXM2_L3_HDR_LEN, word2));
	meta.l3_offset = static_cast<uint8_t>(field_get(ENA_TXM2_L3_HDR_OFF, word2));
	meta.l4_words = static_cast<uint8_t>(field_get(ENA_TXM2_L4_HDR_WORDS, word2));
	if (word0 & ENA_TXM0_META_STORE)
		slot.tx.meta = meta;
	packet.meta = meta;
	packet.meta_seen = true;
}

bool Transmitter::feed(QueueSlot &slot, const ena_tx_desc &desc)
{
	TxPacket &packet = slot.tx.packet;
	const uint32_t word0 = desc.word0.get();
	const uint32_t word1 = desc.word1.get();
	const uint32_t word3 = desc.word3.get();
	const auto length = static_cast<uint16_t>(field_get(ENA_TXD0_LENGTH, word0));

	if (word0 & ENA_TXD_META) {
		feed_meta(slot, desc);
		return false;
	}
	if (!packet.count) {
		if (!packet.meta_seen && !slot.sq.llq.layout.meta_caching)
			packet.fault = TxFault::no_meta;
		else if (!packet.meta_seen)
			packet.meta = slot.tx.meta;
		if (!(word0 & ENA_TXD_FIRST) && !packet.meta_seen)
			packet.fault = TxFault::not_first;
		packet.word1 = word1;
		packet.req_id = static_cast<uint16_t>(field_get(ENA_TXD0_REQ_ID_HI, word0) << 10 |
						      field_get(ENA_TXD1_REQ_ID_LO, word1));
	} else if (word0 & ENA_TXD_FIRST) {
		packet.fault = TxFault::first_again;
	}

	/* Counted on, a packet without end would begin its array of buffers anew. */
	if (packet.count < UINT16_MAX)
		packet.count++;
	packet.length += length;
	if (packet.count > ENA_DEVICE_MAX_TX_DESCS)
		packet.fault = TxFault::too_many;
	else if (length)
		packet.buffers[packet.buffer_count++] = {
			{desc.addr_lo.get() | uint64_t{field_get(ENA_TXD3_ADDR_HI, word3)} << 32},
			length};
	return word0 & ENA_TXD_LAST;
}
static_assert(max_queue_slots == 64); /* rotr() turns in this many steps */

void Transmitter::finish_packet(QueueIndex q, Burst &burst)
{
	QueueSlot &slot = queues_[q];
	TxPacket &packet = slot.tx.packet;
	bool go = true;

	if (packet.fault == TxFault::none && watched()) {
		const auto say = pace(q);
		if (say == Verdict::Say::wait)
			return;
		go = say == Verdict::Say::pass;
	}
	/* Before the peer can have it: no frame arrives earlier than it left. */
	const uint64_t sent_ns = timestamps_.take(Direction::tx, slot.cq);
	const char *fault = sentence(packet.fault);
	if (!fault && go)
		fault = send(q, packet);
	if (fault) {
		dropped(q, fault);
		host_.complain(Happening(ENA_HISTORY_PACKET_DROPPED, fault)
				       .with(ENA_HISTORY_QUEUE, q.value)
				       .with(ENA_HISTORY_REQ_ID, packet.req_id),
			       "TX queue %u: packet with req_id %u, %u bytes in %u descriptors is "
			       "dropped: %s",
			       q.value, packet.req_id, packet.length, packet.count, fault);
	}
	if (slot.sq.llq.live)
		statistics_.pushed(packet.header_length);
	if (suspended_.active)
		suspended_.sent_ns = sent_ns;
	else
		complete(q, burst, packet.req_id, sent_ns);
	packet.clear();
}

void Transmitter::dropped(QueueIndex q, const char *reason)
{
	statistics_.tx_drop(reason);
	queues_[q].traffic.drops++;
}

void Transmitter::drop_unasked(QueueIndex q, const char *reason)
{
	dropped(q, reason);
	host_.tell(Happening(ENA_HISTORY_PACKET_DROPPED, reason).with(ENA_HISTORY_QUEUE, q.value),
		   "TX queue %u: a packet is dropped: %s", q.value, reason);
}

void Transmitter::complete(QueueIndex q, Burst &burst, uint16_t req_id, uint64_t sent_ns)
{
	ena_tx_cdesc_ext &cdesc = burst.cdescs[burst.count++];

	cdesc = {};
	cdesc.base.req_id.set(req_id);
	cdesc.base.sub_qid.set(q.value);
	cdesc.base.sq_head.set(queues_[q].sq.head);
	cdesc.timestamp_lo.set(static_cast<uint32_t>(sent_ns));
	cdesc.timestamp_hi.set(static_cast<uint32_t>(sent_ns >> 32));
}

void Transmitter::flush(QueueIndex q, Burst &burst)
{
	CompletionQueue &cq = queues_[q].cq;
	Completions<ena_tx_cdesc_ext> done{burst.cdescs, burst.count};

	if (host_.faults().set(tx_completion_faults)) [[unlikely]]
		spoil_tx(host_, q, done);
	if (!done.count)
		return;
	if (!done.publish(host_, cq))
		queues_.stop(q, "its completions cannot be written");
	else if (cq.vector != no_vector)
		interrupts_.completed(cq.vector, Direction::tx);
}

void Transmitter::emit(QueueIndex q, std::span<const iovec> iov, const ena_vnet_hdr &hdr,
		       uint64_t packets, uint64_t bytes)
{
	const ena_transmit_result result = host_.transmit(q.value % config_.queues, iov.data(),
							  static_cast<int>(iov.size()), hdr);

	/* Functions that get a large packet have as many as we would have made of it. */
	budget_ -= static_cast<unsigned int>(std::min<uint64_t>(budget_, packets - 1));
	if (result == ENA_TRANSMIT_DROPPED) {
		drop_unasked(q, "the network did not take it");
	} else {
		statistics_.sent(packets, bytes);
		queues_[q].traffic.packets += packets;
		queues_[q].traffic.bytes += bytes;
	}
	if (result == ENA_TRANSMIT_BUSY)
		blocked_ = true;
}

/* Copy bytes @from to @to of the packet to the same place in the bounce buffer. */
bool Transmitter::gather(const TxPacket &packet, size_t from, size_t to)
{
	size_t at = packet.header_length;

	if (from < at)
		memcpy(&bounce_[from], &packet.header[from], std::min(at, to) - from);
	for (uint16_t i = 0; i < packet.buffer_count && at < to; i++) {
		const TxBuffer &buffer = packet.buffers[i];
		const size_t begin = std::max(from, at);
		const size_t end = std::min<size_t>(to, at + buffer.length);
		if (begin < end &&
		    !host_.read(buffer.address + (begin - at), &bounce_[begin], end - begin))
			return false;
		at += buffer.length;
	}
	return true;
}

const char *Transmitter::send(QueueIndex q, const TxPacket &packet)
{
	constexpr uint32_t offloads = ENA_TXD1_TSO | ENA_TXD1_L3_CSUM | ENA_TXD1_L4_CSUM;

	if (packet.length < ethernet_header)
		return "it is shorter than an Ethernet header";
	if (packet.word1 & ENA_TXD1_TSO) {
		if (packet.length > bounce_.size())
			return "it is longer than an IP packet can be";
	} else if (packet.length > config_.max_mtu + frame_overhead) {
		return "it is longer than the largest MTU and asks for no segmentation";
	}
	if (!events_.link_up()) {
		drop_unasked(q, "the link is down");
		return nullptr;
	}
	if (!(packet.word1 & offloads))
		return send_plain(q, packet);

	const size_t head = std::min<size_t>(packet.length, net::parse_window);
	TxOffload offload;
	if (!gather(packet, 0, head))
		return "its buffers cannot be read";
	if (const char *fault = decode(packet, head, offload))
		return fault;
	return peer_resolves(packet, offload, std::span(bounce_).first(head))
		       ? send_to_able_peer(q, packet, offload, head)
		       : send_resolved(q, packet, offload, head);
}

const char *Transmitter::send_plain(QueueIndex q, const TxPacket &packet)
{
	FrameMap frame(host_, bounce_);

	frame.add_local(packet.pushed());
	for (uint16_t i = 0; i < packet.buffer_count; i++)
		if (!frame.add(packet.buffers[i].address, packet.buffers[i].length))
			return "its buffers cannot be read";
	emit(q, frame.iov(), {}, 1, packet.length);
	return nullptr;
}

} // namespace ena
