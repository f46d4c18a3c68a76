#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The bytes of a packet that the driver pushes to the adapter (LLQ), over ethtool's netlink.

get INTERFACE          print the present length and the largest
set INTERFACE LENGTH   change it; print the kernel's reason and fail if it is refused

"ethtool -g" and "-G tx-push-buf-len" do the same from ethtool 6.4 on, which stable Debian lacks.
"""

import errno
import socket
import struct
import sys

NETLINK_GENERIC, SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 16, 270, 10, 11
NLMSG_ERROR, NLM_F_REQUEST, NLM_F_ACK, NLM_F_ACK_TLVS = 2, 1, 4, 0x200
CONTROL, GET_FAMILY, FAMILY_ID, FAMILY_NAME = 16, 3, 1, 2
RINGS_GET, RINGS_SET, HEADER, DEVICE_NAME = 15, 16, 1, 2
LENGTH, LARGEST = 15, 16
ERROR_TEXT = 1


def attribute(kind, data):
    return (struct.pack("<HH", len(data) + 4, kind) + data).ljust((len(data) + 7) // 4 * 4, b"\0")


def attributes(data):
    found = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("<HH", data)
        found[kind & 0x3FFF] = data[4:size]
        data = data[max((size + 3) // 4 * 4, 4):]
    return found


def ask(family, command, body):
    """One request; the attributes of its answer. The kernel's sentence, if it refuses."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as sock:
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            sock.setsockopt(SOL_NETLINK, option, 1)
        message = struct.pack("<BBH", command, 1, 0) + body
        sock.send(struct.pack("<IHHII", len(message) + 16, family, NLM_F_REQUEST | NLM_F_ACK, 1, 0)
                  + message)
        answer = {}
        while True:
            data = sock.recv(65536)
            while data:
                size, kind, flags = struct.unpack_from("<IHH", data)
                if kind == NLMSG_ERROR:
                    error = -struct.unpack_from("<i", data, 16)[0]
                    if not error:
                        return answer
                    tail = attributes(data[36:size]) if flags & NLM_F_ACK_TLVS else {}
                    text = tail.get(ERROR_TEXT, b"").rstrip(b"\0").decode()
                    sys.exit(f"{errno.errorcode.get(error, error)} {text}".strip())
                answer = attributes(data[20:size])
                data = data[(size + 3) // 4 * 4:]


def rings(command, interface, more=b""):
    family = ask(CONTROL, GET_FAMILY, attribute(FAMILY_NAME, b"ethtool\0"))[FAMILY_ID]
    header = attribute(DEVICE_NAME, interface.encode() + b"\0")
    return ask(struct.unpack("<H", family)[0], command, attribute(HEADER | 0x8000, header) + more)


def main():
    command, interface, *value = sys.argv[1:]
    if command == "set":
        rings(RINGS_SET, interface, attribute(LENGTH, struct.pack("<I", int(value[0]))))
        return
    answer = rings(RINGS_GET, interface)
    if LENGTH not in answer:
        sys.exit("none: this driver or kernel has no push buffer")
    print(*(struct.unpack("<I", answer[kind])[0] for kind in (LENGTH, LARGEST)))


if __name__ == "__main__":
    main()
