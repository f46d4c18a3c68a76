/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which fields of a packet the RSS hash is of (feature 18). */
#ifndef OPENENA_CORE_HASH_FIELDS_HH
#define OPENENA_CORE_HASH_FIELDS_HH

#include <cstdint>

#include "../../abi/ena_admin.h"
#include "../bridge.h"
#include "admin_queue.hh"
#include "features.hh"
#include "memory.hh"
#include "result.hh"
#include "text.hh"

namespace oe
{

/* All in process context, under rtnl, except where said. */
class HashFields {
    public:
	/* Asks the device what it can hash; one that does not tell leaves nothing to choose. */
	[[nodiscard]] Status init(oe_kernel *kernel, AdminQueue &admin, const Features &features);
	/* Of a type of oe_flow_type: bits of oe_hash_field. Not supported: nothing of it is hashed. */
	[[nodiscard]] Result<uint32_t> get(uint32_t type) const;
	/* @tell: the device, at once. */
	[[nodiscard]] Status set(AdminQueue &admin, uint32_t type, uint32_t fields, bool tell,
				 Refusal &why);
	/* Tell the device all: after the queues were created. Its refusal is logged. */
	[[nodiscard]] Status apply(AdminQueue &admin, const Features &features);
	/*
	 * A bit for each of ENA_RSS_TCP4 to ENA_RSS_UDP6 whose hash is of all addresses and ports; it
	 * may change while NAPIs read it.
	 */
	[[nodiscard]] const uint32_t *whole_tuples() const
	{
		return &whole_tuples_;
	}

    private:
	[[nodiscard]] Result<ena_rss_hash_input> read(AdminQueue &admin);
	[[nodiscard]] Status tell(AdminQueue &admin);
	void note_selected();

	uint16_t wanted_[ENA_RSS_PROTO_COUNT] = {};
	uint16_t supported_[ENA_RSS_PROTO_COUNT] = {}; /* by the device, when it last said so */
	uint32_t whole_tuples_ = 0xf;
	DmaBuffer control_;
};

} // namespace oe

#endif
