// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's core on an adapter that writes what it likes into rings of completions and events. */
#include "input.hh"

#include "tests/driver/fake_adapter.hh"

#include <array>
#include <set>

namespace
{
constexpr unsigned int pairs = 2; /* of the four, used here */
constexpr uint16_t flow_rules = 6; /* so few that the table is full */
constexpr uint32_t phc_doorbell = 0x100;

class Driver {
    public:
	explicit Driver(fuzz::Input &input) : input_(input)
	{
		k_.offer.attributes.capabilities.set(input.byte() & 0x1f);
		offer_more();
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

	void offer_more();
	void opened();
	void reopen();
	void restart(unsigned int index);
	void choose_stamps();
	oe_flow_rule flow();
	void steer();
	void follow_flows();
	void read_clock();
	void check_flows();
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
	ena_phc_answer clock_{}; /* what the adapter has answered last */
	uint16_t event_ = 0; /* position that the driver looks at, if it counts as we do */
};

/* Rules, stamps and a clock, whose answers are any bytes. */
void Driver::offer_more()
{
	ena_device_attributes &attributes = k_.offer.attributes;

	attributes.supported_features.set(
		attributes.supported_features.get() | ENA_BIT(ENA_FEATURE_FLOW_STEERING) |
		ENA_BIT(ENA_FEATURE_HW_TIMESTAMP) | ENA_BIT(ENA_FEATURE_PHC));
	attributes.flow_steering_max_entries.set(flow_rules);
	k_.offer.stamps.tx = k_.offer.stamps.rx = ENA_HW_TIMESTAMP_ALL;
	k_.offer.phc.version = ENA_PHC_VERSION;
	k_.offer.phc.doorbell_offset.set(phc_doorbell);
	k_.may_expire = [this](uint32_t, uint32_t, uint32_t) {
		return input_.byte() & 1;
	};
	k_.phc_asked = [this](uint16_t id) {
		const uint8_t how = input_.byte();
		input_.fill({reinterpret_cast<uint8_t *>(&clock_), sizeof(clock_)});
		if (how & 1)
			clock_.req_id.set(id);
		if (how & 2)
			clock_.error_flags.set(0);
		memcpy(reinterpret_cast<void *>(ena::load(k_.phc.output_address)), &clock_,
		       sizeof(clock_));
	};
}

/* What is told as the time is what the adapter has answered, without an error, to this request. */
void Driver::read_clock()
{
	oe_phc_time time{};
	const int err = oe_phc_read(k_.adapter, &time);

	FUZZ_CHECK(!err || err == -16 || err == -95, "the clock: %d", err);
	if (err)
		return;
	FUZZ_CHECK(time.ns == clock_.timestamp.get() && !(time.ns >> 63) &&
			   time.error_bound_ns == clock_.error_bound.get() &&
			   !(clock_.error_flags.get() & 3),
		   "%llu ns", static_cast<unsigned long long>(time.ns));
}

/* The receiving side alone: its buffers are the shim's again, the sending side goes on. */
void Driver::restart(unsigned int index)
{
	Pair &p = pairs_[index];

	if (oe_stop_receiver(k_.adapter, index))
		return reopen();
	p.posted.clear();
	if (oe_start_receiver(k_.adapter, index))
		return reopen();
	FUZZ_CHECK(p.rx == oe_rxq(k_.adapter, index) && oe_rx_wanted(p.rx) == 1023,
		   "a queue that starts is empty");
}

void Driver::choose_stamps()
{
	oe_settings settings;
	oe_error error{};
	const uint8_t which = input_.byte();

	oe_get_settings(k_.adapter, &settings);
	settings.tx_stamps = which & 1;
	settings.rx_stamps = which & 2;
	(void)oe_set_settings(k_.adapter, &settings, &error);
	reopen();
}

oe_flow_rule Driver::flow()
{
	oe_flow_rule rule{};

	rule.location = OE_FLOW_ANY;
	rule.queue = input_.below(5);
	rule.type = static_cast<uint8_t>(input_.below(8));
	rule.dst_port = input_.byte() & 3;
	rule.dst_port_mask = 0xffff;
	return rule;
}

/* A user's rules: the adapter has no others, each at a place and for a queue that are there. */
void Driver::steer()
{
	oe_flow_rule rule = flow(), again{};
	oe_error error{};

	if (input_.byte() & 1)
		rule.location = input_.below(flow_rules + 2);
	switch (input_.below(4)) {
	case 0:
	case 1: {
		const int err = oe_flow_add(k_.adapter, &rule, &error);
		FUZZ_CHECK(!err || error.text[0], "refused (%d) without a reason", err);
		FUZZ_CHECK(err || (!oe_flow_get(k_.adapter, rule.location, &again) &&
				   again.queue == rule.queue),
			   "rule %u is not kept", rule.location);
		break;
	}
	case 2:
		(void)oe_flow_remove(k_.adapter, rule.location, &error);
		break;
	case 3:
		(void)oe_flow_remove_all(k_.adapter, &error);
		break;
	}
	check_flows();
}

/* The kernel's, which come and go. */
void Driver::follow_flows()
{
	const oe_flow_rule rule = flow();

	if (rule.type && rule.queue < 4)
		(void)oe_rfs_want(k_.adapter, &rule, input_.byte());
	if (input_.byte() & 1)
		oe_rfs_serve(k_.adapter, true);
	check_flows();
}

void Driver::check_flows()
{
	uint32_t users = 0;

	for (uint32_t at = oe_flow_next(k_.adapter, 0); at != OE_FLOW_NONE;
	     at = oe_flow_next(k_.adapter, at + 1)) {
		users++;
		FUZZ_CHECK(k_.flows.count(static_cast<uint16_t>(at)) ||
				   oe_reset_pending(k_.adapter),
			   "the adapter has no rule %u", at);
	}
	FUZZ_CHECK(users <= flow_rules && k_.flows.size() <= flow_rules, "%u rules", users);
}

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
	for (uint32_t i = 0; i < n; i++) {
		FUZZ_CHECK(p.in_flight.erase(ids[i]), "id %u is not in flight", ids[i]);
		FUZZ_CHECK(!(oe_tx_stamp(p.tx, ids[i]) >> 63), "id %u left before 1970", ids[i]);
	}
	oe_tx_release(p.tx, ids.data(), n);
	(void)oe_tx_has_room(p.tx);
}

void Driver::refill(Pair &p)
{
	std::array<oe_rx_buffer, OE_BURST> buffers;
	const uint32_t n = std::min<uint32_t>(oe_rx_wanted(p.rx), input_.below(OE_BURST + 1));

	for (uint32_t i = 0; i < n; i++)
		buffers[i] = {0x100000, 1u + input_.byte() * 16u};
	const uint16_t *ids = oe_rx_next_ids(p.rx);
	for (uint32_t i = 0; i < n; i++)
		FUZZ_CHECK(ids[i] < 1024 && p.posted.emplace(ids[i], buffers[i].len).second,
			   "id %u is posted", ids[i]);
	oe_rx_refill(p.rx, buffers.data(), n);
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
		FUZZ_CHECK(!(packet.stamp_ns >> 63), "packet %u came before 1970", i);
	}
	FUZZ_CHECK(frags == burst.nfrags, "%u fragments, said are %u", frags, burst.nfrags);
}

/* What an adapter should not do: any bytes in a ring, at the place due or elsewhere. */
void Driver::lie(unsigned int index)
{
	const uint8_t how = input_.byte();
	const bool tx = how & 1;
	FakeQueue &q = tx ? k_.txq(index) : k_.rxq(index);
	const size_t entry = q.completion_size;
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
	const uint32_t what = input_.below(19);

	if (!open_ && (what < 9 || what == 14))
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
	case 14:
		return restart(index);
	case 15:
		return choose_stamps();
	case 16:
		return steer();
	case 17:
		return follow_flows();
	case 18:
		k_.now += input_.byte() * 10'000ull;
		return read_clock();
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
