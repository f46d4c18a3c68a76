#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# devlink: what the adapter is, how it stands with each part of it, and who is told of a fault. A
# fault is recovered from at once, or when its user says so.

. "$(dirname "$0")/lib.sh"

REPORTERS="device admin keep_alive tx rx"

# A value of JSON by a path of Python, where all is in "x".
json() # expression
{
    python3 -c "import json, sys; x = json.load(sys.stdin); print($1)"
}

# Of a reporter: state, error, recover, auto_recover, ...
health() # reporter field
{
    devlink -j health show "$HANDLE" reporter "$1" |
        json "next(iter(x['health'].values()))[0]['$2']"
}

info()
{
    devlink -j dev info "$HANDLE" >"$ST_TMP/info" || return 1
    cat "$ST_TMP/info"
    [ "$(json "x['info']['$HANDLE']['driver']" <"$ST_TMP/info")" = "$DRIVER" ] || return 1
    json "x['info']['$HANDLE']['versions']['running']['fw.mgmt.api']" <"$ST_TMP/info" | grep -qx '[0-9]*\.[0-9]*'
}

reporters()
{
    local reporter
    for reporter in $REPORTERS; do
        [ "$(health "$reporter" state)" = healthy ] || { echo "$reporter is not healthy"; return 1; }
        devlink -j health diagnose "$HANDLE" reporter "$reporter" >"$ST_TMP/$reporter" || return 1
        cat "$ST_TMP/$reporter"
        json "x" <"$ST_TMP/$reporter" >/dev/null || return 1
    done
    [ "$(json "len(x['queues'])" <"$ST_TMP/tx")" = "$(ethtool_number -l current Combined)" ] &&
        [ "$(json "x['queues'][0]['entries']" <"$ST_TMP/rx")" = "$(ethtool_number -g current RX)" ]
}

# The adapter's fault is this reporter's, which has so many errors and recoveries then.
struck() # fault reporter errors recoveries
{
    adapter_set nic0 inject "$1,count=1" || return 1
    wait_for 10 counted "$2" "$3" "$4" || { devlink health show "$HANDLE"; return 1; }
}

counted() # reporter errors recoveries
{
    [ "$(health "$1" error)" = "$2" ] && [ "$(health "$1" recover)" = "$3" ]
}

recovered()
{
    need_monitor || return
    struck fatal-error device 1 1 && wait_for 10 can_ping || return 1
    [ "$(health device state)" = healthy ] || return 1
    devlink -j health dump show "$HANDLE" reporter device >"$ST_TMP/dump" || return 1
    cat "$ST_TMP/dump"
    [ "$(json "x['fault']" <"$ST_TMP/dump")" = generic ] && json "x['tx']['queues'][0]" <"$ST_TMP/dump" &&
        devlink -j health diagnose "$HANDLE" reporter device |
        json "x['last_resets'][0]['reason']" | grep -qx generic
}

# Nobody resets the adapter until the user has looked, and queues that are not at fault go on.
waits()
{
    local resets
    need_monitor || return
    devlink health set "$HANDLE" reporter device auto_recover false || return 1
    resets=$(stat_value total_resets)
    struck reset-request device 2 1 || return 1
    sleep 2
    can_ping && can_ping || { echo "no echo while the fault waits"; return 1; }
    [ "$(stat_value total_resets)" = "$resets" ] && [ "$(health device state)" = error ] || return 1
    devlink health recover "$HANDLE" reporter device && wait_for 10 can_ping || return 1
    [ "$(stat_value total_resets)" = $((resets + 1)) ] && [ "$(health device state)" = healthy ]
}

# Another way out of the same: what resets the adapter heals it.
healed() # errors recoveries what
{
    local errors=$1 recoveries=$2
    shift 2
    need_monitor || return
    devlink health set "$HANDLE" reporter device auto_recover false || return 1
    struck reset-request device "$errors" "$recoveries" && "$@" && wait_for 10 can_ping || return 1
    [ "$(health device state)" = healthy ] &&
        devlink health set "$HANDLE" reporter device auto_recover true &&
        struck reset-request device $((errors + 1)) $((recoveries + 1)) && wait_for 10 can_ping
}

down_and_up()
{
    ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup
}

