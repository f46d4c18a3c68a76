#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The other side of a program that sends back what it gets, on a packet socket.

    peer.py echo INTERFACE MAC FRAMES LONGEST   every byte comes back, addresses exchanged
    peer.py flows INTERFACE MAC FLOWS           one UDP datagram of each flow; nothing is awaited

MAC is that of the other side. Ends with an error, and a sentence, if it is not so.
"""

import os
import select
import socket
import struct
import sys
import time

ETH_P_ALL, PACKET_OUTGOING, EXPERIMENTAL = 3, 4, 0x88B5
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PROMISCUOUS = 263, 1, 1
SECONDS = 10 * int(os.environ.get("SLOW", "1"))
UDP = 17


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


def datagram(port, payload):
    """A UDP datagram over IPv4 from this port; its checksums are wrong, which changes no hash."""
    ends = socket.inet_aton("192.168.77.2") + socket.inet_aton("192.168.77.1")
    header = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 7, 0, 64, UDP, 0xDEAD)
    return (b"\x08\x00" + header + ends +
            struct.pack("!HHHH", port, 9000, 8 + len(payload), 0xBEEF) + payload)


def echo(wire, count, longest):
    """Frames of all lengths, no type that anybody interprets."""
    sent, seen, wrong = [], set(), []

    def take(enough):
        for frame in wire.came(enough):
            if frame[12:14] != EXPERIMENTAL.to_bytes(2, "big"):
                continue
            number = int.from_bytes(frame[14:18], "big")
            if number >= len(sent) or frame != wire.mac + wire.other + sent[number]:
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
        wire.send(datagram(10000 + port, bytes(32)))
        if port % 16 == 15:
            time.sleep(0.02)


def main(command, interface, mac, *numbers):
    tests = {"echo": echo, "flows": flows}
    fault = tests[command](Wire(interface, mac), *map(int, numbers))
    if fault:
        print(fault)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
