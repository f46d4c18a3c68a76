#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# XDP in the driver: every action, frame by frame, and programs that come and go under traffic.
# The third adapter on the same wire is for redirection from one to another.
# machine: --nics 3

. "$(dirname "$0")/lib.sh"

FRAMES=80
PINS=/sys/fs/bpf/openena-xdp
MB_MTU=9001
HINTS_PORT=5547
# XDP_RSS_TYPE_L4_ANY; -ENODATA
HASH_L4=8 NO_DATA=-61
# Before Linux 6.2 an answer cannot hold a text made at run time.
IN_THE_LOG='the kernel log says why'

load() # directory-below-PINS target-of-redirections program...
{
    local directory=$PINS/$1 ifindex
    ifindex=$(cat "/sys/class/net/$2/ifindex") && mkdir -p "$directory" || return 1
    shift 2
    python3 "$ST_DIR/xdp.py" load "$directory" "$ifindex" "$LOCAL_MAC" "$@"
}

attach() # program [interface]
{
    ip -force link set dev "${2:-$NETIF}" xdpdrv pinned "$PINS/$1"
}

detach()
{
    ip link set dev "$NETIF" xdpdrv off
}

# What xdp.py answers to a command.
ask() # words
{
    local line
    echo "$*" >&"${XDP[1]}"
    IFS= read -r -t "$(seconds 30)" line <&"${XDP[0]}" || { echo "no answer: $*"; return 1; }
    echo "$line"
}

# Frames of the type that the programs treat are sent by the other side: so many arrive at the stack
# here, so many there again with their addresses exchanged, and the program treats them all.
exchange() # program expected-here expected-there [longest] [zeros at the end] [sender] [receiver]
{
    local seen
    seen=$(ask exchange "${6:-$REMOTE_IF}" "${7:-$REMOTE_IF}" "$PINS/$1" "$FRAMES" \
        "${4:-$(($(mtu_of) + 14))}" "$2" "$3" "${5:-0}" "$(seconds 5)")
    echo "$1: arrived here, there, treated: $seen"
    [ "$seen" = "$2 $3 $FRAMES" ]
}

ready()
{
    wait_for 10 carrier_both && wait_for 10 can_ping || { echo "no traffic beside it"; return 1; }
}

# The sums over all queues of statistics of the driver, - for one that it has not.
statistics() # name...
{
    ethtool -S "$NETIF" | awk -v names="$*" '
        BEGIN { n = split(names, name, " ") }
        index($1, "queue_") == 1 {
            for (i = 1; i <= n; i++)
                if (index($1, "_" name[i] ":")) { sum[i] += $2; seen[i] = 1 }
        }
        END { for (i = 1; i <= n; i++) printf "%s ", i in seen ? sum[i] : "-" }'
}

acts() # program expected-here expected-there [zeros at the end]
{
    local name=${1%_frags} before after
    case $name in adjust | meta) name=pass ;; esac
    attach "$1" && ready || return 1
    read -r -a before <<<"$(statistics "rx_xdp_$name" xdp_tx_cnt)"
    exchange "$1" "$2" "$3" "" "${4:-0}" || return 1
    can_ping || { echo "no traffic beside it"; return 1; }
    read -r -a after <<<"$(statistics "rx_xdp_$name" xdp_tx_cnt)"
    # The stack's own frames pass, too.
    echo "rx_xdp_$name, xdp_tx_cnt: ${before[*]}, then ${after[*]}"
    [ $((after[0] - before[0])) -ge "$FRAMES" ] && [ $((after[1] - before[1])) -ge "$3" ]
}

# A word that a program of XDP writes before the frame is there when tc sees the skb.
metadata_reaches_tc()
{
    local status=0
    need_openena || return
    need_tool tc || return
    tc qdisc add dev "$NETIF" clsact &&
        tc filter add dev "$NETIF" ingress bpf da object-pinned "$PINS/tc" || return 1
    attach meta && exchange meta "$FRAMES" 0 || status=1
    tc qdisc del dev "$NETIF" clsact
    echo "seen by tc: $(ask count "$PINS/tc")"
    [ $status = 0 ] && [ "$(ask count "$PINS/tc")" = "$FRAMES" ]
}

# What the program was told of a packet from the port: its hash, and with stamps on one between two
# readings of the clock. A program that asks is for one interface only.
hints_of() # port -> packets hash type stamp answer-for-the-hash answer-for-the-stamp
{
    remote python3 "$ST_DIR/stream.py" blast "$LOCAL_V4" $HINTS_PORT --from "$1" --count 1 || return 1
    sleep 0.5
    python3 "$ST_DIR/xdp.py" answers "$PINS"
}

hash_is_known() # port hints...
{
    local key expected
    key=$(ethtool -x "$NETIF" | grep -oE '^([0-9a-f]{2}:){39}[0-9a-f]{2}$')
    expected=$(echo "$REMOTE_V4 $1 $LOCAL_V4 $HINTS_PORT" |
        python3 "$ST_DIR/toeplitz.py" hashes "$DRIVER" "$key")
    echo "port $1: $3 type $4 (answer $6), expected $expected type $HASH_L4"
    [ "$3" = "$expected" ] && [ "$4" = $HASH_L4 ] && [ "$6" = 0 ]
}

