// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric.hh"

#include <utility>

namespace
{
constexpr size_t memory_size = 2u << 20;

ena_config config_of(const Bytes &mac)
{
	ena_config config = FakeHost::default_config();
	config.queues = 2;
	config.vectors = 3;
	config.llq = false;
	memcpy(config.mac, mac.data(), sizeof(config.mac));
	return config;
}

Fabric &fabric(void *host)
{
	return *static_cast<Fabric *>(host);
}
} // namespace

Fabric::Function::Function(const ena_config &config) : g(config, memory_size)
{
}

void Fabric::Function::start()
{
	g.start();
	tx = g.create(false, 256, 1);
	rx = g.create(true, 256, 1);
	g.post(rx, 64, 2048);
}

std::vector<bool> Fabric::Function::link_events()
{
	std::vector<bool> up;
	for (const ena_aenq_entry &e : g.events())
		if (e.group.get() == ENA_AENQ_LINK_CHANGE)
			up.push_back(e.data[0] & ENA_LINK_CHANGE_UP);
	return up;
}

Bytes Fabric::Function::address()
{
	const auto attributes = g.get_feature<ena_device_attributes>(ENA_FEATURE_DEVICE_ATTRIBUTES);
	return {attributes.mac, attributes.mac + sizeof(attributes.mac)};
}

Bytes Fabric::pf_mac()
{
	return {0x52, 0x54, 0, 0, 0, 1};
}

Bytes Fabric::made_mac(unsigned int vf)
{
	return {0x0a, static_cast<uint8_t>(vf + 1), 0, 0, 0, 1};
}

Fabric::Fabric(unsigned int total, unsigned int enabled)
    : settings_(total), lost_(1 + total), switch_(ena_switch_new())
{
	std::vector<std::array<uint8_t, 6>> macs(total);

	functions_.push_back(std::make_unique<Function>(config_of(pf_mac())));
	for (unsigned int i = 0; i < total; i++) {
		functions_.push_back(std::make_unique<Function>(config_of(made_mac(i))));
		std::copy_n(made_mac(i).begin(), 6, macs[i].begin());
	}
	for (unsigned int i = 0; i < functions_.size(); i++) {
		FakeHost &host = functions_[i]->g.host;
		host.on_transmit = [this, i, &host] {
			const FakeHost::Sent sent = host.sent.back();
			host.sent.pop_back();
			carried++;
			forward(ENA_SWITCH_PF + i, sent.bytes, sent.hdr);
		};
		host.stays_inside = [this, i](std::span<const uint8_t> head) {
			return ena_switch_stays_inside(switch_, ENA_SWITCH_PF + i, head.data(),
						       head.size());
		};
	}
	const ena_vf_ops ops = {
		.changed = [](void *host, unsigned int vf,
			      const ena_vf_settings *s) { fabric(host).changed(vf, *s); },
		.count =
			[](void *host, unsigned int vf, ena_vf_counters *counters) {
				Fabric &f = fabric(host);
				ena_switch_counters at_switch;
				ena_device_stats stats;
				ena_switch_get_counters(f.switch_, ENA_SWITCH_FIRST_VF + vf,
							&at_switch);
				ena_device_get_stats(f.vf(vf).g.host.device, &stats);
				*counters = {stats.rx_packets,
					     stats.rx_bytes,
					     stats.rx_drops + f.lost(1 + vf),
					     at_switch.broadcast,
					     at_switch.multicast,
					     stats.tx_packets,
					     stats.tx_bytes,
					     stats.tx_drops,
					     at_switch.spoofed,
					     at_switch.tagged};
			},
		.switched =
			[](void *host, uint8_t mode) {
				fabric(host).set_mode(mode == ENA_VF_SWITCH_VEPA ? ENA_SWITCH_VEPA
										 : ENA_SWITCH_VEB);
			},
	};
	ena_switch_port port{};
	port.on = true;
	std::copy_n(pf_mac().begin(), 6, port.mac);
	ena_switch_set_port(switch_, ENA_SWITCH_PF, &port);
	ena_device_manage_vfs(pf().g.host.device, &ops, this, total,
			      reinterpret_cast<const uint8_t(*)[6]>(macs.data()));
	pf().start();
	enable(enabled);
	for (unsigned int i = 0; i < enabled; i++)
		vf(i).start();
}

Fabric::~Fabric()
{
	functions_.clear();
	ena_switch_free(switch_);
}

void Fabric::set_port(unsigned int vf)
{
	const ena_vf_settings &s = settings_[vf];
	ena_switch_port port{};

	port.on = vf < enabled_;
	port.check_source = s.spoof_check;
	port.floods = s.trusted;
	port.vlan = s.vlan;
	port.priority = s.priority;
	std::copy_n(s.mac, 6, port.mac);
	ena_switch_set_port(switch_, ENA_SWITCH_FIRST_VF + vf, &port);
}

void Fabric::set_link_of(unsigned int number)
{
	const uint8_t link = settings_[number].link;

	ena_device_set_link(vf(number).g.host.device,
			    link == ENA_VF_LINK_ENABLED || (link == ENA_VF_LINK_AUTO && wire_up_));
}

void Fabric::changed(unsigned int number, const ena_vf_settings &settings)
{
	ena_device *device = vf(number).g.host.device;

	settings_[number] = settings;
	set_port(number);
	ena_device_set_mac(device, settings.mac);
	ena_device_set_tx_rate(device, settings.max_tx_mbps);
	set_link_of(number);
}

