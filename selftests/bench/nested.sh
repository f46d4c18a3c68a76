#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One virtual machine in this one, over a virtual function of its own and over virtio-net on a bridge to
# the physical function, in turn: what it measures goes to tools/openena-bench-nested, which starts this.
# All that serves the machine is on processor 0; its peer, in the namespace "remote", on processor 1.
#
# Environment: ROUNDS; INNER_SECONDS of one measurement; INNER_ONLY: latency, or nothing for all of
# them; with it the kernel's functions are printed.
#
# timeout: 3600

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=selftests/lib.sh
. ./lib.sh
# shellcheck source=selftests/lib_vf.sh
. ./lib_vf.sh

inner=/openena/inner
inner_mac=52:54:00:77:00:50

# Interrupts of a PCI function, where the kernel lets one choose.
pin() # function mask
{
    local path
    for path in "/sys/bus/pci/devices/$1/msi_irqs/"*; do
        echo "$2" >"/proc/irq/${path##*/}/smp_affinity" 2>/dev/null
    done
}

function_of() # path of an interface
{
    basename "$(readlink -f "$1/device")"
}

serve()
{
    remote taskset 2 sockperf server -i "$REMOTE_V4" -p 11111 >/dev/null 2>&1 &
    defer "kill $!"
    while remote taskset 2 iperf3 -s -1 -p 5541; do :; done >/dev/null 2>&1 &
    defer "kill $!"
}

assign()
{
    pf_device=$(readlink -f "/sys/class/net/$NETIF/device")
    vf=$(enable_without_drivers 1) && to_vfio "$vf"
}

bridge()
{
    modprobe -a bridge tun vhost_net || return 1
    ip link add br0 type bridge && ip link set "$NETIF" master br0 && ip link set br0 up || return 1
    ip tuntap add tap0 mode tap && ip link set tap0 master br0 up
}

# The machine's lines, with its name and the round, as long as it lives.
relay() # name round
{
    taskset 2 tail -n +1 -F --pid=$qemu_pid "$ST_TMP/console" 2>/dev/null |
        sed -un "s/\r\$//; s/^inner: \(mark\|value\|failed\) /\1 $1 $2 /p"
}

machine() # name round driver qemu's-words
{
    local name=$1 round=$2 driver=$3 relay_pid second
    shift 3
    : >"$ST_TMP/console"
    taskset 1 qemu-system-x86_64 -accel kvm -cpu host -machine q35 -m 768 -nodefaults -display none -no-reboot \
        -kernel $inner/vmlinuz -initrd $inner/initrd \
        -append "console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off INNER_JOB=inner_bench INNER_DRIVER=$driver INNER_SECONDS=$INNER_SECONDS INNER_ONLY=${INNER_ONLY:-}" \
        -serial "file:$ST_TMP/console" -device pcie-root-port,id=rp "$@" >"$ST_TMP/qemu" 2>&1 &
    qemu_pid=$!
    relay "$name" "$round" &
    relay_pid=$!
    wait_for 20 grep -q '^inner: mark' "$ST_TMP/console" || true
    pin "${vf:-none}" 1
    # Seldom looked at: that runs on the peer's processor.
    for ((second = 0; second < 600; second++)); do
        is_done && break
        sleep 1
    done
    grep -q '^inner: done' "$ST_TMP/console" || { echo "failed $name $round machine did not end"; cat "$ST_TMP/qemu"; tail -n 20 "$ST_TMP/console"; }
    kill $qemu_pid
    wait $qemu_pid $relay_pid 2>/dev/null
}

is_done()
{
    grep -q '^inner: done' "$ST_TMP/console" || ! kill -0 $qemu_pid 2>/dev/null
}

st_begin "what an assigned function saves"
[ -e $inner/initrd ] || skip_all "nothing to start a machine with"
modprobe -q kvm_amd || skip_all "no nested virtualisation on this processor"
# Of a performance counter that KVM does not have.
log_allow 'Unhandled WRMSR'
# Else KVM spins for a while when the machine halts, and waiting counts as work.
echo 0 >/sys/module/kvm/parameters/halt_poll_ns
pin "$(function_of "/sys/class/net/$NETIF")" 1
pin "$(remote sh -c "readlink -f /sys/class/net/$REMOTE_IF/device | xargs basename")" 2
run "a function is given to vfio-pci" assign
run "the physical function is in a bridge" bridge
[ -z "${INNER_ONLY:-}" ] || python3 bench/symbols.py
serve
for ((round = 0; round < ROUNDS; round++)); do
    machine vf "$round" openena -device "vfio-pci,bus=rp,host=$vf"
    machine virtio "$round" virtio_net -netdev tap,id=n,ifname=tap0,script=no,downscript=no,vhost=on \
        -device "virtio-net-pci,bus=rp,netdev=n,mac=$inner_mac,romfile="
done
ip link set "$NETIF" nomaster
ip link del br0
ip link del tap0
st_end
