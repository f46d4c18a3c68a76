#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An ENA driver finds nothing to complain about when it is loaded anew.
# timeout: 90

. "$(dirname "$0")/lib.sh"

reload()
{
    rmmod "$DRIVER" || return 1
    PROBE_MARK=$(log_mark "loads $DRIVER")
    if [ -n "$MODULE" ]; then insmod "$MODULE"; else modprobe "$DRIVER"; fi || return 1
    wait_for 10 interfaces_back
}

interfaces_back()
{
    [ -n "$(interface_by_mac "$LOCAL_MAC")" ] && [ -n "$(interface_by_mac "$REMOTE_MAC")" ]
}

carrier_soon()
{
    local interface
    interface=$(interface_by_mac "$LOCAL_MAC")
    ip link set "$interface" up || return 1
    wait_for 5 grep -qx 1 "/sys/class/net/$interface/carrier" || { echo "no carrier within 5 s"; return 1; }
}

facts()
{
    local status=0
    [ "$(max_mtu)" -ge 1500 ] || { echo "largest MTU $(max_mtu)"; status=1; }
    [ "$(ethtool_number -g maximum RX)" -ge 256 ] || { ethtool -g "$NETIF"; status=1; }
    [ "$(ethtool_number -l maximum Combined)" -ge 1 ] || { ethtool -l "$NETIF"; status=1; }
    [ "$(feature receive-hashing)" = on ] || { echo "no RX hash"; status=1; }
    return $status
}

st_begin "probe of an ENA driver"
is_ena || skip_all "$DRIVER is no ENA driver"
grep -q "^$DRIVER " /proc/modules || skip_all "$DRIVER is not a module here"
defer "net_setup"
run "module loads, interfaces appear" reload
run "nothing above notice from the probe" log_clean "$PROBE_MARK"
run "carrier within 5 s" carrier_soon
run "interface opens and traffic passes" net_setup
run "nothing above notice from opening it" log_clean "$PROBE_MARK"
run "what the driver learned makes sense" facts
run "unloads and loads again" reload
run "traffic again" net_setup
st_end
