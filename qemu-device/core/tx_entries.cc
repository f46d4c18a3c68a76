// SPDX-License-Identifier: GPL-2.0-or-later
#include "tx_entries.hh"

#include <cstring>

namespace ena
{

namespace
{
/* What is behind the descriptors of a packet in its entry. */
bool is_empty(const ena_tx_desc &desc)
{
	return !(desc.word0.get() | desc.word1.get() | desc.addr_lo.get() | desc.word3.get());
}
} // namespace

std::span<const ena_tx_desc> TxEntries::next()
{
	SubmissionQueue &sq = slot_.sq;

	if (!left_ || !sq.waiting())
		return {};
	left_--;
	const std::span<const ena_tx_desc> entry = sq.llq.live ? next_in_device() : next_in_host();
	for (const ena_tx_desc &desc : entry) {
		if (field_get(ENA_TXD_PHASE, desc.word0.get()) != sq.ring.phase(sq.head)) {
			fault_ = "a descriptor before its doorbell has the wrong phase";
			return {};
		}
	}
	sq.head++;
	return entry;
}

std::span<const ena_tx_desc> TxEntries::next_in_host()
{
	if (used_ == cached_ && !read_batch()) {
		fault_ = "its descriptors cannot be read";
		return {};
	}
	return {&descs_[used_++], 1};
}

/* All of one piece that this turn may take. */
bool TxEntries::read_batch()
{
	const SubmissionQueue &sq = slot_.sq;
	const auto limit = static_cast<uint16_t>(left_ + 1u);
	const uint16_t n = sq.ring.contiguous(sq.head, std::min(sq.waiting(), limit));

	used_ = 0;
	cached_ = n;
	return host_.read(sq.ring.at(sq.head), descs_.data(), n * sizeof(descs_[0]));
}

/*
 * A meta descriptor may stand alone in its entry. If then the next one says "first",
 * it was all there is; if not, its packet goes on there.
 */
std::span<const ena_tx_desc> TxEntries::next_in_device()
{
	const SubmissionQueue &sq = slot_.sq;
	LlqEntry entry;
	ena_tx_desc head;
	size_t count = 0;

	llq_.read(sq.ring, sq.head, entry);
	memcpy(&head, entry.bytes.data(), sizeof(head));
	const bool first = !slot_.tx.packet.count &&
			   (!slot_.tx.packet.meta_seen || head.word0.get() & ENA_TXD_FIRST);
	const size_t slots = sq.llq.layout.slots(first);
	while (count < slots) {
		ena_tx_desc &desc = descs_[count];
		memcpy(&desc, &entry.bytes[count * sizeof(desc)], sizeof(desc));
		if (is_empty(desc))
			break;
		count++;
		if (!(desc.word0.get() & ENA_TXD_META) && desc.word0.get() & ENA_TXD_LAST)
			break;
	}
	if (!count)
		fault_ = "an entry before its doorbell has no descriptor";
	if (first)
		memcpy(slot_.tx.packet.header.data(), &entry.bytes[sq.llq.layout.header_offset()],
		       sq.llq.layout.max_header());
	if (!take_header_length(count))
		return {};
	return {descs_.data(), count};
}

/* It is in the first descriptor that is not meta; with one before the header, that is an entry on. */
bool TxEntries::take_header_length(size_t count)
{
	TxPacket &packet = slot_.tx.packet;
	size_t i = 0;

	while (i < count && descs_[i].word0.get() & ENA_TXD_META)
		i++;
	if (packet.count || i == count)
		return true;
	const uint32_t length = field_get(ENA_TXD3_HEADER_LENGTH, descs_[i].word3.get());
	if (length > slot_.sq.llq.layout.max_header()) {
		fault_ = "a header is longer than its entry has room for";
		return false;
	}
	packet.length = packet.header_length = static_cast<uint16_t>(length);
	return true;
}

} // namespace ena
