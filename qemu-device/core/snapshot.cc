// SPDX-License-Identifier: GPL-2.0-or-later
#include "snapshot.hh"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace ena
{

namespace
{
/* The first bytes: what it is, the format, the length of the whole. */
constexpr char magic[8] = {'E', 'N', 'A', 'S', 'T', 'A', 'T', 'E'};
constexpr size_t format_at = 8, length_at = 12, file_header = 16;
/* In front of a section. */
constexpr size_t id_size = 10, version_at = 10, section_length_at = 12, section_header = 16;
constexpr size_t max_sections = 64; /* bits of seen_ */

using Long = unsigned long long;
} // namespace

Snapshot::Snapshot(std::span<uint8_t> buffer, uint64_t now_ns, std::span<char> why)
    : out_(buffer), now_ns_(now_ns), why_(why)
{
	if (out_.size() >= file_header) {
		memcpy(out_.data(), magic, sizeof(magic));
		put(format_at, format, 4);
	}
	at_ = file_header;
}

Snapshot Snapshot::loader(std::span<const uint8_t> bytes, uint64_t now_ns, std::span<char> why)
{
	Snapshot s({}, now_ns, why);
	s.loading_ = true;
	s.in_ = bytes;
	s.check_structure();
	return s;
}

void Snapshot::fail(const char *format, ...)
{
	if (failed_)
		return;
	failed_ = true;
	va_list args;
	va_start(args, format);
	if (!why_.empty())
		vsnprintf(why_.data(), why_.size(), format, args);
	va_end(args);
}

/* A refusal of the field @name of the section under way. */
void Snapshot::complain(const char *name, const char *format, ...)
{
	char text[160], where[24] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (item_ >= 0)
		snprintf(where, sizeof(where), " %d", item_);
	fail("section %s%s: %s %s", section_, where, name, text);
}

void Snapshot::require(bool holds, const char *sentence)
{
	if (!holds && !failed_)
		complain(sentence, "%s", "");
}

/* Bytes */

uint64_t Snapshot::get(size_t at, size_t size) const
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= uint64_t{in_[at + i]} << 8 * i;
	return value;
}

void Snapshot::put(size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out_[at + i] = static_cast<uint8_t>(value >> 8 * i);
}

Snapshot::Header Snapshot::header(size_t at) const
{
	Header h;
	memcpy(h.id, &in_[at], id_size);
	h.version = static_cast<uint16_t>(get(at + version_at, 2));
	h.length = static_cast<uint32_t>(get(at + section_length_at, 4));
	return h;
}

bool Snapshot::transfer(const char *name, void *data, size_t size)
{
	if (failed_)
		return false;
	if (!loading_) {
		if (out_.size() >= at_ + size && size)
			memcpy(&out_[at_], data, size);
		at_ += size;
		return true;
	}
	if (size > end_ - at_) {
		complain(name, "is cut off: %zu bytes are left, it has %zu", end_ - at_, size);
		return false;
	}
	if (size)
		memcpy(data, &in_[at_], size);
	at_ += size;
	return true;
}

bool Snapshot::word(const char *name, uint64_t &value, size_t size)
{
	uint8_t raw[8];

	for (size_t i = 0; i < size; i++)
		raw[i] = static_cast<uint8_t>(value >> 8 * i);
	if (!transfer(name, raw, size))
		return false;
	value = 0;
	for (size_t i = 0; i < size; i++)
		value |= uint64_t{raw[i]} << 8 * i;
	return true;
}

/* Structure */

void Snapshot::check_structure()
{
	size_t at = file_header;
	size_t sections = 0;

	if (in_.size() < file_header || memcmp(in_.data(), magic, sizeof(magic)) != 0)
		return fail("these %zu bytes are no snapshot of an adapter", in_.size());
	if (get(format_at, 4) != format)
		return fail("snapshot of format %llu, this release knows format %u",
			    static_cast<Long>(get(format_at, 4)), format);
	if (get(length_at, 4) != in_.size())
		return fail("snapshot of %llu bytes, %zu are there",
			    static_cast<Long>(get(length_at, 4)), in_.size());
	while (at < in_.size()) {
		if (in_.size() - at < section_header ||
		    in_.size() - at - section_header < header(at).length)
			return fail("the section at byte %zu reaches beyond the end (%zu)", at,
				    in_.size());
		if (++sections > max_sections)
			return fail("more than %zu sections", max_sections);
		at += section_header + header(at).length;
	}
}

