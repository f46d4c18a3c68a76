// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake_host.hh"

#include <algorithm>
#include <cstdlib>

namespace
{
FakeHost &self(void *host)
{
	return *static_cast<FakeHost *>(host);
}
} // namespace

FakeHost::FakeHost(const ena_config &config, size_t memory_size)
    : memory(memory_size), llq(ena_config_llq_size(&config) / sizeof(uint64_t)), sink_(1u << 17)
{
	const ena_host_ops ops = make_ops();
	device = ena_device_new(&config, &ops, this);
	if (!llq.empty())
		ena_device_set_llq_memory(device, llq.data());
	ena_device_set_link(device, true);
}

FakeHost::~FakeHost()
{
	ena_device_free(device);
	if (mappings)
		abort();
}

ena_config FakeHost::default_config()
{
	ena_config config;
	ena_config_default(&config);
	const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 1};
	memcpy(config.mac, mac, sizeof(mac));
	return config;
}

uint64_t FakeHost::alloc(size_t size)
{
	const uint64_t address = memory_base + next_;
	next_ += (size + 4095) / 4096 * 4096;
	if (next_ > memory.size())
		abort();
	return address;
}

bool FakeHost::inside(uint64_t address, size_t size) const
{
	return address >= memory_base && address - memory_base <= memory.size() &&
	       size <= memory.size() - (address - memory_base);
}

uint8_t *FakeHost::at(uint64_t address, size_t size)
{
	if (!inside(address, size))
		abort();
	return &memory[address - memory_base];
}

void FakeHost::take(const iovec *iov, int count)
{
	size_t at = 0;

	for (int i = 0; i < count; at += iov[i++].iov_len)
		memcpy(&sink_[at], iov[i].iov_base, iov[i].iov_len);
}

ena_host_ops FakeHost::make_ops()
{
	ena_host_ops ops{};
	ops.dma_read = [](void *host, uint64_t addr, void *buf, size_t len) {
		FakeHost &h = self(host);
		if (!h.dma_works || !h.inside(addr, len))
			return false;
		memcpy(buf, h.memory.data() + (addr - memory_base), len);
		return true;
	};
	ops.dma_write = [](void *host, uint64_t addr, const void *buf, size_t len) {
		FakeHost &h = self(host);
		if (!h.dma_works || !h.inside(addr, len))
			return false;
		memcpy(h.memory.data() + (addr - memory_base), buf, len);
		if (h.on_dma_write)
			h.on_dma_write(addr, len);
		return true;
	};
	ops.dma_map = [](void *host, uint64_t addr, size_t *len, bool) -> void * {
		FakeHost &h = self(host);
		*len = std::min(*len, h.map_limit);
		if (!h.dma_works || !h.mapping_works || !h.inside(addr, *len))
			return nullptr;
		h.mappings++;
		return h.memory.data() + (addr - memory_base);
	};
	ops.dma_unmap = [](void *host, void *, size_t, bool, size_t) {
		self(host).mappings--;
	};
	ops.raise = [](void *host, unsigned int vector) {
		if (self(host).keep_sent)
			self(host).interrupts.push_back(vector);
	};
	ops.transmit = [](void *host, unsigned int queue, const iovec *iov, int count,
			  const ena_vnet_hdr *hdr) {
		if (!self(host).keep_sent) {
			self(host).take(iov, count);
			return self(host).answer;
		}
		Sent sent{queue, {}, *hdr};
		for (int i = 0; i < count; i++) {
			const auto *p = static_cast<const uint8_t *>(iov[i].iov_base);
			sent.bytes.insert(sent.bytes.end(), p, p + iov[i].iov_len);
		}
		self(host).sent.push_back(std::move(sent));
		if (self(host).on_transmit)
			self(host).on_transmit();
		return self(host).answer;
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
		return self(host).epoch_ns + self(host).clock_ns;
	};
	ops.receive_ready = [](void *host) {
		self(host).receive_ready++;
	};
	ops.note = [](void *host, ena_note_level level, const char *text) {
		self(host).notes.push_back({level, text});
	};
	return ops;
}

unsigned int FakeHost::run(unsigned int rounds)
{
	unsigned int done = 0;
	while (scheduled && done < rounds) {
		scheduled = false;
		ena_device_poll(device);
		done++;
	}
	return done;
}

void FakeHost::advance(uint64_t ns)
{
	const uint64_t end = clock_ns + ns;
	while (deadline_ns <= end) {
		clock_ns = std::max(clock_ns, deadline_ns);
		deadline_ns = UINT64_MAX;
		ena_device_timer(device);
		run();
	}
	clock_ns = end;
}

bool FakeHost::noted(const std::string &part) const
{
	return std::any_of(notes.begin(), notes.end(), [&](const Note &note) {
		return note.text.find(part) != std::string::npos;
	});
}

size_t FakeHost::raised(unsigned int vector) const
{
	return static_cast<size_t>(std::count(interrupts.begin(), interrupts.end(), vector));
}
