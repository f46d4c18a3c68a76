/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict mode: what real adapters insist on, or the interface says must be so,
 * and no harm comes of here. Documentation/device.rst says how each is known.
 */
#ifndef ENA_CORE_STRICT_HH
#define ENA_CORE_STRICT_HH

#include "host.hh"

#include "abi/ena_io.h"

namespace ena
{

/* What a driver has done so far. */
struct Preparations {
	bool event_queue; /* given a ring */
	uint32_t spec_major; /* in the host information page; 0: no page */
};

[[nodiscard]] ena_admin_status check_strictly(Host &host, const ena_aq_entry &command,
					      const Preparations &done);
/* Null, or what is wrong with a descriptor. */
[[nodiscard]] const char *check_strictly(const ena_tx_desc &desc);
[[nodiscard]] const char *check_strictly(const ena_rx_desc &desc);

} // namespace ena

#endif
