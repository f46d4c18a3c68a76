// SPDX-License-Identifier: GPL-2.0-or-later
#include "llq.hh"

#include <bit>
#include <cstring>

namespace ena
{

namespace
{
constexpr uint16_t small_entry = 128, wide_entry = 256;

constexpr uint16_t entry_bytes(uint32_t size)
{
	return size == ENA_LLQ_ENTRY_256 ? wide_entry : small_entry;
}
} // namespace

/*
 * A driver that does not know of wide queues, or finds none announced, halves the
 * depth with entries of 256 bytes.
 */
uint16_t llq_max_depth(const ena_config &c, uint16_t entry_size)
{
	const auto half = static_cast<uint16_t>(c.tx_depth / 2);

	if (entry_size != wide_entry)
		return c.tx_depth;
	return std::max(half, std::min(c.llq_wide_depth, c.tx_depth));
}

uint32_t llq_entry_sizes(const ena_config &c)
{
	const bool wide = c.tx_depth / 2 >= ENA_DEVICE_MIN_RING_DEPTH;

	return c.llq_entry_sizes & (wide ? ~0u : ~uint32_t{ENA_LLQ_ENTRY_256});
}

uint32_t llq_largest_packet(const ena_config &c)
{
	constexpr uint32_t descs = ENA_DEVICE_MAX_TX_DESCS + 1; /* and meta */
	uint32_t largest = 0;

	for (uint32_t size : {ENA_LLQ_ENTRY_128, ENA_LLQ_ENTRY_256}) {
		if (!(llq_entry_sizes(c) & size))
			continue;
		const uint32_t first = c.llq_descs_before_header & -c.llq_descs_before_header;
		const uint32_t each = c.llq_strides & ENA_LLQ_STRIDE_SINGLE
					      ? 1
					      : entry_bytes(size) / sizeof(ena_tx_desc);
		const uint32_t entries = 1 + (descs - first + each - 1) / each;
		largest = std::max(largest, entries * entry_bytes(size));
	}
	return largest;
}

size_t llq_region_size(const ena_config &c)
{
	size_t bytes = 0;

	for (uint32_t size : {ENA_LLQ_ENTRY_128, ENA_LLQ_ENTRY_256}) {
		const uint16_t entry = entry_bytes(size);
		if (llq_entry_sizes(c) & size)
			bytes = std::max(bytes, size_t{llq_max_depth(c, entry)} * entry);
	}
	return bytes;
}

size_t llq_memory_size(const ena_config &c)
{
	return std::bit_ceil(c.queues * llq_region_size(c));
}

ena_llq_config Llq::get(uint8_t version) const
{
	const uint32_t sizes = llq_entry_sizes(config_);
	ena_llq_config c{};

	c.max_num.set(config_.queues);
	c.max_depth.set(llq_max_depth(config_, entry_bytes(sizes & -sizes)));
	c.header_location.supported.set(ENA_LLQ_HEADER_INLINE);
	c.entry_size.supported.set(static_cast<uint16_t>(sizes));
	c.descs_before_header.supported.set(static_cast<uint16_t>(config_.llq_descs_before_header));
	c.stride.supported.set(static_cast<uint16_t>(config_.llq_strides));
	if (layout_.entry_size) {
		c.header_location.enabled.set(ENA_LLQ_HEADER_INLINE);
		c.entry_size.enabled.set(layout_.entry_size == wide_entry ? ENA_LLQ_ENTRY_256
									  : ENA_LLQ_ENTRY_128);
		c.descs_before_header.enabled.set(layout_.descs_before_header);
		c.stride.enabled.set(layout_.multiple ? ENA_LLQ_STRIDE_MULTIPLE
						      : ENA_LLQ_STRIDE_SINGLE);
	}
	/* Drivers of version 0 have had another field in the place of these. */
	if (version >= ENA_LLQ_VERSION) {
		c.version = ENA_LLQ_VERSION;
		const uint32_t recommended = config_.llq_entry_recommended == wide_entry
						     ? ENA_LLQ_ENTRY_256
						     : ENA_LLQ_ENTRY_128;
		c.entry_size_recommended =
			static_cast<uint8_t>(sizes & recommended ? recommended : sizes & -sizes);
		if (sizes & ENA_LLQ_ENTRY_256)
			c.max_wide_depth.set(std::min(config_.llq_wide_depth, config_.tx_depth));
	}
	uint16_t flags = config_.llq_meta_caching ? 0 : ENA_LLQ_DISABLE_META_CACHING;
	if (config_.llq_max_burst)
		flags |= ENA_LLQ_LIMIT_TX_BURST;
	c.accel_flags.set(flags);
	c.max_tx_burst.set(config_.llq_max_burst);
	return c;
}

ena_admin_status Llq::check_choice(const char *what, uint16_t chosen, uint32_t offered)
{
	if (std::has_single_bit(chosen) && chosen & offered)
		return ENA_ADMIN_SUCCESS;
	return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
			    "SET_FEATURE 4: %s 0x%x, must be one bit of 0x%x", what, chosen,
			    offered);
}

/*
 * The flags say what the driver can do; drivers set them whether or not they were
 * announced, so only those that were are in force. Queues that exist keep the
 * layout with which they were created.
 */
