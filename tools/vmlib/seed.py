# SPDX-License-Identifier: GPL-2.0-or-later
"""What cloud-init finds in a machine (data source NoCloud): an ISO 9660 file system called CIDATA."""

import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess

from . import UserError, remedy, say

FILE_MAX = 1 << 20
KEY = re.compile(r"(ssh-|ecdsa-sha2-|sk-)[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?")
DEFAULT_KEYS = ("id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub")
PRIVATE_ADDRESS = "192.168.77.1"


def _read(option, path):
    """A file that the user names."""
    try:
        with open(path, "rb") as source:
            data = source.read(FILE_MAX + 1)
    except OSError as error:
        raise UserError(f"{option} {path}: {error.strerror}.") from None
    if len(data) > FILE_MAX:
        raise UserError(f"{option} {path}: it has more than {FILE_MAX} bytes.")
    return data


def public_keys(path):
    """The lines of a file of public keys, or those that the user has in ~/.ssh."""
    if path is None:
        home = os.path.expanduser("~/.ssh")
        there = [name for name in DEFAULT_KEYS if os.path.isfile(os.path.join(home, name))]
        return [key for name in there for key in public_keys(os.path.join(home, name))]
    data = _read("--ssh-key", path)
    if b"PRIVATE KEY-----" in data:
        raise UserError(f"--ssh-key {path}: this is the private key; the public one is beside it, as {path}.pub.")
    lines = [line.strip() for line in data.decode(errors="replace").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    wrong = [line for line in keys if not KEY.fullmatch(line)]
    if wrong or not keys:
        raise UserError(f"--ssh-key {path}: " + (f"\"{wrong[0][:40]}\" is no public key of SSH." if wrong
                                                 else "there is no key in it."))
    return keys


def _interface(kind, mac, address, first):
    """How one interface gets its address: as it was given, or by DHCP where that may be."""
    if not first or kind in ("tap", "bridge"):
        settings = {"dhcp4": kind != "private", "optional": True}
    else:
        settings = {"dhcp4": kind == "user"}
    if first and kind != "user" and (address or kind == "private"):
        settings = {"addresses": [f"{address or PRIVATE_ADDRESS}/24"]}
    return {"match": {"macaddress": mac}, **settings}


def network_config(kinds, macs, address):
    """For interfaces on networks of these kinds."""
    return {"version": 2, "ethernets": {
        f"nic{index}": _interface(kind, mac, address, index == 0)
        for index, (kind, mac) in enumerate(zip(kinds, macs))}}


def _password(directory):
    """A password that nobody has chosen; it is kept beside the machine."""
    password = secrets.token_urlsafe(9)
    with open(os.path.join(directory, "password"), "w", encoding="ascii", opener=lambda path, flags:
              os.open(path, flags, 0o600)) as out:
        out.write(password + "\n")
    say(f"the password of the image's user on the console is {password}")
    return password


def write(directory, options, kinds, macs):
    """Makes the seed of a machine; returns its path. Options are those of tools/openena-vm start."""
    if not shutil.which("genisoimage"):
        raise UserError(f"genisoimage is missing: {remedy('setup qemu', 'genisoimage')}.")
    keys = public_keys(options.ssh_key)
    user_data = _read("--user-data", options.user_data) if options.user_data else b"#cloud-config\n{}\n"
    if not keys and not options.password and not options.user_data:
        say("nobody can log in: there is no key in ~/.ssh; --ssh-key, --password or --user-data helps")
    digest = hashlib.sha256(directory.encode()).hexdigest()
    # JSON is YAML, and quotes what is in it.
    files = {"meta-data": json.dumps({"instance-id": f"openena-{digest[:12]}", "public-keys": keys,
                                      "local-hostname": os.path.basename(directory)}).encode(),
             "user-data": user_data,
             "network-config": json.dumps(network_config(kinds, macs, options.address)).encode()}
    if options.password:
        files["vendor-data"] = b"#cloud-config\n" + json.dumps(
            {"password": _password(directory), "chpasswd": {"expire": False}, "ssh_pwauth": False}).encode()
    place = os.path.join(directory, "seed")
    os.mkdir(place)
    for name, data in files.items():
        with open(os.path.join(place, name), "wb") as out:
            out.write(data)
    path = os.path.join(directory, "seed.iso")
    done = subprocess.run(["genisoimage", "-quiet", "-volid", "CIDATA", "-rational-rock", "-joliet",
                           "-output", path, place], check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        raise UserError(f"genisoimage failed: {done.stdout.strip()}")
    return path
