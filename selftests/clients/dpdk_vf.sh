#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DPDK's testpmd on a virtual function, by VFIO; the kernel keeps the physical one, and both have traffic:
#     tools/openena-vm test --driver openena --iommu --memory 2G --with dpdk \
#         --device-options sriov-vfs=1 selftests/clients/dpdk_vf.sh
# timeout: 600

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=selftests/lib.sh
. ./lib.sh
# shellcheck source=selftests/lib_vf.sh
. ./lib_vf.sh

OUT=
PMD_PID=

assign()
{
    vf=$(enable_without_drivers 1) && ip link set "$NETIF" vf 0 mac "$vf_mac" && to_vfio "$vf"
}

# It sends back what it gets, with the addresses exchanged.
start()
{
    OUT=$ST_TMP/testpmd
    mkfifo "$ST_TMP/in"
    stdbuf -oL dpdk-testpmd -l 0,1 -n 1 --in-memory --no-telemetry -a "$vf" -- -i --rxq="$QUEUES" \
        --txq="$QUEUES" --rxd=512 --txd=512 --total-num-mbufs=8192 --no-rmv-interrupt \
        --port-topology=loop --max-pkt-len=9019 --enable-scatter --tx-offloads=0x8000 \
        --mbuf-size=2176 <"$ST_TMP/in" >"$OUT" 2>&1 &
    PMD_PID=$!
    exec 4>"$ST_TMP/in"
    wait_for 30 grep -q 'testpmd>' "$OUT" || { tail -n 20 "$OUT"; return 1; }
    printf '%s\n' "show port info 0" "set fwd macswap" start "show config fwd" >&4
    wait_for 20 grep -q 'macswap packet forwarding' "$OUT" || { tail -n 20 "$OUT"; return 1; }
    grep -E 'Driver name|MAC address' "$OUT"
    grep -q 'Driver name: net_ena' "$OUT" && grep -qi "MAC address: $vf_mac" "$OUT"
}

echoes() # longest
{
    remote env SLOW="$SLOW" python3 "$ST_DIR/clients/peer.py" echo "$REMOTE_IF" "$vf_mac" 50 "$1"
}

bypasses()
{
    local before after
    before=$(cat "/sys/class/net/$NETIF/statistics/rx_packets")
    echoes 1500 || return 1
    after=$(cat "/sys/class/net/$NETIF/statistics/rx_packets")
    echo "frames that the physical function received meanwhile: $((after - before))"
    [ $((after - before)) -lt 20 ]
}

quit()
{
    printf '%s\n' stop quit >&4
    exec 4>&-
    wait_for 20 gone || { echo "testpmd does not end"; return 1; }
    wait "$PMD_PID" || { tail -n 20 "$OUT"; return 1; }
    PMD_PID=
}

gone()
{
    ! kill -0 "$PMD_PID" 2>/dev/null
}

st_begin "DPDK's testpmd on a virtual function"
command -v dpdk-testpmd >/dev/null || skip_all "no dpdk-testpmd in this guest (openena-vm --with dpdk)"
need_openena >/dev/null || skip_all "the driver of the physical function cannot set an address"
[ -n "$(ls -A /sys/kernel/iommu_groups)" ] || skip_all "this guest has no IOMMU (openena-vm --iommu)"
counted=1
vf_begin
vf_mac=02:00:00:00:00:55
log_allow 'vfio|DMAR'
trap '' PIPE
echo 256 >/proc/sys/vm/nr_hugepages
set_mtu_both 9001
defer "echo 0 >$pf_device/sriov_numvfs; echo 1 >$pf_device/sriov_drivers_autoprobe"
defer '[ -z "$PMD_PID" ] || kill "$PMD_PID"'
run "a function, with an address from its PF, is given to vfio-pci" assign
run "testpmd drives it, with that address" start
run "every frame of up to 9015 bytes comes back" echoes 9015
run "they do not pass the physical function's driver" bypasses
run "the physical function has its own traffic" can_ping
run "testpmd ends" quit
st_end
