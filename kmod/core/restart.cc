/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receiving side of one pair stops and starts again; the device serves all others meanwhile. */
#include "adapter.hh"
#include "text.hh"

namespace oe
{

/* Packets that are for this pair meanwhile are lost: RSS table and rules still name it. */
Status Adapter::stop_receiver(uint32_t pair)
{
	if (!open_ || pair >= rx_.size())
		return Errno::invalid;
	if (xdp_shares_)
		return Errno::not_supported;
	bool confirmed = rx_[pair].stop(admin_);
	if (TxQueue *xdp = own_xdp_queue(pair))
		confirmed = xdp->stop(admin_) && confirmed;
	if (confirmed)
		return {};
	log(kernel_, OE_LOG_ERROR,
	    LogLine() << "the device does not stop the queues of pair " << pair);
	reset_.ask(admin_.dead() ? ENA_RESET_ADMIN_TIMEOUT : ENA_RESET_INVALID_STATE);
	return Errno::io;
}

Status Adapter::start_queues(uint32_t pair)
{
	const uint16_t before = rx_[pair].device().sq().value;

	/* In the order of oe_open(), so that a device that takes the first free index gives the same. */
	if (TxQueue *xdp = own_xdp_queue(pair)) {
		if (Status status = xdp->start(admin_); !status)
			return status;
	}
	if (Status status = rx_[pair].start(admin_); !status)
		return status;
	if (!rss_.entries() || rx_[pair].device().sq().value == before)
		return {};
	/* The table has the device's numbers. One that was refused for good has none. */
	Status status = rss_.apply_table(admin_, rx_, rss_.table());
	return status.error() == Errno::not_supported ? Status() : status;
}

Status Adapter::start_receiver(uint32_t pair)
{
	if (!open_ || pair >= rx_.size())
		return Errno::invalid;
	Status status = start_queues(pair);
	if (status)
		return {};
	log(kernel_, OE_LOG_ERROR,
	    LogLine() << "the queues of pair " << pair << " do not start again, error "
		      << static_cast<uint32_t>(status.error()));
	reset_.ask(admin_.dead() ? ENA_RESET_ADMIN_TIMEOUT : ENA_RESET_INVALID_STATE);
	return status;
}

} // namespace oe
