// SPDX-License-Identifier: GPL-2.0-or-later
#include "events.hh"

#include <iterator>

namespace ena
{

namespace
{
template <class T> std::span<const uint8_t> bytes_of(const T &value)
{
	return {reinterpret_cast<const uint8_t *>(&value), sizeof(value)};
}

/* What the driver should know first. */
constexpr ena_aenq_group urgency[] = {
	ENA_AENQ_FATAL_ERROR,          ENA_AENQ_DEVICE_REQUEST_RESET, ENA_AENQ_LINK_CHANGE,
	ENA_AENQ_REFRESH_CAPABILITIES, ENA_AENQ_NOTIFICATION,         ENA_AENQ_WARNING,
	ENA_AENQ_CONF_NOTIFICATIONS,   ENA_AENQ_KEEP_ALIVE,
};
static_assert(std::size(urgency) == ENA_AENQ_GROUPS);
} // namespace

ena_hw_hints make_hints(const ena_config &config)
{
	ena_hw_hints hints{};
	hints.mmio_read_timeout_ms.set(config.hint_mmio_read_ms);
	hints.driver_watchdog_timeout_ms.set(config.hint_watchdog_ms);
	hints.missing_tx_completion_timeout_ms.set(config.hint_tx_completion_ms);
	hints.admin_completion_timeout_ms.set(config.hint_admin_ms);
	return hints;
}

bool Events::write(uint32_t reg, uint32_t value)
{
	if (!queue_.write(host_, reg, value))
		return false;
	if (reg == ENA_REG_AENQ_HEAD_DB)
		post_waiting();
	return true;
}

uint32_t Events::supported_groups() const
{
	constexpr uint32_t all = ENA_BIT(ENA_AENQ_GROUPS) - 1;
	return period_ns_ ? all : all & ~ENA_BIT(ENA_AENQ_KEEP_ALIVE);
}

void Events::enable(uint32_t groups)
{
	enabled_ = groups;
	if (!enabled(ENA_AENQ_KEEP_ALIVE)) {
		waiting_ &= ~ENA_BIT(ENA_AENQ_KEEP_ALIVE);
		keep_alive_due_ns_ = no_deadline;
	}
	post(ENA_AENQ_LINK_CHANGE);
}

void Events::set_link(bool up)
{
	if (up == link_up_)
		return;
	link_up_ = up;
	post(ENA_AENQ_LINK_CHANGE);
}

void Events::post_nonsense(uint16_t group)
{
	if (queue_.post(host_, group, 0, {}))
		interrupts_.management();
}

void Events::update_hints(const ena_hw_hints &hints)
{
	hints_ = hints;
	post(ENA_AENQ_NOTIFICATION);
}

void Events::post(ena_aenq_group group, uint64_t value)
{
	if (!(supported_groups() >> group & 1))
		return;
	if (group == ENA_AENQ_FATAL_ERROR)
		fatal_syndrome_ = static_cast<uint16_t>(value);
	else if (group == ENA_AENQ_WARNING)
		warning_syndrome_ = static_cast<uint16_t>(value);
	else if (group == ENA_AENQ_CONF_NOTIFICATIONS)
		conf_notifications_ |= value;
	waiting_ |= ENA_BIT(group);
	post_waiting();
}

bool Events::post_data(ena_aenq_group group)
{
	switch (group) {
	case ENA_AENQ_LINK_CHANGE: {
		ena_link_change_event event{};
		event.flags.set(link_up_ ? ENA_LINK_CHANGE_UP : 0);
		return queue_.post(host_, group, 0, bytes_of(event));
	}
	case ENA_AENQ_KEEP_ALIVE: {
		ena_keep_alive_event event{};
		statistics_.report(event);
		return queue_.post(host_, group, 0, bytes_of(event));
	}
	case ENA_AENQ_CONF_NOTIFICATIONS: {
		ena_conf_notifications_event event{};
		event.bitmap.set(conf_notifications_);
		if (!queue_.post(host_, group, 0, bytes_of(event)))
			return false;
		conf_notifications_ = 0;
		return true;
	}
	case ENA_AENQ_NOTIFICATION:
		return queue_.post(host_, group, ENA_NOTIFICATION_UPDATE_HINTS, bytes_of(hints_));
	case ENA_AENQ_FATAL_ERROR:
		return queue_.post(host_, group, fatal_syndrome_, {});
	case ENA_AENQ_WARNING:
		return queue_.post(host_, group, warning_syndrome_, {});
	default:
		return queue_.post(host_, group, 0, {});
	}
}

void Events::post_waiting()
{
	const uint16_t before = queue_.tail();

	for (const ena_aenq_group group : urgency)
		if (waiting_ >> group & 1 && enabled(group) && post_data(group))
			waiting_ &= ~ENA_BIT(group);
	if (queue_.tail() != before)
		interrupts_.management();
	start_keep_alive();
}

/* The first keep-alive comes one period after group and credits are there. */
void Events::start_keep_alive()
{
	if (enabled(ENA_AENQ_KEEP_ALIVE) && keep_alive_due_ns_ == no_deadline && queue_.credits())
		keep_alive_due_ns_ = host_.now() + period_ns_;
}

void Events::expire(uint64_t now_ns)
{
	if (now_ns < keep_alive_due_ns_)
		return;
	/* A clock that jumped is answered by one event, not by many. */
	keep_alive_due_ns_ = now_ns + period_ns_;
	post(ENA_AENQ_KEEP_ALIVE);
}

void Events::reset()
{
	queue_.reset();
	enabled_ = 0;
	waiting_ = 0;
	fatal_syndrome_ = 0;
	warning_syndrome_ = 0;
	conf_notifications_ = 0;
	keep_alive_due_ns_ = no_deadline;
}

void Events::snapshot(Snapshot &s)
{
	s.section("events", 2, Absent::refused, [&] {
		queue_.snapshot(s);
		s.mask("enabled groups", enabled_, supported_groups());
		s.value("link up", link_up_);
		s.mask("waiting groups", waiting_, supported_groups());
		s.value("fatal syndrome", fatal_syndrome_);
		s.value("warning syndrome", warning_syndrome_);
		s.value("configuration notifications", conf_notifications_);
		s.bytes("hints", {reinterpret_cast<uint8_t *>(&hints_), sizeof(hints_)});
		s.deadline("keep-alive", keep_alive_due_ns_, period_ns_);
		if (s.since(2))
			queue_.snapshot_posted(s);
	});
}

} // namespace ena
