/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of an adapter as bytes, for migration. See Documentation/migration.rst.
 *
 * How a class joins
 *
 *  1. It gets `void snapshot(Snapshot &s)`, which opens a section of its own and
 *     names each field once. The same function measures, saves and loads: it
 *     cannot save what it does not load.
 *
 *         void Thing::snapshot(Snapshot &s)
 *         {
 *             s.section("thing", 1, Absent::defaults, [&] {
 *                 s.value("mode", mode_, Mode::last);
 *                 s.value("depth", depth_, 1, max_depth);
 *                 s.deadline("due_ns", due_ns_, longest_wait_ns);
 *             });
 *             if (s.loading())
 *                 rebuild_what_follows_from_the_fields();
 *         }
 *
 *  2. Device::snapshot() (device_snapshot.cc) calls it, behind what it refers to.
 *  3. Each field has the limits that it has when the guest sets it: what is loaded is
 *     untrusted. Relations between fields go through require(). After the first
 *     refusal nothing more is stored, and in the end the device is reset, so a
 *     visitor need not care; but a loop must not run by a count before it was checked.
 *  4. What follows from other state is rebuilt, not saved; what is the host's (link
 *     at the other end, abilities of the peer, a busy transmitter) is neither.
 *  5. What must be the same at both ends (configuration) goes through same().
 *  6. A field that comes later gets a new version of its section, behind the others:
 *     `if (s.since(2)) s.value(...)`. A snapshot of before leaves it as after a
 *     reset. A section that comes later is Absent::defaults. A field that is no longer
 *     needed is still visited, into a variable that nobody reads.
 *  7. tests/device/snapshot_test.cc changes every field and wants it back.
 */
#ifndef ENA_CORE_SNAPSHOT_HH
#define ENA_CORE_SNAPSHOT_HH

#include "host.hh"

#include <concepts>
#include <limits>
#include <span>
#include <type_traits>

namespace ena
{

/* What it means when the snapshot of an older release lacks a section. */
enum class Absent { refused, defaults };

class Snapshot {
    public:
	static constexpr uint32_t format = 1;

	/*
	 * Saves into @buffer, or measures if that is too small. @now_ns: the
	 * guest's clock. @why: where the sentence goes when something fails.
	 */
	Snapshot(std::span<uint8_t> buffer, uint64_t now_ns, std::span<char> why);
	/* Loads from @bytes. */
	static Snapshot loader(std::span<const uint8_t> bytes, uint64_t now_ns,
			       std::span<char> why);

	[[nodiscard]] bool loading() const
	{
		return loading_;
	}
	[[nodiscard]] bool failed() const
	{
		return failed_;
	}
	/* Bytes of the whole; call last. */
	[[nodiscard]] size_t finish();

	/*
	 * The fields that @visit names form the section @id (at most 10
	 * characters). @version: what is saved, and the newest that is loaded.
	 */
	template <class Visit>
	void section(const char *id, uint16_t version, Absent absent, Visit visit)
	{
		if (!begin(id, version, absent))
			return;
		visit();
		end();
	}
	/* The section has the fields that came with @version. */
	[[nodiscard]] bool since(uint16_t version) const
	{
		return version_ >= version;
	}
	/* For sentences: the fields that follow belong to the element @index of an array. */
	void item(unsigned int index)
	{
		item_ = static_cast<int>(index);
	}

	/* A number (or bool) from @min to @max. */
	template <std::unsigned_integral T>
	void value(const char *name, T &field, uint64_t min = 0,
		   uint64_t max = std::numeric_limits<T>::max())
	{
		uint64_t v = field;
		if (number(name, v, sizeof(T), min, max))
			field = static_cast<T>(v);
	}
	/* An enum of at most a byte, up to @last. */
	template <class E>
		requires std::is_enum_v<E>
	void value(const char *name, E &field, E last)
	{
		uint64_t v = static_cast<uint64_t>(field);
		if (number(name, v, 1, 0, static_cast<uint64_t>(last)))
			field = static_cast<E>(v);
	}
	/* Bits, no others than @allowed. */
	template <std::unsigned_integral T> void mask(const char *name, T &field, T allowed)
	{
		uint64_t v = field;
		if (bits(name, v, sizeof(T), allowed))
			field = static_cast<T>(v);
	}
	/* A moment of the guest's clock, kept as time left; at most @max_left from now, or never. */
	void deadline(const char *name, uint64_t &field, uint64_t max_left);
	/* A moment of the guest's clock that has passed, kept as its age; 0: there was none. */
	void past(const char *name, uint64_t &field);
	/* Plain bytes, all values of which make sense. */
	void bytes(const char *name, std::span<uint8_t> field);
	/* What source and destination must have in common. */
	template <std::unsigned_integral T> void same(const char *name, T ours)
	{
		uint64_t v = ours;
		common(name, v, sizeof(T));
	}
	/* A relation between fields; @sentence says what is wrong. */
	void require(bool holds, const char *sentence);
	[[gnu::format(printf, 2, 3)]] void fail(const char *format, ...);

    private:
	/* In front of each section. */
	struct Header {
		char id[10];
		uint16_t version;
		uint32_t length; /* of what follows */
	};

	[[nodiscard]] bool begin(const char *id, uint16_t version, Absent absent);
	void end();
	/* These are true if @value was loaded, and is good. */
	[[nodiscard]] bool number(const char *name, uint64_t &value, size_t size, uint64_t min,
				  uint64_t max);
	[[nodiscard]] bool bits(const char *name, uint64_t &value, size_t size, uint64_t allowed);
	void common(const char *name, uint64_t ours, size_t size);
	/* The next @size bytes; false: there are none, nothing was transferred. */
	[[nodiscard]] bool transfer(const char *name, void *data, size_t size);
	[[nodiscard]] bool word(const char *name, uint64_t &value, size_t size);

	/* Without bounds checks: inside() comes first. */
	[[nodiscard]] uint64_t get(size_t at, size_t size) const;
	void put(size_t at, uint64_t value, size_t size);
	[[nodiscard]] Header header(size_t at) const;
	/* Whether the bytes are sections from first to last. */
	void check_structure();
	void refuse_unknown_section();
	[[gnu::format(printf, 3, 4)]] void complain(const char *name, const char *format, ...);

	bool loading_ = false;
	bool failed_ = false;
	std::span<uint8_t> out_;
	std::span<const uint8_t> in_;
	uint64_t now_ns_;
	std::span<char> why_;

	size_t at_ = 0; /* the next byte */
	size_t end_ = 0; /* of the section being loaded */
	size_t begin_ = 0; /* of the section being saved */
	const char *section_ = nullptr; /* under way */
	uint16_t version_ = 0; /* of it */
	int item_ = -1; /* in it */
	uint64_t seen_ = 0; /* sections loaded; bit = their order in the bytes */
};

} // namespace ena

#endif
