#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets with the time of the adapter's hardware clock: each stamp lies between two readings of it.

. "$(dirname "$0")/lib.sh"

PACKETS=10
ON="1 1"
OFF="0 0"

stamps()
{
    python3 "$ST_DIR/stamps.py" "$@"
}

clock()
{
    ethtool -T "$NETIF" | sed -nE 's/^(PTP Hardware Clock|Hardware timestamp provider index): ([0-9]+)$/\2/p'
}

offered()
{
    local text
    text=$(ethtool -T "$NETIF")
    echo "$text"
    grep -q 'hardware-transmit' <<<"$text" && grep -q 'hardware-receive' <<<"$text" &&
        grep -q 'hardware-raw-clock' <<<"$text" && grep -qE '^[[:space:]]+all' <<<"$text"
}

# shellcheck disable=SC2086 # the words of ON and OFF
turn() # $ON|$OFF
{
    stamps set "$NETIF" $1 && [ "$(stamps get "$NETIF")" = "$1" ] || return 1
    wait_for 10 carrier_both && wait_for 10 can_ping
}

# UDP packets from the other side, one at a time, while a command waits for them.
fed() # packets command [arguments]
{
    local count=$1 pid said i
    shift
    mkfifo "$ST_TMP/fed" || return 1
    "$@" >"$ST_TMP/fed" &
    pid=$!
    exec 7<"$ST_TMP/fed"
    rm "$ST_TMP/fed"
    IFS= read -r -t "$(seconds 20)" said <&7 || return 1
    [ "$said" = ready ] || { echo "$said"; return 1; }
    for ((i = 0; i < count; i++)); do
        # shellcheck disable=SC2016 # the other shell's
        remote bash -c 'echo stamp >"/dev/udp/$1/5561"' feed "$LOCAL_V4" || return 1
        IFS= read -r -t "$(seconds 20)" said <&7 || break
        echo "$said"
    done
    cat <&7
    exec 7<&-
    wait "$pid"
}

between_readings()
{
    fed $PACKETS stamps receive "/dev/ptp$(clock)" 5561 $PACKETS &&
        stamps send "/dev/ptp$(clock)" "$REMOTE_V4" 5562 $PACKETS
}

stays() # what: a command
{
    "$@" && wait_for 10 carrier_both && wait_for 20 can_ping &&
        [ "$(stamps get "$NETIF")" = "$ON" ] && between_readings
}

reset_by_self_test()
{
    ethtool -t "$NETIF" offline >/dev/null
}

down_and_up()
{
    ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup
}

fewer_queues()
{
    ethtool -L "$NETIF" combined 1
}

under_traffic()
{
    traffic_start && turn "$OFF" && turn "$ON" && between_readings && traffic_moves 20 && traffic_stop
}

off_again()
{
    turn "$OFF" && fed 1 stamps bare 5561
}

bad_requests()
{
    refuses 'Invalid argument' stamps flags "$NETIF" 2 &&
        refuses 'out of range' stamps set "$NETIF" 2 0 && [ "$(stamps get "$NETIF")" = "$OFF" ]
}

st_begin "hardware timestamps of packets"
need_openena || skip_all "Linux's $DRIVER has none"
ethtool -T "$NETIF" | grep -q hardware-receive || skip_all "the adapter stamps no packets"
[ -n "$(clock)" ] || skip_all "$NETIF has no clock to compare with"
defer "python3 $ST_DIR/stamps.py set $NETIF 0 0"
defer "ethtool -L $NETIF combined $(ethtool_number -l current Combined)"
run "they are offered" offered
run "off at first" fed 1 stamps bare 5561
run "switched on" turn "$ON"
run "each lies between two readings of the clock" between_readings
run "also after down and up" stays down_and_up
run "also after a reset" stays reset_by_self_test
run "also with fewer queues" stays fewer_queues
run "switched under traffic, no byte was lost" under_traffic
run "off again" off_again
run "impossible requests are refused" bad_requests
log_allow 'device reset wanted: asked by the user'
st_end
