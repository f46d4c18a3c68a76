/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP fragments that are sent: EC2's limit on them, and feature 8, which lifts it. */
#ifndef ENA_CORE_FRAGMENTS_HH
#define ENA_CORE_FRAGMENTS_HH

#include "snapshot.hh"
#include "token_bucket.hh"

#include "core/net/packet.hh"

namespace ena
{

class Fragments {
    public:
	Fragments(Host &host, const ena_config &config) : host_(host), config_(config)
	{
		reset();
	}

	[[nodiscard]] ena_admin_status set(const ena_frag_bypass &wanted);
	/* Each packet must be shown to may_send(). */
	[[nodiscard]] bool limited() const
	{
		return config_.fragment_pps && !bypass_;
	}
	/* False: a fragment beyond the limit. */
	[[nodiscard]] bool may_send(const net::Packet &packet, uint64_t now_ns);
	void reset()
	{
		bypass_ = false;
		bucket_ = TokenBucket::per_second(config_.fragment_pps);
	}
	void snapshot(Snapshot &s)
	{
		s.section("fragments", 1, Absent::defaults, [&] { s.value("bypass", bypass_); });
	}

    private:
	Host &host_;
	const ena_config &config_;
	bool bypass_;
	TokenBucket bucket_;
};

} // namespace ena

#endif
