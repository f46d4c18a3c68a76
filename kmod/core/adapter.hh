/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One PCI function: its life, its settings, and what watches over it. */
#ifndef OPENENA_CORE_ADAPTER_HH
#define OPENENA_CORE_ADAPTER_HH

#include <cstdint>

#include "../bridge.h"
#include "accelerated_rfs.hh"
#include "admin_queue.hh"
#include "debug_area.hh"
#include "event_queue.hh"
#include "facts.hh"
#include "features.hh"
#include "flow_steering.hh"
#include "hash_fields.hh"
#include "memory.hh"
#include "metrics.hh"
#include "moderation.hh"
#include "pair_watch.hh"
#include "phc.hh"
#include "registers.hh"
#include "reset.hh"
#include "result.hh"
#include "rss.hh"
#include "rx.hh"
#include "text.hh"
#include "timestamps.hh"
#include "tx.hh"
#include "vf_manager.hh"

namespace oe
{

/* Limits of patience; the device's hints may change them at any time. */
struct Patience {
	static constexpr uint32_t for_ever = 0xffffffff;

	uint32_t keep_alive_ms = 6000;
	uint32_t tx_completion_ms = 5000;
	uint32_t tx_missing_packets = 128;
};

/* Of one pair; survives oe_close(). */
struct PairStats {
	struct oe_tx_stats tx;
	struct oe_tx_stats xdp_tx;
	struct oe_rx_stats rx;
};

/* Rows of TX counters: frames of XDP have their own, also in a queue that is not theirs alone. */
constexpr uint32_t tx_rows(const oe_settings &settings)
{
	return settings.queues * (settings.xdp ? 2 : 1);
}

constexpr oe_delays delays_of(const oe_settings &settings)
{
	return {.rx_usecs = settings.rx_usecs,
		.tx_usecs = settings.tx_usecs,
		.adaptive_rx = settings.adaptive_rx};
}

/* The functions are those of the bridge, where their contexts are written down. */
class Adapter {
    public:
	explicit Adapter(oe_kernel *kernel) : kernel_(kernel)
	{
	}

	/* Life: adapter.cc */
	[[nodiscard]] Status probe(bool readless);
	void stop_device(ena_reset_reason reason);
	[[nodiscard]] Status interrupts_ready(uint32_t vectors);
	void interrupts_gone();
	[[nodiscard]] Status open();
	void close();
	void leave(ena_reset_reason reason);
	void come_back();

	/* The receiving side of one pair, alone: restart.cc */
	[[nodiscard]] Status stop_receiver(uint32_t pair);
	[[nodiscard]] Status start_receiver(uint32_t pair);

	/* Events: events.cc */
	void mgmt_interrupt();

	/* Diagnosis: diagnosis.cc */
	void dump_registers(uint32_t *words);
	[[nodiscard]] Status test_registers(oe_error &error);
	[[nodiscard]] Status test_admin(oe_error &error);

	/* Health: health.cc */
	[[nodiscard]] bool take_fault(oe_fault &fault);
	/* The reset that is pending is not just somebody's wish. */
	[[nodiscard]] bool at_fault() const;
	[[nodiscard]] uint32_t facts(oe_reporter reporter, uint32_t queue, oe_fact *facts);
	[[nodiscard]] const ResetHistory &history() const
	{
		return history_;
	}

	/* Settings: settings.cc */
	[[nodiscard]] uint32_t max_queues() const;
	[[nodiscard]] Status set_settings(const oe_settings &wanted, oe_error *error);
	[[nodiscard]] Status set_delays(uint32_t pair, const oe_delays &wanted, Refusal &why);
	[[nodiscard]] Status get_delays(uint32_t pair, oe_delays &delays) const;
	[[nodiscard]] uint32_t tx_queue_limit(uint32_t push) const;
	[[nodiscard]] Status set_rss(const uint32_t *table, const uint8_t *key, oe_error *error);
	[[nodiscard]] Result<uint32_t> hash_fields(uint32_t type) const
	{
		return hash_fields_.get(type);
	}
	[[nodiscard]] Status set_hash_fields(uint32_t type, uint32_t fields, Refusal &why)
	{
		return hash_fields_.set(admin_, type, fields, open_, why);
	}
	[[nodiscard]] Status add_flow(oe_flow_rule &rule, Refusal &why);
	[[nodiscard]] Status get_link(struct oe_link &link);

