/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is at fault when the device must be reset, and how it stands with each part. */
#include "adapter.hh"
#include "reset.hh"

namespace oe
{

namespace
{

/* Whose fault a reset is; OE_REPORTERS: nobody's. */
oe_reporter reporter_of(ena_reset_reason reason)
{
	switch (reason) {
	case ENA_RESET_NORMAL:
	case ENA_RESET_OS_TRIGGER:
	case ENA_RESET_SHUTDOWN:
	case ENA_RESET_USER_TRIGGER:
		return OE_REPORTERS;
	case ENA_RESET_KEEP_ALIVE_TIMEOUT:
		return OE_REPORTER_KEEP_ALIVE;
	case ENA_RESET_ADMIN_TIMEOUT:
	case ENA_RESET_MISSING_ADMIN_INTERRUPT:
		return OE_REPORTER_ADMIN;
	case ENA_RESET_MISSING_TX_COMPLETION:
	case ENA_RESET_INVALID_TX_REQ_ID:
	case ENA_RESET_OS_NETDEV_WATCHDOG:
	case ENA_RESET_POLL_STARVATION:
	case ENA_RESET_TX_DESCRIPTOR_MALFORMED:
		return OE_REPORTER_TX;
	case ENA_RESET_INVALID_RX_REQ_ID:
	case ENA_RESET_TOO_MANY_RX_DESCS:
	case ENA_RESET_RX_DESCRIPTOR_MALFORMED:
	/* Of a pair: how it is watched is among the facts of RX. */
	case ENA_RESET_MISSING_INTERRUPT:
	case ENA_RESET_MISSING_FIRST_INTERRUPT:
		return OE_REPORTER_RX;
	default:
		return OE_REPORTER_DEVICE;
	}
}

} // namespace

bool Adapter::take_fault(oe_fault &fault)
{
	fault.reporter = reporter_of(reset_.reason());
	fault.text = reset_reason_name(reset_.reason());
	return reset_.take() && at_fault();
}

bool Adapter::at_fault() const
{
	return reporter_of(reset_.reason()) != OE_REPORTERS;
}

void Adapter::device_facts(Facts &facts)
{
	uint32_t words[OE_REGISTERS];

	dump_registers(words);
	facts.add("status", words[ENA_REG_DEV_STS / sizeof(uint32_t)]);
	facts.add("capabilities", words[ENA_REG_CAPS / sizeof(uint32_t)]);
	facts.add("resets", global_stats_.total_resets);
	facts.add("failed_resets", global_stats_.reset_fail);
	facts.add("failed_in_succession", failed_resets_);
	facts.add("given_up", given_up_);
}

uint32_t Adapter::facts(oe_reporter reporter, uint32_t queue, oe_fact *facts)
{
	Facts list(facts);

	switch (reporter) {
	case OE_REPORTER_DEVICE:
		device_facts(list);
		break;
	case OE_REPORTER_ADMIN:
		admin_.describe(list);
		break;
	case OE_REPORTER_KEEP_ALIVE:
		keep_alive_facts(list);
		break;
	case OE_REPORTER_TX:
		if (open_ && queue < tx_.size())
			tx_[queue].describe(list);
		break;
	case OE_REPORTER_RX:
		if (open_ && queue < rx_.size()) {
			rx_[queue].describe(list);
			watches_[queue].describe(list);
		}
		break;
	case OE_REPORTERS:
		break;
	}
	return list.count();
}

} // namespace oe
