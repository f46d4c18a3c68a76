/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the driver core's tests put in the place of kernel and adapter: the
 * oek_* functions over ordinary memory, and an adapter that does just what a
 * test tells it to, lies included. A bus address is a pointer.
 */
#ifndef OPENENA_TESTS_FAKE_ADAPTER_HH
#define OPENENA_TESTS_FAKE_ADAPTER_HH

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "abi/ena_admin.h"
#include "abi/ena_io.h"
#include "abi/ena_regs.h"
#include "kmod/bridge.h"

/* A queue as the adapter knows it. */
struct FakeQueue {
	bool tx;
	uint16_t depth, cq_depth, cq;
	uint32_t completion_size; /* bytes */
	uint32_t vector;
	uint8_t *submissions, *completions;
	uint32_t doorbell, unmask;
	bool in_device; /* its ring is at push_offset in BAR2, not at submissions */
	uint32_t push_offset;
	uint16_t tail = 0; /* from the doorbell */
	uint32_t head = 0; /* of what finish_*() has used */
	uint32_t produced = 0; /* completions */
	unsigned doorbells = 0;
};

/* A rule of feature 30. */
struct FakeFlow {
	ena_flow_steering_cmd command;
	ena_flow_steering_match match;
};

/* What the adapter answers; a test may change it before probe(). */
struct FakeOffer {
	uint32_t version = 0x000a, controller = 0x01000001;
	uint32_t caps = 10 << 1 | 48 << 8 | 10 << 16; /* reset 1 s, 48 bits, admin 1 s */
	ena_device_attributes attributes{};
	ena_max_queues queues{};
	ena_max_queues_ext queues_ext{};
	ena_hw_hints hints{};
	ena_offload offload{};
	ena_rss_hash_function hash_function{};
	ena_rss_indirection indirection{};
	ena_interrupt_moderation moderation{};
	ena_aenq_config aenq{};
	ena_link_config link{};
	ena_llq_config llq{};
	ena_hw_timestamp_config stamps{};
	ena_phc_config phc{};
	uint16_t hash_fields[ENA_RSS_PROTO_COUNT]{};
};

struct oe_kernel {
	oe_kernel();
	~oe_kernel();

	/* The newest: oek_now_ns() and its like have no argument. */
	static inline oe_kernel *current;

	/* Life, as the shim lives it. */
	int probe(bool readless = true);
	int probe_and_open();
	void remove();
	/* Advance the clock and serve each second. */
	void seconds(unsigned n);
	void run_reset();

	/* The adapter's actions. */
	void post_event(uint16_t group, uint16_t syndrome = 0, const void *data = nullptr,
			size_t size = 0);
	void post_link(bool up);
	void keep_alive();
	/* With @stamp_ns if the completions of the queue have a place for it. */
	void complete_tx(FakeQueue &q, uint16_t id, uint8_t more_flags = 0, uint64_t stamp_ns = 0);
	/* Complete all packets that were rung for; their ids. */
	std::vector<uint16_t> complete_all_tx(FakeQueue &q);
	void complete_rx(FakeQueue &q, uint32_t status, uint16_t length, uint16_t id,
			 uint8_t offset = 0, uint32_t hash = 0, uint64_t stamp_ns = 0);
	ena_rx_desc next_rx(FakeQueue &q);
	ena_tx_desc tx_desc(FakeQueue &q, uint32_t position);
	FakeQueue &txq(unsigned i);
	FakeQueue &rxq(unsigned i);
	bool logged(const std::string &words) const;

	oe_adapter *adapter = nullptr;
	FakeOffer offer;
	/* Bits of the metrics, with and without a buffer for them. */
	uint64_t metrics_offered = 0x3f, metrics_answered = 0x3f;
	uint8_t metrics_status = 0;
	std::vector<std::string> log;
	uint64_t now = 1'000'000'000;
	std::optional<bool> link;
	bool dma_allowed = true;
	unsigned dma_grants = 0; /* how often it was allowed */
	bool registers_reachable = true;
	unsigned resets_scheduled = 0;
	size_t allocations = 0; /* now */
	std::optional<unsigned> allocations_left; /* then they fail */

