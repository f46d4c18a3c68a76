#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# XDP in the driver: every action, frame by frame, and programs that come and go under traffic.

. "$(dirname "$0")/lib.sh"

FRAMES=200
PINS=/sys/fs/bpf/openena-xdp

load() # action
{
    python3 "$ST_DIR/xdp.py" load "$1" "$PINS/$1" "$ifindex"
}

attach() # action
{
    ip -force link set dev "$NETIF" xdpdrv pinned "$PINS/$1"
}

detach()
{
    ip link set dev "$NETIF" xdpdrv off
}

counted() # action
{
    python3 "$ST_DIR/xdp.py" count "$PINS/$1"
}

# "here there": frames of the type that the programs treat, sent by the other side, that arrived at
# the stack here, and there again with their addresses exchanged.
exchange() # longest
{
    python3 "$ST_DIR/xdp.py" exchange "$NETIF" "$REMOTE_IF" "$REMOTE_NS" "$LOCAL_MAC" \
        "$REMOTE_MAC" "$FRAMES" "$1" "$(seconds 5)"
}

# The sum over all queues of a statistic of the driver, nothing if it has none.
statistic() # name
{
    ethtool -S "$NETIF" | awk -v name="_$1:" '
        index($1, name) && index($1, "queue_") == 1 { sum += $2; seen = 1 }
        END { if (seen) print sum }'
}

acts() # action expected-here expected-there
{
    local seen before after
    attach "$1" || return 1
    wait_for 10 carrier_both && wait_for 10 can_ping || { echo "no traffic beside it"; return 1; }
    before=$(statistic "rx_xdp_$1")
    seen=$(exchange $(($(mtu_of) + 14))) || return 1
    echo "arrived here and there: $seen; treated: $(counted "$1")"
    [ "$seen" = "$2 $3" ] && [ "$(counted "$1")" = "$FRAMES" ] || return 1
    can_ping || { echo "no traffic beside it"; return 1; }
    [ -n "$before" ] || return 0
    after=$(statistic "rx_xdp_$1")
    # The stack's own frames pass, too.
    [ $((after - before)) -ge "$FRAMES" ] ||
        { echo "rx_xdp_$1 counted $((after - before)) of $FRAMES"; return 1; }
}

replaced_under_traffic()
{
    local i
    for ((i = 0; i < 20; i++)); do
        attach pass && attach drop || return 1
    done
    traffic_moves 20
}

attached_under_traffic()
{
    local i
    for i in 1 2 3 4 5; do
        detach && attach pass || return 1
    done
    traffic_moves 20
}

survives_down()
{
    attach drop && ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup || return 1
    ip link show "$NETIF" | grep -q "prog/xdp" || { echo "the program is gone"; return 1; }
    local seen
    seen=$(exchange 1000) && [ "$seen" = "0 0" ] || { echo "arrived: $seen"; return 1; }
}

none_left()
{
    local seen
    detach || return 1
    wait_for 10 carrier_both && wait_for 10 can_ping || return 1
    seen=$(exchange $(($(mtu_of) + 14))) && [ "$seen" = "$FRAMES 0" ] ||
        { echo "arrived: $seen"; return 1; }
}

# The rules of Linux's driver for the adapter.
needs_half_the_queues()
{
    [ "$max" -ge 2 ] || { echo "the adapter has $max queue pair"; return "$KSFT_SKIP"; }
    ethtool -L "$NETIF" combined "$max" || return 1
    refuses 'nvalid argument|xceed|queue|channel' attach pass || return 1
    ethtool -L "$NETIF" combined $((max / 2))
}

needs_a_frame_in_a_page()
{
    local before
    [ "$(max_mtu)" -ge 4000 ] || { echo "the largest MTU is $(max_mtu)"; return "$KSFT_SKIP"; }
    before=$(mtu_of)
    ip link set "$NETIF" mtu 4000 || return 1
    refuses 'nvalid argument|MTU|too large' attach pass || return 1
    ip link set "$NETIF" mtu "$before"
}

st_begin "XDP"
ifindex=$(cat "/sys/class/net/$NETIF/ifindex")
max=$(ethtool_number -l maximum Combined)
first=$(ethtool_number -l current Combined)
mkdir -p "$PINS" || skip_all "no BPF file system at /sys/fs/bpf"
defer "rm -rf $PINS"
for action in pass drop aborted tx redirect; do
    load "$action" || skip_all "the kernel does not take the program \"$action\""
done
defer "ethtool -L $NETIF combined $first"
defer "ip link set dev $NETIF xdpdrv off"
# Half of the queues send what programs send.
if [ "${max:-1}" -ge 2 ] && [ "$first" -gt $((max / 2)) ]; then
    [ "$DRIVER" = ena ] && log_allow '^ena .*Command parameter 46 is not supported'
    ethtool -L "$NETIF" combined $((max / 2))
fi
reason=$(attach pass 2>&1) || skip_all "$DRIVER takes no XDP program: ${reason##*: }"
detach
# Frames one by one, so that one which went missing stands out.
features gro off
defer "ethtool -K $NETIF gro on"
[ "$DRIVER" != ena ] || log_allow '^ena .*[xX][dD][pP]'
run "pass: every frame arrives" acts pass "$FRAMES" 0
run "drop: none does" acts drop 0 0
run "aborted: none does" acts aborted 0 0
run "tx: every frame comes back" acts tx 0 "$FRAMES"
run "redirect to the same interface: every frame comes back" acts redirect 0 "$FRAMES"
run "a program outlives down and up" survives_down
run "without a program every frame arrives" none_left
if [ "$DRIVER" = ena ]; then
    run "refused with more than half of the queues in use" needs_half_the_queues
    run "refused with frames larger than a page" needs_a_frame_in_a_page
fi
attach pass
run "traffic starts" traffic_start
run "programs are replaced under traffic" replaced_under_traffic
run "programs come and go under traffic" attached_under_traffic
run "no byte of it was lost" traffic_stop
st_end
