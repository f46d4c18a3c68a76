#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Requests that cannot be met are refused with a reason, and change nothing.

. "$(dirname "$0")/lib.sh"

state()
{
    ethtool -g "$NETIF"
    ethtool -l "$NETIF"
    ethtool -x "$NETIF"
    ethtool -c "$NETIF"
    ip -o link show "$NETIF" | grep -oE 'mtu [0-9]+'
} 2>/dev/null

# The request is refused, says why (on the terminal or in the kernel log), and changes nothing.
refused() # pattern command [arguments]
{
    local pattern=$1 text before mark
    shift
    before=$(state)
    mark=$(log_mark "$*")
    if text=$("$@" 2>&1); then
        echo "accepted: $*"
        return 1
    fi
    text+=$'\n'$(log_since "$mark")
    echo "$* -> $text"
    grep -qE "$pattern" <<<"$text" || { echo "expected: $pattern"; return 1; }
    [ "$(state)" = "$before" ] || { echo "the refused request changed something"; return 1; }
}

channels()
{
    local max
    max=$(ethtool_number -l maximum Combined)
    [ -n "$max" ] || { echo "no channels to set"; return $KSFT_SKIP; }
    refused "maximum|$max" ethtool -L "$NETIF" combined $((max + 1)) &&
        refused . ethtool -L "$NETIF" combined 0 && refused . ethtool -L "$NETIF" combined 100000
}

rings()
{
    local max
    max=$(ethtool_number -g maximum RX)
    [ -n "$max" ] || { echo "no ring sizes to set"; return $KSFT_SKIP; }
    refused "maximum|$max" ethtool -G "$NETIF" rx $((max * 2)) &&
        refused "maximum" ethtool -G "$NETIF" tx 4294967295 && refused . ethtool -G "$NETIF" rx-mini 8
}

# The stock driver raises these to its minimum; ours says what is possible.
ring_values()
{
    need_openena || return
    refused "128 .*256" ethtool -G "$NETIF" rx 128 && refused "255 .*256" ethtool -G "$NETIF" tx 255
}

mtu()
{
    refused "maximum|[Ii]nvalid" ip link set "$NETIF" mtu $(($(max_mtu) + 1)) &&
        refused "minimum|[Ii]nvalid" ip link set "$NETIF" mtu 60
}

table()
{
    local queues
    queues=$(ethtool_number -l current Combined)
    ethtool -x "$NETIF" 2>/dev/null | grep -q '^RX flow hash' || { echo "no table"; return $KSFT_SKIP; }
    refused . ethtool -X "$NETIF" equal $((queues + 1)) && refused . ethtool -X "$NETIF" hkey 01:02:03 &&
        refused . ethtool -X "$NETIF" hfunc crc32
}

copybreak()
{
    local max=65536
    ethtool --get-tunable "$NETIF" rx-copybreak >/dev/null 2>&1 || { echo "no rx-copybreak"; return $KSFT_SKIP; }
    refused . ethtool --set-tunable "$NETIF" rx-copybreak $max
}

coalesce()
{
    refused . ethtool -C "$NETIF" rx-frames 1 && refused . ethtool -C "$NETIF" tx-frames-irq 3
}

absent()
{
    refused . ethtool -A "$NETIF" rx on && refused . ethtool -s "$NETIF" wol g &&
        refused . ethtool -K "$NETIF" no-such-feature on
}

still_works()
{
    can_ping
}

st_begin "requests that cannot be met"
is_ena && log_allow "^$DRIVER [0-9a-f:.]+"
run "numbers of queues" channels
run "sizes of rings" rings
run "sizes below the least" ring_values
run "MTU" mtu
run "RSS table and key" table
run "rx-copybreak" copybreak
run "moderation that the adapter has not" coalesce
run "functions that the adapter has not" absent
run "traffic still passes" still_works
st_end
