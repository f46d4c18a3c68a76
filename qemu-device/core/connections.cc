// SPDX-License-Identifier: GPL-2.0-or-later
#include "connections.hh"

#include "core/net/bytes.hh"
#include "core/net/headers.hh"

#include <bit>
#include <cstdlib>
#include <cstring>

namespace ena
{

namespace
{
/* With two chains for each entry, no honest traffic makes a longer one. */
constexpr unsigned int longest_chain = 16;
/* More than one new connection can use up, so that none is refused for what has timed out. */
constexpr uint32_t expired_at_once = 4;

void copy(std::span<uint8_t> to, std::span<const uint8_t> from)
{
	memcpy(to.data(), from.data(), std::min(to.size(), from.size()));
}

uint16_t port(std::span<const uint8_t> bytes)
{
	return bytes.size() < 2 ? uint16_t{0} : net::load_be16(bytes.data());
}
} // namespace

Connection Connection::of(const net::Packet &packet, std::span<const uint8_t> head, bool outbound)
{
	Connection c;

	copy(outbound ? c.local : c.remote, packet.source(head));
	copy(outbound ? c.remote : c.local, packet.destination(head));
	(outbound ? c.local_port : c.remote_port) = port(packet.source_port(head));
	(outbound ? c.remote_port : c.local_port) = port(packet.destination_port(head));
	c.l3 = static_cast<uint8_t>(packet.l3);
	c.l4 = static_cast<uint8_t>(packet.l4);
	return c;
}

uint64_t Connection::hash() const
{
	std::array<uint64_t, sizeof(Connection) / 8> words;
	uint64_t h = 0x9e3779b97f4a7c15;

	memcpy(words.data(), this, sizeof(*this));
	for (uint64_t word : words) {
		h = (h ^ word) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	return h;
}

Connections::~Connections()
{
	free(entries_);
	free(chains_);
}

bool Connections::init(uint32_t entries, uint64_t established_ns)
{
	timeout_ns_[established] = established_ns;
	if (!entries)
		return true;
	chain_count_ = std::bit_ceil(2 * entries);
	entries_ = static_cast<Entry *>(calloc(entries, sizeof(*entries_)));
	chains_ = static_cast<Link *>(calloc(chain_count_, sizeof(*chains_)));
	if (!entries_ || !chains_)
		return false;
	capacity_ = entries;
	return true;
}

void Connections::append(Age age, Link link)
{
	List &list = lists_[age];
	Entry &entry = at(link);

	entry.age = age;
	entry.older = list.newest;
	entry.newer = 0;
	(list.newest ? at(list.newest).newer : list.oldest) = link;
	list.newest = link;
}

/* From the list of its age. */
void Connections::unlink(Link link)
{
	const Entry &entry = at(link);
	List &list = lists_[entry.age];

	(entry.older ? at(entry.older).newer : list.oldest) = entry.newer;
	(entry.newer ? at(entry.newer).older : list.newest) = entry.older;
}

void Connections::remove(Link link)
{
	Link *place = chain(at(link).connection);

	while (*place != link)
		place = &at(*place).next_in_chain;
	*place = at(link).next_in_chain;
	unlink(link);
	at(link).next_in_chain = free_;
	free_ = link;
	used_--;
}

void Connections::expire(uint64_t now_ns, uint32_t budget)
{
	for (uint8_t age = 0; age < ages; age++) {
		for (; budget; budget--) {
			const Link oldest = lists_[age].oldest;
			if (!oldest || now_ns < at(oldest).last_ns ||
			    now_ns - at(oldest).last_ns < timeout_ns_[age])
				break;
			remove(oldest);
		}
	}
}

/* 0: no room, in the table or (a hostile one) in its chain. */
Connections::Link Connections::find_or_create(const Connection &connection)
{
	Link *place = chain(connection);
	unsigned int length = 0;

	for (; *place; place = &at(*place).next_in_chain) {
		if (!memcmp(&at(*place).connection, &connection, sizeof(connection)))
			return *place;
		if (++length == longest_chain)
			return 0;
	}
	if (used_ == capacity_)
		return 0;
	Link link = free_;
	if (link)
		free_ = at(link).next_in_chain;
	else
		link = ++untouched_;
	*place = link;
	at(link) = {connection, 0, 0, 0, 0, 0, 0};
	append(brief, link);
	used_++;
	return link;
}

bool Connections::track(const Connection &connection, const net::Packet &packet,
			std::span<const uint8_t> head, bool outbound, uint64_t now_ns)
{
	if (!capacity_)
		return true;
	expire(now_ns, expired_at_once);
	const Link link = find_or_create(connection);
	if (!link)
		return false;

	const bool tcp = packet.l4 == net::L4::tcp;
	const uint8_t flags = tcp ? head[packet.l4_offset + net::tcp::flags] : 0;
	if (flags & net::tcp::rst) {
		remove(link);
		return true;
	}
	Entry &entry = at(link);
	entry.last_ns = now_ns;
	entry.seen |= outbound ? out : in;
	if (flags & net::tcp::fin)
		entry.seen |= outbound ? fin_out : fin_in;
	Age age = brief;
	if ((entry.seen & both) == both && packet.l4 != net::L4::none) {
		age = tcp ? established : stream;
		if ((entry.seen & fins) == fins)
			age = brief;
	}
	unlink(link);
	append(age, link);
	return true;
}

} // namespace ena
