#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DPDK's testpmd on one adapter, by VFIO, with Linux on the other; then on both.
# It needs a guest with an IOMMU and testpmd, and adapters with a VF's id:
#     tools/openena-vm test --driver ena --iommu --memory 2G --with dpdk \
#         --device-options device-id=0xec20 selftests/clients/dpdk.sh
# timeout: 900

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib_vf.sh"

OUT=
PMD_PID=
STATS=

# A testpmd that sends back what it gets, on these functions; OUT is what it says.
# With --no-lsc-interrupt net_ena was seen to call the link down.
start() # functions device-arguments testpmd-arguments
{
    local function allowed=()
    for function in $1; do allowed+=(-a "$function$2"); done
    shift 2
    rm -f "$ST_TMP/in"
    mkfifo "$ST_TMP/in"
    OUT=$ST_TMP/testpmd
    stdbuf -oL dpdk-testpmd -l 0,1 -n 1 --in-memory --no-telemetry \
        --log-level=pmd.net.ena:info "${allowed[@]}" -- -i --rxq="$QUEUES" --txq="$QUEUES" \
        --rxd=512 --txd=512 --total-num-mbufs=8192 --rss-udp --no-rmv-interrupt \
        "$@" <"$ST_TMP/in" >"$OUT" 2>&1 &
    PMD_PID=$!
    exec 4>"$ST_TMP/in"
    wait_for 30 started && ! gone || { tail -n 20 "$OUT"; return 1; }
}

started()
{
    grep -q 'testpmd>' "$OUT" || gone
}

gone()
{
    ! kill -0 "$PMD_PID" 2>/dev/null
}

# Types a command; its answer is what has come after it.
tell() # command
{
    local before
    before=$(wc -c <"$OUT")
    echo "$1" >&4
    # Testpmd echoes what is typed when it reads it: the comment after the answer.
    echo "# end $before" >&4
    wait_for 20 prompted "$before" || { echo "no answer to \"$1\""; tail -n 5 "$OUT"; return 1; }
    tail -c +"$((before + 1))" "$OUT"
}

prompted() # offset
{
    tail -c +"$(($1 + 1))" "$OUT" | grep -qF "testpmd> # end $1"
}

quit()
{
    echo "stop" >&4
    echo "quit" >&4
    exec 4>&-
    local status=0
    wait_for 20 gone || { echo "testpmd does not end"; kill -KILL "$PMD_PID"; }
    wait "$PMD_PID" || status=$?
    PMD_PID=
    [ "$status" = 0 ] || { tail -n 20 "$OUT"; echo "testpmd ended with $status"; return 1; }
}

peer() # command arguments
{
    local command=$1
    shift
    remote env SLOW="$SLOW" python3 "$ST_DIR/clients/peer.py" "$command" "$REMOTE_IF" "$LOCAL_MAC" "$@"
}

to_kernel() # function
{
    echo >"/sys/bus/pci/devices/$1/driver_override"
    echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
    echo "$1" >/sys/bus/pci/drivers_probe
}

function_of() # interface [command prefix]
{
    local interface=$1
    shift
    basename "$("$@" readlink -f "/sys/class/net/$interface/device")"
}

# A counter of testpmd's, from the answer on standard input.
counter() # name
{
    sed -nE "s/^ *$1: *([0-9]+).*/\1/p" | head -n 1
}

probes()
{
    local info
    info=$(tell "show port info 0") || return 1
    grep -E 'Driver name|MAC address|Link status|MTU|Max possible RX queues' <<<"$info"
    grep -q 'Driver name: net_ena' <<<"$info" && grep -qi "MAC address: $LOCAL_MAC" <<<"$info" &&
        grep -q 'Link status: up' <<<"$info" && grep -q 'MTU: 9001' <<<"$info" &&
        grep -q "Max possible RX queues: $QUEUES$" <<<"$info"
}

# The adapter says where all of its TX rings are: host or device.
rings_on() # placement
{
    local placements
    placements=$(adapter_get nic0 queue-states | grep -oE '"direction": "tx"|"placement": "[a-z]+"' |
        paste - - | grep '"tx"' | grep -oE '(host|device)')
    [ "$(sort <<<"$placements" | uniq -c | xargs)" = "$QUEUES $1" ] ||
        { adapter_get nic0 queue-states; return 1; }
}

link_is() # up|down
{
    tell "show port info 0" | grep -q "Link status: $1"
}

# Testpmd learns of the link by an interrupt.
follows_link()
{
    local status=0
    adapter_link nic0 off || return 1
    wait_for 10 link_is down || { echo "the link is up without a cable"; status=1; }
    adapter_link nic0 on || return 1
    wait_for 10 link_is up || { echo "the link stays down"; status=1; }
    return $status
}

forwards() # mode
{
    tell stop >/dev/null && tell "set fwd $1" >/dev/null && tell start >/dev/null
}

# Frames that each queue has received since the port was started.
per_queue()
{
    local stats queue
    stats=$(tell "show port xstats 0") || return 1
    for ((queue = 0; queue < QUEUES; queue++)); do
        counter "rx_q${queue}_packets" <<<"$stats"
    done
}

all_received() # how-many earlier-counts
{
    local expected=$1
    shift
    mapfile -t COUNTS < <(per_queue)
    [ "${#COUNTS[@]}" = "$#" ] || return 1
    local queue total=0
    for ((queue = 0; queue < QUEUES; queue++)); do
        COUNTS[queue]=$((COUNTS[queue] - $1))
        total=$((total + COUNTS[queue]))
        shift
    done
    [ "$total" -ge "$expected" ]
}

