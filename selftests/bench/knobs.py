# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings that measure.py turns, one at a time, and back: Documentation/tuning.rst has what came out."""

import os

PUSHBUF = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pushbuf.py")
# Commands for each end, in its namespace. Those of the second list bring back what was before.
ETHTOOL = {
    "no-delays": (["-C {dev} adaptive-rx off rx-usecs 0 tx-usecs 0"], ["-C {dev} adaptive-rx on tx-usecs 64"]),
    "delays-64us": (["-C {dev} adaptive-rx off rx-usecs 64 tx-usecs 64"], ["-C {dev} adaptive-rx on"]),
    "delays-256us": (["-C {dev} adaptive-rx off rx-usecs 256 tx-usecs 256"],
                     ["-C {dev} adaptive-rx on tx-usecs 64"]),
    "rings-256": (["-G {dev} rx 256 tx 256"], ["-G {dev} rx 1024 tx 1024"]),
    "one-queue": (["-L {dev} combined 1"], ["-L {dev} combined 2"]),
    "no-copybreak": (["--set-tunable {dev} rx-copybreak 0"], ["--set-tunable {dev} rx-copybreak 256"]),
    "gro-off": (["-K {dev} gro off"], ["-K {dev} gro on"]),
    "tso-off": (["-K {dev} tso off"], ["-K {dev} tso on"]),
    "checksums-off": (["-K {dev} tx off rx off"], ["-K {dev} tx on tso on rx on"]),
}
# Files: below the interface's queues, the interface itself, or the kernel's settings.
FILES = {
    "threaded-napi": ("/sys/class/net/{dev}/threaded", "1", "0"),
    "rps-all": ("/sys/class/net/{dev}/queues/rx-*/rps_cpus", "3", "0"),
    "late-interrupts": ("/sys/class/net/{dev}/napi_defer_hard_irqs /sys/class/net/{dev}/gro_flush_timeout",
                        "2 50000", "0 0"),
    "busy-poll": ("/proc/sys/net/core/busy_poll /proc/sys/net/core/busy_read", "50 50", "0 0"),
}
OF_THE_MACHINE = ("busy-poll",)
DEFAULT = "default"
NAMES = (DEFAULT, *ETHTOOL, "push-224", *FILES)


def shell(name, on):
    """The command, for one end's namespace, that turns a knob or brings it back; {dev} is the interface."""
    if name in ETHTOOL:
        return "; ".join(f"ethtool {words}" for words in ETHTOOL[name][0 if on else 1])
    if name == "push-224":
        return f"python3 {PUSHBUF} set {{dev}} {224 if on else 96} && ethtool -G {{dev}} tx {512 if on else 1024}"
    paths, wanted, before = FILES[name]
    return " && ".join(f"for file in {path}; do echo {value} >$file || exit 1; done" for path, value in
                       zip(paths.split(), (wanted if on else before).split()))
