/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accelerated_rfs.hh"

namespace oe
{

namespace
{

/* A wish is looked for among all, with interrupts of the stack held off. */
constexpr uint32_t max_wishes = 128;

class RfsGuard {
    public:
	explicit RfsGuard(oe_kernel *kernel) : kernel_(kernel)
	{
		oek_rfs_lock(kernel_);
	}
	RfsGuard(const RfsGuard &) = delete;
	RfsGuard &operator=(const RfsGuard &) = delete;
	~RfsGuard()
	{
		oek_rfs_unlock(kernel_);
	}

    private:
	oe_kernel *kernel_;
};

bool same_flow(const oe_flow_rule &a, const oe_flow_rule &b)
{
	return a.type == b.type && a.dst_port == b.dst_port && a.src_port == b.src_port &&
	       __builtin_memcmp(a.dst_ip, b.dst_ip, sizeof(a.dst_ip)) == 0 &&
	       __builtin_memcmp(a.src_ip, b.src_ip, sizeof(a.src_ip)) == 0;
}

} // namespace

Status AcceleratedRfs::init(oe_kernel *kernel, uint32_t rules)
{
	const uint32_t half = rules / 2;

	kernel_ = kernel;
	if (!half)
		return {};
	return slots_.allocate(half < max_wishes ? half : max_wishes);
}

Result<uint32_t> AcceleratedRfs::want(const oe_flow_rule &flow, uint32_t flow_id)
{
	RfsGuard guard(kernel_);
	uint32_t place = slots_.size();

	for (uint32_t id = 0; id < slots_.size(); id++) {
		Slot &slot = slots_[id];

		if (slot.state == State::free) {
			place = place < id ? place : id;
			continue;
		}
		if (!same_flow(slot.flow, flow))
			continue;
		if (slot.flow.queue != flow.queue)
			slot.state = State::wanted;
		slot.flow.queue = flow.queue;
		slot.flow_id = flow_id;
		return id;
	}
	if (place == slots_.size())
		return Errno::no_space;
	Slot &slot = slots_[place];
	slot.flow = flow;
	slot.flow_id = flow_id;
	slot.state = State::wanted;
	slot.has_rule = false;
	return place;
}

AcceleratedRfs::Slot AcceleratedRfs::look(uint32_t id) const
{
	RfsGuard guard(kernel_);

	return slots_[id];
}

/* What was done for the wish as it was @seen; one that has changed since stays wanted. */
void AcceleratedRfs::settle(uint32_t id, const Slot &seen, State state)
{
	RfsGuard guard(kernel_);
	Slot &slot = slots_[id];
	bool changed = slot.flow.queue != seen.flow.queue || slot.flow_id != seen.flow_id;

	slot.flow.location = seen.flow.location;
	slot.has_rule = seen.has_rule;
	slot.state = changed ? State::wanted : state;
}

void AcceleratedRfs::work(AdminQueue &admin, FlowSteering &flows, uint32_t queues)
{
	for (uint32_t id = 0; id < slots_.size(); id++) {
		Slot slot = look(id);

		if (slot.state == State::free)
			continue;
		/* A user's rule may have taken its place, or it went with all others. */
		slot.has_rule = slot.has_rule && flows.has_follower(slot.flow.location, id);
		bool over = slot.state == State::made &&
			    (!slot.has_rule ||
			     oek_rfs_may_expire(kernel_, slot.flow.queue, slot.flow_id, id));
		if (slot.state == State::made && !over)
			continue;
		if (slot.has_rule)
			slot.has_rule = !flows.remove_follower(admin, slot.flow.location);
		/* A device that refuses has the flow go where RSS sends it. */
		if (!over && !slot.has_rule && slot.flow.queue < queues)
			slot.has_rule = static_cast<bool>(flows.add_follower(admin, slot.flow, id));
		settle(id, slot, slot.has_rule ? State::made : State::free);
	}
}

} // namespace oe
