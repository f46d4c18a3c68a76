/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two-phase reset: DEV_CTL and DEV_STS. */
#ifndef ENA_CORE_RESET_HH
#define ENA_CORE_RESET_HH

#include "snapshot.hh"

#include "abi/ena_regs.h"

namespace ena
{

/*
 * The driver sets DEV_CTL.RESET and waits for RESET_IN_PROGRESS, then clears it
 * and waits for the status to follow. Both halves take no time here.
 */
class ResetControl {
    public:
	enum class Step { none, begin, finish };

	/* What a write to DEV_CTL asks for. */
	[[nodiscard]] constexpr Step write(uint32_t control)
	{
		if (control & ENA_DEV_CTL_RESET) {
			status_ = ENA_DEV_STS_RESET_IN_PROGRESS;
			return Step::begin;
		}
		if (!in_reset())
			return Step::none;
		status_ = ENA_DEV_STS_READY | ENA_DEV_STS_RESET_FINISHED;
		return Step::finish;
	}
	[[nodiscard]] static constexpr uint32_t reason(uint32_t control)
	{
		return field_get(ENA_DEV_CTL_REASON_EXT, control) << 4 |
		       field_get(ENA_DEV_CTL_REASON, control);
	}
	[[nodiscard]] constexpr bool in_reset() const
	{
		return status_ & ENA_DEV_STS_RESET_IN_PROGRESS;
	}
	[[nodiscard]] constexpr uint32_t status() const
	{
		return status_;
	}
	/* The adapter is beyond repair: only a reset helps. */
	constexpr void set_fatal()
	{
		status_ |= ENA_DEV_STS_FATAL_ERROR;
	}
	[[nodiscard]] constexpr bool fatal() const
	{
		return status_ & ENA_DEV_STS_FATAL_ERROR;
	}
	void snapshot(Snapshot &s)
	{
		s.section("reset", 1, Absent::refused, [&] {
			s.mask("status", status_,
			       ENA_DEV_STS_READY | ENA_DEV_STS_RESET_IN_PROGRESS |
				       ENA_DEV_STS_RESET_FINISHED | ENA_DEV_STS_FATAL_ERROR);
		});
	}

    private:
	uint32_t status_ = ENA_DEV_STS_READY;
};

/* For notes; never null. */
[[nodiscard]] constexpr const char *reset_reason_name(uint32_t reason)
{
	constexpr const char *names[] = {
		"normal",
		"keep-alive timeout",
		"admin command timeout",
		"missing TX completion",
		"invalid RX req_id",
		"invalid TX req_id",
		"too many RX descriptors",
		"initialisation error",
		"invalid driver state",
		"OS trigger",
		"netdev watchdog",
		"shutdown",
		"user trigger",
		"generic",
		"missing interrupt",
		"poll starvation",
		"malformed RX completion",
		"malformed TX completion",
		"missing admin interrupt",
		"asked for by the device",
		"missing first interrupt",
	};
	constexpr uint32_t count = sizeof(names) / sizeof(names[0]);
	return reason < count ? names[reason] : "unknown";
}

} // namespace ena

#endif
