/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a pair's completions are taken, from what the service sees of it once a second. */
#ifndef OPENENA_CORE_PAIR_WATCH_HH
#define OPENENA_CORE_PAIR_WATCH_HH

#include <cstdint>

#include "facts.hh"

namespace oe
{

/* A pair at one moment. */
struct PairSight {
	uint64_t interrupts = 0; /* since it was opened */
	uint64_t polls = 0; /* that have begun */
	bool scheduled = false; /* a poll is due, or runs */
	bool waits = false; /* one of its rings holds a completion */
};

class PairWatch {
    public:
	/* Its queues are new. */
	void start()
	{
		*this = {};
	}
	void look(const PairSight &sight, uint64_t now_ns);
	/*
	 * A completion is there now and was at the last look, and no poll was due or has begun: the
	 * interrupt is missing. A CPU that is late has a poll that is due.
	 */
	[[nodiscard]] bool unserved() const
	{
		return unserved_;
	}
	/* Polled for want of an interrupt. True: the first time since one came. */
	[[nodiscard]] bool polled_instead(uint64_t now_ns);
	/* Since when it is polled instead; 0: it is not. */
	[[nodiscard]] uint64_t silent_ns(uint64_t now_ns) const
	{
		return silent_since_ns_ ? now_ns - silent_since_ns_ : 0;
	}
	[[nodiscard]] bool ever_interrupted() const
	{
		return sight_.interrupts != 0;
	}
	[[nodiscard]] bool scheduled() const
	{
		return sight_.scheduled;
	}
	/* For how long, at least, its poll has been due without beginning. Any context. */
	[[nodiscard]] uint64_t starved_ns(uint64_t now_ns) const;
	void describe(Facts &facts) const;

    private:
	PairSight sight_;
	bool unserved_ = false;
	uint64_t due_since_ns_ = 0; /* 0: no poll is */
	uint64_t silent_since_ns_ = 0;
};

} // namespace oe

#endif
