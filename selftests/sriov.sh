#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Virtual functions: enabled and disabled, each with a driver of its own in a namespace of its own,
# reached by each other, by their physical function and over the wire.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_vf.sh"

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

again()
{
    local round
    for round in 1 2 3; do
        enable && set_up_all && pings 2 56 in_vf 1 -- "$REMOTE_V4" && disable ||
            { echo "in round $round"; return 1; }
    done
}

st_begin "virtual functions"
vf_begin
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
