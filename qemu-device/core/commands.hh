/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The admin commands of ENA, and of its extension. */
#ifndef ENA_CORE_COMMANDS_HH
#define ENA_CORE_COMMANDS_HH

#include "features.hh"
#include "metrics.hh"
#include "vf_manager.hh"

namespace ena
{

class Commands {
    public:
	Commands(Host &host, Queues &queues, Features &features, Metrics &metrics, VfManager &vfs)
	    : host_(host), queues_(queues), features_(features), metrics_(metrics), vfs_(vfs)
	{
	}

	/* Fills status and payload of @completion, which is zeroed. */
	void execute(const ena_aq_entry &command, ena_acq_entry &completion);

    private:
	[[nodiscard]] ena_admin_status dispatch(const ena_aq_entry &command,
						ena_acq_entry &completion);

	Host &host_;
	Queues &queues_;
	Features &features_;
	Metrics &metrics_;
	VfManager &vfs_;
};

} // namespace ena

#endif
