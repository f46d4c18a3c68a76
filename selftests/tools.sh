#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program "openena" on a machine with adapters: what it says is so, and is what ethtool says.

. "$(dirname "$0")/lib.sh"

agrees_with_ethtool()
{
    local driver queues rings rx
    driver=$(ethtool -i "$NETIF" | sed -n 's/^driver: //p')
    queues=$(ethtool -l "$NETIF" | awk '/^Combined:/ { n = $2 } END { print n }')
    rings=$(ethtool -g "$NETIF" | awk '/^RX:/ { n = $2 } END { print n }')
    rx=$(ethtool -S "$NETIF" | awk '/ queue_0_rx_cnt:/ { print $2 }')
    echo "driver $driver, $queues queues, RX ring of $rings, $rx packets in queue 0"
    openena check --json --interface "$NETIF" >"$ST_TMP/check.json"
    python3 - "$ST_TMP/check.json" "$driver" "$queues" "$rings" "$rx" \
        "$(cat /sys/class/net/"$NETIF"/mtu)" <<'END'
import json, sys
driver, queues, rings, rx, mtu = sys.argv[2], *map(int, sys.argv[3:])
told = json.load(open(sys.argv[1]))["adapters"][0]
assert told["driver"] == driver, told["driver"]
assert told["queues"]["now"] == queues, told["queues"]
assert told["rx_ring"]["now"] == rings, told["rx_ring"]
assert told["counters"]["queue_0_rx_cnt"] >= rx, told["counters"]
assert told["up"] and told["mtu"] == mtu, told["mtu"]
END
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

# All that tune may change, with values.
settings()
{
    ethtool -l "$NETIF" | sed -n '/Current/,$p'
    ethtool -g "$NETIF" | sed -n '/Current/,$p'
    ethtool -c "$NETIF" | grep -E '^Adaptive|^[rt]x-usecs:'
    ethtool -x "$NETIF" | grep -E '^ +[0-9]+:'
    grep . /sys/class/net/"$NETIF"/queues/*/?ps_cpus /proc/sys/net/core/{busy_poll,rmem_max,netdev_budget}
}

# Applied over the other workload, it is what is wanted; undone, it is as it was before both.
tunes() # workload other
{
    local status=0
    settings >"$ST_TMP/before"
    openena tune "$2" --apply --interface "$NETIF" --state "$ST_TMP/state" >/dev/null || return 1
    openena tune "$1" --apply --interface "$NETIF" --state "$ST_TMP/state" || return 1
    openena tune "$1" --interface "$NETIF" --state "$ST_TMP/state" || status=1
    settings >"$ST_TMP/during"
    ping -q -c 5 -i 0.02 -w "$(seconds 10)" "$REMOTE_V4" | tail -n 2
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
    openena tune --undo --interface "$NETIF" --state "$ST_TMP/state" || status=1
    settings >"$ST_TMP/after"
    diff "$ST_TMP/before" "$ST_TMP/after" || status=1
    ! cmp -s "$ST_TMP/before" "$ST_TMP/during" || status=1
    return $status
}

# The queues that ethtool has, and what they received meanwhile.
top_sees_traffic()
{
    local queues
    queues=$(ethtool -l "$NETIF" | awk '/^Combined:/ { n = $2 } END { print n }')
    ping -q -i 0.01 -w "$(seconds 3)" "$REMOTE_V4" >/dev/null &
    openena top "$NETIF" --count 2 --interval 500 --json >"$ST_TMP/top" || return 1
    openena top "$NETIF" --once --interval 500
    wait
    python3 - "$ST_TMP/top" "$NETIF" "$queues" "$DRIVER" <<'END'
import json, sys
name, queues, driver = sys.argv[2], int(sys.argv[3]), sys.argv[4]
told = [json.loads(line)["interfaces"][0] for line in open(sys.argv[1])]
assert len(told) == 2, told
for turn in told:
    assert (turn["name"], turn["driver"], turn["link_up"]) == (name, driver, True), turn
    assert [queue["queue"] for queue in turn["queues"]] == list(range(queues)), turn["queues"]
    received = sum(queue["rx"]["packets_per_second"] for queue in turn["queues"])
    assert 0.5 * turn["rx"]["packets_per_second"] <= received <= 2 * turn["rx"]["packets_per_second"], turn
    assert received > 5 and sum(queue["tx"]["bits_per_second"] for queue in turn["queues"]) > 1000, turn
END
}

# Each poll is in both histograms, in the order of magnitude that there can be.
top_measures_polls()
{
    need_btf || return
    ping -q -i 0.01 -w "$(seconds 3)" "$REMOTE_V4" >/dev/null &
    openena top "$NETIF" --count 2 --interval 700 --json >"$ST_TMP/top" || return 1
    openena top "$NETIF" --count 2 --interval 500 --lines | tail -n 14
    wait
    python3 - "$ST_TMP/top" <<'END'
import json, sys
told = [json.loads(line) for line in open(sys.argv[1])][-1]
assert told["lacks"] is None, told["lacks"]
polls = told["interfaces"][0]["polls"]
received = sum(napi["packets"] for napi in polls)
batches = sum(sum(napi["polls_by_log2_packets"]) for napi in polls)
waits = [sum(napi["polls_by_log2_wait_ns"][n] for napi in polls) for n in range(32)]
assert 5 < received and 5 < batches, polls
# Most polls follow an interrupt, after 256 ns at least and a second at most.
assert batches / 2 < sum(waits) <= batches + 2, polls
assert not any(waits[:8] + waits[30:]), waits
END
}

command -v openena >/dev/null || skip_all "make tools has not built openena"
st_begin "openena check, tune and top"
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
run "tune for latency, and undo" tunes latency throughput
run "tune for packet rate, and undo" tunes packet-rate latency
run "top sees each queue's traffic" top_sees_traffic
run "top measures polls in the kernel" top_measures_polls
run "top refuses a wrong interface" refuses "the nearest is $NETIF" openena top "${NETIF}x" --once
st_end
