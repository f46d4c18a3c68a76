#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Interrupt moderation: delays are taken, act, and impossible ones are refused.

. "$(dirname "$0")/lib.sh"

delay() # rx-usecs|tx-usecs
{
    ethtool -c "$NETIF" | sed -n "s/^$1:[[:space:]]*\([0-9]*\).*/\1/p"
}

set_delays() # microseconds...
{
    local usecs
    for usecs in "$@"; do
        # ethtool fails with nothing to change
        [ "$(delay rx-usecs) $(delay tx-usecs)" = "$usecs $usecs" ] ||
            ethtool -C "$NETIF" rx-usecs "$usecs" tx-usecs "$usecs" || return 1
        [ "$(delay rx-usecs)" = "$usecs" ] && [ "$(delay tx-usecs)" = "$usecs" ] ||
            { echo "asked for $usecs:"; ethtool -c "$NETIF"; return 1; }
        can_ping || { echo "no answer with a delay of $usecs us"; return 1; }
    done
}

# Average round trip in microseconds.
round_trip()
{
    ping -n -q -c 10 -i 0.1 -W "$(seconds 3)" "$REMOTE_V4" |
        awk -F/ '/^rtt/ { printf "%d\n", $5 * 1000 }'
}

# A delay of 20 ms at this end must show in a round trip.
delay_acts()
{
    local quick slow
    set_delays 0 && quick=$(round_trip) && set_delays 20000 && slow=$(round_trip) && set_delays 0
    echo "round trip $quick us without a delay, $slow us with 20000 us"
    [ "$slow" -ge $((quick + 5000)) ]
}

bad_requests()
{
    refuses "." ethtool -C "$NETIF" rx-frames 7 &&
        refuses "." ethtool -C "$NETIF" rx-usecs-irq 7
}

beyond()
{
    need_openena || return
    refuses "." ethtool -C "$NETIF" rx-usecs 4294967295 && refuses "." ethtool -C "$NETIF" tx-usecs 4294967295
}

adaptive()
{
    ethtool -c "$NETIF" | sed -n 's/^Adaptive RX: \([a-z/]*\).*/\1/p'
}

switched()
{
    ethtool -C "$NETIF" adaptive-rx on && [ "$(adaptive)" = on ] || return 1
    can_ping && ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup || return 1
    [ "$(adaptive)" = on ] || { echo "not on after down and up: $(adaptive)"; return 1; }
    ethtool -C "$NETIF" adaptive-rx off && [ "$(adaptive)" = off ]
}

# The delays that the queues have now, largest first.
queue_delays()
{
    local mask
    printf -v mask '0x%x' $(((1 << $(ethtool_number -l current Combined)) - 1))
    ethtool --per-queue "$NETIF" queue_mask "$mask" --show-coalesce |
        sed -nE 's/^rx-usecs:[[:space:]]*([0-9]+).*/\1/p' | sort -rn
}

some_delay()
{
    [ "$(queue_delays | head -n 1)" -gt 0 ]
}

# Traffic makes it look for a delay; fixed again, no queue has another one than the user's.
adapts()
{
    need_openena || return
    set_delays 0 || return 1
    [ "$(queue_delays | head -n 1)" = 0 ] || { echo "a delay where none was set"; return 1; }
    ethtool -C "$NETIF" adaptive-rx on && traffic_start || return 1
    wait_for 20 some_delay || { echo "no queue has a delay after 20 s of traffic"; return 1; }
    ethtool -C "$NETIF" adaptive-rx off && [ "$(queue_delays | head -n 1)" = 0 ] ||
        { echo "a delay stays: $(queue_delays)"; return 1; }
    traffic_moves 20 && traffic_stop
}

# The delays of one queue: "rx tx".
delays_of() # queue
{
    ethtool --per-queue "$NETIF" queue_mask "$(printf '0x%x' $((1 << $1)))" --show-coalesce |
        awk '$1 == "rx-usecs:" { rx = $2 } $1 == "tx-usecs:" { tx = $2 } END { print rx, tx }'
}

per_queue()
{
    need_openena || return
    [ "$(ethtool_number -l current Combined)" -gt 1 ] || { echo "one queue only"; return $KSFT_SKIP; }
    set_delays 0 || return 1
    ethtool --per-queue "$NETIF" queue_mask 0x2 --coalesce rx-usecs 300 tx-usecs 200 || return 1
    [ "$(delays_of 0), $(delays_of 1)" = "0 0, 300 200" ] && can_ping &&
        ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup &&
        [ "$(delays_of 0), $(delays_of 1)" = "0 0, 300 200" ] ||
        { echo "not 0 0, 300 200: $(delays_of 0), $(delays_of 1)"; return 1; }
    refuses "." ethtool --per-queue "$NETIF" queue_mask 0x1 --coalesce rx-usecs 4294967295 &&
        refuses "." ethtool --per-queue "$NETIF" queue_mask 0x80000000 --coalesce rx-usecs 1 &&
        [ "$(delays_of 0)" = "0 0" ] || return 1
    # Other delays for all are for all.
    set_delays 64 && [ "$(delays_of 1)" = "64 64" ]
}

kept()
{
    set_delays 128 && ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup &&
        [ "$(delay rx-usecs)" = 128 ] && [ "$(delay tx-usecs)" = 128 ]
}

st_begin "interrupt moderation"
is_ena || skip_all "$DRIVER need not moderate as the ENA interface does"
[ -n "$(delay rx-usecs)" ] || skip_all "the adapter offers no moderation"
first_rx=$(delay rx-usecs)
first_tx=$(delay tx-usecs)
defer "ethtool -C $NETIF adaptive-rx $(ethtool -c "$NETIF" | grep -q 'Adaptive RX: on' && echo on || echo off)"
defer "ethtool -C $NETIF rx-usecs $first_rx tx-usecs $first_tx"
# With adaptive moderation the delays are not the user's.
ethtool -C "$NETIF" adaptive-rx off >/dev/null 2>&1
run "delays are taken" set_delays 0 2 64 128 1000
run "a delay shows in the round trip" delay_acts
run "delays stay over down and up" kept
run "adaptive delays are switched on and off" switched
run "adaptive delays follow the traffic" adapts
run "what the adapter has not is refused" bad_requests
[ "$DRIVER" = openena ] && log_allow '^openena .*(usecs|delay of)'
run "impossible delays are refused" beyond
run "a queue has delays of its own" per_queue
st_end
