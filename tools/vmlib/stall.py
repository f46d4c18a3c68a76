# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be seen from outside of a guest that stands still or misses an interrupt.

Whether the adapter has sent the interrupt is in "vectors" of each function, whether a processor has
taken it in its local APIC: messages that were due, masks, pending bits; requests and what is in
service.
"""

import json

from .qmp import Refused

VIEWS = ("vectors", "control-state", "queue-states", "statistics", "history")
# Where QEMU keeps devices with an id, and those that it made itself: virtual functions.
PLACES = {"/machine/peripheral": "child<ena>", "/machine/unattached": "child<ena-vf>"}


def functions(qmp):
    """The paths of all functions of all adapters."""
    return [f"{place}/{item['name']}" for place, kind in PLACES.items()
            for item in qmp.execute("qom-list", path=place) if item["type"] == kind]


def record(qmp, cpus, why, path):
    """Adds to the file @path what is seen now; never fails."""
    seen = {"why": why}
    try:
        for function in functions(qmp):
            seen[function] = {view: qmp.execute("qom-get", path=function, property=view)
                              for view in VIEWS}
        for line in ("info registers -a", "info pic", *(f"info lapic {cpu}" for cpu in range(cpus))):
            answer = qmp.execute("human-monitor-command", **{"command-line": line})
            seen[line] = answer.splitlines()
    except (Refused, OSError) as error:
        seen["error"] = str(error)
    with open(path, "a", encoding="utf-8") as out:
        json.dump(seen, out, indent=1)
        out.write("\n")
