/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bad wire: frames lost, duplicated, corrupted, delayed, reordered; a direction each. */
#ifndef ENA_CORE_WIRE_HH
#define ENA_CORE_WIRE_HH

#include "host.hh"

#include <span>

namespace ena
{

/*
 * Frames under way, in a memory of fixed size. They leave in the order in which
 * they came.
 */
class FramesUnderWay {
    public:
	static constexpr size_t max_frames = 128, max_bytes = 256 * 1024;

	struct Entry {
		uint64_t due_ns;
		ena_vnet_hdr hdr;
		uint32_t begin; /* in the memory */
		uint32_t length;
		uint16_t queue;
		bool overtaken; /* due as soon as another frame has passed */
	};

	FramesUnderWay() = default;
	~FramesUnderWay();
	FramesUnderWay(const FramesUnderWay &) = delete;
	FramesUnderWay &operator=(const FramesUnderWay &) = delete;

	/* Have the memory. False: there is none. */
	[[nodiscard]] bool prepare();
	[[nodiscard]] bool empty() const
	{
		return !count_;
	}
	/* The oldest one. */
	[[nodiscard]] Entry &front()
	{
		return entries_[first_];
	}
	[[nodiscard]] const Entry &front() const
	{
		return entries_[first_];
	}
	[[nodiscard]] iovec front_bytes()
	{
		return {memory_ + front().begin, front().length};
	}
	/* A copy of @frame. Empty: no room for it; the bytes stay where they are until pop(). */
	[[nodiscard]] std::span<uint8_t> push(Entry entry, std::span<const iovec> frame);
	void pop();
	void make_all_due();

    private:
	[[nodiscard]] bool place(size_t length, uint32_t &begin) const;

	uint8_t *memory_ = nullptr;
	std::array<Entry, max_frames> entries_;
	size_t first_ = 0, count_ = 0;
};

/* One direction of the wire, between who sends and who takes. */
class WireDirection {
    public:
	enum class Passed : uint8_t {
		taken,
		last, /* taken, but no more until ready() */
		dropped, /* gone, and not by a fault */
		refused, /* not taken: to be offered again */
	};
	/* Who takes the frames, with @to as its own pointer. */
	using Take = Passed (*)(void *to, uint16_t queue, std::span<const iovec> frame,
				const ena_vnet_hdr &hdr);
	struct Kinds {
		Fault lost, duplicated, corrupted, delayed, reordered;

		[[nodiscard]] constexpr uint64_t mask() const
		{
			return bit(lost) | bit(duplicated) | bit(corrupted) | bit(delayed) |
			       bit(reordered);
		}
	};

	WireDirection(Host &host, const Kinds &kinds, Take take, void *to)
	    : host_(host), kinds_(kinds), take_(take), to_(to)
	{
	}

	/* Frames have to take the way through pass(). */
	[[nodiscard]] bool bad() const
	{
		return host_.faults().set(kinds_.mask()) || !under_way_.empty();
	}
	[[nodiscard]] Passed pass(uint16_t queue, std::span<const iovec> frame,
				  const ena_vnet_hdr &hdr);
	/* Have the memory that the faults in @mask may need. False: there is none. */
	[[nodiscard]] bool prepare(uint64_t mask);
	/* What is under way arrives at once. */
	void clear();
	void ready();
	[[nodiscard]] bool blocked() const
	{
		return blocked_;
	}

	[[nodiscard]] uint64_t deadline() const;
	void expire(uint64_t now_ns);

    private:
	enum class Fate : uint8_t { passes, lost, duplicated, corrupted, delayed, reordered };
	struct Verdict {
		Fate fate = Fate::passes;
		uint64_t delay_ns = 0;
		uint64_t dice = 0; /* which bit is corrupted */
	};

	[[nodiscard]] Verdict decide();
	[[nodiscard]] bool hold(const FramesUnderWay::Entry &entry, std::span<const iovec> frame,
				const Verdict &verdict);
	[[nodiscard]] Passed pass_now(uint16_t queue, std::span<const iovec> frame,
				      const ena_vnet_hdr &hdr);

	Host &host_;
	const Kinds kinds_;
	const Take take_;
	void *const to_;
	bool blocked_ = false;
	bool spared_ = false; /* the frame that was refused, and will be offered again */
	FramesUnderWay under_way_;
};

inline constexpr WireDirection::Kinds tx_wire_kinds = {
	Fault::tx_frame_lost, Fault::tx_frame_duplicated, Fault::tx_frame_corrupted,
	Fault::tx_frame_delayed, Fault::tx_frame_reordered};
inline constexpr WireDirection::Kinds rx_wire_kinds = {
	Fault::rx_frame_lost, Fault::rx_frame_duplicated, Fault::rx_frame_corrupted,
	Fault::rx_frame_delayed, Fault::rx_frame_reordered};

} // namespace ena

#endif
