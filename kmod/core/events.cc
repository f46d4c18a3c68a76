/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the device reports on its own. Runs in hard interrupt context. */
#include "adapter.hh"
#include "barriers.hh"
#include "text.hh"

namespace oe
{

namespace
{

/* The data of an event, copied out of its untyped bytes. */
template <class T> T event_data(const ena_aenq_entry &event)
{
	T data;

	static_assert(sizeof(T) <= sizeof(event.data));
	__builtin_memcpy(&data, event.data, sizeof(data));
	return data;
}

constexpr uint64_t joined(const ena_split64 &halves)
{
	return static_cast<uint64_t>(halves.hi.get()) << 32 | halves.lo.get();
}

/* A hint in ms: 0 changes nothing. */
void take_patience(uint32_t &limit, const ena_le16 &hint)
{
	if (hint.get() == ENA_HINT_NO_TIMEOUT)
		store_relaxed(limit, Patience::for_ever);
	else if (hint.get())
		store_relaxed(limit, static_cast<uint32_t>(hint.get()));
}

} // namespace

void Adapter::mgmt_interrupt()
{
	admin_.interrupt();
	events_.consume([this](const ena_aenq_entry &event) { handle_event(event); });
}

void Adapter::handle_event(const ena_aenq_entry &event)
{
	switch (event.group.get()) {
	case ENA_AENQ_LINK_CHANGE: {
		bool up = event_data<ena_link_change_event>(event).flags.get() & ENA_LINK_CHANGE_UP;

		store_relaxed(link_, up ? Link::up : Link::down);
		oek_link(kernel_, up);
		break;
	}
	case ENA_AENQ_KEEP_ALIVE:
		handle_keep_alive(event);
		break;
	case ENA_AENQ_NOTIFICATION:
		if (event.syndrome.get() == ENA_NOTIFICATION_UPDATE_HINTS)
			apply_hints(event_data<ena_hw_hints>(event));
		break;
	case ENA_AENQ_FATAL_ERROR:
		oek_log(kernel_, OE_LOG_ERROR, "the device reports a fatal error");
		reset_.ask(ENA_RESET_GENERIC);
		break;
	case ENA_AENQ_DEVICE_REQUEST_RESET:
		reset_.ask(ENA_RESET_DEVICE_REQUEST);
		break;
	default:
		/* Not enabled: nothing that anyone waits for. */
		break;
	}
}

void Adapter::handle_keep_alive(const ena_aenq_entry &event)
{
	auto drops = event_data<ena_keep_alive_event>(event);

	store_relaxed(keep_alive_ns_, oek_now_ns());
	store_relaxed(global_stats_.device_rx_drops, joined(drops.rx_drops));
	store_relaxed(global_stats_.device_tx_drops, joined(drops.tx_drops));
	store_relaxed(global_stats_.device_rx_overruns, joined(drops.rx_overruns));
}

void Adapter::apply_hints(const ena_hw_hints &hints)
{
	/* Whoever waits for these sleeps, so even "no timeout" ends after a minute. */
	if (hints.mmio_read_timeout_ms.get())
		registers_.set_read_timeout_ms(hints.mmio_read_timeout_ms.get());
	if (hints.admin_completion_timeout_ms.get())
		admin_.set_timeout_ms(hints.admin_completion_timeout_ms.get());
	take_patience(patience_.keep_alive_ms, hints.driver_watchdog_timeout_ms);
	take_patience(patience_.tx_completion_ms, hints.missing_tx_completion_timeout_ms);
	if (hints.missed_tx_completion_threshold.get())
		store_relaxed(patience_.tx_missing_packets,
			      static_cast<uint32_t>(hints.missed_tx_completion_threshold.get()));
}

} // namespace oe
