// SPDX-License-Identifier: GPL-2.0-or-later
#include "completion_faults.hh"

#include <algorithm>

namespace ena
{

namespace
{
/* Bits of a cdesc that must be zero; drivers look at them if the adapter says so. */
constexpr uint32_t rx_reserved_bit = ENA_BIT(17);

constexpr uint64_t phase_bit(size_t position)
{
	return uint64_t{1} << position;
}

void duplicate_frame(Completions<ena_rx_cdesc_ext> &c)
{
	std::copy_n(c.room.begin(), c.count, c.room.begin() + c.count);
	c.count = static_cast<uint16_t>(2 * c.count);
}

/* More buffers than a driver takes, the additional ones with a byte each. */
void lengthen_frame(RxState &rx, QueueIndex q, Completions<ena_rx_cdesc_ext> &c, uint16_t count)
{
	ena_rx_cdesc_ext end = c.room[c.count - 1u];

	c.room[c.count - 1u].base.status.set(end.base.status.get() & ~ENA_RXC_LAST);
	end.base.status.set(end.base.status.get() & ~ENA_RXC_FIRST);
	end.base.length.set(1);
	while (c.count < count) {
		ena_rx_cdesc_ext &entry = c.room[c.count++];
		ena_rx_cdesc &cdesc = entry.base;
		entry = end;
		if (c.count < count)
			cdesc.status.set(ENA_RXC_BUFFER);
		cdesc.req_id.set(rx.cache[rx.next++].req_id.get());
		cdesc.sub_qid.set(q.value);
	}
}

/* One descriptor more begins a frame than ends one. */
void begin_twice(Completions<ena_rx_cdesc_ext> &c)
{
	ena_rx_cdesc &cdesc = c.room[c.count > 1 ? 1 : 0].base;
	const uint32_t status = cdesc.status.get();

	/* Of a frame of one descriptor the end is taken: the next frame begins within it. */
	cdesc.status.set(c.count > 1 ? status | ENA_RXC_FIRST : status & ~ENA_RXC_LAST);
}

void spoil_rx_descriptor(Host &host, QueueIndex q, Completions<ena_rx_cdesc_ext> &c)
{
	ena_rx_cdesc &first = c.room[0].base;

	if (const FaultRule *rule = host.struck_by(Fault::rx_completion_wrong_id, q.value))
		first.req_id.set(static_cast<uint16_t>(rule->value));
	if (host.struck_by(Fault::rx_completion_reserved, q.value))
		first.status.set(first.status.get() | rx_reserved_bit);
	if (host.struck_by(Fault::rx_completion_too_long, q.value))
		first.length.set(UINT16_MAX);
	if (host.struck_by(Fault::rx_completion_first, q.value))
		begin_twice(c);
	if (host.struck_by(Fault::rx_completion_wrong_phase, q.value))
		c.wrong_phase = phase_bit(0);
}
} // namespace

void spoil_tx(Host &host, QueueIndex q, Completions<ena_tx_cdesc_ext> &c)
{
	for (uint16_t i = 0; i < c.count; i++) {
		ena_tx_cdesc &cdesc = c.room[i].base;
		if (host.struck_by(Fault::tx_completion_lost, q.value)) {
			std::copy(c.room.begin() + i + 1, c.room.begin() + c.count,
				  c.room.begin() + i);
			c.count--;
			i--;
			continue;
		}
		if (const FaultRule *rule = host.struck_by(Fault::tx_completion_wrong_id, q.value))
			cdesc.req_id.set(static_cast<uint16_t>(rule->value));
		if (host.struck_by(Fault::tx_completion_reserved, q.value))
			cdesc.flags |= ENA_TX_CDESC_MBZ;
		if (host.struck_by(Fault::tx_completion_wrong_phase, q.value))
			c.wrong_phase |= phase_bit(i);
		if (c.count == c.room.size() ||
		    !host.struck_by(Fault::tx_completion_duplicated, q.value))
			continue;
		std::copy_backward(c.room.begin() + i, c.room.begin() + c.count,
				   c.room.begin() + c.count + 1);
		c.count++;
		i++; /* the copy is no occasion of its own */
	}
}

void spoil_rx(Host &host, QueueIndex q, RxState &rx, Completions<ena_rx_cdesc_ext> &c)
{
	constexpr uint16_t too_many = ENA_DEVICE_MAX_RX_DESCS + 1;

	if (host.struck_by(Fault::rx_completion_lost, q.value)) {
		c.count = 0;
		return;
	}
	spoil_rx_descriptor(host, q, c);
	if (rx.held() >= too_many - c.count &&
	    host.struck_by(Fault::rx_completion_too_many, q.value))
		lengthen_frame(rx, q, c, too_many);
	if (size_t{c.count} * 2 <= c.room.size() &&
	    host.struck_by(Fault::rx_completion_duplicated, q.value))
		duplicate_frame(c);
}

} // namespace ena
