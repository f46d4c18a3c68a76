#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 5400
"""Measures pairs of adapters, each pair on a wire of its own; tools/openena-bench starts it.

Environment: PAIRS, words NAME/DRIVER/PCI-ID/MAC-PREFIX between commas (a PCI-ID where drivers
compete for the adapter); ROUNDS; SECONDS_EACH of one measurement; MEASURE, speed, instructions or
profile; ONLY, names of measurements between commas, or nothing for all; KNOBS, settings of knobs.py
between commas, each of which is then measured on the one pair and reported in the place of its name.
Prints lines for the launcher:

    mark PAIR ROUND WHAT begin|end
    value PAIR ROUND WHAT NAME NUMBER
    failed PAIR ROUND WHAT SENTENCE
    symbols TEXT        a part of the kernel's functions, packed; tools/vmlib/profile.py reads it

The rounds go over all pairs, one after the other, so that what changes on the host meanwhile
meets them all alike. The two ends of a pair live in namespaces of their own.
"""

import contextlib
import ctypes
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import express
import knobs
import symbols
from commands import PATIENCE_S, Trouble, command

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000

MTUS = (1500, 9000)  # 9000 is what all of the adapters can do
STREAMS = (1, 4)
SMALL, FULL = 60, 1514  # bytes of the smallest Ethernet frame, and of a whole one, without their checksums
PACKETS = 30000  # of one count of instructions
BYTES = 8 << 20  # of one transfer for a count of instructions
NOT_LOCAL = "198.18.0.1"  # frames to it end in the receiver's IP layer
IPERF_PORT, SOCKPERF_PORT = 5201, 11111
# For the launcher to look at its gauges, and for what is under way to end.
SETTLE_S = 0.3


