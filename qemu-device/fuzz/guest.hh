/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver's steps for the fuzz targets: a set-up that works, then any descriptors. */
#ifndef OPENENA_FUZZ_GUEST_HH
#define OPENENA_FUZZ_GUEST_HH

#include "fuzz_host.hh"

#include <optional>

namespace fuzz
{

class Guest {
    public:
	static constexpr uint16_t admin_depth = 8, event_depth = 4;
	/* Where things lie in guest memory. */
	static constexpr uint64_t base = FuzzHost::memory_base;
	static constexpr uint64_t aq = base + 0x1000, acq = base + 0x2000, aenq = base + 0x3000,
				  answer = base + 0x4000, control = base + 0x5000,
				  host_page = base + 0x7000, rings = base + 0x8000,
				  buffers = base + 0x20000,
				  buffers_size = FuzzHost::memory_size - 0x20000;

	struct Queue {
		bool rx = false;
		uint16_t depth = 16;
		uint16_t index = 0;
		uint32_t vector = 1;
		uint64_t sq = 0, cq = 0;
		uint32_t doorbell = 0, unmask = 0;
		uint16_t tail = 0;
		bool live = false;
		bool llq = false;
		uint32_t llq_offset = 0; /* in BAR2 */

		[[nodiscard]] uint8_t phase() const
		{
			return tail & depth ? 0 : 1;
		}
	};

	explicit Guest(FuzzHost &host) : host_(host)
	{
	}

	/* Reset, admin and event rings, all groups, credits. */
	void start();
	/* Put a command into the ring with the phase that is due; not rung. */
	void push_command(ena_aq_entry entry);
	/* The same, run to its answer; nothing if there was none. */
	std::optional<ena_acq_entry> command(const void *entry);
	template <class T> std::optional<ena_acq_entry> set_feature(uint8_t id, const T &value)
	{
		ena_set_feature_cmd cmd{};
		cmd.common.opcode = ENA_ADMIN_SET_FEATURE;
		cmd.feature.feature_id = id;
		ena::store(cmd.ctrl.address, control);
		cmd.ctrl.length.set(0x1000);
		static_assert(sizeof(value) <= sizeof(cmd.data));
		memcpy(cmd.data, &value, sizeof(value));
		return command(&cmd);
	}
	/* @slot names its memory, 0 to 15. */
	[[nodiscard]] Queue create(unsigned int slot, bool rx, uint16_t depth, uint32_t vector,
				   bool llq = false);
	void destroy(Queue &q);
	void push(Queue &q, const void *desc);
	void ring(const Queue &q, int ahead = 0);
	/* An entry of a queue in BAR2: @bytes, at most 128. */
	void push_entry(Queue &q, std::span<const uint8_t> bytes);
	void post(Queue &q, uint32_t count, uint64_t address, uint16_t length);

	uint16_t aq_tail = 0;

    private:
	FuzzHost &host_;
};

} // namespace fuzz

#endif
