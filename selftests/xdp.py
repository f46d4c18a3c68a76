#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""XDP programs for xdp.sh, and frames that meet them.

    xdp.py load DIRECTORY IFINDEX MAC NAME...
        pin each program (bpf.py says which there are) in the directory, under its name
    xdp.py hints DIRECTORY IFINDEX PORT
        pin the program that asks for hash and stamp of UDP packets to the port, as "hints"
    xdp.py answers DIRECTORY
        what it was told: packets; of the last one hash (in hex), type of hash, stamp, and the two
        answers, 0 or a negative errno
    xdp.py serve LOCAL NETNS LOCAL_MAC REMOTE_MAC
        carry out what standard input says, one line of answer for each:
    exchange SENDER RECEIVER PROGRAM FRAMES LONGEST HERE THERE EXTRA SECONDS
        send frames of 60 bytes to LONGEST from SENDER, in NETNS, to LOCAL, whose program is pinned at
        PROGRAM; "here there treated": how many arrived at LOCAL as sent, how many at RECEIVER, in NETNS,
        with the addresses exchanged, both with EXTRA bytes of zeros at their end, and how many the
        program has seen of them. Or what is wrong with one. HERE and THERE are expected; they
        and all that the program should see have SECONDS to come.
    count PROGRAM...
        how many frames each has treated
"""

import ctypes
import os
import select
import socket
import sys
import time

import bpf
import wire

BATCH = 16
PACKET_OTHERHOST = 3


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

    def __init__(self, here, there, sender, receiver, macs, extra):
        wire.enter_netns(there)
        self.remote = packet_socket(receiver)
        self.sender = packet_socket(sender)
        wire.enter_netns(here[1])
        self.local = packet_socket(here[0])
        self.there = macs[0] + macs[1]
        self.back = macs[1] + macs[0]
        self.extra = bytes(extra)
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
            self.sender.send(self.there + payload)
            if number % BATCH == BATCH - 1:
                self.receive(0.05)

    def receive(self, seconds):
        """Takes what comes within this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for sock in select.select([self.local, self.remote], [], [], left)[0]:
                frame, address = sock.recvfrom(65536)
                # On a wire of several adapters there is what is meant for others.
                if address[2] not in (wire.PACKET_OUTGOING, PACKET_OTHERHOST):
                    self.take(sock, frame)

    def take(self, sock, frame):
        number = int.from_bytes(frame[14:18], "big")
        header = self.there if sock is self.local else self.back
        if number >= len(self.payloads) or frame != header + self.payloads[number] + self.extra:
            self.wrong.append(f"{len(frame)} bytes {frame[:32].hex()}")
        elif number in self.arrived[sock]:
            self.wrong.append(f"frame {number} twice")
        else:
            self.arrived[sock].add(number)

    def wait(self, program, before, expected, seconds):
        """Until all have been treated and what is expected has come, and a moment for what is not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.receive(0.05)
            if bpf.count(program) - before >= len(self.payloads) and all(
                    len(self.arrived[sock]) >= number for sock, number in
                    zip((self.local, self.remote), expected)):
                break
        self.receive(0.2)

    def close(self):
        for sock in (self.local, self.remote, self.sender):
            sock.close()


class Server:
    """Carries out commands; the interpreter starts once for all of them."""

    def __init__(self, local, netns, local_mac, remote_mac):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.here = (local, f"/proc/self/fd/{self.home}")
        self.there = f"/run/netns/{netns}"
        self.macs = (mac(local_mac), mac(remote_mac))

    def exchange(self, sender, receiver, program, *numbers):
        frames, longest, here, there, extra, seconds = map(int, numbers)
        exchange = Exchange(self.here, self.there, sender, receiver, self.macs, extra)
        before = bpf.count(program)
        exchange.send(frames, longest)
        exchange.wait(program, before, (here, there), seconds)
        exchange.close()
        if exchange.wrong:
            return "not what was sent: " + ", ".join(exchange.wrong[:5])
        return (f"{len(exchange.arrived[exchange.local])} {len(exchange.arrived[exchange.remote])}"
                f" {bpf.count(program) - before}")

    @staticmethod
    def count(*programs):
        return " ".join(str(bpf.count(program)) for program in programs)

    def serve(self):
        for line in sys.stdin:
            command, *words = line.split()
            try:
                print(getattr(self, command)(*words), flush=True)
            except OSError as error:
                print(f"{command}: {error}", flush=True)


def main(command, *words):
    if command == "load":
        directory, ifindex, address, *names = words
        for name in names:
            bpf.load(name, f"{directory}/{name}", int(ifindex), mac(address))
    elif command == "hints":
        bpf.load_hints(f"{words[0]}/hints", int(words[1]), int(words[2]))
    elif command == "answers":
        packets, value, stamp, *answers = bpf.hints(f"{words[0]}/hints")
        print(packets, f"{value & 0xffffffff:08x}", value >> 32, stamp,
              *(ctypes.c_int32(answer & 0xffffffff).value for answer in answers))
    elif command == "serve":
        Server(*words).serve()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
