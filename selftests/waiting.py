#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that are left behind in a queue discipline when the queues below it stop and start.

waiting.py INTERFACE ADDRESS RING ROUNDS
    sends to ADDRESS while "ethtool -G" closes and opens INTERFACE, whose RX ring has RING entries, and stops
    sending at a random moment of it;
    exits with 1 if a packet waits half a second later, or if none has met a stopped queue
"""

import json
import random
import socket
import subprocess
import sys
import threading
import time

DISCARD = 9
SETTLE_S = 0.5


def send(peer, seconds):
    """A packet a millisecond."""
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        while time.monotonic() < end:
            try:
                sock.sendto(bytes(100), (peer, DISCARD))
            except OSError:
                pass  # there is no room, or no carrier
            time.sleep(0.001)


def disciplines(interface):
    """Those of the queues, with their counters."""
    said = subprocess.run(["tc", "-s", "-j", "qdisc", "show", "dev", interface], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return [qdisc for qdisc in json.loads(said) if "parent" in qdisc]


def stopped(interface):
    """How often a packet has found its queue stopped."""
    return sum(qdisc["requeues"] for qdisc in disciplines(interface))


def main(interface, peer, ring, rounds):
    """Returns the exit status."""
    took, waited, requeues = 0.2, 0, 0
    for number in range(int(rounds)):
        before = stopped(interface)
        sender = threading.Thread(target=send, args=(peer, took * random.uniform(0.1, 1)))
        start = time.monotonic()
        sender.start()
        subprocess.run(["ethtool", "-G", interface, "rx", str(int(ring) // (2 - number % 2))], check=True)
        took = time.monotonic() - start
        sender.join()
        time.sleep(SETTLE_S)
        # A qdisc that the carrier has taken away counts anew.
        requeues += max(0, stopped(interface) - before)
        for qdisc in disciplines(interface):
            if qdisc["backlog"]:
                waited += 1
                print(f"round {number}: {qdisc['kind']} {qdisc['parent']}: {qdisc['backlog']} bytes wait")
    print(f"{requeues} times a queue was found stopped, {waited} times something waited for good")
    return waited > 0 or not requeues


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
