/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine in a process: the real driver core above the real device core,
 * with the kernel and QEMU replaced by the few lines each waist asks for. Time
 * is virtual and moves only when somebody sleeps, so every run is the same.
 */
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus_memory.hh"
#include "kmod/bridge.h"
#include "ena_device.h"

using Bytes = std::vector<uint8_t>;

/* What one frame asks of the adapter, in the terms of oe_tx_packet. */
struct TxRequest {
	Bytes frame;
	unsigned fragments = 1;
	uint16_t flags = 0; /* enum oe_tx_flags; OE_TX_KICK is the sender's affair */
	uint16_t mss = 0;
	uint16_t l3_offset = 14, l3_len = 0, l4_len = 0;
};

struct RxFrame {
	Bytes frame;
	unsigned queue;
	unsigned fragments;
	uint8_t csum, hash_type;
	uint32_t hash;
	uint64_t stamp_ns;
};

/* A frame between device and wire. */
struct WireFrame {
	Bytes frame;
	ena_vnet_hdr hdr;
	unsigned queue;
};

/* Nanoseconds, shared by all machines: oek_now_ns() names none. */
struct Clock {
	static inline uint64_t now = 1'000'000'000;
	static constexpr uint64_t epoch = 1'790'000'000'000'000'000; /* real time at 0 */
};

/*
 * One adapter and its driver. It is the shim's oe_kernel, so that the oek_*
 * services find their machine in the pointer they are given.
 */
struct oe_kernel {
    public:
	explicit oe_kernel(const ena_config &config);
	~oe_kernel();
	oe_kernel(const oe_kernel &) = delete;
	oe_kernel &operator=(const oe_kernel &) = delete;

	/* --- the driver's life, as the shim would lead it --- */
	[[nodiscard]] int probe(); /* to registered: interrupts on, service running */
	void remove();
	[[nodiscard]] int open();
	void close();
	/* The receiving side of one pair, alone. */
	[[nodiscard]] int restart(unsigned pair);
	[[nodiscard]] int set(const std::function<void(oe_settings &)> &change);
	/* Let @ns pass: device work, timers, interrupts, NAPI, service, resets. */
	void run(uint64_t ns);
	/* All work that is due now, without moving the clock. */
	void settle();
	/*
	 * The adapter goes on in a new one, with what it knew as bytes; the driver
	 * is not told. An empty text, or why it failed.
	 */
	[[nodiscard]] std::string migrate();

	/* --- traffic --- */
	/* False when the queue is stopped. Those of XDP come after all others, also where they are shared. */
	[[nodiscard]] bool send(unsigned queue, const TxRequest &request, bool kick = true);
	/* The same for a frame that lies ready in shared memory and stays there. */
	[[nodiscard]] bool send_mapped(unsigned queue, const oe_tx_packet &packet);
	void wire_in(const Bytes &frame, const ena_vnet_hdr *hdr = nullptr);
	void wire_in(const iovec *iov, int n, const ena_vnet_hdr &hdr);
	std::vector<RxFrame> received; /* filled by NAPI */
	std::vector<uint64_t> sent_stamps; /* those that are not 0; likewise */
	std::deque<WireFrame> transmitted; /* when no peer is connected */
	void connect(oe_kernel &peer); /* both ways */

	/* --- what a test may turn --- */
	uint32_t rx_buffer_size = 4096;
	bool keep_frames = true; /* false: count only (benchmarks) */
	bool device_stuck = false; /* the device does no work */
	bool interrupts_lost = false;
	bool cpu_busy = false; /* polls are due and do not begin */
	unsigned migrate_every = 0; /* turns of the device; 0: never */
	bool napi_enabled = false;
	uint64_t allocations_until_failure = UINT64_MAX;
	uint64_t dma_until_failure = UINT64_MAX;
	/* Called before the driver looks at its rings: a device gone mad. */
	std::function<void(oe_kernel &)> scribble;

	/* --- what it sees --- */
	BusMemory memory;
	std::vector<uint64_t> llq; /* BAR2 */
	oe_adapter *adapter = nullptr;
	ena_device *device = nullptr;
	bool link = false;
	unsigned resets = 0; /* oe_reset_work() that succeeded */
	unsigned failed_resets = 0;
	unsigned migrations = 0;
	uint64_t rx_packets = 0, tx_completed = 0, xdp_completed = 0;
	uint64_t interrupts = 0;
	uint64_t dma_faults = 0;
	std::vector<std::string> log; /* errors and warnings of the driver */
	std::vector<std::string> notes; /* guest errors that the device names */
	[[nodiscard]] unsigned queues() const
	{
		return static_cast<unsigned>(pairs_.size());
	}

	/* --- oek_* and ena_host_ops land here --- */
	uint32_t read_register(uint32_t offset);
	void write_register(uint32_t offset, uint32_t value);
	void device_turn(); /* while the driver sleeps */
	void wait_admin(uint64_t ns);
	void raise(unsigned vector);
	[[nodiscard]] oe_pair_state pair_state(unsigned index) const;
	void schedule(unsigned index)
	{
		pairs_[index].scheduled = true;
	}
	ena_transmit_result transmit(unsigned queue, const iovec *iov, int n,
				     const ena_vnet_hdr &hdr);
	static inline std::vector<oe_kernel *> all; /* alive */
	bool bus_master = true;
	bool admin_awake = false, reset_scheduled = false;
	bool poll_scheduled = false, receive_ready = false;
	uint64_t timer = UINT64_MAX;

    private:
	struct Slot {
		BusMemory::Block block{};
		bool busy = false;
	};
	struct Sender {
		struct oe_txq *txq = nullptr; /* of XDP: may be absent, or the other one's */
		std::vector<std::vector<BusMemory::Block>> packets; /* by req_id */
		bool stopped = false;
	};
	struct Pair {
		Sender tx, xdp;
		struct oe_rxq *rxq;
		std::vector<Slot> rx; /* by id */
		std::vector<BusMemory::Block> spare; /* RX buffers at hand */
		uint64_t interrupts = 0;
		bool scheduled = true;
		bool disabled = false;
	};

	[[nodiscard]] bool device_work();
	void napi(unsigned index);
	[[nodiscard]] Sender *sender(unsigned queue);
	void clean_tx(Pair &pair, Sender &tx);
	[[nodiscard]] uint32_t poll_rx(Pair &pair, unsigned index);
	void refill(Pair &pair);
	void free_buffers(const Sender &tx);
	void free_buffers(const Pair &pair);
	void reset_work();
	void deliver_backlog();

	const ena_config config_;
	unsigned turns_ = 0; /* of the device */
	oe_kernel *peer_ = nullptr;
	std::deque<WireFrame> backlog_; /* refused with ENA_RECEIVE_HOLD */
	std::vector<Pair> pairs_;
	bool interrupts_ready_ = false, settling_ = false, registered_ = false;
	bool up_ = false; /* wanted open: also after a reset */
	uint64_t next_service_ = UINT64_MAX;
};

/* Two machines on one wire and one clock. */
struct TwoMachines {
	std::unique_ptr<oe_kernel> a, b;

	explicit TwoMachines(const ena_config &config);
	/* Probe and open both with MTU 9001 and what @change sets; false if that fails. */
	[[nodiscard]] bool start(const std::function<void(oe_settings &)> &change);
	/* With @queues pairs. */
	[[nodiscard]] bool start(unsigned queues);
	void run(uint64_t ns);
};

ena_config default_config();
