#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write vectors.hh: frames built by scapy, and what a parser must see in them.

Usage: make_vectors.py > vectors.hh (needs python3-scapy; the output is in the tree)
"""
from scapy.all import (Dot1AD, Dot1Q, Ether, ICMP, IP, IPOption_Router_Alert,
                       IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, PadN, Raw, RouterAlert, TCP, UDP, ARP)

ETHER = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
IP4 = dict(src="192.0.2.1", dst="198.51.100.77", id=0x1234)
IP6 = dict(src="2001:db8::1", dst="2001:db8:ffff::42:17")
TCP_OPTIONS = [("MSS", 1460), ("NOP", None), ("WScale", 7), ("SAckOK", b""), ("Timestamp", (7, 9))]


def text(n):
    return Raw(bytes((i * 7 + 3) & 0xff for i in range(n)))


def field(packet, layer, **kwargs):
    """The same packet with fields of one layer replaced after checksums were computed."""
    packet = packet.__class__(bytes(packet))
    for name, value in kwargs.items():
        setattr(packet[layer], name, value)
    return packet


def vectors():
    e, tcp, udp = ETHER, TCP(sport=49152, dport=443, flags="PA", seq=1, ack=2), UDP(sport=53, dport=7000)
    yield "arp", e / ARP(), {}
    yield "ipv4 tcp", e / IP(**IP4) / tcp / text(32), {}
    yield "ipv4 tcp, odd payload", e / IP(**IP4) / tcp / text(31), {}
    yield "ipv4 tcp, no payload, ethernet padding", e / IP(**IP4) / tcp / Raw(b""), {"pad": 6}
    yield "ipv4 tcp with options", e / IP(**IP4) / TCP(sport=1, dport=2, options=TCP_OPTIONS) / text(5), {}
    yield "ipv4 udp", e / IP(**IP4) / udp / text(17), {}
    yield "ipv4 udp, one byte", e / IP(**IP4) / udp / text(1), {"pad": 17}
    yield "ipv4 udp without checksum", e / IP(**IP4) / UDP(sport=53, dport=7000, chksum=0) / text(8), \
        {"l4_check": "none"}
    yield "ipv4 with options, udp", \
        e / IP(options=[IPOption_Router_Alert()], **IP4) / udp / text(9), {}
    yield "ipv4 icmp", e / IP(**IP4) / ICMP() / text(8), {}
    yield "ipv4 wrong header checksum", field(e / IP(**IP4) / tcp / text(8), IP, ttl=3), \
        {"l3_check": "bad"}
    yield "ipv4 wrong tcp checksum", field(e / IP(**IP4) / tcp / text(8), TCP, window=3), \
        {"l4_check": "bad"}
    yield "ipv4 first fragment", e / IP(flags="MF", **IP4) / udp / text(16), {"fragment": True}
    yield "ipv4 last fragment", e / IP(frag=185, **IP4) / text(16), {"fragment": True}
    yield "vlan ipv4 tcp", e / Dot1Q(vlan=5) / IP(**IP4) / tcp / text(4), {}
    yield "802.1ad and 802.1q, ipv6 udp", \
        e / Dot1AD(vlan=9) / Dot1Q(vlan=5) / IPv6(**IP6) / udp / text(11), {}
    yield "ipv6 tcp", e / IPv6(**IP6) / tcp / text(33), {}
    yield "ipv6 udp without checksum", e / IPv6(**IP6) / UDP(sport=4789, dport=4789, chksum=0) / text(8), \
        {"l4_check": "none"}
    yield "ipv6 hop-by-hop, destination options, udp", \
        e / IPv6(**IP6) / IPv6ExtHdrHopByHop(options=[RouterAlert()]) / \
        IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)]) / udp / text(3), {}
    yield "ipv6 routing done, tcp", \
        e / IPv6(**IP6) / IPv6ExtHdrRouting(type=2, segleft=0, addresses=["2001:db8::9"]) / tcp / text(3), {}
    yield "ipv6 routing not done, tcp", \
        e / IPv6(**IP6) / IPv6ExtHdrRouting(type=0, segleft=1, addresses=["2001:db8::9"]) / tcp / text(3), \
        {"no_l4": True}
    yield "ipv6 atomic fragment, tcp", e / IPv6(**IP6) / IPv6ExtHdrFragment(id=7) / tcp / text(3), {}
    yield "ipv6 first fragment", e / IPv6(**IP6) / IPv6ExtHdrFragment(m=1, id=7) / udp / text(16), \
        {"fragment": True}
    yield "ipv6 later fragment", e / IPv6(**IP6) / IPv6ExtHdrFragment(offset=9, id=7, nh=17) / text(16), \
        {"fragment": True}


def expectation(packet, hints):
    """Offsets by the lengths of scapy's layers."""
    out = dict(l3="none", l3_offset=0, l4="none", l4_offset=0, l4_length=0, header_length=0,
               vlans=0, fragment=hints.get("fragment", False), ext=False, l3_check="none",
               l4_check="none")
    offset, layer = 0, packet
    frame_end = len(bytes(packet))
    while layer and not isinstance(layer, Raw):
        own = len(bytes(layer)) - len(bytes(layer.payload))
        if isinstance(layer, (Dot1Q, Dot1AD)):
            out["vlans"] += 1
        if isinstance(layer, (IP, IPv6)):
            out["l3"] = "ipv4" if isinstance(layer, IP) else "ipv6"
            out["l3_offset"] = offset
            if out["l3"] == "ipv4":
                out["l3_check"] = hints.get("l3_check", "good")
        if "ExtHdr" in type(layer).__name__:
            out["ext"] = True
        if isinstance(layer, (TCP, UDP)) and not out["fragment"] and not hints.get("no_l4"):
            out["l4"] = "tcp" if isinstance(layer, TCP) else "udp"
            out["l4_offset"] = offset
            out["l4_length"] = frame_end - offset
            out["header_length"] = offset + own
            out["l4_check"] = hints.get("l4_check", "good")
        offset += own
        layer = layer.payload
    return out


def main():
    print("""/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made by make_vectors.py. */
#ifndef TESTS_NET_VECTORS_HH
#define TESTS_NET_VECTORS_HH

#include "core/net/packet.hh"

struct Vector {
	const char *name;
	const char *hex;
	net::L3 l3;
	uint16_t l3_offset;
	net::L4 l4;
	uint16_t l4_offset, l4_length, header_length;
	uint8_t vlans;
	bool fragment, ipv6_ext;
	net::Check l3_check, l4_check;
};

inline constexpr Vector vectors[] = {""")
    for name, packet, hints in vectors():
        raw = bytes(packet)
        x = expectation(packet.__class__(raw) if "bad" not in hints.values() else packet, hints)
        data = (raw + b"\xa5" * hints.get("pad", 0)).hex()
        lines = "\n".join(f'\t "{data[i:i + 88]}"' for i in range(0, len(data), 88))
        boolean = {True: "true", False: "false"}
        print(f'\t{{"{name}",\n{lines},\n'
              f'\t net::L3::{x["l3"]}, {x["l3_offset"]}, net::L4::{x["l4"]}, {x["l4_offset"]}, '
              f'{x["l4_length"]}, {x["header_length"]},\n'
              f'\t {x["vlans"]}, {boolean[x["fragment"]]}, {boolean[x["ext"]]}, '
              f'net::Check::{x["l3_check"]}, net::Check::{x["l4_check"]}}},')
    print("};\n\n#endif")


if __name__ == "__main__":
    main()
