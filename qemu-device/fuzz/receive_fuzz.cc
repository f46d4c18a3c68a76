// SPDX-License-Identifier: GPL-2.0-or-later
/* Any frames with any virtio-net header, to an adapter with RSS and several queues. */
#include "frame_input.hh"
#include "guest.hh"

#include <array>

namespace
{
using fuzz::FuzzHost;
using fuzz::Guest;

constexpr unsigned int queue_count = 4;

class Receive {
    public:
	Receive(FuzzHost &host, fuzz::Input &input) : host_(host), input_(input), guest_(host)
	{
	}
	void start();
	void frame();
	void step();

    private:
	void configure_rss();
	void post(Guest::Queue &q);

	FuzzHost &host_;
	fuzz::Input &input_;
	Guest guest_;
	std::array<Guest::Queue, queue_count> queues_;
};

void Receive::start()
{
	guest_.start();
	for (unsigned int slot = 0; slot < queue_count; slot++) {
		queues_[slot] = guest_.create(slot, true, 64, 1 + slot);
		post(queues_[slot]);
	}
	configure_rss();
}

void Receive::post(Guest::Queue &q)
{
	static constexpr uint16_t sizes[] = {2048, 512, 128, 9000, 1};
	const uint16_t size = input_.pick(sizes);
	const uint64_t at = Guest::buffers + input_.byte() * 0x400u;

	guest_.post(q, q.depth, at, size);
	guest_.ring(q);
}

void Receive::configure_rss()
{
	std::array<uint8_t, 1024> buffer{};
	ena_rss_indirection table{};
	const uint8_t log_size = 7;

	for (size_t i = 0; i < size_t{4} << log_size; i += 4)
		buffer[i] = static_cast<uint8_t>((i / 4 + input_.byte()) % (queue_count + 1));
	host_.store(Guest::control, buffer);
	table.size.set(log_size);
	guest_.set_feature(ENA_FEATURE_RSS_INDIRECTION, table);

	ena_rss_hash_function function{};
	function.selected.set(ENA_RSS_FUNCTION_TOEPLITZ);
	function.init_val.set(input_.take<uint32_t>());
	buffer = {};
	buffer[0] = ENA_RSS_KEY_WORDS;
	input_.fill(std::span(buffer).subspan(8, 40));
	host_.store(Guest::control, buffer);
	guest_.set_feature(ENA_FEATURE_RSS_HASH_FUNCTION, function);

	ena_rss_hash_input hash{};
	hash.enabled_sort.set(input_.byte() & 6);
	buffer = {};
	for (size_t i = 0; i < ENA_RSS_PROTO_COUNT; i++)
		buffer[64 + 4 * i] = input_.byte() & 0x3c;
	host_.store(Guest::control, buffer);
	guest_.set_feature(ENA_FEATURE_RSS_HASH_INPUT, hash);
}

void Receive::frame()
{
	const uint8_t how = input_.byte();
	fuzz::InputFrame f = fuzz::take_frame(input_, how & 1 ? 65000 : how & 2 ? 9100 : 200);
	ena_vnet_hdr hdr{};

	if (how & 4)
		hdr = input_.take<ena_vnet_hdr>();
	if (how & 8) { /* what an honest sender would say */
		hdr.gso_type = f.ipv6 ? ENA_VNET_GSO_TCPV6 : ENA_VNET_GSO_TCPV4;
		hdr.flags = ENA_VNET_NEEDS_CSUM;
		hdr.gso_size = input_.take<uint16_t>();
		hdr.csum_start = static_cast<uint16_t>(f.l4_offset);
		hdr.csum_offset = f.udp ? 6 : 16;
		hdr.hdr_len = static_cast<uint16_t>(f.payload_offset);
		if (how & 16)
			hdr.gso_type = ENA_VNET_GSO_NONE;
	}
	/* In pieces, an empty one among them. */
	const size_t piece = how & 32 ? 1u + input_.below(300) : f.bytes.size() + 1;
	std::vector<iovec> iov;
	for (size_t at = 0; at < f.bytes.size() && iov.size() < 64; at += iov.back().iov_len)
		iov.push_back({&f.bytes[at], iov.size() == 63
						     ? f.bytes.size() - at
						     : std::min(piece, f.bytes.size() - at)});
	if (how & 64)
		iov.insert(iov.begin(), {f.bytes.data(), 0});
	if (iov.empty())
		iov.push_back({f.bytes.data(), 0});
	(void)host_.receive(iov, how & 12 ? &hdr : nullptr);
}

void Receive::step()
{
	Guest::Queue &q = queues_[input_.below(queue_count)];

	switch (input_.below(16)) {
	case 0:
		post(q);
		break;
	case 1:
		configure_rss();
		break;
	case 2:
		host_.advance(uint64_t{input_.byte()} * 500'000);
		break;
	case 3:
		host_.write(q.unmask, 0x40000000 | input_.take<uint16_t>());
		break;
	case 4:
		if (q.live)
			guest_.destroy(q);
		q = guest_.create(static_cast<unsigned int>(&q - queues_.data()), true, 16, 1);
		break;
	case 5:
		host_.racing = input_.byte() & 1;
		host_.failures = input_.byte() & input_.byte();
		host_.set_link(input_.byte() & 7);
		break;
	case 6: {
		ena_mtu mtu{};
		mtu.mtu.set(input_.one_in(2) ? 9216 : 128 + input_.below(9200));
		guest_.set_feature(ENA_FEATURE_MTU, mtu);
		break;
	}
	case 7:
		host_.write(ENA_REG_RSS_IND_ENTRY_UPDATE, input_.below(128) | input_.below(8)
										      << 16);
		break;
	default:
		frame();
		break;
	}
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	const uint8_t shape = input.byte();
	ena_config config = fuzz::config_with(queue_count);
	if (shape & 1)
		config.rx_offloads = shape >> 1 & 0xf;
	FuzzHost host(config, input);
	Receive path(host, input);
	host.set_link(true);
	path.start();
	path.frame();
	while (!input.empty())
		path.step();
	return 0;
}
