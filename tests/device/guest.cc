// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.hh"

#include <gtest/gtest.h>

using ena::field_put;

namespace
{
uint32_t lo(uint64_t v)
{
	return static_cast<uint32_t>(v);
}
uint32_t hi(uint64_t v)
{
	return static_cast<uint32_t>(v >> 32);
}
uint32_t ring_caps(uint32_t depth)
{
	return field_put(ENA_RING_CAPS_DEPTH, depth) |
	       field_put(ENA_RING_CAPS_ENTRY_SIZE, ENA_ADMIN_ENTRY_SIZE);
}
uint64_t stamp(const auto &cdesc)
{
	return cdesc.timestamp_lo.get() | uint64_t{cdesc.timestamp_hi.get()} << 32;
}
} // namespace

Guest::Guest(const ena_config &config, size_t memory_size)
    : host(config, memory_size), readless_answer(host.alloc(64))
{
	host.write(ENA_REG_MMIO_RESP_LO, lo(readless_answer));
	host.write(ENA_REG_MMIO_RESP_HI, hi(readless_answer));
}

uint32_t Guest::readless(uint32_t reg)
{
	ena_mmio_read_resp resp{};
	readless_seq++;
	resp.req_id.set(static_cast<uint16_t>(readless_seq + 0xdead));
	host.store(readless_answer, resp);
	host.write(ENA_REG_MMIO_REG_READ, reg << 16 | readless_seq);
	resp = host.load<ena_mmio_read_resp>(readless_answer);
	EXPECT_EQ(resp.req_id.get(), readless_seq);
	EXPECT_EQ(resp.reg_off.get(), reg);
	return resp.reg_val.get();
}

void Guest::reset(uint32_t reason)
{
	host.write(ENA_REG_DEV_CTL, ENA_DEV_CTL_RESET | field_put(ENA_DEV_CTL_REASON, reason) |
					    field_put(ENA_DEV_CTL_REASON_EXT, reason >> 4));
	host.write(ENA_REG_MMIO_RESP_LO, lo(readless_answer));
	host.write(ENA_REG_MMIO_RESP_HI, hi(readless_answer));
	EXPECT_TRUE(readless(ENA_REG_DEV_STS) & ENA_DEV_STS_RESET_IN_PROGRESS);
	host.write(ENA_REG_DEV_CTL, 0);
	EXPECT_FALSE(readless(ENA_REG_DEV_STS) & ENA_DEV_STS_RESET_IN_PROGRESS);
	EXPECT_TRUE(readless(ENA_REG_DEV_STS) & ENA_DEV_STS_READY);
}

void Guest::start_admin()
{
	aq = host.alloc(admin_depth * 64);
	acq = host.alloc(admin_depth * 64);
	aenq = host.alloc(event_depth * 64);
	write_admin_registers();
}

void Guest::start_admin_again()
{
	memset(host.at(aq, admin_depth * 64), 0, admin_depth * 64);
	memset(host.at(acq, admin_depth * 64), 0, admin_depth * 64);
	memset(host.at(aenq, event_depth * 64), 0, event_depth * 64);
	write_admin_registers();
}

void Guest::write_admin_registers()
{
	aq_tail = acq_head = 0;
	aenq_head = 0;
	host.write(ENA_REG_AQ_BASE_LO, lo(aq));
	host.write(ENA_REG_AQ_BASE_HI, hi(aq));
	host.write(ENA_REG_ACQ_BASE_LO, lo(acq));
	host.write(ENA_REG_ACQ_BASE_HI, hi(acq));
	host.write(ENA_REG_AQ_CAPS, ring_caps(admin_depth));
	host.write(ENA_REG_ACQ_CAPS, ring_caps(admin_depth));
	host.write(ENA_REG_AENQ_BASE_LO, lo(aenq));
	host.write(ENA_REG_AENQ_BASE_HI, hi(aenq));
	host.write(ENA_REG_AENQ_CAPS, ring_caps(event_depth));
}

