#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The adapter's offloads against scapy: every frame that leaves or arrives, byte for byte.

    scapy_test.py PROGRAM

PROGRAM is offload_lines, which says what the adapter's core does with a frame.
"""

import logging
import random
import subprocess
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
# pylint: disable=wrong-import-position
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, IPOption_RR  # noqa: E402
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,  # noqa: E402
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting)
from scapy.layers.l2 import ARP, GRE, Dot1AD, Dot1Q, Ether  # noqa: E402
from scapy.layers.vxlan import VXLAN  # noqa: E402
from scapy.packet import Raw  # noqa: E402

SEED = 20260611
TSO, L3, L4, PARTIAL = 1 << 7, 1 << 13, 1 << 14, 1 << 17
IPV4, IPV6, PROTO_TCP, PROTO_UDP = 8, 11, 12 << 8, 13 << 8
FIN, PSH, CWR = 0x01, 0x08, 0x80
# RX completion status
VLANS, L3_BAD, L4_BAD, FRAGMENT, CHECKED = 5, 1 << 13, 1 << 14, 1 << 15, 1 << 16
OPTIONS = [("MSS", 1460), ("NOP", None), ("NOP", None), ("Timestamp", (0x12345678, 0x9abcdef0)),
           ("WScale", 7), ("NOP", None)]
TIMESTAMP = [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]


def pattern(size, seed=0):
    """Payload."""
    return random.Random(seed).randbytes(size)


def link(tags=0):
    """An Ethernet header with so many VLAN tags."""
    header = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    if tags == 2:
        header = header / Dot1AD(vlan=100) / Dot1Q(vlan=7)
    elif tags == 1:
        header = header / Dot1Q(vlan=5, prio=3)
    return header


def ip4(options=(), **fields):
    """An IPv4 header."""
    return IP(src="192.0.2.1", dst="198.51.100.9", id=fields.pop("id", 0x1234), flags="DF",
              options=list(options), **fields)


def ip6(extensions=()):
    """An IPv6 header and its extension headers."""
    header = IPv6(src="2001:db8::1", dst="2001:db8:ffff::99")
    for extension in extensions:
        header = header / extension
    return header


ROUTE = [IPOption_NOP(), IPOption_RR(length=11, pointer=4, routers=["0.0.0.0", "0.0.0.0"])]
EXTENSIONS = {
    "hop-by-hop": lambda: [IPv6ExtHdrHopByHop()],
    "destination options": lambda: [IPv6ExtHdrDestOpt()],
    "routing, none left": lambda: [IPv6ExtHdrRouting(addresses=["2001:db8::5"], segleft=0)],
    "atomic fragment": lambda: [IPv6ExtHdrFragment(offset=0, m=0, id=9)],
    "three": lambda: [IPv6ExtHdrHopByHop(), IPv6ExtHdrRouting(addresses=[], segleft=0),
                      IPv6ExtHdrDestOpt()],
}


def l4_of(packet):
    """The innermost of TCP and UDP that is not in a tunnel."""
    return packet[TCP] if TCP in packet else packet[UDP]


def offsets(packet):
    """Where the IP header is, how long it is with all that follows to L4, TCP's words."""
    l4 = l4_of(packet)
    l3 = packet[IPv6] if IPv6 in packet else packet[IP]
    start = len(packet) - len(l3)
    header = len(l3) - len(l4)
    return start, header, (len(l4) - len(l4.payload)) // 4 if TCP in packet else 0


def finished(packet):
    """A packet with lengths and checksums left to scapy, as bytes."""
    return bytes(packet)


def without_checksums(packet, l4=0xdead, l3=0xbeef):
    """The same frame as a driver gives it: its checksum fields hold what they like."""
    raw = bytearray(bytes(packet))
    start, header, _ = offsets(packet)
    if IP in packet and l3 is not None:
        raw[start + 10:start + 12] = l3.to_bytes(2, "big")
    at = start + header + (16 if TCP in packet else 6)
    if l4 is not None:
        raw[at:at + 2] = l4.to_bytes(2, "big")
    return bytes(raw)


def pseudo_sum(packet):
    """What a driver leaves in the L4 field for a partial checksum."""
    l4 = l4_of(packet)
    if IPv6 in packet:
        addresses = bytes(packet[IPv6])[8:40]
    else:
        addresses = bytes(packet[IP])[12:20]
    words = addresses + (6 if TCP in packet else 17).to_bytes(2, "big") + len(l4).to_bytes(2, "big")
    total = sum(int.from_bytes(words[i:i + 2], "big") for i in range(0, len(words), 2))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


def protocols(packet):
    """The descriptor's word that names them."""
    return (IPV6 if IPv6 in packet else IPV4) | (PROTO_TCP if TCP in packet else PROTO_UDP)


