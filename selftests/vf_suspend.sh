#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine is suspended after the physical function has given a virtual one another address, whose
# driver is the kernel's own: this one gives an adapter up whose address differs when it resumes.
# machine: --device-options sriov-vfs=2
# timeout: 180

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_vf.sh"

GIVEN=02:00:00:00:00:55

# "platform": the functions are put to sleep, which "devices" leaves out.
suspend()
{
    echo platform >/sys/power/pm_test && echo freeze >/sys/power/state
}

driven_by_ena()
{
    local vf
    vf=$(enable_without_drivers 1) && give_to "$vf" ena && set_up 0
}

reaches_wire()
{
    in_vf 0 ping -q -c 1 -W 1 "$REMOTE_V4"
}

address()
{
    in_vf 0 sh -c 'cat /sys/class/net/e*/address'
}

goes_on()
{
    local made state
    made=$(address) && reaches_wire && ip link set "$NETIF" vf 0 mac $GIVEN || return 1
    suspend || return 1
    # It may send from the new address alone: the old one is given back to look whether it is alive.
    ip link set "$NETIF" vf 0 mac "$made" && wait_for 15 reaches_wire || { in_vf 0 ip link; return 1; }
    state=$(address)
    echo "$made before, $state after"
    [ "$made" = "$state" ]
}

at_the_next_start()
{
    local vf
    vf=$(basename "$(readlink "$pf_device/virtfn0")")
    ip link set "$NETIF" vf 0 mac $GIVEN && suspend && echo "$vf" >/sys/bus/pci/drivers/ena/unbind &&
        echo "$vf" >/sys/bus/pci/drivers/ena/bind && set_up 0 && [ "$(address)" = $GIVEN ] &&
        wait_for 15 reaches_wire
}

counted=1
st_begin "virtual functions that sleep"
vf_begin
grep -qw platform /sys/power/pm_test 2>/dev/null && grep -qw freeze /sys/power/state ||
    skip_all "this kernel cannot test suspending"
# Linux's ena allocates its page of host information at each reset and frees the last one.
[ ! -d /sys/kernel/debug/dma-api ] || skip_all "this kernel looks after DMA memory, of which ena loses a page in a reset"
log_allow 'virtual function' '^(openena|ena) [0-9a-f:.]+' '^PM:' '^printk: Suspending' '^done\.$'
defer "echo none >/sys/power/pm_test"
defer "modprobe -r ena"
defer "echo 1 >$pf_device/sriov_drivers_autoprobe"
defer disable
ip link set "$NETIF" vf 0 mac $GIVEN 2>&1 | grep -q 'not supported' && skip_all "$DRIVER does not manage virtual functions"
run "a function is driven by ena" driven_by_ena
run "given another address, suspended: it goes on with its own" goes_on
run "and has the new one when its driver starts again" at_the_next_start
run "the physical function has traffic" can_ping
st_end
