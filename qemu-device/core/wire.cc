// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire.hh"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ena
{

namespace
{
constexpr uint64_t longest_overtaking_ns = 10'000'000; /* no other frame came */
constexpr uint64_t retry_ns = 1'000'000; /* of a frame that was refused */
constexpr size_t addresses = 12; /* of the Ethernet header: stay, or nobody sees the frame */

size_t length_of(std::span<const iovec> frame)
{
	size_t length = 0;
	for (const iovec &part : frame)
		length += part.iov_len;
	return length;
}
} // namespace

FramesUnderWay::~FramesUnderWay()
{
	free(memory_);
}

bool FramesUnderWay::prepare()
{
	if (!memory_)
		memory_ = static_cast<uint8_t *>(malloc(max_bytes));
	return memory_;
}

/* A frame lies in one piece: behind the newest one, or at the beginning. */
bool FramesUnderWay::place(size_t length, uint32_t &begin) const
{
	if (!memory_ || count_ == max_frames || length > max_bytes)
		return false;
	if (!count_) {
		begin = 0;
		return true;
	}
	const Entry &newest = entries_[(first_ + count_ - 1) % max_frames];
	const size_t end = newest.begin + newest.length;
	const size_t oldest = front().begin;
	/* Where the newest is not behind the oldest, the room between them is free. */
	const bool wrapped = newest.begin < oldest;
	if (end + length <= (wrapped ? oldest : max_bytes)) {
		begin = static_cast<uint32_t>(end);
		return true;
	}
	begin = 0;
	return !wrapped && length <= oldest;
}

std::span<uint8_t> FramesUnderWay::push(Entry entry, std::span<const iovec> frame)
{
	entry.length = static_cast<uint32_t>(length_of(frame));
	if (!place(entry.length, entry.begin))
		return {};
	uint8_t *to = memory_ + entry.begin;
	for (const iovec &part : frame) {
		memcpy(to, part.iov_base, part.iov_len);
		to += part.iov_len;
	}
	entries_[(first_ + count_++) % max_frames] = entry;
	return {memory_ + entry.begin, entry.length};
}

void FramesUnderWay::pop()
{
	first_ = (first_ + 1) % max_frames;
	count_--;
}

void FramesUnderWay::make_all_due()
{
	for (size_t i = 0; i < count_; i++)
		entries_[(first_ + i) % max_frames].due_ns = 0;
}

bool WireDirection::prepare(uint64_t mask)
{
	return !(mask & kinds_.mask()) || under_way_.prepare();
}

/* The first that strikes. */
WireDirection::Verdict WireDirection::decide()
{
	if (host_.struck_by(kinds_.lost))
		return {.fate = Fate::lost};
	if (FaultRule *rule = host_.struck_by(kinds_.corrupted))
		return {.fate = Fate::corrupted, .dice = rule->random()};
	if (host_.struck_by(kinds_.duplicated))
		return {.fate = Fate::duplicated};
	if (const FaultRule *rule = host_.struck_by(kinds_.delayed))
		return {.fate = Fate::delayed, .delay_ns = rule->delay_ns};
	/* While one waits to be overtaken, the next is the one to do it. */
	if (under_way_.empty() && host_.struck_by(kinds_.reordered))
		return {.fate = Fate::reordered, .delay_ns = longest_overtaking_ns};
	return {};
}

bool WireDirection::hold(const FramesUnderWay::Entry &entry, std::span<const iovec> frame,
			 const Verdict &verdict)
{
	const std::span<uint8_t> copy = under_way_.push(entry, frame);

	if (copy.empty())
		return false;
	if (verdict.fate == Fate::corrupted && copy.size() > addresses) {
		const uint64_t at = addresses + verdict.dice / 8 % (copy.size() - addresses);
		copy[at] ^= static_cast<uint8_t>(1u << verdict.dice % 8);
	}
	return verdict.fate != Fate::duplicated || !under_way_.push(entry, frame).empty();
}

WireDirection::Passed WireDirection::pass_now(uint16_t queue, std::span<const iovec> frame,
					      const ena_vnet_hdr &hdr)
{
	const Passed passed = take_(to_, queue, frame, hdr);

	spared_ = passed == Passed::refused;
	blocked_ = passed == Passed::last;
	if (passed == Passed::taken && !under_way_.empty() && under_way_.front().overtaken) {
		under_way_.front().due_ns = 0;
		expire(host_.now());
	}
	return passed;
}

WireDirection::Passed WireDirection::pass(uint16_t queue, std::span<const iovec> frame,
					  const ena_vnet_hdr &hdr)
{
	const Verdict verdict = spared_ || blocked_ ? Verdict{} : decide();

	if (verdict.fate == Fate::lost)
		return Passed::taken;
	if (verdict.fate == Fate::passes && !blocked_)
		return pass_now(queue, frame, hdr);

	const FramesUnderWay::Entry entry = {.due_ns = host_.now() + verdict.delay_ns,
					     .hdr = hdr,
					     .begin = 0,
					     .length = 0,
					     .queue = queue,
					     .overtaken = verdict.fate == Fate::reordered};
	if (!hold(entry, frame, verdict))
		host_.trace("a frame of %zu bytes is lost: the bad wire has no room for it",
			    length_of(frame));
	expire(host_.now());
	return blocked_ ? Passed::last : Passed::taken;
}

void WireDirection::clear()
{
	spared_ = false;
	under_way_.make_all_due();
	expire(host_.now());
}

void WireDirection::ready()
{
	blocked_ = false;
	expire(host_.now());
}

uint64_t WireDirection::deadline() const
{
	return under_way_.empty() || blocked_ ? no_deadline : under_way_.front().due_ns;
}

void WireDirection::expire(uint64_t now_ns)
{
	while (!blocked_ && !under_way_.empty() && under_way_.front().due_ns <= now_ns) {
		const FramesUnderWay::Entry entry = under_way_.front();
		const iovec bytes = under_way_.front_bytes();
		const Passed passed = take_(to_, entry.queue, {&bytes, 1}, entry.hdr);
		if (passed == Passed::refused) {
			under_way_.front().due_ns = now_ns + retry_ns;
			return;
		}
		blocked_ = passed == Passed::last;
		under_way_.pop();
	}
}

} // namespace ena
