// SPDX-License-Identifier: GPL-2.0-or-later
#include "history.hh"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace ena
{

namespace
{
/* Fields that make two things different. */
constexpr uint32_t identity = 1u << ENA_HISTORY_QUEUE | 1u << ENA_HISTORY_VECTOR |
			      1u << ENA_HISTORY_GROUP | 1u << ENA_HISTORY_OPCODE |
			      1u << ENA_HISTORY_FEATURE | 1u << ENA_HISTORY_STATUS |
			      1u << ENA_HISTORY_RESET_REASON;

bool same(const ena_history_entry &entry, const Happening &what)
{
	if (entry.kind != what.kind || entry.reason != what.reason || entry.fields != what.fields)
		return false;
	for (unsigned int i = 0; i < ENA_HISTORY_FIELDS; i++)
		if (identity & what.fields & 1u << i && entry.values[i] != what.values[i])
			return false;
	return true;
}

constexpr const char *kind_names[] = {
	"access-refused", "command-refused", "packet-dropped", "frame-dropped",  "queue-created",
	"queue-stopped",  "queue-destroyed", "reset-begun",    "reset-finished", "power-on",
	"event-posted",   "interrupt-lost",  "dma-failed",     "fatal-error",    "driver",
	"link",           "fault",
};
static_assert(std::size(kind_names) == ENA_HISTORY_KINDS);

constexpr const char *field_names[] = {
	"queue",  "req-id",       "vector",  "group",   "opcode", "feature",
	"status", "reset-reason", "control", "address", "length", "syndrome",
};
static_assert(std::size(field_names) == ENA_HISTORY_FIELDS);
} // namespace

History::Slot *History::find(const Happening &what, const char *format, const char *text)
{
	const auto steps = static_cast<unsigned int>(std::min<uint64_t>(written_, lookback));

	for (unsigned int back = 1; back <= steps; back++) {
		Slot &slot = ring_[(written_ - back) % ENA_HISTORY_SIZE];
		if (same(slot.entry, what) && slot.format == format &&
		    (!text || !strcmp(slot.entry.text, text)))
			return &slot;
	}
	return nullptr;
}

const ena_history_entry *History::record(uint64_t now_ns, const Happening &what, bool by_text,
					 const char *format, va_list args)
{
	char text[ENA_HISTORY_TEXT];

	if (by_text)
		vsnprintf(text, sizeof(text), format, args);
	Slot *slot = find(what, format, by_text ? text : nullptr);
	const bool fresh = !slot;
	if (fresh) {
		slot = &ring_[written_++ % ENA_HISTORY_SIZE];
		slot->format = format;
		slot->entry.kind = what.kind;
		slot->entry.reason = what.reason;
		slot->entry.fields = what.fields;
		slot->entry.first_ns = now_ns;
		slot->entry.count = 0;
		if (by_text)
			memcpy(slot->entry.text, text, sizeof(text));
		else
			vsnprintf(slot->entry.text, sizeof(slot->entry.text), format, args);
	}
	memcpy(slot->entry.values, what.values.data(), sizeof(slot->entry.values));
	slot->entry.last_ns = now_ns;
	slot->entry.count++;
	latest_ = static_cast<size_t>(slot - ring_.data());
	return fresh ? &slot->entry : nullptr;
}

const ena_history_entry *History::at(unsigned int index) const
{
	const uint64_t kept = std::min<uint64_t>(written_, ENA_HISTORY_SIZE);

	if (index >= kept)
		return nullptr;
	return &ring_[(written_ - kept + index) % ENA_HISTORY_SIZE].entry;
}

} // namespace ena

extern "C" const char *ena_history_kind_name(ena_history_kind kind)
{
	return kind < ENA_HISTORY_KINDS ? ena::kind_names[kind] : "unknown";
}

extern "C" const char *ena_history_field_name(ena_history_field field)
{
	return field < ENA_HISTORY_FIELDS ? ena::field_names[field] : "unknown";
}
