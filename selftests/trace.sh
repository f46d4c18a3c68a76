#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The driver's tracepoints: each is there, says what happened, and is silent when off.

. "$(dirname "$0")/lib.sh"

TRACE=/sys/kernel/tracing

events() # 0|1
{
    echo "$1" >"$TRACE/events/openena/enable"
}

# What was traced while a command ran.
traced() # command [arguments]
{
    echo >"$TRACE/trace" && events 1 && "$@" >/dev/null
    local status=$?
    events 0
    grep -v '^#' "$TRACE/trace" | sed 's/^.*\(openena_\)/\1/' >"$ST_TMP/traced"
    sort "$ST_TMP/traced" | uniq -c | sort -rn | head -n 12
    return $status
}

shows() # extended-regular-expression...
{
    local pattern
    for pattern in "$@"; do
        grep -qE "^$pattern" "$ST_TMP/traced" || { echo "no line $pattern"; return 1; }
    done
}

packets()
{
    traced ping -n -q -c 3 -i 0.2 "$REMOTE_V4" &&
        shows "openena_doorbell: $NETIF: register 0x[0-9a-f]+ value 0x" \
            "openena_tx_completed: $NETIF: queue [0-9]+ packets [0-9]+" \
            "openena_rx_completed: $NETIF: queue [0-9]+ packets [0-9]+ buffers [0-9]+"
}

# GET_FEATURE 27, LINK_CONFIG.
command_asked()
{
    traced ethtool "$NETIF" && shows "openena_admin: $NETIF: opcode 8 feature 27 err (0|-95) ns [1-9]"
}

reset()
{
    traced ethtool -t "$NETIF" offline && shows "openena_reset: $NETIF: asked by the user err 0 ns [1-9]"
}

# A filter keeps what it names, a histogram adds up packets.
filter_and_histogram()
{
    local at=$TRACE/events/openena hist='hist:keys=queue:vals=packets'
    echo 'ns > 1000000000000' >"$at/openena_admin/filter" || return 1
    traced ethtool "$NETIF"
    echo 0 >"$at/openena_admin/filter"
    ! grep openena_admin "$ST_TMP/traced" || { echo "no command takes that long"; return 1; }
    echo "$hist" >"$at/openena_rx_completed/trigger" || return 1
    ping -n -q -c 3 -i 0.2 "$REMOTE_V4" >/dev/null
    tee "$ST_TMP/hist" <"$at/openena_rx_completed/hist"
    echo "!$hist" >"$at/openena_rx_completed/trigger"
    grep -qE 'queue: +[0-9]+ .*packets: +[1-9]' "$ST_TMP/hist"
}

silent()
{
    echo >"$TRACE/trace" && can_ping && ! grep -q openena_ "$TRACE/trace"
}

st_begin "tracepoints"
need_openena || skip_all "the tracepoints are openena's"
[ -d "$TRACE/events" ] || mount -t tracefs tracefs "$TRACE" 2>/dev/null
[ -d "$TRACE/events/openena" ] || skip_all "no tracefs, or no tracepoints in this kernel"
run "packets and doorbells" packets
run "an admin command" command_asked
log_allow '^openena .*device reset wanted'
run "a reset" reset
run "a filter, and a histogram" filter_and_histogram
run "silent when off" silent
st_end
