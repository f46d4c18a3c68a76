#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Resets and errors of the PCI core's: the driver takes part, and a connection goes on. For errors
# the kernel must have PCI Express in its own hands.
# machine: --kernel-arg pcie_ports=native --qemu-arg=-global --qemu-arg=ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off
# timeout: 180

. "$(dirname "$0")/lib.sh"

# Long before the six seconds without a keep-alive event that would else tell the driver.
SOON=4

resets()
{
    # While the driver leaves the adapter alone there are no counters.
    stat_value total_resets 2>/dev/null
}

one_more() # than
{
    local now
    now=$(resets)
    [ "${now:-0}" -gt "$1" ]
}

function_reset()
{
    local before watchdog
    [ -w "$device/reset" ] || { echo "the function has no reset"; return $KSFT_SKIP; }
    before=$(resets)
    watchdog=$(stat_value wd_expired)
    traffic_moves || return 1
    echo 1 >"$device/reset" || return 1
    wait_for $SOON one_more "$before" || { echo "no reset of the adapter in time"; return 1; }
    traffic_moves 30 && [ "$(stat_value wd_expired)" = "$watchdog" ]
}

# Reported by the adapter as QEMU's monitor has it; the port above it resets the link if it is fatal.
error() # name
{
    local before
    need_monitor || return
    [[ $(setpci -s "${device##*/}" CAP_EXP+8.w) = *[4-7cdef] ]] ||
        { echo "error reporting is off here: the kernel argument pcie_ports=native"; return $KSFT_SKIP; }
    before=$(resets)
    log_mark "error $1"
    machine inject_error nic0 "$1" || return 1
    wait_for 20 one_more "$before" || { echo "no reset"; dmesg | tail -n 20; return 1; }
    wait_for 20 carrier_both && wait_for 20 can_ping || return 1
    traffic_moves 60
}

# These kernels reset the link and wait for it; QEMU's port never says that it is active, and they give
# the function up.
link_is_lost()
{
    case $(uname -r) in
    6.1.* | 7.*) echo "Linux $(uname -r) gets no link back from QEMU's port"; return 0 ;;
    *) return 1 ;;
    esac
}

fatal_error()
{
    link_is_lost && return $KSFT_SKIP
    error DLP
}

while_down()
{
    ip link set "$NETIF" down && echo 1 >"$device/reset" && ip link set "$NETIF" up && net_setup
}

st_begin "resets and errors of PCI"
need_openena || skip_all "Linux's $DRIVER takes no part in them"
device=/sys/bus/pci/devices/$(ethtool -i "$NETIF" | sed -n 's/^bus-info: //p')
log_allow '^openena ' 'pcieport ' 'AER: '
traffic_start || skip_all "no traffic"
run "function level reset under traffic" function_reset
run "an error that is not fatal" error COMP_TIME
run "a fatal error" fatal_error
run "traffic was byte for byte right" traffic_stop
run "function level reset while down" while_down
st_end
