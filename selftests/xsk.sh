#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# AF_XDP: a socket sends back what it receives, with copies and without.

. "$(dirname "$0")/lib.sh"

FRAMES=100
PINS=/sys/fs/bpf/openena-xsk
ECHO=
BOUND=0

# The socket is bound in this mode, its program attached.
bound() # copy|zerocopy
{
    local said
    BOUND=$((BOUND + 1))
    mkfifo "$ST_TMP/echo.$BOUND" || return 1
    python3 "$ST_DIR/xsk.py" "$NETIF" 0 "$LOCAL_MAC" "$PINS/$BOUND" "$1" >"$ST_TMP/echo.$BOUND" &
    ECHO=$!
    defer "kill $ECHO"
    exec 7<"$ST_TMP/echo.$BOUND"
    IFS= read -r -t "$(seconds 20)" said <&7 || { echo "the socket says nothing"; return 1; }
    [ "$said" = bound ] || { echo "$said"; return 1; }
    ip -force link set dev "$NETIF" xdpdrv pinned "$PINS/$BOUND"
}

# It goes; all that it received it has sent, and nothing was lost.
unbound() # frames
{
    local said
    kill "$ECHO" && IFS= read -r -t "$(seconds 20)" said <&7 || return 1
    wait "$ECHO"
    exec 7<&-
    echo "received, sent, completed, dropped: $said"
    [ "$said" = "$1 $1 $1 0" ]
}

# Frames from the other side come back to it with their addresses exchanged.
echoed() # [program]
{
    local seen program=${1:-$PINS/$BOUND}
    wait_for 10 carrier_both && wait_for 10 can_ping || { echo "no traffic beside it"; return 1; }
    echo "exchange $REMOTE_IF $REMOTE_IF $program $FRAMES $(($(mtu_of) + 14)) 0 $FRAMES 0 $(seconds 5)" \
        >&"${XDP[1]}"
    IFS= read -r -t "$(seconds 30)" seen <&"${XDP[0]}" || { echo "no answer"; return 1; }
    echo "arrived here, there, treated: $seen"
    [ "$seen" = "0 $FRAMES $FRAMES" ] && can_ping
}

with_copies()
{
    bound copy && echoed && unbound "$FRAMES"
}

without_copies()
{
    need_openena || return
    bound zerocopy && echoed
}

survives() # what: a command
{
    need_openena || return
    "$@" && echoed
}

# A program sends back what lies in the socket's memory, which nobody else looks at meanwhile.
program_sends_back()
{
    need_openena || return
    python3 "$ST_DIR/xdp.py" load "$PINS" 0 "$LOCAL_MAC" tx || return 1
    ip -force link set dev "$NETIF" xdpdrv pinned "$PINS/tx" && echoed "$PINS/tx" || return 1
    ip -force link set dev "$NETIF" xdpdrv pinned "$PINS/$BOUND"
}

down_and_up()
{
    ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup
}

reset_by_self_test()
{
    ethtool -t "$NETIF" offline >/dev/null
}

closed()
{
    need_openena || return
    unbound $((3 * FRAMES))
}

comes_and_goes_under_traffic()
{
    local i
    need_openena || return
    traffic_start || return 1
    for i in 1 2 3; do
        bound zerocopy && unbound 0 || return 1
    done
    traffic_moves 20 && traffic_stop
}

# With the queues for XDP there, only the socket's own pair closes and opens.
no_carrier_lost()
{
    local before after i
    need_openena || return
    python3 "$ST_DIR/xdp.py" load "$PINS" 0 "$LOCAL_MAC" pass &&
        ip -force link set dev "$NETIF" xdpdrv pinned "$PINS/pass" && wait_for 10 carrier_both || return 1
    before=$(<"/sys/class/net/$NETIF/carrier_changes")
    traffic_start || return 1
    for i in 1 2 3; do
        bound zerocopy && unbound 0 || return 1
    done
    after=$(<"/sys/class/net/$NETIF/carrier_changes")
    echo "changes of the carrier: $before, then $after"
    [ "$before" = "$after" ] && traffic_moves 20 && traffic_stop
}

# There is no queue for the socket's packets alone: they go by the stack's, which has traffic of its own.
with_all_queues()
{
    need_openena || return
    ip link set dev "$NETIF" xdpdrv off
    ethtool -L "$NETIF" combined "$max" && traffic_start || return 1
    bound zerocopy && echoed && echoed && traffic_moves 20 && unbound $((2 * FRAMES)) && traffic_stop &&
        ethtool -L "$NETIF" combined 1
}

# The memory of the socket has frames of 4096 bytes.
long_frames_refused()
{
    need_openena || return
    ip link set dev "$NETIF" xdpdrv off && ip link set "$NETIF" mtu 4000 || return 1
    bound zerocopy
    case $? in 0) echo "bound"; return 1 ;; esac
    wait "$ECHO"
    ip link set "$NETIF" mtu 1500 && bound zerocopy || return 1
    refuses 'nvalid argument|maximum' ip link set "$NETIF" mtu 4000 && unbound 0
}

st_begin "AF_XDP"
max=$(ethtool_number -l maximum Combined)
first=$(ethtool_number -l current Combined)
mkdir -p "$PINS" || skip_all "no BPF file system at /sys/fs/bpf"
defer "rm -rf $PINS"
coproc XDP { exec python3 "$ST_DIR/xdp.py" serve "$NETIF" "$REMOTE_NS" "$LOCAL_MAC" "$REMOTE_MAC"; }
defer "kill $XDP_PID"
defer "ethtool -L $NETIF combined $first"
defer "ip link set dev $NETIF xdpdrv off"
ethtool -L "$NETIF" combined 1
[ "$DRIVER" = openena ] || [ "${max:-1}" -ge 2 ] || skip_all "XDP needs an adapter of two queue pairs"
[ "$DRIVER" != ena ] || log_allow '^ena .*([xX][dD][pP]|Command parameter 46 is not supported)'
log_allow 'device reset wanted: asked by the user'
log_allow 'no AF_XDP without copies: MTU of 4000|MTU of 4000 is above'
run "with copies every frame comes back" with_copies
run "without copies every frame comes back" without_copies
run "a program sends from the socket's memory" program_sends_back
run "also after down and up" survives down_and_up
run "also after a reset" survives reset_by_self_test
run "nothing was lost on the way" closed
run "sockets come and go under traffic" comes_and_goes_under_traffic
run "that costs no carrier while a program stays" no_carrier_lost
run "with all queues in use" with_all_queues
run "frames longer than its memory takes are refused" long_frames_refused
st_end
