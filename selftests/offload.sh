#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checksum and segmentation offload: every frame on the wire is byte for byte
# what the request to the adapter must give. wire.py has the how.

. "$(dirname "$0")/lib.sh"

PORT=5521
BYTES=150000

need_feature() # name...
{
    local name
    for name in "$@"; do
        [ "$(feature "$name")" = on ] && return 0
    done
    echo "no $1 on $NETIF"
    return $KSFT_SKIP
}

# Compare the frames of the test's port while the command runs.
wire() # gso csum command [arguments]
{
    local gso=$1 csum=$2
    shift 2
    python3 "$ST_DIR/wire.py" --netns "$REMOTE_NS" --local "$NETIF" --remote "$REMOTE_IF" \
        --port $PORT --mtu "$(mtu_of)" --gso "$gso" --csum "$csum" -- "$@"
}

tcp() # gso csum address [options of stream.py connect]
{
    local gso=$1 csum=$2 address=$3 status=0
    shift 3
    remote_start python3 "$ST_DIR/stream.py" serve "$address" $PORT --sink
    wire "$gso" "$csum" python3 "$ST_DIR/stream.py" connect "$address" $PORT \
        --bytes $BYTES "$@" || status=1
    wait "$REMOTE_PID" || status=1
    return $status
}

udp() # csum address sizes [options of stream.py blast]
{
    local csum=$1 address=$2 sizes=$3
    shift 3
    wire none "$csum" python3 "$ST_DIR/stream.py" blast "$address" $PORT \
        --count 10 --sizes "$sizes" "$@"
}

checksum() # v4|v6 address
{
    need_feature "tx-checksum-ip$1" tx-checksum-ip-generic || return
    features tso off && tcp none some "$2"
}

udp_checksum() # v4|v6 address
{
    need_feature "tx-checksum-ip$1" tx-checksum-ip-generic || return
    udp some "$2" 2,3,17,18,999,1452
}

udp_zero() # v4|v6 address
{
    need_feature "tx-checksum-ip$1" tx-checksum-ip-generic || return
    udp some "$2" 200 --zero-sum
}

options_udp()
{
    udp any "$REMOTE_V4" 1,700 --options 8
}

segmentation() # tx-tcp-segmentation|tx-tcp6-segmentation address [options]
{
    local name=$1 address=$2
    shift 2
    features tso on && need_feature "$name" || return
    tcp some any "$address" "$@"
}

# Segments of several lengths, odd ones too.
segment_sizes() # feature address mtu...
{
    local name=$1 address=$2 before mtu status=0
    shift 2
    before=$(mtu_of)
    for mtu in "$@"; do
        set_mtu_both "$mtu" && segmentation "$name" "$address" || status=$?
    done
    set_mtu_both "$before"
    return $status
}

no_scatter_gather()
{
    need_feature tx-scatter-gather || return
    features sg off && tcp none any "$REMOTE_V4"
}

no_offload() # address
{
    features tso off tx off && tcp none none "$1"
}

vlan()
{
    local status=0
    features tso on
    ip link add link "$NETIF" name st-vlan type vlan id 42 &&
        remote ip link add link "$REMOTE_IF" name st-vlan type vlan id 42 ||
        { echo "no VLAN interfaces in this kernel"; return $KSFT_SKIP; }
    ip addr add 192.168.78.1/24 dev st-vlan && ip link set st-vlan up
    remote ip addr add 192.168.78.2/24 dev st-vlan && remote ip link set st-vlan up
    tcp any any 192.168.78.2 || status=1
    ip link del st-vlan && remote ip link del st-vlan
    return $status
}

# What netlink counts of it: each segment but the first brings 66 bytes of headers more.
counted()
{
    need_openena && need_kernel 6.10 || return
    python3 "$ST_DIR/qstats.py" "$NETIF" >"$ST_TMP/before" &&
        segmentation tx-tcp-segmentation "$REMOTE_V4" || return
    python3 "$ST_DIR/qstats.py" "$NETIF" >"$ST_TMP/after" || return 1
    grep -h -E '^(total|offloads)' "$ST_TMP/before" "$ST_TMP/after"
    awk '$1 == "total" { packets = $6 - packets }
        $1 == "offloads" { none = $3 - none; needed = $5 - needed
                           gso = $7 - gso; octets = $8 - octets; wire = $10 - wire; sent = $11 - sent }
        END { exit !(gso > 0 && wire > gso && needed >= wire && none + needed == packets &&
                     sent - octets == (wire - gso) * 66) }' "$ST_TMP/before" "$ST_TMP/after"
}

both_ways()
{
    features tso on
    traffic_start && sleep 2 && traffic_stop
}

st_begin "checksum and segmentation, byte for byte"
defer "ip link del st-vlan; remote ip link del st-vlan"
defer "ethtool -K $NETIF tx on sg on tso on gro on; remote ethtool -K $REMOTE_IF gro on"
# GRO would put segments together again before the taps see them.
features gro off
remote ethtool -K "$REMOTE_IF" gro off
with_mtu 1500

run "IPv4 TCP checksum" checksum v4 "$REMOTE_V4"
run "IPv6 TCP checksum" checksum v6 "$REMOTE_V6"
run "IPv4 UDP checksum" udp_checksum v4 "$REMOTE_V4"
run "IPv6 UDP checksum" udp_checksum v6 "$REMOTE_V6"
run "IPv4 UDP checksum of zero is sent as ffff" udp_zero v4 "$REMOTE_V4"
run "IPv6 UDP checksum of zero is sent as ffff" udp_zero v6 "$REMOTE_V6"
run "IPv4 options, UDP" options_udp
run "IPv4 TCP segmentation" segmentation tx-tcp-segmentation "$REMOTE_V4"
run "IPv6 TCP segmentation" segmentation tx-tcp6-segmentation "$REMOTE_V6"
run "counted by netlink" counted
run "IPv4 TCP segmentation with IPv4 options" segmentation tx-tcp-segmentation "$REMOTE_V4" \
    --options 12
run "IPv4 TCP segmentation, MTU 579 and 9000" segment_sizes tx-tcp-segmentation "$REMOTE_V4" \
    579 9000
run "IPv6 TCP segmentation, MTU 1281 and 9000" segment_sizes tx-tcp6-segmentation "$REMOTE_V6" \
    1281 9000
run "VLAN" vlan
run "streams both ways arrive byte for byte" both_ways
run "scatter-gather off" no_scatter_gather
run "IPv4 without offload" no_offload "$REMOTE_V4"
run "IPv6 without offload" no_offload "$REMOTE_V6"
st_end
