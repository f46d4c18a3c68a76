/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "queues.hh"

#include <bit>

namespace oe
{

namespace
{

/* The answer to a create command: the head of the completion entry. */
template <class T> T answer_as(const ena_acq_entry &entry)
{
	T answer;

	static_assert(sizeof(T) <= sizeof(entry));
	__builtin_memcpy(&answer, &entry, sizeof(answer));
	return answer;
}

} // namespace

Status DeviceQueue::create(AdminQueue &admin, const QueueHalf &half)
{
	direction_ = half.direction;
	/* The submission queue names its completion queue: that one comes first. */
	if (Status status = create_cq(admin, half); !status) {
		(void)destroy(admin);
		return status;
	}
	if (Status status = create_sq(admin, half); !status) {
		(void)destroy(admin);
		return status;
	}
	return {};
}

Status DeviceQueue::create_cq(AdminQueue &admin, const QueueHalf &half)
{
	ena_create_cq_cmd command = {};

	command.common.opcode = ENA_ADMIN_CREATE_CQ;
	command.caps1 = ENA_CQ_CAPS1_INTERRUPT;
	command.caps2 = static_cast<uint8_t>(
		ena::field_put(ENA_CQ_CAPS2_ENTRY_WORDS, half.completion_words));
	command.depth.set(half.depth);
	command.msix_vector.set(half.vector);
	ena::store(command.base, half.completions.value);

	auto entry = admin.execute(command);
	if (!entry)
		return entry.error();
	auto answer = answer_as<ena_create_cq_resp>(*entry);
	cq_.value = answer.cq_idx.get();
	has_cq_ = true;
	unmask_.value = answer.unmask_offset.get();
	/* Both rings are indexed with one depth. */
	if (answer.actual_depth.get() != half.depth || !unmask_.plausible())
		return Errno::invalid;
	return {};
}

Status DeviceQueue::create_sq(AdminQueue &admin, const QueueHalf &half)
{
	ena_create_sq_cmd command = {};

	command.common.opcode = ENA_ADMIN_CREATE_SQ;
	command.identity =
		static_cast<uint8_t>(ena::field_put(ENA_SQ_IDENTITY_DIRECTION, half.direction));
	command.caps2 = static_cast<uint8_t>(
		ena::field_put(ENA_SQ_CAPS2_PLACEMENT,
			       half.push_bytes ? ENA_PLACEMENT_DEVICE : ENA_PLACEMENT_HOST));
	command.caps3 = ENA_SQ_CAPS3_CONTIGUOUS;
	command.cq_idx.set(cq_.value);
	command.depth.set(half.depth);
	ena::store(command.base, half.submissions.value);

	auto entry = admin.execute(command);
	if (!entry)
		return entry.error();
	auto answer = answer_as<ena_create_sq_resp>(*entry);
	sq_.value = answer.sq_idx.get();
	has_sq_ = true;
	doorbell_.value = answer.doorbell_offset.get();
	if (!doorbell_.plausible())
		return Errno::invalid;
	push_offset_ = answer.llq_descriptors_offset.get();
	/* Entries are written with 8 bytes at a time, and only to the device's memory. */
	if (half.push_bytes && (push_offset_ % 8 || half.push_bytes > half.push_limit ||
				push_offset_ > half.push_limit - half.push_bytes))
		return Errno::invalid;
	return {};
}

bool DeviceQueue::destroy(AdminQueue &admin)
{
	if (has_sq_) {
		ena_destroy_sq_cmd command = {};

		command.common.opcode = ENA_ADMIN_DESTROY_SQ;
		command.sq_idx.set(sq_.value);
		command.identity =
			static_cast<uint8_t>(ena::field_put(ENA_SQ_IDENTITY_DIRECTION, direction_));
		has_sq_ = !admin.execute(command);
	}
	/* The device may refuse to take a completion queue from under a live one. */
	if (has_cq_ && !has_sq_) {
		ena_destroy_cq_cmd command = {};

		command.common.opcode = ENA_ADMIN_DESTROY_CQ;
		command.cq_idx.set(cq_.value);
		has_cq_ = !admin.execute(command);
	}
	return !has_sq_ && !has_cq_;
}

} // namespace oe
