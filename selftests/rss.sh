#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Receive side scaling: table and key can be set, and each flow arrives at the
# queue that the Toeplitz hash of its addresses and ports selects.

. "$(dirname "$0")/lib.sh"

KEY2=$(printf '%02x:' {1..40})
KEY2=${KEY2%:}
PACKETS=40

indirection()
{
    ethtool -x "$NETIF" | awk '
        /^RX flow hash/ { table = 1; next }
        /^RSS/ { table = 0 }
        table { for (i = 2; i <= NF; i++) printf "%s%s", count++ ? "," : "", $i }'
}

# The queues in the table, one a line.
in_table()
{
    indirection | tr ',' '\n'
    echo
}

key()
{
    ethtool -x "$NETIF" | grep -oE '^([0-9a-f]{2}:){39}[0-9a-f]{2}$'
}

predicted() # src sport dst dport
{
    echo "$@" | python3 "$ST_DIR/toeplitz.py" queues "$DRIVER" "$(key)" "$(indirection)"
}

table_shows()
{
    local queues entries
    entries=$(in_table | wc -l)
    queues=$(in_table | sort -u | wc -l)
    echo "$entries entries, $queues queues, key $(key)"
    [ "$queues" = "$count" ] && [ $((entries & (entries - 1))) = 0 ] && [ -n "$(key)" ]
}

# A UDP flow from the remote side to this one.
udp_flow() # from-port remote-address local-address
{
    local queue most rest expected
    read -r queue most rest <<<"$(queues_hit remote python3 "$ST_DIR/stream.py" blast \
        "$3" 5541 --from "$1" --count $PACKETS)"
    expected=$(predicted "$2" "$1" "$3" 5541)
    echo "UDP $2 port $1: queue $queue got $most, others $rest; expected queue $expected"
    [ "$queue" = "$expected" ] && [ "$most" -ge $PACKETS ] && [ "$rest" -le $((PACKETS / 4)) ]
}

tcp_flow() # from-port
{
    local queue most rest expected server status=0
    python3 "$ST_DIR/stream.py" serve "$LOCAL_V4" 5542 --sink >/dev/null &
    server=$!
    read -r queue most rest <<<"$(queues_hit remote python3 "$ST_DIR/stream.py" connect \
        "$LOCAL_V4" 5542 --from "$1" --bytes 400000)"
    wait $server || status=1
    expected=$(predicted "$REMOTE_V4" "$1" "$LOCAL_V4" 5542)
    echo "TCP port $1: queue $queue got $most, others $rest; expected queue $expected"
    [ "$queue" = "$expected" ] && [ "$rest" -lt "$most" ] && [ $status = 0 ]
}

flows() # ports-of-IPv4-UDP ports-of-IPv6-UDP ports-of-TCP
{
    local port status=0
    for port in $1; do
        udp_flow $port "$REMOTE_V4" "$LOCAL_V4" || status=1
    done
    for port in $2; do
        udp_flow $port "$REMOTE_V6" "$LOCAL_V6" || status=1
    done
    for port in $3; do
        tcp_flow $port || status=1
    done
    return $status
}

# How many queues 64 flows of UDP use that differ in one port.
queues_used()
{
    rx_queue_counts >"$ST_TMP/spread"
    remote python3 "$ST_DIR/stream.py" blast "$LOCAL_V4" 5543 --from 41000 --ports 64 --count 20
    sleep 0.3
    rx_queue_counts | join "$ST_TMP/spread" - | tee /dev/stderr | awk '$3 - $2 > 100' | wc -l
}

spread()
{
    local used
    used=$(queues_used)
    echo "64 flows used $used of $count queues"
    [ "$used" = "$count" ]
}

# The letters of what is hashed.
fields_of() # flow type
{
    ethtool -n "$NETIF" rx-flow-hash "$1" | awk '
        /IP SA/ { printf "s" } /IP DA/ { printf "d" } /L4 bytes 0/ { printf "f" } /L4 bytes 2/ { printf "n" }'
}

