/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watchdogs: once a second, look for what has stopped. */
#include "adapter.hh"
#include "barriers.hh"
#include "text.hh"

namespace oe
{

namespace
{

constexpr uint64_t ns_per_ms = 1'000'000;

ena_reset_reason missing_interrupt(const PairWatch &watch)
{
	return watch.ever_interrupted() ? ENA_RESET_MISSING_INTERRUPT
					: ENA_RESET_MISSING_FIRST_INTERRUPT;
}

} // namespace

void Adapter::service()
{
	uint64_t now_ns = oek_now_ns();

	if (given_up_)
		return;
	write_debug_area();
	if (reset_.pending()) {
		retry_reset(now_ns);
		return;
	}
	if (admin_.dead()) {
		reset_.ask(ENA_RESET_ADMIN_TIMEOUT);
		return;
	}
	/* Events whose interrupt was lost. */
	if (interrupts_)
		events_.consume([this](const ena_aenq_entry &event) { handle_event(event); });
	check_status();
	check_keep_alive(now_ns);
	check_queues(now_ns);
}

void Adapter::retry_reset(uint64_t now_ns)
{
	if (retry_ns_ && now_ns >= retry_ns_) {
		retry_ns_ = 0;
		oek_schedule_reset(kernel_);
	}
}

void Adapter::check_status()
{
	Result<uint32_t> sts = registers_.read(ENA_REG_DEV_STS);

	if (!sts) {
		oek_log(kernel_, OE_LOG_ERROR, "the device does not answer");
		reset_.ask(ENA_RESET_GENERIC);
	} else if (*sts & ENA_DEV_STS_FATAL_ERROR) {
		log(kernel_, OE_LOG_ERROR,
		    LogLine() << "fatal error in device status " << Hex{*sts});
		reset_.ask(ENA_RESET_GENERIC);
	}
}

void Adapter::check_keep_alive(uint64_t now_ns)
{
	uint32_t limit_ms = load_relaxed(patience_.keep_alive_ms);
	uint64_t last_ns = load_relaxed(keep_alive_ns_);

	if (!interrupts_ || limit_ms == Patience::for_ever ||
	    !(features_.event_groups & ENA_BIT(ENA_AENQ_KEEP_ALIVE)))
		return;
	/* An event may have come since the clock was read. */
	if (now_ns <= last_ns || now_ns - last_ns <= limit_ms * ns_per_ms)
		return;
	global_stats_.wd_expired++;
	log(kernel_, OE_LOG_ERROR,
	    LogLine() << "no keep-alive for " << (now_ns - last_ns) / ns_per_ms
		      << " ms, the limit is " << limit_ms << " ms");
	reset_.ask(ENA_RESET_KEEP_ALIVE_TIMEOUT);
}

void Adapter::keep_alive_facts(Facts &facts) const
{
	uint64_t now_ns = oek_now_ns();
	uint64_t last_ns = load_relaxed(keep_alive_ns_);

	facts.add("limit_ms", load_relaxed(patience_.keep_alive_ms));
	facts.add("since_last_ms", now_ns > last_ns ? (now_ns - last_ns) / ns_per_ms : 0);
	facts.add("missed", global_stats_.wd_expired);
}

void Adapter::check_queues(uint64_t now_ns)
{
	/* oe_close() takes the queues away under this lock. */
	LockGuard guard(kernel_, OE_LOCK_ADMIN);

	if (!open_)
		return;
	for (uint32_t i = 0; i < rx_.size(); i++)
		look_at(i, now_ns);
	for (uint32_t i = 0; i < tx_.size(); i++)
		check_tx(i, now_ns);
	for (uint32_t i = 0; i < rx_.size(); i++) {
		check_interrupt(i, now_ns);
		rx_[i].inspect();
	}
}

void Adapter::look_at(uint32_t pair, uint64_t now_ns)
{
	const TxQueue *xdp = xdp_tx_queue(pair);
	oe_pair_state state = {};

	oek_pair_state(kernel_, pair, &state);
	watches_[pair].look({.interrupts = state.interrupts,
			     .polls = load_relaxed(pair_stats_[pair].tx.tx_poll),
			     .scheduled = state.scheduled,
			     .waits = rx_[pair].completion_waits() ||
				      tx_[pair].completion_waits() ||
				      (xdp && xdp->completion_waits())},
			    now_ns);
}

/*
 * A pair without its interrupt is polled instead, which also arms its vector again. It is reset when
 * that is needed once more after the limit, and no interrupt has come meanwhile.
 */
void Adapter::check_interrupt(uint32_t pair, uint64_t now_ns)
{
	uint32_t limit_ms = load_relaxed(patience_.tx_completion_ms);
	PairWatch &watch = watches_[pair];

	if (!watch.unserved() || reset_.pending())
		return;
	if (limit_ms != Patience::for_ever && watch.silent_ns(now_ns) > limit_ms * ns_per_ms) {
		log(kernel_, OE_LOG_ERROR,
		    LogLine() << "pair " << pair << ": completions without an interrupt for "
			      << watch.silent_ns(now_ns) / ns_per_ms << " ms, the limit is "
			      << limit_ms << " ms");
		reset_.ask(missing_interrupt(watch));
		return;
	}
	if (watch.polled_instead(now_ns))
		log(kernel_, OE_LOG_WARNING,
		    LogLine() << "pair " << pair
			      << ": completions without an interrupt: it is polled");
	pair_stats_[pair].tx.lost_interrupt++;
	oek_poll_pair(kernel_, pair);
}

void Adapter::check_tx(uint32_t index, uint64_t now_ns)
{
	uint32_t limit_ms = load_relaxed(patience_.tx_completion_ms);
	uint32_t threshold = load_relaxed(patience_.tx_missing_packets);

	if (limit_ms == Patience::for_ever)
		return;
	const PairWatch &watch = watches_[index % rx_.size()];
	uint64_t limit_ns = limit_ms * ns_per_ms;
	/* It may be the CPU that is late, and not the device. */
	const bool starved = watch.starved_ns(now_ns) > limit_ns;
	if (starved)
		limit_ns *= 2;
	uint32_t overdue = tx_[index].overdue(now_ns, limit_ns);
	if (overdue <= threshold)
		return;
	log(kernel_, OE_LOG_ERROR,
	    LogLine() << "TX queue " << index << ": " << overdue
		      << " packets without completion for " << limit_ns / ns_per_ms
		      << " ms, the limit is " << threshold
		      << (starved ? "; no poll, though due" : ""));
	if (starved)
		reset_.ask(ENA_RESET_POLL_STARVATION);
	else if (tx_[index].completion_waits() && !watch.scheduled())
		reset_.ask(missing_interrupt(watch));
	else
		reset_.ask(ENA_RESET_MISSING_TX_COMPLETION);
}

void Adapter::tx_timeout(uint32_t queue)
{
	uint64_t limit_ns = load_relaxed(patience_.tx_completion_ms) * ns_per_ms;
	const bool starved = queue < watches_.size() &&
			     watches_[queue].starved_ns(oek_now_ns()) > limit_ns;

	reset_.ask(starved ? ENA_RESET_POLL_STARVATION : ENA_RESET_OS_NETDEV_WATCHDOG);
}

} // namespace oe
