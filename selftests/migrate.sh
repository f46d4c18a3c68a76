#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Migration under traffic: the guest goes on in another QEMU, and neither the driver nor
# the connection notices. ROUNDS sets how often it moves before it is saved to a file.
# timeout: 240

. "$(dirname "$0")/lib.sh"

ROUNDS=${ROUNDS:-1}

# What must not shrink: "name count" lines.
totals()
{
    adapter_get nic0 statistics | grep -oE '"[a-z-]+": [0-9]+' | tr -d '":'
}

# What the driver and the stack have counted of trouble.
troubles()
{
    ethtool -S "$NETIF" | grep -E \
        '^ *(total_resets|wd_expired|admin_q_pause|tx_timeout|interface_up|interface_down|reset_fail):'
    ethtool -S "$NETIF" | grep -E 'bad_|invalid|missed_tx|unmask_interrupt_fail'
    cat "/sys/class/net/$NETIF"/carrier_{down,up}_count
    adapter_get nic0 resets
}

none_shrank() # before after
{
    awk 'NR == FNR { before[$1] = $2; next }
         !($1 in before) { next }
         { seen++ }
         $2 < before[$1] { print $1 " was " before[$1] ", is " $2; bad = 1 }
         END { exit bad || !seen }' <(echo "$1") <(echo "$2")
}

migrated() # live|file
{
    local before after trouble start=$SECONDS status=0
    before=$(totals) && trouble=$(troubles) || return 1
    machine migrate "$1" || return 1
    echo "moved in $((SECONDS - start)) s, at $(traffic_bytes) bytes"
    traffic_moves 20 || status=1
    after=$(totals)
    none_shrank "$before" "$after" || status=1
    diff <(echo "$trouble") <(troubles) || status=1
    return $status
}

pulled()
{
    ! carrier_both
}

cable()
{
    adapter_link nic0 off && wait_for 5 pulled || { echo "pulled and not noticed"; return 1; }
    adapter_link nic0 on && wait_for 10 carrier_both || { echo "no carrier"; return 1; }
}

st_begin "migration"
is_ena || skip_all "$DRIVER drives another adapter"
reason=$(need_monitor) || skip_all "$reason"
run "an unknown way is refused" refuses 'must be live or file' machine migrate nowhere
run "a connection is opened" traffic_start
for ((i = 1; i <= ROUNDS; i++)); do
    run "under traffic to another QEMU, $i" migrated live
done
run "under traffic to a file, and on from there" migrated file
run "every byte arrived" traffic_stop
run "settings can be changed" with_mtu 1400
run "the cable is pulled and plugged in" cable
st_end