def wait_for(condition, what):
    """Returns when condition() is true; what is missing until then."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Trouble(f"{what} within {PATIENCE_S} s")
        time.sleep(0.1)


def read(path):
    """A file of the kernel."""
    with open(path, encoding="ascii") as source:
        return source.read()


def write(path, text):
    """Writes one line to a file of the kernel."""
    with open(path, "w", encoding="ascii") as out:
        out.write(text + "\n")


@contextlib.contextmanager
def namespace(name):
    """What is done inside, programs started included, is done in this network namespace."""
    with open("/proc/self/ns/net", encoding="ascii") as home, \
            open(f"/run/netns/{name}", encoding="ascii") as there:
        if LIBC.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns to {name}")
        try:
            yield
        finally:
            LIBC.setns(home.fileno(), CLONE_NEWNET)


class End:
    """One adapter of a pair, in its namespace, served by a processor of its own."""

    def __init__(self, mac, name, address, processor):
        self.mac, self.name, self.address, self.processor = mac, name, address, processor
        self.interface = self.pci = None

    def find(self):
        """Whether the driver has made the interface."""
        for path in glob.glob("/sys/class/net/*"):
            if read(path + "/address").strip() == self.mac:
                self.interface = os.path.basename(path)
                # The device of virtio-net is one level below its PCI function.
                self.pci = re.findall(r"/([0-9a-f]{4}:[0-9a-f:]+\.[0-7])",
                                      os.path.realpath(path + "/device"))[-1]
        return self.interface is not None

    def set_up(self):
        """Moves the interface to its namespace and brings it up."""
        command("ip", "netns", "add", self.name)
        command("ip", "link", "set", self.interface, "netns", self.name)
        with namespace(self.name):
            command("ip", "link", "set", "lo", "up")
            command("ip", "addr", "add", f"{self.address}/24", "dev", self.interface)
            command("ip", "link", "set", self.interface, "up")

    def pin(self):
        """Has its processor take its interrupts, where the kernel lets one choose."""
        for path in glob.glob(f"/sys/bus/pci/devices/{self.pci}/msi_irqs/*"):
            with contextlib.suppress(OSError):
                write(f"/proc/irq/{os.path.basename(path)}/smp_affinity", f"{1 << self.processor:x}")

    def received(self):
        """Bytes and packets that the interface has received."""
        with namespace(self.name):
            line = re.search(rf"^ *{self.interface}: *(\d+) +(\d+)", read("/proc/net/dev"), re.M)
        return int(line[1]), int(line[2])

    def listens(self, port):
        """Whether a program waits at a port."""
        with namespace(self.name):
            return any(f":{port:04X} " in read(f"/proc/net/{protocol}")
                       for protocol in ("tcp", "tcp6", "udp", "udp6") if
                       os.path.exists(f"/proc/net/{protocol}"))

    @contextlib.contextmanager
    def serving(self, port, *words):
        """A server runs here meanwhile."""
        with namespace(self.name):
            server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: self.listens(port), f"{words[0]} does not listen")
            yield
        finally:
            server.kill()
            server.wait()


class Pair:
    """Two adapters of one kind on one wire."""

    def __init__(self, index, word):
        self.name, self.driver, self.device, prefix = word.split("/")
        self.near = End(prefix + ":01", f"near{index}", f"10.77.{index}.1", 0)
        self.far = End(prefix + ":02", f"far{index}", f"10.77.{index}.2", 1)
        self.mtu = None

    def choose_driver(self):
        """Tells the kernel which of several drivers gets the adapters."""
        for path in glob.glob("/sys/bus/pci/devices/*"):
            if f"{read(path + '/vendor').strip()}:{read(path + '/device').strip()}" == self.device:
                write(path + "/driver_override", self.driver)

    def set_up(self):
        """Readies both ends, as soon as the driver has made them."""
        for end in (self.near, self.far):
            wait_for(end.find, f"{self.name}: no interface with address {end.mac}")
            end.set_up()
        self.set_mtu(1500)

    def pin(self):
        """Has each end served by its processor."""
        for end in (self.near, self.far):
            end.pin()

    def turn(self, knob, on):
        """Turns a knob at both ends, or brings back what was before."""
        for end in (self.near, self.far):
            # What is in /proc/sys here is of the whole machine; of /sys each namespace has its own.
            there = () if knob in knobs.OF_THE_MACHINE else ("ip", "netns", "exec", end.name)
            command(*there, "bash", "-c", knobs.shell(knob, on).format(dev=end.interface))
        wait_for(self.has_traffic, f"{self.name}: no traffic with {knob}")
        self.pin()

    def has_traffic(self):
        """Whether an echo comes back."""
        with namespace(self.near.name), contextlib.suppress(Trouble):
            command("ping", "-c1", "-W2", self.far.address)
            return True
        return False

    def set_mtu(self, mtu):
        """Sets the MTU of both ends."""
        if mtu == self.mtu:
            return
        for end in (self.near, self.far):
            with namespace(end.name):
                command("ip", "link", "set", end.interface, "mtu", str(mtu))
        wait_for(self.has_traffic, f"{self.name}: no traffic at MTU {mtu}")
        self.pin()
        self.mtu = mtu


class Measurement:
    """One thing measured on one pair in one round, between two marks."""

    def __init__(self, name, round_number, what):
        self.head = f"{name} {round_number} {what}"

    def say(self, kind, rest):
        """Prints a line for the launcher."""
        print(kind, self.head, rest, flush=True)

    @contextlib.contextmanager
    def under_way(self):
        """The time that counts."""
        time.sleep(SETTLE_S)
        self.say("mark", "begin")
        time.sleep(SETTLE_S)
        yield
        time.sleep(SETTLE_S)
        self.say("mark", "end")
        time.sleep(SETTLE_S)

    def values(self, **numbers):
        """Reports numbers."""
        for name, number in numbers.items():
            self.say("value", f"{name} {number}")


def transfer(pair, measurement, mtu, streams, amount, server=()):
    """One TCP transfer from near to far; amount, and what the server is told, are iperf3's options."""
    pair.set_mtu(mtu)
    with pair.far.serving(IPERF_PORT, "iperf3", "-s", "-1", *server):
        before = pair.far.received()
        with measurement.under_way(), namespace(pair.near.name):
            report = json.loads(command("iperf3", "-c", pair.far.address, "-J", "-P", str(streams),
                                        *amount, timeout=2 * PATIENCE_S))
        moved = pair.far.received()
    if "error" in report:
        raise Trouble(f"iperf3: {report['error']}")
    measurement.values(bits_per_second=report["end"]["sum_received"]["bits_per_second"],
                       bytes=moved[0] - before[0], packets=moved[1] - before[1])


