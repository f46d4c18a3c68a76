#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The adapter is broken on purpose, under traffic: the driver notices, resets it for
# the right reason, and the same connection goes on.
#
# FAULTS_LONG=1 adds what only costs time. Documentation/faults.rst has the results.
# timeout: 1200

. "$(dirname "$0")/lib.sh"

FAULTS_LONG=${FAULTS_LONG:-0}
# Deadlines from the fault to the reset, and from there to traffic; watchdogs included.
NOTICE=30
RECOVERY=30
# Reset reasons, as the driver tells them to the adapter.
KEEP_ALIVE=1 ADMIN=2 MISSING_TX=3 RX_ID=4 TX_ID=5 TOO_MANY_RX=6 WATCHDOG=10 INTERRUPT=14
POLL=15 RX_MALFORMED=16 TX_MALFORMED=17 FIRST_INTERRUPT=20
FLOOD=()

# Reason and count of the resets, a line each.
resets_by_reason()
{
    adapter_get nic0 resets | grep -oE '\{[^{}]*\}' | grep '"count"' |
        sed -E 's/.*"reason": ([0-9]+).*/&\n\1/; s/.*"count": ([0-9]+)[^\n]*\n([0-9]+)/\2 \1/'
}

# Resets that the driver gave one of these reasons (a|b) for.
resets_for() # reasons
{
    resets_by_reason | awk -v reasons="^($1)\$" '$1 ~ reasons { sum += $2 } END { print sum + 0 }'
}

# Resets for any other reason but 0.
resets_besides() # reasons
{
    resets_by_reason |
        awk -v reasons="^(0|$1)\$" '$1 !~ reasons { sum += $2 } END { print sum + 0 }'
}

resets_more() # than reasons
{
    [ "$(resets_for "$2")" -gt "$1" ]
}

hits()
{
    adapter_get nic0 faults | grep -oE '[a-z-]+[^ ]* hits=[0-9]+ seen=[0-9]+'
}

flows()
{
    wait_for $RECOVERY carrier_both || { echo "no carrier"; return 1; }
    wait_for $RECOVERY can_ping || { echo "no echo"; return 1; }
    traffic_moves $RECOVERY
}

