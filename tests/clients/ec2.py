#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""openena ec2 with clients that are not ours: the AWS CLI and boto3. TAP on stdout."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest.mock
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "qemu"))
import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402
from tap import equal, main, test  # noqa: E402

PROGRAM = os.path.join(ROOT, "build", "tools", "bin", "openena")
SECONDS = 120
# What a guest without curl says of its metadata.
IN_GUEST = r"""
ask() { exec 5<>/dev/tcp/169.254.169.254/80; printf '%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n\r\n' "$1" "$2" >&5; cat <&5; }
t=$(ask 'PUT /latest/api/token' 'X-aws-ec2-metadata-token-ttl-seconds: 60' | tail -n 1)
for what in meta-data/instance-id user-data; do ask "GET /latest/$what" "X-aws-ec2-metadata-token: $t" | sed -n '$s/.*/told: &\n/p'; done
lsmod | grep ^ena; ls /sys/class/net
"""


class Endpoint:
    """A running endpoint, and how clients find it."""

    def __init__(self, state, process):
        self.state = state
        self.process = process
        self.url = process.stderr.readline().split()[-1]
        assert self.url.startswith("http://127.0.0.1:"), self.url
        self.credentials = os.path.join(state, "ec2", "credentials")
        with open(self.credentials, encoding="ascii") as source:
            self.id, self.secret = re.findall(r"= (.*)", source.read())

    def cli(self, *words, status=0):
        """What the AWS CLI prints; with another status on standard error."""
        done = subprocess.run(
            ["aws", "--endpoint-url", self.url, "--region", "eu-central-1", "--output", "json", "ec2", *words],
            capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "AWS_SHARED_CREDENTIALS_FILE": self.credentials, "AWS_CONFIG_FILE": os.devnull,
                 "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"})
        equal(done.returncode, status, f"status of aws {' '.join(words)}: {done.stderr}")
        return done.stderr if status else json.loads(done.stdout or "null")

    def boto(self, secret=None):
        """A client of boto3."""
        return boto3.client("ec2", endpoint_url=self.url, region_name="us-west-2", aws_access_key_id=self.id,
                            aws_secret_access_key=secret or self.secret,
                            config=botocore.config.Config(retries={"max_attempts": 0}))


def openena(endpoint, *words, said=""):
    """What openena prints of the endpoint's machines."""
    return subprocess.run([PROGRAM, *words, "--state-dir", os.path.join(endpoint.state, "machines")], input=said,
                          capture_output=True, text=True, timeout=SECONDS, check=False).stdout


def five_steps(endpoint, *words):
    """What scripts/five-steps prints."""
    done = subprocess.run([os.path.join(ROOT, "scripts", "five-steps"), *words], capture_output=True, text=True,
                          timeout=2 * SECONDS, check=False, stdin=subprocess.DEVNULL, env={
                              **os.environ, "ENDPOINT": endpoint.url, "AWS_EC2_METADATA_DISABLED": "true",
                              "XDG_STATE_HOME": os.path.dirname(endpoint.state), "AWS_CONFIG_FILE": os.devnull})
    equal(done.returncode, 0, f"exit status of the five steps: {done.stdout}{done.stderr}")
    return done.stdout


def start(state):
    """An endpoint."""
    process = subprocess.Popen([PROGRAM, "ec2", "--port", "0", "--state-dir", state, "--memory", "512M"],
                               stderr=subprocess.PIPE, text=True)
    return Endpoint(state, process)


@contextlib.contextmanager
def running():
    """An endpoint, and its machines' end."""
    with tempfile.TemporaryDirectory(prefix="openena-") as directory:
        endpoint = start(os.path.join(directory, "openena"))
        try:
            yield endpoint
        finally:
            endpoint.process.terminate()
            equal(endpoint.process.wait(SECONDS), 0, "exit status of the endpoint")
            openena(endpoint, "stop", "--all")


def refused(call, code, **arguments):
    """The sentence of an error with that code."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        equal(error.response["Error"]["Code"], code, "code of the error")
        return error.response["Error"]["Message"]
    raise AssertionError(f"no error, where {code} should be")


def wait_for(what, seconds=SECONDS):
    """Until it is so."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to be so"
        time.sleep(0.3)


