// SPDX-License-Identifier: GPL-2.0-or-later
#include "phc.hh"

#include "abi/ena_regs.h"

#include <atomic>
#include <cstddef>

namespace ena
{

ena_phc_config Phc::get() const
{
	ena_phc_config phc{};
	phc.version = ENA_PHC_VERSION;
	phc.doorbell_offset.set(ENA_REG_PHC_DB);
	phc.expire_timeout_us.set(config_.phc_expire_us);
	phc.block_timeout_us.set(config_.phc_block_us);
	return phc;
}

ena_admin_status Phc::set(const ena_phc_config &phc)
{
	const BusAddress answer = bus_address(phc.output_address);
	const uint32_t length = phc.output_length.get();

	if (!answer)
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 29: the answer's address is 0");
	if (length < sizeof(ena_phc_answer))
		return host_.refuse(ENA_ADMIN_ILLEGAL_PARAMETER,
				    "SET_FEATURE 29: room for %u bytes of answer, %zu are needed",
				    length, sizeof(ena_phc_answer));
	answer_ = answer;
	return ENA_ADMIN_SUCCESS;
}

/* A second's worth may come at once, as tools that sample in bursts need it. */
bool Phc::within_rate()
{
	if (!config_.phc_rate)
		return true;
	rate_.refill(host_.now());
	if (!rate_.ready())
		return false;
	rate_.take_one();
	return true;
}

void Phc::request(uint32_t word)
{
	const auto id = static_cast<uint16_t>(field_get(ENA_PHC_DB_REQ_ID, word));
	ena_phc_answer answer{};
	uint32_t errors = 0;

	if (!answer_) {
		host_.complain("clock request %u without a place for the answer (SET_FEATURE 29)",
			       id);
		return;
	}
	if (!within_rate()) {
		host_.complain("clock request %u: more than %u in a second, it is answered with an "
			       "error",
			       id, config_.phc_rate);
		errors |= ENA_PHC_ERROR_TIMESTAMP;
	}
	if (config_.phc_error_bound_ns == ENA_PHC_ERROR_BOUND_UNKNOWN)
		errors |= ENA_PHC_ERROR_ERROR_BOUND;

	answer.req_id.set(id);
	answer.timestamp.set(errors & ENA_PHC_ERROR_TIMESTAMP ? 0 : host_.real_time());
	answer.error_bound.set(errors ? ENA_PHC_ERROR_BOUND_UNKNOWN : config_.phc_error_bound_ns);
	answer.error_flags.set(errors);

	constexpr size_t rest = offsetof(ena_phc_answer, reserved2);
	const auto *bytes = reinterpret_cast<const uint8_t *>(&answer);
	bool written = host_.write(answer_ + rest, bytes + rest, sizeof(answer) - rest);
	/* Orders the time before the id that says that it is there. */
	std::atomic_thread_fence(std::memory_order_release);
	written = written && host_.write(answer_, &answer.req_id, sizeof(answer.req_id));
	if (!written)
		host_.complain("clock request %u: the answer cannot be written to 0x%llx", id,
			       static_cast<unsigned long long>(answer_.value));
}

} // namespace ena
