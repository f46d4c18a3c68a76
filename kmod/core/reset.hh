/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reset of the adapter family: how to ask for one, and how it is done. */
#ifndef OPENENA_CORE_RESET_HH
#define OPENENA_CORE_RESET_HH

#include <cstdint>

#include "registers.hh"
#include "result.hh"

namespace oe
{

[[nodiscard]] const char *reset_reason_name(ena_reset_reason reason);

/* A reset that somebody wants: the first reason is kept until clear(). */
class ResetRequest {
    public:
	void init(oe_kernel *kernel)
	{
		kernel_ = kernel;
	}
	/* Any context. Schedules the work, unless a reset is wanted already. */
	void ask(ena_reset_reason reason);
	/* Process context: one that the caller carries out itself, at once. */
	void plan(ena_reset_reason reason);
	/* Any context. */
	[[nodiscard]] bool pending() const;
	/* What was asked for; NORMAL when nothing was. */
	[[nodiscard]] ena_reset_reason reason() const;
	void clear();
	/* True once for each reset that is pending. Under rtnl. */
	[[nodiscard]] bool take();

    private:
	oe_kernel *kernel_ = nullptr;
	uint32_t reason_plus_one_ = 0; /* 0: none */
	bool taken_ = false;
};

/* The last resets. Under rtnl. */
class ResetHistory {
    public:
	void note(ena_reset_reason reason, bool failed);
	/* Latest first, to a place for OE_RESETS_KEPT; returns how many. */
	uint32_t copy(oe_reset_record *records) const;

    private:
	oe_reset_record records_[OE_RESETS_KEPT] = {};
	uint32_t count_ = 0; /* of all that ever were */
};

/* What the CAPS register says. */
struct DeviceCaps {
	uint32_t dma_bits = 0;
	uint32_t admin_timeout_ms = 0;
};

/*
 * Both phases of the reset; afterwards the device has forgotten all rings and
 * does no DMA. @extended: it understands reasons above 15. Errors are logged.
 * Process context.
 */
[[nodiscard]] Status reset_device(Registers &registers, ena_reset_reason reason, bool extended);

/* Version registers and CAPS, checked. Errors are logged. Process context. */
[[nodiscard]] Result<DeviceCaps> check_device(Registers &registers);

} // namespace oe

#endif
