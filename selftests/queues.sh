#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every number of queue pairs, changed under traffic.

. "$(dirname "$0")/lib.sh"

queue_dirs() # rx|tx
{
    find "/sys/class/net/$NETIF/queues" -maxdepth 1 -name "$1-*" | wc -l
}

# The change has reached the stack and the interrupts.
took() # count
{
    [ "$(ethtool_number -l current Combined)" = "$1" ] ||
        { ethtool -l "$NETIF"; return 1; }
    [ "$(queue_dirs rx)" = "$1" ] && [ "$(queue_dirs tx)" = "$1" ] ||
        { echo "$(queue_dirs rx) RX and $(queue_dirs tx) TX queues in sysfs, not $1"; return 1; }
    ! is_ena || [ "$(irq_lines | wc -l)" = $(($1 + 1)) ] ||
        { echo "expected $1 + 1 interrupts:"; irq_lines; return 1; }
}

change() # count
{
    ethtool -L "$NETIF" combined "$1" && took "$1" && traffic_moves 20
}

all_counts()
{
    local count
    for ((count = 1; count <= max; count++)); do change "$count" || return 1; done
    for ((count = max; count >= 1; count--)); do change "$count" || return 1; done
    change "$max"
}

# No pause for traffic to recover between two changes.
to_and_fro()
{
    local i
    for i in 1 2 3 4 5; do
        ethtool -L "$NETIF" combined 1 && ethtool -L "$NETIF" combined "$max" ||
            { echo "round $i"; return 1; }
    done
    traffic_moves 20
}

while_down()
{
    ip link set "$NETIF" down && ethtool -L "$NETIF" combined 1 && ip link set "$NETIF" up &&
        net_setup && took 1 && ethtool -L "$NETIF" combined "$max" && took "$max" && can_ping
}

st_begin "numbers of queues, under traffic"
max=$(ethtool_number -l maximum Combined)
[ "${max:-0}" -ge 1 ] 2>/dev/null || skip_all "$NETIF has no channels to set"
first=$(ethtool_number -l current Combined)
defer "ethtool -L $NETIF combined $first"
# The stack of 6.12 asks for flow rules before it changes channels; the ena driver logs that it has none.
[ "$DRIVER" = ena ] && log_allow '^ena .*Command parameter 46 is not supported'
run "traffic starts" traffic_start
if [ "$max" -gt 1 ]; then
    run "1 to $max queues and back" all_counts
    run "changes at once after each other" to_and_fro
else
    run "one queue is one queue" took 1
fi
run "traffic arrived byte for byte" traffic_stop
run "changed while the interface is down" while_down
st_end
