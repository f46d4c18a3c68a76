/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user asks for who suspects the device: its registers, and whether it answers well. */
#include "adapter.hh"
#include "reset.hh"
#include "text.hh"

namespace oe
{

namespace
{

/* First those that every driver reads. The others are written, or read as nothing of use. */
constexpr ena_reg readable_registers[] = {
	ENA_REG_VERSION, ENA_REG_CONTROLLER_VERSION, ENA_REG_CAPS,
	ENA_REG_DEV_STS, ENA_REG_ACQ_TAIL,           ENA_REG_AENQ_TAIL,
};
static_assert(ENA_REG_DEV_STS / sizeof(uint32_t) + 1 == OE_REGISTERS);

Status found_wrong(const Refusal &why, oe_error &error)
{
	why.copy_to(error.text);
	return Errno::io;
}

} // namespace

void Adapter::dump_registers(uint32_t *words)
{
	bool answers = true;

	for (uint32_t i = 0; i < OE_REGISTERS; i++)
		words[i] = 0;
	for (ena_reg reg : readable_registers) {
		uint32_t value = ENA_REG_READ_TIMEOUT;

		/* One that is silent is not waited for again and again. */
		if (answers) {
			Result<uint32_t> answer = registers_.read(reg);
			answers = static_cast<bool>(answer);
			if (answers)
				value = *answer;
		}
		words[reg / sizeof(uint32_t)] = value;
	}
}

Status Adapter::test_registers(oe_error &error)
{
	constexpr uint32_t of_interest = ENA_DEV_STS_READY | ENA_DEV_STS_RESET_IN_PROGRESS |
					 ENA_DEV_STS_FATAL_ERROR;
	Result<uint32_t> sts = registers_.read(ENA_REG_DEV_STS);

	if (!sts)
		return found_wrong(Refusal() << "the device does not answer", error);
	if ((*sts & of_interest) != ENA_DEV_STS_READY)
		return found_wrong(Refusal() << "the device's status is " << Hex{*sts}
					     << ", which is not just ready",
				   error);
	Result<DeviceCaps> caps = check_device(registers_);
	if (!caps)
		return found_wrong(
			Refusal() << "version or capabilities of the device are not possible",
			error);
	if (caps->dma_bits != features_.dma_bits)
		return found_wrong(Refusal() << "the device says " << caps->dma_bits
					     << " address bits, and said " << features_.dma_bits
					     << " before",
				   error);
	return {};
}

Status Adapter::test_admin(oe_error &error)
{
	auto attributes = get_feature<ena_device_attributes>(admin_, ENA_FEATURE_DEVICE_ATTRIBUTES);

	if (!attributes)
		return found_wrong(Refusal() << "a command got no answer, or a refusal, error "
					     << static_cast<uint32_t>(attributes.error()),
				   error);
	if (__builtin_memcmp(attributes->mac, features_.mac, sizeof(features_.mac)) != 0)
		return found_wrong(Refusal() << "the device names another MAC than before", error);
	return {};
}

} // namespace oe