def pktgen(sender, receiver, count, seconds, size=SMALL):
    """Runs the kernel's generator in the present namespace; returns frames sent, and in what time."""
    thread = f"/proc/net/pktgen/kpktgend_{sender.processor}"
    device = f"/proc/net/pktgen/{sender.interface}"
    control = "/proc/net/pktgen/pgctrl"
    write(thread, "rem_device_all")
    write(thread, f"add_device {sender.interface}")
    for word in (f"count {count}", f"pkt_size {size}", "delay 0", "burst 32",
                 f"dst_mac {receiver.mac}", f"dst {NOT_LOCAL}", f"src_min {sender.address}",
                 f"src_max {sender.address}", "udp_dst_min 9", "udp_dst_max 9"):
        write(device, word)
    stop = threading.Timer(seconds, write, (control, "stop"))
    stop.start()
    write(control, "start")  # returns when it has ended
    stop.cancel()
    said = read(device)
    write(thread, "rem_device_all")
    sent = re.search(r"pkts-sofar: (\d+)", said)
    took = re.search(r"Result: OK: (\d+)\(", said)
    if not sent or not took or not int(sent[1]):
        raise Trouble(f"pktgen: {' '.join(said.split()[-20:])}")
    return int(sent[1]), int(took[1]) / 1e6


def frames(pair, measurement, back, count, seconds, size=SMALL):
    """Frames one way: count of them, or as many as go in that time (0: without end)."""
    pair.set_mtu(1500)
    sender, receiver = (pair.far, pair.near) if back else (pair.near, pair.far)
    before = receiver.received()
    with measurement.under_way(), namespace(sender.name):
        sent, took = pktgen(sender, receiver, count, seconds, size)
    arrived = receiver.received()[1] - before[1]
    measurement.values(sent_per_second=sent / took, received_per_second=arrived / took,
                       packets=sent, arrived=arrived)


def round_trips(pair, measurement, seconds):
    """Request and response of 64 bytes, one at a time; the whole round trip."""
    pair.set_mtu(1500)
    with pair.far.serving(SOCKPERF_PORT, "sockperf", "server", "-i", pair.far.address), \
            measurement.under_way(), namespace(pair.near.name):
        said = command("sockperf", "ping-pong", "-i", pair.far.address, "-m", "64", "--full-rtt",
                       "-t", str(max(1, round(seconds))))
    for percentile in ("50.000", "90.000", "99.000", "99.900"):
        found = re.search(rf"percentile {re.escape(percentile)} *= *([\d.]+)", said)
        if not found:
            raise Trouble(f"sockperf: {said.strip()[-300:]}")
        measurement.values(**{f"p{float(percentile):g}_us": found[1]})


def treated(pair, measurement, action):
    """Smallest frames that a program of XDP treats."""
    pair.set_mtu(1500)
    with namespace(pair.far.name), express.one_queue(pair.far.interface), \
            express.program(pair.far, action) as count:
        pair.pin()
        with measurement.under_way(), namespace(pair.near.name):
            sent, _ = pktgen(pair.near, pair.far, PACKETS, PATIENCE_S)
        measurement.values(packets=sent, arrived=count())


def to_a_socket(pair, measurement):
    """Smallest frames to a socket of AF_XDP."""
    pair.set_mtu(1500)
    with namespace(pair.far.name), express.one_queue(pair.far.interface), \
            contextlib.closing(express.open_socket(pair.far.interface, PACKETS)) as there, \
            express.program(pair.far, "xsk", there.map):
        pair.pin()
        with measurement.under_way(), namespace(pair.near.name):
            sent, _ = pktgen(pair.near, pair.far, PACKETS, PATIENCE_S)
        measurement.values(packets=sent, arrived=len(there.rx.take()), zero_copy=int(there.mode == "zerocopy"))


def from_a_socket(pair, measurement):
    """Smallest frames from a socket of AF_XDP, which the other end's stack drops."""
    pair.set_mtu(1500)
    before = pair.far.received()
    with namespace(pair.near.name), express.one_queue(pair.near.interface), \
            contextlib.closing(express.open_socket(pair.near.interface, PACKETS)) as here:
        pair.pin()
        os.sched_setaffinity(0, {pair.near.processor})
        try:
            with measurement.under_way():
                here.send(PACKETS, SMALL)
        finally:
            os.sched_setaffinity(0, range(os.cpu_count()))
        measurement.values(packets=PACKETS, arrived=pair.far.received()[1] - before[1],
                           zero_copy=int(here.mode == "zerocopy"))


def idle(measurement, seconds):
    """The machine that waits, to be taken off what the others count."""
    with measurement.under_way():
        time.sleep(seconds)


