// SPDX-License-Identifier: GPL-2.0-or-later
#include "vf_manager.hh"

#include <algorithm>
#include <cstring>

namespace ena
{

namespace
{
constexpr uint32_t items =
	ENA_BIT(ENA_VF_INFO) | ENA_BIT(ENA_VF_SETTINGS) | ENA_BIT(ENA_VF_RX_STATS) |
	ENA_BIT(ENA_VF_TX_STATS) | ENA_BIT(ENA_VF_SWITCH) | ENA_BIT(ENA_VF_SWITCH_MODE) |
	ENA_BIT(ENA_VF_MAC) | ENA_BIT(ENA_VF_VLAN) | ENA_BIT(ENA_VF_SPOOF_CHECK) |
	ENA_BIT(ENA_VF_TRUST) | ENA_BIT(ENA_VF_LINK) | ENA_BIT(ENA_VF_TX_RATE);

bool all_zero(std::span<const uint8_t> bytes)
{
	return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return !b; });
}

ena_vf_rx_stats rx_stats(const ena_vf_counters &c)
{
	ena_vf_rx_stats stats{};

	stats.packets.set(c.rx_packets);
	stats.bytes.set(c.rx_bytes);
	stats.drops.set(c.rx_drops);
	stats.broadcast.set(c.rx_broadcast);
	stats.multicast.set(c.rx_multicast);
	return stats;
}

ena_vf_tx_stats tx_stats(const ena_vf_counters &c)
{
	ena_vf_tx_stats stats{};

	stats.packets.set(c.tx_packets);
	stats.bytes.set(c.tx_bytes);
	stats.drops.set(c.tx_drops);
	stats.spoofed.set(c.tx_spoofed);
	stats.tagged.set(c.tx_tagged);
	return stats;
}
} // namespace

void VfManager::set_defaults(unsigned int vf)
{
	ena_vf_settings &s = settings_[vf];

	s = {};
	memcpy(s.mac, made_[vf].data(), sizeof(s.mac));
	s.spoof_check = true;
	s.link = ENA_VF_LINK_AUTO;
	ops_.changed(opaque_, vf, &s);
}

void VfManager::manage(const ena_vf_ops &ops, void *opaque, unsigned int total,
		       const uint8_t (*macs)[6])
{
	ops_ = ops;
	opaque_ = opaque;
	total_ = std::min<unsigned int>(total, ENA_DEVICE_MAX_VFS);
	enabled_ = 0;
	for (unsigned int vf = 0; vf < total_; vf++) {
		memcpy(made_[vf].data(), macs[vf], made_[vf].size());
		set_defaults(vf);
	}
}

void VfManager::enable(unsigned int count)
{
	const unsigned int before = enabled_;

	enabled_ = std::min(count, total_);
	for (unsigned int vf = enabled_; vf < before; vf++)
		set_defaults(vf);
}

void VfManager::switch_to(uint8_t mode)
{
	mode_ = mode;
	ops_.switched(opaque_, mode);
}

void VfManager::set_first_mode(uint8_t mode)
{
	first_mode_ = mode;
	switch_to(mode);
}

void VfManager::power_on()
{
	if (any())
		switch_to(first_mode_);
}

void VfManager::snapshot(Snapshot &s)
{
	s.section("switch", 1, Absent::defaults,
		  [&] { s.value("mode", mode_, 0, any() ? ENA_VF_SWITCH_MODES - 1 : 0); });
	if (s.loading() && !s.failed() && any())
		switch_to(mode_);
}

ena_admin_status VfManager::check(const char *what, const ena_vf_cmd &cmd)
{
	if (cmd.version < 1 || cmd.version > ENA_VF_VERSION)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "%s: version %u of the extension, must be 1 to %u", what,
				    cmd.version, ENA_VF_VERSION);
	if (!all_zero(cmd.reserved4))
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "%s: bytes 4 to 15 of the command are reserved, must be 0",
				    what);
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status VfManager::check_vf(const char *what, const ena_vf_cmd &cmd)
{
	if (is_about_all(cmd.item)) {
		if (!cmd.vf.get())
			return ENA_ADMIN_SUCCESS;
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "%s %u: virtual function %u, must be 0", what, cmd.item,
				    cmd.vf.get());
	}
	if (cmd.vf.get() < enabled_)
		return ENA_ADMIN_SUCCESS;
	return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
			    "%s %u: virtual function %u, of which %u are enabled", what, cmd.item,
			    cmd.vf.get(), enabled_);
}

