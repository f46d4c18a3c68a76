/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the driver tells the device about its host (feature 28). */
#ifndef OPENENA_CORE_HOST_INFO_HH
#define OPENENA_CORE_HOST_INFO_HH

#include "admin_queue.hh"
#include "memory.hh"
#include "result.hh"

namespace oe
{

/*
 * Fill the page and hand it to the device, which may read it until the next
 * reset. A device that does not want it is no obstacle: only logged.
 */
[[nodiscard]] Status announce_host(AdminQueue &admin, oe_kernel *kernel, DmaBuffer &page);

/* Likewise, once it is known what the device has, with the memory that it may look into at any time. */
[[nodiscard]] Status announce_debug_area(AdminQueue &admin, oe_kernel *kernel,
					 const DmaBuffer &page, const DmaBuffer &area);

} // namespace oe

#endif
