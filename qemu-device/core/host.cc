// SPDX-License-Identifier: GPL-2.0-or-later
#include "host.hh"

#include "fault_text.hh"
#include "wire.hh"

#include <bit>
#include <cstdio>

namespace ena
{

namespace
{
constexpr unsigned int complaints_a_second = 32;
constexpr uint64_t ns_a_second = 1'000'000'000;
/* A fault that strikes each frame must not flood a log: then only powers of two are noted. */
constexpr uint64_t strikes_all_noted = 16;
} // namespace

void Host::note(ena_note_level level, const char *format, va_list args)
{
	char text[256];
	vsnprintf(text, sizeof(text), format, args);
	ops_.note(opaque_, level, text);
}

void Host::trace(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	note(ENA_NOTE_TRACE, format, args);
	va_end(args);
}

FaultRule *Host::strike(Fault fault, uint32_t first, uint32_t second)
{
	FaultRule *rule = faults_.strike(fault, first, second);

	if (rule)
		note_strike(*rule, first);
	return rule;
}

void Host::note_strike(const FaultRule &rule, uint32_t subject)
{
	const char *name = fault_name(rule.fault);
	const char *what = fault_subject(rule.fault);
	const auto hits = static_cast<unsigned long long>(rule.hits);

	if (hits > strikes_all_noted && !std::has_single_bit(hits))
		return;
	if (what)
		trace("fault %s: %s %u, hit %llu", name, what, subject, hits);
	else
		trace("fault %s: hit %llu", name, hits);
}

ena_transmit_result Host::transmit_badly(unsigned int queue, const iovec *iov, int count,
					 const ena_vnet_hdr &hdr)
{
	const auto passed = bad_wire_->pass(static_cast<uint16_t>(queue),
					    {iov, static_cast<size_t>(count)}, hdr);

	switch (passed) {
	case WireDirection::Passed::last:
		return ENA_TRANSMIT_BUSY;
	case WireDirection::Passed::taken:
		return ENA_TRANSMIT_SENT;
	default:
		return ENA_TRANSMIT_DROPPED;
	}
}

bool Host::may_complain()
{
	const uint64_t second = now() / ns_a_second;
	if (second != second_) {
		const unsigned int swallowed = swallowed_;
		second_ = second;
		said_ = swallowed_ = 0;
		if (swallowed)
			trace("%u more errors of the guest were not noted", swallowed);
	}
	if (said_ < complaints_a_second) {
		said_++;
		return true;
	}
	swallowed_++;
	return false;
}

void Host::complain(const char *format, ...)
{
	if (!may_complain())
		return;
	va_list args;
	va_start(args, format);
	note(ENA_NOTE_GUEST_ERROR, format, args);
	va_end(args);
}

ena_admin_status Host::refuse(ena_admin_status status, const char *format, ...)
{
	if (!may_complain())
		return status;
	va_list args;
	va_start(args, format);
	note(ENA_NOTE_GUEST_ERROR, format, args);
	va_end(args);
	return status;
}

} // namespace ena
