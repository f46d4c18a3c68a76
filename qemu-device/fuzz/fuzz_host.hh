/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host for the adapter's core that is as unhelpful as a host and its guest
 * may be: memory changes while it is read, accesses fail, windows are short, the
 * wire is busy. It checks what the core owes a host whatever the guest does.
 */
#ifndef OPENENA_FUZZ_HOST_HH
#define OPENENA_FUZZ_HOST_HH

#include "tests/fuzz/input.hh"
#include "watch.hh"

#include "ena_vfs.h"

namespace fuzz
{

/* The defaults, with a MAC address and so many queue pairs. */
[[nodiscard]] ena_config config_with(unsigned int queues);

class FuzzHost {
    public:
	FuzzHost(const ena_config &config, Input &input);
	~FuzzHost();
	FuzzHost(const FuzzHost &) = delete;
	FuzzHost &operator=(const FuzzHost &) = delete;

	/* Guest memory lies around the 4 GiB boundary. */
	static constexpr uint64_t memory_size = 512u << 10;
	static constexpr uint64_t memory_base = 0x1'0000'0000 - memory_size / 2;
	/* Where the guest stores: null when it is no memory. */
	[[nodiscard]] uint8_t *at(uint64_t address, size_t size);
	void store(uint64_t address, std::span<const uint8_t> bytes);

	/* BAR2, which the guest writes to without asking. */
	[[nodiscard]] std::span<uint8_t> llq_memory() const;

	/* Calls into the core. */
	void write(uint64_t offset, uint64_t value, unsigned int size = 4);
	uint64_t read(uint64_t offset, unsigned int size = 4);
	void poll(); /* if it was asked for */
	void run(unsigned int rounds);
	void advance(uint64_t ns);
	void set_link(bool up);
	void set_vnet(uint8_t abilities);
	void transmit_ready();
	void update_hints();
	void power_on_reset();
	/* The function is a physical one, with the host of its virtual functions. */
	void manage_vfs(const ena_vf_ops &ops, void *opaque,
			std::span<const std::array<uint8_t, 6>> macs);
	void enable_vfs(unsigned int count);
	ena_receive_result receive(std::span<const iovec> frame, const ena_vnet_hdr *hdr);
	[[nodiscard]] std::vector<uint8_t> save();
	[[nodiscard]] bool inject(const char *text, char *why, size_t size);
	[[nodiscard]] bool fault(unsigned int index, char *text, size_t size) const
	{
		return ena_device_fault(device_, index, text, size);
	}

	/* Manners. */
	bool racing = false; /* memory changes while the core reads it */
	uint8_t failures = 0; /* of the next accesses these fail, bit by bit */
	bool mapping_works = true;
	size_t map_limit = SIZE_MAX;
	ena_transmit_result answer = ENA_TRANSMIT_SENT;

	const ena_config config;
	Watch watch;

	/* What the core has said. */
	bool scheduled = false;
	uint64_t deadline_ns = UINT64_MAX;
	uint64_t clock_ns = 1'000'000'000;
	uint64_t frames_sent = 0;
	std::vector<uint8_t> last_sent;

    private:
	static ena_host_ops make_ops();
	template <class F> void call(F &&f);
	void check_stats();
	[[nodiscard]] bool inside(uint64_t address, size_t size) const;
	[[nodiscard]] bool access_fails();
	void race(uint64_t address, size_t size);
	ena_transmit_result transmit(unsigned int queue, const iovec *iov, int count,
				     const ena_vnet_hdr &hdr);
	void check_header(const ena_vnet_hdr &hdr, size_t length) const;
	void work(size_t bytes);

	Input &input_;
	ena_device *device_;
	ena_device_stats stats_{}; /* as last looked at */
	uint64_t tx_packets_ = 0, tx_bytes_ = 0; /* as sent */
	uint8_t vnet_ = 0;
	int mappings_ = 0;
	unsigned int accesses_ = 0; /* in this call */
	bool in_call_ = false;
};

} // namespace fuzz

#endif
