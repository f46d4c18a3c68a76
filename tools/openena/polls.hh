/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How NAPI polls queues: measured in the kernel by BPF. */
#ifndef TOOL_POLLS_HH
#define TOOL_POLLS_HH

#include "bpf/polls.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace tool
{

/* By interface index and NAPI id; since the measurement began. */
using Polls = std::map<std::pair<uint32_t, uint32_t>, polls_figures>;

class PollMeter {
    public:
	virtual ~PollMeter() = default;
	/* From now on this interface, too. */
	virtual void watch(uint32_t interface_index) = 0;
	[[nodiscard]] virtual Polls read() = 0;
	/* What it cannot measure, as a sentence; empty: nothing. */
	[[nodiscard]] virtual std::string lacks() const = 0;
};

/* Trouble says why not. */
[[nodiscard]] std::unique_ptr<PollMeter> measure_polls();

} // namespace tool

#endif
