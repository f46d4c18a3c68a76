/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking, as far as it is an allowance. */
#ifndef ENA_CORE_CONNECTIONS_HH
#define ENA_CORE_CONNECTIONS_HH

#include "core/net/packet.hh"

#include <array>
#include <cstdint>
#include <span>

namespace ena
{

/* Two ends, seen from the instance. What has no ports has zeros there. */
struct Connection {
	std::array<uint8_t, 16> local{}, remote{};
	uint16_t local_port = 0, remote_port = 0;
	uint8_t l3 = 0, l4 = 0;
	uint8_t zero[2]{};

	/* @outbound: the source is local. The packet is IP. */
	[[nodiscard]] static Connection of(const net::Packet &packet, std::span<const uint8_t> head,
					   bool outbound);
	[[nodiscard]] uint64_t hash() const;
};
static_assert(sizeof(Connection) == 40); /* compared as bytes */

/*
 * A table of fixed size: memory is taken once, and a packet costs one look into
 * a chain of bounded length and the removal of a few that have timed out.
 */
class Connections {
    public:
	static constexpr uint32_t max_entries = 1u << 20;
	/* As Amazon documents, but for the time of a TCP connection being opened. */
	static constexpr uint64_t brief_ns = 30'000'000'000, stream_ns = 180'000'000'000;

	Connections() = default;
	~Connections();
	Connections(const Connections &) = delete;
	Connections &operator=(const Connections &) = delete;

	/* @entries: 0, nothing is tracked. False: no memory. */
	[[nodiscard]] bool init(uint32_t entries, uint64_t established_ns);
	/* False: a new connection, and there is no room for it. */
	[[nodiscard]] bool track(const Connection &connection, const net::Packet &packet,
				 std::span<const uint8_t> head, bool outbound, uint64_t now_ns);
	/* Forget at most @budget connections of those that have timed out. */
	void expire(uint64_t now_ns, uint32_t budget = max_entries);
	[[nodiscard]] bool tracks() const
	{
		return capacity_;
	}
	[[nodiscard]] uint32_t available() const
	{
		return capacity_ - used_;
	}

    private:
	/* Names an entry: its index and 1; 0 is none. */
	using Link = uint32_t;

	/* What a connection is in, by its timeout. Each is a list, the oldest first. */
	enum Age : uint8_t { brief, stream, established, ages };
	enum Seen : uint8_t { out = 1, in = 2, both = 3, fin_out = 4, fin_in = 8, fins = 12 };

	struct Entry {
		Connection connection;
		uint64_t last_ns;
		Link next_in_chain; /* or in the list of free ones */
		Link older, newer;
		uint8_t age, seen;
	};
	struct List {
		Link oldest = 0, newest = 0;
	};

	[[nodiscard]] Entry &at(Link link)
	{
		return entries_[link - 1];
	}
	[[nodiscard]] Link *chain(const Connection &connection)
	{
		return &chains_[connection.hash() & (chain_count_ - 1)];
	}
	[[nodiscard]] Link find_or_create(const Connection &connection);
	void append(Age age, Link link);
	void unlink(Link link);
	void remove(Link link);

	Entry *entries_ = nullptr;
	Link *chains_ = nullptr;
	uint32_t capacity_ = 0, used_ = 0;
	uint32_t chain_count_ = 0; /* a power of two */
	Link free_ = 0;
	uint32_t untouched_ = 0; /* entries from here on were never used */
	std::array<List, ages> lists_;
	std::array<uint64_t, ages> timeout_ns_{brief_ns, stream_ns, 0};
};

} // namespace ena

#endif
