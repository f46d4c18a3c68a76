/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transmit path: from doorbells to frames on the wire and completions. */
#ifndef ENA_CORE_TX_HH
#define ENA_CORE_TX_HH

#include "allowance.hh"
#include "dma.hh"
#include "events.hh"
#include "fragments.hh"
#include "timestamps.hh"
#include "tx_entries.hh"
#include "tx_rate.hh"

#include "core/net/headers.hh"
#include "core/net/packet.hh"
#include "core/net/segment.hh"

namespace ena
{

/* Ethernet header and two VLAN tags: what a frame may have on top of the MTU. */
inline constexpr size_t ethernet_header = net::ethernet::header_length,
			frame_overhead = ethernet_header + 2 * net::ethernet::vlan_tag_length;
/* Largest frame before segmentation: a full IP packet behind its Ethernet header. */
inline constexpr size_t max_large_frame = 65535 + frame_overhead;

/* What the peer resolves itself, asked for in the virtio-net header. */
struct VnetAbilities {
	bool csum = false, tso4 = false, tso6 = false, ecn = false;
};

/* What a packet asks for, checked against its headers. */
struct TxOffload {
	net::Packet packet;
	bool tso = false, l3_csum = false, l4_csum = false, l4_partial = false, ecn = false;
	uint16_t mss = 0;
	uint16_t csum_start = 0, csum_offset = 0;
};

class Transmitter {
    public:
	Transmitter(Host &host, const ena_config &config, const Llq &llq, Queues &queues,
		    Interrupts &interrupts, const Events &events, Statistics &statistics,
		    AllowanceShare &share, TxRate &rate, const Timestamps &timestamps,
		    Fragments &fragments)
	    : host_(host), config_(config), llq_(llq), queues_(queues), interrupts_(interrupts),
	      events_(events), statistics_(statistics), share_(share), rate_(rate),
	      timestamps_(timestamps), fragments_(fragments)
	{
	}

	/* The tail of a queue has moved. */
	void doorbell(QueueIndex q)
	{
		rung_ |= q.bit() & ~waiting_;
	}
	/* A bounded piece of work, shared fairly among the queues. */
	void poll();
	/* poll() would find something to do. */
	[[nodiscard]] bool has_work() const
	{
		return !blocked_ && (suspended_.active || rung_);
	}
	/* After ENA_TRANSMIT_BUSY the host can take frames again. */
	void ready()
	{
		blocked_ = false;
	}
	void set_vnet(const VnetAbilities &abilities)
	{
		vnet_ = abilities;
	}
	/* When the next queue that waits for the allowance or the rate may try again. */
	[[nodiscard]] uint64_t deadline() const;
	void expire(uint64_t now_ns);
	/* A queue was destroyed: forget a packet of it that is half sent. */
	void queue_destroyed();
	/* Forgets what the driver did; a busy host is still busy. */
	void reset();
	void snapshot(Snapshot &s); /* tx_snapshot.cc */

    private:
	/* Completions of one burst, written together. */
	struct Burst {
		std::array<ena_tx_cdesc_ext, TxEntries::batch> cdescs;
		uint16_t count = 0;
	};
	/* A large packet whose segments are not all out. */
	struct Suspended {
		bool active = false;
		QueueIndex queue{};
		uint16_t req_id = 0;
		size_t segments = 0; /* not out yet */
		size_t length = 0; /* of the packet, which is in bounce_ */
		net::SegmentRequest request{};
		uint64_t sent_ns = 0; /* its timestamp */
	};

	/* A limit, or the counters of ENA Express, must see each packet. */
	[[nodiscard]] bool watched() const
	{
		return share_.limited() || rate_.limited() || fragments_.limited() ||
		       config_.ena_express;
	}
	void snapshot_suspended(Snapshot &s);
	[[nodiscard]] bool resume();
	void run(QueueIndex q);
	/* True: the packet is complete. */
	[[nodiscard]] static bool feed(QueueSlot &slot, const ena_tx_desc &desc);
	static void feed_meta(QueueSlot &slot, const ena_tx_desc &desc);
	void finish_packet(QueueIndex q, Burst &burst);
	/* Whether the packet of @q, whose descriptors have all been read, may go (tx_pace.cc). */
	[[nodiscard]] Verdict::Say pace(QueueIndex q);
	[[nodiscard]] Verdict ask(const WirePacket &wire, uint64_t now_ns, const char *&reason);
	void charge(const WirePacket &wire);
	[[nodiscard]] bool keep_waiting(QueueIndex q, const Verdict &verdict, uint64_t now_ns);
	void advance_mark(QueueSlot &slot);
	void count_srd_eligible(const WirePacket &wire);
	/* @reason: a static sentence. */
	void dropped(QueueIndex q, const char *reason);
	/* No fault of the driver's. */
	void drop_unasked(QueueIndex q, const char *reason);
	void complete(QueueIndex q, Burst &burst, uint16_t req_id, uint64_t sent_ns);
	void flush(QueueIndex q, Burst &burst);

	/* These return null, or why the packet is dropped. */
	[[nodiscard]] const char *send(QueueIndex q, const TxPacket &packet);
	[[nodiscard]] const char *send_plain(QueueIndex q, const TxPacket &packet);
	[[nodiscard]] const char *decode(const TxPacket &packet, size_t head_length,
					 TxOffload &offload) const;
	[[nodiscard]] const char *decode_tso(const TxPacket &packet, std::span<const uint8_t> head,
					     TxOffload &offload) const;
	[[nodiscard]] const char *send_to_able_peer(QueueIndex q, const TxPacket &packet,
						    const TxOffload &offload, size_t head_length);
	[[nodiscard]] const char *send_resolved(QueueIndex q, const TxPacket &packet,
						const TxOffload &offload, size_t head_length);
	[[nodiscard]] const char *start_segments(QueueIndex q, const TxPacket &packet,
						 const TxOffload &offload);

	void send_segments();
	[[nodiscard]] static bool l4_ends_frame(const TxPacket &packet, const TxOffload &offload,
						std::span<const uint8_t> head);
	[[nodiscard]] bool peer_resolves(const TxPacket &packet, const TxOffload &offload,
					 std::span<const uint8_t> head) const;
	[[nodiscard]] bool wire_resolves(const TxOffload &offload) const;
	static void store_ip_length(const TxOffload &offload, size_t frame_length,
				    std::span<uint8_t> head);
	void store_pseudo_sum(const TxOffload &offload, std::span<uint8_t> head) const;
	[[nodiscard]] bool gather(const TxPacket &packet, size_t from, size_t to);
	void emit(QueueIndex q, std::span<const iovec> iov, const ena_vnet_hdr &hdr,
		  uint64_t packets, uint64_t bytes);

	Host &host_;
	const ena_config &config_;
	const Llq &llq_;
	Queues &queues_;
	Interrupts &interrupts_;
	const Events &events_;
	Statistics &statistics_;
	AllowanceShare &share_;
	TxRate &rate_;
	const Timestamps &timestamps_;
	Fragments &fragments_;
	VnetAbilities vnet_;
	bool blocked_ = false;
	unsigned int budget_ = 0; /* descriptors and segments left in this poll() */
	uint64_t rung_ = 0; /* queues with descriptors to read; bit = queue index */
	uint64_t waiting_ = 0; /* queues that wait for allowance or rate; none is in rung_ */
	int turn_ = 0; /* the queue whose turn it is */
	int served_ = 0; /* the queue that they have let send last */
	Suspended suspended_;
	net::Segmenter segmenter_;
	std::array<uint8_t, max_large_frame> bounce_;
};

} // namespace ena

#endif
