/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the device says it can do: read by admin commands, bounded, decoded. */
#ifndef OPENENA_CORE_FEATURES_HH
#define OPENENA_CORE_FEATURES_HH

#include <bit>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "../../abi/ena_admin.h"
#include "admin_queue.hh"
#include "llq.hh"
#include "memory.hh"
#include "result.hh"

namespace oe
{

/* A buffer that accompanies a feature command. */
struct ControlBuffer {
	BusAddress bus;
	uint32_t length = 0;
};

[[nodiscard]] Result<ena_acq_entry> get_feature_entry(AdminQueue &admin, ena_feature_id id,
						      uint8_t version, ControlBuffer buffer);
[[nodiscard]] Status set_feature_entry(AdminQueue &admin, ena_feature_id id, ControlBuffer buffer,
				       const void *data, size_t size);

/* Of a feature that is set: what the device lacks is no error; anything else is logged and kept. */
[[nodiscard]] Status tolerate_absence(oe_kernel *kernel, const char *what, Status status);

/* The answer to GET_FEATURE. Process context. */
template <class T>
[[nodiscard]] Result<T> get_feature(AdminQueue &admin, ena_feature_id id, uint8_t version = 0,
				    ControlBuffer buffer = {})
{
	static_assert(std::is_trivially_copyable_v<T> &&
		      sizeof(T) <= sizeof(ena_acq_entry::payload));
	Result<ena_acq_entry> entry = get_feature_entry(admin, id, version, buffer);
	if (!entry)
		return entry.error();

	T answer;
	__builtin_memcpy(&answer, entry->payload, sizeof(answer));
	return answer;
}

/* SET_FEATURE with @data. Process context. */
template <class T>
[[nodiscard]] Status set_feature(AdminQueue &admin, ena_feature_id id, const T &data,
				 ControlBuffer buffer = {})
{
	static_assert(std::is_trivially_copyable_v<T> &&
		      sizeof(T) <= sizeof(ena_set_feature_cmd::data));
	return set_feature_entry(admin, id, buffer, &data, sizeof(data));
}

/* All values are within the limits of the driver. */
struct Features {
	uint32_t supported = 0; /* bit = enum ena_feature_id */
	uint32_t capabilities = 0; /* ENA_CAPABILITY_* */
	uint8_t mac[6] = {};
	uint32_t dma_bits = 0;
	uint32_t max_mtu = 0;
	uint32_t max_queues = 0; /* pairs */
	uint32_t max_tx_ring = 0, max_rx_ring = 0;
	uint32_t max_tx_buffers = 0, max_rx_frags = 0; /* of one packet */
	uint32_t tx_offloads = 0, rx_offloads = 0; /* ENA_OFFLOAD_* */
	uint32_t event_groups = 0; /* that the device can report */
	uint32_t rss_log2_entries = 0; /* 0: no table */
	bool rss_key = false;
	uint32_t flow_rules = 0; /* size of the table, 0: none */
	uint32_t delay_resolution_us = 0; /* 0: no interrupt moderation */
	bool tx_stamps = false, rx_stamps = false; /* of packets */
	LlqOffer llq;
	std::optional<ena_hw_hints> hints;

	[[nodiscard]] bool has(ena_feature_id id) const
	{
		return supported >> id & 1;
	}
	[[nodiscard]] bool can(uint32_t capability) const
	{
		return (capabilities & capability) != 0;
	}
};

/*
 * Ask the device for all features. Optional ones that are absent or make no
 * sense are left out; a mandatory one is an error. Both are logged.
 */
[[nodiscard]] Status read_features(AdminQueue &admin, oe_kernel *kernel, Features &features);

} // namespace oe

#endif
