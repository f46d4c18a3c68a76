/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register reads answered by DMA. */
#ifndef ENA_CORE_READLESS_HH
#define ENA_CORE_READLESS_HH

#include "snapshot.hh"

#include "abi/ena_regs.h"

namespace ena
{

class Readless {
    public:
	/* True: the register was one of this class. */
	[[nodiscard]] bool write(uint32_t reg, uint32_t value);
	/* What MMIO_RESP_LO and _HI read back. */
	[[nodiscard]] uint64_t answer_address() const
	{
		return address_;
	}
	/* Answer a write of @request to MMIO_REG_READ; the register named by it holds @value. */
	void answer(Host &host, uint32_t request, uint32_t value) const;
	/* The driver gives the address anew after it has begun a reset. */
	void reset()
	{
		address_ = 0;
	}
	void snapshot(Snapshot &s);

    private:
	uint64_t address_ = 0;
};

} // namespace ena

#endif
