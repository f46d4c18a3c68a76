// SPDX-License-Identifier: GPL-2.0-or-later
/* What faults do to a function as a whole. */
#include "device.hh"
#include "fault_text.hh"

#include <cstdio>
#include <cstring>

namespace ena
{

bool Device::inject(const char *text, std::span<char> why)
{
	std::array<FaultRule, Faults::max_rules> rules;
	size_t count;
	uint64_t mask = 0;

	if (!strcmp(text, "none")) {
		clear_faults();
		return true;
	}
	if (!parse_faults(text, rules, count, why))
		return false;
	for (size_t i = 0; i < count; i++)
		mask |= bit(rules[i].fault);
	if (!tx_wire_.prepare(mask) || !rx_wire_.prepare(mask)) {
		snprintf(why.data(), why.size(), "no memory for frames on a bad wire");
		return false;
	}
	if (!faults_.add({rules.data(), count}, host_.now())) {
		snprintf(why.data(), why.size(),
			 "%zu of at most %zu faults are set, there is no room for %zu more: clear "
			 "them with none",
			 faults_.rules().size(), Faults::max_rules, count);
		return false;
	}
	host_.trace("faults set: %s", text);
	host_.set_bad_wire(tx_wire_.bad() ? &tx_wire_ : nullptr);
	rearm_timer();
	return true;
}

/* What faults have held up goes on at once. */
void Device::clear_faults()
{
	faults_.clear();
	host_.trace("faults cleared");
	admin_faults_.hurry();
	link_back_ns_ = no_deadline;
	update_link();
	if (slow_until_ns_ != no_deadline)
		slow_until_ns_ = 0;
	tx_wire_.clear();
	rx_wire_.clear();
	timer();
}

/* One that strikes by itself. */
void Device::start_fault(const FaultRule &rule, uint64_t now)
{
	switch (rule.fault) {
	case Fault::link_flap:
		link_back_ns_ = now + rule.delay_ns;
		update_link();
		break;
	case Fault::event_unknown:
		events_.post_nonsense(static_cast<uint16_t>(rule.value));
		break;
	case Fault::fatal_error:
		fatal_error(static_cast<uint16_t>(rule.value));
		break;
	case Fault::reset_request:
		events_.post(ENA_AENQ_DEVICE_REQUEST_RESET);
		break;
	default:
		break;
	}
}

/* Faults with a time of their own, and the ends of others. */
void Device::expire_faults(uint64_t now)
{
	while (FaultRule *rule = faults_.strike_due(now)) {
		host_.note_strike(*rule, 0);
		start_fault(*rule, now);
	}
	if (now >= link_back_ns_) {
		link_back_ns_ = no_deadline;
		update_link();
	}
	tx_wire_.expire(now);
	rx_wire_.expire(now);
	host_.set_bad_wire(tx_wire_.bad() ? &tx_wire_ : nullptr);
	if (now < slow_until_ns_ && now < admin_faults_.deadline())
		return;
	if (now >= slow_until_ns_)
		slow_until_ns_ = no_deadline;
	schedule_at_once();
}

uint64_t Device::fault_deadline() const
{
	return std::min({faults_.deadline(), link_back_ns_, tx_wire_.deadline(),
			 rx_wire_.deadline(), slow_until_ns_, admin_faults_.deadline()});
}

void Device::update_link()
{
	const bool up = link_up_ && link_back_ns_ == no_deadline;

	events_.set_link(up);
	if (up)
		rx_.release_held();
}

WireDirection::Passed Device::pass_tx(void *device, uint16_t queue, std::span<const iovec> frame,
				      const ena_vnet_hdr &hdr)
{
	const ena_transmit_result result = static_cast<Device *>(device)->host_.transmit_now(
		queue, frame.data(), static_cast<int>(frame.size()), hdr);

	switch (result) {
	case ENA_TRANSMIT_SENT:
		return WireDirection::Passed::taken;
	case ENA_TRANSMIT_BUSY:
		return WireDirection::Passed::last;
	default:
		return WireDirection::Passed::dropped;
	}
}

WireDirection::Passed Device::pass_rx(void *device, uint16_t, std::span<const iovec> frame,
				      const ena_vnet_hdr &hdr)
{
	return static_cast<Device *>(device)->receive_now(frame, &hdr) == ENA_RECEIVE_HOLD
		       ? WireDirection::Passed::refused
		       : WireDirection::Passed::taken;
}

ena_receive_result Device::receive_from_bad_wire(std::span<const iovec> frame,
						 const ena_vnet_hdr *hdr)
{
	const auto passed = rx_wire_.pass(0, frame, hdr ? *hdr : ena_vnet_hdr{});

	return passed == WireDirection::Passed::refused ? ENA_RECEIVE_HOLD : ENA_RECEIVE_TAKEN;
}

} // namespace ena
