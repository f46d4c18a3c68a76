# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's initial file system: Debian's tools, the kernel's modules, and what this run adds."""

import glob
import lzma
import os
import shlex
import shutil
import stat
import subprocess
import tempfile

from . import BUILD, IN_TREE, TOP, UserError, cpio, script

# What the tests may load, by module name; dependencies follow by themselves.
MODULES = ("ena", "igb", "igbvf", "e1000e", "vmxnet3", "virtio_net", "8021q", "pktgen", "ifb", "veth",
           "tls", "act_mirred", "cls_matchall", "cls_bpf", "cls_flower", "sch_ingress", "sch_fq", "sch_netem",
           "sch_mqprio", "vfio_pci", "vfio_iommu_type1", "bridge", "macvlan", "bonding", "xsk_diag",
           "af_packet_diag", "ip_gre", "vxlan", "ipvlan", "msr")
# What a layer's programs need beside them.
LAYER_MODULES = {
    "nested": ("kvm_amd", "kvm_intel", "tun", "vhost_net"),
    "linux-selftests": ("configfs", "netconsole", "pppoe", "macsec", "act_skbedit", "cls_fw", "sch_etf", "sch_prio", "sit",
                        "ip6_gre", "ip6_tunnel", "ipip", "esp4", "esp6", "esp4_offload",
                        "esp6_offload", "netkit"),
}


class Kernel:
    """A stock Debian kernel, unpacked by scripts/vm-kernel."""

    def __init__(self, kver):
        self.release = script("vm-kernel", "get", kver)
        self.directory = os.path.join(BUILD, "vm", "kernel", self.release)
        self.image = os.path.join(self.directory, "vmlinuz")
        self.modules = os.path.join(self.directory, "lib", "modules", self.release)

    def openena(self):
        """The path of our module for this kernel, or None before it has been built."""
        path = os.path.join(BUILD, "kmod", self.release, "openena.ko")
        return path if os.path.exists(path) else None


def to_try(kver):
    """The path of a kernel that need not get far: without the source tree one of this host's, or None."""
    if IN_TREE:
        return Kernel(kver).image
    return next((path for path in sorted(glob.glob("/boot/vmlinuz-*")) if os.access(path, os.R_OK)), None)


def _depmod(directory, release):
    """Lists the dependencies of the modules below directory/lib/modules/release."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    subprocess.run(["depmod", "-b", directory, release], check=True, env=dict(os.environ, PATH=path))


def _dependencies(kernel):
    """Maps each module's name to its path, and each path to the paths it needs."""
    listing = os.path.join(kernel.modules, "modules.dep")
    if not os.path.exists(listing):
        _depmod(kernel.directory, kernel.release)
    names, needs = {}, {}
    with open(listing, encoding="ascii") as lines:
        for line in lines:
            path, _, rest = line.partition(":")
            names[os.path.basename(path).split(".ko")[0].replace("-", "_")] = path
            needs[path] = rest.split()
    return names, needs


def _stage_module(source, target):
    """Copies a module, uncompressed: unpacking it here is far cheaper than under emulation."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if source.endswith(".xz"):
        with lzma.open(source) as packed, open(target.removesuffix(".xz"), "wb") as plain:
            shutil.copyfileobj(packed, plain)
    else:
        shutil.copy(source, target)


def write_modules(kernel, layers, out):
    """Writes an archive with the modules that may be wanted and ours, so that modprobe finds them all."""
    names, needs = _dependencies(kernel)
    wanted = set()
    for name in (*MODULES, *(name for layer in layers for name in LAYER_MODULES.get(layer, ()))):
        if name in names:
            wanted.update([names[name], *needs[names[name]]])
    with tempfile.TemporaryDirectory(dir=os.path.join(BUILD, "vm")) as stage:
        root = os.path.join(stage, "lib", "modules", kernel.release)
        for module in wanted:
            _stage_module(os.path.join(kernel.modules, module), os.path.join(root, module))
        if kernel.openena():
            _stage_module(kernel.openena(), os.path.join(root, "updates", "openena.ko"))
        for name in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
            if os.path.exists(os.path.join(kernel.modules, name)):
                shutil.copy(os.path.join(kernel.modules, name), root)
        _depmod(stage, kernel.release)
        writer = cpio.Writer(out)
        writer.tree(os.path.join(stage, "lib", "modules"), "usr/lib/modules")
        writer.close()


def write_overlay(kernel, job, tests, out):
    """Writes an archive with what this run adds: init, its job, the tests."""
    if job["DRIVER"] == "openena" and not kernel.openena():
        raise UserError(f"build/kmod/{kernel.release}/openena.ko is missing: run"
                        f" scripts/build-module {kernel.release}.")
    writer = cpio.Writer(out)
    with open(os.path.join(TOP, "selftests", "guest", "init"), "rb") as source:
        writer.file("init", source.read(), 0o755)
    writer.device("dev/console", stat.S_IFCHR, (5, 1))
    writer.file("openena/job", "".join(f"{name}={shlex.quote(str(value))}\n"
                                       for name, value in job.items()).encode())
    writer.file("openena/tests", "".join(test + "\n" for test in tests).encode())
    writer.tree(os.path.join(TOP, "selftests"), "openena/selftests")
    tool = os.path.join(BUILD, "tools", "bin", "openena")
    if os.path.exists(tool):
        with open(tool, "rb") as source:
            writer.file("usr/bin/openena", source.read(), 0o755)
    writer.close()


def write_inner(kernel, job, layers, path, out):
    """Writes an archive with what the guest starts a guest of its own with, which is its like."""
    inner = path + ".inner"
    initrd(kernel, dict(job, MODE="inner"), [], layers, inner)
    writer = cpio.Writer(out)
    for name, source in (("vmlinuz", kernel.image), ("initrd", inner)):
        with open(source, "rb") as data:
            writer.file(f"openena/inner/{name}", data.read())
    writer.close()
    os.unlink(inner)


def initrd(kernel, job, tests, layers, path):
    """Writes the whole initial file system of one run to path: layers by name, lowest first."""
    with open(path, "wb") as out:
        for name in layers:
            with open(script(f"vm-{name}"), "rb") as source:
                shutil.copyfileobj(source, out, 1 << 20)
        write_modules(kernel, layers, out)
        if "nested" in layers:
            write_inner(kernel, job, [name for name in layers if name != "nested"], path, out)
        write_overlay(kernel, job, tests, out)
