#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Virtual functions: enabled and disabled, each in a namespace of its own, reached by each other, by
# their physical function and over the wire. Driven by the driver of the physical one, then one of them
# by the other driver.
# machine: --device-options sriov-vfs=2

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_vf.sh"

drivers_are() # driver of each function
{
    local number=0 driver
    for driver in "$@"; do
        echo "virtual function $number: $(basename "$(readlink "$pf_device/virtfn$number/driver")")"
        [ "$pf_device/virtfn$number/driver" -ef "/sys/bus/pci/drivers/$driver" ] || return 1
        number=$((number + 1))
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
        pings 5 8973 in_vf 1 -- "$REMOTE_V4" && pings 5 8973 in_vf 0 -- "$REMOTE_V4"
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
' "$(name_in 0)" || return 1
    sleep 1
    after=$(switch_port nic0 vf0 spoofed)
    echo "refused as spoofed: $before before, $after after"
    [ $((after - before)) = 5 ]
}

rx_counts() # number
{
    in_vf "$1" ethtool -S "$(name_in "$1")" | grep -E '^ *queue_[0-9]+_rx_cnt:'
}

# One datagram of each of 64 flows; how many queues of the function got some.
queues_used() # number
{
    rx_counts "$1" >"$ST_TMP/before"
    remote python3 -c '
import socket, sys
for port in range(40000, 40064):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("", port))
        s.sendto(b"x", (sys.argv[1], 9))' "$(vf_address "$1")"
    sleep 0.5
    rx_counts "$1" | diff "$ST_TMP/before" - | grep -c '^>'
}

rss()
{
    local name spread one
    name=$(name_in 0)
    in_vf 0 ethtool -X "$name" equal 2 && spread=$(queues_used 0)
    in_vf 0 ethtool -X "$name" equal 1 && one=$(queues_used 0)
    in_vf 0 ethtool -X "$name" default
    echo "queues that received: $spread, with a table of one $one"
    [ "$spread" = 2 ] && [ "$one" = 1 ]
}

pf_was_reset() # more often than
{
    [ "$(adapter_total nic0 resets)" -gt "$1" ]
}

# Its driver finds a completion that cannot be.
while_pf_resets()
{
    local before sender
    before=$(adapter_total nic0 resets) || return
    in_vf 0 ping -q -c 40 -i 0.1 -W 5 "$REMOTE_V4" >"$ST_TMP/ping" &
    sender=$!
    adapter_set nic0 inject "tx-completion-wrong-id,count=1" && ping -c 1 -W 1 "$REMOTE_V4" >/dev/null
    wait_for 10 pf_was_reset "$before" || { echo "it was not reset"; kill $sender; return 1; }
    adapter_set nic0 inject none
    wait $sender
    cat "$ST_TMP/ping"
    grep -q ' 0% packet loss' "$ST_TMP/ping" && wait_for 20 can_ping
}

has_interface()
{
    [ -e "/sys/class/net/$NETIF" ]
}

# ena leaves them, which the kernel's PCI core says; openena disables them.
unbound()
{
    local pf
    pf=$(basename "$pf_device")
    enable && echo "$pf" >"/sys/bus/pci/drivers/$DRIVER/unbind" || return 1
    echo "left: $(ls -d "$pf_device"/virtfn* 2>/dev/null | wc -l)"
    [ "$DRIVER" = ena ] || ! ls -d "$pf_device"/virtfn* 2>/dev/null || return 1
    echo "$pf" >"/sys/bus/pci/drivers/$DRIVER/bind" && wait_for 10 has_interface && net_setup || return 1
    echo 0 >"$pf_device/sriov_numvfs" && wait_for 20 can_ping
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

# The first function is the other driver's, the second one this one's, as the physical one is.
mixed()
{
    enable_without_drivers 2 && give_to "$(basename "$(readlink "$pf_device/virtfn0")")" "$other" &&
        give_to "$(basename "$(readlink "$pf_device/virtfn1")")" "$DRIVER" && drivers_are "$other" "$DRIVER" &&
        set_up_all
}

with_other_driver()
{
    run "one function is driven by $other, the other and the physical one by $DRIVER" mixed
    run "$other: from a function of $DRIVER" pings 5 56 in_vf 1 -- "$(vf_address 0)"
    run "$other: to the physical function" pings 5 56 in_vf 0 -- "$LOCAL_V4"
    run "$other: over the wire" pings 5 56 in_vf 0 -- "$REMOTE_V4"
    run "$other: jumbo frames" jumbo
    run "$other: TCP over the wire" stream in_vf 0
    run "$other: RSS" rss
    run "$other: disabled" disable
}

other=ena
[ "$DRIVER" = openena ] || other=openena

st_begin "virtual functions"
vf_begin
log_allow "^$DRIVER [0-9a-f:.]+" 'left SR-IOV enabled'
defer "modprobe -r $other"
defer "echo 1 >$pf_device/sriov_drivers_autoprobe"
defer disable
run "$counted functions are enabled" enable
run "each is driven by $DRIVER" drivers_are "$DRIVER" "$DRIVER"
run "each gets a carrier in a namespace of its own" set_up_all
run "each has an address of its own" addresses_differ
run "from one to the other, within the adapter" between_functions
run "to the physical function" pings 5 56 in_vf 0 -- "$LOCAL_V4"
run "from it" pings 5 56 -- "$(vf_address 1)"
run "over the wire" pings 5 56 in_vf 1 -- "$REMOTE_V4"
run "jumbo frames" jumbo
run "TCP over the wire" stream in_vf 0
run "RSS" rss
run "a forged source address is refused" spoofing
run "traffic passes while the physical function is down" without_pf
run "and while its driver resets it" while_pf_resets
run "disabled" disable
run "enabled and disabled again, three times" again
run "the driver of the physical function goes while they are enabled" unbound
run "the physical function still has traffic" can_ping
if modprobe -nq "$other"; then
    with_other_driver
else
    say "there is no $other for this kernel"
fi
st_end
