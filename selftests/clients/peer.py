#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The other side of a program that sends back what it gets, on a packet socket.

    peer.py echo INTERFACE MAC FRAMES LONGEST   every byte comes back, addresses exchanged
    peer.py same INTERFACE MAC FRAMES LONGEST   every byte comes back, the addresses, too
    peer.py flows INTERFACE MAC FLOWS           one UDP datagram of each flow; nothing is awaited
    peer.py checksums INTERFACE MAC             wrong checksums come back right
    peer.py tso INTERFACE MAC MSS               large TCP segments come back in pieces of MSS
    peer.py sink INTERFACE MAC FRAMES           so many come that nobody here asked for

MAC is that of the other side. Ends with an error, and a sentence, if it is not so.
"""

import os
import random
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import frames  # noqa: E402

ETH_P_ALL, PACKET_OUTGOING, EXPERIMENTAL = 3, 4, 0x88B5
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PROMISCUOUS = 263, 1, 1
SECONDS = 10 * int(os.environ.get("SLOW", "1"))
V4, V6 = ("192.168.77.2", "192.168.77.1"), ("fd00:77::2", "fd00:77::1")
TCP, UDP = 6, 17
DONT_FRAGMENT = 0x4000


class Wire:
    """One interface, raw."""

    def __init__(self, interface, mac):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        self.sock.bind((interface, ETH_P_ALL))
        self.sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack(
            "iHH8s", socket.if_nametoindex(interface), PROMISCUOUS, 0, b""))
        with open(f"/sys/class/net/{interface}/address", encoding="ascii") as source:
            self.mac = bytes.fromhex(source.read().strip().replace(":", ""))
        self.other = bytes.fromhex(mac.replace(":", ""))

    def send(self, rest):
        """A frame for the other side; rest begins with the type."""
        self.sock.send(self.other + self.mac + rest)

    def came(self, enough):
        """What comes, until enough of it satisfies this function, or the time is over."""
        end = time.monotonic() + SECONDS
        while (left := end - time.monotonic()) > 0 and not enough():
            if select.select([self.sock], [], [], left)[0]:
                frame, address = self.sock.recvfrom(65536)
                if address[2] != PACKET_OUTGOING:
                    yield frame


def ip_packet(version, protocol, upper, fragment=0):
    """An IP header, whose checksum is wrong, and what follows it."""
    source, target = V4 if version == 4 else V6
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, target)
    if version == 4:
        return b"\x08\x00" + struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(upper), 7, fragment, 64,
                                         protocol, 0xDEAD) + ends + upper
    return b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(upper), protocol, 64) + ends + upper


def segment(protocol, port, payload):
    """A TCP or UDP header, whose checksum is wrong, and the payload."""
    if protocol == UDP:
        return struct.pack("!HHHH", port, 9000, 8 + len(payload), 0xBEEF) + payload
    return struct.pack("!HHIIBBHHH", port, 9000, 1000000, 2000000, 0x50, 0x10, 500, 0xBEEF,
                       0) + payload


def echo(wire, count, longest):
    """The addresses come back exchanged."""
    return all_lengths(wire, count, longest, wire.mac + wire.other)


def same(wire, count, longest):
    """The addresses come back as they were sent."""
    return all_lengths(wire, count, longest, wire.other + wire.mac)


def all_lengths(wire, count, longest, addresses):
    """Frames of all lengths, no type that anybody interprets, come back with these addresses."""
    sent, seen, wrong = [], set(), []

    def take(enough):
        for frame in wire.came(enough):
            if frame[12:14] != EXPERIMENTAL.to_bytes(2, "big"):
                continue
            number = int.from_bytes(frame[14:18], "big")
            if number >= len(sent) or frame != addresses + sent[number]:
                wrong.append(number)
            seen.add(number)

    for number in range(count):
        length = 60 + (longest - 60) * number // (count - 1)
        rest = EXPERIMENTAL.to_bytes(2, "big") + number.to_bytes(4, "big")
        sent.append(rest + os.urandom(length - 12 - len(rest)))
        wire.send(sent[-1])
        if number % 16 == 15:
            take(lambda: len(seen) == len(sent))
            if wrong or len(seen) < len(sent):
                break
    take(lambda: len(seen) == len(sent))
    if wrong:
        return f"came back different: {wrong[:10]}"
    missing = sorted(set(range(len(sent))) - seen)
    return f"of the first {len(sent)} of {count} did not come back: {missing}" if missing else None


def flows(wire, count):
    """Datagrams that differ in the source port."""
    for port in range(count):
        wire.send(ip_packet(4, UDP, segment(UDP, 10000 + port, bytes(32))))
        if port % 16 == 15:
            time.sleep(0.02)


def checksums(wire):
    """Both protocols over both versions, of even and odd lengths, longer than one buffer, too."""
    expected = {}
    for version in (4, 6):
        for protocol in (TCP, UDP):
            for length in (1, 2, 19, 100, 537, 5000):
                port = 20000 + len(expected)
                payload = random.randbytes(length)
                wire.send(ip_packet(version, protocol, segment(protocol, port, payload)))
                expected[port] = (version, protocol, payload)

    for frame in wire.came(lambda: not expected):
        at = frames.layout(frame)
        if at is None or not at.l4:
            continue
        port = int.from_bytes(frame[at.l4:at.l4 + 2], "big")
        if port not in expected:
            continue
        version, protocol, payload = expected.pop(port)
        if fault := frames.check(frame):
            return f"IPv{version}, protocol {protocol}, {len(payload)} bytes: {fault}"
        if payload not in frame:
            return f"IPv{version}, protocol {protocol}: another payload"
    return f"{len(expected)} of 24 did not come back" if expected else None


def sink(wire, count):
    """Frames that the other side makes by itself."""
    made = 0
    for frame in wire.came(lambda: made >= count):
        made += frame[6:12] == wire.other
    return None if made >= count else f"{made} of {count} came"


def tso(wire, mss):
    """Each large segment comes back as pieces that are right, in order and complete.

    Without DONT_FRAGMENT net_ena hands the checksum of the pseudo header to the adapter.
    """
    for fragment in (0, DONT_FRAGMENT):
        payload = random.randbytes(6 * mss + mss // 2)
        port = 30000 + fragment
        wire.send(ip_packet(4, TCP, segment(TCP, port, payload), fragment))
        pieces, fault = collect(wire, port, len(payload))
        if not fault and b"".join(pieces) != payload:
            fault = f"{sum(map(len, pieces))} of {len(payload)} bytes, or other ones"
        if not fault and [len(piece) for piece in pieces] != [mss] * 6 + [mss // 2]:
            fault = f"pieces of {[len(piece) for piece in pieces]}"
        if fault:
            return f"fragment field {fragment:#x}: {fault}"
    return None


def collect(wire, port, length):
    """The payloads of the TCP segments from this port, and what is wrong with them."""
    pieces = []
    for frame in wire.came(lambda: sum(map(len, pieces)) >= length):
        at = frames.layout(frame)
        if at is None or not at.l4 or int.from_bytes(frame[at.l4:at.l4 + 2], "big") != port:
            continue
        if fault := frames.check(frame):
            return pieces, f"piece {len(pieces)}: {fault}"
        sequence = int.from_bytes(frame[at.l4 + 4:at.l4 + 8], "big") - 1000000
        if sequence != sum(map(len, pieces)):
            return pieces, f"piece {len(pieces)} is at {sequence}"
        pieces.append(frame[at.l4 + 20:])
    return pieces, None


def main(command, interface, mac, *numbers):
    tests = {"echo": echo, "same": same, "flows": flows, "checksums": checksums, "tso": tso,
             "sink": sink}
    fault = tests[command](Wire(interface, mac), *map(int, numbers))
    if fault:
        print(fault)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
