/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "features.hh"

#include "text.hh"

namespace oe
{

namespace
{

/* Depths travel in 16 bits, and rings are powers of two. */
constexpr uint32_t max_ring = 32768;
/* The size of the indirection table that drivers and tools know best. */
constexpr uint32_t usual_rss_log2 = 7;
constexpr uint32_t max_rss_log2 = 12;
constexpr uint32_t max_frame_mtu = 65535;
constexpr uint32_t max_flow_rules = 1024;

constexpr uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A number of the device that must be @min or more. */
bool at_least(oe_kernel *kernel, const char *what, uint32_t value, uint32_t min)
{
	if (value >= min)
		return true;
	log(kernel, OE_LOG_ERROR,
	    LogLine() << "the device offers " << what << " of " << value << ", at least " << min
		      << " is needed");
	return false;
}

/* The device's answer to a feature it announced: anything but "absent" is worth a line. */
void note_failure(oe_kernel *kernel, const char *what, Errno error)
{
	if (error == Errno::not_supported)
		return;
	log(kernel, OE_LOG_WARNING,
	    LogLine() << what << " not available, error " << static_cast<uint32_t>(error));
}

Status read_attributes(AdminQueue &admin, oe_kernel *kernel, Features &features)
{
	auto attributes = get_feature<ena_device_attributes>(admin, ENA_FEATURE_DEVICE_ATTRIBUTES);
	if (!attributes)
		return attributes.error();
	features.supported = attributes->supported_features.get();
	features.capabilities = attributes->capabilities.get();
	if (features.has(ENA_FEATURE_FLOW_STEERING))
		features.flow_rules =
			least(attributes->flow_steering_max_entries.get(), max_flow_rules);
	__builtin_memcpy(features.mac, attributes->mac, sizeof(features.mac));
	features.max_mtu = least(attributes->max_mtu.get(), max_frame_mtu);
	if (!at_least(kernel, "a largest MTU", features.max_mtu, OE_MIN_MTU))
		return Errno::invalid;
	return {};
}

/* The limits of either queue feature, before they are bounded. */
struct RawLimits {
	uint32_t queues, tx_ring, rx_ring, tx_descs, rx_descs;
};

Result<RawLimits> read_queue_limits(AdminQueue &admin, oe_kernel *kernel, const Features &features)
{
	if (features.has(ENA_FEATURE_MAX_QUEUES_EXT)) {
		auto ext = get_feature<ena_max_queues_ext>(admin, ENA_FEATURE_MAX_QUEUES_EXT,
							   ENA_MAX_QUEUES_EXT_VERSION);
		if (!ext)
			return ext.error();
		if (ext->version != ENA_MAX_QUEUES_EXT_VERSION) {
			log(kernel, OE_LOG_ERROR,
			    LogLine() << "queue limits of version " << ext->version
				      << ", only 1 is known");
			return Errno::invalid;
		}
		return RawLimits{
			.queues = least(least(ext->max_tx_sq_num.get(), ext->max_tx_cq_num.get()),
					least(ext->max_rx_sq_num.get(), ext->max_rx_cq_num.get())),
			.tx_ring = least(ext->max_tx_sq_depth.get(), ext->max_tx_cq_depth.get()),
			.rx_ring = least(ext->max_rx_sq_depth.get(), ext->max_rx_cq_depth.get()),
			.tx_descs = ext->max_packet_tx_descs.get(),
			.rx_descs = ext->max_packet_rx_descs.get(),
		};
	}
	auto plain = get_feature<ena_max_queues>(admin, ENA_FEATURE_MAX_QUEUES_NUM);
	if (!plain)
		return plain.error();
	uint32_t ring = least(plain->max_sq_depth.get(), plain->max_cq_depth.get());
	return RawLimits{
		.queues = least(plain->max_sq_num.get(), plain->max_cq_num.get()),
		.tx_ring = ring,
		.rx_ring = ring,
		.tx_descs = plain->max_packet_tx_descs.get(),
		.rx_descs = plain->max_packet_rx_descs.get(),
	};
}

Status bound_queue_limits(AdminQueue &admin, oe_kernel *kernel, Features &features)
{
	Result<RawLimits> raw = read_queue_limits(admin, kernel, features);
	if (!raw)
		return raw.error();
	/* One descriptor of a packet is the meta descriptor's. */
	if (!at_least(kernel, "a number of queues", raw->queues, 1) ||
	    !at_least(kernel, "a TX ring", raw->tx_ring, OE_MIN_RING) ||
	    !at_least(kernel, "an RX ring", raw->rx_ring, OE_MIN_RING) ||
	    !at_least(kernel, "TX descriptors for a packet", raw->tx_descs, 2) ||
	    !at_least(kernel, "RX descriptors for a packet", raw->rx_descs, 1))
		return Errno::invalid;
	features.max_queues = least(raw->queues, OE_MAX_QUEUES);
	features.max_tx_ring = std::bit_floor(least(raw->tx_ring, max_ring));
	features.max_rx_ring = std::bit_floor(least(raw->rx_ring, max_ring));
	features.max_tx_buffers = least(raw->tx_descs - 1, OE_MAX_TX_BUFFERS);
	features.max_rx_frags = least(raw->rx_descs, OE_RX_MAX_FRAGS);
	return {};
}

Status read_offloads(AdminQueue &admin, Features &features)
{
	auto offload = get_feature<ena_offload>(admin, ENA_FEATURE_OFFLOAD);
	if (!offload)
		return offload.error();
	features.tx_offloads = offload->tx.get();
	features.rx_offloads = offload->rx_supported.get();
	return {};
}

void read_rss(AdminQueue &admin, oe_kernel *kernel, Features &features)
{
	if (features.has(ENA_FEATURE_RSS_INDIRECTION)) {
		auto table = get_feature<ena_rss_indirection>(admin, ENA_FEATURE_RSS_INDIRECTION);
		uint32_t min = table ? table->min_size.get() : 0;
		uint32_t max = table ? table->max_size.get() : 0;

		if (!table)
			note_failure(kernel, "RSS table", table.error());
		else if (min <= usual_rss_log2 && usual_rss_log2 <= max)
			features.rss_log2_entries = usual_rss_log2;
		else if (min <= max && max >= 1 && max <= max_rss_log2)
			features.rss_log2_entries = max;
		else
			log(kernel, OE_LOG_WARNING,
			    LogLine() << "RSS tables of 2^" << min << " to 2^" << max
				      << " entries are beyond 2^" << max_rss_log2 << ": no RSS");
	}
	if (features.has(ENA_FEATURE_RSS_HASH_FUNCTION)) {
		/* Without a buffer: the device would answer with a key in it. */
		auto function =
			get_feature<ena_rss_hash_function>(admin, ENA_FEATURE_RSS_HASH_FUNCTION);

		if (!function)
			note_failure(kernel, "RSS key", function.error());
		else
			features.rss_key =
				(function->supported.get() & ENA_RSS_FUNCTION_TOEPLITZ) != 0;
	}
}

void read_moderation(AdminQueue &admin, oe_kernel *kernel, Features &features)
{
	if (!features.has(ENA_FEATURE_INTERRUPT_MODERATION))
		return;
	auto moderation =
		get_feature<ena_interrupt_moderation>(admin, ENA_FEATURE_INTERRUPT_MODERATION);
	if (!moderation) {
		note_failure(kernel, "interrupt moderation", moderation.error());
		return;
	}
	features.delay_resolution_us = moderation->resolution_us.get();
	if (!features.delay_resolution_us) {
		oek_log(kernel, OE_LOG_WARNING,
			"the device gives no unit for interrupt delays: 1 us taken");
		features.delay_resolution_us = 1;
	}
}

void read_timestamps(AdminQueue &admin, oe_kernel *kernel, Features &features)
{
	if (!features.has(ENA_FEATURE_HW_TIMESTAMP))
		return;
	auto stamps = get_feature<ena_hw_timestamp_config>(admin, ENA_FEATURE_HW_TIMESTAMP,
							   ENA_HW_TIMESTAMP_VERSION);
	if (!stamps) {
		note_failure(kernel, "timestamps", stamps.error());
		return;
	}
	features.tx_stamps = stamps->tx == ENA_HW_TIMESTAMP_ALL;
	features.rx_stamps = stamps->rx == ENA_HW_TIMESTAMP_ALL;
}

void read_hints(AdminQueue &admin, oe_kernel *kernel, Features &features)
{
	if (!features.has(ENA_FEATURE_HW_HINTS))
		return;
	auto hints = get_feature<ena_hw_hints>(admin, ENA_FEATURE_HW_HINTS);
	if (hints)
		features.hints = *hints;
	else
		note_failure(kernel, "hints", hints.error());
}

} // namespace

Status tolerate_absence(oe_kernel *kernel, const char *what, Status status)
{
	if (status || status.error() == Errno::not_supported)
		return {};
	log(kernel, OE_LOG_ERROR,
	    LogLine() << what << ": the device refuses it, error "
		      << static_cast<uint32_t>(status.error()));
	return status;
}

Result<ena_acq_entry> get_feature_entry(AdminQueue &admin, ena_feature_id id, uint8_t version,
					ControlBuffer buffer)
{
	ena_get_feature_cmd command = {};

	command.common.opcode = ENA_ADMIN_GET_FEATURE;
	if (buffer.length) {
		command.common.flags = ENA_AQ_CTRL_DATA_INDIRECT;
		command.ctrl.length.set(buffer.length);
		ena::store(command.ctrl.address, buffer.bus.value);
	}
	command.feature.flags = ENA_SELECT_CURRENT;
	command.feature.feature_id = id;
	command.feature.feature_version = version;
	return admin.execute(command);
}

Status set_feature_entry(AdminQueue &admin, ena_feature_id id, ControlBuffer buffer,
			 const void *data, size_t size)
{
	ena_set_feature_cmd command = {};

	command.common.opcode = ENA_ADMIN_SET_FEATURE;
	if (buffer.length) {
		command.common.flags = ENA_AQ_CTRL_DATA_INDIRECT;
		command.ctrl.length.set(buffer.length);
		ena::store(command.ctrl.address, buffer.bus.value);
	}
	command.feature.feature_id = id;
	__builtin_memcpy(command.data, data, size);
	if (auto entry = admin.execute(command); !entry)
		return entry.error();
	return {};
}

Status read_features(AdminQueue &admin, oe_kernel *kernel, Features &features)
{
	if (Status status = read_attributes(admin, kernel, features); !status)
		return status;
	if (Status status = bound_queue_limits(admin, kernel, features); !status)
		return status;
	auto events = get_feature<ena_aenq_config>(admin, ENA_FEATURE_AENQ_CONFIG);
	if (!events)
		return events.error();
	features.event_groups = events->supported_groups.get();
	if (Status status = read_offloads(admin, features); !status)
		return status;
	read_hints(admin, kernel, features);
	read_rss(admin, kernel, features);
	read_moderation(admin, kernel, features);
	read_timestamps(admin, kernel, features);
	if (features.has(ENA_FEATURE_LLQ) && oek_push_size(kernel))
		features.llq = read_llq(admin, kernel);
	/* An optional feature may be missing, but not because of a dead queue. */
	if (admin.dead())
		return Errno::timed_out;
	return {};
}

} // namespace oe