	/* The kernel's side of the pairs: what it says, whom it was asked to poll, and how. */
	oe_pair_state pairs[OE_MAX_QUEUES]{};
	std::vector<uint32_t> polled;
	std::function<void(uint32_t)> poll;

	/* The adapter's state and manners. */
	bool answers_reads = true, wrong_offset = false, absent = false;
	bool reset_starts = true, reset_ends = true;
	bool answers_commands = true, wrong_command_id = false, raises_admin = true;
	bool raises_events = true;
	bool completes_while_waiting = false; /* the answer comes within oek_wait_admin() */
	/* The status to answer a command with; none: carry it out. */
	std::function<std::optional<uint8_t>(const ena_aq_entry &)> refuse;
	/* Called before an answer is written, and with what a register reads. */
	std::function<void(const ena_aq_entry &, ena_acq_entry &)> alter_answer;
	std::function<uint32_t(uint32_t offset, uint32_t value)> alter_register;
	/* What the kernel says of a followed flow: queue, its name of it, ours. None: it stays. */
	std::function<bool(uint32_t, uint32_t, uint32_t)> may_expire;
	std::vector<ena_aq_entry> commands;
	oe_admin_record last_admin{}; /* what oek_admin_done() was told, and how often */
	unsigned admin_done = 0;
	std::vector<uint32_t> reset_commands; /* DEV_CTL values of first phases */
	uint32_t dev_sts = ENA_DEV_STS_READY;
	uint32_t intr_mask = 0;
	std::map<uint32_t, FakeQueue> sqs; /* by index */
	std::map<uint16_t, ena_create_cq_cmd> cqs;
	std::map<uint32_t, uint32_t> writes; /* last value by register */
	ena_host_info host_info{};
	ena_host_attr host_attr{}; /* as set last */
	ena_rss_key key{};
	ena_rss_hash_function key_function{};
	std::vector<uint16_t> table;
	ena_hw_timestamp_config stamps{}; /* as set; a reset ends it */
	ena_phc_config phc{}; /* as set */
	/* Asked for the time, with the id of the answer. */
	std::function<void(uint16_t)> phc_asked;
	ena_rss_hash_control fields{};
	ena_rss_hash_input input{};
	std::map<uint16_t, FakeFlow> flows; /* by location; a reset removes all */
	uint32_t mtu = 0, event_groups = 0;
	std::vector<uint8_t> push_memory; /* BAR2 */
	ena_llq_config llq{}; /* as set */
	std::optional<uint32_t> push_offset; /* of all rings, instead of true ones */
	unsigned push_barriers = 0;
	uint16_t queue_base = 8; /* device indices start here, to differ from pairs */

	/* oek_* */
	void write(uint32_t offset, uint32_t value);
	uint32_t register_value(uint32_t offset) const;
	void *allocate(size_t size);
	bool woken = false;
	void admin_doorbell(uint16_t tail);

    private:
	void carry_out(const ena_aq_entry &command, ena_acq_entry &answer);
	uint8_t execute(const ena_aq_entry &command, ena_acq_entry &answer);
	uint8_t get_feature(const ena_aq_entry &command, ena_acq_entry &answer);
	uint8_t set_feature(const ena_aq_entry &command);
	uint8_t set_flow(const ena_set_feature_cmd &set);
	uint8_t get_stats(const ena_get_stats_cmd &command, ena_acq_entry &answer);
	uint8_t create_sq(const ena_aq_entry &command, ena_acq_entry &answer);
	uint8_t destroy_sq(const ena_aq_entry &command);
	void reset();
	void flush_events();
	uint64_t address(uint32_t low) const;

	bool registered_ = false;
	uint16_t aq_head_ = 0, aenq_tail_ = 0, aenq_credit_ = 0;
	std::deque<ena_aenq_entry> events_;
};

/* A packet of one buffer of 60 bytes, with its doorbell; @id is its request's. */
[[nodiscard]] int submit_one(struct oe_txq *q, uint16_t &id);

#endif