# The fault leads to resets with one of the reasons (a|b), as often as it lasts, and to none
# for another reason but 0, which Linux gives when it starts the adapter again; then traffic flows.
resets() # reasons fault [what provokes it]
{
    local reasons=$1 fault=$2 before others start=$SECONDS status=0
    shift 2
    before=$(resets_for "$reasons")
    others=$(resets_besides "$reasons")
    adapter_set nic0 inject "$fault" || return 1
    [ $# = 0 ] || "$@"
    wait_for $NOTICE resets_more "$before" "$reasons" ||
        { echo "no reset for reason $reasons within $(seconds $NOTICE) s"; status=1; }
    echo "reset after $((SECONDS - start)) s"
    hits
    adapter_set nic0 inject none
    calm
    flows || status=1
    echo "traffic after $((SECONDS - start)) s"
    [ "$(resets_besides "$reasons")" = "$others" ] || { echo "and for another reason"; status=1; }
    [ $status = 0 ] || adapter_get nic0 resets
    return $status
}

# The fault strikes, and traffic goes on without a reset.
bears() # fault [what provokes it]
{
    local fault=$1 before after
    shift
    before=$(adapter_total nic0 resets)
    adapter_set nic0 inject "$fault" || return 1
    [ $# = 0 ] || "$@" || { adapter_set nic0 inject none; return 1; }
    traffic_moves $RECOVERY || { hits; adapter_set nic0 inject none; return 1; }
    hits
    hits | grep -q 'hits=0 ' && { adapter_set nic0 inject none; echo "it did not strike"; return 1; }
    adapter_set nic0 inject none
    flows || return 1
    after=$(adapter_total nic0 resets)
    [ "$after" = "$before" ] || { echo "$((after - before)) resets"; return 1; }
}

# An admin command: SET_FEATURE MTU.
change_mtu()
{
    ip link set "$NETIF" mtu $((mtu - 8)) 2>&1
    ip link set "$NETIF" mtu "$mtu" 2>&1
    true
}

mtu_refused()
{
    if ip link set "$NETIF" mtu $((mtu - 8)); then
        echo "accepted what the adapter refused"
        return 1
    fi
    [ "$(mtu_of)" = "$mtu" ]
}

# Packets enough for the threshold of missing ones, past the limit of bytes in flight,
# until calm().
flood()
{
    local limit
    for limit in "/sys/class/net/$NETIF/queues"/tx-*/byte_queue_limits/limit_min; do
        echo 1000000 >"$limit"
    done
    # More than one: a socket's buffer holds fewer packets than the threshold.
    for _ in 1 2 3 4; do
        python3 "$ST_DIR/stream.py" hose "$NETIF" &
        FLOOD+=($!)
    done
}

# Not by a signal that they handle: who sends to a queue that is stuck does not look.
calm()
{
    [ ${#FLOOD[@]} = 0 ] && return
    kill -KILL "${FLOOD[@]}" 2>/dev/null
    wait "${FLOOD[@]}" 2>/dev/null
    FLOOD=()
}

# Packets whose doorbell was lost just before the fault ended may be missed once more.
settles()
{
    sleep "$(seconds 4)"
    flows
}

# What the driver cannot notice; the administrator can.
needs_down_up() # fault
{
    local before status=0
    before=$(adapter_total nic0 resets)
    adapter_set nic0 inject "$1" || return 1
    sleep "$(seconds 2)"
    hits
    adapter_set nic0 inject none
    if can_ping && can_ping; then
        echo "the driver did not mind"
    else
        echo "the driver has not noticed after $(seconds 2) s: down and up"
        ip link set "$NETIF" down && ip link set "$NETIF" up || return 1
        net_addresses
    fi
    flows || status=1
    return $status
}

st_begin "faults on purpose"
is_ena || skip_all "$DRIVER drives another adapter"
reason=$(need_monitor) || skip_all "$reason"
log_allow "^$DRIVER [0-9a-f:.]+"
mtu=$(mtu_of)
# A busy host must not look like a lost keep-alive; packets are missed soon.
for hint in watchdog-ms:8000 tx-completion-ms:3000; do
    adapter_set nic0 "hint-${hint%:*}" "${hint#*:}"
    defer "adapter_set nic0 hint-${hint%:*} 0"
done
defer calm
defer "adapter_set nic0 inject none"
is_openena=
[ "$DRIVER" = ena ] || is_openena=1

run "a connection is opened" traffic_start
run "frames lost on the wire" bears "tx-frame-lost,per-million=5000;rx-frame-lost,per-million=5000"
run "frames duplicated and reordered" bears \
    "tx-frame-duplicated,every=50;rx-frame-reordered,every=50;tx-frame-reordered,every=70"
run "frames corrupted and delayed" bears \
    "tx-frame-corrupted,every=100;rx-frame-corrupted,every=100;rx-frame-delayed,every=30,delay=5ms"
run "the link flaps" bears "link-flap,down=500ms"
run "doorbells and commands are slow" bears "slow,delay=1ms" change_mtu
run "an admin command is late" bears "admin-delayed,delay=300ms" change_mtu
run "an admin command is refused" bears "admin-refused,opcode=9,feature=14,status=5,count=1" mtu_refused
run "an admin command is lost" resets $ADMIN "admin-lost,count=1" change_mtu
run "no keep-alive" resets $KEEP_ALIVE "event-lost,group=4"
run "TX completion: wrong id" resets $TX_ID "tx-completion-wrong-id,count=1"
run "TX completion: twice" resets $TX_ID "tx-completion-duplicated,count=1"
run "RX completion: wrong id" resets $RX_ID "rx-completion-wrong-id,count=1"
run "RX completion: twice" resets $RX_ID "rx-completion-duplicated,count=1"
run "RX completion: 18 buffers" resets $TOO_MANY_RX "rx-completion-too-many,count=1"
if [ $is_openena ]; then
    run "RX completion: first in the middle" resets $RX_MALFORMED "rx-completion-first,count=1"
    run "RX completion: longer than its buffer" resets $RX_MALFORMED "rx-completion-too-long,count=1"
    run "RX completion: reserved bit" resets $RX_MALFORMED "rx-completion-reserved,count=1"
    run "TX completion: reserved bits" resets $TX_MALFORMED "tx-completion-reserved,count=1"
else
    # It tells reason 16 in a field of four bits.
    run "RX completion: first in the middle" resets "0|$RX_MALFORMED" "rx-completion-first,count=1"
    run "completions: reserved bits" bears "rx-completion-reserved,every=9;tx-completion-reserved,every=9"
fi
run "TX completions lost" resets "$MISSING_TX|$WATCHDOG" "tx-completion-lost" flood
run "interrupts lost" resets "$MISSING_TX|$WATCHDOG|$INTERRUPT|$POLL|$FIRST_INTERRUPT" \
    "interrupt-lost,vector=1;interrupt-lost,vector=2" flood
run "TX queues stuck" resets "$MISSING_TX|$WATCHDOG" "doorbell-lost,queue=0;doorbell-lost,queue=1" flood
if [ "$FAULTS_LONG" = 1 ]; then
    run "TX completion: wrong phase" resets "$MISSING_TX|$WATCHDOG" "tx-completion-wrong-phase,count=1" flood
    run "event: wrong phase" resets $KEEP_ALIVE "event-wrong-phase,count=1"
    run "RX completions lost" needs_down_up "rx-completion-lost"
    run "RX completion: wrong phase" needs_down_up "rx-completion-wrong-phase,count=2"
    run "RX queues stuck" needs_down_up "doorbell-lost,queue=2;doorbell-lost,queue=3"
fi
run "no fault, no trouble" settles
run "every byte arrived" traffic_stop
st_end
