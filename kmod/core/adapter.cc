/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adapter.hh"

#include "../../abi/ena_pci.h"
#include "host_info.hh"
#include "text.hh"

namespace oe
{

namespace
{

constexpr uint32_t default_ring = 1024;
constexpr uint32_t default_mtu = 1500;
constexpr uint32_t default_tx_usecs = 64;

constexpr uint32_t handled_groups = ENA_BIT(ENA_AENQ_LINK_CHANGE) | ENA_BIT(ENA_AENQ_FATAL_ERROR) |
				    ENA_BIT(ENA_AENQ_NOTIFICATION) | ENA_BIT(ENA_AENQ_KEEP_ALIVE) |
				    ENA_BIT(ENA_AENQ_DEVICE_REQUEST_RESET);

constexpr uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

} // namespace

Status Adapter::probe(bool readless)
{
	reset_.init(kernel_);
	if (Status status = registers_.init(kernel_, readless); !status)
		return status;
	if (Status status = admin_.init(registers_); !status)
		return status;
	if (Status status = events_.init(registers_); !status)
		return status;
	if (Status status = bring_up(ENA_RESET_NORMAL, features_); !status)
		return status;
	running_ = true;
	publish_info(readless);
	if (Status status = pair_stats_.allocate(info_.max_queues); !status)
		return status;
	if (Status status = watches_.allocate(info_.max_queues); !status)
		return status;
	if (Status status = rss_.init(kernel_, features_); !status)
		return status;
	if (Status status = hash_fields_.init(kernel_, admin_, features_); !status)
		return status;
	if (Status status = flows_.init(kernel_, features_); !status)
		return status;
	if (Status status = rfs_.init(kernel_, flows_.size()); !status)
		return status;
	return default_settings();
}

Status Adapter::bring_up(ena_reset_reason reason, Features &features)
{
	/* The first reset is sent before anything is known of the device. */
	bool extended = features_.can(ENA_CAPABILITY_EXTENDED_RESET_REASONS);

	if (!quiet_) {
		/* A reset that does not arrive leaves the device what it was given before. */
		if (!oek_registers_reachable(kernel_)) {
			oek_log(kernel_, OE_LOG_ERROR,
				"the registers cannot be reached: DMA stays as it is");
			return Errno::no_device;
		}
		oek_allow_dma(kernel_, true);
		if (Status status = reset_device(registers_, reason, extended); !status)
			return status;
	}
	/* A reset of the function since then has taken it from the device. */
	registers_.announce_answer_buffer();
	quiet_ = false;
	push_chosen_ = 0;
	stamps_.forget();
	Result<DeviceCaps> caps = check_device(registers_);
	if (!caps)
		return caps.error();
	features.dma_bits = caps->dma_bits;

	started_ = true;
	admin_.start(caps->admin_timeout_ms);
	events_.start();
	/* Completions are polled for until vector 0 has its handler. */
	registers_.write(ENA_REG_INTR_MASK, ENA_INTR_MASK_MGMT);
	/* Before all other commands: some devices refuse those of unknown hosts. */
	if (Status status = announce_host(admin_, kernel_, host_page_); !status)
		return status;
	if (Status status = read_features(admin_, kernel_, features); !status) {
		log(kernel_, OE_LOG_ERROR,
		    LogLine() << "the device's features cannot be used, error "
			      << static_cast<uint32_t>(status.error()));
		return status;
	}
	if (Status status = open_debug_area(features); !status)
		return status;
	if (features.hints)
		apply_hints(*features.hints);
	metrics_.start(kernel_, admin_, features);
	phc_.start(kernel_, admin_, features);
	vfs_.start(kernel_, admin_, features);
	return enable_events(features);
}

/* Nobody needs it: without memory for it, or with a device that refuses it, there is none. */
Status Adapter::open_debug_area(const Features &features)
{
	if (!allocate_debug_area(features)) {
		oek_log(kernel_, OE_LOG_NOTICE, "no debug area: out of memory");
		return {};
	}
	return announce_debug_area(admin_, kernel_, host_page_, debug_area_.memory());
}

Status Adapter::enable_events(const Features &features)
{
	ena_aenq_config config = {};

	config.enabled_groups.set(features.event_groups & handled_groups);
	Status status = set_feature(admin_, ENA_FEATURE_AENQ_CONFIG, config);
	if (!status)
		oek_log(kernel_, OE_LOG_ERROR, "the device does not enable its events");
	return status;
}

void Adapter::publish_info(bool readless)
{
	uint32_t tx = features_.tx_offloads;
	uint32_t rx = features_.rx_offloads;

	__builtin_memcpy(info_.mac, features_.mac, sizeof(info_.mac));
	info_.max_mtu = features_.max_mtu;
	info_.dma_bits = features_.dma_bits;
	info_.max_queues = features_.max_queues;
	info_.max_tx_ring = features_.max_tx_ring;
	info_.max_rx_ring = features_.max_rx_ring;
	info_.max_tx_buffers = features_.max_tx_buffers;
	info_.rss_entries = features_.rss_log2_entries ? 1u << features_.rss_log2_entries : 0;
	info_.rss_key = features_.rss_key;
	info_.flow_rules = features_.flow_rules;
	info_.tx_csum_v4 = tx & (ENA_OFFLOAD_TX_L4_CSUM_V4_PART | ENA_OFFLOAD_TX_L4_CSUM_V4_FULL);
	info_.tx_csum_v6 = tx & (ENA_OFFLOAD_TX_L4_CSUM_V6_PART | ENA_OFFLOAD_TX_L4_CSUM_V6_FULL);
	info_.tso_v4 = tx & ENA_OFFLOAD_TX_TSO_V4;
	info_.tso_v6 = tx & ENA_OFFLOAD_TX_TSO_V6;
	info_.tso_ecn = tx & ENA_OFFLOAD_TX_TSO_ECN;
	info_.rx_csum = rx & (ENA_OFFLOAD_RX_L4_CSUM_V4 | ENA_OFFLOAD_RX_L4_CSUM_V6);
	info_.rx_hash = rx & ENA_OFFLOAD_RX_HASH;
	info_.least_push = features_.llq.least_push();
	info_.largest_push = features_.llq.largest_push();
	info_.moderation = features_.delay_resolution_us != 0;
	info_.readless = readless;
	info_.phc = phc_.active();
	info_.tx_stamps = features_.tx_stamps;
	info_.rx_stamps = features_.rx_stamps;
}

Status Adapter::default_settings()
{
	oe_host_facts facts = {};

	oek_host_facts(kernel_, &facts);
	moderation_.init(features_.delay_resolution_us);
	settings_.queues = smaller(info_.max_queues, facts.cpus ? facts.cpus : 1);
	settings_.push = features_.llq.least_push();
	settings_.queues = smaller(settings_.queues, tx_queue_limit(settings_.push));
	settings_.tx_ring = smaller(default_ring, tx_ring_limit(settings_.push));
	settings_.rx_ring = smaller(default_ring, info_.max_rx_ring);
	settings_.rx_usecs = 0;
	settings_.tx_usecs = smaller(default_tx_usecs, moderation_.max_usecs());
	settings_.mtu = smaller(default_mtu, info_.max_mtu);
	settings_.adaptive_rx = info_.moderation;
	moderation_.set_all(delays_of(settings_));
	rss_.spread(settings_.queues);
	return {};
}

void Adapter::stop_device(ena_reset_reason reason)
{
	if (started_) {
		halt();
		if (!quiet_)
			(void)reset_at_once(reason);
	}
	if (registers_.kernel())
		registers_.withdraw_answer_buffer();
}

/* Nothing is asked of the device, and nothing heard, until it is brought up. */
void Adapter::halt()
{
	if (running_)
		note_haste();
	phc_.stop();
	events_.close();
	admin_.stop();
	running_ = false;
}

/* No DMA of the device's hits memory that is given back now. False: it had to be turned off. */
bool Adapter::reset_at_once(ena_reset_reason reason)
{
	if (oek_registers_reachable(kernel_) &&
	    reset_device(registers_, reason, features_.can(ENA_CAPABILITY_EXTENDED_RESET_REASONS)))
		return true;
	oek_log(kernel_, OE_LOG_ERROR, "the device could not be stopped: its DMA is turned off");
	oek_allow_dma(kernel_, false);
	return false;
}

Status Adapter::interrupts_ready(uint32_t vectors)
{
	if (vectors < 2) {
		log(kernel_, OE_LOG_ERROR,
		    LogLine() << vectors << " interrupt vectors, at least 2 are needed");
		return Errno::invalid;
	}
	vectors_ = vectors;
	if (settings_.queues > max_queues()) {
		settings_.queues = max_queues();
		rss_.spread(settings_.queues);
	}
	interrupts_ = true;
	start_interrupts();
	return {};
}

void Adapter::start_interrupts()
{
	store_relaxed(keep_alive_ns_, oek_now_ns());
	admin_.use_interrupts(true);
	registers_.write(ENA_REG_INTR_MASK, 0);
	events_.open();
}

void Adapter::interrupts_gone()
{
	interrupts_ = false;
	events_.close();
	registers_.write(ENA_REG_INTR_MASK, ENA_INTR_MASK_MGMT);
	admin_.use_interrupts(false);
}

void Adapter::set_open(bool open)
{
	LockGuard guard(kernel_, OE_LOCK_ADMIN);

	open_ = open;
}

Status Adapter::open()
{
	if (given_up_)
		return Errno::io;
	/* Taken down by a failure while it was closed: the reset comes first. */
	if (!running_) {
		if (Status status = reset_work(); !status)
			return status;
	}
	if (Status status = place_rings(); !status)
		return status;
	tell_stamps();
	if (Status status = create_queues(); !status)
		return status;
	if (Status status = configure_datapath(); !status) {
		if (!destroy_queues())
			quiesce();
		release_queues();
		return status;
	}
	for (PairWatch &watch : watches_)
		watch.start();
	set_open(true);
	up_ns_ = oek_now_ns();
	/* Its event may have come before there was a network device. */
	if (Link link = load_relaxed(link_); link != Link::unknown)
		oek_link(kernel_, link == Link::up);
	return {};
}

/* A device that was reset may offer less than before. */
bool Adapter::push_possible() const
{
	return features_.llq.has(settings_.push) &&
	       settings_.queues <= tx_queue_limit(settings_.push) &&
	       settings_.tx_ring <= tx_ring_limit(settings_.push);
}

/*
 * Tell the device how much of each packet is pushed, once between two resets: published drivers
 * never change it on a running device. One that refuses gets its rings in host memory.
 */
Status Adapter::place_rings()
{
	if (settings_.push && !push_possible())
		use_host_memory("the device no longer takes that push, or so many or long queues");
	if (settings_.push == push_chosen_)
		return {};
	if (push_chosen_) {
		reset_.plan(ENA_RESET_USER_TRIGGER);
		if (Status status = reset_work(); !status)
			return status;
	}
	if (!settings_.push)
		return {};
	if (Status status = choose_llq(admin_, settings_.push); !status) {
		if (admin_.dead())
			return status;
		use_host_memory("the device refuses that push");
		return {};
	}
	push_chosen_ = settings_.push;
	return {};
}

/* Ahead of the queues, whose completions have a place for stamps or not. */
void Adapter::tell_stamps()
{
	if (stamps_.tell(admin_, settings_.tx_stamps, settings_.rx_stamps))
		return;
	oek_log(kernel_, OE_LOG_WARNING, "the device refuses timestamps: packets have none");
	settings_.tx_stamps = settings_.rx_stamps = false;
}

void Adapter::use_host_memory(const char *why)
{
	log(kernel_, OE_LOG_NOTICE,
	    LogLine() << "LLQ with " << settings_.push << " bytes: " << why
		      << ": TX rings are in host memory");
	settings_.push = 0;
}

LlqLayout Adapter::llq_layout() const
{
	uint32_t entry_size = settings_.push ? settings_.push + llq_header_offset : 0;

	if (!entry_size)
		return {};
	return {.entry_size = entry_size,
		.meta_in_each = features_.llq.meta_in_each,
		.burst = features_.llq.max_burst / entry_size};
}

/* All pairs, with smaller rings while memory does not suffice, and without LLQ if that fails. */
Status Adapter::create_queues()
{
	const oe_settings wanted = settings_;

	for (;;) {
		Status status = create_pairs();

		if (status)
			return status;
		if (!destroy_queues())
			quiesce();
		release_queues();
		if (running_ && status.error() == Errno::no_memory && shrink_rings()) {
			log(kernel_, OE_LOG_NOTICE,
			    LogLine()
				    << "not enough memory for the queues: trying TX rings of "
				    << settings_.tx_ring << ", RX rings of " << settings_.rx_ring);
			continue;
		}
		if (running_ && settings_.push) {
			settings_.tx_ring = wanted.tx_ring;
			settings_.rx_ring = wanted.rx_ring;
			use_host_memory("the queues cannot be created");
			if (Status reset = place_rings(); !reset)
				return reset;
			tell_stamps();
			continue;
		}
		log(kernel_, OE_LOG_ERROR,
		    LogLine() << "the queues cannot be created, error "
			      << static_cast<uint32_t>(status.error()));
		return status;
	}
}

/* A queue for XDP alone has the vector of the pair it belongs to. */
Status Adapter::create_tx(uint32_t index)
{
	uint32_t pair = index % settings_.queues;
	PairStats &stats = pair_stats_[pair];

	return tx_[index].create(admin_,
				 {.kernel = kernel_,
				  .reset = &reset_,
				  .stats = index < settings_.queues ? &stats.tx : &stats.xdp_tx,
				  .xdp_stats = &stats.xdp_tx,
				  .index = index,
				  .depth = settings_.tx_ring,
				  .vector = ENA_VECTOR_FIRST_IO + pair,
				  .max_buffers = info_.max_tx_buffers,
				  .offloads = features_.tx_offloads,
				  .check_zero_bits = features_.can(ENA_CAPABILITY_CDESC_MBZ),
				  .stamps = settings_.tx_stamps,
				  .llq = llq_layout()});
}

Status Adapter::create_rx(uint32_t index)
{
	return rx_[index].create(admin_,
				 {.kernel = kernel_,
				  .reset = &reset_,
				  .stats = &pair_stats_[index].rx,
				  .depth = settings_.rx_ring,
				  .vector = ENA_VECTOR_FIRST_IO + index,
				  .max_frags = features_.max_rx_frags,
				  .csum = info_.rx_csum,
				  .hash = info_.rx_hash,
				  .whole_tuples = hash_fields_.whole_tuples(),
				  .check_zero_bits = features_.can(ENA_CAPABILITY_CDESC_MBZ),
				  .stamps = settings_.rx_stamps});
}

Status Adapter::create_pairs()
{
	const bool own = settings_.xdp && 2 * settings_.queues <= tx_queue_limit(settings_.push);

	xdp_shares_ = settings_.xdp && !own;
	if (Status status = tx_.allocate(settings_.queues * (own ? 2 : 1)); !status)
		return status;
	if (Status status = rx_.allocate(settings_.queues); !status)
		return status;
	for (uint32_t i = 0; i < tx_.size(); i++) {
		if (Status status = create_tx(i); !status)
			return status;
	}
	for (uint32_t i = 0; i < rx_.size(); i++) {
		if (Status status = create_rx(i); !status)
			return status;
	}
	return {};
}

/* Halve the larger rings, or both; false at the smallest. */
bool Adapter::shrink_rings()
{
	uint32_t tx = settings_.tx_ring;
	uint32_t rx = settings_.rx_ring;

	if (tx >= rx)
		settings_.tx_ring = tx / 2;
	if (rx >= tx)
		settings_.rx_ring = rx / 2;
	if (settings_.tx_ring >= OE_MIN_RING && settings_.rx_ring >= OE_MIN_RING)
		return true;
	settings_.tx_ring = tx;
	settings_.rx_ring = rx;
	return false;
}

Status Adapter::configure_datapath()
{
	rss_.spread(settings_.queues);
	if (Status status = rss_.apply(admin_, features_, rx_); !status)
		return status;
	if (Status status = hash_fields_.apply(admin_, features_); !status)
		return status;
	return tell_mtu(settings_.mtu);
}

Status Adapter::tell_mtu(uint32_t mtu)
{
	ena_mtu data = {};

	if (!features_.has(ENA_FEATURE_MTU))
		return {};
	data.mtu.set(mtu);
	Status status = set_feature(admin_, ENA_FEATURE_MTU, data);
	if (!status)
		log(kernel_, OE_LOG_ERROR, LogLine() << "the device refuses an MTU of " << mtu);
	return status;
}

/* False: the device did not confirm all, and may still use the rings. */
bool Adapter::destroy_queues()
{
	bool confirmed = true;

	for (TxQueue &queue : tx_)
		confirmed = queue.device().destroy(admin_) && confirmed;
	for (RxQueue &queue : rx_)
		confirmed = queue.device().destroy(admin_) && confirmed;
	return confirmed;
}

/* Give back the rings, unless the device may still write to them. */
void Adapter::release_queues()
{
	for (TxQueue &queue : tx_)
		if (queue.device().exists())
			return;
	for (RxQueue &queue : rx_)
		if (queue.device().exists())
			return;
	tx_.release();
	rx_.release();
}

/*
 * Reset the device now, ahead of the reset work, because memory it knows of is
 * about to be given back.
 */
void Adapter::quiesce()
{
	reset_.ask(ENA_RESET_ADMIN_TIMEOUT);
	halt();
	quiet_ = reset_at_once(reset_.reason());
	if (!quiet_)
		return;
	for (TxQueue &queue : tx_)
		queue.device().forget();
	for (RxQueue &queue : rx_)
		queue.device().forget();
}

void Adapter::close()
{
	if (!open_)
		return;
	set_open(false);
	/* A device that is to be reset anyway is not asked politely. */
	if (reset_.pending() || !destroy_queues())
		quiesce();
	release_queues();
}

/* The reset that is pending keeps everybody away until it has been carried out. */
void Adapter::leave(ena_reset_reason reason)
{
	reset_.plan(reason);
	if (!quiet_)
		quiesce();
}

/* Others may have used it: it is reset once more, with as many tries as the first time. */
void Adapter::come_back()
{
	quiet_ = false;
	given_up_ = false;
	failed_resets_ = hasty_resets_ = 0;
	retry_ns_ = 0;
}

} // namespace oe
