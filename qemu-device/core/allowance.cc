// SPDX-License-Identifier: GPL-2.0-or-later
#include "allowance.hh"

#include <cstring>

namespace ena
{

namespace
{
constexpr uint64_t units_per_packet = 1'000'000'000; /* of a bucket: 1/s is a billionth in a ns */
constexpr uint64_t ns_per_ms = 1'000'000, ns_per_s = 1'000'000'000;

uint64_t scaled_tick(const ena_allowance_config &c)
{
	return std::max<uint64_t>(1, Allowance::tick_ns / c.time_scale);
}

TokenBucket packet_bucket(uint64_t pps, const ena_allowance_config &c)
{
	/* At least the segments of a large packet. */
	const uint64_t depth = std::max(64 * units_per_packet, pps * depth_ticks * scaled_tick(c));
	return {pps, static_cast<int64_t>(depth)};
}

bool starts_with(std::span<const uint8_t> bytes, std::initializer_list<uint8_t> prefix)
{
	return bytes.size() >= prefix.size() &&
	       std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

/* Name server, clock and metadata: 169.254.0.0/16 and fd00:ec2::/32. */
bool link_local_service(const WirePacket &wire)
{
	const auto to = wire.packet.destination(wire.head);

	if (wire.packet.l3 == net::L3::ipv4)
		return starts_with(to, {169, 254});
	return wire.packet.l3 == net::L3::ipv6 && starts_with(to, {0xfd, 0x00, 0x0e, 0xc2});
}

/* Group frames belong to no connection. */
bool connects(const WirePacket &wire)
{
	return wire.packet.l3 != net::L3::none && !(wire.head[0] & 1);
}

constexpr Excess bandwidth_excess(Way way)
{
	return way == Way::out ? Excess::bandwidth_out : Excess::bandwidth_in;
}
} // namespace

Allowance::Allowance(const ena_allowance_config &config) : config_(config)
{
	const uint64_t baseline = config.baseline_mbps, peak = config.peak_mbps;

	for (Bandwidth &b : bandwidth_) {
		const uint64_t tick = scaled_tick(config);
		b.peak = bandwidth_bucket(peak, tick);
		b.credit = bandwidth_bucket(baseline, tick,
					    (peak - baseline) * config.burst_ms * ns_per_ms);
		if (config.flow_mbps)
			b.flows.fill(bandwidth_bucket(config.flow_mbps, tick));
	}
	if (config.pps)
		packets_ = packet_bucket(config.pps, config);
	patience_ns_ = std::max(config.wait_ms * ns_per_ms,
				large_packets_ns(baseline) * config.time_scale);
	quantum_ = std::max(large_packet, peak * scaled_tick(config) / units_per_byte);
}

bool Allowance::init()
{
	return connections_.init(config_.connections, config_.tcp_timeout_s * ns_per_s);
}

bool Allowance::join(AllowanceShare &share)
{
	for (AllowanceShare *&place : shares_) {
		if (place)
			continue;
		place = &share;
		if (config_.link_local_pps)
			share.link_local_ = packet_bucket(config_.link_local_pps, config_);
		return true;
	}
	return false;
}

void Allowance::leave(AllowanceShare &share)
{
	std::replace(shares_.begin(), shares_.end(), &share,
		     static_cast<AllowanceShare *>(nullptr));
}

uint32_t Allowance::connections_available(uint64_t now_ns)
{
	connections_.expire(now_ns / config_.time_scale);
	return connections_.available();
}

TokenBucket &Allowance::flow_of(Way way, const WirePacket &wire)
{
	auto &flows = bandwidth(way).flows;
	const auto key = Connection::of(wire.packet, wire.head, way == Way::out);
	return flows[key.hash() >> 32 & (flows.size() - 1)];
}

/* Whether bandwidth and packet rate allow it. */
Verdict Allowance::limit(Way way, const WirePacket &wire, uint64_t now_ns)
{
	const uint64_t now = now_ns / config_.time_scale;
	uint64_t ready = 0;
	Verdict verdict;
	const auto bound = [&](TokenBucket &bucket, Excess excess) {
		bucket.refill(now);
		if (bucket.ready() || bucket.ready_ns() <= ready)
			return;
		ready = bucket.ready_ns();
		verdict.say = Verdict::Say::wait;
		verdict.excess = excess;
	};

	bound(bandwidth(way).peak, bandwidth_excess(way));
	bound(bandwidth(way).credit, bandwidth_excess(way));
	if (config_.flow_mbps && wire.packet.l3 != net::L3::none)
		bound(flow_of(way, wire), bandwidth_excess(way));
	if (config_.pps)
		bound(packets_, Excess::packets);
	if (verdict.say == Verdict::Say::wait)
		verdict.until_ns = std::max(ready * config_.time_scale, now_ns + tick_ns);
	return verdict;
}

void Allowance::charge(Way way, const WirePacket &wire)
{
	Bandwidth &b = bandwidth(way);

	b.peak.take(wire.bytes * units_per_byte);
	b.credit.take(wire.bytes * units_per_byte);
	if (config_.flow_mbps && wire.packet.l3 != net::L3::none)
		flow_of(way, wire).take(wire.bytes * units_per_byte);
	if (config_.pps)
		packets_.take(wire.packets * units_per_packet);
}

bool Allowance::its_turn(const AllowanceShare &share, Way way, uint64_t now_ns) const
{
	const auto w = static_cast<size_t>(way);

	for (const AllowanceShare *other : shares_) {
		if (!other || other == &share)
			continue;
		/* One that does not come back for its turn has lost it. */
		const AllowanceShare::Turn &turn = other->turns_[w];
		if (turn.waits(now_ns) && share.turns_[w].bytes > turn.bytes + quantum_)
			return false;
	}
	return true;
}

bool AllowanceShare::join(Allowance &allowance)
{
	if (!allowance.join(*this))
		return false;
	allowance_ = &allowance;
	return true;
}

void AllowanceShare::reset()
{
	exceeded_ = {};
	turns_ = {};
}

Verdict AllowanceShare::ask(Way way, const WirePacket &wire, uint64_t now_ns)
{
	Allowance &a = *allowance_;
	const uint64_t now = now_ns / a.config_.time_scale;
	Turn &t = turn(way);

	if (way == Way::out && a.config_.link_local_pps && link_local_service(wire)) {
		link_local_.refill(now);
		if (!link_local_.ready())
			return {Verdict::Say::drop, Excess::link_local};
	}
	if (a.connections_.tracks() && connects(wire) &&
	    !a.connections_.track(Connection::of(wire.packet, wire.head, way == Way::out),
				  wire.packet, wire.head, way == Way::out, now))
		return {Verdict::Say::drop, Excess::connections};

	/* Who has not been waiting has no claim on what it did not use. */
	if (!t.waits(now_ns))
		t.bytes = std::max(t.bytes, a.bandwidth(way).turn);
	Verdict verdict = a.limit(way, wire, now_ns);
	if (verdict.say == Verdict::Say::pass && !a.its_turn(*this, way, now_ns))
		verdict = {Verdict::Say::wait, bandwidth_excess(way), now_ns + Allowance::tick_ns};
	if (verdict.say == Verdict::Say::wait)
		t.waits_until_ns = verdict.until_ns;
	return verdict;
}

void AllowanceShare::charge(Way way, const WirePacket &wire)
{
	Allowance &a = *allowance_;
	Turn &t = turn(way);

	a.bandwidth(way).turn = std::max(a.bandwidth(way).turn, t.bytes);
	t.bytes += wire.bytes;
	a.charge(way, wire);
	if (way == Way::out && a.config_.link_local_pps && link_local_service(wire))
		link_local_.take(units_per_packet * wire.packets);
}

} // namespace ena
