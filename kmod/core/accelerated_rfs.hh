/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow rules that follow who receives a flow (accelerated RFS), made and ended by the kernel. */
#ifndef OPENENA_CORE_ACCELERATED_RFS_HH
#define OPENENA_CORE_ACCELERATED_RFS_HH

#include <cstdint>

#include "../bridge.h"
#include "flow_steering.hh"
#include "memory.hh"
#include "result.hh"

namespace oe
{

/*
 * The wishes come with packets, in any context; the rules are the work's, in process context under
 * rtnl. Between them is oek_rfs_lock().
 */
class AcceleratedRfs {
    public:
	/* As many as half of the table of @rules: the other half is always the users'. */
	[[nodiscard]] Status init(oe_kernel *kernel, uint32_t rules);
	/* Any context. The wish's id, the same one for the same flow. */
	[[nodiscard]] Result<uint32_t> want(const oe_flow_rule &flow, uint32_t flow_id);
	/* Make what is wanted of the first @queues, and end what the kernel does not need any more. */
	void work(AdminQueue &admin, FlowSteering &flows, uint32_t queues);

    private:
	enum class State : uint8_t { free, wanted, made };

	struct Slot {
		oe_flow_rule flow;
		uint32_t flow_id; /* the kernel's */
		State state;
		bool has_rule; /* the work's: at flow.location, maybe for another queue */
	};

	[[nodiscard]] Slot look(uint32_t id) const;
	void settle(uint32_t id, const Slot &seen, State state);

	oe_kernel *kernel_ = nullptr;
	Array<Slot> slots_;
};

} // namespace oe

#endif