@test
def what_the_documentation_tells_to_type(_):
    """The five steps, with the command itself, and one more interface for the instance."""
    with running() as endpoint:
        card = endpoint.cli("create-network-interface", "--subnet-id", "subnet-00000000000000007")
        said = five_steps(endpoint, "--user-data", "hello, guest", "--tag-specifications",
                          "ResourceType=instance,Tags=[{Key=Name,Value=one}]")
        for words in ('"required"', "\nena ", "driver: ena", '"interface"', "Nothing to complain of.",
                      "Done; openena tune --undo", "eth0  ena  100 Gbit/s"):
            assert words in said, f"{words} is not in what the five steps say: {said}"
        name = said.split()[-1]
        client = endpoint.boto()
        attached = client.attach_network_interface(
            NetworkInterfaceId=card["NetworkInterface"]["NetworkInterfaceId"], InstanceId=name, DeviceIndex=1)
        wait_for(lambda: [each["Attachment"]["Status"] for each in client.describe_network_interfaces(Filters=[
            {"Name": "attachment.device-index", "Values": ["1"]}])["NetworkInterfaces"]] == ["attached"])
        said = openena(endpoint, "console", name, "--quiet", "6000", said=IN_GUEST)
        for words in (f"told: {name}", "told: hello, guest", "ena ", "eth1"):
            assert words in said, f"{words} is not in what the guest says: {said}"
        client.detach_network_interface(AttachmentId=attached["AttachmentId"])
        wait_for(lambda: client.describe_network_interfaces(Filters=[
            {"Name": "status", "Values": ["available"]}])["NetworkInterfaces"])
        endpoint.cli("terminate-instances", "--instance-ids", name)
        wait_for(lambda: [each["State"]["Name"] for each in client.describe_instances(
            InstanceIds=[name])["Reservations"][0]["Instances"]] == ["terminated"])
        equal(json.loads(openena(endpoint, "list", "--json")), [], "machines left")


@test
def types_pages_tags_and_errors(_):
    """boto3, and a machine that only begins to boot; the endpoint is killed meanwhile."""
    with running() as endpoint:
        client = endpoint.boto()
        pages = list(client.get_paginator("describe_instance_types").paginate(
            Filters=[{"Name": "instance-type", "Values": ["c5n.*"]}], PaginationConfig={"PageSize": 5}))
        equal([len(page["InstanceTypes"]) for page in pages], [5, 2], "types on a page")
        network = client.describe_instance_types(InstanceTypes=["c5n.18xlarge"])["InstanceTypes"][0]["NetworkInfo"]
        equal((network["EnaSupport"], network["EfaSupported"], network["NetworkCards"][0]["NetworkPerformance"]),
              ("required", True, "100 Gigabit"), "the network of a type")
        assert "DescribeVolumes" in refused(client.describe_volumes, "InvalidAction")
        refused(client.run_instances, "DryRunOperation", MinCount=1, MaxCount=1, DryRun=True)
        assert "EbsOptimized" in refused(client.run_instances, "UnknownParameter", MinCount=1, MaxCount=1,
                                         EbsOptimized=True)
        refused(endpoint.boto("wrong").describe_instances, "AuthFailure")
        made = client.run_instances(MinCount=1, MaxCount=1, ClientToken="t", InstanceType="c5n.large",
                                    ImageId="ami-0000000000000612e")["Instances"][0]["InstanceId"]
        client.create_tags(Resources=[made], Tags=[{"Key": "k", "Value": "<&>"}])
        endpoint.process.kill()
        endpoint.process.wait()
        again = start(endpoint.state)
        endpoint.process, endpoint.url = again.process, again.url
        client = endpoint.boto()
        client.get_waiter("instance_running").wait(InstanceIds=[made], WaiterConfig={"Delay": 1})
        equal(client.describe_tags()["Tags"], [{"Key": "k", "ResourceId": made, "ResourceType": "instance",
                                                "Value": "<&>"}], "tags after the end of an endpoint")
        equal(client.run_instances(MinCount=1, MaxCount=1, ClientToken="t", InstanceType="c5n.large",
                                   ImageId="ami-0000000000000612e")["Instances"][0]["InstanceId"], made,
              "the instance of the same token")


