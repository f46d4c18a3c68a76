/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reset at run time: what must come back, how often it is tried, and when to give up. */
#include "adapter.hh"
#include "text.hh"

namespace oe
{

namespace
{

constexpr uint32_t max_failed_resets = 3;
/* So many in a row, each for a fault this soon after the one before, are too many. */
constexpr uint32_t max_hasty_resets = 10;
constexpr uint64_t haste_ns = 2'000'000'000;
constexpr uint64_t first_retry_delay_s = 1;
constexpr uint64_t ns_per_s = 1'000'000'000;

bool not_less(oe_kernel *kernel, const char *what, uint32_t found, uint32_t needed)
{
	if (found >= needed)
		return true;
	log(kernel, OE_LOG_ERROR,
	    LogLine() << "after the reset the device offers " << what << " of " << found << ", but "
		      << needed << " is in use");
	return false;
}

bool same_mac(const uint8_t (&a)[6], const uint8_t (&b)[6])
{
	return __builtin_memcmp(a, b, sizeof(a)) == 0;
}

} // namespace

/* The network stack goes on with what it was promised: the device must still keep it. */
Status Adapter::check_compatible(const Features &found) const
{
	uint32_t lost = (features_.tx_offloads & ~found.tx_offloads) |
			(features_.rx_offloads & ~found.rx_offloads);

	if (!same_mac(found.mac, features_.mac)) {
		oek_log(kernel_, OE_LOG_ERROR, "after the reset the device has another MAC");
		return Errno::invalid;
	}
	if (lost) {
		log(kernel_, OE_LOG_ERROR,
		    LogLine() << "after the reset the device lacks offloads " << Hex{lost});
		return Errno::invalid;
	}
	if (!not_less(kernel_, "an MTU", found.max_mtu, settings_.mtu) ||
	    !not_less(kernel_, "a number of queues", found.max_queues, settings_.queues) ||
	    !not_less(kernel_, "a TX ring", found.max_tx_ring, settings_.tx_ring) ||
	    !not_less(kernel_, "an RX ring", found.max_rx_ring, settings_.rx_ring) ||
	    !not_less(kernel_, "TX buffers for a packet", found.max_tx_buffers,
		      info_.max_tx_buffers) ||
	    !not_less(kernel_, "a DMA width", found.dma_bits, info_.dma_bits) ||
	    !not_less(kernel_, "an RSS table (log2)", found.rss_log2_entries,
		      features_.rss_log2_entries))
		return Errno::invalid;
	return {};
}

Status Adapter::reset_work()
{
	if (given_up_)
		return Errno::io;
	if (!reset_.pending())
		return {};

	Features found;
	ena_reset_reason reason = reset_.reason();
	halt();
	if (hasty_resets_ > max_hasty_resets) {
		/* One that was closed still has our memory; an open one was reset by close(). */
		if (!quiet_)
			quiet_ = reset_at_once(reason);
		give_up("needed at once", hasty_resets_);
		return Errno::io;
	}
	global_stats_.total_resets++;
	Status status = bring_up(reason, found);
	if (status)
		status = check_compatible(found);
	history_.note(reason, !status);
	if (!status) {
		admin_.stop();
		reset_failed();
		return status;
	}

	/* The device has forgotten the rings: they can go, if they are still here. */
	for (TxQueue &queue : tx_)
		queue.device().forget();
	for (RxQueue &queue : rx_)
		queue.device().forget();
	release_queues();
	/* What the kernel was told at probe stays; only the limits are new. */
	found.rss_log2_entries = features_.rss_log2_entries;
	features_ = found;
	failed_resets_ = 0;
	running_ = true;
	up_ns_ = oek_now_ns();
	reset_.clear();
	retry_ns_ = 0;
	/* It has forgotten the rules, and takes them before it has queues. */
	flows_.restore(kernel_, admin_);
	if (interrupts_)
		start_interrupts();
	log(kernel_, OE_LOG_NOTICE,
	    LogLine() << "the device was reset: " << reset_reason_name(reason));
	return {};
}

/* What must be reset as soon as it works would be so for ever, and rtnl never be free. */
void Adapter::note_haste()
{
	if (at_fault())
		hasty_resets_ = oek_now_ns() - up_ns_ < haste_ns ? hasty_resets_ + 1 : 0;
}

void Adapter::give_up(const char *why, uint32_t times)
{
	given_up_ = true;
	retry_ns_ = 0;
	oek_allow_dma(kernel_, false);
	log(kernel_, OE_LOG_ERROR,
	    LogLine() << "reset " << why << " " << times << " times: the device is given up");
	oek_link(kernel_, false);
}

void Adapter::reset_failed()
{
	global_stats_.reset_fail++;
	failed_resets_++;
	if (failed_resets_ >= max_failed_resets) {
		give_up("failed", failed_resets_);
		return;
	}
	oek_allow_dma(kernel_, false);
	uint64_t delay_s = first_retry_delay_s << failed_resets_;
	retry_ns_ = oek_now_ns() + delay_s * ns_per_s;
	log(kernel_, OE_LOG_ERROR,
	    LogLine() << "reset failed, try " << failed_resets_ << " of " << max_failed_resets
		      << ": again in " << delay_s << " s");
}

} // namespace oe
