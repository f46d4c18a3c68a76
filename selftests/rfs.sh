#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Accelerated RFS: a connection arrives at the queue whose interrupt is on the processor that runs its
# receiver, also when that moves. Both are measured with and without it.

. "$(dirname "$0")/lib.sh"


irq_of() # queue
{
    awk -v name="$NETIF-Tx-Rx-$1" '$NF == name { sub(":", "", $1); print $1 }' /proc/interrupts
}

# Queue N interrupts processor N, and the kernel follows flows.
follow() # flows
{
    local queue
    echo "$1" >/proc/sys/net/core/rps_sock_flow_entries
    for queue in 0 1; do
        echo "$queue" >"/proc/irq/$(irq_of "$queue")/smp_affinity_list" &&
            echo "$1" >"/sys/class/net/$NETIF/queues/rx-$queue/rps_flow_cnt" || return 1
    done
}

# A connection whose end here is on one processor: how many percent of its packets came by each
# queue, after a second in which rules are made.
measured() # processor
{
    local before after
    taskset -a -p -c "$1" "$TRAFFIC_LOCAL" >/dev/null || return 1
    sleep "$(seconds 1)"
    traffic_moves 20 || return 1
    mapfile -t before < <(rx_queue_counts | cut -d' ' -f2)
    sleep "$(seconds 2)"
    mapfile -t after < <(rx_queue_counts | cut -d' ' -f2)
    awk -v a=$((after[0] - before[0])) -v b=$((after[1] - before[1])) 'BEGIN {
        all = a + b; if (all) printf "%d %d %d\n", 100 * a / all, 100 * b / all, all }'
}

# Its packets come by queue N while it is on processor N.
arrives_there()
{
    local processor shares
    for processor in 0 1 0; do
        read -r -a shares <<<"$(measured "$processor")"
        echo "on processor $processor: ${shares[0]}% by queue 0, ${shares[1]}% by queue 1, of ${shares[2]} packets"
        [ "${shares[2]}" -ge 20 ] && [ "${shares[processor]}" -ge 90 ] || return 1
    done
}

# By RSS it stays where it is, wherever the receiver is.
stays_without()
{
    local first second
    read -r -a first <<<"$(measured 0)"
    read -r -a second <<<"$(measured 1)"
    echo "on processor 0: ${first[0]}% by queue 0; on processor 1: ${second[0]}%"
    [ "${first[2]}" -ge 20 ] && [ "${second[2]}" -ge 20 ] &&
        [ $(((first[0] + 50) / 100)) = $(((second[0] + 50) / 100)) ]
}

after_reset()
{
    ethtool -t "$NETIF" offline >/dev/null
    wait_for 20 carrier_both && follow 512 && arrives_there
}

# The kernel's rules are not the user's.
users_see_none()
{
    [ "$(ethtool -n "$NETIF" | sed -n 's/^Total \([0-9]*\) rules/\1/p')" = 0 ]
}

st_begin "accelerated RFS"
need_openena || skip_all "Linux's $DRIVER has none"
[ "$(nproc)" -ge 2 ] && [ "$(ethtool_number -l current Combined)" -ge 2 ] ||
    skip_all "it takes two processors and two queues"
ethtool -k "$NETIF" | grep -q '^ntuple-filters: on$' || skip_all "the adapter steers no flows"
defer "echo 0 >/proc/sys/net/core/rps_sock_flow_entries"
log_allow 'device reset wanted: asked by the user'
run "traffic starts" traffic_start
run "without it a connection stays at its queue" stays_without
run "the kernel follows flows" follow 512
run "a connection arrives where its receiver is" arrives_there
run "users see no rule of it" users_see_none
run "also after a reset" after_reset
run "no byte was lost" traffic_stop
st_end
