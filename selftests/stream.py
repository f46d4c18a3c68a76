#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic whose every byte is known to the receiver.

serve ADDR PORT      accept one TCP connection; send and receive until the peer ends
connect ADDR PORT    the other end; ends after --bytes, or on SIGINT
echo ADDR PORT       send UDP datagrams back until SIGINT
sweep ADDR PORT      send datagrams of the sizes A-B[/STEP],... and compare the echoes
blast ADDR PORT      send --count datagrams of each of --sizes from each of --ports source ports
hose IF...           broadcast frames on the interfaces as fast as it goes, until SIGINT

The byte at offset n of a stream is PATTERN[n mod a prime]: lost, repeated or
shifted data cannot match.
"""

import argparse
import os
import random
import signal
import socket
import struct
import sys
import threading
import time

from frames import UDP, ones_sum

PERIOD = 65521
PATTERN = random.Random(77).randbytes(PERIOD)
DOUBLE = memoryview(PATTERN * 3)
CHUNK = 65536
STALL_S = 120

stop = threading.Event()


def pattern_at(offset, length):
    start = offset % PERIOD
    return DOUBLE[start:start + length]


class Receiver(threading.Thread):
    """Compares what arrives with the pattern, and reports progress in a file."""

    def __init__(self, connection, progress):
        super().__init__(daemon=True)
        self.connection = connection
        self.progress = progress
        self.received = 0
        self.error = None
        self.reported = 0.0

    def report(self):
        now = time.monotonic()
        if self.progress and now - self.reported > 0.1:
            with open(self.progress + ".new", "w", encoding="ascii") as file:
                file.write(str(self.received))
            os.replace(self.progress + ".new", self.progress)  # never seen empty
            self.reported = now

    def run(self):
        buffer = bytearray(CHUNK)
        view = memoryview(buffer)
        try:
            while n := self.connection.recv_into(buffer):
                if view[:n] != pattern_at(self.received, n):
                    self.error = f"bytes {self.received} to {self.received + n} differ"
                    return
                self.received += n
                self.report()
        except OSError as error:
            self.error = f"receive: {error}"
        finally:
            stop.set()


def send_pattern(connection, limit, pause):
    sent = 0
    while not stop.is_set() and (limit is None or sent < limit):
        length = CHUNK if limit is None else min(CHUNK, limit - sent)
        try:
            sent += connection.send(pattern_at(sent, length))
        except TimeoutError:
            continue
        if pause:
            time.sleep(pause)
    return sent


def exchange(connection, args, limit, peer_ends):
    """Send and receive; @peer_ends: stop when the peer's stream ends."""
    connection.settimeout(STALL_S)
    receiver = Receiver(connection, args.progress)
    receiver.start()
    sent = send_pattern(connection, limit, args.pause)
    if peer_ends and limit == 0:
        receiver.join()
    connection.shutdown(socket.SHUT_WR)
    receiver.join(STALL_S)
    if receiver.is_alive():
        receiver.error = receiver.error or f"no end of stream within {STALL_S} s"
    print(f"sent {sent}, received {receiver.received} bytes: {receiver.error or 'all as expected'}")
    return 1 if receiver.error else 0


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(args):
    with socket.create_server((args.address, args.port), family=family_of(args.address)) as server:
        server.settimeout(STALL_S)
        connection, _ = server.accept()
        return exchange(connection, args, 0 if args.sink else None, True)


def connect(args):
    deadline = time.monotonic() + 20
    while True:
        connection = socket.socket(family_of(args.address), socket.SOCK_STREAM)
        if args.options:
            set_ip_options(connection, args.options)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind(("", args.source))
        connection.settimeout(20)
        try:
            connection.connect((args.address, args.port))
            break
        except ConnectionRefusedError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    return exchange(connection, args, args.bytes, False)


def set_ip_options(sock, count):
    """@count NOP options in every IPv4 header (a multiple of 4)."""
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x01" * count)


def echo(args):
    with socket.socket(family_of(args.address), socket.SOCK_DGRAM) as sock:
        sock.bind((args.address, args.port))
        sock.settimeout(0.2)
        while not stop.is_set():
            try:
                data, peer = sock.recvfrom(65536)
            except TimeoutError:
                continue
            sock.sendto(data, peer)
    return 0


