#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "ip -s link" and "ethtool -S" agree with each other and with what was sent.

. "$(dirname "$0")/lib.sh"

COUNT=500
SIZE=1000
# Ethernet, IPv4 and UDP headers; the checksum of the wire is not counted.
FRAME=$((SIZE + 42))
# Frames of others in the meantime: neighbour discovery, router solicitations.
NOISE=30

link_stat() # name
{
    cat "/sys/class/net/$NETIF/statistics/$1"
}

# Of all queues: rx_cnt, tx_bytes and so on.
queue_sum() # name
{
    ethtool -S "$NETIF" | awk -v name="$1:" '$1 ~ "^queue_[0-9]+_" name "$" { sum += $2 } END { print sum + 0 }'
}

snapshot()
{
    echo "tx $(link_stat tx_packets) $(link_stat tx_bytes) $(queue_sum tx_cnt) $(queue_sum tx_bytes)"
    echo "rx $(link_stat rx_packets) $(link_stat rx_bytes) $(queue_sum rx_cnt) $(queue_sum rx_bytes)"
}

near() # value expected noise what
{
    [ "$1" -ge "$2" ] && [ "$1" -le $(($2 + $3)) ] ||
        { echo "$4: $1, expected $2 to $(($2 + $3))"; return 1; }
}

# What the counters of a direction moved by.
moved() # tx|rx
{
    local was now i
    read -r -a was <<<"$(grep "^$1 " "$ST_TMP/was")"
    read -r -a now <<<"$(grep "^$1 " "$ST_TMP/now")"
    for i in 1 2 3 4; do printf '%s ' $((now[i] - was[i])); done
}

agree() # tx|rx
{
    local d status=0 frame=$FRAME
    # The ena driver counts received bytes without the Ethernet header.
    [ "$DRIVER $1" = "ena rx" ] && frame=$((FRAME - 14))
    read -r -a d <<<"$(moved "$1")"
    echo "$1: ip ${d[0]} packets ${d[1]} bytes, ethtool ${d[2]} packets ${d[3]} bytes"
    near "${d[0]}" $COUNT $NOISE "packets of ip" || status=1
    near "${d[1]}" $((COUNT * frame)) $((NOISE * 200)) "bytes of ip" || status=1
    if is_ena; then
        near "${d[2]}" $COUNT $NOISE "packets of ethtool" || status=1
        near "${d[3]}" $((COUNT * frame)) $((NOISE * 200)) "bytes of ethtool" || status=1
    fi
    return $status
}

settle()
{
    sleep "$(seconds 1)"
    snapshot >"$ST_TMP/$1"
}

sent()
{
    settle was
    python3 "$ST_DIR/stream.py" blast "$REMOTE_V4" 5551 --count $COUNT --sizes $SIZE
    # The answers are ICMP errors, which the sender limits; look at TX only.
    settle now
    agree tx
}

received()
{
    settle was
    remote python3 "$ST_DIR/stream.py" blast "$LOCAL_V4" 5551 --count $COUNT --sizes $SIZE
    settle now
    agree rx
}

no_errors()
{
    local name status=0
    for name in tx_errors rx_errors tx_dropped rx_crc_errors rx_length_errors rx_fifo_errors collisions; do
        [ "$(link_stat $name)" = 0 ] || { echo "$name $(link_stat $name)"; status=1; }
    done
    return $status
}

names()
{
    local duplicates
    duplicates=$(ethtool -S "$NETIF" | sed -n 's/^ *\([^:]*\):.*/\1/p' | sort | uniq -d)
    [ -z "$duplicates" ] || { echo "twice: $duplicates"; return 1; }
    ! LC_ALL=C ethtool -S "$NETIF" | grep -q '[^ -~]'
}

# What tools and agents for the stock driver look for.
stock_names()
{
    local name status=0
    is_ena || { echo "names are those of the ena driver"; return $KSFT_SKIP; }
    for name in tx_timeout wd_expired interface_up interface_down \
        queue_0_tx_cnt queue_0_tx_bytes queue_0_tx_queue_stop queue_0_tx_queue_wakeup \
        queue_0_tx_dma_mapping_err queue_0_tx_linearize queue_0_tx_doorbells \
        queue_0_tx_missed_tx queue_0_tx_unmask_interrupt queue_0_tx_bad_req_id \
        queue_0_rx_cnt queue_0_rx_bytes queue_0_rx_refil_partial queue_0_rx_csum_bad \
        queue_0_rx_page_alloc_fail queue_0_rx_skb_alloc_fail queue_0_rx_bad_desc_num \
        queue_0_rx_bad_req_id queue_0_rx_empty_rx_ring ena_admin_q_submitted_cmd \
        ena_admin_q_completed_cmd; do
        [ -n "$(stat_value $name)" ] || { echo "no $name"; status=1; }
    done
    return $status
}

kept()
{
    local was now
    need_openena || return
    was=$(link_stat tx_packets)
    ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup
    now=$(link_stat tx_packets)
    [ "$now" -ge "$was" ] || { echo "tx_packets went from $was to $now"; return 1; }
}

st_begin "counters"
with_mtu 1500
run "names are unique and printable" names
run "names of the ena driver" stock_names
run "$COUNT datagrams sent are counted" sent
run "$COUNT datagrams received are counted" received
run "no errors are counted" no_errors
run "counters stay over down and up" kept
st_end
