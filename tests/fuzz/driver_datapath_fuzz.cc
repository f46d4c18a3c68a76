// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's core on an adapter that writes what it likes into rings of completions and events. */
#include "input.hh"

#include "tests/driver/fake_adapter.hh"

#include <array>
#include <set>

namespace
{
constexpr unsigned int pairs = 2; /* of the four, used here */

class Driver {
    public:
	explicit Driver(fuzz::Input &input) : input_(input)
	{
		k_.offer.attributes.capabilities.set(input.byte() & 0x1f);
		FUZZ_CHECK(!k_.probe_and_open(), "the adapter is honest so far");
		opened();
	}
	~Driver()
	{
		/* The adapter may be given up, but not for want of memory. */
		k_.remove();
	}
	void step();

    private:
	struct Pair {
		struct oe_txq *tx = nullptr;
		struct oe_rxq *rx = nullptr;
		std::set<uint16_t> in_flight; /* ids that the shim has filed packets under */
		std::map<uint16_t, uint32_t> posted; /* id: length */
	};

	void opened();
	void reopen();
	void submit(Pair &p);
	void complete_tx(Pair &p);
	void refill(Pair &p);
	void poll_rx(Pair &p);
	void lie(unsigned int index);
	void honest(unsigned int index);
	void send_event();

