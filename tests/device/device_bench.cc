// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the adapter's core costs: a packet from descriptor to wire and from wire
 * to buffer, beside a plain copy of the same bytes, which is the least that a
 * software adapter does. The guest's part (descriptors, doorbells) is as small
 * as it can be made, and is measured with it.
 */
#include <benchmark/benchmark.h>

#include "llq_writer.hh"

using namespace ena;

namespace
{

constexpr uint16_t depth = 256;
constexpr size_t memory_size = 64u << 20;
constexpr unsigned int burst = 32; /* packets a doorbell */
constexpr uint32_t headers = 14 + 20 + 20;

/* One queue whose ring always holds the same packets, only their phase changes. */
class Ring {
    public:
	Ring(Guest &guest, const Guest::Queue &queue, unsigned int phase_byte)
	    : guest_(guest), queue_(queue), phase_byte_(phase_byte)
	{
	}
	/* Give the adapter @count more descriptors. */
	void post(unsigned int count)
	{
		for (unsigned int i = 0; i < count; i++, queue_.tail++) {
			const uint64_t slot = queue_.tail & (depth - 1);
			uint8_t *byte = guest_.host.at(queue_.sq + slot * 16 + phase_byte_);
			*byte = static_cast<uint8_t>((*byte & ~1u) | queue_.phase());
		}
		guest_.host.write(queue_.doorbell, queue_.tail);
	}
	[[nodiscard]] Guest::Queue &queue()
	{
		return queue_;
	}