void Guest::start()
{
	reset();
	start_admin();
	const auto supported = get_feature<ena_aenq_config>(ENA_FEATURE_AENQ_CONFIG);
	ena_aenq_config config{};
	config.enabled_groups.set(supported.supported_groups.get());
	EXPECT_EQ(set_feature(ENA_FEATURE_AENQ_CONFIG, &config, sizeof(config)), 0);
	give_event_credits(event_depth);
}

ena_acq_entry Guest::command(const void *entry)
{
	ena_aq_entry e;
	memcpy(&e, entry, sizeof(e));
	const uint16_t slot = aq_tail % admin_depth;
	const uint8_t phase = aq_tail & admin_depth ? 0 : 1;
	e.common.command_id.set(static_cast<uint16_t>(aq_tail & 0xfff));
	e.common.flags = static_cast<uint8_t>((e.common.flags & ~1u) | phase);
	host.store(aq + slot * 64u, e);
	aq_tail++;
	host.write(ENA_REG_AQ_DB, aq_tail);
	host.run();

	const auto c = host.load<ena_acq_entry>(acq + (acq_head % admin_depth) * 64u);
	const uint8_t due = acq_head & admin_depth ? 0 : 1;
	EXPECT_EQ(c.common.flags & ENA_ACQ_PHASE, due) << "no completion";
	EXPECT_EQ(c.common.command_id.get(), (aq_tail - 1) & 0xfff);
	EXPECT_EQ(c.common.sq_head.get(), aq_tail);
	acq_head++;
	last = c;
	return c;
}

ena_acq_entry Guest::get_feature_raw(uint8_t id, uint64_t ctrl, uint32_t length)
{
	ena_get_feature_cmd cmd{};
	cmd.common.opcode = ENA_ADMIN_GET_FEATURE;
	cmd.common.flags = ctrl ? ENA_AQ_CTRL_DATA_INDIRECT : 0;
	ena::store(cmd.ctrl.address, ctrl);
	cmd.ctrl.length.set(length);
	cmd.feature.feature_id = id;
	return command(&cmd);
}

uint8_t Guest::set_feature(uint8_t id, const void *data, size_t size, uint64_t ctrl,
			   uint32_t length)
{
	ena_set_feature_cmd cmd{};
	cmd.common.opcode = ENA_ADMIN_SET_FEATURE;
	cmd.common.flags = ctrl ? ENA_AQ_CTRL_DATA_INDIRECT : 0;
	ena::store(cmd.ctrl.address, ctrl);
	cmd.ctrl.length.set(length);
	cmd.feature.feature_id = id;
	memcpy(cmd.data, data, size);
	return command(&cmd).common.status;
}

uint8_t Guest::try_create_cq(Queue &q, uint32_t vector)
{
	const size_t entry = q.cdesc_size();
	ena_create_cq_cmd cmd{};
	if (!q.cq)
		q.cq = host.alloc(q.depth * entry);
	cmd.common.opcode = ENA_ADMIN_CREATE_CQ;
	cmd.caps1 = ENA_CQ_CAPS1_INTERRUPT;
	cmd.caps2 = static_cast<uint8_t>(entry / 4);
	cmd.depth.set(q.depth);
	cmd.msix_vector.set(vector);
	ena::store(cmd.base, q.cq);
	const ena_acq_entry c = command(&cmd);
	ena_create_cq_resp resp;
	memcpy(&resp, &c, sizeof(resp));
	q.cq_index = resp.cq_idx.get();
	q.unmask = resp.unmask_offset.get();
	return c.common.status;
}

uint8_t Guest::try_create_sq(Queue &q, uint8_t placement)
{
	ena_create_sq_cmd cmd{};
	if (!q.sq)
		q.sq = host.alloc(q.depth * sizeof(ena_tx_desc));
	cmd.common.opcode = ENA_ADMIN_CREATE_SQ;
	cmd.identity = static_cast<uint8_t>(
		field_put(ENA_SQ_IDENTITY_DIRECTION, q.rx ? ENA_SQ_RX : ENA_SQ_TX));
	cmd.caps2 = placement;
	cmd.caps3 = ENA_SQ_CAPS3_CONTIGUOUS;
	cmd.cq_idx.set(q.cq_index);
	cmd.depth.set(q.depth);
	ena::store(cmd.base, q.sq);
	const ena_acq_entry c = command(&cmd);
	ena_create_sq_resp resp;
	memcpy(&resp, &c, sizeof(resp));
	q.index = resp.sq_idx.get();
	q.doorbell = resp.doorbell_offset.get();
	q.llq = resp.llq_descriptors_offset.get();
	return c.common.status;
}

