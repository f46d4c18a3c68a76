/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that send flows to queues, before RSS: feature 30. */
#ifndef OPENENA_CORE_FLOW_STEERING_HH
#define OPENENA_CORE_FLOW_STEERING_HH

#include <cstdint>

#include "../bridge.h"
#include "admin_queue.hh"
#include "features.hh"
#include "memory.hh"
#include "result.hh"
#include "text.hh"

namespace oe
{

/* All in process context, under rtnl. */
class FlowSteering {
    public:
	/* A table as large as @features allow, empty. */
	[[nodiscard]] Status init(oe_kernel *kernel, const Features &features);
	[[nodiscard]] uint32_t size() const
	{
		return rules_.size();
	}

	/* Sets rule.location if it was OE_FLOW_ANY or OE_FLOW_LAST. A rule of that location goes. */
	[[nodiscard]] Status add(AdminQueue &admin, oe_flow_rule &rule, uint32_t queues,
				 Refusal &why);
	[[nodiscard]] Status remove(AdminQueue &admin, uint32_t location, Refusal &why);
	[[nodiscard]] Status remove_all(AdminQueue &admin, Refusal &why);
	[[nodiscard]] Status get(uint32_t location, oe_flow_rule &rule) const;
	/* The first location in use from @from on; OE_FLOW_NONE: there is none. */
	[[nodiscard]] uint32_t next(uint32_t from) const;
	/* The rule with the highest queue, if one names a queue from @queues on. */
	[[nodiscard]] const oe_flow_rule *beyond(uint32_t queues) const;

	/*
	 * Rules that are nobody's wish but the kernel's, of which @id is its number: at the highest free
	 * location, seen by none of the functions above but remove_all(), and given up for a user's.
	 */
	[[nodiscard]] Status add_follower(AdminQueue &admin, oe_flow_rule &rule, uint32_t id);
	[[nodiscard]] Status remove_follower(AdminQueue &admin, uint32_t location);
	[[nodiscard]] bool has_follower(uint32_t location, uint32_t id) const;
	/* Those that name a queue from @queues on go. */
	void drop_followers(AdminQueue &admin, uint32_t queues);

	/* After a reset: tell the device all. Rules that it refuses are logged, and gone. */
	void restore(oe_kernel *kernel, AdminQueue &admin);

    private:
	struct Slot {
		oe_flow_rule rule;
		bool used;
		bool follows; /* not a user's */
		uint32_t id; /* if it follows */
	};

	[[nodiscard]] bool users(uint32_t location) const
	{
		return rules_[location].used && !rules_[location].follows;
	}

	[[nodiscard]] Status check(const oe_flow_rule &rule, uint32_t queues, Refusal &why) const;
	[[nodiscard]] Status choose(oe_flow_rule &rule, Refusal &why) const;
	[[nodiscard]] uint32_t place(bool last, bool taken) const;
	[[nodiscard]] Status remove_at(AdminQueue &admin, uint32_t location, Refusal &why);
	[[nodiscard]] Status tell_add(AdminQueue &admin, const oe_flow_rule &rule);
	[[nodiscard]] Status tell_remove(AdminQueue &admin, ena_flow_action action,
					 uint32_t location);

	Array<Slot> rules_; /* by location */
	DmaBuffer match_;
};

} // namespace oe

#endif
