/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an admin command's completion carries. */
#ifndef ENA_CORE_PAYLOAD_HH
#define ENA_CORE_PAYLOAD_HH

#include "abi/ena_admin.h"

#include <cstdint>
#include <cstring>
#include <span>

namespace ena
{

/* Zeroed before it is filled. */
using Payload = std::span<uint8_t, sizeof(ena_acq_entry::payload)>;

template <class T> ena_admin_status put(Payload payload, const T &value)
{
	static_assert(sizeof(T) <= Payload::extent);
	memcpy(payload.data(), &value, sizeof(value));
	return ENA_ADMIN_SUCCESS;
}

} // namespace ena

#endif
