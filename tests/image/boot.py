#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""openena run with a cloud image of Debian: cloud-init in it, and its own driver. TAP on stdout."""

import json
import os
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "qemu"))
import program  # noqa: E402
from tap import equal, main, test  # noqa: E402

# An emulated processor takes minutes from the firmware to sshd.
SECONDS = 900
# While it waits it prints dots. Its exit status tells of errors that it got over.
FINISHED = "cloud-init status --wait >/dev/null && cloud-init status"


def image():
    """The image's path; it is made if it is not there."""
    return subprocess.run([os.path.join(ROOT, "scripts", "vm-cloud-image")], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Place(program.Place):
    """With the key that its machine knows."""

    SECONDS = SECONDS

    def __init__(self, directory):
        super().__init__(directory)
        self.key = self.path("key")
        self.port = free_port()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)

    def run(self, *words):
        self.openena("run", "web-1", "--detach", "--image", image(), "--ssh-key", self.key + ".pub",
                     "--ssh-port", str(self.port), *words)

    def ssh(self, command, check=True):
        """What a command in the guest prints, and its status."""
        done = subprocess.run(["ssh", "-i", self.key, "-p", str(self.port), "-o", "StrictHostKeyChecking=no",
                               "-o", f"UserKnownHostsFile={os.devnull}", "-o", "LogLevel=ERROR", "-o",
                               "ConnectTimeout=60", "-o", "BatchMode=yes", "debian@127.0.0.1", command],
                              capture_output=True, text=True, timeout=SECONDS, check=False,
                              stdin=subprocess.DEVNULL)
        if check:
            equal(done.returncode, 0, f"status of {command}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def wait_for_ssh(self, name="web-1"):
        deadline = time.monotonic() + SECONDS
        while self.ssh("echo in", check=False) != "in":
            assert time.monotonic() < deadline, self.openena("console", name, "--log")[-3000:]
            time.sleep(2)


def place():
    return program.place(Place)


@test
def from_a_bios_with_two_adapters_of_an_instance_type(_):
    with place() as there:
        user_data = there.path("user-data")
        with open(user_data, "w", encoding="ascii") as out:
            out.write("#cloud-config\nwrite_files: [{path: /etc/told, content: by user-data}]\n")
        there.run("--instance-type", "c5n.large", "--network", "user", "--network", "private:7",
                  "--user-data", user_data)
        there.wait_for_ssh()
        equal(there.ssh("hostname"), "web-1", "host name")
        equal(there.ssh("cat /etc/told"), "by user-data", "user data")
        driver = there.ssh("readlink /sys/class/net/e*/device/driver").split()
        equal([os.path.basename(path) for path in driver], ["ena", "ena"], "drivers of the interfaces")
        assert "ena " in there.ssh("lsmod | grep ^ena"), "the module"
        equal(there.ssh("ip -4 -br addr show scope global | awk '{ print $3 }'"), "10.0.2.15/24", "address")
        equal(there.ssh("sudo -n passwd -S debian").split()[1], "L", "state of the password")
        assert "Cloud-init" in there.openena("console", "web-1", "--log"), "the console"
        equal(there.ssh(FINISHED), "status: done", "cloud-init")


@test
def from_uefi_and_again_with_what_was_kept(_):
    with place() as there:
        words = ("--uefi", "--overlay", there.path("overlay"))
        there.run(*words)
        there.wait_for_ssh()
        equal(there.ssh("test -d /sys/firmware/efi && echo yes"), "yes", "UEFI")
        there.ssh("echo kept | sudo tee /kept; sync")
        there.openena("stop", "web-1", "--grace", "120")
        there.run(*words)
        there.wait_for_ssh()
        equal(there.ssh("cat /kept"), "kept", "what was kept")


USER_DATA = """#cloud-config
runcmd: [[sh, -c, 'echo "told by $(cloud-init query cloud_id)" >/dev/ttyS0']]
"""


@test
def as_an_instance_of_ec2(_):
    """cloud-init asks for metadata, as it does there."""
    with place() as there:
        images = there.path("state", "openena", "ec2", "images")
        os.makedirs(images)
        os.symlink(image(), os.path.join(images, "debian"))
        user_data = there.path("user-data")
        with open(user_data, "w", encoding="ascii") as out:
            out.write(USER_DATA)
        environment = {**there.environment(), "AWS_DEFAULT_REGION": "us-east-1",
                       "AWS_SHARED_CREDENTIALS_FILE": os.path.join(images, "..", "credentials"), "AWS_PAGER": "",
                       "AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
        server = subprocess.Popen([program.PROGRAM, "ec2", "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment)
        try:
            url = server.stderr.readline().split()[-1]

            def aws(*words):
                return subprocess.run(["aws", "--endpoint-url", url, "--output", "text", "ec2", *words], check=True,
                                      capture_output=True, text=True, timeout=SECONDS, env=environment).stdout.strip()

            ami = aws("describe-images", "--filters", "Name=name,Values=debian", "--query", "Images[].ImageId")
            aws("import-key-pair", "--key-name", "mine", "--public-key-material", f"fileb://{there.key}.pub")
            instance = aws("run-instances", "--image-id", ami, "--user-data", f"file://{user_data}", "--key-name",
                           "mine", "--query", "Instances[].InstanceId")
            aws("wait", "instance-running", "--instance-ids", instance)
            there.port = json.loads(there.openena("list", "--json"))[0]["machine"]["ssh_port"]
            there.wait_for_ssh(instance)
            equal(there.ssh("cloud-init query instance_id"), instance, "who it is")
            equal(there.ssh(FINISHED), "status: done", "cloud-init")
            assert "told by aws" in there.openena("console", instance, "--log"), "user data"
        finally:
            server.terminate()
            server.wait(SECONDS)


if __name__ == "__main__":
    sys.exit(main(__doc__))
