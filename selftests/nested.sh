#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A virtual function is given to a virtual machine, past this machine's network stack: the machine
# drives it with openena and with ena, is killed, and gets it again. Run by "make run-nested".
# machine: --iommu --memory 3G --with nested --device-options sriov-vfs=2
# timeout: 600

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_vf.sh"

inner=/openena/inner
qemu_pid=

load_kvm()
{
    modprobe -q kvm_amd || modprobe -q kvm_intel
    [ -c /dev/kvm ]
}

# To vfio-pci, before any driver of ours has seen it.
assign()
{
    vf=$(enable_without_drivers 2) || return 1
    echo "virtual function 0 is $vf, in IOMMU group $(basename "$(readlink "$pf_device/virtfn0/iommu_group")")"
    to_vfio "$vf"
}

own_group()
{
    local group members
    group=$(readlink -f "$pf_device/virtfn0/iommu_group")
    members=$(ls "$group/devices")
    echo "$members"
    [ "$members" = "$vf" ]
}

start_inner() # driver
{
    : >"$ST_TMP/inner"
    ip netns exec "$REMOTE_NS" iperf3 -s -1 -p 5541 >/dev/null 2>&1 &
    defer "kill $!"
    qemu-system-x86_64 -accel kvm -cpu host -machine q35 -m 768 -nodefaults -display none -no-reboot \
        -kernel $inner/vmlinuz -initrd $inner/initrd \
        -append "console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off INNER_DRIVER=$1" \
        -serial "file:$ST_TMP/inner" -device pcie-root-port,id=rp \
        -device "vfio-pci,bus=rp,host=$vf" >"$ST_TMP/inner.qemu" 2>&1 &
    qemu_pid=$!
    defer "kill -9 $qemu_pid"
    wait_for 120 inner_is_done && ! grep -q '^inner: failed' "$ST_TMP/inner" && inner_lines && return
    inner_lines
    cat "$ST_TMP/inner.qemu"
    tail -n 20 "$ST_TMP/inner"
    return 1
}

inner_is_done()
{
    grep -q '^inner: done' "$ST_TMP/inner" || ! kill -0 $qemu_pid 2>/dev/null
}

inner_lines()
{
    tr -d '\r' <"$ST_TMP/inner" | grep '^inner: '
}

# What the machine said of one thing that it tried.
inner_saw() # words
{
    inner_lines | grep "$1" | grep -q '^inner: ok'
}

sends_still()
{
    local before after
    before=$(switch_port nic0 vf0 received) || return 1
    sleep 1
    after=$(switch_port nic0 vf0 received)
    echo "frames from the function: $before, a second later $after"
    [ "$after" -gt "$before" ]
}

has_sent() # frames
{
    [ "$(switch_port nic0 vf0 received)" -ge "$1" ]
}

# The host's own stack sees none of it, but for a few broadcasts.
bypasses()
{
    local before after sent
    before=$(cat "/sys/class/net/$NETIF/statistics/rx_packets")
    sent=$(switch_port nic0 vf0 received) || return 1
    wait_for 20 has_sent $((sent + 50)) || { echo "the function sends nothing"; return 1; }
    after=$(cat "/sys/class/net/$NETIF/statistics/rx_packets")
    echo "frames that the physical function received while 50 were sent: $((after - before))"
    [ $((after - before)) -lt 10 ]
}

kill_inner()
{
    kill -9 $qemu_pid && wait $qemu_pid 2>/dev/null
    can_ping
}

# The machine is asked to let go of the function, does, and lives on.
take_away()
{
    sends_still || return 1
    timeout "$(seconds 20)" sh -c "echo 0 >$pf_device/sriov_numvfs" || { echo "it is not let go"; return 1; }
    ! [ -e "$pf_device/virtfn0" ] && kill -0 $qemu_pid || return 1
    grep -E 'Oops|BUG|WARNING' "$ST_TMP/inner" && return 1
    wait_for 10 can_ping
}

st_begin "a virtual function in a virtual machine"
need_tool qemu-system-x86_64 >/dev/null && [ -e $inner/initrd ] || skip_all "nothing to start a machine with"
load_kvm || skip_all "no nested virtualisation on this processor"
pf_device=$(readlink -f "/sys/class/net/$NETIF/device")
[ -e "$pf_device/iommu_group" ] || skip_all "no IOMMU"
[ "$(cat "$pf_device/sriov_totalvfs" 2>/dev/null || echo 0)" -ge 2 ] ||
    skip_all "$NETIF has no virtual functions (sriov-vfs=)"
defer "echo 0 >$pf_device/sriov_numvfs; echo 1 >$pf_device/sriov_drivers_autoprobe"
set_mtu_both 9001
# Of a performance counter that KVM does not have; of resets, which Linux 7 warns of.
log_allow 'Unhandled WRMSR' '^vfio-pci [0-9a-f:.]+: (resetting|reset done)$'
run "a function is given to vfio-pci" assign
run "it is alone in its IOMMU group" own_group
for driver in openena ena; do
    run "a machine drives it with $driver" start_inner $driver
    run "$driver: the physical function answers" inner_saw "physical function"
    run "$driver: the wire answers" inner_saw wire
    run "$driver: jumbo frames" inner_saw jumbo
    run "$driver: TCP" inner_saw TCP
    run "$driver: its frames do not enter this machine's stack" bypasses
    [ $driver = ena ] || run "$driver: killed, the adapter goes on" kill_inner
done
run "taken away under traffic, machine and adapter go on" take_away
run "killed, the adapter goes on" kill_inner
st_end
