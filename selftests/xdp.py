#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""XDP programs for xdp.sh, and frames that meet them.

    xdp.py load ACTION PATH IFINDEX     pin a program that does ACTION at PATH
    xdp.py count PATH                   how many frames it has treated
    xdp.py exchange LOCAL REMOTE NETNS LOCAL_MAC REMOTE_MAC FRAMES LONGEST SECONDS
        send frames of 60 bytes to LONGEST from REMOTE, in NETNS, to LOCAL; print how many arrived
        at LOCAL as sent, and how many came back to REMOTE with the addresses exchanged. Ends with
        an error if one of them differs.
"""

import os
import select
import socket
import sys
import time

import bpf
import wire

BATCH = 16


def packet_socket(interface):
    """A socket for frames of our type."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(bpf.ETHERTYPE))
    sock.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
    sock.bind((interface, bpf.ETHERTYPE))
    sock.setblocking(False)
    return sock


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


class Exchange:
    """What was sent, what came."""

    def __init__(self, local, remote, netns, local_mac, remote_mac):
        self.local = packet_socket(local)
        wire.enter_netns(f"/run/netns/{netns}")
        self.remote = packet_socket(remote)
        self.there = mac(local_mac) + mac(remote_mac)
        self.back = mac(remote_mac) + mac(local_mac)
        self.payloads = []
        self.arrived = {self.local: set(), self.remote: set()}
        self.wrong = []

    def send(self, frames, longest):
        """Sends the frames, a pause after each few of them."""
        for number in range(frames):
            length = 60 + (longest - 60) * number // max(frames - 1, 1)
            payload = bpf.ETHERTYPE.to_bytes(2, "big") + number.to_bytes(4, "big")
            payload += os.urandom(length - 12 - len(payload))
            self.payloads.append(payload)
            self.remote.send(self.there + payload)
            if number % BATCH == BATCH - 1:
                self.receive(0.05)

    def receive(self, seconds):
        """Takes what comes within this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for sock in select.select([self.local, self.remote], [], [], left)[0]:
                frame, address = sock.recvfrom(65536)
                if address[2] != wire.PACKET_OUTGOING:
                    self.take(sock, frame)

    def take(self, sock, frame):
        number = int.from_bytes(frame[14:18], "big")
        header = self.there if sock is self.local else self.back
        if number >= len(self.payloads) or frame != header + self.payloads[number]:
            self.wrong.append(frame[:32].hex())
        elif number in self.arrived[sock]:
            self.wrong.append(f"frame {number} twice")
        else:
            self.arrived[sock].add(number)

    def quiet(self, seconds):
        """Until nothing has come for a while, or the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = sum(map(len, self.arrived.values()))
            self.receive(0.5)
            if before == sum(map(len, self.arrived.values())):
                return


def main(command, *words):
    if command == "load":
        action, path, ifindex = words
        bpf.load(action, path, int(ifindex))
    elif command == "count":
        print(bpf.count(*words))
    elif command == "exchange":
        *ends, frames, longest, seconds = words
        exchange = Exchange(*ends)
        exchange.send(int(frames), int(longest))
        exchange.quiet(float(seconds))
        print(f"{len(exchange.arrived[exchange.local])} {len(exchange.arrived[exchange.remote])}")
        for text in exchange.wrong[:5]:
            print(f"not what was sent: {text}", file=sys.stderr)
        return 1 if exchange.wrong else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
