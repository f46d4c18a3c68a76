/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When packets left and arrived, on the hardware clock: feature 31 and longer completions. */
#ifndef OPENENA_CORE_TIMESTAMPS_HH
#define OPENENA_CORE_TIMESTAMPS_HH

#include <cstdint>

#include "../../abi/ena_types.h"
#include "admin_queue.hh"
#include "features.hh"
#include "result.hh"

namespace oe
{

/* Of the two words as they are in memory; 0: none. The kernel's time is signed. */
inline uint64_t stamp_of(uint32_t low, uint32_t high)
{
	const uint64_t ns = uint64_t{ena_le32{high}.get()} << 32 | ena_le32{low}.get();

	return ns >> 63 ? 0 : ns;
}

/* What the device stamps. It wants to know before queues are created, and forgets at a reset. */
class Timestamps {
    public:
	/* Process context, while there are no queues. */
	[[nodiscard]] Status tell(AdminQueue &admin, bool tx, bool rx)
	{
		ena_hw_timestamp_config config = {};

		if (tx == tx_ && rx == rx_)
			return {};
		config.tx = tx ? ENA_HW_TIMESTAMP_ALL : ENA_HW_TIMESTAMP_NONE;
		config.rx = rx ? ENA_HW_TIMESTAMP_ALL : ENA_HW_TIMESTAMP_NONE;
		if (Status status = set_feature(admin, ENA_FEATURE_HW_TIMESTAMP, config); !status)
			return status;
		tx_ = tx;
		rx_ = rx;
		return {};
	}
	void forget()
	{
		tx_ = rx_ = false;
	}

    private:
	bool tx_ = false, rx_ = false; /* as the device has it */
};

} // namespace oe

#endif
