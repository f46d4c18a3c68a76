// SPDX-License-Identifier: GPL-2.0-or-later
#include "timestamps.hh"

namespace ena
{

ena_hw_timestamp_config Timestamps::get()
{
	return {.version = ENA_HW_TIMESTAMP_VERSION,
		.tx = ENA_HW_TIMESTAMP_ALL,
		.rx = ENA_HW_TIMESTAMP_ALL};
}

ena_admin_status Timestamps::set(const ena_hw_timestamp_config &config)
{
	if (config.tx > ENA_HW_TIMESTAMP_ALL || config.rx > ENA_HW_TIMESTAMP_ALL)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 31: timestamps TX %u, RX %u, each must be %u "
				    "(none) or %u (all)",
				    config.tx, config.rx, ENA_HW_TIMESTAMP_NONE,
				    ENA_HW_TIMESTAMP_ALL);
	tx_ = config.tx == ENA_HW_TIMESTAMP_ALL;
	rx_ = config.rx == ENA_HW_TIMESTAMP_ALL;
	host_.trace("timestamps: TX %s, RX %s", tx_ ? "on" : "off", rx_ ? "on" : "off");
	return ENA_ADMIN_SUCCESS;
}

} // namespace ena