Guest::Queue Guest::create(bool rx, uint16_t depth, uint32_t vector, bool extended)
{
	Queue q;
	q.rx = rx;
	q.extended = extended;
	q.depth = depth;
	EXPECT_EQ(try_create_cq(q, vector), ENA_ADMIN_SUCCESS);
	EXPECT_EQ(try_create_sq(q), ENA_ADMIN_SUCCESS);
	return q;
}

uint8_t Guest::destroy_sq(const Queue &q)
{
	ena_destroy_sq_cmd cmd{};
	cmd.common.opcode = ENA_ADMIN_DESTROY_SQ;
	cmd.sq_idx.set(q.index);
	cmd.identity = static_cast<uint8_t>(
		field_put(ENA_SQ_IDENTITY_DIRECTION, q.rx ? ENA_SQ_RX : ENA_SQ_TX));
	return command(&cmd).common.status;
}

uint8_t Guest::destroy_cq(const Queue &q)
{
	ena_destroy_cq_cmd cmd{};
	cmd.common.opcode = ENA_ADMIN_DESTROY_CQ;
	cmd.cq_idx.set(q.cq_index);
	return command(&cmd).common.status;
}

void Guest::unmask(const Queue &q, uint16_t rx_delay, uint16_t tx_delay)
{
	host.write(q.unmask, ENA_INTR_UNMASK | field_put(ENA_INTR_RX_DELAY, rx_delay) |
				     field_put(ENA_INTR_TX_DELAY, tx_delay));
}

std::vector<ena_aenq_entry> Guest::events()
{
	std::vector<ena_aenq_entry> events;
	for (;;) {
		const auto e = host.load<ena_aenq_entry>(aenq + (aenq_head % event_depth) * 64u);
		if ((e.flags & ENA_AENQ_PHASE) != (aenq_head & event_depth ? 0 : 1))
			return events;
		events.push_back(e);
		aenq_head++;
	}
}

void Guest::push(Queue &q, const void *desc)
{
	memcpy(host.at(q.sq + (q.tail % q.depth) * 16u, 16), desc, 16);
	q.tail++;
}

void Guest::push_meta(Queue &q, uint16_t mss, uint8_t l3_offset, uint8_t l3_length,
		      uint8_t l4_words, bool store)
{
	ena_tx_meta_desc meta{};
	meta.word0.set(ENA_TXM0_EXT_VALID | field_put(ENA_TXM0_MSS_HI, mss >> 10) |
		       ENA_TXM0_ETH_META_TYPE | (store ? ENA_TXM0_META_STORE : 0) | ENA_TXD_META |
		       ENA_TXD_FIRST | field_put(ENA_TXD_PHASE, q.phase()));
	meta.word2.set(field_put(ENA_TXM2_L3_HDR_LEN, l3_length) |
		       field_put(ENA_TXM2_L3_HDR_OFF, l3_offset) |
		       field_put(ENA_TXM2_L4_HDR_WORDS, l4_words) |
		       field_put(ENA_TXM2_MSS_LO, mss));
	push(q, &meta);
}

void Guest::push_packet(Queue &q, uint16_t req_id, const std::vector<Buffer> &buffers,
			uint32_t word1, bool meta_first)
{
	for (size_t i = 0; i < buffers.size(); i++) {
		ena_tx_desc d{};
		uint32_t word0 = field_put(ENA_TXD0_LENGTH, buffers[i].length) |
				 field_put(ENA_TXD_PHASE, q.phase());
		if (i == 0) {
			word0 |= ENA_TXD_COMP_REQ | field_put(ENA_TXD0_REQ_ID_HI, req_id >> 10);
			word0 |= meta_first ? 0 : ENA_TXD_FIRST;
			d.word1.set(word1 | field_put(ENA_TXD1_REQ_ID_LO, req_id));
		}
		if (i + 1 == buffers.size())
			word0 |= ENA_TXD_LAST;
		d.word0.set(word0);
		d.addr_lo.set(lo(buffers[i].address));
		d.word3.set(field_put(ENA_TXD3_ADDR_HI, hi(buffers[i].address)));
		push(q, &d);
	}
}

