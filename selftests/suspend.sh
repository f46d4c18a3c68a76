#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Suspend and resume: all devices are suspended and resumed, the machine itself stays on.

. "$(dirname "$0")/lib.sh"

freeze_devices()
{
    echo devices >/sys/power/pm_test || return 1
    echo freeze >/sys/power/state || return 1
    wait_for 15 traffic_passes || { ip -s link show "$NETIF"; return 1; }
}

traffic_passes()
{
    ping -c 1 -W 1 -q -I "$NETIF" "$REMOTE_V4" >/dev/null
}

settings()
{
    mtu_of
    ethtool -l "$NETIF"
    ethtool -g "$NETIF"
    ethtool -x "$NETIF"
    ethtool -c "$NETIF"
}

settings_stay()
{
    diff <(echo "$at_first") <(echo "$(settings)")
}

while_down()
{
    ip link set "$NETIF" down && echo freeze >/sys/power/state && net_setup &&
        wait_for 15 traffic_passes
}

bytes_arrive()
{
    traffic_start && traffic_moves 20 && traffic_stop
}

st_begin "suspend and resume"
grep -qw devices /sys/power/pm_test 2>/dev/null || skip_all "this kernel cannot test suspending"
grep -qw freeze /sys/power/state || skip_all "this machine cannot suspend to idle"
defer "echo none >/sys/power/pm_test"
ethtool -X "$NETIF" equal 1
at_first=$(settings)
# The driver says that it was reset, the kernel what it suspends.
# Last, the end of a line of the kernel's into whose middle another one's came.
log_allow "^$DRIVER [0-9a-f:.]+" '^PM:' '^printk: Suspending' '^done\.$'
run "traffic passes after resuming" freeze_devices
run "settings stay" settings_stay
run "traffic afterwards arrives byte for byte" bytes_arrive
run "suspended while the interface is down" while_down
st_end
