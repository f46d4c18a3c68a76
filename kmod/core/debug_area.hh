/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory with the driver's counters, which the device may read at any time (feature 28): text, a line
 * "name value" for each, as the stock driver writes it.
 */
#ifndef OPENENA_CORE_DEBUG_AREA_HH
#define OPENENA_CORE_DEBUG_AREA_HH

#include <cstddef>
#include <cstdint>

#include "memory.hh"
#include "result.hh"
#include "text.hh"

namespace oe
{

class DebugArea {
    public:
	/* For so many counters, if the device is not to do without. Process context. */
	[[nodiscard]] Status allocate(oe_kernel *kernel, uint32_t counters);
	[[nodiscard]] const DmaBuffer &memory() const
	{
		return memory_;
	}

	/* Its lines anew: begin(), then each counter, then end(). What does not fit is left out. */
	void begin()
	{
		written_ = 0;
	}
	void line(const Text<OE_STAT_NAME> &name, uint64_t value);
	void end();

    private:
	DmaBuffer memory_;
	size_t written_ = 0; /* bytes */
	size_t before_ = 0; /* likewise, of the last time */
};

} // namespace oe

#endif
