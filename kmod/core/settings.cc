/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user may ask for, and the sentence when it is too much. */
#include <bit>

#include "adapter.hh"
#include "text.hh"

namespace oe
{

namespace
{

bool within(const char *what, uint32_t value, uint32_t min, uint32_t max, Refusal &why)
{
	if (value >= min && value <= max)
		return true;
	why << what << " of " << value << " is not within " << min << " to " << max;
	return false;
}

bool delay_possible(const char *what, uint32_t usecs, uint32_t max, Refusal &why)
{
	if (usecs <= max)
		return true;
	if (max)
		why << what << " delay of " << usecs << " us is above the limit of " << max
		    << " us";
	else
		why << what << " delay of " << usecs << " us: the device cannot delay interrupts";
	return false;
}

/* What the MTU leaves out. */
constexpr uint32_t ethernet_overhead = 14 + 4; /* header and VLAN tag */

bool same(const oe_delays &a, const oe_delays &b)
{
	return a.rx_usecs == b.rx_usecs && a.tx_usecs == b.tx_usecs &&
	       a.adaptive_rx == b.adaptive_rx;
}

/* @error may be absent. */
Status refuse_with(Errno reason, const Refusal &why, oe_error *error)
{
	if (error)
		why.copy_to(error->text);
	return reason;
}

} // namespace

uint32_t Adapter::max_queues() const
{
	uint32_t max = features_.max_queues < info_.max_queues ? features_.max_queues
							       : info_.max_queues;

	/* Vector 0 is the management's. */
	return vectors_ && vectors_ - 1 < max ? vectors_ - 1 : max;
}

/* Limits that depend on where the rings are. */
uint32_t Adapter::tx_ring_limit(uint32_t push) const
{
	uint32_t limit = push ? features_.llq.depth_of(push) : features_.max_tx_ring;

	return limit < features_.max_tx_ring ? limit : features_.max_tx_ring;
}

uint32_t Adapter::tx_queue_limit(uint32_t push) const
{
	uint32_t max = max_queues();

	return push && features_.llq.max_queues < max ? features_.llq.max_queues : max;
}

bool Adapter::check_xdp(const oe_settings &wanted, Refusal &why) const
{
	if (!wanted.xdp || !wanted.xdp_frame || wanted.mtu + ethernet_overhead <= wanted.xdp_frame)
		return true;
	why << "MTU of " << wanted.mtu << " is above " << wanted.xdp_frame - ethernet_overhead
	    << ", the limit of XDP with a frame in one buffer";
	return false;
}

bool Adapter::check_stamps(const oe_settings &wanted, Refusal &why) const
{
	if ((!wanted.tx_stamps || info_.tx_stamps) && (!wanted.rx_stamps || info_.rx_stamps))
		return true;
	why << "the device does not stamp packets that it "
	    << (wanted.rx_stamps && !info_.rx_stamps ? "receives" : "sends");
	return false;
}

bool Adapter::check_delays(const oe_delays &wanted, Refusal &why) const
{
	if (!delay_possible("RX", wanted.rx_usecs, moderation_.max_usecs(), why) ||
	    !delay_possible("TX", wanted.tx_usecs, moderation_.max_usecs(), why))
		return false;
	if (wanted.adaptive_rx && !info_.moderation) {
		why << "adaptive RX delays: the device cannot delay interrupts";
		return false;
	}
	return true;
}

bool Adapter::check_settings(const oe_settings &wanted, Refusal &why) const
{
	if (wanted.push && !features_.llq.has(wanted.push)) {
		why << "the device takes no push of " << wanted.push << " bytes";
		return false;
	}
	if (!within("number of queues", wanted.queues, 1, tx_queue_limit(wanted.push), why) ||
	    !within("TX ring", wanted.tx_ring, OE_MIN_RING, tx_ring_limit(wanted.push), why) ||
	    !within("RX ring", wanted.rx_ring, OE_MIN_RING, features_.max_rx_ring, why) ||
	    !within("MTU", wanted.mtu, OE_MIN_MTU, features_.max_mtu, why) ||
	    !check_delays(delays_of(wanted), why) || !check_xdp(wanted, why) ||
	    !check_stamps(wanted, why))
		return false;
	if (rss_.highest_queue_wanted() >= wanted.queues) {
		why << "the RSS table names queue " << rss_.highest_queue_wanted() << ", beyond "
		    << wanted.queues << " queues";
		return false;
	}
	if (const oe_flow_rule *rule = flows_.beyond(wanted.queues)) {
		why << "flow rule " << rule->location << " names queue " << rule->queue
		    << ", beyond " << wanted.queues << " queues";
		return false;
	}
	return true;
}

Status Adapter::set_settings(const oe_settings &asked, oe_error *error)
{
	oe_settings wanted = asked;
	Refusal why;

	/* Longer entries, fewer of them: a ring that was not touched follows. */
	if (wanted.push != settings_.push && wanted.tx_ring == settings_.tx_ring &&
	    wanted.tx_ring > tx_ring_limit(wanted.push) && features_.llq.has(wanted.push))
		wanted.tx_ring = tx_ring_limit(wanted.push);
	if (!check_settings(wanted, why))
		return refuse_with(Errno::invalid, why, error);
	if (open_ && wanted.mtu != settings_.mtu) {
		if (Status status = tell_mtu(wanted.mtu); !status) {
			why << "the device refuses an MTU of " << wanted.mtu;
			return refuse_with(status.error(), why, error);
		}
	}
	flows_.drop_followers(admin_, wanted.queues);
	bool same_delays = same(delays_of(wanted), delays_of(settings_));
	settings_ = wanted;
	/* Rings are powers of two; like the stock driver, round down and say so in -g. */
	settings_.tx_ring = std::bit_floor(wanted.tx_ring);
	settings_.rx_ring = std::bit_floor(wanted.rx_ring);
	/* Else those of single pairs stay. */
	if (!same_delays)
		moderation_.set_all(delays_of(settings_));
	if (!open_)
		rss_.spread(settings_.queues);
	return {};
}

Status Adapter::set_delays(uint32_t pair, const oe_delays &wanted, Refusal &why)
{
	if (pair >= settings_.queues) {
		why << "delays of queue " << pair << " of " << settings_.queues << " queues";
		return Errno::invalid;
	}
	if (!check_delays(wanted, why))
		return Errno::invalid;
	moderation_.set(pair, wanted);
	return {};
}

Status Adapter::get_delays(uint32_t pair, oe_delays &delays) const
{
	if (pair >= settings_.queues)
		return Errno::invalid;
	delays = moderation_.get(pair);
	return {};
}

bool Adapter::check_rss(const uint32_t *table, const uint8_t *key, Refusal &why) const
{
	if (table && !rss_.entries()) {
		why << "the device has no RSS table";
		return false;
	}
	if (key && !info_.rss_key) {
		why << "the device does not let the RSS key be set";
		return false;
	}
	uint32_t queues = queues_now();
	for (uint32_t i = 0; table && i < rss_.entries(); i++) {
		if (table[i] >= queues) {
			why << "RSS entry " << i << " names queue " << table[i] << " of " << queues
			    << " queues";
			return false;
		}
	}
	return true;
}

Status Adapter::set_rss(const uint32_t *table, const uint8_t *key, oe_error *error)
{
	Refusal why;

	if (!check_rss(table, key, why))
		return refuse_with((table && !rss_.entries()) || (key && !info_.rss_key)
					   ? Errno::not_supported
					   : Errno::invalid,
				   why, error);
	if (Status status = open_ ? tell_rss(table, key) : Status(); !status) {
		why << "the device refuses the RSS settings";
		return refuse_with(status.error(), why, error);
	}
	rss_.set(table, key, settings_.queues);
	return {};
}

/* All or, if the device refuses the key, nothing. */
Status Adapter::tell_rss(const uint32_t *table, const uint8_t *key)
{
	if (table) {
		if (Status status = rss_.apply_table(admin_, rx_, table); !status)
			return status;
	}
	if (!key)
		return {};
	Status status = rss_.apply_key(admin_, key);
	if (!status && table)
		(void)rss_.apply_table(admin_, rx_, rss_.table());
	return status;
}

Status Adapter::add_flow(oe_flow_rule &rule, Refusal &why)
{
	return flows_.add(admin_, rule, queues_now(), why);
}

Status Adapter::get_link(struct oe_link &link)
{
	if (!features_.has(ENA_FEATURE_LINK_CONFIG))
		return Errno::not_supported;
	auto config = get_feature<ena_link_config>(admin_, ENA_FEATURE_LINK_CONFIG);
	if (!config)
		return config.error();
	link.speed_mbps = config->speed_mbps.get();
	link.supported = config->supported.get();
	link.autoneg = config->flags.get() & ENA_LINK_AUTONEG;
	link.full_duplex = config->flags.get() & ENA_LINK_FULL_DUPLEX;
	return {};
}

} // namespace oe
