#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program "openena" on a machine with adapters: what it says is so, and is what ethtool says.

. "$(dirname "$0")/lib.sh"

# A member of the adapter's part of "openena check --json", by its path in Python.
told() # path
{
    openena check --json --interface "$NETIF" >"$ST_TMP/check.json"
    python3 -c "import json, sys
print(json.load(open(sys.argv[1]))['adapters'][0]$1)" "$ST_TMP/check.json"
}

agrees_with_ethtool()
{
    local driver queues rings rx
    driver=$(ethtool -i "$NETIF" | sed -n 's/^driver: //p')
    queues=$(ethtool -l "$NETIF" | awk '/^Combined:/ { n = $2 } END { print n }')
    rings=$(ethtool -g "$NETIF" | awk '/^RX:/ { n = $2 } END { print n }')
    rx=$(ethtool -S "$NETIF" | awk '/ queue_0_rx_cnt:/ { print $2 }')
    echo "driver $driver, $queues queues, RX ring of $rings, $rx packets in queue 0"
    [ "$(told "['driver']")" = "$driver" ] &&
        [ "$(told "['queues']['now']")" = "$queues" ] &&
        [ "$(told "['rx_ring']['now']")" = "$rings" ] &&
        [ "$(told "['counters']['queue_0_rx_cnt']")" -ge "$rx" ] &&
        [ "$(told "['up']")" = True ] && [ "$(told "['mtu']")" = "$(cat /sys/class/net/"$NETIF"/mtu)" ]
}

# The word is in the findings, and not any more when what was done is undone.
finds() # word do undo
{
    local status=0
    openena check --interface "$NETIF" >"$ST_TMP/before"
    $2
    openena check --interface "$NETIF" >"$ST_TMP/wrong" || status=$?
    $3
    openena check --interface "$NETIF" >"$ST_TMP/after"
    grep -- "$1" "$ST_TMP/wrong"
    if [ $status != 1 ] || ! grep -q -- "$1" "$ST_TMP/wrong"; then
        echo "exit status $status, and it says:"
        cat "$ST_TMP/wrong"
        return 1
    fi
    ! grep -- "$1" "$ST_TMP/before" && ! grep -- "$1" "$ST_TMP/after"
}

all_adapters()
{
    openena check >"$ST_TMP/all"
    cat "$ST_TMP/all"
    [ "$(grep -c 1d0f: "$ST_TMP/all")" = "$(lspci -n -d 1d0f: | wc -l)" ]
}

command -v openena >/dev/null || skip_all "make tools has not built openena"
st_begin "openena check"
# The kernel asks Linux's driver for its flow rules when queues go; it has none, and says so.
[ "$DRIVER" = ena ] && log_allow 'Command parameter 46 is not supported'
run "every adapter is there" all_adapters
run "it agrees with ethtool and sysfs" agrees_with_ethtool
run "an offload that is off is found" finds "rx-checksum is offered and switched off" \
    "ethtool -K $NETIF rx off" "ethtool -K $NETIF rx on"
run "too few queues are found" finds "1 queues of" \
    "ethtool -L $NETIF combined 1" "ethtool -L $NETIF combined 2"
run "an interface that is down is found" finds "the interface is down" \
    "ip link set $NETIF down" "ip link set $NETIF up"
run "a wrong interface is refused" refuses "the nearest is $NETIF" openena check --interface "${NETIF}x"
st_end