	fuzz::Input &input_;
	oe_kernel k_;
	std::array<Pair, pairs> pairs_;
	bool open_ = false;
	uint16_t event_ = 0; /* position that the driver looks at, if it counts as we do */
};

void Driver::opened()
{
	open_ = true;
	for (unsigned int i = 0; i < pairs; i++)
		pairs_[i] = {oe_txq(k_.adapter, i), oe_rxq(k_.adapter, i), {}, {}};
}

void Driver::reopen()
{
	oe_close(k_.adapter);
	open_ = false;
	if (oe_reset_pending(k_.adapter) && oe_reset_work(k_.adapter))
		return;
	event_ = 0;
	if (!oe_open(k_.adapter))
		opened();
}

void Driver::submit(Pair &p)
{
	std::array<oe_tx_buffer, OE_MAX_TX_BUFFERS> buffers{};
	oe_tx_packet packet{};
	oe_tx_result result;

	packet.buffers = buffers.data();
	packet.nbuffers = static_cast<uint16_t>(1 + input_.below(OE_MAX_TX_BUFFERS));
	packet.flags = input_.byte();
	packet.mss = input_.take<uint16_t>();
	packet.l3_offset = 14;
	packet.l3_len = 20;
	packet.l4_len = 20;
	packet.packets = 1;
	for (oe_tx_buffer &buffer : buffers)
		buffer = {0x1000, 1u + input_.byte()};
	const int err = oe_tx_submit(p.tx, &packet, &result);
	FUZZ_CHECK(!err || err == -16 || err == -22, "submit: %d", err);
	if (!err)
		FUZZ_CHECK(result.req_id < 512 && p.in_flight.insert(result.req_id).second,
			   "id %u is in flight", result.req_id);
}

void Driver::complete_tx(Pair &p)
{
	std::array<uint16_t, OE_BURST> ids;
	const uint32_t max = 1 + input_.below(OE_BURST);
	const uint32_t n = oe_tx_completed(p.tx, ids.data(), max);

	FUZZ_CHECK(n <= max, "%u ids of %u", n, max);
	for (uint32_t i = 0; i < n; i++)
		FUZZ_CHECK(p.in_flight.erase(ids[i]), "id %u is not in flight", ids[i]);
	oe_tx_release(p.tx, ids.data(), n);
	(void)oe_tx_has_room(p.tx);
}

void Driver::refill(Pair &p)
{
	std::array<oe_rx_buffer, OE_BURST> buffers;
	const uint32_t n = std::min<uint32_t>(oe_rx_wanted(p.rx), input_.below(OE_BURST + 1));

	for (uint32_t i = 0; i < n; i++)
		buffers[i] = {0x100000, 1u + input_.byte() * 16u, 0xffff};
	oe_rx_refill(p.rx, buffers.data(), n);
	for (uint32_t i = 0; i < n; i++)
		FUZZ_CHECK(buffers[i].id < 1024 &&
				   p.posted.emplace(buffers[i].id, buffers[i].len).second,
			   "id %u is posted", buffers[i].id);
}

void Driver::poll_rx(Pair &p)
{
	static oe_rx_burst burst;
	const uint32_t budget = 1 + input_.below(OE_BURST);
	const uint32_t n = oe_rx_poll(p.rx, &burst, budget);
	uint32_t frags = 0;

	FUZZ_CHECK(n == burst.npackets && n <= budget, "%u packets, budget %u", n, budget);
	for (uint32_t i = 0; i < n; i++) {
		const oe_rx_packet &packet = burst.packets[i];
		uint32_t length = 0;
		FUZZ_CHECK(packet.nfrags && packet.nfrags <= OE_RX_MAX_FRAGS &&
				   packet.first_frag == frags,
			   "packet %u has fragments %u of %u", i, packet.first_frag, packet.nfrags);
		for (; frags < packet.first_frag + packet.nfrags; frags++) {
			const oe_rx_frag &frag = burst.frags[frags];
			const auto posted = p.posted.find(frag.id);
			FUZZ_CHECK(posted != p.posted.end(), "id %u is not posted", frag.id);
			const uint32_t skip = frags == packet.first_frag ? packet.offset : 0;
			FUZZ_CHECK(skip + frag.len <= posted->second, "%u + %u bytes in %u", skip,
				   frag.len, posted->second);
			length += frag.len;
			p.posted.erase(posted);
		}
		FUZZ_CHECK(length == packet.len, "%u bytes, said are %u", length, packet.len);
	}
	FUZZ_CHECK(frags == burst.nfrags, "%u fragments, said are %u", frags, burst.nfrags);
}

/* What an adapter should not do: any bytes in a ring, at the place due or elsewhere. */
void Driver::lie(unsigned int index)
{
	const uint8_t how = input_.byte();
	const bool tx = how & 1;
	FakeQueue &q = tx ? k_.txq(index) : k_.rxq(index);
	const size_t entry = tx ? sizeof(ena_tx_cdesc) : sizeof(ena_rx_cdesc);
	const uint32_t slot = how & 2 ? input_.take<uint16_t>() % q.cq_depth
				      : q.produced % q.cq_depth;
	uint8_t *at = q.completions + slot * entry;

	input_.fill({at, entry});
	if (how & 2)
		return;
	const uint8_t phase = q.produced / q.cq_depth % 2 ? 0 : 1;
	at[3] = static_cast<uint8_t>((at[3] & (tx ? 0xfeu : 0xcu)) | phase);
	if (how & 4) /* near the truth: an id that may be in use */
		at[tx ? 0 : 6] = static_cast<uint8_t>(input_.byte() & 63), at[tx ? 1 : 7] = 0;
	if (how & 8 && !tx) /* and a length that may fit */
		at[5] = 0, at[14] = 0;
	q.produced++;
}

void Driver::honest(unsigned int index)
{
	if (input_.byte() & 1) {
		k_.complete_all_tx(k_.txq(index));
		return;
	}
	FakeQueue &q = k_.rxq(index);
	const uint32_t buffers = 1 + input_.below(6);
	for (uint32_t i = 0; i < buffers; i++) {
		if (static_cast<uint16_t>(q.head) == q.tail)
			return;
		const ena_rx_desc desc = k_.next_rx(q);
		const uint32_t marks = (i == 0 ? ENA_RXC_FIRST : 0) |
				       (i + 1 == buffers ? ENA_RXC_LAST : 0);
		k_.complete_rx(q, marks | (input_.take<uint32_t>() & 0x1ff7f), desc.length.get(),
			       desc.req_id.get());
	}
}

void Driver::send_event()
{
	const uint64_t ring = k_.writes[ENA_REG_AENQ_BASE_LO] |
			      uint64_t{k_.writes[ENA_REG_AENQ_BASE_HI]} << 32;
	auto *events = reinterpret_cast<ena_aenq_entry *>(ring);

	if (!events)
		return;
	auto event = input_.take<ena_aenq_entry>();
	event.group.set(event.group.get() & (input_.byte() & 1 ? 7 : 0xffff));
	event.flags = static_cast<uint8_t>((event.flags & ~1u) | (event_ / 16 % 2 ? 0 : 1));
	events[event_++ % 16] = event;
	oe_mgmt_interrupt(k_.adapter);
}

void Driver::step()
{
	const unsigned int index = input_.byte() & 1;
	Pair &p = pairs_[index];
	const uint32_t what = input_.below(14);

	if (!open_ && what < 9)
		return reopen();
	switch (what) {
	case 0:
		return submit(p);
	case 1:
		return oe_tx_kick(p.tx);
	case 2:
		return complete_tx(p);
	case 3:
		return refill(p);
	case 4:
		return poll_rx(p);
	case 5:
	case 6:
		return lie(index);
	case 7:
		return honest(index);
	case 8:
		return oe_unmask(k_.adapter, index);
	case 9:
		return send_event();
	case 10:
		k_.now += input_.byte() * 100'000'000ull;
		return oe_service(k_.adapter);
	case 11: {
		std::vector<uint64_t> values(oe_stats_count(k_.adapter));
		return oe_stats_values(k_.adapter, values.data());
	}
	case 12:
		if (!oe_reset_pending(k_.adapter))
			return;
		[[fallthrough]];
	case 13:
		return reopen();
	}
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz::Input input(data, size);
	Driver driver(input);

	while (!input.empty())
		driver.step();
	return 0;
}
