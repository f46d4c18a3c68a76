/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hardware clock (PHC): feature 29, its doorbell, and answers by DMA. */
#ifndef ENA_CORE_PHC_HH
#define ENA_CORE_PHC_HH

#include "host.hh"

namespace ena
{

class Phc {
    public:
	Phc(Host &host, const ena_config &config) : host_(host), config_(config)
	{
	}

	[[nodiscard]] ena_phc_config get() const;
	[[nodiscard]] ena_admin_status set(const ena_phc_config &phc);
	/* A write of @word to the doorbell: answered before this returns. */
	void request(uint32_t word);
	void reset()
	{
		answer_ = {};
		due_ns_ = 0;
	}

    private:
	/* True: another request fits in the rate. */
	[[nodiscard]] bool within_rate();

	Host &host_;
	const ena_config &config_;
	BusAddress answer_{}; /* 0: not set */
	/* When the requests so far would all have been made at an even rate; guest's clock. */
	uint64_t due_ns_ = 0;
};

} // namespace ena

#endif
