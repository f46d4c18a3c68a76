// SPDX-License-Identifier: GPL-2.0-or-later
/* The snapshot of the whole function, in the order in which it is loaded. */
#include "device.hh"

namespace ena
{

namespace
{
/* What a guest has seen of the adapter and will not look at again. */
void snapshot_config(Snapshot &s, const ena_config &config)
{
	uint64_t mac = 0;
	for (const uint8_t byte : config.mac)
		mac = mac << 8 | byte;

	s.section("config", 2, Absent::refused, [&] {
		s.same("MAC address", mac);
		s.same("queues", config.queues);
		s.same("tx-depth", config.tx_depth);
		s.same("rx-depth", config.rx_depth);
		s.same("vectors", config.vectors);
		s.same("max-mtu", config.max_mtu);
		s.same("speed", config.speed_mbps);
		s.same("features", config.features);
		s.same("tx-offloads", config.tx_offloads);
		s.same("rx-offloads", config.rx_offloads);
		s.same("keep-alive-ms", config.keep_alive_ms);
		s.same("moderation-us", config.moderation_resolution_us);
		s.same("readless", config.readless);
		s.same("ena-express", config.ena_express);
		s.same("ena-express-udp", config.ena_express_udp);
		s.same("llq", config.llq);
		s.same("llq meta caching", config.llq_meta_caching);
		s.same("llq entry sizes", config.llq_entry_sizes);
		s.same("llq descriptors before header", config.llq_descs_before_header);
		s.same("llq strides", config.llq_strides);
		s.same("llq recommended entry", config.llq_entry_recommended);
		s.same("llq wide depth", config.llq_wide_depth);
		s.same("llq burst", config.llq_max_burst);
		s.same("flow rules", config.flow_rules);
		if (!s.since(2))
			return;
		s.same("strict", config.strict);
		s.same("phc-rate", config.phc_rate);
		s.same("phc-error-bound-ns", config.phc_error_bound_ns);
		s.same("phc-expire-us", config.phc_expire_us);
		s.same("phc-block-us", config.phc_block_us);
		s.same("fragment-pps", config.fragment_pps);
	});
}
} // namespace

void Device::snapshot(Snapshot &s)
{
	snapshot_config(s, config_);
	reset_.snapshot(s);
	readless_.snapshot(s);
	admin_.snapshot(s);
	statistics_.snapshot(s);
	reset_report_.snapshot(s);
	interrupts_.snapshot(s, config_.vectors);
	events_.snapshot(s);
	llq_.snapshot(s);
	queues_.snapshot(s);
	rss_.snapshot(s);
	features_.snapshot(s);
	tx_.snapshot(s);
	phc_.snapshot(s);
	timestamps_.snapshot(s);
	steering_.snapshot(s);
	fragments_.snapshot(s);
	address_.snapshot(s);
	vfs_.snapshot(s);
	share_.snapshot(s);
	admin_faults_.snapshot(s);
}

size_t Device::save(std::span<uint8_t> buffer, std::span<char> why)
{
	Snapshot s(buffer, host_.now(), why);
	snapshot(s);
	const size_t size = s.finish();
	return s.failed() ? 0 : size;
}

/* A reset, and what that leaves as it is. */
void Device::start_over()
{
	statistics_ = {};
	reset_report_ = {};
	events_.forget_posted();
	power_on_reset();
}

bool Device::load(std::span<const uint8_t> bytes, std::span<char> why)
{
	const bool link = events_.link_up();
	Snapshot s = Snapshot::loader(bytes, host_.now(), why);

	start_over();
	snapshot(s);
	(void)s.finish();
	if (s.failed()) {
		events_.set_link(link);
		events_.update_hints(make_hints(config_));
		start_over();
		return false;
	}
	rx_.resume();
	schedule_if_work();
	rearm_timer();
	return true;
}

} // namespace ena
