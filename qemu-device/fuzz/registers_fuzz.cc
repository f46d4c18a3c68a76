// SPDX-License-Identifier: GPL-2.0-or-later
/* Any registers written and read in any state, with any memory behind them. */
#include "guest.hh"

#include <array>

namespace
{
using fuzz::FuzzHost;

constexpr uint32_t registers[] = {
	ENA_REG_VERSION,
	ENA_REG_CAPS,
	ENA_REG_AQ_BASE_LO,
	ENA_REG_AQ_BASE_HI,
	ENA_REG_AQ_CAPS,
	ENA_REG_ACQ_BASE_LO,
	ENA_REG_ACQ_BASE_HI,
	ENA_REG_ACQ_CAPS,
	ENA_REG_AQ_DB,
	ENA_REG_ACQ_TAIL,
	ENA_REG_AENQ_CAPS,
	ENA_REG_AENQ_BASE_LO,
	ENA_REG_AENQ_BASE_HI,
	ENA_REG_AENQ_HEAD_DB,
	ENA_REG_AENQ_TAIL,
	ENA_REG_INTR_MASK,
	ENA_REG_DEV_CTL,
	ENA_REG_DEV_STS,
	ENA_REG_MMIO_RESP_LO,
	ENA_REG_MMIO_RESP_HI,
	ENA_REG_MMIO_REG_READ,
	ENA_REG_CAPS_EXT,
	ENA_REG_RSS_IND_ENTRY_UPDATE,
	0x1000,
	0x1004,
	0x1008,
	0x13f0,
	0x1400,
	0x3ffc,
};

uint32_t value_for(fuzz::Input &input, uint32_t reg)
{
	const uint8_t how = input.byte();

	if (how & 1)
		return input.take<uint32_t>();
	switch (reg) {
	case ENA_REG_AQ_CAPS:
	case ENA_REG_ACQ_CAPS:
	case ENA_REG_AENQ_CAPS:
		return 64u << 16 | 1u << (how >> 1 & 0xf);
	case ENA_REG_AQ_BASE_HI:
	case ENA_REG_ACQ_BASE_HI:
	case ENA_REG_AENQ_BASE_HI:
	case ENA_REG_MMIO_RESP_HI:
		return how >> 1 & 1;
	case ENA_REG_AQ_BASE_LO:
	case ENA_REG_ACQ_BASE_LO:
	case ENA_REG_AENQ_BASE_LO:
	case ENA_REG_MMIO_RESP_LO:
		return static_cast<uint32_t>(FuzzHost::memory_base) + (how >> 1) * 0x1000u;
	default:
		return how >> 1;
	}
}

void step(FuzzHost &host, fuzz::Input &input)
{
	std::array<uint8_t, 128> bytes;

	switch (input.below(16)) {
	case 0:
	case 1:
	case 2:
	case 3: {
		const uint32_t reg = input.pick(registers);
		host.write(reg, value_for(input, reg));
		break;
	}
	case 4:
		host.write(input.take<uint32_t>() % (ENA_DEVICE_BAR0_SIZE + 64),
			   input.take<uint64_t>(), 1u << input.below(4));
		break;
	case 5:
		(void)host.read(input.take<uint32_t>() % (ENA_DEVICE_BAR0_SIZE + 64),
				1u << input.below(4));
		break;
	case 6:
		for (const uint32_t reg : registers)
			(void)host.read(reg);
		break;
	case 7:
	case 8:
		host.poll();
		break;
	case 9:
		host.advance(uint64_t{input.byte()} * 10'000'000);
		break;
	case 10: { /* an admin entry, its opcode and phase likely */
		input.fill(std::span(bytes).first(64));
		host.store(FuzzHost::memory_base + input.byte() * 0x1000u + input.below(8) * 64,
			   std::span(bytes).first(64));
		break;
	}
	case 11:
		host.set_link(input.byte() & 1);
		break;
	case 12:
		host.update_hints();
		host.transmit_ready();
		host.set_vnet(input.byte());
		break;
	case 13: {
		input.fill(std::span(bytes).first(60));
		const iovec iov = {bytes.data(), 60};
		(void)host.receive({&iov, 1}, nullptr);
		break;
	}
	case 14:
		host.failures = input.byte();
		host.racing = input.byte() & 1;
		break;
	case 15:
		host.power_on_reset();
		break;
	}
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	ena_config config;

	ena_config_default(&config);
	config.mac[0] = 2;
	FuzzHost host(config, input);
	if (input.byte() & 1) {
		fuzz::Guest guest(host);
		guest.start();
	}
	while (!input.empty())
		step(host, input);
	return 0;
}
