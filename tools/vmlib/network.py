# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks of a machine that goes on by itself: QEMU's own, tap interfaces, bridges, private segments."""

import fcntl
import json
import os
import re
import stat
import struct
import subprocess

from . import UserError, remedy

SEGMENTS = 999
SEGMENT_PORT = 23000
# QEMU forwards to a command only from addresses of its own network: that of a guest with metadata has
# both 169.254.169.254 and EC2's default network. What else is in it the guest cannot reach.
CLOUD_NETWORK, CLOUD_GATEWAY, CLOUD_DNS = "168.0.0.0/5", "172.31.0.2", "172.31.0.3"
CLOUD_ADDRESS = "172.31.0.16"
METADATA = "169.254.169.254:80"

BRIDGE_HELPER = "/usr/lib/qemu/qemu-bridge-helper"
# linux/if_tun.h
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454CA, 0x0002, 0x1000, 0x4000


def network(text):
    """Checks "user", "tap:NAME", "bridge:NAME" or "private:N"; returns both parts."""
    kind, _, name = text.partition(":")
    if kind == "user" and not name:
        return kind, name
    if kind in ("tap", "bridge") and re.fullmatch(r"[A-Za-z0-9_.-]{1,15}", name):
        return kind, name
    if kind == "private" and name.isdigit() and 1 <= int(name) <= SEGMENTS:
        return kind, name
    raise UserError(f"--network {text}: must be user, tap:INTERFACE, bridge:INTERFACE or"
                    f" private:N with N from 1 to {SEGMENTS}.")


def _ip(*words):
    """What iproute2's ip prints. It sees this network namespace, whatever is mounted at /sys."""
    try:
        done = subprocess.run(["ip", *words], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError(f"ip is missing: {remedy('setup qemu', 'iproute2')}.") from None
    if done.returncode:
        raise UserError(f"ip {' '.join(words)}: {done.stderr.strip()}.")
    return done.stdout


def _links():
    """The interfaces of this host, by name, as ip describes them."""
    return {link["ifname"]: link for link in json.loads(_ip("-json", "-details", "link", "show"))}


def _kind(link):
    """tap, bridge, or what else it is."""
    info = link.get("linkinfo", {})
    return info.get("info_data", {}).get("type") if info.get("info_kind") == "tun" else info.get("info_kind")


def check(kind, name):
    """Whether this host has it."""
    if kind not in ("tap", "bridge"):
        return
    links = _links()
    if name in links and _kind(links[name]) == kind:
        return
    what = {"tap": "tap interface", "bridge": "bridge"}[kind]
    there = sorted(other for other, link in links.items() if _kind(link) == kind)
    problem = f"{name} is no {what}" if name in links else f"there is no interface {name} here"
    raise UserError(f"--network {kind}:{name}: {problem}; "
                    + (f"there is {', '.join(there)}." if there else f"there is no {what} at all."))


def _tap_on(bridge):
    """A new tap interface on a bridge, as a descriptor: it goes when the last of these is closed."""
    try:
        tap = os.open("/dev/net/tun", os.O_RDWR)
        wanted = struct.pack("16sH22x", b"openena%d", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
        name = fcntl.ioctl(tap, TUNSETIFF, wanted)[:16].rstrip(b"\0").decode()
    except OSError as error:
        raise UserError(f"bridge:{bridge}: no tap interface can be made: {error.strerror}.") from None
    # A bridge takes the lowest address of its ports, and the smallest MTU.
    _ip("link", "set", name, "address", "fe:" + os.urandom(5).hex(":"), "mtu", str(_links()[bridge]["mtu"]),
        "master", bridge, "up")
    return tap


def _bridge(ident, name, inherited):
    """Root makes the tap interface itself; others have QEMU's helper, which asks /etc/qemu/bridge.conf."""
    if os.geteuid() == 0:
        inherited.append(_tap_on(name))
        return f"tap,id={ident},fd={inherited[-1]}"
    try:
        setuid = os.stat(BRIDGE_HELPER).st_mode & stat.S_ISUID
    except OSError:
        setuid = 0
    if not setuid:
        raise UserError(f"--network bridge:{name}: only root may, or who has a {BRIDGE_HELPER} that is setuid"
                        f" root, and \"allow {name}\" in /etc/qemu/bridge.conf.")
    return f"bridge,id={ident},br={name}"


def netdev(ident, kind, name, inherited):
    """QEMU's side of a network; it inherits the descriptors that are added to the last argument."""
    if kind == "bridge":
        return _bridge(ident, name, inherited)
    if kind == "private":
        return f"socket,id={ident},localaddr=127.0.0.1,mcast=230.77.0.1:{SEGMENT_PORT + int(name)}"
    return {"user": f"user,id={ident}", "tap": f"tap,id={ident},ifname={name},script=no,downscript=no"}[kind]


def cloud(ident, command, guest):
    """QEMU's own network for a guest whose connections to the metadata a command answers."""
    return (f"user,id={ident},net={CLOUD_NETWORK},host={CLOUD_GATEWAY},dns={CLOUD_DNS},"
            f"dhcpstart={guest or CLOUD_ADDRESS},guestfwd=tcp:{METADATA}-cmd:{command.replace(',', ',,')}")
