# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checked traffic in the background of a test; lib.sh reads this.
TRAFFIC_LOCAL=
TRAFFIC_REMOTE=
REMOTE_PID=

# A TCP connection that carries data both ways and compares every byte. It pauses between chunks,
# up to 3 MB/s: at full speed it would take the processors from what is tested under it.
traffic_start()
{
    local port=5501
    rm -f "$ST_TMP"/traffic.*
    remote_start python3 "$ST_DIR/stream.py" serve "$REMOTE_V4" "$port" --pause 0.02 \
        --progress "$ST_TMP/traffic.remote" >"$ST_TMP/traffic.remote.log" 2>&1
    TRAFFIC_REMOTE=$REMOTE_PID
    python3 "$ST_DIR/stream.py" connect "$REMOTE_V4" "$port" --pause 0.02 \
        --progress "$ST_TMP/traffic.local" >"$ST_TMP/traffic.local.log" 2>&1 &
    TRAFFIC_LOCAL=$!
    defer "kill $TRAFFIC_LOCAL $TRAFFIC_REMOTE"
    # Two interpreters start, on an emulated processor.
    traffic_moves 60
}

# Bytes received so far at both ends.
traffic_bytes()
{
    local a b
    { a=$(<"$ST_TMP/traffic.local"); b=$(<"$ST_TMP/traffic.remote"); } 2>/dev/null
    echo "${a:-0} ${b:-0}"
}

traffic_advanced() # local-bytes remote-bytes
{
    local now
    read -r -a now <<<"$(traffic_bytes)"
    [ "${now[0]}" -gt "$1" ] && [ "${now[1]}" -gt "$2" ]
}

# Linux's ena does not wake the queues that it starts again (Documentation/clients.rst): what waits in a qdisc
# needs another packet to go, so a few go to each queue.
nudge()
{
    local send='for _ in {1..16}; do echo >"/dev/udp/$1/9"; done 2>/dev/null'
    [ "$DRIVER" = ena ] || return 0
    bash -c "$send" nudge "$REMOTE_V4"
    remote bash -c "$send" nudge "$LOCAL_V4"
    return 0
}

# Data arrives at both ends, counted from now.
traffic_moves() # [seconds]
{
    local before
    nudge
    read -r -a before <<<"$(traffic_bytes)"
    wait_for "${1:-15}" traffic_advanced "${before[@]}" ||
        { echo "traffic stands still at ${before[*]} bytes"; traffic_evidence; return 1; }
}

# Who waits for whom: TCP's timers, what each vector has told, and what the adapters hold back.
traffic_evidence()
{
    local id property
    ss -tmio "( sport = :5501 or dport = :5501 )"
    remote ss -tmio "( sport = :5501 or dport = :5501 )"
    irq_lines
    ethtool -S "$NETIF" | grep -v ': 0$'
    remote ethtool -S "$REMOTE_IF" | grep -v ': 0$'
    for id in nic0 nic1; do
        for property in vectors queue-states statistics; do
            adapter_get "$id" "$property"
        done
    done
}

# End it; both ends must have seen exactly what the other sent.
traffic_stop()
{
    local status=0
    kill -INT "$TRAFFIC_LOCAL" 2>/dev/null
    wait "$TRAFFIC_LOCAL" || status=1
    wait "$TRAFFIC_REMOTE" || status=1
    cat "$ST_TMP/traffic.local.log" "$ST_TMP/traffic.remote.log"
    return $status
}
