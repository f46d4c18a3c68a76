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

	remember(Happening(ENA_HISTORY_FAULT, name), "fault %s", name);
	if (rule.fault == Fault::rx_completion_reserved || rule.fault == Fault::rx_completion_first)
		sent_malformed_ = true;
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

/* By the packet, and so in floods: these are told apart by what they are about alone. */
static constexpr bool by_the_packet(ena_history_kind kind)
{
	return kind == ENA_HISTORY_PACKET_DROPPED || kind == ENA_HISTORY_FRAME_DROPPED ||
	       kind == ENA_HISTORY_EVENT_POSTED || kind == ENA_HISTORY_INTERRUPT_LOST ||
	       kind == ENA_HISTORY_DMA_FAILED;
}

void Host::happened(ena_note_level level, const Happening &what, const char *format, va_list args)
{
	const bool error = level == ENA_NOTE_GUEST_ERROR;
	const bool flood = by_the_packet(what.kind);
	const bool may_note = !error || may_complain();
	va_list again;

	va_copy(again, args);
	const ena_history_entry *fresh =
		history_.record(now(), what, may_note && !flood, format, args);
	if (ops_.happened)
		ops_.happened(opaque_, &history_.newest());
	if (may_note && (fresh || error || !flood))
		note(level, format, again);
	va_end(again);
}

void Host::remember(const Happening &what, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	history_.record(now(), what, false, format, args);
	if (ops_.happened)
		ops_.happened(opaque_, &history_.newest());
	va_end(args);
}

void Host::tell(const Happening &what, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	happened(ENA_NOTE_TRACE, what, format, args);
	va_end(args);
}

void Host::complain(const Happening &what, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	happened(ENA_NOTE_GUEST_ERROR, what, format, args);
	va_end(args);
}

void Host::complain(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	happened(ENA_NOTE_GUEST_ERROR, Happening(ENA_HISTORY_ACCESS_REFUSED), format, args);
	va_end(args);
}

ena_admin_status Host::refuse(ena_admin_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	happened(ENA_NOTE_GUEST_ERROR, command_.with(ENA_HISTORY_STATUS, status), format, args);
	va_end(args);
	return status;
}

bool Host::failed(const char *what, BusAddress address, size_t len, const char *why)
{
	if (!why)
		why = bus_master_ ? "there is no RAM" : "bus mastering is off";
	complain(Happening(ENA_HISTORY_DMA_FAILED, why)
			 .with(ENA_HISTORY_ADDRESS, address.value)
			 .with(ENA_HISTORY_LENGTH, len),
		 "DMA %s of %zu bytes at 0x%llx failed: %s", what, len,
		 static_cast<unsigned long long>(address.value), why);
	return false;
}

void Host::lost(unsigned int vector)
{
	tell(Happening(ENA_HISTORY_INTERRUPT_LOST).with(ENA_HISTORY_VECTOR, vector),
	     "interrupt of vector %u is lost: MSI-X is off", vector);
}

} // namespace ena
