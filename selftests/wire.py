#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a command and compare, byte for byte, what the sender's stack asked of its
adapter with the frames that arrived at the other adapter, both ways.

Both taps are packet sockets. The sender's one sees a request before the adapter
checksums and segments it, with the instructions (virtio-net header); frames.py
says what must come of it. The receiver must have GRO off.
"""

import argparse
import ctypes
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict

import frames

SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_AUXDATA = 8
PACKET_VNET_HDR = 15
PACKET_OUTGOING = 4
ETH_P_ALL = 3
CLONE_NEWNET = 0x40000000
TP_STATUS_VLAN_VALID = 0x10
AUXDATA = struct.Struct("=IIIHHHH")  # status, len, snaplen, mac, net, vlan_tci, vlan_tpid
VNET = struct.Struct("=BBHHHH")
CAPTURE_BYTES = 256 << 20
MAX_LOSS = 0.05


def enter_netns(path):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")


class Tap:
    """All IP frames that go out of and come into one interface."""

    def __init__(self, interface, port):
        self.port = port
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, CAPTURE_BYTES)  # SO_RCVBUFFORCE
        self.sock.bind((interface, ETH_P_ALL))
        self.sock.setblocking(False)
        self.out = defaultdict(list)  # requests, by flow
        self.came = defaultdict(list)  # frames, by flow
        self.errors = []
        self.longest = 0

    def read(self):
        """Take one frame; false if there is none."""
        try:
            data, auxiliary, _, address = self.sock.recvmsg(1 << 17, 256)
        except BlockingIOError:
            return False
        flags, gso_type, _, gso_size, start, offset = VNET.unpack_from(data)
        request = frames.Request(data[VNET.size:], flags, gso_type, gso_size, start, offset)
        self.restore_vlan(request, auxiliary)
        self.file(request, address[2] == PACKET_OUTGOING)
        return True

    @staticmethod
    def restore_vlan(request, auxiliary):
        for level, kind, data in auxiliary:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, *_, tci, tpid = AUXDATA.unpack_from(data)
                if status & TP_STATUS_VLAN_VALID:
                    tag = struct.pack("!HH", tpid, tci)
                    request.frame = request.frame[:12] + tag + request.frame[12:]
                    request.csum_start += 4

    def file(self, request, outgoing):
        try:
            at = frames.layout(request.frame)
        except ValueError as error:
            self.errors.append(f"malformed frame: {error}")
            return
        if at is None:
            return
        flow = frames.flow_of(request.frame, at)
        if not at.fragment and self.port not in flow[3:]:
            return
        if outgoing:
            self.out[flow].append(request)
        else:
            self.came[flow].append(request.frame)
            self.longest = max(self.longest, len(request.frame) - at.l3)

    def lost(self):
        """Frames that the tap itself could not keep."""
        return struct.unpack("=II", self.sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]


def watch(taps, done):
    """Read the taps until @done is set and nothing has come for half a second."""
    while True:
        ready, _, _ = select.select([tap.sock for tap in taps], [], [], 0.5)
        if not ready and done.is_set():
            return
        for tap in taps:
            while tap.read():
                pass


def compare_flow(requests, arrived, mtu):
    """(expected, matched, problems) of one flow in one direction.

    The order is not judged: processors that send on several queues overtake each other.
    """
    expected = [frames.canonical(f) for request in requests for f in frames.on_the_wire(request)]
    outstanding = Counter(expected)
    problems, matched = [], 0
    for number, frame in enumerate(arrived):
        wrong = frames.check(frame)
        if wrong is None and len(frame) > mtu + frames.layout(frame).l3:
            wrong = f"{len(frame)} bytes are more than MTU {mtu} allows"
        if wrong:
            problems.append(f"frame {number}: {wrong}")
        elif outstanding[frames.canonical(frame)]:
            outstanding[frames.canonical(frame)] -= 1
            matched += 1
        else:
            problems.append(f"frame {number}: not what any request asked for"
                            f"{difference(frame, +outstanding)}")
    return len(expected), matched, problems


def difference(frame, outstanding):
    """How a frame differs from the one outstanding that is most like it."""
    frame = frames.canonical(frame)
    alike = [other for other in outstanding if len(other) == len(frame)]
    if not alike:
        return f": no request gives {len(frame)} bytes"
    spots = min(([i for i, pair in enumerate(zip(frame, other)) if pair[0] != pair[1]]
                 for other in alike), key=len)
    return f": differs in {len(spots)} bytes, the first at {spots[0]}"


def compare(sender, receiver, mtu, name):
    """Print the verdict on one direction; return (requests, all is well)."""
    well = True
    every = []
    for flow, arrived in receiver.came.items():
        if flow not in sender.out:
            print(f"{name}: {len(arrived)} frames of a flow that was never sent: {flow}")
            well = False
    for flow, requests in sender.out.items():
        every += requests
        total, matched, problems = compare_flow(requests, receiver.came[flow], mtu)
        print(f"{name} {flow}: {len(requests)} requests, {total} frames, {matched} arrived right,"
              f" {len(problems)} wrong")
        for problem in problems[:5]:
            print(f"    {problem}")
        if problems or matched < total * (1 - MAX_LOSS):
            well = False
    for error in receiver.errors[:5]:
        print(f"{name}: {error}")
    return every, well and not receiver.errors and not receiver.lost() and not sender.lost()


def wanted(requests, args):
    """Whether the requests were of the kind that the caller set out to test."""
    segmented = sum(1 for r in requests if r.gso_size)
    summed = sum(1 for r in requests if r.flags & frames.NEEDS_CSUM)
    print(f"asked of the adapter: {segmented} segmentations, {summed} checksums")
    for option, count in (("gso", segmented), ("csum", summed)):
        want = getattr(args, option)
        if want == "some" and not count or want == "none" and count:
            print(f"expected {want} of kind {option}")
            return False
    return True


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--netns", required=True, help="name of the remote namespace")
    parser.add_argument("--local", required=True, help="interface here")
    parser.add_argument("--remote", required=True, help="interface there")
    parser.add_argument("--port", type=int, required=True, help="of the flows to look at")
    parser.add_argument("--mtu", type=int, required=True)
    for option in ("gso", "csum"):
        parser.add_argument("--" + option, choices=("some", "none", "any"), default="any")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def main():
    args = arguments()
    here = Tap(args.local, args.port)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    enter_netns(f"/run/netns/{args.netns}")
    there = Tap(args.remote, args.port)
    enter_netns(f"/proc/self/fd/{home}")

    done = threading.Event()
    watcher = threading.Thread(target=watch, args=((here, there), done))
    watcher.start()
    try:
        status = subprocess.run(args.command, check=False).returncode
        time.sleep(0.5)
    finally:
        done.set()
        watcher.join()
    requests, out_well = compare(here, there, args.mtu, "out")
    _, in_well = compare(there, here, args.mtu, "in")
    kind = wanted(requests, args)
    if status:
        print(f"command failed, status {status}")
    sys.exit(0 if out_well and in_well and kind and not status else 1)


if __name__ == "__main__":
    main()
