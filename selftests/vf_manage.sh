#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "ip link set PF vf I ..." and "bridge link set": each setting is seen to change what frames do.
# machine: --device-options sriov-vfs=2

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_vf.sh"

GIVEN=02:00:00:00:00:55
NOBODY=02:00:00:00:00:99
BROADCAST=ff:ff:ff:ff:ff:ff
vlan_v4=192.168.78

set_vf() # number setting value...
{
    local number=$1
    shift
    ip link set "$NETIF" vf "$number" "$@"
}

# What "ip link" shows of a function.
shown() # number [pattern]
{
    ip link show "$NETIF" | grep -E "^ *vf $1 .*${2:-}" ||
        { ip link show "$NETIF"; return 1; }
}

# One of the counters that "ip -s link" shows of a function.
vf_stat() # number rx|tx field
{
    ip -s -j link show "$NETIF" | python3 -c '
import json, sys
vf, way, field = sys.argv[1:]
stats = next(v for v in json.load(sys.stdin)[0]["vfinfo_list"] if v["vf"] == int(vf))["stats"][way]
print(stats.get(field, stats.get(f"{way}_{field}")))' "$@"
}

address_in() # number
{
    in_vf "$1" cat "/sys/class/net/$(name_in "$1")/address"
}

gone() # pid
{
    ! kill -0 "$1" 2>/dev/null
}

# Frames sent from one end, and how many of them are seen at another.
frames_pass() # expected to-namespace to-interface -- sender... -- interface to from count [tag]
{
    local expected=$1 ns=$2 interface=$3 counter prefix=() said
    shift 4
    while [ "$1" != -- ]; do
        prefix+=("$1")
        shift
    done
    shift
    ip netns exec "$ns" python3 "$ST_DIR/l2.py" count "$interface" "$expected" >"$ST_TMP/count" 2>&1 &
    counter=$!
    wait_for 10 grep -q ready "$ST_TMP/count" || { cat "$ST_TMP/count"; kill $counter; return 1; }
    "${prefix[@]}" python3 "$ST_DIR/l2.py" send "$@" || { kill $counter; return 1; }
    # All are sent: what comes, comes soon.
    [ "$expected" = 0 ] && sleep 0.5 || wait_for 5 gone $counter
    kill $counter 2>/dev/null
    wait $counter
    said=$(grep count= "$ST_TMP/count")
    echo "$* -> $ns: $said"
    grep -q "^count=$expected " <<<"$said"
}

