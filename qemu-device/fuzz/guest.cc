// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.hh"

using ena::field_put;

namespace fuzz
{

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
template <class T> std::span<const uint8_t> bytes_of(const T &value)
{
	return {reinterpret_cast<const uint8_t *>(&value), sizeof(value)};
}
} // namespace

void Guest::start()
{
	memset(host_.at(base, rings - base), 0, rings - base);
	aq_tail = 0;
	host_.write(ENA_REG_DEV_CTL, ENA_DEV_CTL_RESET);
	host_.write(ENA_REG_MMIO_RESP_LO, lo(answer));
	host_.write(ENA_REG_MMIO_RESP_HI, hi(answer));
	host_.write(ENA_REG_DEV_CTL, 0);
	host_.write(ENA_REG_AQ_BASE_LO, lo(aq));
	host_.write(ENA_REG_AQ_BASE_HI, hi(aq));
	host_.write(ENA_REG_ACQ_BASE_LO, lo(acq));
	host_.write(ENA_REG_ACQ_BASE_HI, hi(acq));
	host_.write(ENA_REG_AQ_CAPS, ring_caps(admin_depth));
	host_.write(ENA_REG_ACQ_CAPS, ring_caps(admin_depth));
	host_.write(ENA_REG_AENQ_BASE_LO, lo(aenq));
	host_.write(ENA_REG_AENQ_BASE_HI, hi(aenq));
	host_.write(ENA_REG_AENQ_CAPS, ring_caps(event_depth));
	ena_aenq_config events{};
	events.enabled_groups.set(ENA_BIT(ENA_AENQ_LINK_CHANGE) | ENA_BIT(ENA_AENQ_NOTIFICATION) |
				  ENA_BIT(ENA_AENQ_KEEP_ALIVE));
	set_feature(ENA_FEATURE_AENQ_CONFIG, events);
	host_.write(ENA_REG_AENQ_HEAD_DB, event_depth);
}

void Guest::push_command(ena_aq_entry entry)
{
	entry.common.flags = static_cast<uint8_t>((entry.common.flags & ~ENA_AQ_PHASE) |
						  (aq_tail & admin_depth ? 0 : 1));
	host_.store(aq + aq_tail % admin_depth * ENA_ADMIN_ENTRY_SIZE, bytes_of(entry));
	aq_tail++;
}

std::optional<ena_acq_entry> Guest::command(const void *entry)
{
	ena_aq_entry e;
	ena_acq_entry c;
	const uint16_t slot = aq_tail % admin_depth;
	const uint8_t phase = aq_tail & admin_depth ? 0 : 1;

	memcpy(&e, entry, sizeof(e));
	e.common.command_id.set(aq_tail & 0xfff);
	push_command(e);
	host_.write(ENA_REG_AQ_DB, aq_tail);
	host_.run(4);
	memcpy(&c, host_.at(acq + slot * sizeof(c), sizeof(c)), sizeof(c));
	if ((c.common.flags & ENA_ACQ_PHASE) != phase)
		return std::nullopt;
	return c;
}

Guest::Queue Guest::create(unsigned int slot, bool rx, uint16_t depth, uint32_t vector, bool llq)
{
	Queue q;
	ena_create_cq_cmd cq{};
	ena_create_sq_cmd sq{};

	q.rx = rx;
	q.depth = depth;
	q.vector = vector;
	q.sq = rings + slot * 0x1000;
	q.cq = q.sq + 0x800;
	memset(host_.at(q.sq, 0x1000), 0, 0x1000);
	cq.common.opcode = ENA_ADMIN_CREATE_CQ;
	cq.caps1 = ENA_CQ_CAPS1_INTERRUPT;
	cq.caps2 = rx ? sizeof(ena_rx_cdesc) / 4 : sizeof(ena_tx_cdesc) / 4;
	cq.depth.set(depth);
	cq.msix_vector.set(vector);
	ena::store(cq.base, q.cq);
	const auto cq_answer = command(&cq);
	if (!cq_answer || cq_answer->common.status)
		return q;
	ena_create_cq_resp cq_resp;
	memcpy(&cq_resp, &*cq_answer, sizeof(cq_resp));
	sq.common.opcode = ENA_ADMIN_CREATE_SQ;
	sq.identity = static_cast<uint8_t>(
		field_put(ENA_SQ_IDENTITY_DIRECTION, rx ? ENA_SQ_RX : ENA_SQ_TX));
	sq.caps2 = llq ? ENA_PLACEMENT_DEVICE : ENA_PLACEMENT_HOST;
	sq.caps3 = ENA_SQ_CAPS3_CONTIGUOUS;
	sq.cq_idx = cq_resp.cq_idx;
	sq.depth.set(depth);
	if (!llq)
		ena::store(sq.base, q.sq);
	const auto sq_answer = command(&sq);
	if (!sq_answer || sq_answer->common.status)
		return q;
	ena_create_sq_resp sq_resp;
	memcpy(&sq_resp, &*sq_answer, sizeof(sq_resp));
	q.unmask = cq_resp.unmask_offset.get();
	q.index = sq_resp.sq_idx.get();
	q.doorbell = sq_resp.doorbell_offset.get();
	q.llq = llq;
	q.llq_offset = sq_resp.llq_descriptors_offset.get();
	q.live = true;
	return q;
}

void Guest::destroy(Queue &q)
{
	ena_destroy_sq_cmd sq{};
	ena_destroy_cq_cmd cq{};

	sq.common.opcode = ENA_ADMIN_DESTROY_SQ;
	sq.sq_idx.set(q.index);
	sq.identity = static_cast<uint8_t>(
		field_put(ENA_SQ_IDENTITY_DIRECTION, q.rx ? ENA_SQ_RX : ENA_SQ_TX));
	command(&sq);
	cq.common.opcode = ENA_ADMIN_DESTROY_CQ;
	cq.cq_idx.set(q.index);
	command(&cq);
	q.live = false;
}

void Guest::push(Queue &q, const void *desc)
{
	host_.store(q.sq + q.tail % q.depth * 16u, {static_cast<const uint8_t *>(desc), 16});
	q.tail++;
}

void Guest::push_entry(Queue &q, std::span<const uint8_t> bytes)
{
	const std::span<uint8_t> memory = host_.llq_memory();
	const size_t at = q.llq_offset + size_t{q.tail} % q.depth * 128u;

	if (at + bytes.size() <= memory.size())
		std::copy(bytes.begin(), bytes.end(), &memory[at]);
	q.tail++;
}

void Guest::ring(const Queue &q, int ahead)
{
	if (q.live)
		host_.write(q.doorbell, static_cast<uint16_t>(q.tail + ahead));
}

void Guest::post(Queue &q, uint32_t count, uint64_t address, uint16_t length)
{
	while (count--) {
		ena_rx_desc d{};
		d.length.set(length);
		d.ctrl = static_cast<uint8_t>(ENA_RXD_FIRST | ENA_RXD_LAST | ENA_RXD_COMP_REQ |
					      q.phase());
		d.req_id.set(q.tail % q.depth);
		d.addr_lo.set(lo(address));
		d.addr_hi.set(static_cast<uint16_t>(hi(address)));
		address += length;
		push(q, &d);
	}
}

} // namespace fuzz
