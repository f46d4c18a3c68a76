// SPDX-License-Identifier: GPL-2.0-or-later
/* Any flow rules, and frames that nearly match them: a frame goes to one queue, that of a rule or RSS. */
#include "frame_input.hh"
#include "guest.hh"

#include <array>

namespace
{
using fuzz::FuzzHost;
using fuzz::Guest;

constexpr unsigned int queue_count = 4;

class Steering {
    public:
	Steering(FuzzHost &host, fuzz::Input &input) : host_(host), input_(input), guest_(host)
	{
	}
	void start();
	void step();

    private:
	void rule();
	void frame();
	void match_frame(ena_flow_steering_match &match);

	FuzzHost &host_;
	fuzz::Input &input_;
	Guest guest_;
	std::array<Guest::Queue, queue_count> queues_;
	fuzz::InputFrame last_;
};

void Steering::start()
{
	guest_.start();
	for (unsigned int slot = 0; slot < queue_count; slot++) {
		queues_[slot] = guest_.create(slot, true, 64, 1 + slot);
		guest_.post(queues_[slot], 64, Guest::buffers, 2048);
		guest_.ring(queues_[slot]);
	}
}

/* Addresses and ports of the last frame, under masks of any kind. */
void Steering::match_frame(ena_flow_steering_match &match)
{
	const std::vector<uint8_t> &f = last_.bytes;
	const size_t from = last_.l3_offset + (last_.ipv6 ? 8 : 12), size = last_.ipv6 ? 16 : 4;
	const uint8_t how = input_.byte();

	if (f.size() < last_.l4_offset + 4 || f.size() < from + 2 * size)
		return;
	if (how & 1) {
		memcpy(match.src_ip, &f[from], size);
		memset(match.src_ip_mask, how & 2 ? 0xff : input_.byte(), size);
	}
	if (how & 4) {
		memcpy(match.dst_ip, &f[from + size], size);
		memset(match.dst_ip_mask, how & 8 ? 0xff : input_.byte(), size);
	}
	if (how & 16) {
		match.dst_port.set(static_cast<uint16_t>(f[last_.l4_offset + 2] << 8 |
							 f[last_.l4_offset + 3]));
		match.dst_port_mask.set(how & 32 ? 0xffff : input_.take<uint16_t>());
	}
	if (how & 64)
		match.tos_mask = input_.byte();
}

void Steering::rule()
{
	const uint8_t how = input_.byte();
	ena_flow_steering_match match{};
	ena_flow_steering_cmd cmd{};

	match_frame(match);
	if (how & 1)
		input_.fill({reinterpret_cast<uint8_t *>(&match), sizeof(match)});
	host_.store(Guest::control, {reinterpret_cast<const uint8_t *>(&match), sizeof(match)});
	cmd.action = how & 2 ? input_.byte() : ENA_FLOW_ADD + (how >> 2 & 1);
	cmd.flow_type = static_cast<uint8_t>(1 + input_.below(7));
	cmd.rx_queue.set(static_cast<uint16_t>(input_.below(queue_count + 1)));
	cmd.rule_location.set(how & 8 ? ENA_FLOW_ANY_LOCATION
				      : static_cast<uint16_t>(input_.below(70)));
	if (how & 16)
		cmd.flags.set(input_.byte());
	guest_.set_feature(ENA_FEATURE_FLOW_STEERING, cmd);
}

void Steering::frame()
{
	if (!input_.one_in(3))
		last_ = fuzz::take_frame(input_, 200);
	if (last_.bytes.empty())
		return;
	const iovec iov = {last_.bytes.data(), last_.bytes.size()};
	(void)host_.receive({&iov, 1}, nullptr);
}

void Steering::step()
{
	switch (input_.below(8)) {
	case 0:
	case 1:
	case 2:
		rule();
		break;
	case 3:
	case 4:
	case 5:
		frame();
		break;
	case 6: {
		Guest::Queue &q = queues_[input_.below(queue_count)];
		const auto slot = static_cast<unsigned int>(&q - queues_.data());
		if (q.live)
			guest_.destroy(q);
		else
			q = guest_.create(slot, true, 64, 1 + slot);
		break;
	}
	case 7:
		for (Guest::Queue &q : queues_) {
			guest_.post(q, input_.below(8), Guest::buffers, 512);
			guest_.ring(q);
		}
		break;
	}
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	ena_config config = fuzz::config_with(queue_count);
	FuzzHost host(config, input);
	Steering steering(host, input);
	host.set_link(true);
	steering.start();
	while (!input.empty())
		steering.step();
	return 0;
}
