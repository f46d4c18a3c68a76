/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of ENA: link, keep-alive, hints. */
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
 * keep-alive, the newest hints.
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

    private:
	[[nodiscard]] bool enabled(ena_aenq_group group) const
	{
		return enabled_ >> group & 1;
	}
	[[nodiscard]] bool post_link();
	[[nodiscard]] bool post_keep_alive();
	[[nodiscard]] bool post_hints();
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
	bool link_waiting_ = false;
	bool keep_alive_waiting_ = false;
	bool hints_waiting_ = false;
	ena_hw_hints hints_; /* the newest */
};

} // namespace ena

#endif
