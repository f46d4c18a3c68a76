/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's hardware clock: a doorbell, answered in host memory (feature 29). */
#ifndef OPENENA_CORE_PHC_HH
#define OPENENA_CORE_PHC_HH

#include <cstdint>

#include "../bridge.h"
#include "admin_queue.hh"
#include "features.hh"
#include "memory.hh"
#include "result.hh"

namespace oe
{

/* Under the stock driver's names. */
struct PhcCounters {
	uint64_t cnt; /* times read */
	uint64_t exp; /* good answers that came too late */
	uint64_t skp; /* not asked: a failure was too recent */
	uint64_t err_dv; /* no answer at all */
	uint64_t err_ts; /* answers without a valid time, or asked too often */
	uint64_t err_eb; /* answers without a valid error bound */
};

class Phc {
    public:
	/*
	 * Tell the device, after each reset, where its answers go. A clock that
	 * is absent or not as it should be is left alone. Process context.
	 */
	void start(oe_kernel *kernel, AdminQueue &admin, const Features &features);
	/* The device is to be reset: no requests any more. Any context. */
	void stop();
	/*
	 * The time, and its error bound. Waits for the answer, spinning, at most
	 * max_expire_us. Errno::busy: none, or an answer with an error, now or
	 * a moment ago; Errno::not_supported: there is no clock now. Any
	 * context, one caller at a time.
	 */
	[[nodiscard]] Status read(struct oe_phc_time &time);

	[[nodiscard]] bool active() const;
	[[nodiscard]] const PhcCounters &counters() const
	{
		return counters_;
	}

	/* Interrupts are off meanwhile, whatever the device wishes. */
	static constexpr uint32_t max_expire_us = 20'000;

    private:
	[[nodiscard]] Status configure(AdminQueue &admin);
	[[nodiscard]] bool answered() const;
	[[nodiscard]] Status take_answer(struct oe_phc_time &time);
	void ask();

	oe_kernel *kernel_ = nullptr;
	DmaBuffer answer_;
	bool active_ = false;
	uint32_t doorbell_ = 0;
	uint32_t expire_us_ = 0, block_us_ = 0;

	/* The caller's. */
	uint16_t id_ = 0; /* of the last request */
	bool blocked_ = false; /* it failed: nothing is asked for block_us_ */
	bool unanswered_ = false; /* because no answer came */
	uint64_t asked_ns_ = 0;
	PhcCounters counters_ = {};
};

} // namespace oe

#endif
