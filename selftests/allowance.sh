#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An adapter of an EC2 instance type: what it may send and receive, and the
# counters of what was more. The first adapter is replaced by such a one.

. "$(dirname "$0")/lib.sh"

# Its baseline is 64 Mbit/s; eight times slower, an emulated guest gets there, too.
TYPE=t3.micro
BASELINE=64000000
SCALE=8
RATE=$((BASELINE / 8 / SCALE)) # bytes a second
# What the allowance lets pass at once.
BURST=131072
CONNECTIONS=500
# 1024 packets a second, and what passes at once.
LINKLOCAL_RATE=$((1024 / SCALE))
LINKLOCAL_BURST=64
METADATA=169.254.169.254

gone()
{
    [ -z "$(interface_by_mac "$LOCAL_MAC")" ]
}

back()
{
    [ -n "$(interface_by_mac "$LOCAL_MAC")" ]
}

unplug()
{
    machine device_del nic0 && machine event DEVICE_DELETED && wait_for 5 gone
}

# An adapter with these properties, where the first was.
plug() # NAME=VALUE ...
{
    machine device_add id=nic0 netdev=h0 bus=rp0 "mac=$LOCAL_MAC" "$@" || return 1
    wait_for 15 back || { echo "the guest has not found it"; return 1; }
    NETIF=$(interface_by_mac "$LOCAL_MAC")
    net_setup
}

put_back()
{
    back && unplug
    plug "queues=$QUEUES" "max-mtu=$MTU"
}

type_plugged()
{
    plug "instance-type=$TYPE" "time-scale=$SCALE" burst-ms=0 \
        "conntrack-allowance=$CONNECTIONS" || return 1
    [ "$(max_mtu)" = 9001 ] || { echo "largest MTU $(max_mtu)"; return 1; }
    [ "$(ethtool_number -l maximum Combined)" -le 2 ] || { ethtool -l "$NETIF"; return 1; }
}

refused() # type sentence
{
    refuses "$2" plug "instance-type=$1"
}

exceeded() # what
{
    stat_value "$1_allowance_exceeded"
}

nothing_exceeded()
{
    local what status=0
    for what in bw_in bw_out pps conntrack linklocal; do
        [ "$(exceeded $what)" = 0 ] || { echo "$what: $(exceeded $what)"; status=1; }
    done
    echo "connections available: $(stat_value conntrack_allowance_available)"
    [ "$(stat_value conntrack_allowance_available)" -gt $((CONNECTIONS / 2)) ] || status=1
    return $status
}

received() # out|in
{
    if [ "$1" = out ]; then remote cat "/sys/class/net/$REMOTE_IF/statistics/rx_bytes"
    else cat "/sys/class/net/$NETIF/statistics/rx_bytes"; fi
}

flowing() # out|in bytes
{
    [ "$(received "$1")" -gt "$2" ]
}

# How much arrives in some seconds: BYTES, and MOST, which is the rate and the burst.
measure() # out|in
{
    local begin end first
    # The clock is read outside, so that a pause of the machine only makes the bound looser.
    begin=$(date +%s%3N)
    first=$(received "$1")
    sleep "$(seconds 2)"
    BYTES=$(($(received "$1") - first))
    end=$(date +%s%3N)
    MOST=$(((end - begin) * RATE / 1000 + BURST))
    echo "$BYTES bytes in $((end - begin)) ms, at most $MOST are allowed"
}

# No more than the rate and the burst ever passes. Less does when the sender has nothing: because
# what waited too long was dropped (TCP on an emulated processor was seen at 85 %), or because the
# machine is busy elsewhere. Half of the rate is to be seen once.
rate_obeyed() # out|in iperf3-options
{
    local direction=$1 client first status=1
    shift
    first=$(received "$direction")
    iperf3 -c "$REMOTE_V4" -t 3600 "$@" >/dev/null 2>&1 &
    client=$!
    # The burst is over.
    wait_for 20 flowing "$direction" $((first + 2 * BURST)) || echo "nothing flows"
    for _ in 1 2 3 4; do
        measure "$direction"
        [ $BYTES -le $MOST ] || { status=1; break; }
        [ $BYTES -lt $(((MOST - BURST) / 2)) ] || { status=0; break; }
    done
    kill $client 2>/dev/null
    wait $client 2>/dev/null
    return $status
}

bandwidth() # out|in iperf3-options
{
    local direction=$1 before status=0
    shift
    before=$(exceeded "bw_$direction")
    rate_obeyed "$direction" "$@" || status=1
    echo "bw_${direction}_allowance_exceeded: $before, then $(exceeded "bw_$direction")"
    [ $(($(exceeded "bw_$direction") - before)) -ge 20 ] && return $status
}

# What is not counted as exceeded has passed: the burst and the rate since BEGIN.
linklocal_limited() # sent
{
    PASSED=$(($1 - $(exceeded linklocal)))
    MOST=$((LINKLOCAL_BURST + ($(date +%s%3N) - BEGIN) * LINKLOCAL_RATE / 1000 + 1))
    [ $PASSED -ge $LINKLOCAL_BURST ] && [ $PASSED -le $MOST ] &&
        [ $PASSED -lt $(($1 / 2)) ]
}

linklocal()
{
    local sent=4000 status=0
    ip route add $METADATA dev "$NETIF" &&
        ip neigh replace $METADATA lladdr "$REMOTE_MAC" dev "$NETIF" || return 1
    BEGIN=$(date +%s%3N)
    python3 "$ST_DIR/stream.py" blast $METADATA 80 --count $sent --sizes 32
    wait_for 2 linklocal_limited $sent || status=1
    ip route del $METADATA dev "$NETIF"
    echo "$sent packets, $PASSED passed, at most $MOST may"
    return $status
}

connections_used_up() # exceeded-before
{
    [ $(($(exceeded conntrack) - $1)) -ge $((1000 - CONNECTIONS)) ] &&
        [ "$(stat_value conntrack_allowance_available)" -le $((CONNECTIONS / 10)) ]
}

connections()
{
    local before status=0
    before=$(exceeded conntrack)
    python3 "$ST_DIR/stream.py" blast "$REMOTE_V4" 5551 --count 1 --sizes 32 --from 20000 --ports 1000
    wait_for 5 connections_used_up "$before" || status=1
    echo "conntrack_allowance_exceeded: $before, then $(exceeded conntrack);" \
        "available: $(stat_value conntrack_allowance_available)"
    return $status
}

st_begin "the allowances of an instance type"
is_ena || skip_all "$DRIVER is no ENA driver"
reason=$(need_monitor) || skip_all "$reason"
command -v iperf3 >/dev/null || skip_all "no iperf3 on this system"
QUEUES=$(adapter_get nic0 queues) && MTU=$(adapter_get nic0 max-mtu) || skip_all "no adapter nic0"
remote_start iperf3 -s >/dev/null
defer "kill $REMOTE_PID"
defer put_back
run "the adapter is unplugged" unplug
run "a type that does not exist is refused" refused t3.micr 'nearest are .*t3\.micro'
run "a type without ENA is refused" refused t2.micro 'no enhanced networking'
run "an adapter of $TYPE is plugged in" type_plugged
run "nothing is exceeded at first" nothing_exceeded
run "bandwidth out" bandwidth out
run "bandwidth in" bandwidth in -R
run "link-local services" linklocal
run "connections" connections
st_end