ena_vf_info VfManager::info() const
{
	ena_vf_info i{};

	i.version = ENA_VF_VERSION;
	i.total.set(static_cast<uint16_t>(total_));
	i.enabled.set(static_cast<uint16_t>(enabled_));
	i.items.set(items);
	return i;
}

ena_vf_settings_answer VfManager::settings(unsigned int vf) const
{
	const ena_vf_settings &s = settings_[vf];
	ena_vf_settings_answer a{};

	memcpy(a.mac, s.mac, sizeof(a.mac));
	a.flags = static_cast<uint8_t>((s.mac_given ? ENA_VF_FLAG_MAC_GIVEN : 0) |
				       (s.spoof_check ? ENA_VF_FLAG_SPOOF_CHECK : 0) |
				       (s.trusted ? ENA_VF_FLAG_TRUSTED : 0));
	a.link = s.link;
	a.vlan.set(s.vlan);
	a.priority = s.priority;
	a.max_tx_mbps.set(s.max_tx_mbps);
	return a;
}

ena_vf_counters VfManager::count(unsigned int vf) const
{
	ena_vf_counters counters{};

	ops_.count(opaque_, vf, &counters);
	return counters;
}

ena_admin_status VfManager::get(const ena_vf_cmd &cmd, Payload payload)
{
	const unsigned int vf = cmd.vf.get();

	if (const auto status = check("VF_GET", cmd))
		return status;
	if (!all_zero(cmd.data))
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "VF_GET %u: the command has data, must be 0", cmd.item);
	if (const auto status = check_vf("VF_GET", cmd))
		return status;
	switch (cmd.item) {
	case ENA_VF_INFO:
		return put(payload, info());
	case ENA_VF_SWITCH:
		return put(payload, ena_vf_switch{mode_});
	case ENA_VF_SETTINGS:
		return put(payload, settings(vf));
	case ENA_VF_RX_STATS:
		return put(payload, rx_stats(count(vf)));
	case ENA_VF_TX_STATS:
		return put(payload, tx_stats(count(vf)));
	default:
		return host_.refuse(ENA_ADMIN_UNSUPPORTED_OPCODE,
				    "VF_GET: there is no item %u to be read", cmd.item);
	}
}

template <class T> ena_admin_status VfManager::take(const ena_vf_cmd &cmd, T &value)
{
	static_assert(sizeof(T) <= sizeof(cmd.data));
	memcpy(&value, cmd.data, sizeof(value));
	if (all_zero(std::span(cmd.data).subspan(sizeof(value))))
		return ENA_ADMIN_SUCCESS;
	return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
			    "VF_SET %u: it has %zu bytes of data, those behind must be 0", cmd.item,
			    sizeof(value));
}