def segments(packet, mss):
    """The frames that scapy makes of one too large."""
    payload = bytes(packet[TCP].payload)
    pieces = [payload[i:i + mss] for i in range(0, len(payload), mss)] or [b""]
    flags = int(packet[TCP].flags)
    frames = []
    for i, piece in enumerate(pieces):
        one = packet.copy()
        one[TCP].remove_payload()
        one[TCP].add_payload(Raw(piece))
        one[TCP].seq = (packet[TCP].seq + i * mss) & 0xffffffff
        one[TCP].flags = flags & (0xff if i == 0 else ~CWR) & (
            0xff if i + 1 == len(pieces) else ~(FIN | PSH))
        one[TCP].chksum = None
        if IP in one:
            one[IP].id = (packet[IP].id + i) & 0xffff
            one[IP].len = one[IP].chksum = None
        else:
            one[IPv6].plen = None
        frames.append(finished(one))
    return frames


class Cases:
    """Requests, with what the adapter should answer."""

    def __init__(self):
        self.cases = []

    def tx(self, name, word1, frame, expected, meta=(0, 0, 0, 0)):
        """One frame to send."""
        line = f"tx {word1:x} {' '.join(map(str, meta))} {frame.hex()}"
        self.cases.append((name, line, expected if isinstance(expected, str) else
                           " ".join(one.hex() for one in expected)))

    def rx(self, name, frame, status, expected=None, header=(0, 0, 0, 0, 0)):
        """One frame to receive."""
        flags, gso, size, start, offset = header
        line = f"rx {flags:x} {gso:x} {size} {start} {offset} {frame.hex()}"
        answer = " ".join(f"{status:x}:{one.hex()}" for one in (expected or [frame]))
        self.cases.append((name, line, answer))

    def tso(self, name, packet, mss, expected=None):
        """One large frame to cut."""
        start, header, words = offsets(packet)
        word1 = TSO | L4 | protocols(packet) | (L3 if IP in packet else 0)
        self.tx(f"TSO: {name}, MSS {mss}", word1, without_checksums(packet),
                segments(packet, mss) if expected is None else expected,
                (mss, start, header, words))

    def full(self, name, packet):
        """Checksums the adapter computes wholly."""
        word1 = L4 | protocols(packet) | (L3 if IP in packet else 0)
        self.tx(f"full checksum: {name}", word1, without_checksums(packet), [finished(packet)])

    def partial(self, name, packet):
        """A checksum that the driver began; with the offsets in a meta descriptor."""
        start, header, words = offsets(packet)
        self.tx(f"partial checksum: {name}", L4 | PARTIAL | protocols(packet),
                without_checksums(packet, l4=pseudo_sum(packet), l3=None), [finished(packet)],
                (0, start, header, words))

    def verdict(self, name, packet):
        """A frame as sent, one with its L4 checksum damaged, one with its payload damaged."""
        frame = finished(packet)
        start, header, _ = offsets(packet)
        at = start + header + (16 if TCP in packet else 6)
        tags = sum(layer in packet for layer in (Dot1AD, Dot1Q))
        status = protocols(packet) | tags << VLANS | CHECKED
        self.rx(f"RX: {name}", frame, status)
        damaged = bytearray(frame)
        damaged[at] ^= 0x40
        self.rx(f"RX: {name}, wrong checksum", bytes(damaged), status | L4_BAD)
        if IP in packet:
            damaged = bytearray(frame)
            damaged[start + 8] ^= 1
            self.rx(f"RX: {name}, wrong header checksum", bytes(damaged), status | L3_BAD)


def shapes():
    """Name and headers without L4 of each kind of packet."""
    for tags in (0, 1, 2):
        yield f"IPv4, {tags} tags", lambda tags=tags: link(tags) / ip4()
        yield f"IPv6, {tags} tags", lambda tags=tags: link(tags) / ip6()
    yield "IPv4 with options", lambda: link() / ip4(ROUTE)
    yield "IPv4 with options, tagged", lambda: link(1) / ip4(ROUTE)
    for name, make in EXTENSIONS.items():
        yield f"IPv6 with {name}", lambda make=make: link() / ip6(make())


