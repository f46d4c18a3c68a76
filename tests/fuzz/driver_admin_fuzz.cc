// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's core on an adapter whose registers and answers may be anything. */
#include "input.hh"

#include "tests/driver/fake_adapter.hh"

#include <array>

namespace
{
/* Some of the offers become any bytes. */
void take_offer(fuzz::Input &input, FakeOffer &offer)
{
	const auto which = input.take<uint16_t>();
	unsigned int n = 0;
	const auto maybe = [&](auto &value) {
		if (which >> n++ & 1)
			value = input.take<std::remove_reference_t<decltype(value)>>();
	};

	maybe(offer.version);
	maybe(offer.controller);
	maybe(offer.caps);
	maybe(offer.attributes);
	maybe(offer.queues);
	maybe(offer.queues_ext);
	maybe(offer.hints);
	maybe(offer.offload);
	maybe(offer.hash_function);
	maybe(offer.indirection);
	maybe(offer.moderation);
	maybe(offer.aenq);
	maybe(offer.link);
	maybe(offer.hash_fields[ENA_RSS_TCP4]);
	maybe(offer.hash_fields[ENA_RSS_UDP6]);
	maybe(offer.hash_fields[ENA_RSS_IP4]);
}

void become_hostile(fuzz::Input &input, oe_kernel &k)
{
	k.alter_register = [&](uint32_t, uint32_t value) {
		return input.byte() & 0xf ? value : input.take<uint32_t>();
	};
	k.alter_answer = [&](const ena_aq_entry &command, ena_acq_entry &answer) {
		const uint8_t how = input.byte();
		auto *bytes = reinterpret_cast<uint8_t *>(&answer);
		if ((how & 0x1f) == 1)
			answer.common.status = input.byte();
		if ((how & 0x1f) == 2)
			answer.common.command_id.set(input.take<uint16_t>());
		if ((how & 0x1f) == 3)
			input.fill({bytes + 8, 56});
		for (unsigned int i = how >> 5; i && (how & 0x1f) == 4; i--)
			bytes[8 + input.below(56)] = input.byte();
		/* A doorbell on a control register would only confuse the fake itself. */
		if (command.common.opcode == ENA_ADMIN_CREATE_SQ)
			bytes[13] |= 0x10;
	};
	k.wrong_offset = input.one_in(16);
	k.raises_admin = !input.one_in(8);
	k.completes_while_waiting = input.one_in(4);
}

void check_info(const struct oe_info &info)
{
	const auto power_of_two = [](uint32_t v) {
		return v && !(v & (v - 1));
	};

	FUZZ_CHECK(info.max_queues >= 1 && info.max_queues <= OE_MAX_QUEUES, "%u queues",
		   info.max_queues);
	FUZZ_CHECK(info.dma_bits >= 32 && info.dma_bits <= 48, "%u bits", info.dma_bits);
	FUZZ_CHECK(power_of_two(info.max_tx_ring) && info.max_tx_ring >= OE_MIN_RING,
		   "TX ring of %u", info.max_tx_ring);
	FUZZ_CHECK(power_of_two(info.max_rx_ring) && info.max_rx_ring >= OE_MIN_RING,
		   "RX ring of %u", info.max_rx_ring);
	FUZZ_CHECK(info.max_tx_buffers >= 1 && info.max_tx_buffers <= OE_MAX_TX_BUFFERS,
		   "%u buffers", info.max_tx_buffers);
	FUZZ_CHECK(info.rss_entries <= 4096 && info.max_mtu >= OE_MIN_MTU, "%u entries, MTU %u",
		   info.rss_entries, info.max_mtu);
}

/* What the adapter was told to hash is within what it offers, and is what the user is shown. */
void choose_fields(fuzz::Input &input, oe_kernel &k)
{
	static constexpr struct {
		uint32_t type;
		ena_rss_proto proto;
	} choices[] = {{OE_FLOW_TCP4, ENA_RSS_TCP4},
		       {OE_FLOW_UDP6, ENA_RSS_UDP6},
		       {OE_FLOW_IPV4, ENA_RSS_IP4}};
	const auto choice = input.pick(choices);
	const uint32_t fields = input.byte();
	uint32_t shown = 0;
	oe_error error{};

	if (oe_hash_set_fields(k.adapter, choice.type, fields, &error))
		FUZZ_CHECK(error.text[0] && memchr(error.text, 0, sizeof(error.text)),
			   "a refusal without a reason");
	for (const auto &each : choices) {
		const uint16_t told = k.fields.selected[each.proto].fields.get();
		FUZZ_CHECK(!(told & ~k.offer.hash_fields[each.proto]), "told to hash 0x%x of 0x%x",
			   told, k.offer.hash_fields[each.proto]);
		FUZZ_CHECK(oe_hash_get_fields(k.adapter, each.type, &shown) ||
				   !(shown & ~(ENA_RSS_L3_SA | ENA_RSS_L3_DA | ENA_RSS_L4_SP |
					       ENA_RSS_L4_DP)),
			   "fields 0x%x", shown);
	}
}

void use_settings(fuzz::Input &input, oe_adapter *adapter)
{
	const struct oe_info *info = oe_info(adapter);
	oe_settings settings;
	oe_error error{};

	oe_get_settings(adapter, &settings);
	settings.queues = input.byte();
	settings.tx_ring = 1u << input.below(15);
	settings.rx_ring = 1u << input.below(15);
	settings.mtu = input.take<uint16_t>();
	settings.rx_usecs = input.take<uint16_t>();
	if (oe_set_settings(adapter, &settings, &error))
		FUZZ_CHECK(error.text[0] && memchr(error.text, 0, sizeof(error.text)),
			   "a refusal without a reason");

	std::vector<uint32_t> table(info->rss_entries + 1);
	std::array<uint8_t, OE_RSS_KEY_SIZE> key{};
	oe_rss_get(adapter, table.data(), key.data());
	for (uint32_t &queue : table)
		queue = input.byte() & 3;
	error = {};
	(void)oe_rss_set(adapter, info->rss_entries ? table.data() : nullptr, key.data(), &error);
	oe_link link;
	(void)oe_get_link(adapter, &link);
}

/* A little of the datapath, so that what was read at probe is used. */
void use_queues(fuzz::Input &input, oe_adapter *adapter)
{
	static oe_rx_burst burst;
	std::array<oe_rx_buffer, OE_BURST> buffers;
	const oe_tx_buffer buffer = {0x1000, 60};
	oe_tx_packet packet{};
	oe_tx_result result;

	packet.buffers = &buffer;
	packet.nbuffers = 1;
	packet.flags = OE_TX_KICK;
	packet.packets = 1;
	for (uint32_t n = input.below(4); n; n--)
		(void)oe_tx_submit(oe_txq(adapter, 0), &packet, &result);
	const uint32_t n = std::min<uint32_t>(oe_rx_wanted(oe_rxq(adapter, 0)), OE_BURST);
	for (uint32_t i = 0; i < n; i++)
		buffers[i] = {0x1000, 2048};
	oe_rx_refill(oe_rxq(adapter, 0), buffers.data(), n);
	(void)oe_rx_poll(oe_rxq(adapter, 0), &burst, OE_BURST);
	oe_unmask(adapter, 0);
}

void live(fuzz::Input &input, oe_kernel &k)
{
	bool open = !oe_interrupts_ready(k.adapter, 2 + input.below(8)) && !oe_open(k.adapter);

	for (uint32_t n = input.below(8); n; n--) {
		if (open)
			use_queues(input, k.adapter);
		use_settings(input, k.adapter);
		choose_fields(input, k);
		oe_mgmt_interrupt(k.adapter);
		k.seconds(1 + input.below(7));
		if (input.byte() & 1)
			oe_request_reset(k.adapter, input.byte());
		oe_close(k.adapter);
		open = (!oe_reset_pending(k.adapter) || !oe_reset_work(k.adapter)) &&
		       !oe_open(k.adapter);
	}
	std::vector<char[OE_STAT_NAME]> names(oe_stats_count(k.adapter));
	std::vector<uint64_t> values(oe_stats_count(k.adapter));
	oe_stats_names(k.adapter, names.data());
	oe_stats_values(k.adapter, values.data());
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	oe_kernel k; /* aborts if memory is left at the end */

	take_offer(input, k.offer);
	if (input.one_in(8))
		k.allocations_left = input.byte();
	become_hostile(input, k);
	if (k.probe(input.byte() & 1))
		return 0;
	check_info(*oe_info(k.adapter));
	live(input, k);
	return 0;
}
