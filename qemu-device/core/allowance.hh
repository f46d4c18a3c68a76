/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an instance may send and receive, and one adapter's part in it. */
#ifndef ENA_CORE_ALLOWANCE_HH
#define ENA_CORE_ALLOWANCE_HH

#include "bandwidth.hh"
#include "connections.hh"
#include "snapshot.hh"
#include "token_bucket.hh"

#include "ena_instance.h"

namespace ena
{

/* Why a packet is dropped. */
inline constexpr const char *over_allowance = "an allowance of the instance type is exceeded";

enum class Way : uint8_t { out, in };

/* Which allowance a packet exceeds; the order is that of the metric ids. */
enum class Excess : uint8_t { bandwidth_in, bandwidth_out, packets, connections, link_local };
inline constexpr size_t excesses = 5;

/* A packet as the allowance sees it. */
struct WirePacket {
	uint64_t bytes; /* on the wire, all segments together, without FCS */
	uint64_t packets; /* segments */
	std::span<const uint8_t> head;
	net::Packet packet; /* of head */
};

/* Whether a packet may go now. */
struct Verdict {
	enum class Say : uint8_t { pass, wait, drop } say = Say::pass;
	Excess excess{}; /* of what waits or is dropped */
	uint64_t until_ns = 0; /* ask again then */
};

class AllowanceShare;

/*
 * Of an instance. Bandwidth in each direction is a baseline with credits to
 * burst up to the peak, as EC2 documents it; packets count in both directions
 * together. Times are the guest's, slowed down by time_scale.
 */
class Allowance {
    public:
	static constexpr uint64_t tick_ns = wait_tick_ns;

	explicit Allowance(const ena_allowance_config &config);
	Allowance(const Allowance &) = delete;
	Allowance &operator=(const Allowance &) = delete;

	/* False: no memory. Once, before everything else. */
	[[nodiscard]] bool init();
	[[nodiscard]] bool join(AllowanceShare &share);
	void leave(AllowanceShare &share);

	/* How long a packet may wait, in ns of the guest's time. */
	[[nodiscard]] uint64_t patience_ns() const
	{
		return patience_ns_;
	}
	[[nodiscard]] bool tracks_connections() const
	{
		return connections_.tracks();
	}
	[[nodiscard]] uint32_t connections_available(uint64_t now_ns);

    private:
	friend class AllowanceShare;

	/* One direction. */
	struct Bandwidth {
		TokenBucket peak, credit;
		uint64_t turn = 0; /* the bytes at which who joins the waiting starts */
		std::array<TokenBucket, 4096> flows; /* a flow's is found by its hash */
	};

	[[nodiscard]] Bandwidth &bandwidth(Way way)
	{
		return bandwidth_[static_cast<size_t>(way)];
	}
	[[nodiscard]] TokenBucket &flow_of(Way way, const WirePacket &wire);
	[[nodiscard]] Verdict limit(Way way, const WirePacket &wire, uint64_t now_ns);
	void charge(Way way, const WirePacket &wire);
	/* Adapters that wait take turns, byte by byte as far as packets and ticks allow. */
	[[nodiscard]] bool its_turn(const AllowanceShare &share, Way way, uint64_t now_ns) const;

	const ena_allowance_config config_;
	uint64_t patience_ns_;
	uint64_t quantum_; /* bytes that one adapter may be ahead of another */
	std::array<Bandwidth, 2> bandwidth_;
	TokenBucket packets_;
	Connections connections_;
	std::array<AllowanceShare *, ENA_INSTANCE_MAX_ADAPTERS> shares_{};
};

/*
 * An adapter's part: its counters, its place among those that wait, and the
 * limit on link-local services, which holds for each interface. Without an
 * allowance nothing is limited.
 */
class AllowanceShare {
    public:
	AllowanceShare() = default;
	~AllowanceShare()
	{
		if (allowance_)
			allowance_->leave(*this);
	}
	AllowanceShare(const AllowanceShare &) = delete;
	AllowanceShare &operator=(const AllowanceShare &) = delete;

	[[nodiscard]] bool join(Allowance &allowance);
	[[nodiscard]] bool limited() const
	{
		return allowance_;
	}
	/* Of limited() ones only, as long as the adapter is. */
	[[nodiscard]] Allowance &allowance() const
	{
		return *allowance_;
	}

	/* May it go? Its place in the tables is taken, but no tokens yet. */
	[[nodiscard]] Verdict ask(Way way, const WirePacket &wire, uint64_t now_ns);
	/* It has gone. */
	void charge(Way way, const WirePacket &wire);
	/* It has been queued or dropped because of @excess. */
	void count(Excess excess, uint64_t packets)
	{
		exceeded_[static_cast<size_t>(excess)] += packets;
	}
	[[nodiscard]] uint64_t exceeded(Excess excess) const
	{
		return exceeded_[static_cast<size_t>(excess)];
	}
	/* The adapter was reset: it counts from zero. What was used up stays so. */
	void reset();
	/* The counters; what is left of the allowance is the instance's, and the host's. */
	void snapshot(Snapshot &s)
	{
		s.section("exceeded", 1, Absent::defaults, [&] {
			for (uint64_t &count : exceeded_)
				s.value("packets", count);
		});
	}

    private:
	friend class Allowance;

	struct Turn {
		uint64_t bytes = 0; /* had so far */
		uint64_t waits_until_ns = 0; /* as it was last told */

		/* Or has just been let go, and may have more. */
		[[nodiscard]] bool waits(uint64_t now_ns) const
		{
			return waits_until_ns && now_ns < waits_until_ns + Allowance::tick_ns;
		}
	};

	[[nodiscard]] Turn &turn(Way way)
	{
		return turns_[static_cast<size_t>(way)];
	}

	Allowance *allowance_ = nullptr;
	TokenBucket link_local_;
	std::array<Turn, 2> turns_;
	std::array<uint64_t, excesses> exceeded_{};
};

} // namespace ena

#endif
