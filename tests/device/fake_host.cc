// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake_host.hh"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace
{
FakeHost &self(void *host)
{
	return *static_cast<FakeHost *>(host);
}
} // namespace

FakeHost::FakeHost(const ena_config &c, size_t memory_size)
    : memory(memory_size), llq(ena_config_llq_size(&c) / sizeof(uint64_t)), config(c),
      sink_(1u << 17)
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
	return memory.data() + (address - memory_base);
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
	ops.stays_inside = [](void *host, const uint8_t *head, size_t length) {
		return self(host).stays_inside && self(host).stays_inside({head, length});
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
		migrate_if_asked();
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
		migrate_if_asked();
		deadline_ns = UINT64_MAX;
		ena_device_timer(device);
		run();
	}
	clock_ns = end;
}

bool FakeHost::always_migrates()
{
	static const bool migrates = getenv("OPENENA_TEST_MIGRATE");
	return migrates;
}

/* At first each time, later now and then. */
void FakeHost::migrate_if_asked()
{
	if (always_migrates() && (++turns_ < 300 || turns_ % 61 == 0))
		migrate();
}

void FakeHost::set_vnet(bool csum, bool tso4, bool tso6, bool ecn)
{
	vnet_[0] = csum;
	vnet_[1] = tso4;
	vnet_[2] = tso6;
	vnet_[3] = ecn;
	ena_device_set_vnet(device, csum, tso4, tso6, ecn);
}

std::vector<uint8_t> FakeHost::save()
{
	char why[200] = "";
	std::vector<uint8_t> bytes(ena_device_save(device, nullptr, 0, why, sizeof(why)));
	if (bytes.empty() || bytes.size() > ENA_DEVICE_MAX_SNAPSHOT ||
	    ena_device_save(device, bytes.data(), bytes.size(), why, sizeof(why)) != bytes.size()) {
		fprintf(stderr, "snapshot of %zu bytes: %s\n", bytes.size(), why);
		abort();
	}
	return bytes;
}

std::string FakeHost::load(const std::vector<uint8_t> &snapshot)
{
	char why[200] = "";
	const ena_host_ops ops = make_ops();
	ena_device_free(device);
	scheduled = false;
	deadline_ns = UINT64_MAX;
	device = ena_device_new(&config, &ops, this);
	if (!llq.empty())
		ena_device_set_llq_memory(device, llq.data());
	ena_device_set_vnet(device, vnet_[0], vnet_[1], vnet_[2], vnet_[3]);
	if (ena_device_load(device, snapshot.data(), snapshot.size(), why, sizeof(why)))
		return {};
	return *why ? why : "no reason given";
}

void FakeHost::migrate()
{
	const std::vector<uint8_t> before = save();
	const std::string why = load(before);
	if (!why.empty() || save() != before) {
		fprintf(stderr, "migration: %s\n", why.empty() ? "state changed" : why.c_str());
		abort();
	}
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
