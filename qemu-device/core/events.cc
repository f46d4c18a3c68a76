// SPDX-License-Identifier: GPL-2.0-or-later
#include "events.hh"

namespace ena
{

namespace
{
template <class T> std::span<const uint8_t> bytes_of(const T &value)
{
	return {reinterpret_cast<const uint8_t *>(&value), sizeof(value)};
}
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
	return ENA_BIT(ENA_AENQ_LINK_CHANGE) | ENA_BIT(ENA_AENQ_NOTIFICATION) |
	       (period_ns_ ? ENA_BIT(ENA_AENQ_KEEP_ALIVE) : 0);
}

void Events::enable(uint32_t groups)
{
	enabled_ = groups;
	link_waiting_ = enabled(ENA_AENQ_LINK_CHANGE);
	if (!enabled(ENA_AENQ_KEEP_ALIVE)) {
		keep_alive_waiting_ = false;
		keep_alive_due_ns_ = no_deadline;
	}
	post_waiting();
}

void Events::set_link(bool up)
{
	if (up == link_up_)
		return;
	link_up_ = up;
	link_waiting_ = enabled(ENA_AENQ_LINK_CHANGE);
	post_waiting();
}

void Events::update_hints(const ena_hw_hints &hints)
{
	hints_ = hints;
	hints_waiting_ = true;
	post_waiting();
}

bool Events::post_link()
{
	ena_link_change_event event{};
	event.flags.set(link_up_ ? ENA_LINK_CHANGE_UP : 0);
	return queue_.post(host_, ENA_AENQ_LINK_CHANGE, 0, bytes_of(event));
}

bool Events::post_keep_alive()
{
	ena_keep_alive_event event{};
	statistics_.report(event);
	return queue_.post(host_, ENA_AENQ_KEEP_ALIVE, 0, bytes_of(event));
}

bool Events::post_hints()
{
	return queue_.post(host_, ENA_AENQ_NOTIFICATION, ENA_NOTIFICATION_UPDATE_HINTS,
			   bytes_of(hints_));
}

void Events::post_waiting()
{
	const uint16_t before = queue_.tail();

	if (link_waiting_ && enabled(ENA_AENQ_LINK_CHANGE))
		link_waiting_ = !post_link();
	if (hints_waiting_ && enabled(ENA_AENQ_NOTIFICATION))
		hints_waiting_ = !post_hints();
	if (keep_alive_waiting_ && enabled(ENA_AENQ_KEEP_ALIVE))
		keep_alive_waiting_ = !post_keep_alive();
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
	keep_alive_waiting_ = true;
	post_waiting();
}

void Events::reset()
{
	queue_ = {};
	enabled_ = 0;
	link_waiting_ = keep_alive_waiting_ = hints_waiting_ = false;
	keep_alive_due_ns_ = no_deadline;
}

} // namespace ena
