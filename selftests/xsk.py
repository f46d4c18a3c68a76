#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A socket of AF_XDP for xsk.sh, which sends back what it receives.

    xsk.py INTERFACE QUEUE MAC PATH copy|zerocopy
        pin a program at PATH that gives the socket the frames of our type (bpf.py) to MAC; send them
        back with their addresses exchanged, until SIGTERM comes. Says "bound" once it is, and at the
        end how many frames came, went and completed, and how many the kernel dropped or refused.
        Ends with an error if the kernel does not bind it in this mode.
"""

import ctypes
import mmap
import os
import select
import signal
import socket
import struct
import sys

import bpf

AF_XDP, SOL_XDP = 44, 283
MMAP_OFFSETS, RX_RING, TX_RING, UMEM_REG, FILL_RING, COMPLETION_RING, STATISTICS, OPTIONS = range(1, 9)
BIND_COPY, BIND_ZEROCOPY, BIND_NEED_WAKEUP = 2, 4, 8
OPTIONS_ZEROCOPY = 1
OFFSET_RX, OFFSET_TX, OFFSET_FILL, OFFSET_COMPLETION = 0, 0x80000000, 0x100000000, 0x180000000
FRAME, FRAMES, ENTRIES = 4096, 2048, 1024
MSG_DONTWAIT = 0x40
LIBC = ctypes.CDLL(None, use_errno=True)


class Ring:
    """One of the four rings; which of its two counters is ours depends on the direction."""

    def __init__(self, sock, option, page_offset, offsets, entry, length):
        sock.setsockopt(SOL_XDP, option, length)
        self.producer, self.consumer, self.entries, _ = offsets
        self.entry, self.length = entry, length
        self.memory = mmap.mmap(sock.fileno(), self.entries + length * entry,
                                flags=mmap.MAP_SHARED | mmap.MAP_POPULATE, offset=page_offset)

    def _load(self, offset):
        return struct.unpack_from("=I", self.memory, offset)[0]

    def take(self):
        """What the kernel has produced, as tuples of 64-bit and 32-bit words."""
        tail, head = self._load(self.producer), self._load(self.consumer)
        found = []
        while head != tail:
            at = self.entries + head % self.length * self.entry
            found.append(struct.unpack_from("=QII" if self.entry == 16 else "=Q", self.memory, at))
            head = (head + 1) & 0xFFFFFFFF
        # x86 keeps the order of stores and of loads, and Python makes each of one instruction.
        struct.pack_into("=I", self.memory, self.consumer, head)
        return found

    def put(self, values):
        """Hands the kernel as many as there is room for, and returns the others."""
        tail = self._load(self.producer)
        room = self.length - ((tail - self._load(self.consumer)) & 0xFFFFFFFF)
        for value in values[:room]:
            at = self.entries + tail % self.length * self.entry
            struct.pack_into("=QII" if self.entry == 16 else "=Q", self.memory, at, *value)
            tail = (tail + 1) & 0xFFFFFFFF
        struct.pack_into("=I", self.memory, self.producer, tail)
        return values[room:]


class Socket:
    """The socket and its memory: so many frames, and entries, a power of two, in each ring."""

    def __init__(self, interface, queue, mode, frames=FRAMES, entries=ENTRIES):
        self.sock = socket.socket(AF_XDP, socket.SOCK_RAW)
        self.umem = mmap.mmap(-1, FRAME * frames)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.umem))
        self.sock.setsockopt(SOL_XDP, UMEM_REG, struct.pack(
            "=QQIIII", self.address, FRAME * frames, FRAME, 0, 0, 0))
        raw = self.sock.getsockopt(SOL_XDP, MMAP_OFFSETS, 128)
        offsets = [struct.unpack_from("=QQQQ", raw, 32 * index) for index in range(4)]
        self.rx = Ring(self.sock, RX_RING, OFFSET_RX, offsets[0], 16, entries)
        self.tx = Ring(self.sock, TX_RING, OFFSET_TX, offsets[1], 16, entries)
        self.fill = Ring(self.sock, FILL_RING, OFFSET_FILL, offsets[2], 8, entries)
        self.completion = Ring(self.sock, COMPLETION_RING, OFFSET_COMPLETION, offsets[3], 8, entries)
        self.free = self.fill.put([(index * FRAME,) for index in range(entries)])
        self._bind(interface, queue, BIND_NEED_WAKEUP | (
            BIND_ZEROCOPY if mode == "zerocopy" else BIND_COPY))
        options = struct.unpack("=I", self.sock.getsockopt(SOL_XDP, OPTIONS, 4))[0]
        if bool(options & OPTIONS_ZEROCOPY) != (mode == "zerocopy"):
            raise OSError(0, f"bound, but not in mode {mode}")

    def _bind(self, interface, queue, flags):
        address = struct.pack("=HHIII", AF_XDP, flags, socket.if_nametoindex(interface), queue, 0)
        if LIBC.bind(self.sock.fileno(), address, len(address)):
            number = ctypes.get_errno()
            raise OSError(number, f"bind: {os.strerror(number)}")

    def close(self):
        """Gives the queue back; the memory goes with the last reference."""
        self.sock.close()

    def kick(self):
        """Has the kernel look at the rings."""
        # Without an address, as Python's own does not.
        LIBC.sendto(self.sock.fileno(), None, 0, MSG_DONTWAIT, None, 0)


class Echo(Socket):
    """Sends back what it receives."""

    def __init__(self, interface, queue, mode):
        super().__init__(interface, queue, mode)
        self.waiting = []
        self.received = self.completed = 0

    def turn(self):
        """Sends back what has come, and gives back what was sent."""
        for address, length, _ in self.rx.take():
            here = self.umem[address:address + 12]
            self.umem[address:address + 12] = here[6:] + here[:6]
            self.waiting.append((address, length, 0))
            self.received += 1
        self.waiting = self.tx.put(self.waiting)
        done = self.completion.take()
        self.completed += len(done)
        # The address of a received packet is behind the room in front of it.
        self.free = self.fill.put(self.free + [(address // FRAME * FRAME,) for address, in done])

    def serve(self, stop):
        while not stop:
            self.turn()
            self.kick()
            select.select([self.sock], [], [], 0.02)

    def report(self):
        dropped, *refused, full, _, _ = struct.unpack(
            "=6Q", self.sock.getsockopt(SOL_XDP, STATISTICS, 48))
        return f"{self.received} {self.received - len(self.waiting)} {self.completed} " \
               f"{dropped + full + sum(refused)}"


def main(interface, queue, address, path, mode):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    try:
        echo = Echo(interface, int(queue), mode)
        sockets = bpf.socket_map(int(queue), echo.sock.fileno())
        bpf.load("xsk", path, sockets, bytes.fromhex(address.replace(":", "")))
    except OSError as error:
        print(error, flush=True)
        return 1
    print("bound", flush=True)
    echo.serve(stop)
    print(echo.report(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