given_mac()
{
    local bdf made
    bdf=$(basename "$(readlink "$pf_device/virtfn0")")
    made=$(cat "$pf_device"/virtfn0/net/*/address)
    shown 0 "link/ether $made" || return 1
    set_vf 0 mac $GIVEN && shown 0 "link/ether $GIVEN" || return 1
    [ "$(cat "$pf_device"/virtfn0/net/*/address)" = "$made" ] || { echo "changed under the driver"; return 1; }
    echo "$bdf" >"/sys/bus/pci/drivers/$DRIVER/unbind" &&
        echo "$bdf" >"/sys/bus/pci/drivers/$DRIVER/bind" || return 1
    wait_for 10 vf_if 0 >/dev/null || return 1
    made=$(cat "$pf_device"/virtfn0/net/*/address)
    echo "its driver was started again and has $made"
    [ "$made" = $GIVEN ]
}

mac_carries()
{
    pings 3 56 in_vf 0 -- "$REMOTE_V4" && remote ip neigh show to "$(vf_address 0)" | tee /dev/stderr |
        grep -q "$GIVEN"
}

in_vlan()
{
    set_vf 0 vlan 100 qos 3 && shown 0 'vlan 100, qos 3' || return 1
    frames_pass 3 "$REMOTE_NS" "$REMOTE_IF" -- in_vf 0 -- "$(name_in 0)" $BROADCAST $GIVEN 3 || return 1
    grep "tags=$((3 << 13 | 100))$" "$ST_TMP/count" || { echo "not the tag of VLAN 100, priority 3"; return 1; }
    ! in_vf 0 ping -q -c 1 -W 1 "$(vf_address 1)" ||
        { echo "it reaches a function outside of its VLAN"; return 1; }
}

vlan_carries()
{
    remote ip link add link "$REMOTE_IF" name wire100 type vlan id 100 &&
        remote ip addr add "$vlan_v4.2/24" dev wire100 && remote ip link set wire100 up || return 1
    in_vf 0 ip addr add "$vlan_v4.100/24" dev "$(name_in 0)" || return 1
    pings 3 1472 in_vf 0 -- "$vlan_v4.2" && set_vf 1 vlan 100 || return 1
    # A neighbour that did not answer before is given up for a moment.
    wait_for 10 pings 1 56 in_vf 0 -- "$(vf_address 1)" || return 1
    set_vf 1 vlan 0
}

own_tags()
{
    local before after
    before=$(vf_stat 0 tx dropped)
    frames_pass 0 "$REMOTE_NS" "$REMOTE_IF" -- in_vf 0 -- "$(name_in 0)" $BROADCAST "$(address_in 0)" 4 0x8100 200 ||
        return 1
    after=$(vf_stat 0 tx dropped)
    echo "dropped: $before before, $after after"
    [ $((after - before)) = 4 ]
}

no_vlan()
{
    remote ip link del wire100
    set_vf 0 vlan 0 && in_vf 0 ip addr del "$vlan_v4.100/24" dev "$(name_in 0)" &&
        pings 2 56 in_vf 0 -- "$REMOTE_V4"
}

spoof_check()
{
    local before after
    before=$(vf_stat 0 tx dropped)
    frames_pass 0 "$REMOTE_NS" "$REMOTE_IF" -- in_vf 0 -- "$(name_in 0)" $BROADCAST "$LOCAL_MAC" 5 || return 1
    after=$(vf_stat 0 tx dropped)
    [ $((after - before)) = 5 ] || { echo "dropped: $before before, $after after"; return 1; }
    set_vf 0 spoofchk off && shown 0 'spoof checking off' || return 1
    frames_pass 5 "$REMOTE_NS" "$REMOTE_IF" -- in_vf 0 -- "$(name_in 0)" $BROADCAST $NOBODY 5 || return 1
    set_vf 0 spoofchk on && shown 0 'spoof checking on'
}

trust()
{
    local from
    from=$(remote cat "/sys/class/net/$REMOTE_IF/address")
    frames_pass 0 vf0 "$(name_in 0)" -- remote -- "$REMOTE_IF" $NOBODY "$from" 5 || return 1
    set_vf 0 trust on && shown 0 'trust on' || return 1
    frames_pass 5 vf0 "$(name_in 0)" -- remote -- "$REMOTE_IF" $NOBODY "$from" 5 || return 1
    set_vf 0 trust off
}

carrier_in_is() # number 0|1
{
    [ "$(in_vf "$1" cat "/sys/class/net/$(name_in "$1")/carrier")" = "$2" ]
}

link_disabled()
{
    set_vf 0 state disable && shown 0 'link-state disable' && wait_for 5 carrier_in_is 0 0 ||
        { echo "it has a carrier"; return 1; }
    ! ping -q -c 1 -W 1 "$(vf_address 0)" || { echo "it answers"; return 1; }
    set_vf 0 state auto && wait_for 5 carrier_in_is 0 1 && pings 2 56 in_vf 0 -- "$REMOTE_V4"
}

without_wire()
{
    need_monitor || return
    set_vf 0 state enable && set_vf 1 state enable && shown 1 'link-state enable' || return 1
    adapter_link nic0 off && wait_for 5 grep -qx 0 "/sys/class/net/$NETIF/carrier" || return 1
    carrier_in_is 0 1 && pings 3 56 in_vf 0 -- "$(vf_address 1)" || return 1
    set_vf 1 state auto && wait_for 5 carrier_in_is 1 0 || { echo "auto, and a carrier"; return 1; }
    adapter_link nic0 on && wait_for 5 carrier_in_is 1 1 && set_vf 0 state auto
}

listening()
{
    remote ss -ltn | grep -q ':5532 '
}

throughput() # in Mbit/s, of two seconds
{
    local server
    remote iperf3 -s -1 -p 5532 >/dev/null 2>&1 &
    server=$!
    wait_for 5 listening || { kill $server; return 1; }
    in_vf 0 iperf3 -c "$REMOTE_V4" -p 5532 -t 2 -J >"$ST_TMP/iperf" || { kill $server; cat "$ST_TMP/iperf"; return 1; }
    wait $server
    python3 -c '
import json, sys
print(int(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"] / 1e6))' <"$ST_TMP/iperf"
}

rate()
{
    local limited free limit=8
    free=$(throughput) || { echo "$free"; return 1; }
    # A kernel that checks each access to memory is slow.
    [ "$free" -gt 16 ] || limit=1
    set_vf 0 max_tx_rate $limit && shown 0 "max_tx_rate ${limit}Mbps" || return 1
    limited=$(throughput) || { echo "$limited"; return 1; }
    set_vf 0 max_tx_rate 0 || return 1
    echo "$limited Mbit/s with a limit of $limit, $free without"
    [ "$limited" -le $((limit + 1)) ] && [ "$free" -gt $((limit + 1)) ]
}

statistics()
{
    local before after
    before=$(vf_stat 1 rx broadcast)
    frames_pass 6 vf1 "$(name_in 1)" -- remote -- "$REMOTE_IF" $BROADCAST \
        "$(remote cat "/sys/class/net/$REMOTE_IF/address")" 6 || return 1
    after=$(vf_stat 1 rx broadcast)
    ip -s link show "$NETIF"
    [ $((after - before)) -ge 6 ] && [ "$(vf_stat 0 tx bytes)" -gt 100000 ]
}

# From one function to its neighbour, by way of the switch at the other end, which sends nothing back.
switch_mode()
{
    local to
    to=$(address_in 1)
    bridge -d link show dev "$NETIF" | tee /dev/stderr | grep -q 'hwmode VEB' || return 1
    frames_pass 5 vf1 "$(name_in 1)" -- in_vf 0 -- "$(name_in 0)" "$to" "$(address_in 0)" 5 || return 1
    bridge link set dev "$NETIF" hwmode vepa && bridge -d link show dev "$NETIF" | grep 'hwmode VEPA' || return 1
    frames_pass 0 vf1 "$(name_in 1)" -- in_vf 0 -- "$(name_in 0)" "$to" "$(address_in 0)" 5 &&
        frames_pass 5 "$REMOTE_NS" "$REMOTE_IF" -- in_vf 0 -- "$(name_in 0)" "$to" "$(address_in 0)" 5 &&
        pings 2 56 in_vf 0 -- "$REMOTE_V4" || return 1
    bridge link set dev "$NETIF" hwmode veb &&
        frames_pass 5 vf1 "$(name_in 1)" -- in_vf 0 -- "$(name_in 0)" "$to" "$(address_in 0)" 5
}

refusals()
{
    local before
    before=$(ip link show "$NETIF")
    refuses 'Invalid argument' set_vf 7 vlan 1 && refuses 'Numerical result out of range' set_vf 0 vlan 4095 &&
        refuses 'Protocol not supported' set_vf 0 vlan 100 proto 802.1ad &&
        refuses 'Operation not supported|not supported' set_vf 0 min_tx_rate 5 max_tx_rate 10 &&
        refuses 'Numerical result out of range' set_vf 0 max_tx_rate 400001 &&
        refuses 'Invalid argument' set_vf 0 mac 01:00:00:00:00:01 &&
        refuses 'Invalid argument' set_vf 0 mac "$LOCAL_MAC" &&
        [ "$before" = "$(ip link show "$NETIF")" ]
}

forgotten()
{
    set_vf 0 vlan 5 && disable && enable || return 1
    ! ip link show "$NETIF" | grep -E 'vlan 5|'$GIVEN
}

st_begin "virtual functions under management"
vf_begin
log_allow 'virtual function|VLAN|rate of'
defer disable
run "$counted functions are enabled" enable
shown 0 >/dev/null 2>&1 || skip_all "$DRIVER does not manage virtual functions"
run "an address, told at the next start of its driver" given_mac
run "each gets a carrier in a namespace of its own" set_up_all
run "frames go by the new address" mac_carries
run "in a VLAN: tagged on the wire, apart from the others" in_vlan
run "in a VLAN: traffic over the wire and with a neighbour" vlan_carries
run "in a VLAN: its own tags are dropped and counted" own_tags
run "out of the VLAN" no_vlan
run "spoof check, on and off" spoof_check
run "trust" trust
run "link disabled, and as the wire" link_disabled
run "link enabled without a wire" without_wire
run "a rate" rate
run "statistics" statistics
run "the switch as VEPA: through the wire" switch_mode
run "refusals" refusals
run "what was set goes with the function" forgotten
run "the physical function still has traffic" can_ping
st_end
