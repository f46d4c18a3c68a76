/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completions as a broken adapter writes them. */
#ifndef ENA_CORE_COMPLETION_FAULTS_HH
#define ENA_CORE_COMPLETION_FAULTS_HH

#include "completions.hh"

namespace ena
{

inline constexpr uint64_t tx_completion_faults =
	bit(Fault::tx_completion_lost) | bit(Fault::tx_completion_duplicated) |
	bit(Fault::tx_completion_wrong_id) | bit(Fault::tx_completion_wrong_phase) |
	bit(Fault::tx_completion_reserved);
inline constexpr uint64_t rx_completion_faults =
	bit(Fault::rx_completion_lost) | bit(Fault::rx_completion_duplicated) |
	bit(Fault::rx_completion_wrong_id) | bit(Fault::rx_completion_wrong_phase) |
	bit(Fault::rx_completion_reserved) | bit(Fault::rx_completion_first) |
	bit(Fault::rx_completion_too_long) | bit(Fault::rx_completion_too_many);

/* Each is a packet's, and an occasion of its own. */
void spoil_tx(Host &host, QueueIndex q, Completions<ena_tx_cdesc_ext> &completions);
/* All of them are one frame's. @rx: behind the descriptors of this frame. */
void spoil_rx(Host &host, QueueIndex q, RxState &rx, Completions<ena_rx_cdesc_ext> &completions);

} // namespace ena

#endif