	/* Watchdogs and recovery: service.cc, recovery.cc */
	void service();
	void tx_timeout(uint32_t queue);
	[[nodiscard]] Status reset_work();

	/* Statistics: statistics.cc */
	[[nodiscard]] uint32_t stats_count() const;
	void stats_names(char (*names)[OE_STAT_NAME]) const;
	void stats_values(uint64_t *values);
	/* The device may look at them without asking. The service's. */
	void write_debug_area();

	[[nodiscard]] const struct oe_info &info() const
	{
		return info_;
	}
	[[nodiscard]] const oe_settings &settings() const
	{
		return settings_;
	}
	[[nodiscard]] ResetRequest &reset_request()
	{
		return reset_;
	}
	[[nodiscard]] const ResetRequest &reset_request() const
	{
		return reset_;
	}
	[[nodiscard]] struct oe_txq *tx_queue(uint32_t i)
	{
		return i < tx_.size() ? &tx_[i] : nullptr;
	}
	/* The queue of pair @i for XDP alone: behind those of all pairs. */
	[[nodiscard]] struct oe_txq *own_xdp_queue(uint32_t i)
	{
		return i < rx_.size() ? tx_queue(rx_.size() + i) : nullptr;
	}
	/* That which takes the pair's frames of XDP. */
	[[nodiscard]] struct oe_txq *xdp_tx_queue(uint32_t i)
	{
		return xdp_shares_ ? tx_queue(i) : own_xdp_queue(i);
	}
	[[nodiscard]] uint32_t xdp_pair(uint32_t cpu) const
	{
		return rx_.size() ? cpu % rx_.size() : 0;
	}
	[[nodiscard]] struct oe_rxq *rx_queue(uint32_t i)
	{
		return i < rx_.size() ? &rx_[i] : nullptr;
	}
	[[nodiscard]] PairStats &pair_stats(uint32_t i)
	{
		return pair_stats_[i];
	}
	[[nodiscard]] struct oe_global_stats &global_stats()
	{
		return global_stats_;
	}
	[[nodiscard]] const Rss &rss() const
	{
		return rss_;
	}
	[[nodiscard]] AcceleratedRfs &rfs()
	{
		return rfs_;
	}
	void serve_rfs(bool wanted)
	{
		rfs_.work(admin_, flows_, wanted ? queues_now() : 0);
	}
	/* What it does goes through admin(). */
	[[nodiscard]] FlowSteering &flows()
	{
		return flows_;
	}
	[[nodiscard]] const FlowSteering &flows() const
	{
		return flows_;
	}
	[[nodiscard]] Status read_phc(struct oe_phc_time &time)
	{
		return phc_.read(time);
	}
	/* What it does goes through admin(). */
	[[nodiscard]] VfManager &vfs()
	{
		return vfs_;
	}
	[[nodiscard]] const VfManager &vfs() const
	{
		return vfs_;
	}
	[[nodiscard]] AdminQueue &admin()
	{
		return admin_;
	}
	/* The doorbell of the pair's vector: one register re-arms TX and RX. */
	void unmask(uint32_t pair)
	{
		if (!broken(pair)) [[likely]]
			tx_[pair].unmask(moderation_.unmask_word(pair));
	}
	[[nodiscard]] Moderation &moderation()
	{
		return moderation_;
	}

    private:
	enum class Link : uint8_t { unknown, down, up };

	[[nodiscard]] Status bring_up(ena_reset_reason reason, Features &features);
	[[nodiscard]] Status open_debug_area(const Features &features);
	[[nodiscard]] Status enable_events(const Features &features);
	void start_interrupts();
	void publish_info(bool readless);
	[[nodiscard]] Status default_settings();
	[[nodiscard]] bool push_possible() const;
	[[nodiscard]] Status place_rings();
	void use_host_memory(const char *why);
	void tell_stamps();
	[[nodiscard]] LlqLayout llq_layout() const;
	[[nodiscard]] uint32_t tx_ring_limit(uint32_t push) const;
	[[nodiscard]] Status create_queues();
	[[nodiscard]] Status create_pairs();
	[[nodiscard]] Status create_tx(uint32_t index);
	[[nodiscard]] Status create_rx(uint32_t index);
	[[nodiscard]] Status configure_datapath();
	[[nodiscard]] Status tell_mtu(uint32_t mtu);
	[[nodiscard]] Status start_queues(uint32_t pair);
	[[nodiscard]] bool shrink_rings();
	[[nodiscard]] bool destroy_queues();
	void release_queues();
	void set_open(bool open);
	void halt();
	void quiesce();
	[[nodiscard]] bool reset_at_once(ena_reset_reason reason);