ena_admin_status Llq::set(const ena_llq_config &chosen)
{
	const uint16_t size = chosen.entry_size.enabled.get();
	const uint16_t before = chosen.descs_before_header.enabled.get();
	const uint16_t stride = chosen.stride.enabled.get();
	const uint16_t flags = chosen.accel_flags.get();

	if (const auto status = check_choice(
		    "header location", chosen.header_location.enabled.get(), ENA_LLQ_HEADER_INLINE))
		return status;
	if (const auto status = check_choice("entry size", size, llq_entry_sizes(config_)))
		return status;
	if (const auto status = check_choice("descriptors before the header", before,
					     config_.llq_descs_before_header))
		return status;
	if (const auto status = check_choice("stride", stride, config_.llq_strides))
		return status;

	LlqLayout layout;
	layout.entry_size = entry_bytes(size);
	layout.descs_before_header = static_cast<uint8_t>(before);
	layout.multiple = stride == ENA_LLQ_STRIDE_MULTIPLE;
	layout.meta_caching = config_.llq_meta_caching || !(flags & ENA_LLQ_DISABLE_META_CACHING);
	if (flags & ENA_LLQ_LIMIT_TX_BURST)
		layout.burst = config_.llq_max_burst / layout.entry_size;
	if (layout.header_offset() >= layout.entry_size)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 4: %u descriptors before the header leave no room "
				    "for it in %u bytes",
				    before, layout.entry_size);
	layout_ = layout;
	host_.trace("LLQ: entries of %u bytes, header of up to %u behind %u descriptors, %s after "
		    "the first entry%s",
		    layout.entry_size, static_cast<unsigned int>(layout.max_header()), before,
		    layout.multiple ? "many in each" : "one in each",
		    layout.meta_caching ? "" : ", a meta descriptor in every packet");
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status Llq::claim(uint16_t depth, LlqRegion &region)
{
	const uint16_t limit = llq_max_depth(config_, layout_.entry_size);
	const auto index = static_cast<uint16_t>(std::countr_one(claimed_));

	if (!layout_.entry_size)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "CREATE_SQ: placement in the device before SET_FEATURE 4 has "
				    "chosen a layout");
	/* With this status Linux tries again with rings of half the size. */
	if (depth > limit)
		return host_.refuse(ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE,
				    "CREATE_SQ: depth %u with entries of %u bytes in the device, "
				    "at most %u fit",
				    depth, layout_.entry_size, limit);
	if (index >= config_.queues)
		return host_.refuse(ENA_ADMIN_RESOURCE_ALLOCATION_FAILURE,
				    "CREATE_SQ: all %u queues in the device are in use",
				    config_.queues);
	claimed_ |= 1u << index;
	region = {true, index, layout_};
	return ENA_ADMIN_SUCCESS;
}

void Llq::release(const LlqRegion &region)
{
	if (region.live)
		claimed_ &= ~(1u << region.index);
}

Ring Llq::ring(const LlqRegion &region, uint16_t depth) const
{
	return {{region.index * llq_region_size(config_)}, depth, region.layout.entry_size};
}

void Llq::read(const Ring &ring, uint16_t position, LlqEntry &entry) const
{
	const uint64_t *from = memory_ + ring.at(position).value / sizeof(*memory_);

	for (size_t i = 0; i < ring.entry_size() / sizeof(*memory_); i++) {
		/* Atomic, so that the compiler cannot read it a second time. */
		const uint64_t word = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
		memcpy(&entry.bytes[i * sizeof(word)], &word, sizeof(word));
	}
}

void Llq::reset()
{
	layout_ = {};
	claimed_ = 0;
}

/* As set() would have it. */
void Llq::snapshot_layout(Snapshot &s, LlqLayout &layout) const
{
	s.value("entry size", layout.entry_size, 0, wide_entry);
	s.value("descriptors before header", layout.descs_before_header);
	s.value("many descriptors in each", layout.multiple);
	s.value("meta caching", layout.meta_caching);
	s.value("burst", layout.burst);
	if (!layout.entry_size)
		return s.require(!layout.descs_before_header && !layout.multiple && !layout.burst,
				 "layout of LLQ has no entry size");

	const uint32_t sizes = llq_entry_sizes(config_);
	const uint32_t stride = layout.multiple ? ENA_LLQ_STRIDE_MULTIPLE : ENA_LLQ_STRIDE_SINGLE;
	s.require((sizes & ENA_LLQ_ENTRY_128 &&
		   layout.entry_size == entry_bytes(ENA_LLQ_ENTRY_128)) ||
			  (sizes & ENA_LLQ_ENTRY_256 && layout.entry_size == wide_entry),
		  "entry size of LLQ is not offered");
	s.require(std::has_single_bit(layout.descs_before_header) &&
			  layout.descs_before_header & config_.llq_descs_before_header &&
			  layout.header_offset() < layout.entry_size,
		  "number of descriptors before the header of LLQ is not offered");
	s.require(stride & config_.llq_strides, "stride of LLQ is not offered");
	s.require(layout.meta_caching || !config_.llq_meta_caching,
		  "meta caching of LLQ is off, which is not offered");
	s.require(!layout.burst || layout.burst == config_.llq_max_burst / layout.entry_size,
		  "burst of LLQ is not the one that is offered");
}

void Llq::snapshot(Snapshot &s)
{
	s.section("llq", 1, Absent::defaults, [&] { snapshot_layout(s, layout_); });
}

void Llq::snapshot(Snapshot &s, LlqRegion &region)
{
	s.value("ring lies in BAR2", region.live);
	if (!region.live)
		return;
	s.value("region", region.index, 0, config_.queues - 1u);
	snapshot_layout(s, region.layout);
	s.require(offered() && region.layout.entry_size, "queue lies in BAR2, which has no room");
	if (!s.loading() || s.failed())
		return;
	s.require(!(claimed_ >> region.index & 1), "two queues have the same region of BAR2");
	claimed_ |= 1u << region.index;
}

} // namespace ena
