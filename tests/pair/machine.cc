// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.hh"
#include "tests/time_units.hh"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

oe_kernel &machine(void *host)
{
	return *static_cast<oe_kernel *>(host);
}

uint8_t *dma_target(oe_kernel &m, uint64_t addr, size_t len)
{
	uint8_t *p = m.memory.at(addr, len);
	/* An address may have been scribbled over: an IOMMU stops it, not the sanitizer. */
	if (m.scribble && !m.memory.owned(addr, len))
		p = nullptr;
	if (m.dma_until_failure == 0 || !m.bus_master)
		p = nullptr;
	else if (m.dma_until_failure != UINT64_MAX)
		m.dma_until_failure--;
	if (!p)
		m.dma_faults++;
	return p;
}

const ena_host_ops host_ops = {
	.dma_read =
		[](void *host, uint64_t addr, void *buf, size_t len) {
			const uint8_t *p = dma_target(machine(host), addr, len);
			if (p)
				memcpy(buf, p, len);
			return p != nullptr;
		},
	.dma_write =
		[](void *host, uint64_t addr, const void *buf, size_t len) {
			uint8_t *p = dma_target(machine(host), addr, len);
			if (p)
				memcpy(p, buf, len);
			return p != nullptr;
		},
	.dma_map = [](void *host, uint64_t addr, size_t *len, bool) -> void * {
		return dma_target(machine(host), addr, *len);
	},
	.dma_unmap = [](void *, void *, size_t, bool, size_t) {},
	.raise = [](void *host, unsigned vector) { machine(host).raise(vector); },
	.transmit =
		[](void *host, unsigned queue, const iovec *iov, int n, const ena_vnet_hdr *hdr) {
			return machine(host).transmit(queue, iov, n, *hdr);
		},
	.stays_inside = nullptr,
	.schedule = [](void *host) { machine(host).poll_scheduled = true; },
	.set_timer = [](void *host, uint64_t deadline) { machine(host).timer = deadline; },
	.now = [](void *) { return Clock::now; },
	.real_time = [](void *) { return Clock::epoch + Clock::now; },
	.receive_ready = [](void *host) { machine(host).receive_ready = true; },
	.note =
		[](void *host, ena_note_level level, const char *text) {
			if (getenv("OPENENA_TRACE"))
				fprintf(stderr, "# device: %s\n", text);
			if (level == ENA_NOTE_GUEST_ERROR && machine(host).notes.size() < 1000)
				machine(host).notes.emplace_back(text);
		},
	.happened = nullptr,
};

Bytes gather(const iovec *iov, int n)
{
	Bytes frame;
	for (int i = 0; i < n; i++) {
		const auto *p = static_cast<const uint8_t *>(iov[i].iov_base);
		frame.insert(frame.end(), p, p + iov[i].iov_len);
	}
	return frame;
}

} // namespace

ena_config default_config()
{
	ena_config config;
	ena_config_default(&config);
	const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, 1};
	memcpy(config.mac, mac, sizeof(mac));
	config.queues = 4;
	config.vectors = 5;
	config.max_mtu = 9001;
	config.llq = false; /* its tests turn it on */
	return config;
}

oe_kernel::oe_kernel(const ena_config &config) : config_(config)
{
	char why[160];
	if (!ena_config_check(&config, why, sizeof(why))) {
		fprintf(stderr, "configuration: %s\n", why);
		abort();
	}
	device = ena_device_new(&config, &host_ops, this);
	llq.resize(ena_config_llq_size(&config) / sizeof(uint64_t));
	if (!llq.empty())
		ena_device_set_llq_memory(device, llq.data());
	all.push_back(this);
	ena_device_set_link(device, true);
}

oe_kernel::~oe_kernel()
{
	if (adapter)
		remove();
	ena_device_free(device);
	std::erase(all, this);
}

int oe_kernel::probe()
{
	bus_master = true;
	int err = oe_probe(this, true, &adapter);
	if (err) {
		adapter = nullptr;
		return err;
	}
	err = oe_interrupts_ready(adapter, oe_info(adapter)->max_queues + 1);
	if (err) {
		oe_remove(adapter);
		adapter = nullptr;
		return err;
	}
	interrupts_ready_ = true;
	registered_ = true;
	next_service_ = Clock::now + second;
	return 0;
}

void oe_kernel::remove()
{
	registered_ = up_ = false;
	next_service_ = UINT64_MAX;
	if (queues())
		close();
	interrupts_ready_ = false;
	oe_interrupts_gone(adapter);
	oe_remove(adapter);
	adapter = nullptr;
	link = false;
	reset_scheduled = false;
}

