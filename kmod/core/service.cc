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

} // namespace

void Adapter::service()
{
	uint64_t now_ns = oek_now_ns();

	if (given_up_)
		return;
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
	for (uint32_t i = 0; i < tx_.size(); i++)
		check_tx(i, now_ns);
	for (RxQueue &queue : rx_)
		queue.inspect();
}

void Adapter::check_tx(uint32_t index, uint64_t now_ns)
{
	uint32_t limit_ms = load_relaxed(patience_.tx_completion_ms);
	uint32_t threshold = load_relaxed(patience_.tx_missing_packets);

	if (limit_ms == Patience::for_ever)
		return;
	TxOverdue overdue = tx_[index].overdue(now_ns, limit_ms * ns_per_ms);
	if (overdue.packets <= threshold)
		return;
	log(kernel_, OE_LOG_ERROR,
	    LogLine() << "TX queue " << index << ": " << overdue.packets
		      << " packets without completion for " << limit_ms << " ms, the limit is "
		      << threshold);
	reset_.ask(overdue.completion_waits ? ENA_RESET_MISSING_INTERRUPT
					    : ENA_RESET_MISSING_TX_COMPLETION);
}

} // namespace oe
