#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's counters of each queue of an interface (netdev's qstats-get, Linux 6.10).

qstats.py INTERFACE    "rx|tx QUEUE PACKETS BYTES" for each queue,
                       "total rx PACKETS BYTES tx PACKETS BYTES" for all there ever were,
                       "offloads csum-none N needs-csum N gso PACKETS BYTES wire PACKETS BYTES" of these
"""

import socket
import struct
import sys

from pushbuf import (CONTROL, FAMILY_ID, FAMILY_NAME, GET_FAMILY, NETLINK_GENERIC, NLM_F_REQUEST,
                     NLMSG_ERROR, ask, attribute, attributes)

NLM_F_DUMP, NLMSG_DONE = 0x300, 3
QSTATS_GET = 12
IFINDEX, QUEUE_TYPE, QUEUE_ID, SCOPE = 1, 2, 3, 4
RX_PACKETS, RX_BYTES, TX_PACKETS, TX_BYTES = 8, 9, 10, 11
# TX: without and with a checksum by the adapter; segmented, packets and bytes, before and on the wire.
OFFLOADS = range(26, 32)
TX_GSO_PACKETS = 28
SCOPE_QUEUE = 1


def number(data):
    """A netlink "uint" has 4 bytes or 8."""
    return int.from_bytes(data, sys.byteorder)


def dump(family, body, command=QSTATS_GET):
    """The attributes of each object of the answer."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as sock:
        message = struct.pack("<BBH", command, 1, 0) + body
        sock.send(struct.pack("<IHHII", len(message) + 16, family, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
                  + message)
        while True:
            data = sock.recv(65536)
            while data:
                size, kind = struct.unpack_from("<IH", data)
                if kind == NLMSG_DONE:
                    return
                if kind == NLMSG_ERROR:
                    sys.exit(f"refused, errno {-struct.unpack_from('<i', data, 16)[0]}")
                yield attributes(data[20:size])
                data = data[(size + 3) // 4 * 4:]


def main(interface):
    family = struct.unpack("<H", ask(CONTROL, GET_FAMILY,
                                     attribute(FAMILY_NAME, b"netdev\0"))[FAMILY_ID])[0]
    body = attribute(IFINDEX, struct.pack("<I", socket.if_nametoindex(interface)))
    for queue in dump(family, body + attribute(SCOPE, struct.pack("<I", SCOPE_QUEUE))):
        tx = number(queue[QUEUE_TYPE])
        packets, octets = (TX_PACKETS, TX_BYTES) if tx else (RX_PACKETS, RX_BYTES)
        print("tx" if tx else "rx", number(queue[QUEUE_ID]), number(queue[packets]),
              number(queue[octets]))
    for total in dump(family, body):
        print("total rx", number(total[RX_PACKETS]), number(total[RX_BYTES]),
              "tx", number(total[TX_PACKETS]), number(total[TX_BYTES]))
        if TX_GSO_PACKETS in total:
            none, needed, *segmented = (number(total[kind]) for kind in OFFLOADS)
            print("offloads csum-none", none, "needs-csum", needed, "gso", *segmented[:2], "wire", *segmented[2:])


if __name__ == "__main__":
    main(*sys.argv[1:])
