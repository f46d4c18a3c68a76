// SPDX-License-Identifier: GPL-2.0-or-later
#include "admin_faults.hh"

#include <bit>

namespace ena
{

namespace
{
constexpr uint32_t no_feature = 0x100; /* is none that a filter can name */

uint32_t feature_of(const ena_aq_entry &command)
{
	switch (command.common.opcode) {
	case ENA_ADMIN_GET_FEATURE:
		return std::bit_cast<ena_get_feature_cmd>(command).feature.feature_id;
	case ENA_ADMIN_SET_FEATURE:
		return std::bit_cast<ena_set_feature_cmd>(command).feature.feature_id;
	default:
		return no_feature;
	}
}
} // namespace

AdminFaults::Verdict AdminFaults::judge(const ena_aq_entry &command, ena_acq_entry &completion)
{
	const uint32_t opcode = command.common.opcode, feature = feature_of(command);

	if (host_.struck_by(Fault::admin_lost, opcode, feature))
		return Verdict::lose;
	if (const FaultRule *rule = host_.struck_by(Fault::admin_refused, opcode, feature)) {
		completion.common.status = static_cast<uint8_t>(rule->value);
		return Verdict::answer;
	}
	if (const FaultRule *rule = host_.struck_by(Fault::admin_delayed, opcode, feature)) {
		command_ = command;
		due_ns_ = host_.now() + rule->delay_ns;
		return Verdict::wait;
	}
	return Verdict::execute;
}

bool AdminFaults::resume(uint64_t now_ns, ena_aq_entry &command)
{
	if (!waiting() || now_ns < due_ns_)
		return false;
	command = command_;
	due_ns_ = no_deadline;
	return true;
}

void AdminFaults::snapshot(Snapshot &s)
{
	bool held = waiting();

	s.section("held", 1, Absent::defaults, [&] {
		s.value("admin command", held);
		if (held)
			s.bytes("admin command",
				{reinterpret_cast<uint8_t *>(&command_), sizeof(command_)});
	});
	if (s.loading() && held)
		due_ns_ = 0;
}

} // namespace ena
