# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet frames: parse and check them, and do in Python what a transmit
request asks of the adapter (checksum, segmentation)."""

import struct

ETH_P_VLAN = 0x8100
ETH_P_IPV4 = 0x0800
ETH_P_IPV6 = 0x86dd
TCP = 6
UDP = 17
# Hop-by-hop, routing and destination options: all have the length at byte 1.
IPV6_EXTENSIONS = (0, 43, 60)
IPV6_FRAGMENT = 44

FIN, PSH, CWR = 0x01, 0x08, 0x80

NEEDS_CSUM = 1
GSO_TYPES = {1: "TCPv4", 4: "TCPv6"}
GSO_ECN = 0x80


# No dataclasses: their import takes an emulated processor half a second.
class Request:
    """A frame as the stack hands it to a driver, in the terms of virtio-net."""

    def __init__(self, frame, flags=0, gso_type=0, gso_size=0, csum_start=0, csum_offset=0):
        self.frame = frame
        self.flags = flags
        self.gso_type = gso_type
        self.gso_size = gso_size
        self.csum_start = csum_start
        self.csum_offset = csum_offset


class Layout:
    """Where the headers of a frame are."""

    def __init__(self, ethertype, l3, l4, end, proto, fragment):
        self.ethertype = ethertype
        self.l3 = l3
        self.l4 = l4
        self.end = end
        self.proto = proto
        self.fragment = fragment


def ones_sum(data, start=0):
    if len(data) % 2:
        data = bytes(data) + b"\0"
    total = start + sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def ipv6_upper(frame, l3):
    """Offset and protocol of the upper layer, and whether it is a fragment."""
    proto, at = frame[l3 + 6], l3 + 40
    while proto in IPV6_EXTENSIONS:
        proto, at = frame[at], at + 8 * (frame[at + 1] + 1)
    if proto == IPV6_FRAGMENT:
        return at + 8, frame[at], True
    return at, proto, False


def layout(frame):
    """The Layout of an IP frame; None for another one. ValueError: malformed."""
    ethertype, l3 = struct.unpack_from("!H", frame, 12)[0], 14
    if ethertype == ETH_P_VLAN:
        ethertype, l3 = struct.unpack_from("!H", frame, 16)[0], 18
    try:
        if ethertype == ETH_P_IPV4:
            length, _, fragment = struct.unpack_from("!HHH", frame, l3 + 2)
            found = Layout(ethertype, l3, l3 + 4 * (frame[l3] & 15), l3 + length,
                           frame[l3 + 9], bool(fragment & 0x3fff))
        elif ethertype == ETH_P_IPV6:
            l4, proto, fragment = ipv6_upper(frame, l3)
            length = struct.unpack_from("!H", frame, l3 + 4)[0]
            found = Layout(ethertype, l3, l4, l3 + 40 + length, proto, fragment)
        else:
            return None
    except (IndexError, struct.error) as error:
        raise ValueError("headers are cut off") from error
    if found.end > len(frame) or found.l4 > found.end:
        raise ValueError(f"length says {found.end} bytes, frame has {len(frame)}")
    return found


def flow_of(frame, at):
    ports = (0, 0)
    if at.proto in (TCP, UDP) and not at.fragment:
        ports = struct.unpack_from("!HH", frame, at.l4)
    return (at.ethertype, at.l3, at.proto) + ports


def pseudo_sum(frame, at):
    if at.ethertype == ETH_P_IPV4:
        addresses = frame[at.l3 + 12:at.l3 + 20]
    else:
        addresses = frame[at.l3 + 8:at.l3 + 40]
    return ones_sum(addresses, at.proto + at.end - at.l4)


def csum_field(at):
    return at.l4 + (16 if at.proto == TCP else 6)


def check(frame):
    """A sentence on what is wrong with an IP frame, or None."""
    try:
        at = layout(frame)
    except ValueError as error:
        return str(error)
    if at is None:
        return None
    if at.ethertype == ETH_P_IPV4 and ones_sum(frame[at.l3:at.l4]) != 0xffff:
        return "IPv4 header checksum is wrong"
    if len(frame) > max(at.end, 60):
        return f"{len(frame) - at.end} bytes after the end of the packet"
    if at.fragment or at.proto not in (TCP, UDP):
        return None
    if at.proto == UDP:
        length, csum = struct.unpack_from("!HH", frame, at.l4 + 4)
        if length != at.end - at.l4:
            return f"UDP length {length}, IP says {at.end - at.l4}"
        if csum == 0:
            return "UDP checksum is absent"
    if ones_sum(frame[at.l4:at.end], pseudo_sum(frame, at)) != 0xffff:
        return "TCP or UDP checksum is wrong"
    return None


def fill_csum(frame, request):
    """Complete a checksum whose field holds the sum of the pseudo header."""
    value = 0xffff ^ ones_sum(frame[request.csum_start:])
    struct.pack_into("!H", frame, request.csum_start + request.csum_offset, value or 0xffff)


def fill_l4_csum(frame, at):
    struct.pack_into("!H", frame, csum_field(at), 0)
    value = 0xffff ^ ones_sum(frame[at.l4:at.end], pseudo_sum(frame, at))
    struct.pack_into("!H", frame, csum_field(at), value)


def set_l3_length(frame, at, index):
    """Make the IP header fit the frame; @index: number of the segment."""
    if at.ethertype == ETH_P_IPV6:
        struct.pack_into("!H", frame, at.l3 + 4, len(frame) - at.l3 - 40)
        return
    ident = struct.unpack_from("!H", frame, at.l3 + 4)[0]
    struct.pack_into("!HH", frame, at.l3 + 2, len(frame) - at.l3, (ident + index) & 0xffff)
    struct.pack_into("!H", frame, at.l3 + 10, 0)
    struct.pack_into("!H", frame, at.l3 + 10, 0xffff ^ ones_sum(frame[at.l3:at.l4]))


def segment(request, at):
    """The frames that TCP segmentation must make."""
    data = at.l4 + 4 * (request.frame[at.l4 + 12] >> 4)
    header, payload = request.frame[:data], request.frame[data:at.end]
    seq = struct.unpack_from("!I", header, at.l4 + 4)[0]
    pieces = range(0, len(payload), request.gso_size)
    for index, offset in enumerate(pieces):
        frame = bytearray(header + payload[offset:offset + request.gso_size])
        set_l3_length(frame, at, index)
        struct.pack_into("!I", frame, at.l4 + 4, (seq + offset) & 0xffffffff)
        if index != len(pieces) - 1:
            frame[at.l4 + 13] &= 0xff ^ (FIN | PSH)
        if index:
            frame[at.l4 + 13] &= 0xff ^ CWR
        fill_l4_csum(frame, layout(frame))
        yield bytes(frame)


def on_the_wire(request):
    """The frames that must leave the adapter for a request."""
    if request.gso_type & ~GSO_ECN:
        at = layout(request.frame)
        yield from segment(request, at)
        return
    frame = bytearray(request.frame)
    if request.flags & NEEDS_CSUM:
        fill_csum(frame, request)
    yield bytes(frame)


def canonical(frame):
    """Without padding, and with one of the two spellings of a TCP sum of zero."""
    at = layout(frame)
    if at is None:
        return bytes(frame)
    frame = bytearray(frame[:at.end])
    if at.proto == TCP and not at.fragment and frame[csum_field(at):csum_field(at) + 2] == b"\xff\xff":
        struct.pack_into("!H", frame, csum_field(at), 0)
    return bytes(frame)
