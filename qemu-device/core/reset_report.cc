// SPDX-License-Identifier: GPL-2.0-or-later
#include "reset_report.hh"

#include "reset.hh"

#include "abi/ena_admin.h"

#include <algorithm>

namespace ena
{

namespace
{
/*
 * Linux's own driver has reason 16 and no bits for it in DEV_CTL: it arrives as 0.
 * Amazon's driver, which has them, differs in the module type.
 */
bool cannot_encode(const ResetEvidence &e)
{
	return e.os_type == ENA_OS_LINUX &&
	       field_get(ENA_DRIVER_MODULE_TYPE, e.driver_version) == ENA_MODULE_LINUX;
}

/* Snapshots have these numbers: new ones go to the end. */
enum Remark { no_remark, earlier_driver, malformed_on_purpose, cannot_be_normal, not_shut_down };

constexpr const char *remarks[] = {
	nullptr,
	"a driver has started that found queues of an earlier one: that one was not shut down",
	"a malformed RX completion was sent on purpose, and Linux's own driver sends reason 16 as "
	"0",
	"queues were running and no driver has started, so this is hardly normal; Linux's own "
	"driver sends reason 16 (malformed RX completion) as 0",
	"queues were running: the driver did not shut down first",
};
static_assert(std::size(remarks) == not_shut_down + 1);

ena_reset_info describe(const ResetEvidence &e)
{
	ena_reset_info info{};
	const uint32_t reason = ResetControl::reason(e.control);

	info.time_ns = e.now_ns;
	info.control = e.control;
	info.reason = info.likely_reason = reason;
	info.name = reset_reason_name(reason);
	info.queues = e.queues;
	if (reason != ENA_RESET_NORMAL || !e.queues)
		return info;
	if (e.new_driver) {
		info.remark = remarks[earlier_driver];
	} else if (cannot_encode(e)) {
		info.likely_reason = ENA_RESET_RX_DESCRIPTOR_MALFORMED;
		info.remark = remarks[e.sent_malformed ? malformed_on_purpose : cannot_be_normal];
	} else {
		info.remark = remarks[not_shut_down];
	}
	return info;
}

/* More than the beginning or the end of a driver's work. */
bool failure(const ena_reset_info &info)
{
	return info.likely_reason != ENA_RESET_NORMAL && info.reason != ENA_RESET_SHUTDOWN;
}

void snapshot_info(Snapshot &s, ena_reset_info &info)
{
	auto remark = static_cast<uint8_t>(std::ranges::find(remarks, info.remark) - remarks);

	s.past("time", info.time_ns);
	s.value("control", info.control);
	s.value("likely reason", info.likely_reason, 0, ResetControl::reason(UINT32_MAX));
	s.value("live queues", info.queues, 0, 2 * ENA_DEVICE_MAX_QUEUES);
	s.value("remark", remark, 0, std::size(remarks) - 1);
	if (!s.loading() || s.failed())
		return;
	info.reason = ResetControl::reason(info.control);
	info.name = reset_reason_name(info.reason);
	info.remark = remarks[remark];
}
} // namespace

void ResetReport::begun(const ResetEvidence &evidence)
{
	resets_.last = describe(evidence);
	if (failure(resets_.last))
		resets_.last_failure = resets_.last;
	resets_.count++;
	resets_.by_reason[std::min<uint32_t>(resets_.last.reason, ENA_RESET_REASONS_COUNTED - 1)]++;
}

void ResetReport::snapshot(Snapshot &s)
{
	s.section("resets", 1, Absent::defaults, [&] {
		s.value("count", resets_.count);
		for (unsigned int i = 0; i < std::size(resets_.by_reason); i++) {
			s.item(i);
			s.value("resets of a reason", resets_.by_reason[i]);
		}
		s.item(0);
		if (resets_.count)
			snapshot_info(s, resets_.last);
		s.item(1);
		bool failed = resets_.last_failure.time_ns;
		s.value("a failure was seen", failed);
		if (failed)
			snapshot_info(s, resets_.last_failure);
	});
}

} // namespace ena

extern "C" const char *ena_reset_reason_name(uint32_t reason)
{
	return ena::reset_reason_name(reason);
}