asks_for_hints()
{
    local port hints clock before
    need_btf || return
    need_openena || return
    need_kernel 6.4 || return
    clock=/dev/ptp$(ethtool -T "$NETIF" | grep -oE '[0-9]+$' | head -n 1)
    python3 "$ST_DIR/xdp.py" hints "$PINS" "$(cat "/sys/class/net/$NETIF/ifindex")" $HINTS_PORT &&
        attach hints && ready || return 1
    for port in 41001 41002 41003; do
        hints=$(hints_of $port) || return 1
        # shellcheck disable=SC2086 # words
        hash_is_known $port $hints || return 1
    done
    read -r -a hints <<<"$hints"
    [ "${hints[0]}" = 3 ] && [ "${hints[5]}" = $NO_DATA ] || { echo "without stamps: ${hints[*]}"; return 1; }
    [ -e "$clock" ] || { echo "no clock, so no stamps"; return 0; }
    defer "python3 $ST_DIR/stamps.py set $NETIF 0 0"
    python3 "$ST_DIR/stamps.py" set "$NETIF" 0 1 && ready || return 1
    before=$(python3 "$ST_DIR/phc.py" read "$clock" 1)
    read -r -a hints <<<"$(hints_of 41004)"
    echo "clock $before, stamp ${hints[3]} (answer ${hints[5]}), clock $(python3 "$ST_DIR/phc.py" read "$clock" 1)"
    [ "${hints[5]}" = 0 ] && [ "${hints[3]}" -gt "$before" ] &&
        [ "${hints[3]}" -lt "$(python3 "$ST_DIR/phc.py" read "$clock" 1)" ]
}

# Frames go out by another interface, and what that receives goes out by this one.
redirects_to_another_interface()
{
    ip link add oe-here type veth peer name oe-there netns "$REMOTE_NS" || return "$KSFT_SKIP"
    defer "ip link del oe-here"
    ip link set oe-here up && remote ip link set oe-there address "$REMOTE_MAC" up || return 1
    # Its receiving end takes frames of XDP when it polls.
    remote ethtool -K oe-there gro on || return 1
    load out oe-here redirect && load in "$NETIF" redirect || return 1
    attach out/redirect && ready || return 1
    exchange out/redirect 0 "$FRAMES" "" "" "$REMOTE_IF" oe-there || return 1
    attach pass && attach in/redirect oe-here || return 1
    exchange in/redirect 0 "$FRAMES" "" "" oe-there "$REMOTE_IF"
}

redirects_to_another_adapter()
{
    local third
    third=$(interfaces_of_driver | grep -vxF "$NETIF" | head -n 1)
    [ -n "$third" ] || { echo "no third adapter"; return "$KSFT_SKIP"; }
    ethtool -L "$third" combined "$(ethtool_number -l current Combined)"
    ip link set "$third" up && attach pass "$third" || return 1
    defer "ip link set dev $third xdpdrv off"
    load third "$third" redirect && attach third/redirect && ready || return 1
    exchange third/redirect 0 "$FRAMES" || return 1
    # It sees the frames of later tests, too.
    ip link set dev "$third" xdpdrv off
}

replaced_under_traffic()
{
    local i
    for ((i = 0; i < 20; i++)); do
        attach pass && attach drop || return 1
    done
    traffic_moves 20
}

# A program in the place of another: the adapter is not closed and opened for it.
replaced_without_closing()
{
    local before
    need_openena || return
    attach pass || return 1
    before=$(stat_value ena_admin_q_submitted_cmd)
    attach drop && attach pass || return 1
    # A look at the counters may cost commands, but none that makes queues.
    echo "admin commands: $before, then $(stat_value ena_admin_q_submitted_cmd)"
    [ $(($(stat_value ena_admin_q_submitted_cmd) - before)) -le 2 ]
}

attached_under_traffic()
{
    local i
    for ((i = 0; i < 20; i++)); do
        detach && attach pass || return 1
    done
    traffic_moves 20
}

survives_down()
{
    attach drop && ip link set "$NETIF" down && ip link set "$NETIF" up && net_setup || return 1
    ip link show "$NETIF" | grep -q "prog/xdp" || { echo "the program is gone"; return 1; }
    exchange drop 0 0
}

# The frames go by no program: its counter stands still.
none_left()
{
    local seen
    detach && ready || return 1
    seen=$(ask exchange "$REMOTE_IF" "$REMOTE_IF" "$PINS/drop" "$FRAMES" 1000 "$FRAMES" 0 0 2)
    echo "arrived here, there, treated: $seen"
    [ "$seen" = "$FRAMES 0 0" ]
}

