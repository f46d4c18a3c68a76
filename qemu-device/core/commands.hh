/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The admin commands of ENA. */
#ifndef ENA_CORE_COMMANDS_HH
#define ENA_CORE_COMMANDS_HH

#include "features.hh"

namespace ena
{

class Commands {
    public:
	Commands(Host &host, Queues &queues, Features &features, const Statistics &statistics)
	    : host_(host), queues_(queues), features_(features), statistics_(statistics)
	{
	}

	/* Fills status and payload of @completion, which is zeroed. */
	void execute(const ena_aq_entry &command, ena_acq_entry &completion);

    private:
	[[nodiscard]] ena_admin_status dispatch(const ena_aq_entry &command,
						ena_acq_entry &completion);
	[[nodiscard]] ena_admin_status get_stats(const ena_get_stats_cmd &cmd,
						 std::span<uint8_t, 56> payload);

	Host &host_;
	Queues &queues_;
	Features &features_;
	const Statistics &statistics_;
};

} // namespace ena

#endif
