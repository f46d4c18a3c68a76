/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The switch embedded in an adapter: decides where a frame goes, by addresses and VLANs
 * that its ports were given. It does not learn, and does not touch the frame.
 */
#ifndef NET_SWITCH_HH
#define NET_SWITCH_HH

#include "vlan_tag.hh"

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
	tagged, /* by a port that has a VLAN, which the switch tags for it */
	count
};

/* Port numbers, as a set. */
class PortSet {
    public:
	PortSet() = default;
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
	[[nodiscard]] bool empty() const
	{
		return !(words_[0] | words_[1]);
	}
	friend PortSet operator|(const PortSet &a, const PortSet &b)
	{
		return {a.words_[0] | b.words_[0], a.words_[1] | b.words_[1]};
	}
	friend PortSet operator&(const PortSet &a, const PortSet &b)
	{
		return {a.words_[0] & b.words_[0], a.words_[1] & b.words_[1]};
	}
	[[nodiscard]] const std::array<uint64_t, 2> &words() const
	{
		return words_;
	}

    private:
	PortSet(uint64_t low, uint64_t high) : words_{low, high}
	{
	}
	std::array<uint64_t, 2> words_ = {};
};

/* Who carries frames between the functions, as IEEE 802.1Qbg calls it. */
enum class SwitchMode : uint8_t {
	veb, /* this switch */
	vepa, /* the one at the other end of the wire, which sends them back */
};

class Switch {
    public:
	/* Port 0 is the wire, port 1 the physical function, the others are virtual functions. */
	static constexpr unsigned int wire = 0;
	static constexpr unsigned int physical = 1;
	static constexpr unsigned int max_ports = 66;

	/*
	 * A port with a VLAN sends and receives untagged frames, which are tagged on their
	 * way to ports without one. These take and give frames of all VLANs, with their tags.
	 */
	struct Port {
		bool on = false;
		bool check_source = false;
		bool floods = false; /* it also gets what is addressed to none that is known */
		uint16_t vlan = 0; /* 1 to 4094; 0: none */
		uint8_t priority = 0; /* 0 to 7, in the tags of its frames */
		MacAddress mac = {};
	};

	struct Verdict {
		PortSet to; /* the frame as it is; nobody, if it was refused */
		PortSet retagged; /* the frame after @edit */
		TagEdit edit = {};
		Refusal refusal = Refusal::none;
	};

	struct Counters {
		uint64_t received = 0; /* frames the port gave to the switch, refused ones too */
		uint64_t sent = 0; /* and got from it */
		uint64_t broadcast = 0, multicast = 0; /* of those sent */
		std::array<uint64_t, static_cast<size_t>(Refusal::count)> refused = {};
	};

	Switch();

	void set_mode(SwitchMode mode)
	{
		mode_ = mode;
	}
	/* The wire has no address, and is on from the start. */
	void set(unsigned int port, const Port &to);
	[[nodiscard]] const Port &port(unsigned int port) const
	{
		return ports_[port];
	}

	/*
	 * Where the frame goes that came in at @from and begins with @head (head_length bytes
	 * of it are enough). Group addresses go to all ports of the VLAN, but not back. What no
	 * port of the VLAN is known for goes to the wire; from the wire it goes to the physical
	 * function, as all would if it were alone. Costs the same with any number of ports.
	 *
	 * With SwitchMode::vepa all goes to the wire. What comes back is told by its source address,
	 * and does not go to the port that has it.
	 */
	static constexpr size_t head_length = 18;
	[[nodiscard]] Verdict forward(unsigned int from, std::span<const uint8_t> head);
	/* Whether forward() would give it to no port but functions. */
	[[nodiscard]] bool stays_inside(unsigned int from, std::span<const uint8_t> head) const;

	[[nodiscard]] const Counters &counters(unsigned int port) const
	{
		return counters_[port];
	}

    private:
	struct Tag {
		bool present = false; /* of 802.1Q */
		bool outer = false; /* one of 802.1ad */
		uint16_t vlan = 0;
	};

	/* Open addressing, at most a quarter full. */
	static constexpr unsigned int table_size = 256;
	static constexpr uint8_t free_slot = 0xff;

	static constexpr unsigned int vlans = 4096;

	[[nodiscard]] static Tag tag_of(std::span<const uint8_t> head);
	[[nodiscard]] unsigned int find(const MacAddress &mac) const;
	void rebuild();
	void enter_in_vlan(unsigned int port);
	[[nodiscard]] Refusal judge(unsigned int from, std::span<const uint8_t> head,
				    const Tag &tag) const;
	[[nodiscard]] PortSet destinations(unsigned int from, const MacAddress &to,
					   unsigned int vlan) const;
	[[nodiscard]] PortSet without_sender(PortSet ports, const MacAddress &source) const;
	[[nodiscard]] static TagEdit edit_for(const Port &from, const Tag &tag);
	[[nodiscard]] Verdict decide(unsigned int from, std::span<const uint8_t> head) const;
	void count(const PortSet &to, const MacAddress &address);

	SwitchMode mode_ = SwitchMode::veb;
	std::array<Port, max_ports> ports_ = {};
	std::array<Counters, max_ports> counters_ = {};
	std::array<uint8_t, table_size> table_ = {}; /* ports by the hash of their addresses */
	PortSet untagged_; /* ports without a VLAN that are on */
	PortSet floods_;
	/* Ports that are on, by their VLANs: the set of a VLAN is found by its number. */
	std::array<PortSet, max_ports> members_;
	std::array<uint8_t, vlans> member_set_ = {}; /* in members_; the first is empty */
};

} // namespace net

#endif
