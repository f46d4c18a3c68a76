#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Resets: of the function under the driver's feet, and by unbinding the driver.
#
# After a function level reset the adapter has forgotten its queues and no longer
# sends keep-alive events. The driver has to notice that (six seconds without one)
# and start the adapter anew.
# timeout: 180

. "$(dirname "$0")/lib.sh"

ROUNDS=${ROUNDS:-2}
# Time for the watchdog, the reset and the link, and then some.
RECOVERY=20

# Drivers count one reset under one or more of these names.
resets_counted()
{
    ethtool -S "$NETIF" | awk '
        $1 ~ /^(total_resets|wd_expired|admin_q_pause|tx_timeout):$/ { sum += $2 } END { print sum + 0 }'
}

counted_more() # than
{
    [ "$(resets_counted)" -gt "$1" ]
}

# No traffic meanwhile: the transmit watchdogs of the stack must not win the race.
function_reset()
{
    local i before
    [ -w "$device/reset" ] || { echo "the function has no reset"; return $KSFT_SKIP; }
    for ((i = 1; i <= ROUNDS; i++)); do
        before=$(resets_counted)
        echo 1 >"$device/reset" || return 1
        # The keep-alive watchdog's turn: to ask for counters now could be an admin command.
        sleep 8
        if ! wait_for $RECOVERY counted_more "$before"; then
            echo "round $i: the driver did not reset the adapter within $(seconds $RECOVERY) s"
            return 1
        fi
        wait_for $RECOVERY carrier_both || { echo "round $i: no carrier"; return 1; }
        wait_for $RECOVERY can_ping || { echo "round $i: no traffic"; return 1; }
        echo "round $i: recovered"
    done
}

traffic_after()
{
    traffic_start && sleep 1 && traffic_stop
}

stays()
{
    [ -e "/sys/class/net/$NETIF" ] && [ "$(cat "/sys/class/net/$NETIF/address")" = "$LOCAL_MAC" ] &&
        [ "$(mtu_of)" = "$mtu" ]
}

rebind()
{
    local i driver function
    function=${device##*/}
    driver=$(readlink -f "$device/driver")
    for ((i = 1; i <= ROUNDS; i++)); do
        echo "$function" >"$driver/unbind" || return 1
        [ ! -e "/sys/class/net/$NETIF" ] || { echo "$NETIF is still there"; return 1; }
        echo "$function" >"$driver/bind" || return 1
        wait_for 10 interface_back || { echo "round $i: no interface"; return 1; }
        net_setup || return 1
    done
}

interface_back()
{
    [ -n "$(interface_by_mac "$LOCAL_MAC")" ]
}

st_begin "resets"
is_ena || skip_all "$DRIVER has another way to recover"
device=/sys/bus/pci/devices/$(ethtool -i "$NETIF" | sed -n 's/^bus-info: //p')
[ -e "$device/vendor" ] || skip_all "$NETIF is no PCI device"
mtu=$(mtu_of)
# The driver says what it does about the reset.
log_allow "^$DRIVER [0-9a-f:.]+"
run "the driver recovers from $ROUNDS function level resets" function_reset
run "interface, address and MTU stay" stays
run "traffic afterwards arrives byte for byte" traffic_after
run "unbind and bind, $ROUNDS times" rebind
run "traffic after bind arrives byte for byte" traffic_after
st_end
