/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of one turn of a transmit queue, wherever its ring lies: in host
 * memory an entry is a descriptor, in the device it is several and a header.
 */
#ifndef ENA_CORE_TX_ENTRIES_HH
#define ENA_CORE_TX_ENTRIES_HH

#include "queues.hh"

#include <span>

namespace ena
{

class TxEntries {
    public:
	static constexpr uint16_t batch = 64; /* descriptors read at once */

	/* At most @limit entries of @slot, whose ring has some that wait. */
	TxEntries(Host &host, const Llq &llq, QueueSlot &slot, unsigned int limit)
	    : host_(host), llq_(llq), slot_(slot),
	      left_(static_cast<uint16_t>(std::min<unsigned int>(limit, batch)))
	{
	}

	/*
	 * The descriptors of the entry at the head of the queue, which is then behind
	 * it. A header that the entry begins with is put into the queue's packet. Empty:
	 * the turn is over, or fault() says why the queue must stop.
	 */
	[[nodiscard]] std::span<const ena_tx_desc> next();
	[[nodiscard]] const char *fault() const
	{
		return fault_;
	}

    private:
	[[nodiscard]] bool read_batch();
	[[nodiscard]] std::span<const ena_tx_desc> next_in_host();
	[[nodiscard]] std::span<const ena_tx_desc> next_in_device();
	[[nodiscard]] bool take_header_length(size_t count);

	Host &host_;
	const Llq &llq_;
	QueueSlot &slot_;
	uint16_t left_;
	uint16_t cached_ = 0, used_ = 0; /* of descs_, in host memory */
	const char *fault_ = nullptr;
	std::array<ena_tx_desc, batch> descs_;
	static_assert(batch >= llq_max_descs);
};

} // namespace ena

#endif
