/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reset.hh"

#include "barriers.hh"
#include "text.hh"

namespace oe
{

namespace
{

constexpr uint32_t caps_timeout_unit_ms = 100;
constexpr uint32_t default_admin_timeout_ms = 3000;
constexpr uint32_t min_dma_bits = 32;
constexpr uint32_t max_dma_bits = 48;
constexpr uint32_t min_controller_version = 0x000001; /* 0.0.1, without the implementation id */

constexpr const char *reason_names[] = {
	"normal",
	"no keep-alive from the device",
	"admin command timeout",
	"missing TX completions",
	"invalid RX buffer id",
	"invalid TX packet id",
	"too many RX descriptors",
	"initialisation error",
	"invalid driver state",
	"asked by the system",
	"netdev watchdog",
	"shutdown",
	"asked by the user",
	"generic",
	"missing interrupt",
	"poll starvation",
	"malformed RX completion",
	"malformed TX completion",
	"missing admin interrupt",
	"asked by the device",
	"missing first interrupt",
};
static_assert(sizeof(reason_names) / sizeof(reason_names[0]) ==
	      ENA_RESET_MISSING_FIRST_INTERRUPT + 1);

/* DEV_CTL for a reset: bits 3:0 of the reason and, where understood, bits 7:4. */
constexpr uint32_t reset_command(ena_reset_reason reason, bool extended)
{
	uint32_t code = reason;

	/* Without the upper field, 16 and more would arrive as another reason. */
	if (!extended && code > 15)
		code = ENA_RESET_GENERIC;
	return ENA_DEV_CTL_RESET | ena::field_put(ENA_DEV_CTL_REASON, code) |
	       ena::field_put(ENA_DEV_CTL_REASON_EXT, code >> 4);
}

/* Until RESET_IN_PROGRESS is @wanted. */
Status wait_for_reset_state(Registers &registers, bool wanted, uint32_t timeout_ms)
{
	uint64_t deadline = oek_now_ns() + timeout_ms * 1'000'000ull;
	uint32_t sleep_us = 100;

	for (;;) {
		bool last_look = oek_now_ns() >= deadline;
		Result<uint32_t> sts = registers.read(ENA_REG_DEV_STS);

		if (!sts)
			return sts.error();
		if (((*sts & ENA_DEV_STS_RESET_IN_PROGRESS) != 0) == wanted)
			return {};
		if (last_look)
			break;
		oek_sleep_us(sleep_us);
		if (sleep_us < 5000)
			sleep_us *= 2;
	}
	log(registers.kernel(), OE_LOG_ERROR,
	    LogLine() << "reset: the device did not " << (wanted ? "start" : "finish") << " within "
		      << timeout_ms << " ms");
	return Errno::timed_out;
}

} // namespace

const char *reset_reason_name(ena_reset_reason reason)
{
	return reason <= ENA_RESET_MISSING_FIRST_INTERRUPT ? reason_names[reason] : "unknown";
}

void ResetRequest::ask(ena_reset_reason reason)
{
	if (!exchange_if(reason_plus_one_, 0u, static_cast<uint32_t>(reason) + 1))
		return;
	log(kernel_, OE_LOG_WARNING,
	    LogLine() << "device reset wanted: " << reset_reason_name(reason));
	oek_schedule_reset(kernel_);
}

void ResetRequest::plan(ena_reset_reason reason)
{
	(void)exchange_if(reason_plus_one_, 0u, static_cast<uint32_t>(reason) + 1);
}

bool ResetRequest::pending() const
{
	return load_acquire(reason_plus_one_) != 0;
}

ena_reset_reason ResetRequest::reason() const
{
	uint32_t value = load_acquire(reason_plus_one_);

	return value ? static_cast<ena_reset_reason>(value - 1) : ENA_RESET_NORMAL;
}

void ResetRequest::clear()
{
	taken_ = false;
	store_release(reason_plus_one_, 0u);
}

bool ResetRequest::take()
{
	if (taken_ || !pending())
		return false;
	taken_ = true;
	return true;
}

void ResetHistory::note(ena_reset_reason reason, bool failed)
{
	records_[count_++ % OE_RESETS_KEPT] = {
		.when_ns = oek_now_ns(), .reason = reset_reason_name(reason), .failed = failed};
}

uint32_t ResetHistory::copy(oe_reset_record *records) const
{
	uint32_t kept = count_ < OE_RESETS_KEPT ? count_ : uint32_t{OE_RESETS_KEPT};

	for (uint32_t i = 0; i < kept; i++)
		records[i] = records_[(count_ - 1 - i) % OE_RESETS_KEPT];
	return kept;
}

Status reset_device(Registers &registers, ena_reset_reason reason, bool extended)
{
	/* A function level reset may have made the device forget it behind our back. */
	registers.announce_answer_buffer();
	Result<uint32_t> sts = registers.read(ENA_REG_DEV_STS);
	Result<uint32_t> caps = registers.read(ENA_REG_CAPS);

	if (!sts || !caps) {
		oek_log(registers.kernel(), OE_LOG_ERROR, "reset: the device does not answer");
		return Errno::timed_out;
	}
	if (!(*sts & ENA_DEV_STS_READY)) {
		log(registers.kernel(), OE_LOG_ERROR,
		    LogLine() << "reset: the device is not ready, status " << Hex{*sts});
		return Errno::invalid;
	}
	uint32_t timeout_ms = ena::field_get(ENA_CAPS_RESET_TIMEOUT, *caps) * caps_timeout_unit_ms;
	if (!timeout_ms) {
		log(registers.kernel(), OE_LOG_ERROR,
		    LogLine() << "reset: no timeout in the capabilities " << Hex{*caps});
		return Errno::invalid;
	}

	/* Phase one: the device takes down all queues. */
	registers.write(ENA_REG_DEV_CTL, reset_command(reason, extended));
	/* The reset took the address of the answer buffer with it. */
	registers.announce_answer_buffer();
	if (Status status = wait_for_reset_state(registers, true, timeout_ms); !status)
		return status;
	/* Phase two: let it out of reset. */
	registers.write(ENA_REG_DEV_CTL, 0);
	return wait_for_reset_state(registers, false, timeout_ms);
}

Result<DeviceCaps> check_device(Registers &registers)
{
	Result<uint32_t> version = registers.read(ENA_REG_VERSION);
	Result<uint32_t> controller = registers.read(ENA_REG_CONTROLLER_VERSION);
	Result<uint32_t> caps = registers.read(ENA_REG_CAPS);
	Result<uint32_t> sts = registers.read(ENA_REG_DEV_STS);
	oe_kernel *kernel = registers.kernel();

	if (!version || !controller || !caps || !sts)
		return Errno::timed_out;
	log(kernel, OE_LOG_DEBUG,
	    LogLine() << "device version " << ena::field_get(ENA_VERSION_MAJOR, *version) << "."
		      << ena::field_get(ENA_VERSION_MINOR, *version) << ", controller "
		      << Hex{*controller});
	if ((*controller & ~ENA_CONTROLLER_IMPL_ID) < min_controller_version) {
		log(kernel, OE_LOG_ERROR,
		    LogLine() << "controller version " << Hex{*controller}
			      << " is below 0.0.1, the oldest supported");
		return Errno::invalid;
	}
	if (!(*sts & ENA_DEV_STS_READY)) {
		log(kernel, OE_LOG_ERROR,
		    LogLine() << "the device is not ready after reset, status " << Hex{*sts});
		return Errno::no_device;
	}

	DeviceCaps result;
	result.dma_bits = ena::field_get(ENA_CAPS_DMA_WIDTH, *caps);
	if (result.dma_bits < min_dma_bits || result.dma_bits > max_dma_bits) {
		log(kernel, OE_LOG_ERROR,
		    LogLine() << "DMA width of " << result.dma_bits << " bits is not within "
			      << min_dma_bits << " to " << max_dma_bits);
		return Errno::invalid;
	}
	result.admin_timeout_ms =
		ena::field_get(ENA_CAPS_ADMIN_TIMEOUT, *caps) * caps_timeout_unit_ms;
	if (!result.admin_timeout_ms)
		result.admin_timeout_ms = default_admin_timeout_ms;
	return result;
}

} // namespace oe
