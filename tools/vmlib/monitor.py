# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest under test may ask of the machine around it: a few commands of QEMU's monitor.

A request is a line on the guest's third serial port, words quoted as in a shell:

    ID VERB WORD...

The answer is the line "ID ok VALUE" or "ID error SENTENCE".
"""

import json
import re
import select
import shlex
import socket
import time

from .qmp import Qmp, Refused

LINE_MAX = 4096
ANSWER_MAX = 32768


def value_of(word):
    """A number, true, false or other JSON as that, everything else as a string."""
    try:
        return json.loads(word)
    except ValueError:
        return word


def device(name):
    """The path of a device by the id that the launcher gave it."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise Refused(f"\"{name}\" is not the id of a device")
    return f"/machine/peripheral/{name}"


class Channel:
    """The sockets to one QEMU: the guest's requests, and the monitor."""

    def __init__(self):
        self.requests, self.request_end = socket.socketpair()
        self.requests.setblocking(False)
        qmp, self.qmp_end = socket.socketpair()
        self.qmp = Qmp(qmp)

    def arguments(self):
        """What QEMU's command line needs. ISA's third port shares its interrupt with the first."""
        return ["-chardev", f"socket,id=requests,fd={self.request_end.fileno()}",
                "-device", "isa-serial,index=2,iobase=0x3e8,irq=5,chardev=requests",
                "-chardev", f"socket,id=qmp,fd={self.qmp_end.fileno()}",
                "-mon", "chardev=qmp,mode=control"]

    def inherited(self):
        """The file descriptors that these arguments name."""
        return (self.request_end.fileno(), self.qmp_end.fileno())

    def started(self):
        """QEMU has its ends: without ours of them, its end is seen."""
        self.request_end.close()
        self.qmp_end.close()

    def close(self):
        """Forgets that QEMU."""
        self.requests.close()
        self.qmp.close()


class Monitor:
    """Answers the guest. @migrate moves it, and returns the channel to its new QEMU."""

    def __init__(self, nic, channel, migrate):
        self.nic = nic
        self.channel = channel
        self.migrate = migrate
        self.rest = b""
        self.open = True
        self.verbs = {
            "qom-get": self._qom_get, "qom-set": self._qom_set, "set_link": self._set_link,
            "device_add": self._device_add, "device_del": self._device_del, "event": self._event,
            "migrate": self._migrate, "inject_error": self._inject_error,
        }

    @property
    def qmp(self):
        """The monitor of the QEMU that the guest is in."""
        return self.channel.qmp

    def close(self):
        """Forgets the machine."""
        self.channel.close()

    def serve(self, seconds):
        """Answers what the guest asks within this time."""
        if not self.open:
            time.sleep(seconds)
            return
        if not select.select([self.channel.requests], [], [], seconds)[0]:
            return
        try:
            data = self.channel.requests.recv(LINE_MAX)
        except ConnectionResetError:
            data = b""
        self.open = bool(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.rest = self.rest[-LINE_MAX:]
        for line in lines:
            self._answer(line.decode(errors="replace").strip())

    def _answer(self, line):
        name, _, rest = line.partition(" ")
        try:
            result = self._execute(rest)
            if result is None or result == {}:
                result = ""
            text = result if isinstance(result, str) else json.dumps(result)
            answer = f"{name} ok {text}"
        except (Refused, ValueError) as error:
            answer = f"{name} error {error}"
        answer = answer.replace("\n", " ")[:ANSWER_MAX] + "\n"
        requests = self.channel.requests
        requests.setblocking(True)
        try:
            requests.sendall(answer.encode())
        except OSError:
            self.open = False
        requests.setblocking(False)

    def _execute(self, line):
        verb, *words = shlex.split(line) or [""]
        if verb not in self.verbs:
            raise Refused(f"\"{verb}\" is none of {', '.join(self.verbs)}")
        try:
            return self.verbs[verb](*words)
        except TypeError:
            raise Refused(f"{verb} does not take {len(words)} words") from None

    def _qom_get(self, name, prop):
        return self.qmp.execute("qom-get", path=device(name), property=prop)

    def _qom_set(self, name, prop, value):
        return self.qmp.execute("qom-set", path=device(name), property=prop, value=value_of(value))

    def _set_link(self, name, state):
        if state not in ("on", "off"):
            raise Refused(f"set_link {name} {state}: must be on or off")
        return self.qmp.execute("set_link", name=name, up=state == "on")

    def _device_add(self, *words):
        """Words are NAME=VALUE; the driver is that of the other adapters."""
        pairs = [word.partition("=") for word in words]
        return self.qmp.execute("device_add", **{name: value_of(value) for name, _, value in pairs},
                                driver=self.nic)

    def _device_del(self, name):
        return self.qmp.execute("device_del", id=name)

    def _inject_error(self, name, error):
        """An error of PCI Express's, which the device reports; QEMU's monitor names them."""
        device(name)
        if not re.fullmatch("[A-Z_]+", error):
            raise Refused(f"\"{error}\" is not the name of an error")
        answer = self.qmp.execute("human-monitor-command",
                                  **{"command-line": f"pcie_aer_inject_error {name} {error}"})
        if not answer.startswith("OK"):
            raise Refused(answer.strip())

    def _event(self, name):
        return self.qmp.event(name)

    def _migrate(self, way="live"):
        """The guest asks one thing at a time: nothing else is under way in the old channel."""
        self.channel = self.migrate(way)
