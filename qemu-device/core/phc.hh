/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hardware clock (PHC): feature 29, its doorbell, and answers by DMA. */
#ifndef ENA_CORE_PHC_HH
#define ENA_CORE_PHC_HH

#include "snapshot.hh"
#include "token_bucket.hh"

namespace ena
{

class Phc {
    public:
	Phc(Host &host, const ena_config &config) : host_(host), config_(config)
	{
		reset();
	}

	[[nodiscard]] ena_phc_config get() const;
	[[nodiscard]] ena_admin_status set(const ena_phc_config &phc);
	/* A write of @word to the doorbell: answered before this returns. */
	void request(uint32_t word);
	void reset()
	{
		answer_ = {};
		rate_ = TokenBucket::per_second(config_.phc_rate);
	}
	void snapshot(Snapshot &s)
	{
		s.section("phc", 1, Absent::defaults,
			  [&] { s.value("answer address", answer_.value); });
	}

    private:
	/* True: another request fits in the rate. */
	[[nodiscard]] bool within_rate();

	Host &host_;
	const ena_config &config_;
	BusAddress answer_{}; /* 0: not set */
	TokenBucket rate_; /* by the guest's clock */
};

} // namespace ena

#endif