fields()
{
    local used status=0
    [ "$(fields_of udp4)" = sdfn ] && [ "$(fields_of tcp6)" = sdfn ] || { fields_of udp4; return 1; }
    ethtool -N "$NETIF" rx-flow-hash udp4 sd && [ "$(fields_of udp4)" = sd ] &&
        [ "$(fields_of tcp4)" = sdfn ] || status=1
    used=$(queues_used)
    echo "without ports 64 flows used $used queues"
    [ "$used" = 1 ] || status=1
    ethtool -N "$NETIF" rx-flow-hash udp4 sdfn || status=1
    used=$(queues_used)
    echo "with ports they used $used"
    [ "$used" = "$count" ] && return $status
}

# ethtool says it, and ends as if nothing were wrong.
refuses_fields() # flow type, letters
{
    ethtool -N "$NETIF" rx-flow-hash "$1" "$2" 2>&1 | tee /dev/stderr | grep -q "^Cannot change"
}

# Over a reset of the datapath, too; and what the adapter cannot hash is refused.
fields_stay()
{
    ethtool -N "$NETIF" rx-flow-hash udp4 sd || return 1
    ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup || return 1
    [ "$(fields_of udp4)" = sd ] && [ "$(queues_used)" = 1 ] || return 1
    ethtool -N "$NETIF" rx-flow-hash udp4 sdfn || return 1
    refuses_fields tcp6 v && refuses_fields sctp4 sd && [ "$(fields_of tcp6)" = sdfn ]
}

one_queue()
{
    ethtool -X "$NETIF" equal 1 && [ "$(in_table | sort -u)" = 0 ] &&
        udp_flow 42001 "$REMOTE_V4" "$LOCAL_V4" && udp_flow 42002 "$REMOTE_V4" "$LOCAL_V4"
}

last_queue()
{
    local weights
    weights=$(yes 0 | head -n $((count - 1)) | tr '\n' ' ')
    # shellcheck disable=SC2086 # a list
    ethtool -X "$NETIF" weight $weights 1 || return 1
    [ "$(in_table | sort -u)" = $((count - 1)) ] || { ethtool -x "$NETIF"; return 1; }
    udp_flow 42003 "$REMOTE_V4" "$LOCAL_V4"
}

equal_again()
{
    ethtool -X "$NETIF" equal "$count" && table_shows
}

new_key()
{
    ethtool -X "$NETIF" hkey "$KEY2" || return 1
    [ "$(key)" = "$KEY2" ] || { echo "key is $(key)"; return 1; }
    flows "40001 40002" 40011 ""
}

kept()
{
    local before
    before="$(key) $(indirection)"
    ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup || return 1
    [ "$(key) $(indirection)" = "$before" ] || { echo "before: $before"; ethtool -x "$NETIF"; return 1; }
    udp_flow 42004 "$REMOTE_V4" "$LOCAL_V4"
}

bad_requests()
{
    refuses "." ethtool -X "$NETIF" equal $((count + 1)) &&
        refuses "." ethtool -X "$NETIF" hkey 00:11 &&
        refuses "." ethtool -X "$NETIF" hfunc crc32
}

published()
{
    python3 "$ST_DIR/toeplitz.py" vectors
}

st_begin "receive side scaling"
is_ena || skip_all "the hash of $DRIVER is not that of the ENA interface"
[ -n "$(indirection)" ] || skip_all "$NETIF has no indirection table"
count=$(ethtool_number -l current Combined)
[ "$count" -gt 1 ] || skip_all "$NETIF has one queue only"
first_key=$(key)
defer "ethtool -X $NETIF hkey $first_key; ethtool -X $NETIF equal $count"
run "published vectors" published
run "table and key are shown" table_shows
run "each flow arrives at its queue" flows "40001 40002 40003 40004" "40011 40012" 40021
run "64 flows use all $count queues" spread
if [ "$DRIVER" = openena ]; then
    log_allow "no device hashes more than|the device has no choice of fields"
    run "fields of the hash decide which flows share a queue" fields
    run "fields stay over down and up" fields_stay
fi
run "all flows to the first queue" one_queue
run "all flows to the last queue" last_queue
run "equal shares again" equal_again
run "new key" new_key
run "table and key stay over down and up" kept
[ "$DRIVER" = ena ] && log_allow "^ena .*(isn't supported|Cannot fill key)"
run "impossible requests are refused" bad_requests
st_end
