# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of XDP and sockets of AF_XDP for measure.py, which treat the generator's frames."""

import contextlib
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bpf  # noqa: E402
import xsk  # noqa: E402
from commands import PATIENCE_S, Trouble, command  # noqa: E402

IPV4 = 0x0800
PINS = "/sys/fs/bpf/bench"


@contextlib.contextmanager
def one_queue(interface):
    """With one queue: with two ena has none left for what a program sends."""
    command("ethtool", "-L", interface, "combined", "1")
    try:
        yield
    finally:
        command("ethtool", "-L", interface, "combined", "2")


@contextlib.contextmanager
def program(end, action, target=0):
    """One treats what the end receives; gives a function that says of how many frames."""
    os.makedirs(PINS, exist_ok=True)
    # It stays there, as the kernel is asked for its symbols at the end.
    path = f"{PINS}/{time.monotonic_ns()}"
    bpf.load(action, path, target, bytes.fromhex(end.mac.replace(":", "")), IPV4)
    command("ip", "-force", "link", "set", "dev", end.interface, "xdpdrv", "pinned", path)
    try:
        yield lambda: bpf.count(path)
    finally:
        command("ip", "link", "set", "dev", end.interface, "xdpdrv", "off")


class Socket(xsk.Socket):
    """With room for all frames, so that nobody has to take them meanwhile."""

    def __init__(self, interface, mode, frames):
        entries = 1 << frames.bit_length()
        super().__init__(interface, 0, mode, entries, entries)
        self.mode = mode
        self.map = bpf.socket_map(0, self.sock.fileno())

    def send(self, frames, length):
        """Sends frames of zeros; returns when the kernel has given all of them back."""
        # The fill ring has the same ones: zeros, too, or what comes is lost, which nobody looks at.
        self.tx.put([(index * xsk.FRAME, length, 0) for index in range(frames)])
        completed = 0
        deadline = time.monotonic() + PATIENCE_S
        while completed < frames:
            self.kick()
            completed += len(self.completion.take())
            if time.monotonic() > deadline:
                raise Trouble(f"{completed} of {frames} frames sent within {PATIENCE_S} s")


def open_socket(interface, frames):
    """Without copies, if that can be had."""
    try:
        return Socket(interface, "zerocopy", frames)
    except OSError:
        return Socket(interface, "copy", frames)
