# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds out whether KVM works here. A /dev/kvm that opens proves nothing: some hosts offer one that
cannot run a stock kernel, so a kernel is booted until it looks for its root file system."""

import contextlib
import os
import subprocess

from . import BUILD, UserError, say

PROOF_SECONDS = 15
NOT_TRIED = "there is no kernel in /boot that may be read, to try KVM with"


def _boots(qemu, kernel_image):
    command = [qemu, "-accel", "kvm", "-cpu", "host", "-m", "256", "-nographic", "-nodefaults",
               "-no-reboot", "-serial", "stdio", "-kernel", kernel_image,
               "-append", "console=ttyS0 panic=-1"]
    try:
        result = subprocess.run(command, check=False, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=PROOF_SECONDS)
    except subprocess.TimeoutExpired:
        return f"a stock kernel under KVM did not get to its end in {PROOF_SECONDS} s"
    if b"Kernel panic - not syncing: VFS" in result.stdout:
        return ""
    lines = result.stdout.decode(errors="replace").strip().splitlines()
    return "a stock kernel does not boot under KVM" + (f" ({lines[-1]})" if lines else "")


def _why_not_kvm(qemu, kernel_image):
    """An empty string when KVM works, else the reason. Remembered until this machine reboots."""
    if not os.path.exists("/dev/kvm"):
        return "/dev/kvm does not exist"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm may not be opened by this user (join the group kvm)"
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as source:
        boot = source.read().strip()
    memo = os.path.join(BUILD, "vm", "kvm-proof")
    if os.path.exists(memo):
        with open(memo, encoding="utf-8") as source:
            known, _, reason = source.read().partition("\n")
        if known == boot:
            return reason
    kernel = kernel_image()
    if not kernel:
        return NOT_TRIED
    say("trying KVM by booting a kernel")
    reason = _boots(qemu, kernel)
    # A user without a home has no place for it.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(memo), exist_ok=True)
        with open(memo, "w", encoding="utf-8") as out:
            out.write(f"{boot}\n{reason}")
    return reason


def choose(wanted, qemu, kernel_image):
    """Returns "kvm" or "tcg" for the user's auto, kvm or tcg; kernel_image() is what to try it with, or None."""
    if wanted == "tcg":
        return "tcg"
    reason = _why_not_kvm(qemu, kernel_image)
    if not reason or (wanted == "kvm" and reason == NOT_TRIED):
        return "kvm"
    if wanted == "kvm":
        raise UserError(f"KVM: {reason}; TCG works everywhere, at a tenth of the speed.")
    say(f"emulating the processor (TCG): {reason}")
    return "tcg"