    private:
	Guest &guest_;
	Guest::Queue queue_;
	unsigned int phase_byte_;
};
constexpr unsigned int tx_phase_byte = 3, rx_phase_byte = 3;

/* Ethernet, IPv4, TCP; @port tells flows apart. */
std::vector<uint8_t> tcp_frame(size_t size, uint16_t port = 0)
{
	std::vector<uint8_t> frame(size, 0x5a);
	const size_t total = std::min<size_t>(size - 14, 65535);

	frame[12] = 0x08;
	frame[13] = 0x00;
	frame[14] = 0x45;
	frame[16] = static_cast<uint8_t>(total >> 8);
	frame[17] = static_cast<uint8_t>(total);
	frame[20] = frame[21] = 0;
	frame[23] = 6;
	frame[34] = static_cast<uint8_t>(port >> 8);
	frame[35] = static_cast<uint8_t>(port);
	frame[46] = 0x50;
	return frame;
}

ena_config config_of(uint16_t queues)
{
	ena_config config = FakeHost::default_config();
	config.queues = queues;
	config.vectors = static_cast<uint16_t>(queues + 1);
	config.keep_alive_ms = 0;
	return config;
}

void start(Guest &guest)
{
	guest.host.keep_sent = false;
	guest.start();
}

void report(benchmark::State &state, Guest &guest, uint64_t packets, size_t bytes, uint64_t done)
{
	if (done != packets)
		state.SkipWithError("packets were lost");
	for (const FakeHost::Note &note : guest.host.notes)
		if (note.level == ENA_NOTE_GUEST_ERROR)
			state.SkipWithError(note.text.c_str());
	state.SetItemsProcessed(static_cast<int64_t>(packets));
	state.SetBytesProcessed(static_cast<int64_t>(packets * bytes));
}

/* Fill every slot with a packet of one buffer. */
void fill_plain(Guest &guest, Guest::Queue &queue, const std::vector<uint8_t> &frame)
{
	for (uint16_t i = 0; i < depth; i++)
		guest.push_packet(queue, i, guest.place(frame));
	queue.tail = 0;
}

/* Packets of @bytes without offloads over @queues queues. */
void transmit(benchmark::State &state)
{
	const auto bytes = static_cast<size_t>(state.range(0));
	const auto queues = static_cast<uint16_t>(state.range(1));
	Guest guest(config_of(queues), memory_size);
	std::vector<Ring> rings;

	start(guest);
	for (uint16_t q = 0; q < queues; q++) {
		Guest::Queue queue = guest.create(false, depth, q + 1u);
		fill_plain(guest, queue, tcp_frame(bytes));
		rings.emplace_back(guest, queue, tx_phase_byte);
	}
	uint64_t packets = 0;
	size_t turn = 0;
	for (auto _ : state) {
		rings[turn].post(burst);
		turn = (turn + 1) % queues;
		guest.host.run();
		packets += burst;
	}
	ena_device_stats stats;
	ena_device_get_stats(guest.host.device, &stats);
	report(state, guest, packets, bytes, stats.tx_packets);
}
BENCHMARK(transmit)
	->ArgNames({"bytes", "queues"})
	->ArgsProduct({{64, 1514, 9015}, {1}})
	->ArgsProduct({{64}, {2, 4, 8, 16, 32}});

/* The same packets by LLQ: the first 96 bytes pushed, the rest in a buffer. */
void transmit_llq(benchmark::State &state)
{
	const auto bytes = static_cast<size_t>(state.range(0));
	const LlqChoice choice;
	Guest guest(config_of(1), memory_size);

	start(guest);
	if (choose_llq(guest, choice))
		state.SkipWithError("no LLQ");
	LlqWriter llq(guest, choice, depth);
	for (uint16_t i = 0; i < depth; i++)
		llq.packet(i, tcp_frame(bytes), std::min(bytes, choice.max_header()));
	llq.q.tail = 0;
	uint64_t packets = 0;
	for (auto _ : state) {
		for (unsigned int i = 0; i < burst; i++, llq.q.tail++) {
			uint8_t *byte = llq.at(llq.q.tail) + tx_phase_byte;
			*byte = static_cast<uint8_t>((*byte & ~1u) | llq.q.phase());
		}
		llq.ring();
		packets += burst;
	}
	ena_device_stats stats;
	ena_device_get_stats(guest.host.device, &stats);
	report(state, guest, packets, bytes, stats.tx_packets);
}
BENCHMARK(transmit_llq)->ArgNames({"bytes"})->ArgsProduct({{64, 1514, 9015}});

/* Large TCP packets: a meta descriptor and 15 buffers, cut to an MSS of 1448. */
void transmit_tso(benchmark::State &state)
{
	constexpr unsigned int pieces = 15, descs = pieces + 1;
	constexpr uint32_t piece = 4300, bytes = pieces * piece, mss = 1448;
	constexpr uint32_t word1 = field_put(ENA_TXD1_L3_PROTO, ENA_L3_IPV4) |
				   field_put(ENA_TXD1_L4_PROTO, ENA_L4_TCP) | ENA_TXD1_TSO |
				   ENA_TXD1_L3_CSUM | ENA_TXD1_L4_CSUM;
	Guest guest(config_of(1), memory_size);

	start(guest);
	Guest::Queue queue = guest.create(false, depth, 1);
	const auto buffers = guest.place(tcp_frame(bytes), piece);
	for (uint16_t i = 0; i < depth / descs; i++) {
		guest.push_meta(queue, mss, 14, 20, 5);
		guest.push_packet(queue, i, buffers, word1, true);
	}
	queue.tail = 0;
	Ring ring(guest, queue, tx_phase_byte);
	uint64_t packets = 0;
	for (auto _ : state) {
		ring.post(descs);
		guest.host.run();
		packets++;
	}
	constexpr uint64_t segments = (bytes - headers + mss - 1) / mss;
	ena_device_stats stats;
	ena_device_get_stats(guest.host.device, &stats);
	report(state, guest, packets, bytes, stats.tx_packets / segments);
}
BENCHMARK(transmit_tso);

/* Spread frames over the queues that @rings name. */
void set_rss_table(benchmark::State &state, Guest &guest, std::vector<Ring> &rings)
{
	constexpr unsigned int entries = 128, log_size = 7;
	const uint64_t buffer = guest.host.alloc(entries * sizeof(ena_rss_entry));
	ena_rss_indirection table{};

	for (unsigned int i = 0; i < entries; i++) {
		ena_rss_entry entry{};
		entry.cq_idx.set(rings[i % rings.size()].queue().index);
		guest.host.store(buffer + i * sizeof(entry), entry);
	}
	table.size.set(log_size);
	table.inline_index.set(ENA_RSS_INDEX_WHOLE_TABLE);
	if (guest.set_feature(ENA_FEATURE_RSS_INDIRECTION, &table, sizeof(table), buffer,
			      entries * sizeof(ena_rss_entry)))
		state.SkipWithError("the RSS table was refused");
}

/* Frames of @bytes, each to a buffer of its own, spread over @queues queues by their hash. */
void receive(benchmark::State &state)
{
	const auto bytes = static_cast<size_t>(state.range(0));
	const auto queues = static_cast<uint16_t>(state.range(1));
	Guest guest(config_of(queues), memory_size);
	std::vector<Ring> rings;

	start(guest);
	for (uint16_t q = 0; q < queues; q++) {
		Guest::Queue queue = guest.create(true, depth, q + 1u);
		guest.post(queue, depth, static_cast<uint32_t>(bytes));
		rings.emplace_back(guest, queue, rx_phase_byte);
	}
	set_rss_table(state, guest, rings);
	std::vector<std::vector<uint8_t>> frames;
	/* Enough for each queue to have some. */
	const unsigned int flows = queues == 1 ? burst : 256;
	for (uint16_t i = 0; i < flows; i++)
		frames.push_back(tcp_frame(bytes, static_cast<uint16_t>(i * 7919)));

	uint64_t packets = 0;
	std::vector<unsigned int> taken(queues);
	std::vector<uint16_t> head(queues);
	for (auto _ : state) {
		for (unsigned int i = 0; i < burst; i++, packets++) {
			auto &frame = frames[packets % flows];
			const iovec iov = {frame.data(), frame.size()};
			(void)ena_device_receive(guest.host.device, &iov, 1, nullptr);
		}
		for (uint16_t q = 0; q < queues; q++) {
			/* What was completed is posted again, as drivers do: a batch at a time. */
			const Guest::Queue &queue = rings[q].queue();
			for (;; head[q]++, taken[q]++) {
				const uint64_t slot = head[q] & (depth - 1);
				const auto status = guest.host.load<uint32_t>(queue.cq + slot * 16);
				const uint32_t phase = head[q] & depth ? 0 : 1;
				if (field_get(ENA_RXC_PHASE, status) != phase)
					break;
			}
			if (taken[q] < burst)
				continue;
			rings[q].post(taken[q]);
			taken[q] = 0;
		}
		guest.host.run();
	}
	ena_device_stats stats;
	ena_device_get_stats(guest.host.device, &stats);
	report(state, guest, packets, bytes, stats.rx_packets);
	for (Ring &ring : rings)
		if (packets >= 100 * flows && ring.queue().tail == depth)
			state.SkipWithError("a queue had no frames");
}
BENCHMARK(receive)
	->ArgNames({"bytes", "queues"})
	->ArgsProduct({{64, 1514, 9015}, {1}})
	->ArgsProduct({{64}, {2, 4, 8, 16, 32}});

/* The floor: the same bytes copied from the same places, and nothing else. */
void copy(benchmark::State &state)
{
	const auto bytes = static_cast<size_t>(state.range(0));
	const std::vector<uint8_t> from(bytes * depth, 0x5a);
	std::vector<uint8_t> to(bytes);
	size_t at = 0;

	for (auto _ : state) {
		memcpy(to.data(), &from[at * bytes], bytes);
		benchmark::ClobberMemory();
		at = (at + 1) % depth;
	}
	state.SetItemsProcessed(state.iterations());
	state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}
BENCHMARK(copy)->ArgName("bytes")->Arg(64)->Arg(1514)->Arg(9015)->Arg(64500);

} // namespace
