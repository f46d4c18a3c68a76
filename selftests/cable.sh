#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The cable: pulled and plugged in from outside.

. "$(dirname "$0")/lib.sh"

ROUNDS=${ROUNDS:-5}

carrier_is() # 0|1
{
    [ "$(cat "/sys/class/net/$NETIF/carrier")" = "$1" ]
}

pull()
{
    adapter_link nic0 off && wait_for 5 carrier_is 0 || { echo "still a carrier"; return 1; }
    ! can_ping || { echo "traffic through a cable that is not there"; return 1; }
}

plug()
{
    adapter_link nic0 on && wait_for 5 carrier_both || { echo "no carrier"; return 1; }
    wait_for 10 can_ping || { echo "no traffic"; return 1; }
}

flap()
{
    local i
    for ((i = 1; i <= ROUNDS; i++)); do
        adapter_link nic0 off && adapter_link nic0 on || return 1
    done
    wait_for 5 carrier_both && traffic_moves
}

counts()
{
    local before after
    before=$(adapter_get nic0 statistics) && can_ping && after=$(adapter_get nic0 statistics) || return
    echo "$before"
    echo "$after"
    [ "$before" != "$after" ]
}

st_begin "the cable"
reason=$(need_monitor) || skip_all "$reason"
run "refused from outside: a sentence" refuses 'is none of qom-get, ' machine quit
run "refused by the adapter: a sentence" refuses 'nonsense' adapter_get nic0 nonsense
if is_ena; then
    run "the adapter counts traffic" counts
fi
defer "adapter_link nic0 on"
run "pulled: no carrier, no traffic" pull
run "plugged in: carrier and traffic" plug
run "a connection is opened" traffic_start
run "pulled and plugged in $ROUNDS times: the connection goes on" flap
run "every byte arrived" traffic_stop
st_end
