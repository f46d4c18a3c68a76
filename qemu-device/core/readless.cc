// SPDX-License-Identifier: GPL-2.0-or-later
#include "readless.hh"

namespace ena
{

bool Readless::write(uint32_t reg, uint32_t value)
{
	switch (reg) {
	case ENA_REG_MMIO_RESP_LO:
		address_ = (address_ & ~uint64_t{0xffffffff}) | value;
		return true;
	case ENA_REG_MMIO_RESP_HI:
		address_ = (address_ & 0xffffffff) | uint64_t{value} << 32;
		return true;
	default:
		return false;
	}
}

void Readless::answer(Host &host, uint32_t request, uint32_t value) const
{
	ena_mmio_read_resp resp{};
	resp.req_id.set(static_cast<uint16_t>(field_get(ENA_MMIO_READ_REQ_ID, request)));
	resp.reg_off.set(static_cast<uint16_t>(field_get(ENA_MMIO_READ_OFFSET, request)));
	resp.reg_val.set(value);

	if (!address_) {
		host.complain("register read by DMA without an address in MMIO_RESP (a reset "
			      "clears it: write it again after setting DEV_CTL.RESET)");
		return;
	}
	if (host.struck_by(Fault::register_lost, resp.reg_off.get()))
		return;
	/* One aligned write of eight bytes: req_id cannot appear before the value. */
	if (!host.write({address_}, &resp, sizeof(resp)))
		host.complain("answer of a register read cannot be written to 0x%llx",
			      static_cast<unsigned long long>(address_));
}

void Readless::snapshot(Snapshot &s)
{
	s.section("readless", 1, Absent::refused, [&] { s.value("address", address_); });
}

} // namespace ena