def tso_cases(cases):
    """Large frames."""
    for name, head in shapes():
        for options in ((), OPTIONS):
            packet = head() / TCP(sport=1, dport=2, seq=1000, ack=5, flags="PA",
                                  options=list(options)) / Raw(pattern(5001))
            for mss in (1448, 536):
                cases.tso(f"{name}, {len(options)} TCP options", packet, mss)
    tcp = TCP(sport=5, dport=6, seq=0xfffffff0, flags="FPA")
    for head in (link() / ip4(id=0xfffe), link() / ip6()):
        for mss in (1, 8, 99, 100, 101, 8000):
            cases.tso("FIN and PSH, the sequence wraps", head / tcp / Raw(pattern(100)), mss)
        cases.tso("MSS 0 is refused", head / tcp / Raw(pattern(100)), 0, "drop")
        for flags in ("CA", "CEPA", "CEFPA", "EA", "SA", "RA", "UA"):
            cases.tso(f"flags {flags}", head / TCP(flags=flags, seq=7) / Raw(pattern(3000)), 1000)
        cases.tso("timestamps", head / TCP(flags="A", options=TIMESTAMP) / Raw(pattern(9000)), 1448)
        cases.tso("no payload", head / TCP(flags="FA"), 1000)
        cases.tso("jumbo segments", head / TCP(flags="PA") / Raw(pattern(60000)), 8948)
        cases.tso("the largest frame", head / TCP(flags="A") / Raw(pattern(65400)), 1460)
        cases.tso("segments beyond the MTU are refused",
                  head / TCP(flags="A") / Raw(pattern(30000)), 9300, "drop")


def checksum_cases(cases):
    """Frames that are sent as they are but for checksums."""
    for name, head in shapes():
        for size in (0, 1, 2, 777, 1400):
            for l4 in (TCP(sport=80, dport=81, flags="PA"), UDP(sport=80, dport=81)):
                packet = head() / l4 / Raw(pattern(size, size))
                cases.full(f"{name}, {l4.name}, {size} bytes", packet)
                cases.partial(f"{name}, {l4.name}, {size} bytes", packet)
    for head in (link() / ip4(), link() / ip6()):
        cases.full("jumbo", head / UDP() / Raw(pattern(8900)))
        cases.partial("jumbo", head / UDP() / Raw(pattern(8900)))
        # The payload is the complement of what the rest sums up to: the sum comes out as 0.
        packet = head / UDP(sport=1, dport=2) / Raw(b"\0\0")
        zero = int.from_bytes(finished(packet)[offsets(packet)[0] + offsets(packet)[1] + 6:][:2], "big")
        packet[UDP].payload = Raw(zero.to_bytes(2, "big"))
        cases.full("a UDP sum of zero is sent as ffff", packet)
        cases.partial("a UDP sum of zero is sent as ffff", packet)
    fragment = link() / ip4(frag=100) / Raw(pattern(600))
    raw = bytes(fragment)
    cases.tx("a fragment, header checksum only", L3 | IPV4, raw[:24] + b"\x12\x34" + raw[26:], [raw])
    cases.tx("a fragment has no L4 checksum to compute", L4 | IPV4 | PROTO_UDP, raw, "drop")


def tunnels():
    """Frames with an IP packet inside."""
    inner = IP(src="10.0.0.1", dst="10.0.0.2") / TCP(flags="PA", chksum=0x1111) / Raw(pattern(100))
    inner6 = IPv6(src="fd00::1", dst="fd00::2") / UDP(chksum=0x2222) / Raw(pattern(100))
    for name, inside in (("IPv4", inner), ("IPv6", inner6)):
        yield f"IPIP, {name} inside", link() / ip4() / inside, 0
        yield f"GRE, {name} inside", link() / ip4() / GRE() / inside, 0
        yield (f"VXLAN, {name} inside",
               link() / ip4() / UDP(dport=4789) / VXLAN(vni=7) / Ether(src="02:00:00:00:00:08") / inside,
               PROTO_UDP | CHECKED)


def tunnel_cases(cases):
    """What is inside is not the adapter's concern."""
    for name, packet, l4 in tunnels():
        raw = bytes(packet)
        cases.tx(f"{name}: no offload, no change", 0, raw, [raw])
        spoilt = raw[:24] + b"\xbe\xef" + raw[26:]
        cases.tx(f"{name}: the outer header checksum alone", L3 | IPV4, spoilt, [raw])
        cases.rx(f"RX: {name}", raw, IPV4 | l4)


