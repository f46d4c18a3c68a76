#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The adapter goes away under traffic: unplugged and plugged in again, with a word to the
# driver before and without, reset by its function and by its bus. The connection goes on,
# and nothing is left behind. ROUNDS sets how often each.
# timeout: 400

. "$(dirname "$0")/lib.sh"

ROUNDS=${ROUNDS:-1}
RECOVERY=30

device_now()
{
    readlink -f "/sys/class/net/$NETIF/device"
}

is_gone()
{
    [ -z "$(interface_by_mac "$LOCAL_MAC")" ]
}

is_back()
{
    ! is_gone
}

# The cable and the addresses, then the connection of before.
goes_on()
{
    net_setup && traffic_moves $RECOVERY
}

unplug()
{
    local gone
    machine device_del nic0 || return 1
    gone=$(machine event DEVICE_DELETED) || { echo "$gone"; return 1; }
    grep -q '"device": "nic0"' <<<"$gone" || { echo "not that one: $gone"; return 1; }
    is_gone || { echo "unplugged, and $NETIF is still there"; return 1; }
}

plug()
{
    machine device_add id=nic0 netdev=h0 bus=rp0 "mac=$LOCAL_MAC" "queues=$queues" max-mtu=9001 ||
        return 1
    wait_for 15 is_back || { echo "plugged in, and there is no interface"; return 1; }
}

unplug_and_plug()
{
    unplug && plug && goes_on
}

# Gone without a word: nothing answers where the adapter was, and only then is it taken out.
surprise()
{
    local device
    device=$(device_now)
    setpci -s "${device##*/}" COMMAND=0:7 || return 1
    sleep 1
    unplug && plug && goes_on
}

resets_now()
{
    adapter_total nic0 resets
}

resets_more() # than
{
    [ "$(resets_now)" -gt "$1" ]
}

# The driver is not told: it has to notice that the adapter has forgotten everything.
reset_by() # flr|bus
{
    local device before start=$SECONDS
    device=$(device_now)
    echo default >"$device/reset_method" # all that there are
    grep -qw "$1" "$device/reset_method" || { echo "no such reset here"; return $KSFT_SKIP; }
    before=$(resets_now)
    echo "$1" >"$device/reset_method" || return 1
    # After a bus reset Linux misses a sign of the link and complains; the bus was reset.
    { echo 1 >"$device/reset"; } 2>&1
    echo default >"$device/reset_method"
    wait_for $RECOVERY resets_more "$before" || { echo "the driver has not noticed"; return 1; }
    goes_on || return 1
    echo "traffic $((SECONDS - start)) s after the reset"
}

rounds() # what
{
    local i
    for ((i = 1; i <= ROUNDS; i++)); do
        "$@" || return
    done
}

# Measured without traffic, whose buffers come and go; what the kernel sets up at the first
# hot plug is up to 2 MiB more. Small leaks show with ROUNDS=100.
nothing_left()
{
    local left
    left=$(irq_lines | wc -l)
    [ "$left" = "$interrupts" ] || { echo "$left interrupts, at first $interrupts"; return 1; }
    memory_steady "$memory" "$(memory_used)" $((4 * ROUNDS + 512))
}

st_begin "hot plug and resets under traffic"
is_ena || skip_all "$DRIVER drives another adapter"
reason=$(need_monitor) || skip_all "$reason"
log_allow "^$DRIVER [0-9a-f:.]+"
queues=$(ethtool_number -l maximum Combined)
interrupts=$(irq_lines | wc -l)
memory=$(memory_used)
# Resets are noticed sooner.
adapter_set nic0 hint-watchdog-ms 2000
defer "adapter_set nic0 hint-watchdog-ms 0"
run "a connection is opened" traffic_start
run "function level reset" rounds reset_by flr
run "bus reset" rounds reset_by bus
run "unplugged and plugged in" rounds unplug_and_plug
run "gone without a word, and plugged in" rounds surprise
run "every byte arrived" traffic_stop
run "nothing is left behind" nothing_left
st_end
