#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The module: what it says of itself, and loading it again and again under
# traffic without leaving anything behind. RELOADS sets how often: 100 times for
# openena unless told otherwise, 20 for other drivers.
# timeout: 400

. "$(dirname "$0")/lib.sh"

module_load()
{
    if [ -n "$MODULE" ]; then insmod "$MODULE"; else modprobe "$DRIVER"; fi
}

module_unload()
{
    rmmod "$DRIVER"
}

is_loaded()
{
    grep -q "^$DRIVER " /proc/modules
}

says_of_itself()
{
    local field file=${MODULE:-$DRIVER} status=0
    for field in license description author alias; do
        [ -n "$(modinfo -F $field "$file")" ] || { echo "modinfo has no $field"; status=1; }
    done
    modinfo "$file" | grep -E '^(version|license|description|vermagic):'
    ! is_ena || modinfo -F alias "$file" | grep -q 'v00001D0Fd0000EC20' ||
        { echo "no alias for 1d0f:ec20"; status=1; }
    return $status
}

interfaces_back()
{
    [ -n "$(interface_by_mac "$LOCAL_MAC")" ] && [ -n "$(interface_by_mac "$REMOTE_MAC")" ]
}

nothing_left()
{
    local left
    ! is_loaded || { echo "module is still there"; return 1; }
    [ ! -e "/sys/bus/pci/drivers/$DRIVER" ] || { echo "PCI driver is still there"; return 1; }
    left=$(interface_by_mac "$LOCAL_MAC")$(interface_by_mac "$REMOTE_MAC")
    [ -z "$left" ] || { echo "interface $left is still there"; return 1; }
    left=$(grep -E " ($DRIVER|$NETIF)[-@]" /proc/interrupts)
    [ -z "$left" ] || { echo "interrupts are still there: $left"; return 1; }
}

reload()
{
    module_unload || return 1
    nothing_left || return 1
    module_load || return 1
    wait_for 10 interfaces_back || { echo "the interfaces did not come back"; return 1; }
    ip link set "$(interface_by_mac "$LOCAL_MAC")" up &&
        ip link set "$(interface_by_mac "$REMOTE_MAC")" up
}

# Both interfaces send and receive broadcasts as soon as they are up.
reloads()
{
    local i hose status=0 early late
    module_unload && nothing_left && module_load && wait_for 10 interfaces_back || return 1
    python3 "$ST_DIR/stream.py" hose "$(interface_by_mac "$LOCAL_MAC")" \
        "$(interface_by_mac "$REMOTE_MAC")" &
    hose=$!
    for ((i = 1; i <= RELOADS; i++)); do
        reload || { echo "round $i"; status=1; break; }
        [ $i = $((RELOADS / 5 + 1)) ] && early=$(memory_used)
    done
    kill $hose
    wait $hose
    [ $status = 0 ] || return 1
    late=$(memory_used)
    memory_steady "$early" "$late" $((RELOADS - RELOADS / 5 - 1))
}

works()
{
    net_setup && traffic_start && sleep 1 && traffic_stop
}

no_new_interrupts()
{
    local now
    now=$(irq_lines | wc -l)
    [ "$now" = "$interrupts" ] || { echo "$now interrupts, at first $interrupts"; return 1; }
}

st_begin "module"
is_loaded || skip_all "$DRIVER is not a module here"
[ "$(cat "/sys/module/$DRIVER/refcnt")" = 0 ] || skip_all "$DRIVER is in use"
RELOADS=${RELOADS:-$([ "$DRIVER" = openena ] && echo 100 || echo 20)}
defer "is_loaded || module_load; net_setup"
interrupts=$(irq_lines | wc -l)
run "modinfo is complete" says_of_itself
run "$RELOADS reloads under traffic leave nothing behind" reloads
run "traffic afterwards arrives byte for byte" works
run "as many interrupts as before" no_new_interrupts
st_end
