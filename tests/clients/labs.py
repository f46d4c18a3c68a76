#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts, which are network namespaces, and a guest on each: Documentation/labs.rst. TAP on stdout.

With SWITCH=openvswitch in the environment the hosts have Open vSwitch, in its user space, in place of
Linux bridges.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "qemu"))
from tap import Skip, equal, main, test  # noqa: E402

PROGRAM = os.path.join(ROOT, "build", "tools", "bin", "openena")
SECONDS = 180
UNDERLAY_MTU, MTU = 9100, 9001  # VXLAN over IPv4 needs 50 bytes more
LARGEST_ECHO = MTU - 28


def run(*words, said=None, env=None):
    """What a command prints."""
    done = subprocess.run(words, input=said or "", capture_output=True, text=True, timeout=SECONDS, check=False,
                          env={**os.environ, **(env or {})})
    equal(done.returncode, 0, f"exit status of {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


class Host:
    """A namespace with a tap for its guest, and a bridge that joins it to a VXLAN."""

    # Whether the switch takes frames whose checksum and segments are still to be made.
    takes_offloads = True
    has_linux_bridge = True

    def __init__(self, number):
        self.name = f"openena-lab-{os.getpid()}-{number}"
        # Of the second host the machine makes its tap itself.
        self.network = "tap:tap0" if number == 1 or not self.has_linux_bridge else "bridge:br0"
        self.address, self.guest_address = f"10.99.0.{number}", f"192.168.77.{number}"
        self.state = tempfile.mkdtemp(prefix="openena-")
        run("ip", "netns", "add", self.name)

    def do(self, *words, said=None):
        """What a command prints that is run here."""
        return run("ip", "netns", "exec", self.name, *words, said=said, env={"XDG_STATE_HOME": self.state})

    def ip(self, commands):
        """Runs ip, once for each line."""
        for command in commands.strip().splitlines():
            self.do("ip", *command.split())

    def join(self, peer):
        """The wire is there; everything that uses it."""
        self.ip(f"""link set lo up
                    link set wire mtu {UNDERLAY_MTU} up
                    tuntap add dev tap0 mode tap
                    link set tap0 mtu {MTU} up""")
        self.switch(peer)

    def switch(self, peer):
        """From the tap to the wire."""
        self.ip(f"""addr add {self.address}/24 dev wire
                    link add br0 type bridge
                    link add vxlan100 type vxlan id 100 dstport 4789 local {self.address} remote {peer.address}
                    link set vxlan100 mtu {MTU} master br0 up
                    link set tap0 master br0
                    link set br0 up""")

    def vxlan(self, up):
        """Lets it carry frames, or not."""
        self.ip(f"link set vxlan100 {'up' if up else 'down'}")

    def start_guest(self):
        self.do(PROGRAM, "run", "guest", "--detach", "--driver", "ena", "--network", self.network,
                "--address", self.guest_address, "--memory", "512M")

    def log(self):
        return self.do(PROGRAM, "console", "guest", "--log")

    def wait_for(self, pattern):
        """What the guest says, up to a pattern."""
        deadline = time.monotonic() + SECONDS
        while not (found := re.search(pattern, self.log())):
            assert time.monotonic() < deadline, f"no {pattern}:\n{self.log()}"
            time.sleep(0.5)
        return found

    def in_guest(self, command):
        """The exit status of a command in the guest, and what it said."""
        begun, mark = len(self.log()), f"{time.monotonic_ns()}"
        self.do(PROGRAM, "console", "guest", "--quiet", "1000", said=f"{command}; echo end-$?-{mark}\n")
        status = int(self.wait_for(rf"end-(\d+)-{mark}")[1])
        return status, self.log()[begun:]

    def carried(self):
        """How many frames the VXLAN has sent and received."""
        told = json.loads(self.do("ip", "-json", "-s", "link", "show", "vxlan100"))[0]["stats64"]
        return told["tx"]["packets"], told["rx"]["packets"]

    def remove(self):
        with contextlib.suppress(AssertionError):
            self.do(PROGRAM, "stop", "--all")
        subprocess.run(["ip", "netns", "delete", self.name], check=False)
        subprocess.run(["rm", "-rf", self.state], check=False)


class OpenVSwitchHost(Host):
    """The same by Open vSwitch in its user space, which needs no kernel module and owns the wire."""

    takes_offloads = False
    has_linux_bridge = False
    SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"

    def path(self, name):
        return os.path.join(self.state, name)

    def daemon(self, program, *words):
        self.do(program, *words, "--detach", f"--pidfile={self.path(program + '.pid')}",
                f"--unixctl={self.path(program + '.ctl')}", f"--log-file={self.path(program + '.log')}")

    def vsctl(self, *words):
        return self.do("ovs-vsctl", f"--db=unix:{self.path('db')}", "--timeout=20", *words)

    def switch(self, peer):
        self.do("ovsdb-tool", "create", self.path("conf.db"), self.SCHEMA)
        self.daemon("ovsdb-server", self.path("conf.db"), f"--remote=punix:{self.path('db')}")
        self.vsctl("--no-wait", "init")
        self.daemon("ovs-vswitchd", f"unix:{self.path('db')}", "--disable-system")
        self.vsctl("add-br", "br-wire", "--", "set", "bridge", "br-wire", "datapath_type=netdev", "--",
                   "add-port", "br-wire", "wire")
        self.ip(f"""addr add {self.address}/24 dev br-wire
                    link set br-wire up""")
        self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev", "--",
                   "add-port", "br0", "tap0", "--", "add-port", "br0", "vxlan100", "--",
                   "set", "interface", "vxlan100", "type=vxlan", f"options:remote_ip={peer.address}",
                   "options:key=100")

    def vxlan(self, up):
        self.vsctl("set", "interface", "vxlan100", f"options:key={100 if up else 101}")

    def carried(self):
        return tuple(int(self.vsctl("get", "interface", "vxlan100", f"statistics:{name}"))
                     for name in ("tx_packets", "rx_packets"))

    def remove(self):
        for program in ("ovs-vswitchd", "ovsdb-server"):
            with contextlib.suppress(AssertionError):
                self.do("ovs-appctl", f"--target={self.path(program + '.ctl')}", "exit")
        super().remove()


