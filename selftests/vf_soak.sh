#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Virtual functions enabled and disabled again and again, under traffic of the physical function:
# it loses nothing by that, and nothing is left behind. ROUNDS sets how often; 200 take ten minutes.
# machine: --device-options sriov-vfs=2
# timeout: 1500

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_vf.sh"

ROUNDS=${ROUNDS:-20}

# The first function is up and sends when it is taken away, every tenth time.
one_round() # number
{
    local interface
    enable || return 1
    if [ $(($1 % 10)) = 0 ]; then
        interface=$(vf_if 0) && ip link set "$interface" up && ip addr add 192.0.2.1/24 dev "$interface" ||
            return 1
        ping -q -c 3 -i 0.2 -b 192.0.2.255 >/dev/null 2>&1
    fi
    echo 0 >"$pf_device/sriov_numvfs" || return 1
    ! ls -d "$pf_device"/virtfn* 2>/dev/null
}

nothing_left()
{
    local interrupts devices
    interrupts=$(irq_lines | wc -l)
    devices=$(find /sys/bus/pci/devices/ -type l | wc -l)
    echo "$interrupts interrupts, at first $interrupts_at_first"
    echo "$devices PCI functions, at first $devices_at_first"
    [ "$interrupts" = "$interrupts_at_first" ] && [ "$devices" = "$devices_at_first" ]
}

# The sender numbers its echoes, so what is missing was lost. Its 20 in a second leave the rest alone.
soak()
{
    local round early late status=0 sender
    ping -q -i 0.05 -W 30 "$REMOTE_V4" >"$ST_TMP/ping" &
    sender=$!
    for ((round = 1; round <= ROUNDS; round++)); do
        one_round $round || { echo "in round $round of $ROUNDS"; status=1; break; }
        [ $round = $((ROUNDS / 5 + 1)) ] && early=$(memory_used)
    done
    kill -INT $sender
    wait $sender
    cat "$ST_TMP/ping"
    [ $status = 0 ] || return 1
    grep -q ' 0% packet loss' "$ST_TMP/ping" || return 1
    late=$(memory_used)
    memory_steady "$early" "$late" $((ROUNDS - ROUNDS / 5 - 1))
}

st_begin "virtual functions again and again"
vf_begin
defer disable
interrupts_at_first=$(irq_lines | wc -l)
devices_at_first=$(find /sys/bus/pci/devices/ -type l | wc -l)
run "enabled and disabled $ROUNDS times, under traffic" soak
run "nothing is left behind" nothing_left
run "and once more, with a driver and traffic" enable
run "each has a carrier" set_up_all
run "from one to the other" pings 5 56 in_vf 0 -- "$(vf_address 1)"
run "the physical function still has traffic" can_ping
st_end
