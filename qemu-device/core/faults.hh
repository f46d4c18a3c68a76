/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults that the adapter is made to have: which there are, and when they strike. */
#ifndef ENA_CORE_FAULTS_HH
#define ENA_CORE_FAULTS_HH

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ena
{

enum class Fault : uint8_t {
	admin_lost,
	admin_delayed,
	admin_refused,
	tx_completion_lost,
	tx_completion_duplicated,
	tx_completion_wrong_id,
	tx_completion_wrong_phase,
	tx_completion_reserved,
	rx_completion_lost,
	rx_completion_duplicated,
	rx_completion_wrong_id,
	rx_completion_wrong_phase,
	rx_completion_reserved,
	rx_completion_first,
	rx_completion_too_long,
	rx_completion_too_many,
	doorbell_lost,
	interrupt_lost,
	dma_read_failed,
	dma_write_failed,
	register_lost,
	register_ones,
	event_lost,
	event_wrong_phase,
	slow,
	tx_frame_lost,
	tx_frame_duplicated,
	tx_frame_corrupted,
	tx_frame_delayed,
	tx_frame_reordered,
	rx_frame_lost,
	rx_frame_duplicated,
	rx_frame_corrupted,
	rx_frame_delayed,
	rx_frame_reordered,
	link_flap,
	event_unknown,
	fatal_error,
	reset_request,
};
inline constexpr size_t fault_count = static_cast<size_t>(Fault::reset_request) + 1;
static_assert(fault_count <= 64); /* masks of faults are 64 bits wide */

[[nodiscard]] constexpr uint64_t bit(Fault fault)
{
	return uint64_t{1} << static_cast<unsigned int>(fault);
}

/* Repeatable, and good enough to throw dice with (SplitMix64). */
class Random {
    public:
	constexpr explicit Random(uint64_t seed) : state_(seed)
	{
	}
	constexpr uint64_t operator()()
	{
		uint64_t z = state_ += 0x9e3779b97f4a7c15;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		return z ^ z >> 31;
	}
	/* From 0 to @n - 1. */
	constexpr uint64_t below(uint64_t n)
	{
		return (*this)() % n;
	}

    private:
	uint64_t state_;
};

/* One fault that is set: when it strikes, whom, how, and how often it did. */
struct FaultRule {
	static constexpr uint32_t anything = UINT32_MAX; /* of a filter */
	static constexpr uint32_t million = 1'000'000;

	Fault fault{};
	/* When: of the occasions that pass the filters, each @every'th, by chance, @count times. */
	uint64_t count = 0; /* 0: without end */
	uint64_t every = 1;
	uint32_t per_million = million;
	/* Whom: the meaning of the two depends on the fault. */
	std::array<uint32_t, 2> filters{anything, anything};
	/* How, if the fault asks for it. */
	uint64_t delay_ns = 0;
	uint64_t period_ns = 0;
	uint32_t value = 0;

	uint64_t seen = 0; /* occasions that pass the filters */
	uint64_t hits = 0;
	uint64_t next_ns = 0; /* of a fault with a period: the next occasion */
	Random random{0};

	[[nodiscard]] bool spent() const
	{
		return count && hits >= count;
	}
};

class Faults {
    public:
	static constexpr size_t max_rules = 16;

	explicit Faults(uint64_t seed) : seed_(seed)
	{
	}

	/* Some rule for one of the faults in this mask can still strike. */
	[[nodiscard]] bool set(uint64_t mask) const
	{
		return set_ & mask;
	}
	/*
	 * An occasion for @fault. Null: nothing happens; otherwise the rule
	 * that strikes, with its hit counted.
	 */
	[[nodiscard]] FaultRule *strike(Fault fault, uint32_t first, uint32_t second);
	/* A rule that strikes because its time has come; call until null. */
	[[nodiscard]] FaultRule *strike_due(uint64_t now_ns);
	[[nodiscard]] uint64_t deadline() const;

	/* All of them or, if there is no room, none. */
	[[nodiscard]] bool add(std::span<const FaultRule> rules, uint64_t now_ns);
	void clear();
	/* Spent ones included, until their room is needed. */
	[[nodiscard]] std::span<const FaultRule> rules() const
	{
		return {rules_.data(), count_};
	}

    private:
	[[nodiscard]] bool strikes(FaultRule &rule);
	void forget_spent();
	void update_set();

	std::array<FaultRule, max_rules> rules_{};
	size_t count_ = 0;
	uint64_t set_ = 0; /* faults with a rule that is not spent */
	uint64_t seed_;
	uint64_t added_ = 0; /* rules since the last clear() */
};

} // namespace ena

#endif
