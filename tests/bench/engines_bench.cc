// SPDX-License-Identifier: GPL-2.0-or-later
/* How many bytes, segments and hashes a second one core gets from the offload engines. */
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "core/net/checksum.hh"
#include "core/net/packet.hh"
#include "core/net/segment.hh"
#include "core/net/switch.hh"
#include "core/net/toeplitz.hh"

namespace
{

constexpr size_t headers = 14 + 20 + 20;

/* Ethernet, IPv4, TCP without options, then @payload bytes. */
std::vector<uint8_t> tcp_frame(size_t payload)
{
	std::vector<uint8_t> frame(headers + payload, 0x5a);
	const size_t total = frame.size() - 14;

	frame[12] = 0x08;
	frame[13] = 0x00;
	frame[14] = 0x45;
	frame[16] = static_cast<uint8_t>(total >> 8);
	frame[17] = static_cast<uint8_t>(total);
	frame[20] = 0x40;
	frame[21] = 0;
	frame[23] = 6;
	frame[34 + 12] = 0x50;
	return frame;
}

void count_bytes(benchmark::State &state, size_t each)
{
	state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) *
				static_cast<int64_t>(each));
}

void checksum(benchmark::State &state)
{
	const std::vector<uint8_t> bytes(static_cast<size_t>(state.range(0)), 0xa5);

	for (auto _ : state) {
		net::Sum sum;

		sum.add(bytes);
		benchmark::DoNotOptimize(sum.checksum());
	}
	count_bytes(state, bytes.size());
}
BENCHMARK(checksum)->Arg(20)->Arg(64)->Arg(1500)->Arg(9000)->Arg(65536);

void parse(benchmark::State &state)
{
	const std::vector<uint8_t> frame = tcp_frame(1448);

	for (auto _ : state)
		benchmark::DoNotOptimize(net::parse(frame, frame.size()));
	state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(parse);

void parse_and_verify(benchmark::State &state)
{
	std::vector<uint8_t> frame = tcp_frame(static_cast<size_t>(state.range(0)));
	const iovec pieces[] = {{frame.data(), headers},
				{frame.data() + headers, frame.size() - headers}};

	for (auto _ : state) {
		const net::Packet packet = net::parse(frame, frame.size());

		benchmark::DoNotOptimize(net::verify(packet, pieces));
	}
	count_bytes(state, frame.size());
	state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(parse_and_verify)->Arg(6)->Arg(1448)->Arg(8960);

void segmentation(benchmark::State &state)
{
	const std::vector<uint8_t> frame = tcp_frame(65536 - 40 - 1);
	const net::SegmentRequest request{14, 20,    34,
					  20, false, static_cast<uint16_t>(state.range(0))};
	std::array<iovec, 2> segment;
	int64_t segments = 0;

	for (auto _ : state) {
		net::Segmenter segmenter;

		if (!segmenter.init(frame, request)) {
			state.SkipWithError("the frame was refused");
			break;
		}
		while (segmenter.next(segment)) {
			benchmark::DoNotOptimize(segment);
			segments++;
		}
	}
	count_bytes(state, frame.size());
	state.SetItemsProcessed(segments);
}
BENCHMARK(segmentation)->Arg(536)->Arg(1448)->Arg(8948);

const net::ToeplitzKey key = {{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2}};

void toeplitz_bits(benchmark::State &state)
{
	const std::vector<uint8_t> input(static_cast<size_t>(state.range(0)), 0xa5);

	for (auto _ : state)
		benchmark::DoNotOptimize(net::toeplitz(key, input, 0));
	count_bytes(state, input.size());
	state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(toeplitz_bits)->Arg(12)->Arg(36);

void toeplitz_table(benchmark::State &state)
{
	const std::vector<uint8_t> input(static_cast<size_t>(state.range(0)), 0xa5);
	static net::Toeplitz table;

	table.set_key(key);
	for (auto _ : state)
		benchmark::DoNotOptimize(table.hash(input, 0));
	count_bytes(state, input.size());
	state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(toeplitz_table)->Arg(12)->Arg(36);

void toeplitz_set_key(benchmark::State &state)
{
	static net::Toeplitz table;

	for (auto _ : state) {
		table.set_key(key);
		benchmark::ClobberMemory();
	}
}
BENCHMARK(toeplitz_set_key);

/* One decision for a frame between virtual functions, each in turn. */
void switch_unicast(benchmark::State &state)
{
	const auto functions = static_cast<unsigned int>(state.range(0));
	const auto vlan = static_cast<uint16_t>(state.range(1));
	constexpr unsigned int first = 2;
	net::Switch fabric;
	std::vector<std::array<uint8_t, 60>> frames(functions);

	for (unsigned int i = 0; i < functions; i++) {
		const net::MacAddress mac = {0x0a, static_cast<uint8_t>(i + 1), 0, 0x12, 0x34,
					     0x56};
		fabric.set(first + i, {.on = true, .check_source = true, .vlan = vlan, .mac = mac});
		std::copy(mac.begin(), mac.end(), frames[i].begin() + 6);
		std::copy(mac.begin(), mac.end(), frames[(i + 1) % functions].begin());
	}
	/* To its predecessor; a single one sends to the wire. */
	if (functions == 1)
		frames[0][0] = 0x52;
	unsigned int i = 0;
	for (auto _ : state) {
		benchmark::DoNotOptimize(fabric.forward(first + i, frames[i]));
		i = i + 1 == functions ? 0 : i + 1;
	}
	state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
/* Functions, and the VLAN they are in. */
BENCHMARK(switch_unicast)->ArgsProduct({{1, 2, 8, 64}, {0, 100}});

} // namespace
