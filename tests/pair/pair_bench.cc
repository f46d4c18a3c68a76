// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets per second through driver core, device core, wire, device core and
 * driver core, all on one thread. The harness allocates nothing per packet.
 */
#include <benchmark/benchmark.h>

#include "tests/pair/machine.hh"

namespace
{

/* Time stands still between bursts: a delayed interrupt would never come. */
int reopen_undelayed(oe_kernel &machine)
{
	machine.close();
	if (const int err = machine.set([](oe_settings &s) { s.rx_usecs = s.tx_usecs = 0; }))
		return err;
	return machine.open();
}

/* Arguments: frame size, queue pairs, packets per doorbell. */
void one_way(benchmark::State &state)
{
	const auto size = static_cast<size_t>(state.range(0));
	const auto queues = static_cast<unsigned>(state.range(1));
	const auto burst = static_cast<unsigned>(state.range(2));

	ena_config config = default_config();
	config.queues = static_cast<uint16_t>(queues);
	config.vectors = static_cast<uint16_t>(queues + 1);
	TwoMachines pair(config);
	pair.a->keep_frames = pair.b->keep_frames = false;
	if (!pair.start(queues) || reopen_undelayed(*pair.a) || reopen_undelayed(*pair.b)) {
		state.SkipWithError("the pair did not start");
		return;
	}
	const BusMemory::Block block = pair.a->memory.alloc(size);
	const oe_tx_buffer buffer = {block.bus, static_cast<uint32_t>(size)};
	oe_tx_packet packet = {};
	packet.buffers = &buffer;
	packet.nbuffers = 1;
	packet.bytes = buffer.len;
	packet.packets = 1;

	const uint64_t before = pair.b->rx_packets;
	unsigned queue = 0;
	for (auto _ : state) {
		for (unsigned i = 1; i <= burst; i++) {
			packet.flags = i == burst ? OE_TX_KICK : 0;
			if (!pair.a->send_mapped(queue, packet)) {
				state.SkipWithError("the ring is full");
				return;
			}
		}
		queue = (queue + 1) % queues;
		pair.a->settle();
		pair.b->settle();
	}
	const auto packets = static_cast<int64_t>(pair.b->rx_packets - before);
	if (packets != static_cast<int64_t>(state.iterations()) * burst)
		state.SkipWithError("packets were lost");
	state.SetItemsProcessed(packets);
	state.SetBytesProcessed(packets * static_cast<int64_t>(size));
	pair.a->memory.free(block.bus);
}

BENCHMARK(one_way)
	->ArgNames({"bytes", "queues", "burst"})
	->ArgsProduct({{64, 1514, 9015}, {1}, {1, 32}})
	->ArgsProduct({{64}, {4, 32}, {32}});

} // namespace
