#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every ring size, changed under traffic.

. "$(dirname "$0")/lib.sh"

change() # rx tx
{
    local rx=$1 tx=$2
    ethtool -G "$NETIF" rx "$rx" tx "$tx" || return 1
    [ "$(ethtool_number -g current RX)" = "$rx" ] && [ "$(ethtool_number -g current TX)" = "$tx" ] ||
        { echo "asked for rx $rx tx $tx:"; ethtool -g "$NETIF"; return 1; }
    traffic_moves 20
}

# Powers of two up to the limit; the lower bound is the interface's.
sizes()
{
    local rx=$least tx=$least
    while :; do
        # ethtool fails with nothing to change
        [ "$(ethtool_number -g current RX) $(ethtool_number -g current TX)" = "$rx $tx" ] ||
            change "$rx" "$tx" || return 1
        [ "$rx" = "$max_rx" ] && [ "$tx" = "$max_tx" ] && return 0
        rx=$((rx * 2 < max_rx ? rx * 2 : max_rx))
        tx=$((tx * 2 < max_tx ? tx * 2 : max_tx))
    done
}

uneven()
{
    change "$least" "$max_tx" && change "$max_rx" "$least"
}

smallest_carries()
{
    change $((least * 2)) "$least" && change "$least" "$least" && can_ping &&
        ping -n -q -f -c 500 -s 1400 -w "$(seconds 15)" "$REMOTE_V4" | tail -n 2
    [ "${PIPESTATUS[0]}" = 0 ]
}

beyond()
{
    refuses "maximum|$max_rx|[Ii]nvalid" ethtool -G "$NETIF" rx $((max_rx * 2)) &&
        refuses "maximum|$max_tx|[Ii]nvalid" ethtool -G "$NETIF" tx $((max_tx * 2))
}

# TCP with one packet in flight sends no other that would take it along.
nothing_waits()
{
    need_openena && need_tool tc || return
    python3 "$ST_DIR/waiting.py" "$NETIF" "$REMOTE_V4" "$before_rx" 12
}

st_begin "ring sizes, under traffic"
max_rx=$(ethtool_number -g maximum RX)
max_tx=$(ethtool_number -g maximum TX)
[ "${max_rx:-0}" -ge 256 ] 2>/dev/null || skip_all "$NETIF has no ring sizes to set"
least=256
before_rx=$(ethtool_number -g current RX)
before_tx=$(ethtool_number -g current TX)
defer "ethtool -G $NETIF rx $before_rx tx $before_tx"
run "traffic starts" traffic_start
run "RX $least to $max_rx, TX $least to $max_tx" sizes
run "one large and the other small" uneven
run "the smallest rings carry traffic" smallest_carries
run "traffic arrived byte for byte" traffic_stop
run "no packet is left behind in a queue discipline" nothing_waits
run "more than the limits is refused" beyond
st_end
