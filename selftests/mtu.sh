#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every MTU on a running interface, and no other one.

. "$(dirname "$0")/lib.sh"

limits()
{
    echo "$NETIF: $min to $max"
    [ "$min" -ge 68 ] && [ "$max" -ge "$min" ] || return 1
    ! is_ena || { [ "$min" = 128 ] && [ "$max" -ge 1500 ]; }
}

# The largest packet passes whole, both ways. A segment made before the MTU fell is too long, and the
# stack then remembers the small MTU for its route.
both_ways() # mtu
{
    ip route flush cache && remote_ip route flush cache || return 1
    ping -n -c 1 -W 5 -M "do" -s $(($1 - 28)) "$REMOTE_V4" >"$ST_TMP/ping" 2>&1 &&
        remote ping -n -c 1 -W 5 -M "do" -s $(($1 - 28)) "$LOCAL_V4" >"$ST_TMP/ping" 2>&1
}

passes() # mtu
{
    wait_for 5 both_ways "$1" || { echo "no echo of $1 bytes"; cat "$ST_TMP/ping"; return 1; }
}

steps()
{
    local mtu
    for mtu in "${mtus[@]}"; do
        set_mtu_both "$mtu" && [ "$(mtu_of)" = "$mtu" ] || { echo "MTU $mtu not set"; return 1; }
        passes "$mtu" && traffic_moves 20 || return 1
    done
}

while_down()
{
    ip link set "$NETIF" down && ip link set "$NETIF" mtu $((min + 1)) &&
        ip link set "$NETIF" mtu "$max" && remote ip link set "$REMOTE_IF" mtu "$max" &&
        ip link set "$NETIF" up && net_setup && passes "$max"
}

beyond()
{
    refuses "$max|maximum|[Ii]nvalid" ip link set "$NETIF" mtu $((max + 1)) &&
        refuses "$min|minimum|[Ii]nvalid" ip link set "$NETIF" mtu $((min - 1)) &&
        refuses "maximum|[Ii]nvalid" ip link set "$NETIF" mtu 2147483647 &&
        [ "$(mtu_of)" = "$1" ]
}

st_begin "every MTU, under traffic"
min=$(ip -d link show "$NETIF" | sed -nE 's/.* minmtu ([0-9]+).*/\1/p')
max=$(max_mtu)
[ "$max" -gt 9216 ] && max=9216
mtus=()
for mtu in 128 129 576 1279 1280 1500 4096 9000 9001 "$max" "$min"; do
    [ "$mtu" -ge "$min" ] && [ "$mtu" -le "$max" ] && mtus+=("$mtu")
done
with_mtu "$(mtu_of)"
run "limits are announced" limits
run "traffic starts" traffic_start
run "MTU ${mtus[*]} under traffic" steps
run "traffic arrived byte for byte" traffic_stop
run "MTU set while the interface is down" while_down
[ "$(max_mtu)" = "$max" ] && run "MTU $((max + 1)) and $((min - 1)) are refused" beyond "$max"
st_end