int oe_kernel::open()
{
	up_ = true;
	const int err = oe_open(adapter);
	if (err)
		return err;
	oe_settings settings;
	oe_get_settings(adapter, &settings);
	pairs_.resize(settings.queues);
	for (unsigned i = 0; i < settings.queues; i++) {
		Pair &pair = pairs_[i];
		pair.tx.txq = oe_txq(adapter, i);
		pair.xdp.txq = oe_xdp_txq(adapter, i);
		pair.rxq = oe_rxq(adapter, i);
		pair.tx.packets.resize(settings.tx_ring);
		pair.xdp.packets.resize(settings.tx_ring);
		pair.rx.resize(settings.rx_ring);
		refill(pair);
	}
	napi_enabled = true;
	settle();
	return 0;
}

void oe_kernel::close()
{
	napi_enabled = false;
	oe_close(adapter);
	for (const Pair &pair : pairs_) {
		free_buffers(pair.tx);
		free_buffers(pair);
	}
	pairs_.clear();
}

void oe_kernel::free_buffers(const Sender &tx)
{
	for (const auto &packet : tx.packets)
		for (const auto &block : packet)
			memory.free(block.bus);
}

/* Of its receiving side. */
void oe_kernel::free_buffers(const Pair &pair)
{
	free_buffers(pair.xdp);
	for (const Slot &slot : pair.rx)
		if (slot.busy)
			memory.free(slot.block.bus);
	for (const auto &block : pair.spare)
		memory.free(block.bus);
}

int oe_kernel::restart(unsigned index)
{
	Pair &pair = pairs_[index];

	pair.disabled = true;
	int err = oe_stop_receiver(adapter, index);
	if (!err) {
		free_buffers(pair);
		pair.xdp.packets.assign(pair.tx.packets.size(), {});
		pair.xdp.stopped = false;
		pair.rx = std::vector<Slot>(pair.rx.size());
		pair.spare.clear();
		err = oe_start_receiver(adapter, index);
		refill(pair);
	}
	pair.disabled = false;
	pair.scheduled = true;
	return err;
}

int oe_kernel::set(const std::function<void(oe_settings &)> &change)
{
	oe_settings settings;
	oe_error error{};
	oe_get_settings(adapter, &settings);
	change(settings);
	const int err = oe_set_settings(adapter, &settings, &error);
	if (err)
		log.emplace_back(error.text);
	return err;
}

/* One round of what QEMU's main loop would do. True if there was any work. */
std::string oe_kernel::migrate()
{
	char why[200] = "";
	std::vector<uint8_t> bytes(ena_device_save(device, nullptr, 0, why, sizeof(why)));

	if (bytes.empty())
		return why;
	(void)ena_device_save(device, bytes.data(), bytes.size(), why, sizeof(why));
	ena_device_free(device);
	poll_scheduled = receive_ready = false;
	timer = UINT64_MAX;
	device = ena_device_new(&config_, &host_ops, this);
	if (!ena_device_load(device, bytes.data(), bytes.size(), why, sizeof(why)))
		return why;
	ena_device_set_link(device, true);
	receive_ready = true; /* what the wire holds is offered again */
	migrations++;
	return {};
}

bool oe_kernel::device_work()
{
	if (device_stuck)
		return false;
	bool worked = false;
	const bool due = poll_scheduled || timer <= Clock::now;
	if (migrate_every && due && ++turns_ % migrate_every == 0) {
		const std::string why = migrate();
		if (!why.empty())
			log.push_back("migration: " + why);
	}
	if (poll_scheduled) {
		poll_scheduled = false;
		ena_device_poll(device);
		worked = true;
	}
	if (timer <= Clock::now) {
		timer = UINT64_MAX;
		ena_device_timer(device);
		worked = true;
	}
	if (receive_ready) {
		receive_ready = false;
		deliver_backlog();
		worked = true;
	}
	return worked;
}

void oe_kernel::settle()
{
	if (settling_)
		return;
	settling_ = true;
	for (unsigned round = 0; round < 100000; round++) {
		bool worked = device_work();
		if (scribble && napi_enabled)
			scribble(*this);
		if (napi_enabled && !cpu_busy) {
			for (unsigned i = 0; i < queues(); i++) {
				if (pairs_[i].scheduled && !pairs_[i].disabled) {
					napi(i);
					worked = true;
				}
			}
		}
		if (peer_ && !peer_->settling_ && (peer_->poll_scheduled || peer_->receive_ready))
			peer_->settle();
		if (!worked)
			break;
	}
	settling_ = false;
}

void oe_kernel::run(uint64_t ns)
{
	const uint64_t end = Clock::now + ns;
	for (;;) {
		settle();
		if (reset_scheduled && registered_)
			reset_work();
		const uint64_t due = std::min(device_stuck ? UINT64_MAX : timer, next_service_);
		if (due > end)
			break;
		Clock::now = std::max(Clock::now, due);
		if (next_service_ <= Clock::now) {
			next_service_ += second;
			oe_service(adapter);
		}
	}
	Clock::now = end;
}

