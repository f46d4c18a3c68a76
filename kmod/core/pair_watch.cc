/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pair_watch.hh"

#include "barriers.hh"

namespace oe
{

void PairWatch::look(const PairSight &sight, uint64_t now_ns)
{
	const bool polled = sight.polls != sight_.polls;
	const bool due = sight.scheduled || sight_.scheduled;

	unserved_ = sight.waits && sight_.waits && !due && !polled;
	if (!sight.scheduled)
		store_relaxed(due_since_ns_, uint64_t{0});
	else if (!sight_.scheduled || polled)
		store_relaxed(due_since_ns_, now_ns);
	if (sight.interrupts != sight_.interrupts)
		silent_since_ns_ = 0;
	sight_ = sight;
}

bool PairWatch::polled_instead(uint64_t now_ns)
{
	if (silent_since_ns_)
		return false;
	silent_since_ns_ = now_ns;
	return true;
}

uint64_t PairWatch::starved_ns(uint64_t now_ns) const
{
	uint64_t since_ns = load_relaxed(due_since_ns_);

	/* A look may be later than the caller's clock. */
	return since_ns && now_ns > since_ns ? now_ns - since_ns : 0;
}

void PairWatch::describe(Facts &facts) const
{
	facts.add("interrupts", sight_.interrupts);
	facts.add("poll_due", sight_.scheduled);
}

} // namespace oe
