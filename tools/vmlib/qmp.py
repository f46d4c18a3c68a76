# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's monitor."""

import collections
import json
import time

QEMU_SECONDS = 20  # for one command
EVENT_SECONDS = 10
EVENTS_MAX = 64


class Refused(Exception):
    """A request that is not carried out; the text says why."""


class Qmp:
    """The machine's monitor, at the other end of a socket."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(QEMU_SECONDS)
        self.stream = connection.makefile("rw", encoding="utf-8")
        self.events = collections.deque(maxlen=EVENTS_MAX)
        self.greeted = False

    def close(self):
        """Leaves QEMU alone."""
        self.stream.close()
        self.connection.close()

    def _message(self):
        try:
            line = self.stream.readline()
        except TimeoutError:
            raise Refused(f"QEMU did not answer within {QEMU_SECONDS} s") from None
        if not line:
            raise Refused("QEMU has ended")
        return json.loads(line)

    def execute(self, command, **arguments):
        """What the command returns."""
        if not self.greeted:
            self.greeted = True
            self._message()
            self.execute("qmp_capabilities")
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            message = self._message()
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise Refused(message["error"]["desc"])
            else:
                return message["return"]

    def event(self, name):
        """The data of the oldest event of that name that has not been asked for yet."""
        deadline = time.monotonic() + EVENT_SECONDS
        while time.monotonic() < deadline:
            self.execute("query-status")  # takes in what has arrived
            for message in self.events:
                if message["event"] == name:
                    self.events.remove(message)
                    return message.get("data", {})
            time.sleep(0.1)
        raise Refused(f"no event {name} within {EVENT_SECONDS} s")
