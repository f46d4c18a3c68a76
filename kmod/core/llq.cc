/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "llq.hh"

#include <bit>

#include "features.hh"
#include "text.hh"

namespace oe
{

namespace
{

constexpr uint32_t max_llq_ring = 32768;
/* Bytes of entries of the largest packet: a doorbell that cannot take it is of no use. */
constexpr uint32_t largest_packet =
	llq_wide_entry * LlqLayout{.entry_size = llq_wide_entry}.entries_for(OE_MAX_TX_BUFFERS + 1);

constexpr uint32_t lower_of(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

constexpr uint32_t ring_of(uint32_t depth)
{
	return depth ? std::bit_floor(lower_of(depth, max_llq_ring)) : 0;
}

} // namespace

LlqOffer read_llq(AdminQueue &admin, oe_kernel *kernel)
{
	LlqOffer offer;

	auto llq = get_feature<ena_llq_config>(admin, ENA_FEATURE_LLQ, ENA_LLQ_VERSION);
	if (!llq) {
		log(kernel, OE_LOG_NOTICE,
		    LogLine() << "what LLQ the device has cannot be read, error "
			      << static_cast<uint32_t>(llq.error())
			      << ": TX rings are in host memory");
		return {};
	}
	uint32_t depth = ring_of(llq->max_depth.get());
	uint32_t wide = llq->version >= ENA_LLQ_VERSION ? llq->max_wide_depth.get() : 0;
	uint32_t flags = llq->accel_flags.get();

	if (!(llq->header_location.supported.get() & ENA_LLQ_HEADER_INLINE) ||
	    !(llq->descs_before_header.supported.get() & llq_descs_before_header) ||
	    !(llq->stride.supported.get() & ENA_LLQ_STRIDE_MULTIPLE) || !llq->max_num.get()) {
		oek_log(kernel, OE_LOG_NOTICE,
			"the device's LLQ has no layout that we know: TX rings are in host memory");
		return {};
	}
	if (flags & ENA_LLQ_LIMIT_TX_BURST)
		offer.max_burst = llq->max_tx_burst.get();
	if (flags & ENA_LLQ_LIMIT_TX_BURST && offer.max_burst < largest_packet) {
		log(kernel, OE_LOG_NOTICE,
		    LogLine() << "LLQ bursts of " << offer.max_burst << " bytes, a packet may need "
			      << largest_packet << ": TX rings are in host memory");
		return {};
	}
	offer.meta_in_each = (flags & ENA_LLQ_DISABLE_META_CACHING) != 0;
	offer.max_queues = llq->max_num.get();
	offer.max_depth = depth;
	/* A device that says nothing of wide entries has memory for half as many. */
	offer.max_wide_depth = wide ? lower_of(ring_of(wide), depth) : depth / 2;
	offer.small = llq->entry_size.supported.get() & ENA_LLQ_ENTRY_128 && depth >= OE_MIN_RING;
	offer.wide = llq->entry_size.supported.get() & ENA_LLQ_ENTRY_256 &&
		     offer.max_wide_depth >= OE_MIN_RING;
	if (!offer.least_push()) {
		log(kernel, OE_LOG_NOTICE,
		    LogLine() << "LLQ rings of " << depth
			      << " entries, or entries of another size than 128 and 256 bytes: TX "
				 "rings are in host memory");
		return {};
	}
	return offer;
}

Status choose_llq(AdminQueue &admin, uint32_t push)
{
	ena_llq_config config = {};

	config.header_location.enabled.set(ENA_LLQ_HEADER_INLINE);
	config.entry_size.enabled.set(push == llq_push(llq_wide_entry) ? ENA_LLQ_ENTRY_256
								       : ENA_LLQ_ENTRY_128);
	config.descs_before_header.enabled.set(llq_descs_before_header);
	config.stride.enabled.set(ENA_LLQ_STRIDE_MULTIPLE);
	/* What we can do; the device has said what it needs of it. */
	config.accel_flags.set(ENA_LLQ_DISABLE_META_CACHING | ENA_LLQ_LIMIT_TX_BURST);
	return set_feature(admin, ENA_FEATURE_LLQ, config);
}

LlqWriter::Entry LlqWriter::next_entry(RingPosition &tail)
{
	ena_tx_desc *descs = reinterpret_cast<ena_tx_desc *>(entry_);

	end(tail);
	__builtin_memset(entry_, 0, entry_size_);
	return {descs, descs + entry_size_ / sizeof(ena_tx_desc)};
}

} // namespace oe
