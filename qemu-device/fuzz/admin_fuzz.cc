// SPDX-License-Identifier: GPL-2.0-or-later
/* A set-up that works, then any admin commands and control buffers. */
#include "guest.hh"

#include <array>

namespace
{
using fuzz::FuzzHost;
using fuzz::Guest;

constexpr uint8_t opcodes[] = {
	ENA_ADMIN_CREATE_CQ,   ENA_ADMIN_CREATE_SQ,   ENA_ADMIN_DESTROY_CQ, ENA_ADMIN_DESTROY_SQ,
	ENA_ADMIN_GET_FEATURE, ENA_ADMIN_SET_FEATURE, ENA_ADMIN_GET_STATS,
};

/* Where a guest may point: mostly memory of its own, some of it taken, some not there. */
uint64_t address(fuzz::Input &input)
{
	const uint8_t how = input.byte();

	switch (how & 7) {
	case 0:
		return input.take<uint64_t>();
	case 1:
		return FuzzHost::memory_base + FuzzHost::memory_size - (how >> 3) * 8u;
	case 2:
		return how >> 3 ? Guest::aq + (how >> 3) * 64u : 0;
	default:
		return Guest::rings + (how >> 3) * 0x800u;
	}
}

ena_aq_entry take_command(fuzz::Input &input)
{
	ena_aq_entry e{};
	const uint8_t how = input.byte();

	e.common.command_id.set(input.byte());
	e.common.opcode = how & 0x80 ? input.byte() : input.pick(opcodes);
	if (how & 0x40) { /* any bytes */
		input.fill({reinterpret_cast<uint8_t *>(&e) + 4, 60});
		return e;
	}
	switch (e.common.opcode) {
	case ENA_ADMIN_CREATE_CQ: {
		auto &cmd = reinterpret_cast<ena_create_cq_cmd &>(e);
		cmd.caps1 = input.byte();
		cmd.caps2 = how & 1 ? input.byte() : how & 2 ? 2 : 4;
		cmd.depth.set(static_cast<uint16_t>(how & 4 ? input.take<uint16_t>()
							    : 1u << input.below(14)));
		cmd.msix_vector.set(how & 8 ? input.take<uint32_t>() : input.below(10));
		ena::store(cmd.base, address(input));
		break;
	}
	case ENA_ADMIN_CREATE_SQ: {
		auto &cmd = reinterpret_cast<ena_create_sq_cmd &>(e);
		cmd.identity = how & 1 ? input.byte() : how & 2 ? 0x20 : 0x40;
		cmd.caps2 = how & 8 ? input.byte() : uint8_t{ENA_PLACEMENT_HOST};
		cmd.cq_idx.set(how & 16 ? input.take<uint16_t>() : input.below(4));
		cmd.depth.set(static_cast<uint16_t>(how & 4 ? input.take<uint16_t>()
							    : 1u << input.below(14)));
		ena::store(cmd.base, address(input));
		break;
	}
	case ENA_ADMIN_DESTROY_CQ:
		reinterpret_cast<ena_destroy_cq_cmd &>(e).cq_idx.set(
			how & 1 ? input.take<uint16_t>() : input.below(4));
		break;
	case ENA_ADMIN_DESTROY_SQ: {
		auto &cmd = reinterpret_cast<ena_destroy_sq_cmd &>(e);
		cmd.sq_idx.set(how & 1 ? input.take<uint16_t>() : input.below(4));
		cmd.identity = how & 2 ? input.byte() : how & 4 ? 0x20 : 0x40;
		break;
	}
	default: { /* features and statistics: a control buffer, an id, data */
		e.ctrl.length.set(how & 1 ? input.take<uint32_t>() : input.below(600));
		ena::store(e.ctrl.address, how & 2 ? address(input) : how & 4 ? Guest::control : 0);
		input.fill(std::span(e.data).first(4));
		e.data[1] = how & 8 ? e.data[1] : e.data[1] % 32;
		input.fill(std::span(e.data).subspan(4, how & 16 ? 44 : 16));
		break;
	}
	}
	return e;
}

/* What a driver writes to a control buffer, nearly. */
void fill_control(FuzzHost &host, fuzz::Input &input)
{
	std::array<uint8_t, 1024> bytes{};

	switch (input.below(4)) {
	case 0:
		input.fill(bytes);
		break;
	case 1: /* an indirection table */
		for (size_t i = 0; i < bytes.size(); i += 4)
			bytes[i] = static_cast<uint8_t>(input.byte() % 6);
		break;
	case 2: /* a key */
		bytes[0] = ENA_RSS_KEY_WORDS;
		input.fill(std::span(bytes).subspan(8, 40));
		break;
	case 3: /* fields to hash */
		for (size_t i = 64; i < 128; i += 4)
			bytes[i] = input.byte() & 0x3c;
		break;
	}
	host.store(Guest::control, bytes);
}

void step(FuzzHost &host, Guest &guest, fuzz::Input &input)
{
	switch (input.below(12)) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		guest.push_command(take_command(input));
		break;
	case 5:
	case 6:
		host.write(ENA_REG_AQ_DB, guest.aq_tail);
		host.run(4);
		break;
	case 7:
		fill_control(host, input);
		break;
	case 8: { /* an event comes, a queue is rung or armed */
		host.advance(uint64_t{input.byte()} * 10'000'000);
		host.write(ENA_REG_AENQ_HEAD_DB, input.byte());
		const uint32_t reg = 0x1000u + input.below(6) * 16 + input.below(4) * 4;
		host.write(reg, input.one_in(2) ? input.take<uint32_t>() : 0x40000000);
		host.run(4);
		break;
	}
	case 9:
		host.write(ENA_REG_INTR_MASK, input.byte() & 1);
		host.write(ENA_REG_RSS_IND_ENTRY_UPDATE,
			   input.below(300) | static_cast<uint32_t>(input.byte()) << 16);
		break;
	case 10:
		host.racing = input.byte() & 1;
		host.failures = input.byte() & input.byte();
		break;
	case 11:
		switch (input.below(4)) {
		case 0:
			guest.start();
			break;
		case 1: /* a doorbell that makes no sense */
			host.write(ENA_REG_AQ_DB, input.take<uint16_t>());
			break;
		default: {
			std::array<uint8_t, 60> frame;
			input.fill(frame);
			const iovec iov = {frame.data(), frame.size()};
			(void)host.receive({&iov, 1}, nullptr);
			break;
		}
		}
		break;
	}
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	const uint8_t shape = input.byte();
	ena_config config = fuzz::config_with(shape & 1 ? 2 : ENA_DEVICE_MAX_QUEUES);
	if (shape & 2)
		config.speed_mbps = 0;
	if (shape & 4)
		config.keep_alive_ms = 0;
	FuzzHost host(config, input);
	Guest guest(host);
	host.set_link(!(shape & 8));
	guest.start();
	while (!input.empty())
		step(host, guest, input);
	host.write(ENA_REG_AQ_DB, guest.aq_tail);
	host.run(4);
	return 0;
}
