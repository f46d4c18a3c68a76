#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Virtual functions: enabled and disabled, each with a driver of its own in a namespace of its own,
# reached by each other, by their physical function and over the wire.

. "$(dirname "$0")/lib.sh"

pf_device=
counted=2

vf_if() # number
{
    local path
    for path in "$pf_device/virtfn$1/net/"*; do
        [ -e "$path" ] && echo "${path##*/}" && return
    done
    return 1
}

in_vf() # number command [arguments]
{
    local number=$1
    shift
    ip netns exec "vf$number" "$@"
}

vf_address() # number
{
    echo "192.168.77.$((100 + $1))"
}

enable()
{
    echo "$counted" >"$pf_device/sriov_numvfs" || return 1
    wait_for 10 vf_if $((counted - 1)) >/dev/null || { ls -l "$pf_device"; return 1; }
}

# Into a namespace, with an address; the interface keeps its name there.
set_up() # number
{
    local interface
    interface=$(wait_for 10 vf_if "$1" && vf_if "$1") || return 1
    interface=${interface##*$'\n'}
    ip netns add "vf$1" 2>/dev/null
    ip link set "$interface" netns "vf$1" || return 1
    in_vf "$1" ip addr add "$(vf_address "$1")/24" dev "$interface" &&
        in_vf "$1" ip link set "$interface" up mtu "${2:-1500}" || return 1
    wait_for 10 vf_has_carrier "$1" "$interface"
}

vf_has_carrier() # number interface
{
    [ "$(in_vf "$1" cat "/sys/class/net/$2/carrier" 2>/dev/null)" = 1 ]
}

set_up_all()
{
    local number
    for ((number = 0; number < counted; number++)); do
        set_up "$number" || { echo "function $number has no carrier"; return 1; }
    done
}

drivers()
{
    local number driver
    for ((number = 0; number < counted; number++)); do
        driver=$(basename "$(readlink "$pf_device/virtfn$number/driver")")
        echo "virtual function $number: $driver"
        [ "$driver" = "$DRIVER" ] || return 1
    done
}

addresses_differ()
{
    local number seen
    seen=$(cat "/sys/class/net/$NETIF/address"
        for ((number = 0; number < counted; number++)); do
            in_vf "$number" sh -c 'cat /sys/class/net/e*/address'
        done)
    echo "$seen"
    [ "$(sort -u <<<"$seen" | wc -l)" = $((counted + 1)) ]
}

pings() # count size command-prefix... -- address
{
    local count=$1 size=$2 prefix=()
    shift 2
    while [ "$1" != -- ]; do
        prefix+=("$1")
        shift
    done
    "${prefix[@]}" ping -q -c "$count" -i 0.1 -W 5 -M "do" -s "$size" "$2"
}

# Frames between functions stay within the adapter.
between_functions()
{
    local before after
    before=$(switch_port nic0 wire sent) || return
    pings 20 56 in_vf 0 -- "$(vf_address 1)" || return 1
    after=$(switch_port nic0 wire sent)
    echo "$((after - before)) frames left by the wire meanwhile"
    [ $((after - before)) -lt 20 ]
}

jumbo()
{
    local number
    for ((number = 0; number < counted; number++)); do
        in_vf "$number" sh -c 'for i in /sys/class/net/e*; do ip link set "${i##*/}" mtu 9001; done'
    done
    set_mtu_both 9001 && pings 5 8973 in_vf 0 -- "$(vf_address 1)" &&
        pings 5 8973 in_vf 1 -- "$REMOTE_V4"
}

stream() # command-prefix...
{
    local server
    ip netns exec "$REMOTE_NS" iperf3 -s -1 -p 5531 >/dev/null 2>&1 &
    server=$!
    sleep "$(seconds 1)"
    "$@" iperf3 -c "$REMOTE_V4" -p 5531 -t 2 -f m || { kill $server; return 1; }
    wait $server
}

# A frame with somebody else's source goes nowhere.
spoofing()
{
    local before after
    before=$(switch_port nic0 vf0 spoofed) || return
    in_vf 0 python3 -c '
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for _ in range(5):
    s.send(b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x99" + b"\x88\xb5" + bytes(46))
' "$(in_vf 0 ls /sys/class/net | grep -vx lo)" || return 1
    sleep 1
    after=$(switch_port nic0 vf0 spoofed)
    echo "refused as spoofed: $before before, $after after"
    [ $((after - before)) = 5 ]
}

without_pf()
{
    ip link set "$NETIF" down
    pings 5 56 in_vf 0 -- "$REMOTE_V4"
    local status=$?
    ip link set "$NETIF" up && net_addresses
    return $status
}

disable()
{
    local number
    echo 0 >"$pf_device/sriov_numvfs" || return 1
    for ((number = 0; number < counted; number++)); do
        ip netns del "vf$number" 2>/dev/null
    done
    ! ls -d "$pf_device"/virtfn* 2>/dev/null
}

again()
{
    local round
    for round in 1 2 3; do
        enable && set_up_all && pings 2 56 in_vf 1 -- "$REMOTE_V4" && disable ||
            { echo "in round $round"; return 1; }
    done
}

st_begin "virtual functions"
pf_device=$(readlink -f "/sys/class/net/$NETIF/device")
[ "$(cat "$pf_device/sriov_totalvfs" 2>/dev/null || echo 0)" -ge $counted ] ||
    skip_all "$NETIF has no $counted virtual functions (sriov-vfs=)"
defer disable
run "$counted functions are enabled" enable
run "each is driven by $DRIVER" drivers
run "each gets a carrier in a namespace of its own" set_up_all
run "each has an address of its own" addresses_differ
run "from one to the other, within the adapter" between_functions
run "to the physical function" pings 5 56 in_vf 0 -- "$LOCAL_V4"
run "from it" pings 5 56 -- "$(vf_address 1)"
run "over the wire" pings 5 56 in_vf 1 -- "$REMOTE_V4"
run "jumbo frames" jumbo
run "TCP over the wire" stream in_vf 0
run "a forged source address is refused" spoofing
run "traffic passes while the physical function is down" without_pf
run "disabled" disable
run "enabled and disabled again, three times" again
run "the physical function still has traffic" can_ping
st_end
