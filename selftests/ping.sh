#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ICMP echo and UDP datagrams of all kinds of sizes, IPv4 and IPv6.

. "$(dirname "$0")/lib.sh"

# Interval and time-outs are for the round trip of an emulated processor.
echoes() # address size [ping options]
{
    local address=$1 size=$2
    shift 2
    ping -n -q -c 2 -i 0.2 -W "$(seconds 3)" -s "$size" "$@" "$address" | tail -n 2
    [ "${PIPESTATUS[0]}" = 0 ]
}

all_sizes() # address size...
{
    local address=$1 size
    shift
    for size in "$@"; do
        echoes "$address" "$size" >"$ST_TMP/ping" ||
            { echo "$address size $size:"; cat "$ST_TMP/ping"; return 1; }
    done
}

flood() # address
{
    ping -n -q -f -c 1000 -s 1000 -W 5 -w "$(seconds 25)" "$1" | tee "$ST_TMP/flood" | tail -n 2
    local lost
    lost=$(sed -nE 's/.* ([0-9.]+)% packet loss.*/\1/p' "$ST_TMP/flood")
    awk -v lost="${lost:-100}" 'BEGIN { exit !(lost <= 1) }'
}

datagrams() # address sizes
{
    local status=0
    remote_start python3 "$ST_DIR/stream.py" echo "$1" 5511
    python3 "$ST_DIR/stream.py" sweep "$1" 5511 --sizes "$2" || status=1
    kill -INT "$REMOTE_PID"
    wait "$REMOTE_PID"
    return $status
}

st_begin "echoes of every size"
max=$(max_mtu)
[ "$max" -gt 9001 ] && max=9001
with_mtu "$max"
sizes=(1 8 17 18 19 63 64 65 100 1472 1473 4000 $((max - 29)) $((max - 28)) $((max - 27)) "$max" 30000)
run "IPv4 echo, ${#sizes[@]} sizes from 1 to 30000" all_sizes "$REMOTE_V4" "${sizes[@]}"
run "IPv6 echo, ${#sizes[@]} sizes from 1 to 30000" all_sizes "$REMOTE_V6" "${sizes[@]}"
run "IPv4 do-not-fragment, $((max - 28)) bytes" echoes "$REMOTE_V4" $((max - 28)) -M "do"
run "IPv6 do-not-fragment, $((max - 48)) bytes" echoes "$REMOTE_V6" $((max - 48)) -M "do"
run "one byte more does not fit" refuses "too long|Message too long|100% packet loss" \
    ping -n -q -c 1 -W 1 -M "do" -s $((max - 27)) "$REMOTE_V4"
run "IPv4 flood" flood "$REMOTE_V4"
run "IPv6 flood" flood "$REMOTE_V6"
run "IPv4 UDP datagrams come back unchanged" datagrams "$REMOTE_V4" \
    "1-70,1440-1480,$((max - 40))-$((max - 20)),100-$max/97"
run "IPv6 UDP datagrams come back unchanged" datagrams "$REMOTE_V6" \
    "1-70,1420-1460,$((max - 60))-$((max - 40)),100-$max/97"
st_end
