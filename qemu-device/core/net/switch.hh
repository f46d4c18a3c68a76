/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The switch embedded in an adapter: decides where a frame goes, by addresses that
 * its ports were given. It does not learn, and does not touch the frame.
 */
#ifndef NET_SWITCH_HH
#define NET_SWITCH_HH

#include <array>
#include <cstdint>
#include <span>

namespace net
{

using MacAddress = std::array<uint8_t, 6>;

enum class Refusal : uint8_t {
	none,
	runt, /* shorter than an Ethernet header */
	port_off, /* the sender's port is off */
	spoofed, /* the source address is not the port's */
	own_address, /* it is addressed to its sender */
	count
};

/* Port numbers, as a set. */
class PortSet {
    public:
	void add(unsigned int port)
	{
		words_[port / 64] |= uint64_t{1} << port % 64;
	}
	void remove(unsigned int port)
	{
		words_[port / 64] &= ~(uint64_t{1} << port % 64);
	}
	[[nodiscard]] bool has(unsigned int port) const
	{
		return words_[port / 64] >> port % 64 & 1;
	}
	[[nodiscard]] const std::array<uint64_t, 2> &words() const
	{
		return words_;
	}

    private:
	std::array<uint64_t, 2> words_ = {};
};

class Switch {
    public:
	/* Port 0 is the wire, port 1 the physical function, the others are virtual functions. */
	static constexpr unsigned int wire = 0;
	static constexpr unsigned int physical = 1;
	static constexpr unsigned int max_ports = 66;

	struct Port {
		bool on = false;
		bool check_source = false;
		MacAddress mac = {};
	};

	struct Verdict {
		PortSet to; /* nobody, if it was refused */
		Refusal refusal = Refusal::none;
	};

	struct Counters {
		uint64_t received = 0; /* frames the port gave to the switch, refused ones too */
		uint64_t sent = 0; /* and got from it */
		std::array<uint64_t, static_cast<size_t>(Refusal::count)> refused = {};
	};

	Switch();

	/* The wire has no address, and is on from the start. */
	void set(unsigned int port, const Port &to);
	[[nodiscard]] const Port &port(unsigned int port) const
	{
		return ports_[port];
	}

	/*
	 * Where the frame goes that came in at @from and begins with @head (14 bytes of it
	 * are enough). Group addresses go everywhere, but not back. What no port is known
	 * for goes to the wire; from the wire it goes to the physical function, as all would
	 * if it were alone. Costs the same with any number of ports.
	 */
	[[nodiscard]] Verdict forward(unsigned int from, std::span<const uint8_t> head);

	[[nodiscard]] const Counters &counters(unsigned int port) const
	{
		return counters_[port];
	}

    private:
	/* Open addressing, at most a quarter full. */
	static constexpr unsigned int table_size = 256;
	static constexpr uint8_t free_slot = 0xff;

	[[nodiscard]] unsigned int find(const MacAddress &mac) const;
	void rebuild();
	[[nodiscard]] Refusal judge(unsigned int from, std::span<const uint8_t> head) const;

	std::array<Port, max_ports> ports_ = {};
	std::array<Counters, max_ports> counters_ = {};
	std::array<uint8_t, table_size> table_ = {}; /* ports by the hash of their addresses */
	PortSet on_;
};

} // namespace net

#endif
