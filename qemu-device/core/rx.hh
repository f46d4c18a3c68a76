/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receive path: from frames on the wire to buffers and completions. */
#ifndef ENA_CORE_RX_HH
#define ENA_CORE_RX_HH

#include "features.hh"
#include "tx.hh"

namespace ena
{

class Receiver {
    public:
	Receiver(Host &host, const ena_config &config, Queues &queues, Rss &rss,
		 const FlowSteering &steering, const Features &features, Interrupts &interrupts,
		 Statistics &statistics, AllowanceShare &share, const Timestamps &timestamps)
	    : host_(host), config_(config), queues_(queues), rss_(rss), steering_(steering),
	      features_(features), interrupts_(interrupts), statistics_(statistics), share_(share),
	      timestamps_(timestamps)
	{
	}

	/* See ena_device_receive(). */
	[[nodiscard]] ena_receive_result receive(std::span<const iovec> frame,
						 const ena_vnet_hdr *hdr);
	/* Drop a frame that reaches no queue. @reason: a static sentence. */
	[[nodiscard]] ena_receive_result drop(const char *reason);
	/* The driver has posted buffers. */
	void buffers_posted(QueueIndex q);
	/* What held frames back may be over: the host should offer them again. */
	void release_held();
	/* A queue was destroyed. */
	void queue_destroyed();

	/* When the next queue without buffers starts to drop its frames. */
	[[nodiscard]] uint64_t deadline() const;
	void expire(uint64_t now_ns);
	void reset();
	/* The queues were loaded from a snapshot: take up what they say. */
	void resume();

    private:
	/* What is known of a frame's L4 checksum before looking. */
	enum class Known : bool { nothing, l4_good };

	/* A frame, classified. */
	struct Arrival {
		std::span<const iovec> frame;
		size_t length;
		net::Packet packet;
		std::span<const uint8_t> head;
		uint32_t hash;
		Known known;
	};
	/* How a frame is to be laid over descriptors. */
	struct Plan {
		enum class Fit { yes, short_of_buffers, too_long, stopped } fit;
		uint16_t descs;
	};

	/* Frames that the allowance holds back, at the host. */
	struct Pace {
		bool waits = false; /* the host is to offer them at until_ns */
		bool refused = false; /* the host has not offered the one that was refused again */
		bool backlog = false; /* there are or just were some */
		uint64_t since_ns = 0;
		uint64_t until_ns = 0;
		uint64_t drop_until_ns = 0; /* they have waited too long: no more holding */
		Excess excess{};
	};

	using Head = std::array<uint8_t, net::parse_window>;

	/* receive(), once the allowance lets the frame pass. */
	[[nodiscard]] ena_receive_result accept(std::span<const iovec> frame, size_t length,
						const ena_vnet_hdr *hdr);
	/* The same, when there is an allowance to ask first (rx_pace.cc). */
	[[nodiscard]] ena_receive_result receive_paced(std::span<const iovec> frame, size_t length,
						       const ena_vnet_hdr *hdr);
	[[nodiscard]] ena_receive_result hold_back(const Verdict &verdict, const WirePacket &wire,
						   uint64_t now_ns);
	[[nodiscard]] ena_receive_result receive_unfinished(std::span<const iovec> frame,
							    size_t length, const ena_vnet_hdr &hdr);
	[[nodiscard]] ena_receive_result receive_large(std::span<uint8_t> frame,
						       const ena_vnet_hdr &hdr);
	[[nodiscard]] ena_receive_result deliver(std::span<const iovec> frame, size_t length,
						 Known known);
	/* Frames of a queue are dropped: counts; the answer is for the history. */
	[[nodiscard]] Happening dropped(QueueIndex q, const char *reason, uint64_t frames = 1);
	void overrun(QueueIndex q, uint64_t frames);
	[[nodiscard]] ena_receive_result starve(QueueIndex q);

	[[nodiscard]] std::optional<QueueIndex>
	choose(const net::Packet &packet, std::span<const uint8_t> head, uint32_t &hash);
	/* Read descriptors ahead. False: the queue was stopped. */
	[[nodiscard]] bool refill(QueueIndex q);
	[[nodiscard]] Plan plan(QueueIndex q, size_t length);
	[[nodiscard]] bool room_for(QueueIndex q, size_t frames, size_t frame_length);
	[[nodiscard]] bool write_payload(const RxState &rx, uint16_t descs, const Arrival &a);
	[[nodiscard]] ena_receive_result complete(QueueIndex q, uint16_t descs, const Arrival &a);
	[[nodiscard]] uint32_t describe(const Arrival &a) const;

	Host &host_;
	const ena_config &config_;
	Queues &queues_;
	Rss &rss_;
	const FlowSteering &steering_;
	const Features &features_;
	Interrupts &interrupts_;
	Statistics &statistics_;
	AllowanceShare &share_;
	const Timestamps &timestamps_;
	bool held_ = true; /* the host may hold frames that it was told not to deliver */
	uint64_t starving_ = 0; /* queues that had no buffer for a frame; bit = queue index */
	Pace pace_;
	net::Segmenter segmenter_;
	std::array<uint8_t, max_large_frame> bounce_;
};

} // namespace ena

#endif
