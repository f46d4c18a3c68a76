// SPDX-License-Identifier: GPL-2.0-or-later
#include "fault_text.hh"

#include "words.hh"

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace ena
{

namespace
{
constexpr uint64_t us = 1000, ms = 1000 * us, second = 1000 * ms;
constexpr uint64_t max_delay = 3600 * second;

/* A span of the text; not ended by zero. */
struct Word {
	const char *begin;
	size_t length;

	[[nodiscard]] bool is(const char *text) const
	{
		return strlen(text) == length && !memcmp(begin, text, length);
	}
	[[nodiscard]] int printed() const
	{
		return static_cast<int>(std::min<size_t>(length, 60));
	}
};

struct Filter {
	const char *name;
	uint32_t max;
};
constexpr Filter none{nullptr, 0};
constexpr Filter queue{"queue", 63}, vector{"vector", 32};
constexpr Filter opcode{"opcode", 255}, feature{"feature", 255};
constexpr Filter group{"group", 65535}, reg{"register", 65535};

/* An option of the fault's own, a time or a number. */
struct Detail {
	const char *name;
	uint64_t least, most, usual;
};
constexpr Detail nothing{nullptr, 0, 0, 0};

struct FaultKind {
	const char *name;
	std::array<Filter, 2> filters;
	Detail value; /* a number */
	Detail delay; /* a time */
	bool timed; /* strikes by itself: once, or every period */
};

constexpr Detail delay_of(uint64_t usual)
{
	return {"delay", 1, max_delay, usual};
}

/* In the order of enum class Fault. */
constexpr FaultKind kinds[] = {
	{"admin-lost", {opcode, feature}, nothing, nothing, false},
	{"admin-delayed", {opcode, feature}, nothing, delay_of(100 * ms), false},
	{"admin-refused", {opcode, feature}, {"status", 1, 255, 6}, nothing, false},
	{"tx-completion-lost", {queue, none}, nothing, nothing, false},
	{"tx-completion-duplicated", {queue, none}, nothing, nothing, false},
	{"tx-completion-wrong-id", {queue, none}, {"id", 0, 65535, 65535}, nothing, false},
	{"tx-completion-wrong-phase", {queue, none}, nothing, nothing, false},
	{"tx-completion-reserved", {queue, none}, nothing, nothing, false},
	{"rx-completion-lost", {queue, none}, nothing, nothing, false},
	{"rx-completion-duplicated", {queue, none}, nothing, nothing, false},
	{"rx-completion-wrong-id", {queue, none}, {"id", 0, 65535, 65535}, nothing, false},
	{"rx-completion-wrong-phase", {queue, none}, nothing, nothing, false},
	{"rx-completion-reserved", {queue, none}, nothing, nothing, false},
	{"rx-completion-first", {queue, none}, nothing, nothing, false},
	{"rx-completion-too-long", {queue, none}, nothing, nothing, false},
	{"rx-completion-too-many", {queue, none}, nothing, nothing, false},
	{"doorbell-lost", {queue, none}, nothing, nothing, false},
	{"interrupt-lost", {vector, none}, nothing, nothing, false},
	{"dma-read-failed", {none, none}, nothing, nothing, false},
	{"dma-write-failed", {none, none}, nothing, nothing, false},
	{"register-lost", {reg, none}, nothing, nothing, false},
	{"register-ones", {reg, none}, nothing, nothing, false},
	{"event-lost", {group, none}, nothing, nothing, false},
	{"event-wrong-phase", {group, none}, nothing, nothing, false},
	{"slow", {none, none}, nothing, delay_of(100 * us), false},
	{"tx-frame-lost", {none, none}, nothing, nothing, false},
	{"tx-frame-duplicated", {none, none}, nothing, nothing, false},
	{"tx-frame-corrupted", {none, none}, nothing, nothing, false},
	{"tx-frame-delayed", {none, none}, nothing, delay_of(10 * ms), false},
	{"tx-frame-reordered", {none, none}, nothing, nothing, false},
	{"rx-frame-lost", {none, none}, nothing, nothing, false},
	{"rx-frame-duplicated", {none, none}, nothing, nothing, false},
	{"rx-frame-corrupted", {none, none}, nothing, nothing, false},
	{"rx-frame-delayed", {none, none}, nothing, delay_of(10 * ms), false},
	{"rx-frame-reordered", {none, none}, nothing, nothing, false},
	{"link-flap", {none, none}, nothing, {"down", 1, max_delay, 100 * ms}, true},
	{"event-unknown", {none, none}, {"group", 0, 65535, 42}, nothing, true},
	{"fatal-error", {none, none}, {"syndrome", 0, 65535, 0}, nothing, true},
	{"reset-request", {none, none}, nothing, nothing, true},
};
static_assert(std::size(kinds) == fault_count);

constexpr const FaultKind &kind_of(Fault fault)
{
	return kinds[static_cast<size_t>(fault)];
}

/* Text into a buffer that may be too small for it. */
class Writer {
    public:
	explicit Writer(std::span<char> to) : to_(to)
	{
		if (!to_.empty())
			to_[0] = 0;
	}
	[[gnu::format(printf, 2, 3)]] void add(const char *format, ...)
	{
		va_list args;
		va_start(args, format);
		const int n = vsnprintf(to_.data(), to_.size(), format, args);
		va_end(args);
		if (n <= 0)
			return;
		const auto written = to_.first(std::min(static_cast<size_t>(n), to_.size()));
		/* What the user wrote is repeated: on one line. */
		for (char &c : written)
			if (c && (c < ' ' || c > '~'))
				c = '?';
		to_ = to_.subspan(written.size());
	}

    private:
	std::span<char> to_;
};

void refuse_name(const Word &name, Writer &why)
{
	const std::string_view text(name.begin, name.length);
	const auto *nearest = std::min_element(
		std::begin(kinds), std::end(kinds), [&](const FaultKind &a, const FaultKind &b) {
			return word_distance(text, a.name) < word_distance(text, b.name);
		});

	why.add("there is no fault \"%.*s\"; the nearest is %s. none clears all; the faults are:",
		name.printed(), name.begin, nearest->name);
	for (const FaultKind &kind : kinds)
		why.add(" %s", kind.name);
}

void refuse_option(const FaultKind &kind, const Word &name, Writer &why)
{
	why.add("%s has no option \"%.*s\"; it has count, every, per-million", kind.name,
		name.printed(), name.begin);
	for (const Filter &filter : kind.filters)
		if (filter.name)
			why.add(", %s", filter.name);
	for (const Detail *detail : {&kind.value, &kind.delay})
		if (detail->name)
			why.add(", %s", detail->name);
	if (kind.timed)
		why.add(", period");
}

/* Digits, 0x for hexadecimal. False: none, something behind them, or too large. */
bool parse_digits(const Word &text, uint64_t &number, size_t &used)
{
	const bool hex = text.length > 2 && text.begin[0] == '0' && text.begin[1] == 'x';
	const unsigned int base = hex ? 16 : 10;
	const size_t start = hex ? 2 : 0;

	number = 0;
	for (used = start; used < text.length; used++) {
		const char c = text.begin[used];
		unsigned int digit = 16;
		if (c >= '0' && c <= '9')
			digit = static_cast<unsigned int>(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = static_cast<unsigned int>(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			digit = static_cast<unsigned int>(c - 'A') + 10;
		if (digit >= base)
			break;
		if (number > (UINT64_MAX - digit) / base)
			return false;
		number = number * base + digit;
	}
	return used > start;
}

bool parse_number(const Word &name, const Word &text, uint64_t least, uint64_t most,
		  uint64_t &number, Writer &why)
{
	size_t used;

	if (parse_digits(text, number, used) && used == text.length && number >= least &&
	    number <= most)
		return true;
	why.add("%.*s=%.*s: must be a number from %" PRIu64 " to %" PRIu64, name.printed(),
		name.begin, text.printed(), text.begin, least, most);
	return false;
}

constexpr struct {
	const char *name;
	uint64_t ns;
} units[] = {{"s", second}, {"ms", ms}, {"us", us}, {"ns", 1}};

bool parse_time(const Word &name, const Word &text, uint64_t &ns, Writer &why)
{
	size_t used;
	uint64_t number;

	if (parse_digits(text, number, used)) {
		const Word unit{text.begin + used, text.length - used};
		for (const auto &u : units) {
			if (!unit.is(u.name) || number > max_delay / u.ns || !number)
				continue;
			ns = number * u.ns;
			return true;
		}
	}
	why.add("%.*s=%.*s: must be a time from 1ns to 3600s, with its unit: s, ms, us or ns",
		name.printed(), name.begin, text.printed(), text.begin);
	return false;
}

/* The text up to the first of @ends; what is left begins behind it. */
Word cut(const char *&text, const char *ends)
{
	const Word word{text, strcspn(text, ends)};
	text += word.length;
	return word;
}

bool parse_option(const FaultKind &kind, const Word &name, const Word &text, FaultRule &rule,
		  Writer &why)
{
	uint64_t number = 0;

	if (name.is("count"))
		return parse_number(name, text, 1, UINT32_MAX, rule.count, why);
	if (name.is("every"))
		return parse_number(name, text, 1, UINT32_MAX, rule.every, why);
	if (name.is("per-million")) {
		const bool good = parse_number(name, text, 0, FaultRule::million, number, why);
		rule.per_million = static_cast<uint32_t>(number);
		return good;
	}
	for (size_t i = 0; i < kind.filters.size(); i++) {
		if (!kind.filters[i].name || !name.is(kind.filters[i].name))
			continue;
		const bool good = parse_number(name, text, 0, kind.filters[i].max, number, why);
		rule.filters[i] = static_cast<uint32_t>(number);
		return good;
	}
	if (kind.value.name && name.is(kind.value.name)) {
		const bool good =
			parse_number(name, text, kind.value.least, kind.value.most, number, why);
		rule.value = static_cast<uint32_t>(number);
		return good;
	}
	if (kind.delay.name && name.is(kind.delay.name))
		return parse_time(name, text, rule.delay_ns, why);
	if (kind.timed && name.is("period"))
		return parse_time(name, text, rule.period_ns, why);
	refuse_option(kind, name, why);
	return false;
}

/* One fault; @text is left at the ';' or the end behind it. */
bool parse_fault(const char *&text, FaultRule &rule, Writer &why)
{
	const Word name = cut(text, ",;");
	const auto *kind = std::find_if(std::begin(kinds), std::end(kinds),
					[&](const FaultKind &k) { return name.is(k.name); });

	if (kind == std::end(kinds)) {
		refuse_name(name, why);
		return false;
	}
	rule = {};
	rule.fault = static_cast<Fault>(kind - kinds);
	rule.value = static_cast<uint32_t>(kind->value.usual);
	rule.delay_ns = kind->delay.usual;
	while (*text == ',') {
		text++;
		const Word option = cut(text, "=,;");
		Word value{text, 0};
		if (*text == '=') {
			text++;
			value = cut(text, ",;");
		}
		if (!parse_option(*kind, option, value, rule, why))
			return false;
	}
	if (!kind->timed)
		return true;
	/* Without a word on how often, once. */
	if (!rule.period_ns && !rule.count)
		rule.count = 1;
	if (!rule.period_ns)
		rule.period_ns = second;
	return true;
}

void write_time(Writer &out, const char *name, uint64_t ns)
{
	for (const auto &unit : units) {
		if (ns % unit.ns)
			continue;
		out.add(",%s=%" PRIu64 "%s", name, ns / unit.ns, unit.name);
		return;
	}
}
} // namespace

const char *fault_name(Fault fault)
{
	return kind_of(fault).name;
}

const char *fault_subject(Fault fault)
{
	return kind_of(fault).filters[0].name;
}

bool parse_faults(const char *text, std::span<FaultRule> rules, size_t &count, std::span<char> why)
{
	Writer out(why);

	for (count = 0;; text++) {
		FaultRule rule;
		if (!parse_fault(text, rule, out))
			return false;
		if (count == rules.size()) {
			out.add("more than %zu faults at once", rules.size());
			return false;
		}
		rules[count++] = rule;
		if (!*text)
			return true;
	}
}

void write_fault(const FaultRule &rule, std::span<char> text)
{
	const FaultKind &kind = kind_of(rule.fault);
	Writer out(text);

	out.add("%s", kind.name);
	for (size_t i = 0; i < kind.filters.size(); i++)
		if (rule.filters[i] != FaultRule::anything)
			out.add(",%s=%u", kind.filters[i].name, rule.filters[i]);
	if (kind.value.name)
		out.add(",%s=%u", kind.value.name, rule.value);
	if (kind.delay.name)
		write_time(out, kind.delay.name, rule.delay_ns);
	if (kind.timed)
		write_time(out, "period", rule.period_ns);
	if (rule.every != 1)
		out.add(",every=%" PRIu64, rule.every);
	if (rule.per_million != FaultRule::million)
		out.add(",per-million=%u", rule.per_million);
	if (rule.count)
		out.add(",count=%" PRIu64, rule.count);
	out.add(" hits=%" PRIu64 " seen=%" PRIu64, rule.hits, rule.seen);
}

} // namespace ena