	void handle_event(const ena_aenq_entry &event);
	void handle_keep_alive(const ena_aenq_entry &event);
	void apply_hints(const ena_hw_hints &hints);

	/* Nothing that the device says of one of the pair's rings is believed. */
	[[nodiscard]] bool broken(uint32_t pair)
	{
		const TxQueue *xdp = own_xdp_queue(pair);

		return tx_[pair].broken() || rx_[pair].broken() || (xdp && xdp->broken());
	}
	/* Those that are open, or else would be. */
	[[nodiscard]] uint32_t queues_now() const
	{
		return open_ ? rx_.size() : settings_.queues;
	}
	[[nodiscard]] bool check_settings(const oe_settings &wanted, Refusal &why) const;
	[[nodiscard]] bool check_delays(const oe_delays &wanted, Refusal &why) const;
	[[nodiscard]] bool check_stamps(const oe_settings &wanted, Refusal &why) const;
	[[nodiscard]] bool check_xdp(const oe_settings &wanted, Refusal &why) const;
	[[nodiscard]] Status tell_rss(const uint32_t *table, const uint8_t *key);
	[[nodiscard]] bool check_rss(const uint32_t *table, const uint8_t *key, Refusal &why) const;

	void retry_reset(uint64_t now_ns);
	void check_keep_alive(uint64_t now_ns);
	void check_queues(uint64_t now_ns);
	void look_at(uint32_t pair, uint64_t now_ns);
	void check_tx(uint32_t index, uint64_t now_ns);
	void check_interrupt(uint32_t pair, uint64_t now_ns);
	void check_status();

	[[nodiscard]] Status check_compatible(const Features &found) const;
	void note_haste();
	void reset_failed();
	void give_up(const char *why, uint32_t times);

	template <class Put, class Metrics> void visit_counters(Put put, Metrics metrics) const;
	[[nodiscard]] Status allocate_debug_area(const Features &features);

	void device_facts(Facts &facts);
	void keep_alive_facts(Facts &facts) const;

	oe_kernel *kernel_;
	Registers registers_;
	AdminQueue admin_;
	EventQueue events_;
	ResetRequest reset_;
	Phc phc_;
	Timestamps stamps_;
	DmaBuffer host_page_;
	DebugArea debug_area_;
	Features features_; /* of the device as it is now */
	struct oe_info info_ = {}; /* as it was at probe */
	bool started_ = false; /* the device knows our memory */
	bool running_ = false; /* brought up, and not taken down by a failure since */
	bool quiet_ = false; /* reset, and nobody has used it since */
	bool interrupts_ = false; /* vector 0 has its handler */
	uint32_t vectors_ = 0; /* 0: not known yet */
	uint32_t push_chosen_ = 0; /* of the device, since its last reset; 0: nothing yet */

	/* The datapath; open_ changes under OE_LOCK_ADMIN, for the service's sake. */
	oe_settings settings_ = {};
	Moderation moderation_;
	Rss rss_;
	HashFields hash_fields_;
	FlowSteering flows_;
	AcceleratedRfs rfs_;
	Array<struct oe_txq> tx_; /* of the pairs; then, for XDP, a second one of each */
	Array<struct oe_rxq> rx_;
	bool xdp_shares_ = false; /* frames of XDP go by the pairs' only ones */
	bool open_ = false;

	/* Moved by events, in interrupt context. */
	Patience patience_;
	uint64_t keep_alive_ns_ = 0;
	Link link_ = Link::unknown;

	/* Recovery. */
	uint32_t failed_resets_ = 0; /* in succession */
	uint32_t hasty_resets_ = 0; /* likewise, each soon after up_ns_ */
	uint64_t up_ns_ = 0; /* when the device, or its datapath, last came up */
	uint64_t retry_ns_ = 0; /* 0: none due */
	bool given_up_ = false;
	ResetHistory history_;

	Array<PairWatch> watches_; /* by pair; the service's */
	Array<PairStats> pair_stats_;
	struct oe_global_stats global_stats_ = {};
	Metrics metrics_;
	VfManager vfs_;
};

} // namespace oe

struct oe_adapter final : oe::Adapter {
	using oe::Adapter::Adapter;
};

#endif
