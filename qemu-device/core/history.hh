/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened to the adapter lately, for the people outside. */
#ifndef ENA_CORE_HISTORY_HH
#define ENA_CORE_HISTORY_HH

#include "ena_device.h"

#include <array>
#include <cstdarg>
#include <cstddef>

namespace ena
{

/* One thing that happened: what kind, and what it was about. */
struct Happening {
	ena_history_kind kind;
	const char *reason = nullptr; /* static; things of different reasons are not the same */
	uint32_t fields = 0;
	std::array<uint64_t, ENA_HISTORY_FIELDS> values{};

	constexpr explicit Happening(ena_history_kind k, const char *why = nullptr)
	    : kind(k), reason(why)
	{
	}
	[[nodiscard]] constexpr Happening with(ena_history_field field, uint64_t value) const
	{
		Happening h = *this;
		h.fields |= 1u << field;
		h.values[field] = value;
		return h;
	}
};

/*
 * A ring of the newest entries. The same thing again, not many entries later, is
 * a count at the entry that is there, so that a flood takes one of them. What
 * comes by the packet is the same when kind, reason and queue are; what the guest
 * asks for one by one only when its sentence is, too, up to a number a second.
 */
class History {
    public:
	/* How far back an entry is looked for. */
	static constexpr unsigned int lookback = 8;

	/*
	 * @by_text: compare the sentences, too. Null, if the entry is an old
	 * one; else the new one.
	 */
	[[gnu::format(printf, 5, 0)]] const ena_history_entry *
	record(uint64_t now_ns, const Happening &what, bool by_text, const char *format,
	       va_list args);
	/* 0: the oldest that is kept. Null: no such. */
	[[nodiscard]] const ena_history_entry *at(unsigned int index) const;
	/* The entry that the last record() wrote or counted. */
	[[nodiscard]] const ena_history_entry &newest() const
	{
		return ring_[latest_].entry;
	}

    private:
	struct Slot {
		ena_history_entry entry;
		const char *format;
	};

	[[nodiscard]] Slot *find(const Happening &what, const char *format, const char *text);

	std::array<Slot, ENA_HISTORY_SIZE> ring_{};
	uint64_t written_ = 0;
	size_t latest_ = 0;
};

} // namespace ena

#endif
