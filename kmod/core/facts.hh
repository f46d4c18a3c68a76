/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers under names, for whoever looks for a fault. */
#ifndef OPENENA_CORE_FACTS_HH
#define OPENENA_CORE_FACTS_HH

#include "../bridge.h"

namespace oe
{

/* Fills an array of OE_MAX_FACTS; what does not fit is left out. */
class Facts {
    public:
	explicit Facts(oe_fact *facts) : facts_(facts)
	{
	}
	void add(const char *name, uint64_t value)
	{
		if (count_ < OE_MAX_FACTS)
			facts_[count_++] = {name, value};
	}
	[[nodiscard]] uint32_t count() const
	{
		return count_;
	}

    private:
	oe_fact *facts_;
	uint32_t count_ = 0;
};

} // namespace oe

#endif
