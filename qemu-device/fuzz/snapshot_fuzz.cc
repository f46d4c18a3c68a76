// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The snapshot of an adapter that works, changed at any place: it is refused with a
 * sentence, and the adapter is as new, or it gives an adapter that runs.
 */
#include "guest.hh"

#include <array>

namespace
{
using fuzz::FuzzHost;
using fuzz::Guest;
using Bytes = std::vector<uint8_t>;

constexpr size_t length_at = 12, file_header = 16, section_header = 16;
constexpr unsigned int max_accesses = 40000; /* in one call; as in fuzz_host.cc */

/* Where a snapshot is loaded: guest memory is that of another host, nothing else is. */
class Target {
    public:
	explicit Target(FuzzHost &memory) : memory_(memory)
	{
		ena_host_ops ops{};
		ops.dma_read = [](void *host, uint64_t address, void *buf, size_t size) {
			const uint8_t *from = self(host).at(address, size);
			if (from)
				memcpy(buf, from, size);
			return from != nullptr;
		};
		ops.dma_write = [](void *host, uint64_t address, const void *buf, size_t size) {
			uint8_t *to = self(host).at(address, size);
			if (to)
				memcpy(to, buf, size);
			return to != nullptr;
		};
		ops.dma_map = [](void *host, uint64_t address, size_t *size, bool) -> void * {
			return self(host).at(address, *size);
		};
		ops.dma_unmap = [](void *, void *, size_t, bool, size_t) {
		};
		ops.raise = [](void *host, unsigned int vector) {
			FUZZ_CHECK(vector < self(host).memory_.config.vectors, "vector %u", vector);
		};
		ops.transmit = [](void *host, unsigned int queue, const iovec *, int,
				  const ena_vnet_hdr *) {
			FUZZ_CHECK(queue < self(host).memory_.config.queues, "queue %u", queue);
			return ENA_TRANSMIT_SENT;
		};
		ops.schedule = [](void *host) {
			self(host).scheduled_ = true;
		};
		ops.set_timer = [](void *host, uint64_t deadline) {
			self(host).deadline_ns_ = deadline;
		};
		ops.now = [](void *host) {
			return self(host).clock_ns_;
		};
		ops.real_time = ops.now;
		ops.receive_ready = [](void *) {
		};
		ops.note = [](void *, ena_note_level, const char *) {
		};
		device_ = ena_device_new(&memory.config, &ops, this);
		ena_device_set_llq_memory(device_, memory.llq_memory().data());
		clock_ns_ = memory.clock_ns;
	}
	~Target()
	{
		ena_device_free(device_);
	}
	Target(const Target &) = delete;
	Target &operator=(const Target &) = delete;

	[[nodiscard]] bool load(const Bytes &bytes)
	{
		char why[256] = "";
		const bool loaded =
			ena_device_load(device_, bytes.data(), bytes.size(), why, sizeof(why));
		FUZZ_CHECK(loaded || *why, "refused without a word");
		FUZZ_CHECK(!strchr(why, '\n'), "two lines: %s", why);
		return loaded;
	}
	[[nodiscard]] Bytes save()
	{
		char why[256] = "";
		Bytes bytes(ena_device_save(device_, nullptr, 0, why, sizeof(why)));
		FUZZ_CHECK(!bytes.empty(), "not to be saved: %s", why);
		FUZZ_CHECK(bytes.size() <= ENA_DEVICE_MAX_SNAPSHOT, "%zu bytes", bytes.size());
		(void)ena_device_save(device_, bytes.data(), bytes.size(), why, sizeof(why));
		return bytes;
	}
	/* What a guest and a wire do to an adapter. */
	void use()
	{
		call([&] { ena_device_set_link(device_, true); });
		run();
		for (uint32_t slot = 0; slot < 2u * memory_.config.queues; slot++) {
			for (const uint32_t ahead : {1u, 9u})
				write(0x1000 + slot * 16, ahead);
			write(0x1004 + slot * 16, ENA_INTR_UNMASK);
		}
		write(ENA_REG_AQ_DB, 3);
		write(ENA_REG_AENQ_HEAD_DB, 20);
		std::array<uint8_t, 60> frame{};
		const iovec iov = {frame.data(), frame.size()};
		for (int i = 0; i < 3; i++)
			call([&] { (void)ena_device_receive(device_, &iov, 1, nullptr); });
		run();
		clock_ns_ += 2'000'000'000;
		for (int i = 0; i < 64 && deadline_ns_ <= clock_ns_; i++) {
			deadline_ns_ = UINT64_MAX;
			call([&] { ena_device_timer(device_); });
			run();
		}
		FUZZ_CHECK(deadline_ns_ > clock_ns_, "the timer is due again and again");
	}