def rx_cases(cases):
    """Frames from the wire."""
    for name, head in shapes():
        for l4 in (TCP(sport=80, dport=81, flags="PA", options=TIMESTAMP), UDP(sport=80, dport=81)):
            cases.verdict(f"{name}, {l4.name}", head() / l4 / Raw(pattern(333)))
    cases.verdict("jumbo", link() / ip4() / TCP(flags="A") / Raw(pattern(9000)))
    cases.rx("RX: UDP without a checksum over IPv4",
             bytes(link() / ip4() / UDP(chksum=0) / Raw(pattern(50))), IPV4 | PROTO_UDP)
    cases.rx("RX: UDP without a checksum over IPv6",
             bytes(link() / ip6() / UDP(chksum=0) / Raw(pattern(50))), IPV6 | PROTO_UDP)
    packet = link() / ip4() / UDP(sport=9, dport=10) / Raw(pattern(3))
    cases.rx("RX: a padded frame", bytes(packet) + bytes(15), protocols(packet) | CHECKED)
    for name, fields in (("first", {"frag": 0, "flags": "MF"}), ("last", {"frag": 50, "flags": 0})):
        packet = link() / IP(src="192.0.2.1", dst="192.0.2.2", proto=17, **fields) / Raw(pattern(80))
        cases.rx(f"RX: the {name} fragment over IPv4", bytes(packet), IPV4 | FRAGMENT)
    packet = link() / ip6([IPv6ExtHdrFragment(offset=0, m=1, id=1, nh=17)]) / Raw(pattern(80))
    cases.rx("RX: a fragment over IPv6", bytes(packet), IPV6)
    packet = link() / ip6([IPv6ExtHdrRouting(addresses=["2001:db8::5"], segleft=1)]) / UDP() / b"x"
    cases.rx("RX: a routing header still to be processed", bytes(packet), IPV6)
    cases.rx("RX: ICMP", bytes(link() / ip4() / ICMP() / Raw(pattern(20))), IPV4)
    cases.rx("RX: ARP", bytes(link() / ARP()), 0)
    unfinished_cases(cases)


def unfinished_cases(cases):
    """Frames whose sender left checksum or segmentation to its adapter."""
    for head, gso in ((link() / ip4(), 1), (link() / ip6(), 4), (link(1) / ip6(), 4)):
        for l4, field in ((TCP(flags="PA"), 16), (UDP(), 6)):
            packet = head / l4 / Raw(pattern(401))
            start, header, _ = offsets(packet)
            tags = sum(layer in packet for layer in (Dot1AD, Dot1Q))
            status = protocols(packet) | CHECKED | tags << VLANS
            cases.rx(f"RX: the rest of a checksum, {l4.name}",
                     without_checksums(packet, l4=pseudo_sum(packet), l3=None), status,
                     [finished(packet)], (1, 0, 0, start + header, field))
        packet = head / TCP(flags="CFPA", seq=77, options=TIMESTAMP) / Raw(pattern(7000))
        start, header, _ = offsets(packet)
        tags = sum(layer in packet for layer in (Dot1AD, Dot1Q))
        cases.rx("RX: a large frame", without_checksums(packet),
                 protocols(packet) | CHECKED | tags << VLANS, segments(packet, 1400),
                 (1, gso, 1400, start + header, 16))


def random_cases(cases, count):
    """Any mixture of the above."""
    dice = random.Random(SEED)
    kinds = list(shapes())
    for i in range(count):
        name, head = dice.choice(kinds)
        options = dice.choice(([], OPTIONS, TIMESTAMP))
        tcp = TCP(sport=dice.randrange(65536), dport=dice.randrange(65536), seq=dice.randrange(1 << 32),
                  ack=dice.randrange(1 << 32), window=dice.randrange(65536),
                  flags=dice.randrange(256), options=options)
        udp = UDP(sport=dice.randrange(65536), dport=dice.randrange(65536))
        if dice.randrange(2):
            cases.tso(f"random {i}, {name}", head() / tcp / Raw(pattern(dice.randrange(20000), i)),
                      dice.randrange(200, 8900))
            continue
        packet = head() / dice.choice((tcp, udp)) / Raw(pattern(dice.randrange(1400), i))
        dice.choice((cases.full, cases.partial, cases.verdict))(f"random {i}, {name}", packet)


def main(program):
    """Returns the exit status."""
    cases = Cases()
    for make in (tso_cases, checksum_cases, tunnel_cases, rx_cases):
        make(cases)
    random_cases(cases, 300)
    done = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE,
                          input="".join(line + "\n" for _, line, _ in cases.cases))
    answers = done.stdout.splitlines()
    failed = 0
    for (name, line, expected), answer in zip(cases.cases, answers, strict=True):
        if answer == expected:
            continue
        failed += 1
        if failed <= 10:
            print(f"FAIL {name}\n  request  {line[:400]}\n{difference(expected, answer)}")
    print(f"{len(cases.cases)} cases, {failed} differ (seed {SEED})")
    return 1 if failed or not cases.cases else 0


def difference(expected, answer):
    """The first frame that differs, and where."""
    ours, theirs = answer.split(" "), expected.split(" ")
    if len(ours) != len(theirs):
        return f"  {len(ours)} frames, scapy has {len(theirs)}: {answer[:100]}"
    for i, (mine, other) in enumerate(zip(ours, theirs)):
        if mine != other:
            at = next((k for k, (a, b) in enumerate(zip(mine, other)) if a != b),
                      min(len(mine), len(other)))
            return f"  frame {i}, byte {at // 2}\n  adapter  {mine[:400]}\n  scapy    {other[:400]}"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
