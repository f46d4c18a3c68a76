/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of the adapter family. The device may want them read through
 * DMA ("readless"): the driver names a register, the device writes the value to
 * host memory. Knows nothing of Ethernet.
 */
#ifndef OPENENA_CORE_REGISTERS_HH
#define OPENENA_CORE_REGISTERS_HH

#include <cstdint>

#include "../../abi/ena_regs.h"
#include "../bridge.h"
#include "memory.hh"
#include "result.hh"

namespace oe
{

/* A register whose place the device chose: a doorbell, an unmask register. */
struct RegisterOffset {
	uint32_t value = 0;

	/* Aligned and not none; the kernel's side holds it to the size of the BAR. */
	[[nodiscard]] constexpr bool plausible() const
	{
		return value != 0 && value % 4 == 0;
	}
};

class Registers {
    public:
	/* Process context. */
	[[nodiscard]] Status init(oe_kernel *kernel, bool readless);
	/* The device forgets the answer buffer at reset: tell it again. */
	void announce_answer_buffer() const;
	/* Before the answer buffer goes. */
	void withdraw_answer_buffer() const;

	/* Errno::timed_out: no answer, or the device has left the bus. Process context. */
	[[nodiscard]] Result<uint32_t> read(ena_reg reg);
	/* Any context. Earlier stores to coherent memory are visible to the device first. */
	void write(ena_reg reg, uint32_t value) const
	{
		oek_writel(kernel_, reg, value);
	}
	void write_address(ena_reg low, ena_reg high, BusAddress address) const
	{
		write(low, static_cast<uint32_t>(address.value));
		write(high, static_cast<uint32_t>(address.value >> 32));
	}
	/* Any context. */
	void set_read_timeout_ms(uint32_t ms);
	[[nodiscard]] oe_kernel *kernel() const
	{
		return kernel_;
	}

    private:
	[[nodiscard]] Result<uint32_t> read_through_dma(ena_reg reg);
	[[nodiscard]] bool answered(uint16_t sequence) const;

	oe_kernel *kernel_ = nullptr;
	bool readless_ = false;
	uint16_t sequence_ = 0;
	uint32_t timeout_ms_ = 200;
	DmaBuffer answer_;
};

} // namespace oe

#endif