ena_admin_status VfManager::set_mac(unsigned int vf, const ena_vf_mac &wanted, ena_vf_settings &to)
{
	const uint8_t *m = wanted.mac;
	const auto refuse = [&](const char *why) {
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "VF_SET %u: %02x:%02x:%02x:%02x:%02x:%02x for virtual function "
				    "%u: %s",
				    ENA_VF_MAC, m[0], m[1], m[2], m[3], m[4], m[5], vf, why);
	};

	if (all_zero(wanted.mac)) {
		memcpy(to.mac, made_[vf].data(), sizeof(to.mac));
		to.mac_given = false;
		return ENA_ADMIN_SUCCESS;
	}
	if (m[0] & 1)
		return refuse("it is a group address");
	if (!memcmp(m, config_.mac, sizeof(config_.mac)))
		return refuse("the physical function has it");
	/* Or will have it again when what is set for it is forgotten. */
	for (unsigned int other = 0; other < total_; other++)
		if (other != vf && (!memcmp(m, settings_[other].mac, sizeof(to.mac)) ||
				    !memcmp(m, made_[other].data(), sizeof(to.mac))))
			return refuse("another virtual function has it");
	memcpy(to.mac, m, sizeof(to.mac));
	to.mac_given = true;
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status VfManager::set_vlan(const ena_vf_vlan &wanted, ena_vf_settings &to)
{
	const unsigned int vlan = wanted.vlan.get(), protocol = wanted.protocol.get();

	if (wanted.reserved)
		return host_.refuse(ENA_ADMIN_MALFORMED_REQUEST,
				    "VF_SET %u: the last byte is reserved, must be 0", ENA_VF_VLAN);
	if (protocol != ENA_VF_PROTOCOL_8021Q)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "VF_SET %u: tag of protocol 0x%04x, must be 0x%04x (802.1Q)",
				    ENA_VF_VLAN, protocol, ENA_VF_PROTOCOL_8021Q);
	if (vlan > ENA_VF_MAX_VLAN)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "VF_SET %u: VLAN %u, must be 1 to %u, or 0 for none",
				    ENA_VF_VLAN, vlan, ENA_VF_MAX_VLAN);
	if (wanted.priority > (vlan ? ENA_VF_MAX_PRIORITY : 0))
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "VF_SET %u: priority %u with VLAN %u, must be at most %u",
				    ENA_VF_VLAN, wanted.priority, vlan,
				    vlan ? ENA_VF_MAX_PRIORITY : 0);
	to.vlan = static_cast<uint16_t>(vlan);
	to.priority = wanted.priority;
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status VfManager::set_toggle(uint8_t item, const ena_vf_toggle &wanted, bool &to)
{
	if (wanted.on > 1)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "VF_SET %u: %u, must be 0 (off) or 1 (on)", item, wanted.on);
	to = wanted.on;
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status VfManager::set_link(const ena_vf_link &wanted, ena_vf_settings &to)
{
	if (wanted.state >= ENA_VF_LINK_STATES)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "VF_SET %u: link state %u, must be 0 to %u", ENA_VF_LINK,
				    wanted.state, ENA_VF_LINK_STATES - 1);
	to.link = wanted.state;
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status VfManager::set_rate(const ena_vf_tx_rate &wanted, ena_vf_settings &to)
{
	const uint32_t mbps = wanted.max_mbps.get();

	if (mbps > ENA_VF_MAX_TX_MBPS)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "VF_SET %u: %u Mbit/s, must be 1 to %u, or 0 for no limit",
				    ENA_VF_TX_RATE, mbps, ENA_VF_MAX_TX_MBPS);
	to.max_tx_mbps = mbps;
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status VfManager::set_mode(const ena_vf_cmd &cmd)
{
	ena_vf_switch wanted{};

	if (const auto status = take(cmd, wanted))
		return status;
	if (wanted.mode >= ENA_VF_SWITCH_MODES)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "VF_SET %u: mode %u of the switch, must be 0 (VEB) or 1 (VEPA)",
				    cmd.item, wanted.mode);
	switch_to(wanted.mode);
	return ENA_ADMIN_SUCCESS;
}

ena_admin_status VfManager::change(const ena_vf_cmd &cmd, ena_vf_settings &to)
{
	const auto taken = [&](auto value, auto use) {
		const ena_admin_status status = take(cmd, value);
		return status ? status : use(value);
	};

	switch (cmd.item) {
	case ENA_VF_MAC:
		return taken(ena_vf_mac{},
			     [&](const auto &v) { return set_mac(cmd.vf.get(), v, to); });
	case ENA_VF_VLAN:
		return taken(ena_vf_vlan{}, [&](const auto &v) { return set_vlan(v, to); });
	case ENA_VF_SPOOF_CHECK:
		return taken(ena_vf_toggle{}, [&](const auto &v) {
			return set_toggle(cmd.item, v, to.spoof_check);
		});
	case ENA_VF_TRUST:
		return taken(ena_vf_toggle{},
			     [&](const auto &v) { return set_toggle(cmd.item, v, to.trusted); });
	case ENA_VF_LINK:
		return taken(ena_vf_link{}, [&](const auto &v) { return set_link(v, to); });
	case ENA_VF_TX_RATE:
		return taken(ena_vf_tx_rate{}, [&](const auto &v) { return set_rate(v, to); });
	default:
		return host_.refuse(ENA_ADMIN_UNSUPPORTED_OPCODE,
				    "VF_SET: there is no item %u to be set", cmd.item);
	}
}

ena_admin_status VfManager::set(const ena_vf_cmd &cmd)
{
	const unsigned int vf = cmd.vf.get();

	if (const auto status = check("VF_SET", cmd))
		return status;
	if (const auto status = check_vf("VF_SET", cmd))
		return status;
	if (cmd.item == ENA_VF_SWITCH_MODE)
		return set_mode(cmd);
	ena_vf_settings wanted = settings_[vf];
	if (const auto status = change(cmd, wanted))
		return status;
	settings_[vf] = wanted;
	ops_.changed(opaque_, vf, &wanted);
	return ENA_ADMIN_SUCCESS;
}

} // namespace ena
