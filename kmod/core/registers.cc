/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "registers.hh"

#include "barriers.hh"
#include "text.hh"

namespace oe
{

namespace
{

/* Differs from every sequence number that is asked for next. */
constexpr uint16_t stale_answer = 0xdead;
/* Answers come within a bus round trip; later ones are not worth spinning for. */
constexpr uint64_t spin_ns = 20'000;
constexpr uint32_t read_sleep_us = 50;

} // namespace

Status Registers::init(oe_kernel *kernel, bool readless)
{
	kernel_ = kernel;
	readless_ = readless;
	if (Status status = answer_.allocate(kernel, sizeof(ena_mmio_read_resp)); !status)
		return status;
	announce_answer_buffer();
	return {};
}

void Registers::announce_answer_buffer() const
{
	write_address(ENA_REG_MMIO_RESP_LO, ENA_REG_MMIO_RESP_HI, answer_.bus());
}

void Registers::withdraw_answer_buffer() const
{
	write_address(ENA_REG_MMIO_RESP_LO, ENA_REG_MMIO_RESP_HI, BusAddress{});
}

void Registers::set_read_timeout_ms(uint32_t ms)
{
	store_relaxed(timeout_ms_, ms);
}

Result<uint32_t> Registers::read(ena_reg reg)
{
	if (readless_)
		return read_through_dma(reg);

	uint32_t value = oek_readl(kernel_, reg);
	/* No register has all bits set: this is what an absent device reads as. */
	if (value == ENA_REG_READ_TIMEOUT)
		return Errno::timed_out;
	return value;
}

bool Registers::answered(uint16_t sequence) const
{
	return ena_le16{load_once(answer_.as<ena_mmio_read_resp>()->req_id.raw)}.get() == sequence;
}

Result<uint32_t> Registers::read_through_dma(ena_reg reg)
{
	LockGuard guard(kernel_, OE_LOCK_REGISTERS);
	auto *answer = answer_.as<ena_mmio_read_resp>();
	uint16_t sequence = ++sequence_;
	uint64_t start = oek_now_ns();
	uint64_t limit = load_relaxed(timeout_ms_) * 1'000'000ull;

	answer->req_id.set(static_cast<uint16_t>(sequence + stale_answer));
	/* oek_writel orders the store above before the request. */
	write(ENA_REG_MMIO_REG_READ, ena::field_put(ENA_MMIO_READ_OFFSET, reg) |
					     ena::field_put(ENA_MMIO_READ_REQ_ID, sequence));
	while (!answered(sequence)) {
		uint64_t waited = oek_now_ns() - start;

		if (waited > limit) {
			if (answered(sequence))
				break;
			log(kernel_, OE_LOG_ERROR,
			    LogLine() << "register " << Hex{static_cast<uint32_t>(reg)}
				      << ": no answer after " << waited / 1'000'000 << " ms");
			return Errno::timed_out;
		}
		if (waited < spin_ns)
			cpu_relax();
		else
			oek_sleep_us(read_sleep_us);
	}
	/* The device makes value and offset visible before req_id: read them after it. */
	dma_rmb();

	uint32_t offset = ena_le16{load_once(answer->reg_off.raw)}.get();
	uint32_t value = ena_le32{load_once(answer->reg_val.raw)}.get();

	if (offset != static_cast<uint32_t>(reg)) {
		log(kernel_, OE_LOG_ERROR,
		    LogLine() << "register " << Hex{static_cast<uint32_t>(reg)}
			      << ": the answer is about register " << Hex{offset});
		return Errno::timed_out;
	}
	if (value == ENA_REG_READ_TIMEOUT)
		return Errno::timed_out;
	return value;
}

} // namespace oe