@contextlib.contextmanager
def two_hosts():
    """Two hosts that have a wire between them."""
    kind = OpenVSwitchHost if os.environ.get("SWITCH") == "openvswitch" else Host
    if os.geteuid() or not os.path.exists("/dev/net/tun"):
        raise Skip("needs root, and /dev/net/tun")
    if subprocess.run(["ip", "link", "add", "openenatry", "type", "vxlan", "id", "99", "dstport", "4790"],
                      capture_output=True, check=False).returncode:
        raise Skip("this kernel has no VXLAN")
    run("ip", "link", "delete", "openenatry")
    hosts = []
    try:
        for number in (1, 2):
            hosts.append(kind(number))
        one, two = hosts
        run("ip", "link", "add", "wire", "netns", one.name, "type", "veth", "peer", "name", "wire", "netns", two.name)
        one.join(two)
        two.join(one)
        yield hosts
    finally:
        for host in hosts:
            host.remove()


def succeeds(host, command):
    """What a command in the guest said, which it must have done without a failure."""
    status, said = host.in_guest(command)
    equal(status, 0, f"exit status of {command} in the guest:\n{said}")
    return said


@test
def guests_of_two_hosts_meet_over_vxlan(_):
    with two_hosts() as (one, two):
        for host in (one, two):
            host.start_guest()
        for host in (one, two):
            host.wait_for("You are root in the guest")
            succeeds(host, f"ip link set eth0 mtu {MTU}")
            if not host.takes_offloads:
                succeeds(host, "ethtool -K eth0 tx off")
        sent, received = one.carried()
        succeeds(one, f"ping -c 3 -M do -s {LARGEST_ECHO} {two.guest_address}")
        now_sent, now_received = one.carried()
        assert now_sent - sent >= 3 and now_received - received >= 3, "the echoes did not pass the VXLAN"
        succeeds(two, "iperf3 -s -1 -D")
        succeeds(one, f"iperf3 -c {two.guest_address} -n 16M")
        one.vxlan(False)
        status, said = one.in_guest(f"ping -c 1 -W 3 {two.guest_address}")
        equal(status, 1, f"an echo without the VXLAN:\n{said}")
        one.vxlan(True)
        succeeds(one, f"ping -c 3 -i 0.5 -W 5 {two.guest_address}")


if __name__ == "__main__":
    sys.exit(main(__doc__))