void Fabric::enable(unsigned int count)
{
	enabled_ = count;
	for (unsigned int i = 0; i < settings_.size(); i++)
		set_port(i);
	ena_device_enable_vfs(pf().g.host.device, count);
}

void Fabric::plug(bool up)
{
	wire_up_ = up;
	ena_device_set_link(pf().g.host.device, up);
	for (unsigned int i = 0; i < settings_.size(); i++)
		set_link_of(i);
}

ena_acq_entry Fabric::command(uint8_t opcode, unsigned int vf, uint8_t item, const void *data,
			      size_t size)
{
	ena_vf_cmd cmd{};
	cmd.common.opcode = opcode;
	cmd.item = item;
	cmd.version = ENA_VF_VERSION;
	cmd.vf.set(static_cast<uint16_t>(vf));
	if (size)
		memcpy(cmd.data, data, size);
	return pf().g.command(&cmd);
}

uint8_t Fabric::set(unsigned int vf, ena_vf_item item, const void *data, size_t size)
{
	return command(ENA_ADMIN_VF_SET, vf, item, data, size).common.status;
}

uint8_t Fabric::set_mac(unsigned int vf, const Bytes &mac)
{
	return set(vf, ENA_VF_MAC, mac.data(), mac.size());
}

uint8_t Fabric::set_vlan(unsigned int vf, uint16_t vlan, uint8_t priority)
{
	ena_vf_vlan data{};
	data.vlan.set(vlan);
	data.protocol.set(ENA_VF_PROTOCOL_8021Q);
	data.priority = priority;
	return set(vf, ENA_VF_VLAN, data);
}

uint8_t Fabric::set_toggle(unsigned int vf, ena_vf_item item, bool on)
{
	return set(vf, item, ena_vf_toggle{on});
}

uint8_t Fabric::set_link(unsigned int vf, uint8_t state)
{
	return set(vf, ENA_VF_LINK, ena_vf_link{state});
}

uint8_t Fabric::set_rate(unsigned int vf, uint32_t mbps)
{
	ena_vf_tx_rate data{};
	data.max_mbps.set(mbps);
	return set(vf, ENA_VF_TX_RATE, data);
}

Bytes Fabric::frame(const Bytes &to, const Bytes &from, const Bytes &rest)
{
	Bytes bytes = to;
	bytes.insert(bytes.end(), from.begin(), from.end());
	bytes.insert(bytes.end(), rest.begin(), rest.end());
	bytes.resize(std::max<size_t>(bytes.size(), 60), 0x77);
	return bytes;
}

void Fabric::send(Function &from, const Bytes &frame)
{
	from.g.push_packet(from.tx, from.next_id, from.g.place(frame));
	from.next_id = static_cast<uint16_t>((from.next_id + 1) % from.tx.depth);
	from.g.ring(from.tx);
	while (from.g.tx_completion(from.tx))
		;
}

bool Fabric::deliver(const ena_switch_ports &to, std::span<const iovec> frame,
		     const ena_vnet_hdr &hdr)
{
	for (unsigned int i = 0; i < functions_.size(); i++) {
		const unsigned int port = ENA_SWITCH_PF + i;
		if (to.words[port / 64] >> port % 64 & 1)
			lost_[i] += ena_device_receive(functions_[i]->g.host.device, frame.data(),
						       static_cast<int>(frame.size()),
						       &hdr) == ENA_RECEIVE_HOLD;
	}
	return to.words[0] & 1;
}

void Fabric::forward(unsigned int port, const Bytes &frame, const ena_vnet_hdr &hdr)
{
	const iovec whole = {const_cast<uint8_t *>(frame.data()), frame.size()};
	const ena_switch_route route =
		ena_switch_forward(switch_, port, frame.data(), frame.size());
	const bool refused = !(route.as_it_is.words[0] | route.as_it_is.words[1] |
			       route.retagged.words[0] | route.retagged.words[1]);
	ena_vnet_hdr moved = hdr;
	uint8_t tag[4];
	iovec pieces[3];

	if (deliver(route.as_it_is, {&whole, 1}, hdr))
		wire.push_back(frame);
	const int count = ena_switch_retag(&route, &whole, 1, pieces, tag, &moved);
	if (deliver(route.retagged, {pieces, static_cast<size_t>(count)}, moved)) {
		Bytes bytes;
		for (int i = 0; i < count; i++) {
			const auto *p = static_cast<const uint8_t *>(pieces[i].iov_base);
			bytes.insert(bytes.end(), p, p + pieces[i].iov_len);
		}
		wire.push_back(bytes);
	}
	if (port != ENA_SWITCH_WIRE)
		functions_[port - ENA_SWITCH_PF]->g.host.answer = refused ? ENA_TRANSMIT_DROPPED
									  : ENA_TRANSMIT_SENT;
}

void Fabric::wire_in(const Bytes &frame)
{
	forward(ENA_SWITCH_WIRE, frame, {});
}

void Fabric::send_back()
{
	for (const Bytes &frame : std::exchange(wire, {}))
		wire_in(frame);
}

std::vector<Bytes> Fabric::received(Function &to)
{
	std::vector<Bytes> frames;
	while (auto f = to.g.rx_completion(to.rx)) {
		frames.push_back(f->bytes);
		to.g.post(to.rx, 1, 2048);
	}
	return frames;
}

void Fabric::advance(uint64_t ns)
{
	for (auto &function : functions_)
		function->g.host.advance(ns);
}
