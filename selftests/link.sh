#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Link: carrier, speed, down and up.

. "$(dirname "$0")/lib.sh"

ROUNDS=${ROUNDS:-10}

is_up()
{
    [ "$(cat "/sys/class/net/$NETIF/carrier")" = 1 ] && [ "$(cat "/sys/class/net/$NETIF/operstate")" = up ] &&
        ethtool "$NETIF" | grep -q 'Link detected: yes'
}

speed()
{
    local text
    text=$(ethtool "$NETIF") || return 1
    grep -E 'Speed|Duplex|Auto' <<<"$text"
    grep -qE 'Speed: [1-9][0-9]*Mb/s' <<<"$text" ||
        { echo "the adapter does not say its speed"; return $KSFT_SKIP; }
    grep -q 'Duplex: Full' <<<"$text"
}

down_up()
{
    local i
    for ((i = 1; i <= ROUNDS; i++)); do
        ip link set "$NETIF" down || return 1
        ! cat "/sys/class/net/$NETIF/carrier" >/dev/null 2>&1 || { echo "carrier while down"; return 1; }
        ip link set "$NETIF" up || return 1
        wait_for 5 is_up || { echo "round $i: no carrier within 5 s"; return 1; }
    done
    net_setup
}

down_up_busy()
{
    local status=0 hose
    python3 "$ST_DIR/stream.py" hose "$NETIF" &
    hose=$!
    down_up || status=1
    kill $hose
    wait $hose
    return $status
}

who()
{
    local text
    text=$(ethtool -i "$NETIF") || return 1
    echo "$text"
    grep -qx "driver: $DRIVER" <<<"$text" && grep -qE '^bus-info: .+' <<<"$text"
}

st_begin "link"
run "driver and bus are named" who
run "carrier is on" wait_for 5 is_up
run "speed and duplex" speed
run "down and up, $ROUNDS times" down_up
run "down and up under traffic, $ROUNDS times" down_up_busy
st_end