def parse_sizes(text):
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1, int(step or 1))


def echoed(sock, datagram, tries=5):
    """Whether @datagram comes back unchanged; None if nothing does."""
    for _ in range(tries):
        sock.send(datagram)
        try:
            while True:
                answer = sock.recv(65536)
                if answer == datagram:
                    return True
                if len(answer) == len(datagram):
                    return False
        except TimeoutError:
            continue
        except ConnectionRefusedError:
            time.sleep(0.2)
    return None


def sweep(args):
    bad = lost = count = 0
    with socket.socket(family_of(args.address), socket.SOCK_DGRAM) as sock:
        sock.connect((args.address, args.port))
        sock.settimeout(1.0)
        for size in parse_sizes(args.sizes):
            verdict = echoed(sock, bytes(pattern_at(size * 31, size)))
            count += 1
            if verdict is None:
                lost += 1
                print(f"size {size}: no answer")
                if lost > 5:
                    break
            elif not verdict:
                bad += 1
                print(f"size {size}: came back changed")
    print(f"{count} sizes, {bad} changed, {lost} without an answer")
    return 1 if bad or lost else 0


def blast(args):
    for port in range(args.ports):
        blast_from(args, args.source + port if args.source else 0)
    return 0


def blast_from(args, source):
    with socket.socket(family_of(args.address), socket.SOCK_DGRAM) as sock:
        if args.options:
            set_ip_options(sock, args.options)
        sock.bind(("", source))
        sock.connect((args.address, args.port))
        for i, size in enumerate(list(parse_sizes(args.sizes)) * args.count):
            data = bytes(pattern_at(i, size))
            if args.zero_sum:
                data = with_zero_sum(sock, data)
            send_whatever(sock, data)


def send_whatever(sock, data):
    """Send, although earlier datagrams have been refused: that is what an error tells here."""
    while True:
        try:
            return sock.send(data)
        except ConnectionRefusedError:
            continue


def with_zero_sum(sock, data):
    """@data (of even size) changed so that its UDP checksum computes to zero."""
    family = family_of(sock.getpeername()[0])
    ends = sock.getsockname(), sock.getpeername()
    addresses = b"".join(socket.inet_pton(family, end[0]) for end in ends)
    header = struct.pack("!HHHH", ends[0][1], ends[1][1], 8 + len(data), 0)
    rest = ones_sum(addresses + header + data[:-2], UDP + 8 + len(data))
    return data[:-2] + struct.pack("!H", 0xffff - rest)


def hose(args):
    """Interfaces may come and go meanwhile."""
    frame = b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x01" + struct.pack("!H", 0x88b5)
    frames = [frame + bytes(pattern_at(0, size)) for size in (46, 200, 1000, 1486)]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        while not stop.is_set():
            sent = False
            for interface in args.interfaces:
                try:
                    for data in frames:
                        sock.sendto(data, (interface, 0))
                    sent = True
                except OSError:
                    pass
            time.sleep(0.0005 if sent else 0.02)
    return 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for function in (serve, connect, echo, sweep, blast):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        command.add_argument("address")
        command.add_argument("port", type=int)
        command.add_argument("--progress", help="file for the count of bytes received")
        command.add_argument("--pause", type=float, default=0, help="seconds between chunks sent")
        command.add_argument("--sink", action="store_true", help="only receive")
        command.add_argument("--bytes", type=int, help="how many to send")
        command.add_argument("--options", type=int, default=0, help="bytes of IPv4 options")
        command.add_argument("--sizes", default="100", help="A-B[/STEP],...")
        command.add_argument("--count", type=int, default=1)
        command.add_argument("--zero-sum", action="store_true", help="UDP checksum of zero")
        command.add_argument("--from", dest="source", type=int, default=0, help="source port")
        command.add_argument("--ports", type=int, default=1, help="how many source ports")
    command = commands.add_parser("hose")
    command.set_defaults(function=hose)
    command.add_argument("interfaces", nargs="+")
    return parser.parse_args()


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    args = arguments()
    sys.exit(args.function(args))


if __name__ == "__main__":
    main()
