// SPDX-License-Identifier: GPL-2.0-or-later
/* Any commands about virtual functions, and frames through the switch as they set it. */
#include "guest.hh"

#include "abi/ena_vf.h"
#include "ena_switch.h"

#include <array>
#include <bit>

namespace
{
using fuzz::FuzzHost;
using fuzz::Guest;

constexpr unsigned int vfs = 5;
constexpr unsigned int ports = ENA_SWITCH_FIRST_VF + vfs;
constexpr uint8_t vf_items[] = {
	ENA_VF_INFO, ENA_VF_SETTINGS, ENA_VF_RX_STATS,    ENA_VF_TX_STATS,
	ENA_VF_MAC,  ENA_VF_VLAN,     ENA_VF_SPOOF_CHECK, ENA_VF_TRUST,
	ENA_VF_LINK, ENA_VF_TX_RATE,  ENA_VF_SWITCH,      ENA_VF_SWITCH_MODE,
};
/* Few, so that functions meet. */
constexpr uint16_t vlans[] = {0, 1, 100, 4094};

std::array<uint8_t, 6> mac_of(unsigned int port)
{
	return {0x0a, static_cast<uint8_t>(port), 0, 0, 0, 1};
}

/* The functions, of which only the physical one has a core. */
class Functions {
    public:
	Functions(FuzzHost &host, bool managed) : switch_(ena_switch_new())
	{
		std::array<std::array<uint8_t, 6>, vfs> macs;
		for (unsigned int i = 0; i < vfs; i++)
			macs[i] = mac_of(ENA_SWITCH_FIRST_VF + i);
		if (managed)
			host.manage_vfs({.changed = changed, .count = count, .switched = switched},
					this, macs);
		ena_switch_port &pf = ports_[ENA_SWITCH_PF];
		pf.on = ports_[ENA_SWITCH_WIRE].on = true;
		memcpy(pf.mac, host.config.mac, sizeof(pf.mac));
		ena_switch_set_port(switch_, ENA_SWITCH_PF, &pf);
	}
	~Functions()
	{
		ena_switch_free(switch_);
	}
	Functions(const Functions &) = delete;
	Functions &operator=(const Functions &) = delete;

	void enable(FuzzHost &host, unsigned int count)
	{
		enabled_ = count;
		for (unsigned int i = 0; i < vfs; i++)
			set_port(i);
		host.enable_vfs(count);
	}
	void send(fuzz::Input &input);
	void change_mode()
	{
		switched(this, vepa_ ? ENA_VF_SWITCH_VEB : ENA_VF_SWITCH_VEPA);
	}

    private:
	static void changed(void *opaque, unsigned int vf, const ena_vf_settings *settings);
	static void count(void *, unsigned int vf, ena_vf_counters *counters)
	{
		FUZZ_CHECK(vf < vfs, "counters of a function that does not exist");
		counters->tx_spoofed = 1;
	}
	static void switched(void *opaque, uint8_t mode)
	{
		Functions &self = *static_cast<Functions *>(opaque);

		FUZZ_CHECK(mode < ENA_VF_SWITCH_MODES, "a mode of the switch beyond the last");
		self.vepa_ = mode == ENA_VF_SWITCH_VEPA;
		ena_switch_set_mode(self.switch_, self.vepa_ ? ENA_SWITCH_VEPA : ENA_SWITCH_VEB);
	}
	void set_port(unsigned int vf)
	{
		ena_vf_settings &s = settings_[vf];
		ena_switch_port &port = ports_[ENA_SWITCH_FIRST_VF + vf];

		port.on = vf < enabled_;
		port.check_source = s.spoof_check;
		port.floods = s.trusted;
		port.vlan = s.vlan;
		port.priority = s.priority;
		memcpy(port.mac, s.mac, sizeof(port.mac));
		ena_switch_set_port(switch_, ENA_SWITCH_FIRST_VF + vf, &port);
	}
	void check(unsigned int from, std::span<const uint8_t> frame,
		   const ena_switch_route &route) const;

