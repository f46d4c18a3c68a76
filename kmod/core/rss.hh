/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receive side scaling: the indirection table and the hash key. */
#ifndef OPENENA_CORE_RSS_HH
#define OPENENA_CORE_RSS_HH

#include <cstdint>

#include "../../abi/ena_admin.h"
#include "../bridge.h"
#include "admin_queue.hh"
#include "features.hh"
#include "memory.hh"
#include "result.hh"
#include "rx.hh"

namespace oe
{

/* All in process context, under rtnl. */
class Rss {
    public:
	/* A random key, and a table of what @features allow. */
	[[nodiscard]] Status init(oe_kernel *kernel, const Features &features);
	[[nodiscard]] uint32_t entries() const
	{
		return table_.size();
	}
	/* The table again as i % @queues, unless a user has set another. */
	void spread(uint32_t queues);
	/* The highest queue that a user's table names; 0 with the default table. */
	[[nodiscard]] uint32_t highest_queue_wanted() const;

	[[nodiscard]] const uint32_t *table() const
	{
		return table_.begin();
	}
	void get(uint32_t *table, uint8_t *key) const;
	/* Take over without telling the device. A table spread over all @queues is the default. */
	void set(const uint32_t *table, const uint8_t *key, uint32_t queues);

	/* Tell the device all: after the queues were created. Its refusals are logged. */
	[[nodiscard]] Status apply(AdminQueue &admin, const Features &features,
				   Array<struct oe_rxq> &queues);
	/* Tell the device another table or key, without taking it over. */
	[[nodiscard]] Status apply_table(AdminQueue &admin, Array<struct oe_rxq> &queues,
					 const uint32_t *table);
	[[nodiscard]] Status apply_key(AdminQueue &admin, const uint8_t *key);

    private:
	Array<uint32_t> table_;
	bool user_table_ = false;
	uint8_t key_[OE_RSS_KEY_SIZE] = {};
	uint32_t log2_entries_ = 0;
	DmaBuffer device_table_;
	DmaBuffer device_key_;
};

} // namespace oe

#endif
