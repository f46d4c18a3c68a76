/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vf_manager.hh"

#include "barriers.hh"

namespace oe
{

namespace
{

ena_vf_cmd make_command(ena_vf_opcode opcode, uint32_t vf, ena_vf_item item)
{
	ena_vf_cmd command = {};

	command.common.opcode = static_cast<uint8_t>(opcode);
	command.item = static_cast<uint8_t>(item);
	command.version = ENA_VF_VERSION;
	command.vf.set(static_cast<uint16_t>(vf));
	return command;
}

} // namespace

void VfManager::start(oe_kernel *kernel, AdminQueue &admin, const Features &features)
{
	items_ = total_ = 0;
	if (!features.can(ENA_CAPABILITY_VF_MANAGEMENT))
		return;
	auto entry = admin.execute(make_command(ENA_ADMIN_VF_GET, 0, ENA_VF_INFO));
	ena_vf_info info = {};
	if (entry)
		__builtin_memcpy(&info, entry->payload, sizeof(info));
	if (!entry || info.version < ENA_VF_VERSION) {
		oek_log(kernel, OE_LOG_WARNING,
			"the device does not say how its virtual functions are managed");
		return;
	}
	items_ = info.items.get();
	total_ = info.total.get();
	read_mode(admin);
}

Status VfManager::check(uint32_t vf, ena_vf_item item, Refusal &why) const
{
	if (!(items_ >> item & 1)) {
		why << "the device cannot do that for a virtual function";
		return Errno::not_supported;
	}
	if (vf < total_)
		return {};
	why << "virtual function " << vf << ", of at most " << total_;
	return Errno::invalid;
}

template <class T> Result<T> VfManager::ask(AdminQueue &admin, uint32_t vf, ena_vf_item item) const
{
	Refusal unsaid;
	if (Status status = check(vf, item, unsaid); !status)
		return status;
	auto entry = admin.execute(make_command(ENA_ADMIN_VF_GET, vf, item));
	if (!entry)
		return entry.error();

	T answer;
	static_assert(sizeof(answer) <= sizeof(entry->payload));
	__builtin_memcpy(&answer, entry->payload, sizeof(answer));
	return answer;
}

template <class T>
Status VfManager::tell(AdminQueue &admin, uint32_t vf, ena_vf_item item, const T &data,
		       Refusal &why) const
{
	if (Status status = check(vf, item, why); !status)
		return status;
	ena_vf_cmd command = make_command(ENA_ADMIN_VF_SET, vf, item);
	static_assert(sizeof(data) <= sizeof(command.data));
	__builtin_memcpy(command.data, &data, sizeof(data));
	auto entry = admin.execute(command);
	if (entry)
		return {};
	why << "the device refuses that for virtual function " << vf;
	return entry.error();
}

/* What the kernel shows must be possible, whatever the device says. */
Status VfManager::get(AdminQueue &admin, uint32_t vf, oe_vf_config &config) const
{
	auto answer = ask<ena_vf_settings_answer>(admin, vf, ENA_VF_SETTINGS);
	if (!answer)
		return answer.error();
	if (answer->link >= ENA_VF_LINK_STATES || answer->vlan.get() > ENA_VF_MAX_VLAN ||
	    answer->priority > ENA_VF_MAX_PRIORITY)
		return Errno::io;
	__builtin_memcpy(config.mac, answer->mac, sizeof(config.mac));
	config.vlan = answer->vlan.get();
	config.priority = answer->priority;
	static_assert(static_cast<int>(OE_VF_LINK_AUTO) == ENA_VF_LINK_AUTO &&
		      static_cast<int>(OE_VF_LINK_ENABLED) == ENA_VF_LINK_ENABLED &&
		      static_cast<int>(OE_VF_LINK_DISABLED) == ENA_VF_LINK_DISABLED);
	config.link = answer->link;
	config.spoof_check = answer->flags & ENA_VF_FLAG_SPOOF_CHECK;
	config.trusted = answer->flags & ENA_VF_FLAG_TRUSTED;
	config.max_tx_mbps = answer->max_tx_mbps.get();
	return {};
}

Status VfManager::get(AdminQueue &admin, uint32_t vf, oe_vf_stats &stats) const
{
	auto rx = ask<ena_vf_rx_stats>(admin, vf, ENA_VF_RX_STATS);
	if (!rx)
		return rx.error();
	auto tx = ask<ena_vf_tx_stats>(admin, vf, ENA_VF_TX_STATS);
	if (!tx)
		return tx.error();
	stats.rx_packets = rx->packets.get();
	stats.rx_bytes = rx->bytes.get();
	stats.rx_drops = rx->drops.get();
	stats.rx_broadcast = rx->broadcast.get();
	stats.rx_multicast = rx->multicast.get();
	stats.tx_packets = tx->packets.get();
	stats.tx_bytes = tx->bytes.get();
	stats.tx_drops = tx->drops.get();
	return {};
}

Status VfManager::set_mac(AdminQueue &admin, uint32_t vf, const uint8_t *mac, Refusal &why) const
{
	ena_vf_mac data = {};

	if (mac[0] & 1) {
		why << "a group address for virtual function " << vf;
		return Errno::invalid;
	}
	__builtin_memcpy(data.mac, mac, sizeof(data.mac));
	return tell(admin, vf, ENA_VF_MAC, data, why);
}

Status VfManager::set_vlan(AdminQueue &admin, uint32_t vf, uint32_t vlan, uint32_t priority,
			   uint32_t protocol, Refusal &why) const
{
	ena_vf_vlan data = {};

	if (protocol != ENA_VF_PROTOCOL_8021Q) {
		why << "VLAN protocol " << Hex{protocol} << ", only 802.1Q is possible";
		return Errno::protocol_not_supported;
	}
	if (vlan > ENA_VF_MAX_VLAN) {
		why << "VLAN " << vlan << " is above " << uint32_t{ENA_VF_MAX_VLAN};
		return Errno::range;
	}
	if (priority > (vlan ? ENA_VF_MAX_PRIORITY : 0)) {
		why << "VLAN priority " << priority << (vlan ? " is above 7" : " without a VLAN");
		return Errno::range;
	}
	data.vlan.set(static_cast<uint16_t>(vlan));
	data.protocol.set(ENA_VF_PROTOCOL_8021Q);
	data.priority = static_cast<uint8_t>(priority);
	return tell(admin, vf, ENA_VF_VLAN, data, why);
}

Status VfManager::set_toggle(AdminQueue &admin, uint32_t vf, ena_vf_item item, bool on,
			     Refusal &why) const
{
	return tell(admin, vf, item, ena_vf_toggle{.on = on}, why);
}

Status VfManager::set_link(AdminQueue &admin, uint32_t vf, uint32_t link, Refusal &why) const
{
	if (link >= ENA_VF_LINK_STATES) {
		why << "link state " << link << " of a virtual function is none";
		return Errno::invalid;
	}
	return tell(admin, vf, ENA_VF_LINK, ena_vf_link{.state = static_cast<uint8_t>(link)}, why);
}

Status VfManager::set_rate(AdminQueue &admin, uint32_t vf, uint32_t min_mbps, uint32_t max_mbps,
			   Refusal &why) const
{
	ena_vf_tx_rate data = {};

	if (min_mbps) {
		why << "a least rate of " << min_mbps << " Mbit/s: the device has only a largest";
		return Errno::not_supported;
	}
	if (max_mbps > ENA_VF_MAX_TX_MBPS) {
		why << "a rate of " << max_mbps << " Mbit/s is above "
		    << uint32_t{ENA_VF_MAX_TX_MBPS};
		return Errno::range;
	}
	data.max_mbps.set(max_mbps);
	return tell(admin, vf, ENA_VF_TX_RATE, data, why);
}

/* Of all functions, which the command says by the number 0. */
void VfManager::read_mode(AdminQueue &admin)
{
	constexpr uint32_t both = ENA_BIT(ENA_VF_SWITCH) | ENA_BIT(ENA_VF_SWITCH_MODE);

	static_assert(static_cast<int>(OE_SWITCH_VEB) == ENA_VF_SWITCH_VEB &&
		      static_cast<int>(OE_SWITCH_VEPA) == ENA_VF_SWITCH_VEPA);
	auto answer = ask<ena_vf_switch>(admin, 0, ENA_VF_SWITCH);
	if (answer && answer->mode < ENA_VF_SWITCH_MODES)
		store_relaxed(mode_, uint32_t{answer->mode});
	else
		items_ &= ~both;
}

Status VfManager::get_mode(uint32_t &mode) const
{
	if (!(items_ >> ENA_VF_SWITCH & 1))
		return Errno::not_supported;
	mode = load_relaxed(mode_);
	return {};
}

Status VfManager::set_mode(AdminQueue &admin, uint32_t mode, Refusal &why)
{
	if (mode >= ENA_VF_SWITCH_MODES) {
		why << "mode " << mode << " of the switch is none: VEB is 0, VEPA 1";
		return Errno::invalid;
	}
	const ena_vf_switch data = {.mode = static_cast<uint8_t>(mode)};
	if (Status status = tell(admin, 0, ENA_VF_SWITCH_MODE, data, why); !status)
		return status;
	store_relaxed(mode_, mode);
	return {};
}

} // namespace oe
