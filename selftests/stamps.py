#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hardware timestamps of packets, for timestamps.sh.

    set INTERFACE TX RX               ask for stamps: numbers of hwtstamp_tx_types and _rx_filters
    get INTERFACE                     prints both as they are
    flags INTERFACE FLAGS             ask with flags, which have no meaning
    receive DEVICE PORT COUNT         UDP packets that arrive: each one's stamp lies between two
                                      readings of the clock DEVICE; prints "ready" first
    send DEVICE ADDRESS PORT COUNT    the same for packets that leave
    bare PORT                         one packet that arrives has no stamp; prints "ready" first
"""

import ctypes
import fcntl
import os
import select
import socket
import struct
import sys

from phc import patient

SIOCSHWTSTAMP, SIOCGHWTSTAMP = 0x89B0, 0x89B1
SO_TIMESTAMPING = 37
TX_HARDWARE, RX_HARDWARE, RAW_HARDWARE = 1 << 0, 1 << 2, 1 << 6
WAIT = 60  # seconds for a packet, on an emulated processor


def request(command, interface, flags=0, tx_type=0, rx_filter=0):
    """The settings after it."""
    config = ctypes.create_string_buffer(struct.pack("iii", flags, tx_type, rx_filter), 12)
    name = struct.pack("16sQ16x", interface.encode(), ctypes.addressof(config))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, command, name)
    return struct.unpack("iii", config)


def hardware_stamp(ancillary):
    """Nanoseconds, 0 if there is none."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPING:
            seconds, nanoseconds = struct.unpack("6q", data[:48])[4:]
            return seconds * 10**9 + nanoseconds
    return 0


def between(before, stamp, after):
    """A sentence if it is not."""
    print(f"{stamp - before} ns after the first reading, {after - stamp} ns before the second", flush=True)
    return None if before <= stamp <= after else f"{stamp} is not within {before} and {after}"


def wait(sock, events):
    """Whether one of them happens."""
    poll = select.poll()
    poll.register(sock, events)
    return bool(poll.poll(WAIT * 1000))


def arrivals(port, count):
    """The stamps of packets, each as it arrives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, RX_HARDWARE | RAW_HARDWARE)
        sock.bind(("", port))
        sock.settimeout(WAIT)
        print("ready", flush=True)
        for _ in range(count):
            yield hardware_stamp(sock.recvmsg(2048, 1024)[1])


def receive(device, port, count):
    """A sentence on what is wrong, or None."""
    clock = os.open(device, os.O_RDWR)
    before = patient(clock)
    for stamp in arrivals(int(port), int(count)):
        after = patient(clock)
        fault = between(before, stamp, after)
        if fault:
            return fault
        before = stamp
    return None


def bare(port):
    """A sentence if there is a stamp."""
    stamp = next(arrivals(int(port), 1))
    return f"there is a stamp, {stamp}" if stamp else None


def send(device, address, port, count):
    """A sentence on what is wrong, or None."""
    clock = os.open(device, os.O_RDWR)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, TX_HARDWARE | RAW_HARDWARE)
        for _ in range(int(count)):
            before = patient(clock)
            sock.sendto(b"stamp", (address, int(port)))
            if not wait(sock, select.POLLERR):
                return "no stamp came back"
            stamp = hardware_stamp(sock.recvmsg(2048, 1024, socket.MSG_ERRQUEUE)[1])
            fault = between(before, stamp, patient(clock))
            if fault:
                return fault
    return None


def main(command, *words):
    try:
        if command == "set":
            fault = None
            request(SIOCSHWTSTAMP, words[0], 0, int(words[1]), int(words[2]))
        elif command == "flags":
            fault = None
            request(SIOCSHWTSTAMP, words[0], int(words[1]))
        elif command == "get":
            fault = None
            print(*request(SIOCGHWTSTAMP, words[0])[1:])
        else:
            fault = {"receive": receive, "send": send, "bare": bare}[command](*words)
    except OSError as error:
        fault = str(error)
    if fault:
        print(fault)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