/* False: there is nothing to visit. */
bool Snapshot::begin(const char *id, uint16_t version, Absent absent)
{
	char padded[id_size] = {};

	if (failed_)
		return false;
	memcpy(padded, id, std::min(strlen(id), id_size));
	section_ = id;
	item_ = -1;
	version_ = version;
	if (!loading_) {
		begin_ = at_;
		at_ += section_header;
		if (out_.size() >= at_) {
			memcpy(&out_[begin_], padded, id_size);
			put(begin_ + version_at, version, 2);
		}
		return true;
	}

	size_t at = file_header;
	for (unsigned int i = 0; at < in_.size(); i++) {
		const Header h = header(at);
		at += section_header;
		end_ = at + h.length;
		if (!(seen_ >> i & 1) && memcmp(h.id, padded, id_size) == 0) {
			seen_ |= uint64_t{1} << i;
			at_ = at;
			version_ = h.version;
			if (version_ && version_ <= version)
				return true;
			fail("section %s has version %u, this release knows 1 to %u", id, version_,
			     version);
			return false;
		}
		at = end_;
	}
	if (absent == Absent::refused)
		fail("section %s is missing", id);
	return false;
}

void Snapshot::end()
{
	if (failed_)
		return;
	if (!loading_) {
		if (out_.size() >= begin_ + section_header)
			put(begin_ + section_length_at, at_ - begin_ - section_header, 4);
	} else if (at_ != end_) {
		item_ = -1;
		complain("has", "%zu bytes more than its version %u", end_ - at_, version_);
	}
}

size_t Snapshot::finish()
{
	if (loading_)
		refuse_unknown_section();
	else if (out_.size() >= file_header)
		put(length_at, at_, 4);
	return loading_ ? in_.size() : at_;
}

void Snapshot::refuse_unknown_section()
{
	size_t at = file_header;

	if (failed_)
		return;
	for (unsigned int i = 0; at < in_.size(); i++) {
		const Header h = header(at);
		at += section_header + h.length;
		if (seen_ >> i & 1)
			continue;
		char id[id_size + 1] = {};
		for (size_t c = 0; c < id_size && h.id[c]; c++)
			id[c] = h.id[c] > ' ' && h.id[c] <= '~' ? h.id[c] : '?';
		return fail("section %s (version %u) is there twice or unknown to this release", id,
			    h.version);
	}
}

/* Fields. What is saved is checked like what is loaded: better no migration than a lost guest. */

bool Snapshot::number(const char *name, uint64_t &value, size_t size, uint64_t min, uint64_t max)
{
	if (!word(name, value, size))
		return false;
	if (value >= min && value <= max)
		return loading_;
	complain(name, "is %llu, must be %llu to %llu", static_cast<Long>(value),
		 static_cast<Long>(min), static_cast<Long>(max));
	return false;
}

bool Snapshot::bits(const char *name, uint64_t &value, size_t size, uint64_t allowed)
{
	if (!word(name, value, size))
		return false;
	if (!(value & ~allowed))
		return loading_;
	complain(name, "is 0x%llx, only bits of 0x%llx can be set", static_cast<Long>(value),
		 static_cast<Long>(allowed));
	return false;
}

void Snapshot::common(const char *name, uint64_t ours, size_t size)
{
	uint64_t theirs = ours;

	if (word(name, theirs, size) && theirs != ours)
		complain(name, "is %llu (0x%llx) in the snapshot, and %llu (0x%llx) here",
			 static_cast<Long>(theirs), static_cast<Long>(theirs),
			 static_cast<Long>(ours), static_cast<Long>(ours));
}

void Snapshot::deadline(const char *name, uint64_t &field, uint64_t max_left)
{
	/* What is overdue is due now; never is all ones. */
	uint64_t left = field;
	if (field != no_deadline)
		left = field > now_ns_ ? field - now_ns_ : 0;
	if (!word(name, left, sizeof(left)))
		return;
	if (left > max_left && left != no_deadline)
		complain(name, "is %llu ns ahead, must be at most %llu", static_cast<Long>(left),
			 static_cast<Long>(max_left));
	else if (loading_)
		field = left == no_deadline ? no_deadline : now_ns_ + left;
}

void Snapshot::past(const char *name, uint64_t &field)
{
	constexpr uint64_t none = UINT64_MAX;
	uint64_t age = !field ? none : field < now_ns_ ? now_ns_ - field : 0;

	if (!word(name, age, sizeof(age)) || !loading_)
		return;
	/* Older than this host's clock: as old as that can say. */
	field = age == none ? 0 : age < now_ns_ ? now_ns_ - age : 1;
}

void Snapshot::bytes(const char *name, std::span<uint8_t> field)
{
	(void)transfer(name, field.data(), field.size());
}

} // namespace ena