    private:
	static Target &self(void *host)
	{
		return *static_cast<Target *>(host);
	}
	uint8_t *at(uint64_t address, size_t size)
	{
		FUZZ_CHECK(++accesses_ <= max_accesses, "%u accesses in one call", accesses_);
		return memory_.at(address, size);
	}
	template <class F> void call(F &&f)
	{
		accesses_ = 0;
		f();
	}
	void write(uint32_t reg, uint32_t value)
	{
		call([&] { ena_device_mmio_write(device_, reg, value, 4); });
	}
	void run()
	{
		for (int i = 0; i < 32 && scheduled_; i++) {
			scheduled_ = false;
			call([&] { ena_device_poll(device_); });
		}
	}

	FuzzHost &memory_;
	ena_device *device_;
	unsigned int accesses_ = 0;
	bool scheduled_ = false;
	uint64_t clock_ns_ = 0, deadline_ns_ = UINT64_MAX;
};

void put(Bytes &bytes, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size && at + i < bytes.size(); i++)
		bytes[at + i] = static_cast<uint8_t>(value >> 8 * i);
}

uint64_t get(const Bytes &bytes, size_t at, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size && at + i < bytes.size(); i++)
		value |= uint64_t{bytes[at + i]} << 8 * i;
	return value;
}

/* The bytes of a section, header included. */
std::span<const uint8_t> section(const Bytes &bytes, unsigned int index)
{
	size_t at = file_header;
	while (at + section_header <= bytes.size()) {
		const size_t size = section_header + get(bytes, at + 12, 4);
		if (size > bytes.size() - at)
			break;
		if (!index--)
			return std::span(bytes).subspan(at, size);
		at += size;
	}
	return {};
}

void change(Bytes &bytes, fuzz::Input &input)
{
	static constexpr size_t widths[] = {1, 2, 4, 8};
	const size_t at = input.take<uint16_t>() % bytes.size();
	const size_t width = input.pick(widths);

	switch (input.below(8)) {
	case 0:
		bytes[at] ^= input.byte();
		break;
	case 1:
		put(bytes, at, input.take<uint64_t>(), width);
		break;
	case 2: /* the neighbours of what is there */
		put(bytes, at, get(bytes, at, width) + (input.byte() & 1 ? 1 : -1), width);
		break;
	case 3:
		put(bytes, at, input.byte() & 1 ? UINT64_MAX : 0, width);
		break;
	case 4:
		bytes.resize(std::max(at, file_header));
		break;
	case 5: { /* a section once more, at the end */
		const auto copy = section(bytes, input.below(24));
		const Bytes more(copy.begin(), copy.end());
		bytes.insert(bytes.end(), more.begin(), more.end());
		break;
	}
	case 6: { /* a section less */
		const auto gone = section(bytes, input.below(24));
		const auto from = bytes.begin() + (gone.empty() ? 0 : gone.data() - bytes.data());
		bytes.erase(from, from + static_cast<ptrdiff_t>(gone.size()));
		break;
	}
	case 7: { /* another version */
		const auto some = section(bytes, input.below(24));
		if (!some.empty())
			put(bytes, static_cast<size_t>(some.data() - bytes.data()) + 10,
			    input.byte(), 2);
		break;
	}
	}
}

/* A life of some kind, up to a moment. */
void live(FuzzHost &host, Guest &guest, fuzz::Input &input)
{
	guest.start();
	if (input.one_in(3)) {
		ena_llq_config llq{};
		llq.header_location.enabled.set(ENA_LLQ_HEADER_INLINE);
		llq.entry_size.enabled.set(ENA_LLQ_ENTRY_128);
		llq.descs_before_header.enabled.set(2);
		llq.stride.enabled.set(ENA_LLQ_STRIDE_MULTIPLE);
		guest.set_feature(ENA_FEATURE_LLQ, llq);
	}
	const uint32_t queues = input.below(5);
	for (uint32_t slot = 0; slot < queues; slot++) {
		Guest::Queue q = guest.create(slot, slot & 1, 16, 1 + slot / 2, input.one_in(4));
		if (q.rx)
			guest.post(q, 12, Guest::buffers, 128);
		guest.ring(q, q.rx ? 0 : input.one_in(3));
	}
	host.run(input.below(4));
	host.advance(input.below(3) * 100'000'000u);
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	ena_config config = fuzz::config_with(2);
	FuzzHost host(config, input);
	Guest guest(host);
	host.set_link(true);
	live(host, guest, input);
	Bytes bytes = host.save();
	for (int i = 0; i < 8 && !input.empty(); i++)
		change(bytes, input);
	if (!input.one_in(8))
		put(bytes, length_at, bytes.size(), 4);

	Target target(host);
	static const Bytes fresh = target.save();
	if (!target.load(bytes)) {
		FUZZ_CHECK(target.save() == fresh, "refused, and something of it is left");
		return 0;
	}
	const Bytes again = target.save();
	Target other(host);
	FUZZ_CHECK(other.load(again) && other.save() == again, "what was saved is not what loads");
	target.use();
	(void)target.save();
	return 0;
}
