// SPDX-License-Identifier: GPL-2.0-or-later
#include "llq_writer.hh"

#include <gtest/gtest.h>

using ena::field_put;

uint8_t choose_llq(Guest &g, const LlqChoice &choice)
{
	ena_llq_config config{};
	config.header_location.enabled.set(ENA_LLQ_HEADER_INLINE);
	config.entry_size.enabled.set(choice.size == 256 ? ENA_LLQ_ENTRY_256 : ENA_LLQ_ENTRY_128);
	config.descs_before_header.enabled.set(choice.before);
	config.stride.enabled.set(choice.multiple ? ENA_LLQ_STRIDE_MULTIPLE
						  : ENA_LLQ_STRIDE_SINGLE);
	config.accel_flags.set(choice.flags);
	return g.set_feature(ENA_FEATURE_LLQ, &config, sizeof(config));
}

LlqWriter::LlqWriter(Guest &g, const LlqChoice &choice, uint16_t depth, uint32_t vector)
    : g_(g), choice_(choice), entry_(choice.size), room_(choice.before)
{
	q.depth = depth;
	EXPECT_EQ(g.try_create_cq(q, vector), 0);
	EXPECT_EQ(g.try_create_sq(q, ENA_PLACEMENT_DEVICE), 0);
	EXPECT_EQ(q.llq % choice.size, 0u);
	EXPECT_LE(q.llq + size_t{depth} * choice.size, g.host.llq.size() * 8);
}

std::vector<Guest::Buffer> LlqWriter::place(const std::vector<uint8_t> &bytes, size_t piece)
{
	constexpr size_t size = 128 << 10;
	std::vector<Guest::Buffer> buffers;

	if (!buffers_)
		buffers_ = g_.host.alloc(size);
	if (next_ + bytes.size() > size)
		next_ = 0;
	for (size_t at = 0; at < bytes.size();) {
		const size_t n = std::min(piece, bytes.size() - at);
		memcpy(g_.host.at(buffers_ + next_, n), &bytes[at], n);
		buffers.push_back({buffers_ + next_, static_cast<uint32_t>(n)});
		next_ += n;
		at += n;
	}
	return buffers;
}

uint8_t *LlqWriter::at(uint16_t position)
{
	return reinterpret_cast<uint8_t *>(g_.host.llq.data()) + q.llq +
	       position % q.depth * choice_.size;
}

void LlqWriter::raw(const std::vector<uint8_t> &entry)
{
	memcpy(at(q.tail), entry.data(), choice_.size);
	q.tail++;
}

/* The entry is complete: it goes to the device, and a packet begins with the next one. */
void LlqWriter::close()
{
	if (used_)
		raw(entry_);
	entry_.assign(choice_.size, 0);
	used_ = 0;
	room_ = choice_.before;
}

void LlqWriter::put(const void *desc)
{
	if (!room_) {
		close();
		room_ = choice_.multiple ? choice_.size / 16u : 1;
	}
	memcpy(&entry_[16 * used_], desc, 16);
	entry_[16 * used_ + 3] |= q.phase(); /* bit 24 */
	used_++;
	room_--;
}

void LlqWriter::lone_meta(const ena_tx_meta_desc &meta)
{
	put(&meta);
	close();
}

void LlqWriter::packet(uint16_t req_id, const std::vector<uint8_t> &frame, size_t pushed,
		       uint32_t word1, size_t piece, const ena_tx_meta_desc *meta)
{
	const std::vector<uint8_t> rest(frame.begin() + static_cast<long>(pushed), frame.end());
	auto buffers = place(rest, piece);
	if (buffers.empty())
		buffers.push_back({0, 0});
	memcpy(&entry_[16 * choice_.before], frame.data(), pushed);
	if (meta)
		put(meta);
	for (size_t i = 0; i < buffers.size(); i++) {
		ena_tx_desc d{};
		uint32_t word0 = field_put(ENA_TXD0_LENGTH, buffers[i].length);
		uint32_t word3 = field_put(ENA_TXD3_ADDR_HI,
					   static_cast<uint32_t>(buffers[i].address >> 32));
		if (i == 0) {
			word0 |= ENA_TXD_COMP_REQ | field_put(ENA_TXD0_REQ_ID_HI, req_id >> 10);
			word0 |= meta ? 0 : ENA_TXD_FIRST;
			word3 |= field_put(ENA_TXD3_HEADER_LENGTH, static_cast<uint32_t>(pushed));
			d.word1.set(word1 | field_put(ENA_TXD1_REQ_ID_LO, req_id));
		}
		if (i + 1 == buffers.size())
			word0 |= ENA_TXD_LAST;
		d.word0.set(word0);
		d.addr_lo.set(static_cast<uint32_t>(buffers[i].address));
		d.word3.set(word3);
		put(&d);
	}
	close();
}

ena_tx_meta_desc make_meta(uint16_t mss, uint8_t l3_offset, uint8_t l3_length, uint8_t l4_words)
{
	ena_tx_meta_desc meta{};
	meta.word0.set(ENA_TXM0_EXT_VALID | field_put(ENA_TXM0_MSS_HI, mss >> 10) |
		       ENA_TXM0_ETH_META_TYPE | ENA_TXM0_META_STORE | ENA_TXD_META | ENA_TXD_FIRST);
	meta.word2.set(field_put(ENA_TXM2_L3_HDR_LEN, l3_length) |
		       field_put(ENA_TXM2_L3_HDR_OFF, l3_offset) |
		       field_put(ENA_TXM2_L4_HDR_WORDS, l4_words) |
		       field_put(ENA_TXM2_MSS_LO, mss));
	return meta;
}
