// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz_host.hh"

#include <array>
#include <bitset>

namespace fuzz
{

ena_config config_with(unsigned int queues)
{
	ena_config config;

	ena_config_default(&config);
	config.mac[0] = 2;
	config.queues = static_cast<uint16_t>(queues);
	config.vectors = static_cast<uint16_t>(queues + 1);
	return config;
}

namespace
{
/*
 * A poll does up to 32 commands and 256 descriptors or segments; a frame may be
 * cut into as many segments as a ring has buffers.
 */
constexpr unsigned int max_accesses = 40000;
constexpr unsigned int max_timer_rounds = 64; /* at one moment of the clock */
constexpr size_t max_frame_overhead = 22;
enum Abilities : uint8_t { able_csum = 1, able_tso4 = 2, able_tso6 = 4, able_ecn = 8 };

FuzzHost &self(void *host)
{
	return *static_cast<FuzzHost *>(host);
}
/* Guest memory is of the process, and only what was used of it is cleared: that is faster. */
constexpr size_t page_size = 4096;
std::array<uint8_t, FuzzHost::memory_size> memory;
std::bitset<FuzzHost::memory_size / page_size> used_pages;

alignas(8) std::array<uint8_t, 8u << 20> bar2;

/* So that a sanitizer sees each byte used. */
void touch(const void *bytes, size_t size)
{
	const auto *p = static_cast<const uint8_t *>(bytes);
	uint8_t all = 0;
	for (size_t i = 0; i < size; i++)
		all |= p[i];
	volatile uint8_t sink = all;
	(void)sink;
}
} // namespace

FuzzHost::FuzzHost(const ena_config &c, Input &input) : config(c), watch(config), input_(input)
{
	const ena_host_ops ops = make_ops();
	char why[256];

	for (size_t i = 0; i < used_pages.size(); i++)
		if (used_pages[i])
			memset(&memory[i * page_size], 0, page_size);
	used_pages.reset();
	FUZZ_CHECK(ena_config_check(&config, why, sizeof(why)), "%s", why);
	device_ = ena_device_new(&config, &ops, this);
	if (!llq_memory().empty())
		ena_device_set_llq_memory(device_, llq_memory().data());
}

std::span<uint8_t> FuzzHost::llq_memory() const
{
	const size_t size = ena_config_llq_size(&config);
	FUZZ_CHECK(size <= bar2.size(), "BAR2 of %zu bytes", size);
	return {bar2.data(), size};
}

FuzzHost::~FuzzHost()
{
	ena_device_free(device_);
	FUZZ_CHECK(!mappings_, "%d windows left open", mappings_);
}

bool FuzzHost::inside(uint64_t address, size_t size) const
{
	return Region{memory_base, memory_size}.contains(address, size);
}

uint8_t *FuzzHost::at(uint64_t address, size_t size)
{
	if (!inside(address, size))
		return nullptr;
	const size_t offset = address - memory_base;
	for (size_t page = offset / page_size; page * page_size < offset + size; page++)
		used_pages.set(page);
	return &memory[offset];
}

void FuzzHost::store(uint64_t address, std::span<const uint8_t> bytes)
{
	if (uint8_t *to = at(address, bytes.size()))
		std::copy(bytes.begin(), bytes.end(), to);
}

bool FuzzHost::access_fails()
{
	const bool fails = failures & 1;
	failures >>= 1;
	return fails;
}

void FuzzHost::work(size_t bytes)
{
	FUZZ_CHECK(in_call_, "an access outside of a call");
	FUZZ_CHECK(++accesses_ <= max_accesses, "%u accesses in one call", accesses_);
	FUZZ_CHECK(bytes, "an access of no bytes");
}

/* What was read is no more what is there. */
void FuzzHost::race(uint64_t address, size_t size)
{
	if (!racing)
		return;
	const uint8_t how = input_.byte();
	uint8_t *p = at(address, size);
	if (how & 1 && p)
		p[input_.take<uint16_t>() % size] ^= static_cast<uint8_t>(how | 2);
}

ena_host_ops FuzzHost::make_ops()
{
	ena_host_ops ops{};
	ops.dma_read = [](void *host, uint64_t addr, void *buf, size_t len) {
		FuzzHost &h = self(host);
		h.work(len);
		const uint8_t *from = h.at(addr, len);
		const bool works = from && !h.access_fails();
		/* A failed access may leave anything. */
		memset(buf, 0xa5, len);
		if (works)
			memcpy(buf, from, len);
		h.watch.read(addr, {static_cast<uint8_t *>(buf), len}, works);
		h.race(addr, len);
		return works;
	};
	ops.dma_write = [](void *host, uint64_t addr, const void *buf, size_t len) {
		FuzzHost &h = self(host);
		h.work(len);
		touch(buf, len);
		uint8_t *to = h.at(addr, len);
		const bool works = to && !h.access_fails();
		if (works)
			memcpy(to, buf, len);
		h.watch.write(addr, {static_cast<const uint8_t *>(buf), len}, works);
		return works;
	};
	ops.dma_map = [](void *host, uint64_t addr, size_t *len, bool device_writes) -> void * {
		FuzzHost &h = self(host);
		h.work(*len);
		FUZZ_CHECK(!device_writes, "no path of the core maps for writing");
		h.watch.map(addr, *len);
		*len = std::min(*len, h.map_limit);
		if (!h.mapping_works || !h.inside(addr, *len) || h.access_fails())
			return nullptr;
		h.mappings_++;
		return h.at(addr, *len);
	};
	ops.dma_unmap = [](void *host, void *ptr, size_t len, bool, size_t) {
		touch(ptr, len);
		self(host).mappings_--;
	};
	ops.raise = [](void *host, unsigned int vector) {
		self(host).watch.raise(vector);
	};
	ops.transmit = [](void *host, unsigned int queue, const iovec *iov, int count,
			  const ena_vnet_hdr *hdr) {
		return self(host).transmit(queue, iov, count, *hdr);
	};
	ops.schedule = [](void *host) {
		self(host).scheduled = true;
	};
	ops.set_timer = [](void *host, uint64_t deadline) {
		self(host).deadline_ns = deadline;
	};
	ops.now = [](void *host) {
		return self(host).clock_ns;
	};
	ops.real_time = [](void *host) {
		return 1'790'000'000'000'000'000 + self(host).clock_ns;
	};
	ops.receive_ready = [](void *) {
	};
	ops.note = [](void *, ena_note_level, const char *text) {
		const size_t length = strlen(text);
		FUZZ_CHECK(length && length < 256, "a note of %zu characters", length);
		FUZZ_CHECK(!strchr(text, '\n'), "a note of two lines: %s", text);
	};
	return ops;
}

void FuzzHost::check_header(const ena_vnet_hdr &hdr, size_t length) const
{
	const unsigned int gso = hdr.gso_type & ~ENA_VNET_GSO_ECN;

	if (hdr.flags || gso)
		FUZZ_CHECK(vnet_ & able_csum, "a peer that can do nothing is asked for flags 0x%x",
			   hdr.flags);
	if (hdr.flags & ENA_VNET_NEEDS_CSUM)
		FUZZ_CHECK(hdr.csum_start + hdr.csum_offset + size_t{2} <= length,
			   "checksum at %u + %u of %zu bytes", hdr.csum_start, hdr.csum_offset,
			   length);
	if (gso) {
		FUZZ_CHECK(vnet_ & (gso == ENA_VNET_GSO_TCPV4 ? able_tso4 : able_tso6),
			   "segmentation %u is beyond the peer", gso);
		FUZZ_CHECK(
			hdr.gso_size && hdr.hdr_len < length && length - hdr.hdr_len > hdr.gso_size,
			"segments of %u, header %u, frame %zu", hdr.gso_size, hdr.hdr_len, length);
		FUZZ_CHECK(hdr.flags & ENA_VNET_NEEDS_CSUM, "segmentation without checksum");
		FUZZ_CHECK(!(hdr.gso_type & ENA_VNET_GSO_ECN) || vnet_ & able_ecn,
			   "ECN is beyond the peer");
		FUZZ_CHECK(hdr.hdr_len + size_t{hdr.gso_size} <=
				   config.max_mtu + max_frame_overhead,
			   "segments of %u + %u bytes", hdr.hdr_len, hdr.gso_size);
	} else {
		FUZZ_CHECK(length <= config.max_mtu + max_frame_overhead, "a frame of %zu bytes",
			   length);
	}
}

ena_transmit_result FuzzHost::transmit(unsigned int queue, const iovec *iov, int count,
				       const ena_vnet_hdr &hdr)
{
	size_t length = 0;

	work(1);
	FUZZ_CHECK(queue < config.queues, "queue %u of %u", queue, config.queues);
	FUZZ_CHECK(count >= 1, "%d pieces", count);
	last_sent.clear();
	for (int i = 0; i < count; i++) {
		const auto *bytes = static_cast<const uint8_t *>(iov[i].iov_base);
		last_sent.insert(last_sent.end(), bytes, bytes + iov[i].iov_len);
	}
	length = last_sent.size();
	touch(last_sent.data(), length);
	FUZZ_CHECK(length >= 14, "a frame of %zu bytes", length);
	check_header(hdr, length);
	frames_sent++;
	if (answer != ENA_TRANSMIT_DROPPED) {
		const size_t payload = length - hdr.hdr_len;
		const size_t segments = hdr.gso_type ? (payload + hdr.gso_size - 1) / hdr.gso_size
						     : 1;
		tx_packets_ += segments;
		tx_bytes_ += length + (segments - 1) * hdr.hdr_len;
	}
	return answer;
}

template <class F> void FuzzHost::call(F &&f)
{
	FUZZ_CHECK(!in_call_, "a call within a call");
	in_call_ = true;
	accesses_ = 0;
	f();
	in_call_ = false;
	watch.call_ended();
	FUZZ_CHECK(!mappings_, "%d windows left open", mappings_);
	check_stats();
}

void FuzzHost::check_stats()
{
	const ena_device_stats old = stats_;

	ena_device_get_stats(device_, &stats_);
	FUZZ_CHECK(stats_.tx_packets == tx_packets_ && stats_.tx_bytes == tx_bytes_,
		   "%llu packets counted, %llu sent",
		   static_cast<unsigned long long>(stats_.tx_packets),
		   static_cast<unsigned long long>(tx_packets_));
	FUZZ_CHECK(stats_.tx_drops >= old.tx_drops && stats_.rx_packets >= old.rx_packets &&
			   stats_.rx_bytes >= old.rx_bytes && stats_.rx_drops >= old.rx_drops &&
			   stats_.rx_overruns >= old.rx_overruns && stats_.resets >= old.resets,
		   "a total has shrunk");
}

void FuzzHost::write(uint64_t offset, uint64_t value, unsigned int size)
{
	watch.register_write(offset, value, size);
	call([&] { ena_device_mmio_write(device_, offset, value, size); });
}

uint64_t FuzzHost::read(uint64_t offset, unsigned int size)
{
	uint64_t value = 0;
	call([&] { value = ena_device_mmio_read(device_, offset, size); });
	FUZZ_CHECK(!accesses_, "a register read that does work");
	return value;
}

void FuzzHost::poll()
{
	if (!scheduled)
		return;
	scheduled = false;
	call([&] { ena_device_poll(device_); });
	FUZZ_CHECK(!scheduled || accesses_, "a poll that does nothing and asks for another");
}

void FuzzHost::run(unsigned int rounds)
{
	while (scheduled && rounds--)
		poll();
}

void FuzzHost::advance(uint64_t ns)
{
	unsigned int rounds = 0;

	clock_ns += ns;
	while (deadline_ns <= clock_ns) {
		FUZZ_CHECK(rounds++ < max_timer_rounds, "the timer is due again and again");
		deadline_ns = UINT64_MAX;
		call([&] { ena_device_timer(device_); });
	}
}

void FuzzHost::set_link(bool up)
{
	call([&] { ena_device_set_link(device_, up); });
}

void FuzzHost::set_vnet(uint8_t abilities)
{
	vnet_ = abilities;
	call([&] {
		ena_device_set_vnet(device_, abilities & able_csum, abilities & able_tso4,
				    abilities & able_tso6, abilities & able_ecn);
	});
}

std::vector<uint8_t> FuzzHost::save()
{
	char why[256] = "";
	std::vector<uint8_t> bytes;

	call([&] { bytes.resize(ena_device_save(device_, nullptr, 0, why, sizeof(why))); });
	FUZZ_CHECK(!bytes.empty(), "not to be saved: %s", why);
	call([&] { (void)ena_device_save(device_, bytes.data(), bytes.size(), why, sizeof(why)); });
	FUZZ_CHECK(!accesses_, "saving reads guest memory");
	return bytes;
}

bool FuzzHost::inject(const char *text, char *why, size_t size)
{
	bool taken = false;

	call([&] { taken = ena_device_inject(device_, text, why, size); });
	return taken;
}

void FuzzHost::transmit_ready()
{
	call([&] { ena_device_transmit_ready(device_); });
}

void FuzzHost::update_hints()
{
	call([&] { ena_device_update_hints(device_, &config); });
}

void FuzzHost::power_on_reset()
{
	watch.power_on_reset();
	scheduled = false;
	deadline_ns = UINT64_MAX;
	call([&] { ena_device_reset(device_); });
	FUZZ_CHECK(!scheduled && deadline_ns == UINT64_MAX && !accesses_,
		   "work is left after a power-on reset");
}

void FuzzHost::manage_vfs(const ena_vf_ops &ops, void *opaque,
			  std::span<const std::array<uint8_t, 6>> macs)
{
	ena_device_manage_vfs(device_, &ops, opaque, static_cast<unsigned int>(macs.size()),
			      reinterpret_cast<const uint8_t(*)[6]>(macs.data()));
}

void FuzzHost::enable_vfs(unsigned int count)
{
	call([&] { ena_device_enable_vfs(device_, count); });
}

ena_receive_result FuzzHost::receive(std::span<const iovec> frame, const ena_vnet_hdr *hdr)
{
	const ena_device_stats old = stats_;
	const uint64_t frames = watch.rx_frames();
	const bool exact = watch.exact();
	ena_receive_result result = ENA_RECEIVE_TAKEN;

	call([&] {
		result = ena_device_receive(device_, frame.data(), static_cast<int>(frame.size()),
					    hdr);
	});
	const uint64_t delivered = stats_.rx_packets - old.rx_packets;
	const uint64_t lost = stats_.rx_drops - old.rx_drops + stats_.rx_overruns - old.rx_overruns;
	if (result == ENA_RECEIVE_HOLD)
		FUZZ_CHECK(!delivered && !lost, "a frame that is held was counted");
	else
		FUZZ_CHECK(delivered + lost >= 1, "a frame has vanished");
	FUZZ_CHECK(!exact || !watch.exact() || delivered == watch.rx_frames() - frames,
		   "%llu frames counted, %llu completed",
		   static_cast<unsigned long long>(delivered),
		   static_cast<unsigned long long>(watch.rx_frames() - frames));
	return result;
}

} // namespace fuzz
