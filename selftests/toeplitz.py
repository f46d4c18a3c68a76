#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which receive queue a flow belongs to.

vectors                            check the arithmetic against published values
queues DRIVER KEY TABLE < flows    one queue for each line "src sport dst dport"
hashes DRIVER KEY < flows          the hash of each, in hexadecimal digits

KEY is the key as ethtool shows it (aa:bb:...), TABLE the indirection table as
comma-separated queue numbers. An ENA device takes the bytes of the key that
the host wrote in reverse order, starts from a value that the host chooses, and
puts the lower address and the lower port first if the host says so. The ena
driver of Linux passes the key as it is, all ones to start from, and wants both
sorted; openena turns the key round, starts from zero and sorts nothing, which is
the Toeplitz hash as everywhere else.
"""

import ipaddress
import struct
import sys


def toeplitz(key, data, initial=0):
    """The Toeplitz hash of @data; the key is taken cyclically."""
    bits = len(key) * 8
    number = int.from_bytes(key, "big")
    number = number << bits | number
    value = initial
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            value ^= number >> (2 * bits - 32 - i % bits) & 0xffffffff
    return value


def flow_bytes(src, sport, dst, dport, sort=False):
    addresses = [ipaddress.ip_address(address).packed for address in (src, dst)]
    ports = [struct.pack("!H", int(port)) for port in (sport, dport)]
    if sort:
        addresses.sort()
        ports.sort()
    return b"".join(addresses + ports)


HASHES = {
    "openena": lambda key, flow: toeplitz(key, flow_bytes(*flow)),
    "ena": lambda key, flow: toeplitz(key[::-1], flow_bytes(*flow, sort=True), 0xffffffff),
}


# Microsoft's verification suite for RSS: key, then flows and their hashes.
MICROSOFT_KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b4"
                              "77cb2da38030f20c6a42b73bbeac01fa")
MICROSOFT = {
    ("66.9.149.187", 2794, "161.142.100.80", 1766): 0x51ccc178,
    ("199.92.111.2", 14230, "65.69.140.83", 4739): 0xc626b0ea,
    ("3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766): 0x40207d3d,
    ("3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739): 0xdde51bbf,
}
# From Amazon's documentation of the adapter: the flow as DPDK and as Linux hash it.
AMAZON_KEY = bytes.fromhex("77d1c934a4c9bd876e35dd17b2e3239e396d8a932a95b472"
                           "3ab37f568edeb60197af3b2f3a70e704")
AMAZON_FLOW = ("1.2.3.4", 7000, "1.2.3.5", 7000)


def vectors():
    for flow, expected in MICROSOFT.items():
        assert toeplitz(MICROSOFT_KEY, flow_bytes(*flow)) == expected, flow
    assert HASHES["openena"](AMAZON_KEY, AMAZON_FLOW) == 0xa9828bd4
    assert HASHES["ena"](AMAZON_KEY, AMAZON_FLOW) == 0x5b5eb8e5
    print(f"{len(MICROSOFT) + 2} vectors agree")


def queues(driver, key, table):
    key = bytes.fromhex(key.replace(":", ""))
    table = [int(queue) for queue in table.split(",")]
    for line in sys.stdin:
        print(table[HASHES[driver](key, line.split()) % len(table)])


def hashes(driver, key):
    for line in sys.stdin:
        print(f"{HASHES[driver](bytes.fromhex(key.replace(':', '')), line.split()):08x}")


def main():
    if sys.argv[1:] == ["vectors"]:
        vectors()
    elif len(sys.argv) == 5 and sys.argv[1] == "queues":
        queues(*sys.argv[2:])
    elif len(sys.argv) == 4 and sys.argv[1] == "hashes":
        hashes(*sys.argv[2:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
