/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion descriptors on their way to the ring. */
#ifndef ENA_CORE_COMPLETIONS_HH
#define ENA_CORE_COMPLETIONS_HH

#include "queues.hh"

#include <cstring>

namespace ena
{

/* @Extended: the long format, which begins with the short one. */
template <class Extended> struct Completions {
	std::span<Extended> room;
	uint16_t count; /* so many of @room are there */
	uint64_t wrong_phase = 0; /* for CompletionRing::publish() */

	/* Once only: for a queue with short entries they are cut and moved together. */
	[[nodiscard]] bool publish(Host &host, CompletionQueue &cq)
	{
		const size_t size = cq.ring.ring().entry_size();
		auto *bytes = reinterpret_cast<uint8_t *>(room.data());

		for (size_t i = 1; size != sizeof(Extended) && i < count; i++)
			memmove(bytes + i * size, bytes + i * sizeof(Extended), size);
		return cq.ring.publish(host, bytes, count, wrong_phase);
	}
};

} // namespace ena

#endif