def speed(seconds):
    """What is measured on a pair for its speed: names and functions of (pair, measurement)."""
    for mtu in MTUS:
        for streams in STREAMS:
            yield f"tcp{mtu}x{streams}", lambda pair, m, mtu=mtu, streams=streams: transfer(
                pair, m, mtu, streams, ("-t", f"{seconds:g}"))
    yield "udp64", lambda pair, m: frames(pair, m, False, 0, seconds)
    yield "udp64_back", lambda pair, m: frames(pair, m, True, 0, seconds)
    yield "latency", lambda pair, m: round_trips(pair, m, seconds)


def instructions():
    """What is measured on a pair for the guest's work."""
    yield "idle", lambda pair, m: idle(m, 1)
    yield "udp64", lambda pair, m: frames(pair, m, False, PACKETS, PATIENCE_S)
    for mtu in MTUS:
        yield f"tcp{mtu}", lambda pair, m, mtu=mtu: transfer(pair, m, mtu, 1, ("-n", str(BYTES)))


def profiles():
    """What is measured on a pair for its driver's functions."""
    for size in (SMALL, FULL):
        yield f"udp{size + 4}", lambda pair, m, size=size: frames(pair, m, False, PACKETS, PATIENCE_S, size)
    yield "tso", lambda pair, m: transfer(pair, m, 1500, 1, ("-n", str(4 * BYTES), "-A", "0"),
                                          ("-A", "1"))
    for action in ("drop", "tx"):
        yield f"xdp_{action}", lambda pair, m, action=action: treated(pair, m, action)
    yield "xsk_rx", to_a_socket
    yield "xsk_tx", from_a_socket


def set_up(pairs):
    """Loads the drivers and readies the pairs; returns those that work."""
    command("modprobe", "pktgen")
    for pair in pairs:
        pair.choose_driver()
    for driver in dict.fromkeys(pair.driver for pair in pairs):
        command("modprobe", driver)
    for path in glob.glob("/sys/bus/pci/devices/*"):
        if not os.path.exists(path + "/driver"):
            with contextlib.suppress(OSError):
                write("/sys/bus/pci/drivers_probe", os.path.basename(path))
    able = []
    for pair in pairs:
        try:
            pair.set_up()
            able.append(pair)
        except Trouble as error:
            Measurement(pair.name, 0, "set-up").say("failed", " ".join(str(error).split()))
    return able


def attempt(pair, name, round_number, what, measure):
    """One measurement, or the reason why it could not be had."""
    measurement = Measurement(name, round_number, what)
    try:
        measure(pair, measurement)
    except (Trouble, OSError, ValueError, KeyError) as error:
        measurement.say("failed", " ".join(str(error).split()))
        pair.mtu = None


def round_of_knobs(pair, round_number, plan, names):
    """All measurements with each of the knobs."""
    for name in names:
        try:
            if name != knobs.DEFAULT:
                pair.turn(name, True)
            for what, measure in plan:
                attempt(pair, name, round_number, what, measure)
            if name != knobs.DEFAULT:
                pair.turn(name, False)
        except (Trouble, OSError) as error:
            Measurement(name, round_number, "turn").say("failed", " ".join(str(error).split()))


def main():
    """Returns the exit status."""
    seconds = float(os.environ["SECONDS_EACH"])
    plan = list({"speed": lambda: speed(seconds), "instructions": instructions,
                 "profile": profiles}[os.environ["MEASURE"]]())
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    # What an idle machine executes is taken off the others' counts.
    plan = [step for step in plan if not only or step[0] in (*only, "idle")]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    pairs = set_up([Pair(i, word) for i, word in enumerate(os.environ["PAIRS"].split(","))])
    names = [name for name in os.environ.get("KNOBS", "").split(",") if name]
    for what, measure in plan if names else ():
        attempt(pairs[0], "warm-up", 0, what, measure)
    for round_number in range(int(os.environ["ROUNDS"])):
        if names:
            round_of_knobs(pairs[0], round_number, plan, names)
            continue
        for what, measure in plan:
            for pair in pairs:
                attempt(pair, pair.name, round_number, what, measure)
    # At the end, for the programs of XDP to be among them.
    if os.environ["MEASURE"] == "profile":
        symbols.say()
    return 0


if __name__ == "__main__":
    sys.exit(main())