void oe_kernel::reset_work()
{
	reset_scheduled = false;
	if (queues())
		close();
	if (oe_reset_work(adapter)) {
		failed_resets++;
		return;
	}
	resets++;
	if (up_ && open())
		log.emplace_back("open after reset failed");
}

void oe_kernel::device_turn()
{
	for (unsigned round = 0; round < 1000 && device_work(); round++)
		;
}

void oe_kernel::wait_admin(uint64_t ns)
{
	const uint64_t end = Clock::now + ns;
	while (!admin_awake && Clock::now < end) {
		if (device_work())
			continue;
		const uint64_t due = device_stuck ? UINT64_MAX : timer;
		Clock::now = std::max(Clock::now, std::min(due, end));
	}
	admin_awake = false;
}

uint32_t oe_kernel::read_register(uint32_t offset)
{
	return static_cast<uint32_t>(ena_device_mmio_read(device, offset, 4));
}

void oe_kernel::write_register(uint32_t offset, uint32_t value)
{
	ena_device_mmio_write(device, offset, value, 4);
}

void oe_kernel::raise(unsigned vector)
{
	interrupts++;
	if (interrupts_lost)
		return;
	if (vector == 0) {
		if (interrupts_ready_)
			oe_mgmt_interrupt(adapter);
	} else if (vector <= queues()) {
		pairs_[vector - 1].interrupts++;
		schedule(vector - 1);
	}
}

oe_pair_state oe_kernel::pair_state(unsigned index) const
{
	const Pair &pair = pairs_[index];

	return {.interrupts = pair.interrupts, .scheduled = pair.scheduled || pair.disabled};
}

ena_transmit_result oe_kernel::transmit(unsigned queue, const iovec *iov, int n,
					const ena_vnet_hdr &hdr)
{
	if (peer_)
		peer_->wire_in(iov, n, hdr);
	else if (keep_frames)
		transmitted.push_back({gather(iov, n), hdr, queue});
	return ENA_TRANSMIT_SENT;
}

void oe_kernel::wire_in(const Bytes &frame, const ena_vnet_hdr *hdr)
{
	const iovec iov = {const_cast<uint8_t *>(frame.data()), frame.size()};
	wire_in(&iov, 1, hdr ? *hdr : ena_vnet_hdr{});
}

void oe_kernel::wire_in(const iovec *iov, int n, const ena_vnet_hdr &hdr)
{
	if (!backlog_.empty() || ena_device_receive(device, iov, n, &hdr) == ENA_RECEIVE_HOLD)
		backlog_.push_back({gather(iov, n), hdr, 0});
}

void oe_kernel::deliver_backlog()
{
	while (!backlog_.empty()) {
		WireFrame &front = backlog_.front();
		const iovec iov = {front.frame.data(), front.frame.size()};
		if (ena_device_receive(device, &iov, 1, &front.hdr) == ENA_RECEIVE_HOLD)
			return;
		backlog_.pop_front();
	}
}

void oe_kernel::connect(oe_kernel &peer)
{
	peer_ = &peer;
	peer.peer_ = this;
}

bool oe_kernel::send(unsigned queue, const TxRequest &request, bool kick)
{
	Sender *tx = sender(queue);
	if (!tx || tx->stopped)
		return false;

	const size_t pushed = std::min<size_t>(oe_tx_push(tx->txq), request.frame.size());
	const auto rest = static_cast<unsigned>(request.frame.size() - pushed);
	const unsigned n =
		std::min({std::max(request.fragments, 1u), rest, oe_info(adapter)->max_tx_buffers});
	std::vector<BusMemory::Block> blocks;
	std::vector<oe_tx_buffer> buffers;
	size_t at = pushed;
	for (unsigned i = 0; i < n; i++) {
		const size_t len = (request.frame.size() - at) / (n - i);
		BusMemory::Block block = memory.alloc(len + 8);
		/* Odd addresses are legal: the device must cope. */
		const unsigned shift = i % 7;
		memcpy(static_cast<uint8_t *>(block.cpu) + shift, request.frame.data() + at, len);
		blocks.push_back(block);
		buffers.push_back({block.bus + shift, static_cast<uint32_t>(len)});
		at += len;
	}
	const oe_tx_packet packet = {
		.header = request.frame.data(),
		.buffers = buffers.data(),
		.header_len = static_cast<uint16_t>(pushed),
		.nbuffers = static_cast<uint16_t>(n),
		.flags = static_cast<uint16_t>(request.flags | (kick ? OE_TX_KICK : 0) |
					       (queue < queues() ? 0 : OE_TX_XDP)),
		.mss = request.mss,
		.l3_offset = request.l3_offset,
		.l3_len = request.l3_len,
		.l4_len = request.l4_len,
		.bytes = static_cast<uint32_t>(request.frame.size()),
		.packets = 1,
	};
	oe_tx_result result;
	const int err = oe_tx_submit(tx->txq, &packet, &result);
	if (err) {
		for (const auto &block : blocks)
			memory.free(block.bus);
		return false;
	}
	tx->packets[result.req_id] = std::move(blocks);
	tx->stopped = result.stop;
	if (result.stop)
		oe_tx_kick(tx->txq);
	return true;
}

