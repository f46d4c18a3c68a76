// SPDX-License-Identifier: GPL-2.0-or-later
#include "faults.hh"

#include <algorithm>

namespace ena
{

namespace
{
bool passes(uint32_t filter, uint32_t value)
{
	return filter == FaultRule::anything || filter == value;
}
} // namespace

bool Faults::strikes(FaultRule &rule)
{
	rule.seen++;
	if (rule.seen % rule.every)
		return false;
	if (rule.per_million < FaultRule::million &&
	    rule.random.below(FaultRule::million) >= rule.per_million)
		return false;
	rule.hits++;
	if (rule.spent())
		update_set();
	return true;
}

/* Every rule sees every occasion; the first that strikes decides how. */
FaultRule *Faults::strike(Fault fault, uint32_t first, uint32_t second)
{
	FaultRule *struck = nullptr;

	for (size_t i = 0; i < count_; i++) {
		FaultRule &rule = rules_[i];
		if (rule.fault != fault || rule.spent() || !passes(rule.filters[0], first) ||
		    !passes(rule.filters[1], second))
			continue;
		if (strikes(rule) && !struck)
			struck = &rule;
	}
	return struck;
}

FaultRule *Faults::strike_due(uint64_t now_ns)
{
	for (size_t i = 0; i < count_; i++) {
		FaultRule &rule = rules_[i];
		if (!rule.period_ns || rule.spent() || now_ns < rule.next_ns)
			continue;
		/* A clock that jumped is one occasion, not many. */
		rule.next_ns = now_ns + rule.period_ns;
		if (strikes(rule))
			return &rule;
	}
	return nullptr;
}

uint64_t Faults::deadline() const
{
	uint64_t deadline = UINT64_MAX;
	for (const FaultRule &rule : rules())
		if (rule.period_ns && !rule.spent())
			deadline = std::min(deadline, rule.next_ns);
	return deadline;
}

void Faults::forget_spent()
{
	const auto end = rules_.begin() + static_cast<ptrdiff_t>(count_);
	count_ = static_cast<size_t>(
		std::remove_if(rules_.begin(), end,
			       [](const FaultRule &rule) { return rule.spent(); }) -
		rules_.begin());
}

bool Faults::add(std::span<const FaultRule> rules, uint64_t now_ns)
{
	if (rules.size() > max_rules - count_)
		forget_spent();
	if (rules.size() > max_rules - count_)
		return false;
	for (const FaultRule &rule : rules) {
		FaultRule &added = rules_[count_++];
		added = rule;
		added.next_ns = now_ns;
		/* A stream of its own, so that one rule does not change what another does. */
		added.random = Random(Random(seed_ + added_++)());
	}
	update_set();
	return true;
}

void Faults::clear()
{
	count_ = 0;
	added_ = 0;
	update_set();
}

void Faults::update_set()
{
	set_ = 0;
	for (const FaultRule &rule : rules())
		if (!rule.spent())
			set_ |= bit(rule.fault);
}

} // namespace ena
