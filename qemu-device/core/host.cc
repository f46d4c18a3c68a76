// SPDX-License-Identifier: GPL-2.0-or-later
#include "host.hh"

#include <cstdio>

namespace ena
{

namespace
{
constexpr unsigned int complaints_a_second = 32;
constexpr uint64_t ns_a_second = 1'000'000'000;
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