bool oe_kernel::send_mapped(unsigned queue, const oe_tx_packet &packet)
{
	Sender &tx = pairs_[queue].tx;
	oe_tx_result result;
	if (tx.stopped || oe_tx_submit(tx.txq, &packet, &result))
		return false;
	tx.stopped = result.stop;
	if (result.stop)
		oe_tx_kick(tx.txq);
	return true;
}

oe_kernel::Sender *oe_kernel::sender(unsigned queue)
{
	if (queue >= 2 * queues())
		return nullptr;
	Sender &tx = queue < queues() ? pairs_[queue].tx : pairs_[queue - queues()].xdp;
	return tx.txq ? &tx : nullptr;
}

/* An id of a shared queue is one of either kind. */
void oe_kernel::clean_tx(Pair &pair, Sender &tx)
{
	uint16_t ids[OE_BURST];
	const bool shared = pair.xdp.txq == pair.tx.txq;

	while (const uint32_t n = oe_tx_completed(tx.txq, ids, OE_BURST)) {
		for (uint32_t i = 0; i < n; i++) {
			Sender &owner = shared && tx.packets[ids[i]].empty() ? pair.xdp : tx;
			for (const auto &block : owner.packets[ids[i]])
				memory.free(block.bus);
			owner.packets[ids[i]].clear();
			xdp_completed += &owner == &pair.xdp;
			if (const uint64_t stamp = oe_tx_stamp(tx.txq, ids[i]))
				sent_stamps.push_back(stamp);
		}
		oe_tx_release(tx.txq, ids, n);
		tx_completed += n;
	}
	if (tx.stopped && oe_tx_has_room(tx.txq))
		tx.stopped = false;
}

uint32_t oe_kernel::poll_rx(Pair &pair, unsigned index)
{
	oe_rx_burst burst;
	const uint32_t n = oe_rx_poll(pair.rxq, &burst, OE_BURST);
	for (uint32_t i = 0; i < n; i++) {
		const oe_rx_packet &packet = burst.packets[i];
		Bytes frame;
		for (unsigned f = 0; f < packet.nfrags; f++) {
			const oe_rx_frag &frag = burst.frags[packet.first_frag + f];
			Slot &slot = pair.rx[frag.id];
			const auto *p = static_cast<const uint8_t *>(slot.block.cpu) +
					(f == 0 ? packet.offset : 0);
			if (keep_frames)
				frame.insert(frame.end(), p, p + frag.len);
			slot.busy = false;
			pair.spare.push_back(slot.block);
		}
		rx_packets++;
		if (keep_frames)
			received.push_back({std::move(frame), index, packet.nfrags, packet.csum,
					    packet.hash_type, packet.hash, packet.stamp_ns});
	}
	return n;
}

void oe_kernel::refill(Pair &pair)
{
	while (const uint32_t wanted = oe_rx_wanted(pair.rxq)) {
		const uint32_t n = std::min<uint32_t>(wanted, OE_BURST);
		const uint16_t *ids = oe_rx_next_ids(pair.rxq);
		oe_rx_buffer buffers[OE_BURST];
		for (uint32_t i = 0; i < n; i++) {
			BusMemory::Block block;
			if (pair.spare.empty()) {
				block = memory.alloc(rx_buffer_size);
			} else {
				block = pair.spare.back();
				pair.spare.pop_back();
			}
			buffers[i] = {block.bus, rx_buffer_size};
			pair.rx[ids[i]] = {block, true};
		}
		oe_rx_refill(pair.rxq, buffers, n);
	}
}

void oe_kernel::napi(unsigned index)
{
	Pair &pair = pairs_[index];
	oe_tx_stats(adapter, index)->tx_poll++;
	clean_tx(pair, pair.tx);
	if (pair.xdp.txq && pair.xdp.txq != pair.tx.txq)
		clean_tx(pair, pair.xdp);
	const uint32_t n = poll_rx(pair, index);
	refill(pair);
	if (n < OE_BURST) {
		pair.scheduled = false;
		oe_unmask(adapter, index);
	}
}
