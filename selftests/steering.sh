#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Flow steering: ethtool's rules send flows to queues, whatever RSS would do, also after a reset.

. "$(dirname "$0")/lib.sh"

PACKETS=40

# ethtool 6.1 says that it could not, and exits with 0.
rule() # ethtool words: flow-type ... action N [loc N]
{
    local text
    text=$(ethtool -N "$NETIF" "$@" 2>&1) || { echo "$text"; return 1; }
    [ -z "$text" ] || echo "$text"
    ! grep -qi cannot <<<"$text"
}

# The locations in use.
locations()
{
    ethtool -n "$NETIF" | sed -n 's/^Filter: //p'
}

# A UDP flow from the remote side to port 5551, of any source port.
flow() # local-address
{
    # shellcheck disable=SC2016 # the other shell's
    remote bash -c 'exec 3>"/dev/udp/$1/5551" && for ((i = 0; i < $2; i++)); do echo "$i" >&3; done
        exit 0' flow "$1" $PACKETS 2>/dev/null
}

# One from port 43001.
flow_of_port()
{
    remote python3 "$ST_DIR/stream.py" blast "$1" 5551 --from 43001 --count $PACKETS
}

# It arrives at queue $1.
flow_reaches() # queue local-address [flow_of_port]
{
    local queue most rest
    read -r queue most rest <<<"$(queues_hit "${3:-flow}" "$2")"
    echo "to $2: queue $queue got $most, others $rest; wanted queue $1"
    # Some are refused by an earlier one's answer, that nobody listens.
    [ "$queue" = "$1" ] && [ "$most" -ge $((PACKETS * 3 / 4)) ] && [ "$rest" -le $((PACKETS / 4)) ]
}

# To each queue in turn by the same rule: RSS knows only one of them.
steered() # flow|flow_of_port local-address ethtool's words
{
    local queue flow=$1 address=$2
    shift 2
    for queue in 0 $((count - 1)); do
        rule "$@" action "$queue" loc 3 && flow_reaches "$queue" "$address" "$flow" || return 1
    done
    ethtool -n "$NETIF" rule 3 && ethtool -N "$NETIF" delete 3 && [ -z "$(locations)" ]
}

# Of two that fit, the rule with the lower location decides; "any" takes the lowest free one.
order()
{
    rule flow-type udp4 dst-port 5551 action $((count - 1)) loc 1 &&
        rule flow-type ip4 src-ip "$REMOTE_V4" action 0 || return 1
    [ "$(locations | xargs)" = "0 1" ] || { echo "in use: $(locations | xargs)"; return 1; }
    flow_reaches 0 "$LOCAL_V4" && ethtool -N "$NETIF" delete 0 &&
        flow_reaches $((count - 1)) "$LOCAL_V4"
}

# Another port, another address: not its business.
others_pass()
{
    local before after
    before=$(stat_value queue_$((count - 1))_rx_cnt)
    ethtool -X "$NETIF" equal 1 && flow_reaches $((count - 1)) "$LOCAL_V4" &&
        flow_reaches 0 "$LOCAL_V6" || return 1
    after=$(stat_value queue_$((count - 1))_rx_cnt)
    ethtool -X "$NETIF" equal "$count" && [ $((after - before)) -lt $((PACKETS * 3 / 2)) ]
}

# The adapter forgets its rules, and the driver tells it again.
after_reset()
{
    local before
    before=$(stat_value total_resets)
    ethtool -t "$NETIF" offline >/dev/null || return 1
    [ "$(stat_value total_resets)" -gt "$before" ] || { echo "no reset"; return 1; }
    wait_for 20 carrier_both && wait_for 20 can_ping && [ "$(locations)" = 1 ] &&
        flow_reaches $((count - 1)) "$LOCAL_V4"
}

no_fewer_queues()
{
    refuses "." ethtool -L "$NETIF" combined 1 && [ "$(ethtool_number -l current Combined)" = "$count" ]
}

bad_requests()
{
    local size
    size=$(ethtool -n "$NETIF" | sed -nE 's/^Total ([0-9]+) rules/\1/p')
    echo "in use: $size"
    refuses "." rule flow-type udp4 dst-port 1 action "$count" &&
        refuses "." rule flow-type udp4 dst-port 1 action -1 &&
        refuses "." rule flow-type udp4 dst-port 1 action 0 loc 64 &&
        refuses "." rule flow-type udp4 dst-port 1 action 0 loc 65536 &&
        refuses "." rule flow-type udp6 tclass 1 action 0 &&
        refuses "." rule flow-type sctp4 dst-port 1 action 0 &&
        refuses "." rule flow-type ip4 l4proto 47 action 0 &&
        refuses "." rule flow-type ether src 02:00:00:00:00:01 action 0 &&
        refuses "." rule flow-type udp4 dst-port 1 vlan 7 action 0 &&
        refuses "." ethtool -N "$NETIF" delete 5 && [ "$(locations)" = 1 ]
}

ntuple_off()
{
    ethtool -K "$NETIF" ntuple off && [ -z "$(locations)" ] || return 1
    refuses "." rule flow-type udp4 dst-port 1 action 0 || return 1
    ethtool -K "$NETIF" ntuple on && rule flow-type udp4 dst-port 1 action 0 loc 63 &&
        [ "$(locations)" = 63 ] && ethtool -N "$NETIF" delete 63
}

st_begin "flow steering"
need_openena || skip_all "Linux's $DRIVER steers no flows"
ethtool -k "$NETIF" | grep -q '^ntuple-filters: on$' || skip_all "the adapter steers no flows"
count=$(ethtool_number -l current Combined)
[ "$count" -gt 1 ] || skip_all "$NETIF has one queue only"
defer "ethtool -K $NETIF ntuple off; ethtool -K $NETIF ntuple on; ethtool -X $NETIF equal $count"
run "UDP over IPv4, by all five" steered flow_of_port "$LOCAL_V4" flow-type udp4 src-ip "$REMOTE_V4" \
    dst-ip "$LOCAL_V4" src-port 43001 dst-port 5551
run "UDP over IPv6, by addresses and a masked port" steered flow "$LOCAL_V6" flow-type udp6 \
    src-ip "$REMOTE_V6" dst-ip "$LOCAL_V6" dst-port 5550 m 0x000f
run "IPv6, by protocol" steered flow "$LOCAL_V6" flow-type ip6 l4proto 17
run "the lowest location decides" order
run "what does not fit goes where RSS says" others_pass
run "rules are there again after a reset" after_reset
log_allow '^openena .*(flow|the device|location|beyond|reset)'
run "a queue that a rule names cannot go" no_fewer_queues
run "impossible rules are refused" bad_requests
run "ntuple off removes all, and on is empty" ntuple_off
st_end