std::vector<Guest::Buffer> Guest::place(const std::vector<uint8_t> &bytes, size_t piece)
{
	std::vector<Buffer> buffers;
	for (size_t at = 0; at < bytes.size();) {
		const size_t n = std::min({piece, bytes.size() - at, size_t{0xffff}});
		const uint64_t address = host.alloc(n);
		memcpy(host.at(address, n), &bytes[at], n);
		buffers.push_back({address, static_cast<uint32_t>(n)});
		at += n;
	}
	return buffers;
}

std::optional<ena_tx_cdesc> Guest::tx_completion(Queue &q, uint64_t *timestamp)
{
	const uint64_t at = q.cq + (q.cq_head % q.depth) * q.cdesc_size();
	const auto c = host.load<ena_tx_cdesc>(at);
	if ((c.flags & ENA_CDESC_PHASE) != (q.cq_head & q.depth ? 0 : 1))
		return std::nullopt;
	EXPECT_EQ(c.flags & ENA_TX_CDESC_MBZ, 0);
	if (timestamp)
		*timestamp = q.extended ? stamp(host.load<ena_tx_cdesc_ext>(at)) : 0;
	q.cq_head++;
	return c;
}

void Guest::post(Queue &q, unsigned int count, uint32_t size)
{
	auto &buffers = rx_buffers_[q.index];
	buffers.resize(q.depth);
	for (unsigned int i = 0; i < count; i++) {
		const auto slot = static_cast<uint16_t>(q.tail % q.depth);
		if (buffers[slot].length < size)
			buffers[slot] = {host.alloc(size), size};
		ena_rx_desc d{};
		d.length.set(static_cast<uint16_t>(size));
		d.ctrl = static_cast<uint8_t>(ENA_RXD_FIRST | ENA_RXD_LAST | ENA_RXD_COMP_REQ |
					      q.phase());
		d.req_id.set(slot);
		d.addr_lo.set(lo(buffers[slot].address));
		d.addr_hi.set(static_cast<uint16_t>(hi(buffers[slot].address)));
		push(q, &d);
	}
	ring(q);
}

ena_receive_result Guest::receive(const std::vector<uint8_t> &frame, const ena_vnet_hdr *hdr,
				  size_t piece)
{
	std::vector<iovec> iov;
	for (size_t at = 0; at < frame.size(); at += iov.back().iov_len)
		iov.push_back(
			{const_cast<uint8_t *>(&frame[at]), std::min(piece, frame.size() - at)});
	return ena_device_receive(host.device, iov.data(), static_cast<int>(iov.size()), hdr);
}

std::optional<Guest::Frame> Guest::rx_completion(Queue &q)
{
	Frame frame{};
	for (bool first = true;; first = false) {
		const uint64_t at = q.cq + (q.cq_head % q.depth) * q.cdesc_size();
		const auto c = host.load<ena_rx_cdesc>(at);
		const uint32_t status = c.status.get();
		const bool phase = status & ENA_RXC_PHASE;
		if (phase != !(q.cq_head & q.depth)) {
			EXPECT_TRUE(first) << "a frame without its last descriptor";
			return std::nullopt;
		}
		EXPECT_EQ(bool(status & ENA_RXC_FIRST), first);
		EXPECT_EQ(status & ENA_RXC_MBZ, 0u);
		q.cq_head++;
		frame.req_ids.push_back(c.req_id.get());
		const Buffer &b = rx_buffers_[q.index].at(c.req_id.get());
		const uint8_t *p = host.at(b.address, c.length.get());
		frame.bytes.insert(frame.bytes.end(), p, p + c.length.get());
		if (status & ENA_RXC_LAST) {
			frame.status = status;
			frame.hash = c.hash.get();
			if (q.extended)
				frame.timestamp = stamp(host.load<ena_rx_cdesc_ext>(at));
			return frame;
		}
	}
}
