/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a driver reset the adapter, as far as the adapter can know. */
#ifndef ENA_CORE_RESET_REPORT_HH
#define ENA_CORE_RESET_REPORT_HH

#include "snapshot.hh"

namespace ena
{

/* What the adapter knows when a reset begins. */
struct ResetEvidence {
	uint64_t now_ns;
	uint32_t control; /* DEV_CTL */
	uint32_t queues; /* live submission queues */
	/* MMIO_RESP was written since the last reset, as a driver does that starts. */
	bool new_driver;
	/* A fault has made an RX completion that drivers answer with reason 16. */
	bool sent_malformed;
	/* As in the host information page; 0: the driver gave none. */
	uint32_t os_type;
	uint32_t driver_version;
};

class ResetReport {
    public:
	void begun(const ResetEvidence &evidence);
	[[nodiscard]] const ena_resets &resets() const
	{
		return resets_;
	}
	void snapshot(Snapshot &s);

    private:
	ena_resets resets_{};
};

} // namespace ena

#endif
