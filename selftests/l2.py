#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet frames of a type of our own, one by one: sent, or counted where they arrive.

    l2.py send INTERFACE DESTINATION SOURCE COUNT [TYPE OF A TAG, ITS TCI]
    l2.py count INTERFACE COUNT

count ends after COUNT frames, or when it is terminated; then it prints how many came, and the tags
that they had.
"""

import signal
import socket
import struct
import sys

ETHERTYPE = 0x88b5
ETH_P_ALL = 3
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, PACKET_AUXDATA = 263, 1, 1, 8
AUXDATA = struct.Struct("@IIIHHHH")
VLAN_VALID = 0x10


def send(interface, to, source, count, tag_type="", tci="0"):
    """Sends a few."""
    tag = struct.pack("!HH", int(tag_type, 0), int(tci, 0)) if tag_type else b""
    frame = b"".join((bytes.fromhex(to.replace(":", "")), bytes.fromhex(source.replace(":", "")), tag,
                      struct.pack("!H", ETHERTYPE), bytes(46)))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        for _ in range(int(count)):
            out.send(frame)


def tag_of(ancillary):
    """The TCI of the tag that the kernel has taken out, or None."""
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, *_, tci, _ = AUXDATA.unpack(data[:AUXDATA.size])
            return tci if status & VLAN_VALID else None
    return None


def until_terminated(tap, wanted):
    """The tag of each frame that arrives, None if it has none."""
    tags = []
    try:
        while not wanted or len(tags) < wanted:
            frame, ancillary, _, address = tap.recvmsg(2048, 256)
            # Not what is sent from here.
            if frame[12:14] == struct.pack("!H", ETHERTYPE) and address[2] != socket.PACKET_OUTGOING:
                tags.append(tag_of(ancillary))
    except KeyboardInterrupt:
        pass
    return tags


def count_frames(interface, wanted):
    """Counts what arrives."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as tap:
        tap.bind((interface, ETH_P_ALL))
        tap.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        member = struct.pack("@iHH8s", socket.if_nametoindex(interface), PACKET_MR_PROMISC, 0, b"")
        tap.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, member)
        print("ready", flush=True)
        tags = until_terminated(tap, int(wanted))
    print(f"count={len(tags)} tags={','.join(sorted({str(tag) for tag in tags}))}")


if __name__ == "__main__":
    {"send": send, "count": count_frames}[sys.argv[1]](*sys.argv[2:])
