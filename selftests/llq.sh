#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets go through transmit queues in the adapter's memory (LLQ), with a header of the length
# that the driver chose: the adapter itself is asked, from outside.

. "$(dirname "$0")/lib.sh"

# Packets by LLQ, and bytes pushed with them, of one moment.
totals()
{
    local name statistics
    statistics=$(adapter_get nic0 statistics | tr ',{}' '[\n*]')
    for name in tx-llq-packets tx-llq-header-bytes; do
        sed -nE "s/^ *\"?$name\"?: *([0-9]+)$/\1/p" <<<"$statistics"
    done
}

# Large echo requests leave by LLQ, and the driver pushed so many bytes of each.
pushes() # bytes
{
    local want=$1 count=40 before after packets bytes
    mapfile -t before < <(totals)
    ping -q -n -c $count -i 0.02 -s 1000 -w "$(seconds 20)" "$REMOTE_V4" | tail -n 2
    mapfile -t after < <(totals)
    packets=$((after[0] - before[0]))
    bytes=$((after[1] - before[1]))
    echo "$packets packets by LLQ, $bytes bytes pushed"
    # What else the stack says is small: it can only add packets and bytes of its own.
    [ $packets -ge $count ] && [ $bytes -ge $((count * want)) ] && [ $bytes -le $((packets * want)) ]
}

# Every transmit queue is in this memory, with entries of this size.
queues_have() # entry-size [placement]
{
    local queues others
    queues=$(adapter_get nic0 queue-states | grep -oE '\{[^{}]*\}' | grep '"direction": "tx"') ||
        { echo "no transmit queue"; return 1; }
    others=$(grep -v "\"placement\": \"${2:-device}\"" <<<"$queues"
        grep -vE "\"entry-size\": $1\b" <<<"$queues")
    [ -z "$others" ] || { echo "$others"; return 1; }
}

buffer_is() # length
{
    [ "$(python3 "$ST_DIR/pushbuf.py" get "$NETIF")" = "$1 224" ] ||
        { python3 "$ST_DIR/pushbuf.py" get "$NETIF"; return 1; }
}

# Change the length under traffic.
change() # length entry-size
{
    need_buffer || return
    python3 "$ST_DIR/pushbuf.py" set "$NETIF" "$1" && buffer_is "$1" && queues_have "$2" &&
        traffic_moves 20 || return 1
    [ "$(ethtool_number -g current TX)" -ge 256 ] || { ethtool -g "$NETIF"; return 1; }
    wait_for 10 can_ping
}

bad_lengths()
{
    need_buffer || return
    refuses . python3 "$ST_DIR/pushbuf.py" set "$NETIF" 100 &&
        refuses . python3 "$ST_DIR/pushbuf.py" set "$NETIF" 225 && buffer_is 96
}

need_buffer()
{
    python3 "$ST_DIR/pushbuf.py" get "$NETIF" >/dev/null 2>&1 ||
        { echo "this driver cannot change its push buffer"; return $KSFT_SKIP; }
}

pushes_more()
{
    need_buffer || return
    pushes 224
}

# TX rings in host memory, and back.
host_memory()
{
    local before
    need_openena || return
    ethtool -G "$NETIF" tx-push off && queues_have 16 host && wait_for 10 can_ping || return 1
    before=$(totals)
    ping -q -n -c 20 -i 0.02 -w "$(seconds 20)" "$REMOTE_V4" | tail -n 2
    [ "$(totals)" = "$before" ] || { echo "packets went by LLQ"; return 1; }
    ethtool -G "$NETIF" tx-push on && queues_have 128 && wait_for 10 can_ping && pushes 96
}

st_begin "transmit queues in the adapter"
reason=$(need_monitor) || skip_all "$reason"
is_ena || skip_all "$DRIVER is no ENA driver"
run "all queues are in the adapter, entries of 128 bytes" queues_have 128
run "large packets leave by LLQ, 96 bytes of each pushed" pushes 96
run "traffic starts" traffic_start
run "an entry of 256 bytes, under traffic" change 224 256
run "traffic arrived byte for byte" traffic_stop
run "224 bytes of each pushed" pushes_more
run "traffic starts again" traffic_start
run "and one of 128 bytes again" change 96 128
run "traffic arrived byte for byte again" traffic_stop
run "lengths that no entry has are refused" bad_lengths
run "tx-push off: by host memory; on: by LLQ" host_memory
st_end
