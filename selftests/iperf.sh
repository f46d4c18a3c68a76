#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bulk transfer with iperf3. It says how fast, and fails only if data stands still.

. "$(dirname "$0")/lib.sh"

TIME=${TIME:-2}

# One number of iperf3's report, by its path in the JSON.
report() # path
{
    python3 -c '
import json, sys
node = json.load(open(sys.argv[1]))["end"]
for name in sys.argv[2].split("/"):
    node = node.get(name, {})
print(node if isinstance(node, (int, float)) else 0)' "$ST_TMP/iperf" "$1"
}

transfer() # [iperf3 options]
{
    ! timeout "$((TIME + $(seconds 30)))" iperf3 -c "$REMOTE_V4" -t "$TIME" -J "$@" >"$ST_TMP/iperf" &&
        { grep -F '"error"' "$ST_TMP/iperf"; return 1; }
    return 0
}

tcp() # [iperf3 options]
{
    transfer "$@" || return 1
    echo "$(report sum_received/bits_per_second) bits/s, $(report sum_sent/retransmits) retransmissions"
    awk -v speed="$(report sum_received/bits_per_second)" 'BEGIN { exit !(speed > 1e6) }'
}

tcp_without_tso()
{
    features tso off && tcp -P 1
    local status=$?
    features tso on
    return $status
}

udp()
{
    transfer -u -b "$1" -l 1400 || return 1
    echo "$(report sum/bits_per_second) bits/s, $(report sum/lost_percent) % lost, jitter $(report sum/jitter_ms) ms"
    awk -v lost="$(report sum/lost_percent)" -v packets="$(report sum/packets)" \
        'BEGIN { exit !(packets > 100 && lost <= 5) }'
}

st_begin "bulk transfer"
command -v iperf3 >/dev/null || skip_all "no iperf3 on this system"
remote_start iperf3 -s >/dev/null
defer "kill $REMOTE_PID"
sleep "$(seconds 1)"
run "TCP" tcp
run "TCP, the other way" tcp -R
run "TCP, four streams" tcp -P 4
run "TCP without TSO" tcp_without_tso
run "UDP, 10 Mbit/s" udp 10M
st_end