# All pairs' interrupts are lost, and next to nothing is sent: pairs that receive are polled, then reset.
no_interrupts()
{
    local resets lost round reason
    need_monitor || return
    resets=$(stat_value total_resets)
    adapter_set nic0 inject "$(seq -f "interrupt-lost,vector=%g" -s ";" \
        "$(ethtool_number -l current Combined)")" || return 1
    for ((round = 0; round < 60; round++)); do
        [ "$(stat_value total_resets)" = "$resets" ] || break
        remote python3 "$ST_DIR/stream.py" blast "$LOCAL_V4" 5541 --count 4
        sleep 0.3
    done
    adapter_set nic0 inject none
    wait_for 10 can_ping || { echo "no echo"; return 1; }
    lost=$(ethtool -S "$NETIF" | awk '/_tx_lost_interrupt:/ { n += $2 } END { print n }')
    reason=$(devlink -j health diagnose "$HANDLE" reporter device | json "x['last_resets'][0]['reason']")
    echo "polled $lost times for want of an interrupt, then reset, round $round: $reason"
    # The first one, where a pair has been silent since it was opened.
    [ "$lost" -gt 0 ] && [[ "$reason" =~ ^missing\ (first\ )?interrupt$ ]]
}

# The adapter's own look at the driver's counters, which are a second old at most.
seen_by_the_adapter()
{
    local before seen
    need_monitor || return
    before=$(ethtool -S "$NETIF" | awk '/queue_[0-9]+_tx_cnt:/ { n += $2 } END { print n }')
    ping_burst && sleep 2 && adapter_get nic0 debug-area >"$ST_TMP/area" || return 1
    seen=$(grep -oE 'queue_[0-9]+_tx_cnt [0-9]+' "$ST_TMP/area" | awk '{ n += $2 } END { print n }')
    echo "sent $before before, as the adapter reads it $seen now"
    grep -oE '"(text|size|bytes-read)": [a-z0-9]+' "$ST_TMP/area"
    grep -q '"text": true' "$ST_TMP/area" && [ "$seen" -ge $((before + 3)) ] &&
        grep -q 'ena_admin_q_no_completion [0-9]' "$ST_TMP/area"
}

ping_burst()
{
    for _ in 1 2 3; do can_ping || return 1; done
}

reloaded()
{
    local resets
    resets=$(stat_value total_resets)
    ethtool -G "$NETIF" rx 512 && devlink dev reload "$HANDLE" && wait_for 10 can_ping || return 1
    echo "resets: $resets, then $(stat_value total_resets); RX ring of $(ethtool_number -g current RX)"
    [ "$(stat_value total_resets)" = $((resets + 1)) ] && [ "$(ethtool_number -g current RX)" = 512 ] || return 1
    ip link set "$NETIF" down && devlink dev reload "$HANDLE" && ip link set "$NETIF" up && net_setup &&
        wait_for 10 can_ping || return 1
    ip netns add oe-elsewhere && defer "ip netns del oe-elsewhere"
    refuses 'stays in its network namespace|not supported' devlink dev reload "$HANDLE" netns oe-elsewhere &&
        can_ping
}

reloaded_under_traffic()
{
    traffic_start || return 1
    for _ in 1 2 3; do
        devlink dev reload "$HANDLE" || return 1
    done
    traffic_moves 20 && traffic_stop
}

# What needs a reset as soon as it works is left alone in the end, until its user starts it anew.
given_up()
{
    need_monitor || return
    adapter_set nic0 inject "reset-request,period=100ms" || return 1
    wait_for 30 is_given_up || { devlink -j health diagnose "$HANDLE" reporter device; return 1; }
    adapter_set nic0 inject none
    [ "$(cat "/sys/class/net/$NETIF/carrier")" = 0 ] || { echo "given up, with a carrier"; return 1; }
    devlink dev reload "$HANDLE" && wait_for 10 can_ping
}

is_given_up()
{
    devlink -j health diagnose "$HANDLE" reporter device | json "x['given_up']" | grep -qx 1
}

st_begin "devlink"
need_openena || skip_all "openena only, this is $DRIVER"
HANDLE=pci/$(basename "$(readlink -f "/sys/class/net/$NETIF/device")")
need_tool devlink || skip_all "no devlink on this system"
defer "devlink health set $HANDLE reporter device auto_recover true; adapter_set nic0 inject none"
log_allow "fatal error|device reset wanted|completions without an interrupt" \
    "the device is given up|register 0x0: no answer"
run "what the adapter is" info
run "reporters of all parts: $REPORTERS" reporters
run "a fault is recovered from, and its dump kept" recovered
run "a fault waits for its user" waits
run "any reset heals it" healed 3 2 ethtool -t "$NETIF" offline
run "down and up heals it" healed 5 3 down_and_up
run "pairs without interrupts are polled, then reset" no_interrupts
run "the adapter sees what the driver counts" seen_by_the_adapter
run "the driver starts anew" reloaded
run "and no byte is lost by it" reloaded_under_traffic
run "what needs a reset again and again is given up" given_up
st_end
