/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host for the adapter's core that a test controls and looks into. */
#pragma once

#include "abi/ena_admin.h"
#include "abi/ena_io.h"
#include "abi/ena_pci.h"
#include "abi/ena_regs.h"
#include "ena_device.h"
#include "guest_memory.hh"

#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

class FakeHost {
    public:
	struct Sent {
		unsigned int queue;
		std::vector<uint8_t> bytes;
		ena_vnet_hdr hdr;
	};
	struct Note {
		ena_note_level level;
		std::string text;
	};

	static constexpr size_t default_memory_size = 16u << 20;

	explicit FakeHost(const ena_config &config, size_t memory_size = default_memory_size);
	~FakeHost();
	FakeHost(const FakeHost &) = delete;
	FakeHost &operator=(const FakeHost &) = delete;

	[[nodiscard]] static ena_config default_config();

	/* Guest memory: bus addresses from memory_base on. */
	static constexpr uint64_t memory_base = 0x1'0000'0000;
	[[nodiscard]] uint64_t alloc(size_t size);
	[[nodiscard]] uint8_t *at(uint64_t address, size_t size = 1);
	template <class T> [[nodiscard]] T load(uint64_t address)
	{
		T value;
		memcpy(&value, at(address, sizeof(T)), sizeof(T));
		return value;
	}
	template <class T> void store(uint64_t address, const T &value)
	{
		memcpy(at(address, sizeof(T)), &value, sizeof(T));
	}

	void write(uint32_t reg, uint32_t value)
	{
		ena_device_mmio_write(device, reg, value, 4);
	}
	[[nodiscard]] uint32_t read(uint32_t reg)
	{
		return static_cast<uint32_t>(ena_device_mmio_read(device, reg, 4));
	}
	/* Call poll() as often as it was asked for; at most @rounds times. */
	unsigned int run(unsigned int rounds = 100000);
	/* Let the clock go on and the timer fire where it is due. */
	void advance(uint64_t ns);
	/* The state of the adapter as bytes, which a second turn gives again. */
	[[nodiscard]] std::vector<uint8_t> save();
	/* The adapter is replaced by a new one that holds @snapshot; the sentence if that fails. */
	[[nodiscard]] std::string load(const std::vector<uint8_t> &snapshot);
	/* Both; in the guest nothing is to be seen of it. */
	void migrate();
	/* OPENENA_TEST_MIGRATE is set: migrate() before poll() and timer(). */
	[[nodiscard]] static bool always_migrates();
	void set_vnet(bool csum, bool tso4, bool tso6, bool ecn);
	[[nodiscard]] bool noted(const std::string &part) const;
	[[nodiscard]] size_t raised(unsigned int vector) const;

	GuestMemory memory;
	std::vector<uint64_t> llq; /* BAR2 */
	uint64_t clock_ns = 1'000'000'000;
	uint64_t epoch_ns = 1'790'000'000'000'000'000; /* real time when clock_ns was 0 */
	uint64_t deadline_ns = UINT64_MAX;
	bool scheduled = false;
	unsigned int receive_ready = 0;
	std::vector<unsigned int> interrupts;
	std::vector<Sent> sent;
	bool keep_sent = true; /* false: frames and interrupts are only taken, for benchmarks */
	std::vector<Note> notes;
	ena_transmit_result answer = ENA_TRANSMIT_SENT; /* of transmit() */
	bool dma_works = true;
	bool mapping_works = true;
	size_t map_limit = SIZE_MAX; /* bytes of one mapping */
	int mappings = 0; /* open now */
	std::function<void()> on_transmit;
	std::function<bool(std::span<const uint8_t>)> stays_inside;
	/* Called after each DMA write, to look at what the guest sees in between. */
	std::function<void(uint64_t, size_t)> on_dma_write;
	ena_device *device;
	const ena_config config;

    private:
	void take(const iovec *iov, int count);
	[[nodiscard]] bool inside(uint64_t address, size_t size) const;
	[[nodiscard]] static ena_host_ops make_ops();

	void migrate_if_asked();

	uint64_t next_ = 4096;
	std::vector<uint8_t> sink_; /* what a wire would have copied */
	unsigned int turns_ = 0;
	bool vnet_[4] = {};
};
