// SPDX-License-Identifier: GPL-2.0-or-later
/* Any descriptors in rings that work, buffers anywhere, memory that changes while it is read. */
#include "frame_input.hh"
#include "guest.hh"

#include <array>

namespace
{
using ena::field_put;
using fuzz::FuzzHost;
using fuzz::Guest;

constexpr unsigned int queue_count = 4; /* 0 and 1 send, 2 and 3 receive */

class Datapath {
    public:
	Datapath(FuzzHost &host, fuzz::Input &input) : host_(host), input_(input), guest_(host)
	{
	}
	void start();
	void step();

    private:
	[[nodiscard]] Guest::Queue &sender()
	{
		return queues_[input_.byte() & 1];
	}
	[[nodiscard]] Guest::Queue &receiver()
	{
		return queues_[2 + (input_.byte() & 1)];
	}
	[[nodiscard]] uint64_t place(size_t size);
	void create(unsigned int slot);
	[[nodiscard]] bool choose_llq();
	void push_meta(Guest::Queue &q, const fuzz::InputFrame &f);
	void push_packet();
	void push_raw();
	void push_llq();
	void post();
	void receive();
	void change_manners();
	void change_life();

	FuzzHost &host_;
	fuzz::Input &input_;
	Guest guest_;
	std::array<Guest::Queue, queue_count> queues_;
	uint16_t next_id_ = 0;
	bool llq_ = false;
};

void Datapath::create(unsigned int slot)
{
	static constexpr uint16_t depths[] = {16, 64, 2, 32};
	/* Vectors are shared by a sender and a receiver, or all are 0. */
	const uint32_t vector = input_.one_in(8) ? 0 : 1 + slot % 2;
	const bool llq = slot < 2 && llq_;
	queues_[slot] = guest_.create(slot, slot >= 2, input_.pick(depths), vector, llq);
}

/* As drivers do: headers inline behind two descriptors, entries of 128 bytes. */
bool Datapath::choose_llq()
{
	ena_llq_config llq{};

	llq.header_location.enabled.set(ENA_LLQ_HEADER_INLINE);
	llq.entry_size.enabled.set(ENA_LLQ_ENTRY_128);
	llq.descs_before_header.enabled.set(2);
	llq.stride.enabled.set(ENA_LLQ_STRIDE_MULTIPLE);
	llq.accel_flags.set(ENA_LLQ_DISABLE_META_CACHING | ENA_LLQ_LIMIT_TX_BURST);
	const auto answer = guest_.set_feature(ENA_FEATURE_LLQ, llq);
	return answer && !answer->common.status;
}

void Datapath::start()
{
	guest_.start();
	llq_ = input_.one_in(3) && choose_llq();
	if (input_.one_in(8)) {
		ena_hw_timestamp_config stamps{};
		stamps.tx = stamps.rx = ENA_HW_TIMESTAMP_ALL;
		guest_.set_feature(ENA_FEATURE_HW_TIMESTAMP, stamps);
	}
	for (unsigned int slot = 0; slot < queue_count; slot++)
		create(slot);
}

/* Mostly inside guest memory; over its end, across 4 GiB, and where there is none. */
uint64_t Datapath::place(size_t size)
{
	const uint8_t how = input_.byte();

	if (how >= 8 || !how)
		return Guest::buffers + how * 0x400u;
	if (how == 1)
		return FuzzHost::memory_base + FuzzHost::memory_size - size / 2;
	if (how == 2)
		return input_.take<uint64_t>() & 0xffff'ffff'ffff;
	if (how == 3)
		return Guest::base + input_.take<uint16_t>();
	return 0x1'0000'0000 - size / 2;
}

void Datapath::push_meta(Guest::Queue &q, const fuzz::InputFrame &f)
{
	const uint8_t how = input_.byte();
	static constexpr uint16_t sizes[] = {1, 8, 100, 536, 1448, 8961, 16383, 0};
	const uint32_t mss = how & 1 ? input_.take<uint16_t>() : input_.pick(sizes);
	const size_t offset = how & 2 ? input_.byte() : f.l3_offset;
	const size_t length = how & 4 ? input_.byte() : f.l4_offset - f.l3_offset;
	const size_t words = how & 8 ? input_.byte() : (f.payload_offset - f.l4_offset) / 4;
	ena_tx_meta_desc meta{};

	meta.word0.set(ENA_TXM0_EXT_VALID | field_put(ENA_TXM0_MSS_HI, mss >> 10) |
		       ENA_TXM0_ETH_META_TYPE | (how & 16 ? 0 : ENA_TXM0_META_STORE) |
		       ENA_TXD_META | ENA_TXD_FIRST | field_put(ENA_TXD_PHASE, q.phase()));
	meta.word2.set(field_put(ENA_TXM2_L3_HDR_LEN, static_cast<uint32_t>(length)) |
		       field_put(ENA_TXM2_L3_HDR_OFF, static_cast<uint32_t>(offset)) |
		       field_put(ENA_TXM2_L4_HDR_WORDS, static_cast<uint32_t>(words)) |
		       field_put(ENA_TXM2_MSS_LO, mss));
	guest_.push(q, &meta);
}

/* A frame in pieces, with any offloads asked for. */
void Datapath::push_packet()
{
	Guest::Queue &q = sender();
	const uint8_t how = input_.byte();
	const fuzz::InputFrame f = fuzz::take_frame(input_, how & 1 ? 60000 : how & 2 ? 9000 : 100);
	uint32_t word1 = field_put(ENA_TXD1_L3_PROTO, f.ipv6 ? ENA_L3_IPV6 : ENA_L3_IPV4) |
			 field_put(ENA_TXD1_L4_PROTO, f.udp ? ENA_L4_UDP : ENA_L4_TCP);
	static constexpr uint32_t offloads[] = {
		0,
		ENA_TXD1_TSO | ENA_TXD1_L3_CSUM | ENA_TXD1_L4_CSUM,
		ENA_TXD1_L4_CSUM | ENA_TXD1_L4_PARTIAL,
		ENA_TXD1_L4_CSUM,
		ENA_TXD1_L3_CSUM | ENA_TXD1_L4_CSUM,
		ENA_TXD1_TSO | ENA_TXD1_L4_CSUM,
		ENA_TXD1_L3_CSUM,
	};
	word1 |= how & 4 ? input_.take<uint32_t>() & 0x2ffff : input_.pick(offloads);

	const bool meta = how & 8 || word1 & ENA_TXD1_TSO;
	if (meta)
		push_meta(q, f);
	const uint64_t at = place(f.bytes.size());
	host_.store(at, f.bytes);
	const uint32_t pieces = 1 + (how & 16 ? input_.below(22) : 0);
	const uint16_t id = how & 32 ? input_.take<uint16_t>()
				     : static_cast<uint16_t>(next_id_++ % q.depth);
	size_t done = 0;
	for (uint32_t i = 0; i < pieces; i++) {
		const size_t left = f.bytes.size() - done;
		const size_t n = std::min<size_t>(
			0xffff, i + 1 == pieces ? left : left / (pieces - i) + i % 2);
		ena_tx_desc d{};
		uint32_t word0 = field_put(ENA_TXD0_LENGTH, static_cast<uint32_t>(n)) |
				 field_put(ENA_TXD_PHASE, q.phase());
		if (i == 0) {
			word0 |= ENA_TXD_COMP_REQ | field_put(ENA_TXD0_REQ_ID_HI, id >> 10) |
				 (meta ? 0 : ENA_TXD_FIRST);
			d.word1.set(word1 | field_put(ENA_TXD1_REQ_ID_LO, id));
		}
		if (i + 1 == pieces)
			word0 |= ENA_TXD_LAST;
		d.word0.set(word0);
		d.addr_lo.set(static_cast<uint32_t>(at + done));
		d.word3.set(static_cast<uint32_t>((at + done) >> 32) & 0xffff);
		guest_.push(q, &d);
		done += std::min(n, left);
	}
	if (how & 64) {
		guest_.ring(q);
		host_.run(1 + input_.below(4));
	}
}

/* An entry with a packet's beginning in it, and the rest in guest memory. */
void Datapath::push_llq()
{
	Guest::Queue &q = sender();
	const uint8_t how = input_.byte();
	const fuzz::InputFrame f = fuzz::take_frame(input_, how & 1 ? 9000 : 60);
	std::array<uint8_t, 128> entry{};
	const size_t inlined = std::min<size_t>(f.bytes.size(), how & 2 ? input_.below(140) : 96);
	const uint64_t at = place(f.bytes.size());
	ena_tx_desc d{};

	if (!q.llq)
		return;
	host_.store(at, f.bytes);
	/* A meta descriptor comes first, of zeros when there is nothing to say. */
	Guest::Queue in_entry = q;
	in_entry.sq = Guest::control;
	in_entry.depth = 1;
	in_entry.tail = q.phase() ? 0 : 1;
	push_meta(in_entry, f);
	memcpy(entry.data(), host_.at(Guest::control, 16), 16);
	d.word0.set(field_put(ENA_TXD0_LENGTH, static_cast<uint32_t>(f.bytes.size() - inlined)) |
		    field_put(ENA_TXD_PHASE, q.phase()) | (how & 4 ? 0 : ENA_TXD_LAST) |
		    ENA_TXD_COMP_REQ);
	d.word1.set((how & 8 ? input_.take<uint32_t>() & 0x2ffff : 0) |
		    field_put(ENA_TXD1_REQ_ID_LO, next_id_++ % q.depth));
	d.addr_lo.set(static_cast<uint32_t>(at + inlined));
	d.word3.set((static_cast<uint32_t>((at + inlined) >> 32) & 0xffff) |
		    field_put(ENA_TXD3_HEADER_LENGTH, static_cast<uint32_t>(inlined)));
	memcpy(&entry[16], &d, 16);
	std::copy_n(f.bytes.begin(), std::min<size_t>(inlined, 96), entry.begin() + 32);
	if (how & 16)
		input_.fill(std::span(entry).subspan(input_.below(8) * 16, 16));
	guest_.push_entry(q, entry);
	if (how & 32)
		guest_.ring(q);
}

void Datapath::push_raw()
{
	Guest::Queue &q = queues_[input_.below(queue_count)];
	std::array<uint8_t, 16> desc;

	input_.fill(desc);
	if (desc[3] & 0x80) /* the phase lies in bit 0 of byte 3 of both kinds */
		desc[3] = static_cast<uint8_t>((desc[3] & ~1u) | q.phase());
	guest_.push(q, desc.data());
}

void Datapath::post()
{
	Guest::Queue &q = receiver();
	static constexpr uint16_t sizes[] = {2048, 64, 16, 1, 4096, 0};
	const uint16_t size = input_.one_in(4) ? input_.take<uint16_t>() : input_.pick(sizes);

	guest_.post(q, input_.below(q.depth + 1u), place(size), size);
	guest_.ring(q);
}

void Datapath::receive()
{
	const uint8_t how = input_.byte();
	fuzz::InputFrame f = fuzz::take_frame(input_, how & 1 ? 60000 : 1500);
	ena_vnet_hdr hdr{};

	if (how & 2) {
		hdr.flags = input_.byte();
		hdr.gso_type = how & 4 ? 0 : f.ipv6 ? ENA_VNET_GSO_TCPV6 : ENA_VNET_GSO_TCPV4;
		hdr.gso_size = input_.take<uint16_t>();
		hdr.csum_start = static_cast<uint16_t>(f.l4_offset);
		hdr.csum_offset = f.udp ? 6 : 16;
	}
	const iovec iov = {f.bytes.data(), f.bytes.size()};
	(void)host_.receive({&iov, 1}, how & 2 ? &hdr : nullptr);
}

void Datapath::change_manners()
{
	static constexpr ena_transmit_result answers[] = {ENA_TRANSMIT_SENT, ENA_TRANSMIT_SENT,
							  ENA_TRANSMIT_BUSY, ENA_TRANSMIT_DROPPED};
	const uint8_t how = input_.byte();

	host_.racing = how & 1;
	host_.mapping_works = !(how & 2);
	host_.map_limit = how & 4 ? 1u + input_.byte() * 8u : SIZE_MAX;
	host_.failures = how & 8 ? input_.byte() : 0;
	host_.answer = answers[how >> 4 & 3];
	if (how & 0x40)
		host_.set_vnet(input_.byte());
	if (how & 0x80)
		host_.transmit_ready();
}

void Datapath::change_life()
{
	const uint8_t how = input_.byte();
	Guest::Queue &q = queues_[how >> 3 & 3];

	switch (how & 7) {
	case 0:
		start();
		break;
	case 1:
		host_.set_link(how & 0x80);
		break;
	case 2:
		if (q.live)
			guest_.destroy(q);
		create(how >> 3 & 3);
		break;
	case 3:
		guest_.ring(q, static_cast<int8_t>(input_.byte()));
		break;
	case 4: {
		ena_mtu mtu{};
		mtu.mtu.set(128 + input_.below(9200));
		guest_.set_feature(ENA_FEATURE_MTU, mtu);
		break;
	}
	case 5:
		host_.power_on_reset();
		start();
		break;
	default:
		host_.write(q.unmask ? q.unmask : 0x1004, input_.take<uint32_t>());
		break;
	}
}

void Datapath::step()
{
	switch (input_.below(16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		if (llq_)
			push_llq();
		else
			push_packet();
		break;
	case 4:
		push_raw();
		break;
	case 5:
		guest_.ring(sender());
		host_.run(input_.below(8));
		break;
	case 6:
		host_.run(16);
		break;
	case 7:
	case 8:
		post();
		break;
	case 9:
	case 10:
		receive();
		break;
	case 11:
		host_.advance(uint64_t{input_.byte()} * 200'000);
		break;
	case 12: {
		const Guest::Queue &q = queues_[input_.below(queue_count)];
		if (q.live)
			host_.write(q.unmask, 0x40000000 | input_.take<uint16_t>());
		break;
	}
	case 13:
	case 14:
		change_manners();
		break;
	case 15:
		change_life();
		break;
	}
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	ena_config config = fuzz::config_with(2);
	FuzzHost host(config, input);
	Datapath path(host, input);
	host.set_link(true);
	host.set_vnet(input.byte());
	path.start();
	while (!input.empty())
		path.step();
	host.run(8);
	return 0;
}
