# SPDX-License-Identifier: GPL-2.0-or-later
"""Moves a running guest to a new QEMU, through a socket or through a file."""

import os
import tempfile
import time

from . import BUILD
from .qmp import Refused

SECONDS = 60
SETTLED = ("completed", "failed", "cancelled")
BANDWIDTH = 4 << 30  # bytes a second: both ends are here
WAYS = ("live", "file")


def move(way, source, start):
    """The guest of the monitor @source goes on in the QEMU that @start() starts, and whose
    monitor that returns. Refused: it has stayed where it was, if @source is still there.

    Live, the guest runs while its memory is copied. Through a file the old QEMU has ended
    before the new one starts.
    """
    if way not in WAYS:
        raise Refused(f"migrate {way}: must be {' or '.join(WAYS)}")
    source.execute("migrate-set-parameters", **{"max-bandwidth": BANDWIDTH})
    with tempfile.TemporaryDirectory(dir=os.path.join(BUILD, "vm")) as directory:
        # Relative: the name of a socket is short.
        path = os.path.relpath(os.path.join(directory, "state"))
        if way == "file":
            _return_path(False, source)
            _send(source, f"file:{path}")
            source.execute("quit")
            target = start()
            target.execute("migrate-incoming", uri=f"file:{path}")
        else:
            target = start()
            try:
                _return_path(True, source, target)
                target.execute("migrate-incoming", uri=f"unix:{path}")
                _send(source, f"unix:{path}")
            except Refused:
                target.execute("quit")
                raise
            source.execute("quit")
        _settle(target)


def _return_path(wanted, *ends):
    """Whether the new QEMU tells the old one that it has taken the state."""
    for end in ends:
        end.execute("migrate-set-capabilities",
                    capabilities=[{"capability": "return-path", "state": wanted}])


def _send(source, uri):
    source.execute("migrate", uri=uri)
    _settle(source)


def _settle(end):
    """Waits until a migration has succeeded."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        state = end.execute("query-migrate")
        if state.get("status") == "completed":
            return
        if state.get("status") in SETTLED:
            raise Refused(f"the migration {state['status']}: {state.get('error-desc', 'no reason given')}")
        time.sleep(0.05)
    end.execute("migrate_cancel")
    raise Refused(f"the migration did not end within {SECONDS} s")