@test
def key_pairs(_):
    """What the CLI makes and takes is what ssh-keygen reads and writes."""
    with running() as endpoint, tempfile.TemporaryDirectory() as directory:
        client = endpoint.boto()
        for kind in ("rsa", "ed25519"):
            secret = os.path.join(directory, kind)
            pem = endpoint.cli("create-key-pair", "--key-name", kind, "--key-type", kind)["KeyMaterial"]
            with open(secret, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
                out.write(pem)
            said = client.describe_key_pairs(KeyNames=[kind], IncludePublicKey=True)["KeyPairs"][0]
            equal(said["KeyType"], kind, "type")
            public = subprocess.run(["ssh-keygen", "-y", "-f", secret], check=True, stdout=subprocess.PIPE, text=True,
                                    timeout=SECONDS, stdin=subprocess.DEVNULL).stdout
            equal(said["PublicKey"].split()[:2], public.split()[:2], "the public key")
            with open(secret + ".pub", "w", encoding="ascii") as out:
                out.write(public)
            endpoint.cli("import-key-pair", "--key-name", kind + " again", "--public-key-material",
                         f"fileb://{secret}.pub", "--tag-specifications", "ResourceType=key-pair,Tags=[{Key=a,Value=b}]")
        tagged = client.describe_key_pairs(Filters=[{"Name": "tag:a", "Values": ["b"]}])["KeyPairs"]
        equal(sorted(each["KeyName"] for each in tagged), ["ed25519 again", "rsa again"], "keys with a tag")
        refused(client.import_key_pair, "InvalidKey.Format", KeyName="k", PublicKeyMaterial=b"ssh-rsa AAAA")
        client.delete_key_pair(KeyName="rsa")
        equal(len(client.describe_key_pairs()["KeyPairs"]), 3, "keys left")


def host_and_port(endpoint):
    host, port = endpoint.url.removeprefix("http://").split(":")
    return host, int(port)


@test
def requests_that_are_none(_):
    """Bodies without end and nonsense get an answer, and the endpoint goes on."""
    with running() as endpoint:
        for body, headers, status in ((b"x" * (300 << 10), {}, 413), (b"", {}, 401), (b"\0\xff%", {}, 401),
                                      (b"Action=x", {"Authorization": "AWS4-HMAC-SHA256 " + "=" * 4000}, 401)):
            try:
                urllib.request.urlopen(urllib.request.Request(endpoint.url, body, headers), timeout=SECONDS)
                raise AssertionError("it was answered")
            except urllib.error.HTTPError as error:
                equal(error.code, status, "status")
                assert b"<Error><Code>" in error.read(), "an error for programs"
        part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'
        for body, headers, status in ((iter([b"x" * 65536] * 5), {}, 413), (iter([b"x"]), {}, 401),
                                      (part, {"Content-Type": "multipart/form-data; boundary=x"}, 401)):
            connection = http.client.HTTPConnection(endpoint.url.removeprefix("http://"), timeout=SECONDS)
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            assert b"<Error><Code>" in answer.read(), "an error for programs"
            equal(answer.status, status, "status of a body in pieces")
            connection.close()
        equal(len(endpoint.boto().describe_regions()["Regions"]), 1, "regions")


@test
def connections_that_ask_nothing(_):
    """They keep nobody waiting."""
    with running() as endpoint, contextlib.ExitStack() as idle:
        for _ in range(50):
            idle.enter_context(socket.create_connection(host_and_port(endpoint), SECONDS))
        start = time.monotonic()
        equal(len(endpoint.boto().describe_regions()["Regions"]), 1, "regions")
        took = time.monotonic() - start
        assert took < 10, f"the answer took {took:.0f} s"


@contextlib.contextmanager
def metadata(endpoint):
    """What QEMU runs for a guest's connection, without a guest."""
    process = subprocess.Popen([PROGRAM + "-ec2", "metadata",
                                os.path.join(endpoint.state, "ec2"), "i-00000000000000001"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@test
def a_put_without_a_body(_):
    """As curl sends it (RFC 9112, 6.3): neither Content-Length nor Transfer-Encoding."""
    with running() as endpoint:
        start_time = time.monotonic()
        with metadata(endpoint) as process:
            process.stdin.write(b"PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                b"X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n")
            process.stdin.flush()
            said = process.stdout.read().decode()
            assert said.startswith("HTTP/1.1 200 ") and re.search(r"\n\d+-[0-9a-f]{64}$", said), said
        with socket.create_connection(host_and_port(endpoint), SECONDS) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            said = client.makefile().read()
        assert said.startswith("HTTP/1.1 401 "), said
        took = time.monotonic() - start_time
        assert took < 8, f"the answers took {took:.0f} s"


@test
def any_method_and_target(_):
    """Each gets an error for programs."""
    with running() as endpoint:
        for method, target, status in (("DELETE", "/", 401), ("PATCH", "/", 401), ("OPTIONS", "/", 401),
                                       ("GET", "/" + "x" * 9000, 414), ("NONE", "/", 400)):
            connection = http.client.HTTPConnection(*host_and_port(endpoint), timeout=SECONDS)
            connection.request(method, target)
            answer = connection.getresponse()
            equal(answer.status, status, f"status of {method}")
            said = answer.read()
            assert b"<Error><Code>" in said, f"an error for programs to {method}: {said}"
            connection.close()


def taken(send, most=64 << 20):
    """How many bytes of header lines without an end are taken."""
    piece = b"a: b\r\n" * 10000
    sent = 0
    try:
        while sent < most:
            sent += send(piece) or len(piece)
    except OSError:
        pass
    return sent


@test
def headers_without_end(_):
    """Neither a guest nor who has no credential fills the memory."""
    with running() as endpoint:
        with metadata(endpoint) as process:
            process.stdin.write(b"GET / HTTP/1.1\r\n")
            sent = taken(process.stdin.write)
            assert sent < 4 << 20, f"{sent} bytes of a guest were taken"
            assert process.stdout.readline().startswith(b"HTTP/1.1 400 "), "the answer"
        with socket.create_connection(host_and_port(endpoint), SECONDS) as client:
            client.sendall(b"GET / HTTP/1.1\r\n")
            sent = taken(client.send)
            assert sent < 32 << 20, f"{sent} bytes were taken"


@test
def clients_that_take_their_time(_):
    """As many as there are threads, a byte every 3 s: others are answered, and a signal ends it."""
    with running() as endpoint, contextlib.ExitStack() as slow:
        over = threading.Event()

        def trickle(clients):
            while not over.wait(3):
                for client in clients:
                    with contextlib.suppress(OSError):
                        client.send(b"x")

        def connect(count):
            clients = [slow.enter_context(socket.create_connection(host_and_port(endpoint), SECONDS)) for _ in range(count)]
            for client in clients:
                client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            threading.Thread(target=trickle, args=(clients,), daemon=True).start()

        slow.callback(over.set)
        connect(64)
        begin = time.monotonic()
        equal(len(endpoint.boto().describe_regions()["Regions"]), 1, "regions")
        took = time.monotonic() - begin
        assert took < 20, f"the answer took {took:.0f} s"
        connect(1)
        time.sleep(0.5)
        begin = time.monotonic()
        endpoint.process.terminate()
        endpoint.process.wait(SECONDS)
        took = time.monotonic() - begin
        assert took < 5, f"the end took {took:.0f} s"


@test
def a_second_signal(_):
    """It ends the endpoint at once, here while a launcher does not let itself be stopped."""
    with tempfile.TemporaryDirectory(prefix="openena-") as directory:
        launcher = os.path.join(directory, "launcher")
        with open(launcher, "w", encoding="ascii") as script:
            script.write("#!/bin/sh\ntrap '' TERM\n: >\"$0.began\"\nsleep 8\n")
        os.chmod(launcher, 0o755)
        with unittest.mock.patch.dict(os.environ, OPENENA_LAUNCHER=launcher):
            endpoint = start(os.path.join(directory, "openena"))
        endpoint.boto().run_instances(MinCount=1, MaxCount=1)
        wait_for(lambda: os.path.exists(launcher + ".began"))
        endpoint.process.terminate()
        time.sleep(1.5)
        endpoint.process.terminate()
        try:
            equal(endpoint.process.wait(4), -signal.SIGTERM, "the end by a second signal")
        finally:
            endpoint.process.wait(SECONDS)
            time.sleep(8)  # until the launch has ended, too


@test
def options_that_cannot_be_had(_):
    """What is wrong with each is said; no address is taken for all there are."""
    with tempfile.TemporaryDirectory(prefix="openena-") as state:
        for size in ("banana", "0G", "12", "1T", "9999999G"):
            done = subprocess.run([PROGRAM, "ec2", "--port", "0", "--state-dir", state, "--memory", size],
                                  capture_output=True, text=True, timeout=SECONDS, check=False)
            assert f"--memory {size}: must be a size" in done.stderr, done.stderr
        for address, why in (("192.0.2.1", "Cannot assign requested address"), ("", "not known"),
                             ("300.1.1.1", "not known"), ("no such place", "not known")):
            done = subprocess.run([PROGRAM, "ec2", "--port", "0", "--state-dir", state, "--listen", address],
                                  capture_output=True, text=True, timeout=SECONDS, check=False)
            equal(done.returncode, 2, "exit status")
            assert f'"{address}" cannot be had: ' in done.stderr and why in done.stderr, done.stderr


if __name__ == "__main__":
    sys.exit(main(__doc__))
