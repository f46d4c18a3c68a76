// SPDX-License-Identifier: GPL-2.0-or-later
/* Any layout of entries in BAR2, any bytes in them, rung in any amounts. */
#include "frame_input.hh"
#include "guest.hh"

#include <array>

namespace
{
using ena::field_put;
using fuzz::FuzzHost;
using fuzz::Guest;

constexpr unsigned int queue_count = 2;
constexpr size_t largest_entry = 256;

class Llq {
    public:
	Llq(FuzzHost &host, fuzz::Input &input) : host_(host), input_(input), guest_(host)
	{
	}
	void start();
	void step();

    private:
	void choose();
	void write_packet(Guest::Queue &q);
	void write_anywhere(Guest::Queue &q);
	[[nodiscard]] std::span<uint8_t> entry(const Guest::Queue &q, uint16_t position) const;
	[[nodiscard]] ena_tx_desc descriptor(const Guest::Queue &q, size_t length, bool last);

	FuzzHost &host_;
	fuzz::Input &input_;
	Guest guest_;
	std::array<Guest::Queue, queue_count> queues_;
	size_t entry_size_ = 128, before_ = 2;
	bool meta_first_ = false;
};

/* Mostly something that is offered. */
void Llq::choose()
{
	static constexpr uint16_t befores[] = {1, 2, 4, 8};
	const uint8_t how = input_.byte();
	const bool wide = how & 1;
	ena_llq_config llq{};

	before_ = befores[how >> 1 & 3];
	entry_size_ = wide ? 256 : 128;
	meta_first_ = how & 8;
	llq.header_location.enabled.set(ENA_LLQ_HEADER_INLINE);
	llq.entry_size.enabled.set(wide ? ENA_LLQ_ENTRY_256 : ENA_LLQ_ENTRY_128);
	llq.descs_before_header.enabled.set(static_cast<uint16_t>(before_));
	llq.stride.enabled.set(how & 16 ? ENA_LLQ_STRIDE_SINGLE : ENA_LLQ_STRIDE_MULTIPLE);
	llq.accel_flags.set((meta_first_ ? ENA_LLQ_DISABLE_META_CACHING : 0) |
			    (how & 32 ? ENA_LLQ_LIMIT_TX_BURST : 0));
	if (how & 64)
		input_.fill({reinterpret_cast<uint8_t *>(&llq), sizeof(llq)});
	guest_.set_feature(ENA_FEATURE_LLQ, llq);
}

void Llq::start()
{
	static constexpr uint16_t depths[] = {16, 64, 256, 2};

	guest_.start();
	choose();
	for (unsigned int slot = 0; slot < queue_count; slot++)
		queues_[slot] = guest_.create(slot, false, input_.pick(depths), 1 + slot, true);
}

std::span<uint8_t> Llq::entry(const Guest::Queue &q, uint16_t position) const
{
	const std::span<uint8_t> memory = host_.llq_memory();
	const size_t at = q.llq_offset + size_t{position} % q.depth * entry_size_;

	return at + entry_size_ <= memory.size() ? memory.subspan(at, entry_size_)
						 : std::span<uint8_t>{};
}

ena_tx_desc Llq::descriptor(const Guest::Queue &q, size_t length, bool last)
{
	const uint8_t how = input_.byte();
	const uint64_t at = how & 1 ? input_.take<uint64_t>() & 0xffff'ffff'ffff
				    : Guest::buffers + (how >> 1) * 0x400u;
	ena_tx_desc d{};

	d.word0.set(field_put(ENA_TXD0_LENGTH, static_cast<uint32_t>(length)) |
		    field_put(ENA_TXD_PHASE, q.phase()) | (last ? ENA_TXD_LAST : 0));
	d.addr_lo.set(static_cast<uint32_t>(at));
	d.word3.set(static_cast<uint32_t>(at >> 32) & 0xffff);
	return d;
}

/* As a driver writes it, or nearly: a header, descriptors over as many entries as they need. */
void Llq::write_packet(Guest::Queue &q)
{
	const uint8_t how = input_.byte();
	const fuzz::InputFrame f = fuzz::take_frame(input_, 200);
	const size_t room = entry_size_ - 16 * before_;
	const size_t pushed = how & 1 ? input_.byte() : std::min(f.bytes.size(), room);
	const uint32_t count = input_.one_in(4) ? input_.below(24) : 1;
	std::array<uint8_t, largest_entry> bytes{};
	size_t used = 0, limit = before_;

	std::copy_n(f.bytes.begin(), std::min(f.bytes.size(), room),
		    bytes.begin() + static_cast<ptrdiff_t>(16 * before_));
	const auto close = [&] {
		const auto to = entry(q, q.tail++);
		std::copy_n(bytes.begin(), to.size(), to.begin());
		bytes = {};
		used = 0;
		limit = entry_size_ / 16;
	};
	const auto add = [&](const void *desc) {
		if (used == limit)
			close();
		memcpy(&bytes[16 * used++], desc, 16);
	};
	if (meta_first_ || how & 2) {
		ena_tx_meta_desc meta{};
		meta.word0.set(ENA_TXM0_EXT_VALID | ENA_TXM0_ETH_META_TYPE | ENA_TXM0_META_STORE |
			       ENA_TXD_META | ENA_TXD_FIRST | field_put(ENA_TXD_PHASE, q.phase()));
		meta.word2.set(how & 4 ? input_.take<uint32_t>() : 0);
		add(&meta);
	}
	for (uint32_t i = 0; i <= count; i++) {
		ena_tx_desc d = descriptor(q, input_.below(300), i == count && !(how & 8));
		if (!i) {
			d.word0.set(d.word0.get() | ENA_TXD_COMP_REQ |
				    (meta_first_ ? 0 : ENA_TXD_FIRST));
			d.word1.set((how & 16 ? input_.take<uint32_t>() & 0x2ffff : 0) |
				    field_put(ENA_TXD1_REQ_ID_LO, q.tail));
			d.word3.set(d.word3.get() | field_put(ENA_TXD3_HEADER_LENGTH,
							      static_cast<uint32_t>(pushed)));
		}
		add(&d);
	}
	close();
}

/* Bytes where something lies already, also behind the doorbell. */
void Llq::write_anywhere(Guest::Queue &q)
{
	const auto to = entry(q, static_cast<uint16_t>(q.tail + input_.below(8) - 4));
	if (to.empty())
		return;
	const size_t at = input_.byte() % to.size();
	input_.fill(to.subspan(at, std::min<size_t>(to.size() - at, 1 + input_.below(16))));
}

void Llq::step()
{
	Guest::Queue &q = queues_[input_.byte() % queue_count];

	switch (input_.below(8)) {
	case 0:
	case 1:
	case 2:
		write_packet(q);
		break;
	case 3:
		write_anywhere(q);
		break;
	case 4:
		guest_.ring(q);
		host_.run(input_.below(4));
		break;
	case 5:
		guest_.ring(q, static_cast<int8_t>(input_.byte()));
		host_.run(2);
		break;
	case 6:
		host_.answer = input_.one_in(4) ? ENA_TRANSMIT_BUSY : ENA_TRANSMIT_SENT;
		host_.transmit_ready();
		host_.run(4);
		break;
	case 7:
		if (input_.one_in(4)) {
			start();
		} else if (q.live) {
			guest_.destroy(q);
			q = guest_.create(static_cast<unsigned int>(&q - queues_.data()), false, 16,
					  1, true);
		}
		break;
	}
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	const uint8_t shape = input.byte();
	ena_config config = fuzz::config_with(queue_count);
	config.llq_meta_caching = !(shape & 1);
	config.llq_max_burst = shape & 2 ? 8192 : 0;
	FuzzHost host(config, input);
	std::ranges::fill(host.llq_memory(), uint8_t{0});
	Llq llq(host, input);
	host.set_link(true);
	llq.start();
	while (!input.empty())
		llq.step();
	host.run(8);
	return 0;
}