	ena_switch *switch_;
	std::array<ena_vf_settings, vfs> settings_{};
	std::array<ena_switch_port, ports> ports_{};
	unsigned int enabled_ = 0;
	bool vepa_ = false;
};

/* Whatever a guest says, what is set keeps to the limits. */
void Functions::changed(void *opaque, unsigned int vf, const ena_vf_settings *s)
{
	Functions &self = *static_cast<Functions *>(opaque);

	FUZZ_CHECK(vf < vfs, "settings of a function that does not exist");
	FUZZ_CHECK(!(s->mac[0] & 1), "a group address is set");
	FUZZ_CHECK(s->link < ENA_VF_LINK_STATES, "a link state beyond the last");
	FUZZ_CHECK(s->vlan <= ENA_VF_MAX_VLAN, "a VLAN beyond the last");
	FUZZ_CHECK(s->priority <= (s->vlan ? ENA_VF_MAX_PRIORITY : 0), "a priority too high");
	FUZZ_CHECK(s->max_tx_mbps <= ENA_VF_MAX_TX_MBPS, "a rate too high");
	for (unsigned int other = 0; other < vfs; other++)
		FUZZ_CHECK(other == vf || !self.settings_[other].mac[0] ||
				   memcmp(self.settings_[other].mac, s->mac, sizeof(s->mac)) != 0,
			   "two functions have one address");
	self.settings_[vf] = *s;
	self.set_port(vf);
}

/* A function with a VLAN sees nothing of others, and never a tag of it. */
void Functions::check(unsigned int from, std::span<const uint8_t> frame,
		      const ena_switch_route &route) const
{
	const auto has = [](const ena_switch_ports &set, unsigned int port) {
		return set.words[port / 64] >> port % 64 & 1;
	};
	const bool tagged = frame.size() > 17 && frame[12] == 0x81 && frame[13] == 0;
	const unsigned int vlan = ports_[from].vlan ? ports_[from].vlan
				  : tagged          ? (frame[14] << 8 | frame[15]) & 0xfff
						    : 0;

	FUZZ_CHECK(!has(route.as_it_is, from) && !has(route.retagged, from),
		   "a frame comes back to its sender");
	/* Unless it was refused, a group frame reaches all that are in its VLAN, or in none. */
	const bool all = frame.size() > 5 && frame[0] & 1 && (!vepa_ || from == ENA_SWITCH_WIRE) &&
			 (route.as_it_is.words[0] | route.retagged.words[0]);
	for (unsigned int port = 0; port < ENA_SWITCH_MAX_PORTS; port++) {
		const bool plain = has(route.as_it_is, port), edited = has(route.retagged, port);
		if (vepa_ && from != ENA_SWITCH_WIRE && port != ENA_SWITCH_WIRE)
			FUZZ_CHECK(!plain && !edited, "a frame takes a short way");
		if (vepa_ && from == ENA_SWITCH_WIRE && port != from && port < ports &&
		    ports_[port].on && frame.size() > 11 &&
		    !memcmp(&frame[6], ports_[port].mac, sizeof(ports_[port].mac))) {
			FUZZ_CHECK(!plain && !edited, "a frame is sent back to its sender");
			continue;
		}
		FUZZ_CHECK(!plain || !edited, "a port gets a frame twice");
		if (!plain && !edited) {
			FUZZ_CHECK(!all || port >= ports || port == from || !ports_[port].on ||
					   (ports_[port].vlan && ports_[port].vlan != vlan),
				   "a port of its VLAN does not get a group frame");
			continue;
		}
		FUZZ_CHECK(port < ports, "a port that is not there gets a frame");
		if (!ports_[port].vlan) {
			FUZZ_CHECK(edited == (ports_[from].vlan != 0),
				   "a tag is missing, or is new");
			continue;
		}
		FUZZ_CHECK(ports_[port].vlan == vlan, "a frame of another VLAN");
		FUZZ_CHECK(edited == !ports_[from].vlan, "a tag is left");
	}
}

void Functions::send(fuzz::Input &input)
{
	const unsigned int from = input.below(ports);
	const uint8_t how = input.byte();
	std::array<uint8_t, 40> bytes{};
	const auto to = how & 1 ? std::array<uint8_t, 6>{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
				: mac_of(input.below(ports + 1));
	const auto source = how & 2 || from < ENA_SWITCH_FIRST_VF ? mac_of(input.byte())
								  : mac_of(from);
	input.fill(bytes);
	memcpy(bytes.data(), to.data(), to.size());
	memcpy(&bytes[6], source.data(), source.size());
	if (how & 4) {
		const uint16_t vlan = input.pick(vlans);
		bytes[12] = 0x81;
		bytes[13] = 0;
		bytes[14] = static_cast<uint8_t>(how & 0xe0) | static_cast<uint8_t>(vlan >> 8);
		bytes[15] = static_cast<uint8_t>(vlan);
	}
	/* In pieces, some of them empty. */
	const size_t size = how & 8 ? input.below(bytes.size() + 1) : bytes.size();
	std::array<iovec, 8> pieces;
	unsigned int count = 0;
	for (size_t at = 0; at < size; count++) {
		const size_t part = count + 1 == pieces.size()
					    ? size - at
					    : std::min<size_t>(input.below(20), size - at);
		pieces[count] = {&bytes[at], part};
		at += part;
	}
	const ena_switch_route route = ena_switch_forward(switch_, from, bytes.data(), size);
	check(from, std::span(bytes).first(size), route);
	if (!(route.retagged.words[0] | route.retagged.words[1]))
		return;
	std::array<iovec, pieces.size() + 2> out;
	ena_vnet_hdr hdr{};
	uint8_t tag[4];
	const int n = ena_switch_retag(&route, pieces.data(), static_cast<int>(count), out.data(),
				       tag, &hdr);
	size_t length = 0;
	for (int i = 0; i < n; i++)
		length += out[static_cast<size_t>(i)].iov_len;
	FUZZ_CHECK(length == (route.insert ? size + 4 : size - 4), "bytes were lost, or are new");
}

ena_aq_entry take_command(fuzz::Input &input)
{
	ena_vf_cmd cmd{};
	const uint8_t how = input.byte();
	const uint8_t wrong = input.byte(); /* mostly nothing */

	cmd.common.opcode = how & 3 ? ENA_ADMIN_VF_SET : ENA_ADMIN_VF_GET;
	cmd.item = wrong == 1 ? input.byte() : input.pick(vf_items);
	cmd.version = wrong == 2 ? input.byte() : uint8_t{ENA_VF_VERSION};
	cmd.vf.set(wrong == 3 ? input.take<uint16_t>() : static_cast<uint16_t>(input.below(vfs)));
	if (wrong == 4) { /* any bytes */
		input.fill({cmd.data, sizeof(cmd.data)});
		input.fill(cmd.reserved4);
	} else if (cmd.item == ENA_VF_VLAN) {
		auto &data = reinterpret_cast<ena_vf_vlan &>(cmd.data);
		data.vlan.set(input.pick(vlans));
		data.protocol.set(ENA_VF_PROTOCOL_8021Q);
		data.priority = how >> 5;
	} else if (cmd.item == ENA_VF_MAC) {
		const auto mac = mac_of(input.below(2 * ports));
		memcpy(cmd.data, mac.data(), mac.size());
	} else if (how & 3) {
		cmd.data[0] = how >> 6;
	}
	return std::bit_cast<ena_aq_entry>(cmd);
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	FuzzHost host(fuzz::config_with(1), input);
	Guest guest(host);
	Functions functions(host, !input.one_in(8));
	guest.start();
	functions.enable(host, vfs);
	while (!input.empty()) {
		switch (input.below(8)) {
		case 0:
			functions.enable(host, input.below(vfs + 1));
			break;
		case 1: /* what is set stays */
			if (input.one_in(8))
				guest.start();
			break;
		case 2:
		case 3:
		case 4:
			guest.push_command(take_command(input));
			host.write(ENA_REG_AQ_DB, guest.aq_tail);
			host.run(4);
			break;
		case 5:
			functions.change_mode();
			break;
		default:
			functions.send(input);
			break;
		}
	}
	return 0;
}