# In rxonly nothing is sent.
takes_only()
{
    local before
    forwards rxonly || return 1
    before=$(tell "show port stats 0" | counter TX-packets)
    spread || return 1
    [ "$(tell "show port stats 0" | counter TX-packets)" = "$before" ] || { echo "it sent"; return 1; }
}

# In txonly frames come without any that were sent to it.
makes()
{
    local status=0
    forwards txonly || return 1
    peer sink 2000 || status=1
    tell stop >/dev/null
    tell "show port stats 0" | grep 'TX-packets'
    return $status
}

spread()
{
    local before COUNTS=() count
    mapfile -t before < <(per_queue)
    [ "${#before[@]}" = "$QUEUES" ] || { echo "no counters of $QUEUES queues"; return 1; }
    peer flows 256 || return 1
    wait_for 10 all_received 256 "${before[@]}" || echo "not all of 256 arrived"
    echo "by queue: ${COUNTS[*]}"
    for count in "${COUNTS[@]}"; do
        [ "$count" -ge $((256 / QUEUES / 3)) ] || { echo "too few"; return 1; }
    done
    all_received 256 "${before[@]}"
}

# Checksums and segmentation by the adapter are set while the port is stopped.
offloads() # [segment-size]
{
    local command said
    tell stop >/dev/null
    tell "port stop 0" >/dev/null
    for command in "csum set ip hw 0" "csum set udp hw 0" "csum set tcp hw 0"; do
        tell "$command" >/dev/null
    done
    [ $# = 0 ] || tell "tso set $1 0" | grep "non-tunneled packets is $1" || return 1
    said=$(tell "csum show 0") || return 1
    [ "$(grep -cE '^(IP|UDP|TCP) checksum offload is hw' <<<"$said")" = 3 ] ||
        { echo "$said"; return 1; }
    tell "port start 0" >/dev/null
    forwards csum
}

# What starts to go round from one port to the other and back.
both_forward()
{
    tell "set fwd io" >/dev/null
    tell "start tx_first 2" >/dev/null
    local status=0
    wait_for 20 went_round 1000 || status=1
    tell stop >/dev/null
    STATS=$(tell "show port stats all") || return 1
    grep -E 'RX-|TX-' <<<"$STATS"
    ! grep -qE '[RT]X-errors: *[1-9]' <<<"$STATS" && return "$status"
}

# Both ports have received and sent more than that.
went_round() # frames
{
    local count counts
    STATS=$(tell "show port stats all") || return 1
    mapfile -t counts < <(sed -nE 's/^ *[RT]X-packets: *([0-9]+).*/\1/p' <<<"$STATS")
    [ "${#counts[@]}" = 4 ] || return 1
    for count in "${counts[@]}"; do
        [ "$count" -gt "$1" ] || return 1
    done
}

# Whether the testpmd that was started is there.
runs()
{
    [ -n "$PMD_PID" ] && ! gone
}

one_port() # name device-arguments placement
{
    local options=(--port-topology=loop --max-pkt-len=9019 --enable-scatter --tx-offloads=0x8000
        --mbuf-size=2176)
    run "$1: testpmd starts" start "$local_function" "$2" "${options[@]}"
    runs || return
    run "$1: the port is as the adapter says" probes
    run "$1: the rings are there" rings_on "$3"
    run "$1: the link's events arrive" follows_link
    run "$1: io starts" forwards io
    run "$1: every frame of up to 9015 bytes comes back" peer same 200 9015
    run "$1: macswap starts" forwards macswap
    run "$1: it does with the addresses exchanged" peer echo 50 9015
    run "$1: rxonly, and flows spread over the queues" takes_only
    run "$1: txonly" makes
    run "$1: checksums by the adapter" offloads
    run "$1: wrong checksums come back right" peer checksums
    run "$1: segmentation by the adapter" offloads 1000
    run "$1: large segments come back in pieces" peer tso 1000
    run "$1: testpmd ends" quit
}

st_begin "DPDK's testpmd"
command -v dpdk-testpmd >/dev/null || skip_all "no dpdk-testpmd in this guest (openena-vm --with dpdk)"
[ "$DRIVER" = ena ] || skip_all "the driver that is taken away is ena"
[ -n "$(ls -A /sys/kernel/iommu_groups)" ] || skip_all "this guest has no IOMMU (openena-vm --iommu)"
local_function=$(function_of "$NETIF")
remote_function=$(function_of "$REMOTE_IF" remote)
[ "$(cat "/sys/bus/pci/devices/$local_function/device")" = 0xec20 ] ||
    skip_all "DPDK knows only the VF ids (--device-options device-id=0xec20)"
log_allow 'vfio|DMAR'
# A testpmd that is gone shows by what it does not answer.
trap '' PIPE
modprobe vfio-pci || skip_all "no vfio-pci"
echo 256 >/proc/sys/vm/nr_hugepages
[ "$(cat /proc/sys/vm/nr_hugepages)" -ge 128 ] || skip_all "no memory for huge pages"
# The kernel's own chatter would be sent back, too.
remote sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
remote ip addr flush dev "$REMOTE_IF"
remote ip link set "$REMOTE_IF" mtu 9001
# Segments that arrive must be seen as they came.
remote ethtool -K "$REMOTE_IF" gro off
defer '[ -z "$PMD_PID" ] || kill "$PMD_PID"'
defer "to_kernel $local_function; to_kernel $remote_function"
run "VFIO takes an adapter" to_vfio "$local_function"
one_port "host rings" ",enable_llq=0" host
one_port "LLQ" ",enable_llq=1" device
run "VFIO takes the other adapter" to_vfio "$remote_function"
run "two ports: testpmd starts" start "$local_function $remote_function" ""
if runs; then
    run "two ports: frames go round" both_forward
    run "two ports: testpmd ends" quit
fi
st_end