# The queues of XDP are the stack's then; programs stay when their number changes.
with_all_queues()
{
    local name
    detach
    ethtool -L "$NETIF" combined "$max" || return 1
    if [ "$DRIVER" != openena ]; then
        refuses 'nvalid argument|xceed|queue|channel' attach pass &&
            ethtool -L "$NETIF" combined $((max > 1 ? max / 2 : 1))
        return
    fi
    for name in "drop 0 0" "redirect 0 $FRAMES" "adjust $FRAMES 0 4" "tx 0 $FRAMES"; do
        # shellcheck disable=SC2086 # words
        acts $name || return 1
    done
    ethtool -L "$NETIF" combined 1 && acts tx 0 "$FRAMES" && ethtool -L "$NETIF" combined "$max" && detach
}

# The stack's packets and a program's frames in one queue: none of either is lost.
shared_under_traffic()
{
    local status=0
    need_openena || return
    ethtool -L "$NETIF" combined "$max" && attach tx && ready || return 1
    for _ in 1 2 3; do
        exchange tx 0 "$FRAMES" || status=1
    done
    traffic_moves 20 || status=1
    attach pass && ethtool -L "$NETIF" combined $((max > 1 ? max / 2 : 1)) && return $status
}

# A program that knows no frames of several buffers.
needs_a_frame_in_a_page()
{
    local before said='nvalid argument|MTU|too large'
    [ "$DRIVER" != openena ] || said="$IN_THE_LOG|MTU of 4000 is above [0-9]*, the limit of XDP with a frame in one buffer"
    [ "$(max_mtu)" -ge 4000 ] || { echo "the largest MTU is $(max_mtu)"; return "$KSFT_SKIP"; }
    before=$(mtu_of)
    ip link set "$NETIF" mtu 4000 || return 1
    refuses "$said" attach pass || return 1
    [ "$DRIVER" != openena ] || {
        attach pass_frags && refuses "$said" attach drop || return 1
    }
    ip link set "$NETIF" mtu "$before" && attach pass || return 1
    refuses 'nvalid argument|maximum' ip link set "$NETIF" mtu 4000 || return 1
    detach
}

# Frames in as many buffers as they take.
long_frames()
{
    local name status=0 before
    need_openena || return
    before=$(mtu_of)
    [ "$(max_mtu)" -ge "$MB_MTU" ] || { echo "the largest MTU is $(max_mtu)"; return "$KSFT_SKIP"; }
    detach
    with_mtu "$MB_MTU" || return 1
    for name in "pass $FRAMES 0" "drop 0 0" "tx 0 $FRAMES" "redirect 0 $FRAMES" "adjust $FRAMES 0 4"; do
        # Linux redirects such frames from 6.3 on.
        [ "${name%% *}" != redirect ] || printf "6.3\n%s\n" "$(uname -r)" | sort -VC || continue
        # shellcheck disable=SC2086 # words
        acts ${name%% *}_frags ${name#* } || { status=1; break; }
    done
    detach && set_mtu_both "$before" && return $status
}

st_begin "XDP"
max=$(ethtool_number -l maximum Combined)
first=$(ethtool_number -l current Combined)
mkdir -p "$PINS" || skip_all "no BPF file system at /sys/fs/bpf"
defer "rm -rf $PINS"
load . "$NETIF" {pass,drop,tx,redirect,adjust}{,_frags} aborted invalid meta tc ||
    skip_all "the kernel does not take a program"
coproc XDP { exec python3 "$ST_DIR/xdp.py" serve "$NETIF" "$REMOTE_NS" "$LOCAL_MAC" "$REMOTE_MAC"; }
defer "kill $XDP_PID"
defer "ethtool -L $NETIF combined $first"
defer "ip link set dev $NETIF xdpdrv off"
# Half of the queues send what programs send; with_all_queues tries the other way.
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
log_allow 'Illegal XDP return value 77'
# What needs_a_frame_in_a_page asks for, where no answer holds a text.
log_allow 'the limit of XDP with a frame in one buffer'
run "pass: every frame arrives" acts pass "$FRAMES" 0
run "drop: none does" acts drop 0 0
run "aborted: none does" acts aborted 0 0
run "an action that is none: none does" acts invalid 0 0
run "tx: every frame comes back" acts tx 0 "$FRAMES"
run "redirect to the same interface: every frame comes back" acts redirect 0 "$FRAMES"
run "longer and shorter at both ends" acts adjust "$FRAMES" 0 4
run "metadata reaches the stack" metadata_reaches_tc
run "a program asks for hash and time of arrival" asks_for_hints
run "redirect to and from another interface" redirects_to_another_interface
run "redirect from one adapter to another" redirects_to_another_adapter
run "frames of several buffers" long_frames
run "a program outlives down and up" survives_down
run "without a program every frame arrives" none_left
run "with all queues in use" with_all_queues
run "refused with frames larger than a page" needs_a_frame_in_a_page
attach pass
run "traffic starts" traffic_start
run "programs are replaced under traffic" replaced_under_traffic
run "and need no new queues for it" replaced_without_closing
run "programs come and go under traffic" attached_under_traffic
run "a program sends by the queues of the traffic" shared_under_traffic
run "no byte of it was lost" traffic_stop
st_end
