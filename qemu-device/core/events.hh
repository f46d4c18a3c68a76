/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of ENA: what each group tells, and when. */
#ifndef ENA_CORE_EVENTS_HH
#define ENA_CORE_EVENTS_HH

#include "event_queue.hh"
#include "interrupts.hh"
#include "statistics.hh"

namespace ena
{

[[nodiscard]] ena_hw_hints make_hints(const ena_config &config);

/*
 * An event waits here until its group is enabled and the driver has given a
 * credit. Waiting events are states, not a queue: the newest link state, one
 * keep-alive, the newest hints, one fatal error and one warning with the newest
 * syndrome, all bits of the configuration notifications.
 */
class Events {
    public:
	Events(Host &host, Interrupts &interrupts, const Statistics &statistics,
	       const ena_config &config)
	    : host_(host), interrupts_(interrupts), statistics_(statistics),
	      period_ns_(uint64_t{config.keep_alive_ms} * 1'000'000), hints_(make_hints(config))
	{
	}

	[[nodiscard]] bool write(uint32_t reg, uint32_t value);
	[[nodiscard]] uint16_t tail() const
	{
		return queue_.tail();
	}

	[[nodiscard]] const EventQueue &queue() const
	{
		return queue_;
	}
	[[nodiscard]] uint32_t supported_groups() const;
	[[nodiscard]] uint32_t enabled_groups() const
	{
		return enabled_;
	}
	/* Enabling the link group announces the present state anew. */
	void enable(uint32_t groups);

	[[nodiscard]] bool link_up() const
	{
		return link_up_;
	}
	void set_link(bool up);
	/*
	 * Tell the driver. @value: syndrome of FATAL_ERROR and WARNING (16
	 * bits), bitmap of CONF_NOTIFICATIONS; the other groups have their own
	 * data. A group that is not supported is ignored.
	 */
	void post(ena_aenq_group group, uint64_t value = 0);
	/* Groups with an event that waits. */
	[[nodiscard]] uint32_t waiting_groups() const
	{
		return waiting_;
	}
	/* An event that is none, whether or not its group is enabled; lost without a credit. */
	void post_nonsense(uint16_t group);
	void update_hints(const ena_hw_hints &hints);
	/* As configured, or as last updated. */
	[[nodiscard]] const ena_hw_hints &hints() const
	{
		return hints_;
	}

	[[nodiscard]] uint64_t deadline() const
	{
		return keep_alive_due_ns_;
	}
	void expire(uint64_t now_ns);
	/* Nothing enabled, nothing waiting; the link stays as it is. */
	void reset();
	/* How many events were posted, which a reset leaves as it is. */
	void forget_posted()
	{
		queue_.forget_posted();
	}
	/* The link is what the driver believes; the host follows with set_link(). */
	void snapshot(Snapshot &s);

    private:
	[[nodiscard]] bool enabled(ena_aenq_group group) const
	{
		return enabled_ >> group & 1;
	}
	[[nodiscard]] bool post_data(ena_aenq_group group);
	void post_waiting();
	void start_keep_alive();

	Host &host_;
	Interrupts &interrupts_;
	const Statistics &statistics_;
	EventQueue queue_;
	uint64_t period_ns_; /* 0: no keep-alive */
	uint64_t keep_alive_due_ns_ = no_deadline;
	uint32_t enabled_ = 0;
	bool link_up_ = false;
	uint32_t waiting_ = 0; /* bit = group */
	uint16_t fatal_syndrome_ = 0;
	uint16_t warning_syndrome_ = 0;
	uint64_t conf_notifications_ = 0;
	ena_hw_hints hints_; /* the newest */
};

} // namespace ena

#endif
