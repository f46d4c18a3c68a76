#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All that changes the adapter at once, under traffic, while others read all there is to read: for
# DURATION seconds, with a process for each. Nothing may hang, and all works afterwards.
# timeout: 900

. "$(dirname "$0")/lib.sh"

DURATION=${DURATION:-5}
PINS=/sys/fs/bpf/openena-stress
# A change waits for those before it, and for a reset.
LONGEST=30
CHANGERS="queues rings mtu down xdp delays table push self_test reload"
READERS="counters registers settings health queue_counters"

# Each turn is one there and back. What another one's turn makes impossible fails, and that is right.
queues()
{
    ethtool -L "$NETIF" combined 1
    ethtool -L "$NETIF" combined "$nqueues"
}

rings()
{
    ethtool -G "$NETIF" rx 512 tx 256
    ethtool -G "$NETIF" rx "$rx_ring" tx "$tx_ring"
}

mtu()
{
    ip link set "$NETIF" mtu 9001
    ip link set "$NETIF" mtu "$was_mtu"
}

down()
{
    ip link set "$NETIF" down
    ip link set "$NETIF" up
    # The others would find it down all the time.
    sleep 0.5
}

xdp()
{
    ip -force link set dev "$NETIF" xdpdrv pinned "$PINS/pass_frags"
    ip link set dev "$NETIF" xdpdrv off
}

delays()
{
    ethtool -C "$NETIF" adaptive-rx off rx-usecs 32 tx-usecs 32
    ethtool -C "$NETIF" adaptive-rx on tx-usecs 64
}

table()
{
    ethtool -X "$NETIF" equal 1
    ethtool -X "$NETIF" default
}

push()
{
    ethtool -G "$NETIF" tx-push off
    ethtool -G "$NETIF" tx-push on
}

# It resets the adapter.
self_test()
{
    ethtool -t "$NETIF" offline
    sleep 0.5
}

reload()
{
    devlink dev reload "$HANDLE"
    sleep 0.5
}

counters()
{
    ethtool -S "$NETIF"
    ip -s link show "$NETIF"
}

registers()
{
    ethtool -d "$NETIF" raw on
}

settings()
{
    ethtool -l "$NETIF"
    ethtool -g "$NETIF"
    ethtool -c "$NETIF"
    ethtool -x "$NETIF"
}

health()
{
    local reporter
    for reporter in tx rx admin device; do
        devlink health diagnose "$HANDLE" reporter "$reporter"
        devlink health dump show "$HANDLE" reporter "$reporter"
    done
}

queue_counters()
{
    python3 "$ST_DIR/qstats.py" "$NETIF"
}

# Turns of one of them until the time is over; how many, and how long the longest took, in a file.
turns() # name
{
    local n=0 longest=0 start
    while [ ! -e "$ST_TMP/over" ]; do
        start=$SECONDS
        "$1" >"$ST_TMP/said.$1" 2>&1
        [ $((SECONDS - start)) -le $longest ] || longest=$((SECONDS - start))
        n=$((n + 1))
        echo "$n $longest" >"$ST_TMP/turns.$1"
    done
}

all_at_once()
{
    local name pids=() n longest
    rm -f "$ST_TMP/over"
    for name in $CHANGERS $READERS; do
        turns "$name" &
        pids+=($!)
    done
    sleep "$(seconds "$DURATION")"
    touch "$ST_TMP/over"
    wait "${pids[@]}"
    for name in $CHANGERS $READERS; do
        read -r n longest <"$ST_TMP/turns.$name"
        echo "$name: $n turns, the longest $longest s"
        [ "$longest" -le "$(seconds $LONGEST)" ] || { cat "$ST_TMP/said.$name"; return 1; }
    done
}

as_before()
{
    ip link set "$NETIF" up
    ip link set dev "$NETIF" xdpdrv off 2>/dev/null
    ethtool -L "$NETIF" combined "$nqueues" 2>/dev/null
    ethtool -G "$NETIF" rx "$rx_ring" tx "$tx_ring" 2>/dev/null
    ethtool -G "$NETIF" tx-push on 2>/dev/null
    ethtool -C "$NETIF" adaptive-rx on tx-usecs 64 2>/dev/null
    ethtool -X "$NETIF" default 2>/dev/null
    ip link set "$NETIF" mtu "$was_mtu"
}

set_as_before()
{
    [ "$(ethtool_number -l current Combined)" = "$nqueues" ] &&
        [ "$(ethtool_number -g current RX)" = "$rx_ring" ] && [ "$(mtu_of)" = "$was_mtu" ] || return 1
    wait_for 20 can_ping
}

traffic()
{
    traffic_start && sleep 2 && traffic_stop
}

st_begin "everything at once"
[ "$DRIVER" = openena ] || skip_all "it asks more of the driver than $DRIVER is known to stand"
HANDLE=pci/$(basename "$(readlink -f "/sys/class/net/$NETIF/device")")
nqueues=$(ethtool_number -l current Combined)
rx_ring=$(ethtool_number -g current RX)
tx_ring=$(ethtool_number -g current TX)
was_mtu=$(mtu_of)
mkdir -p "$PINS" && python3 "$ST_DIR/xdp.py" load "$PINS" "$(cat "/sys/class/net/$NETIF/ifindex")" "$LOCAL_MAC" pass_frags ||
    skip_all "no program of XDP can be loaded"
defer "rm -rf $PINS"
defer as_before
# Of the resets, and of changes that another one's turn made impossible.
log_allow 'openena .*reset' 'openena .*: queue'
ping -q -i 0.01 "$REMOTE_V4" >/dev/null 2>&1 &
defer "kill $!"
run "nothing hangs" all_at_once
run "it can be set as it was" as_before
run "and is so, with traffic" set_as_before
run "traffic arrives byte for byte" traffic
run "no page pool waits for its pages" pools_empty
st_end
