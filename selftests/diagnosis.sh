#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the driver shows to whoever looks for a fault: registers, a self-test that finds interrupts
# that do not come, counters of each queue over netlink.

. "$(dirname "$0")/lib.sh"

# One word of the register dump, in hexadecimal.
register() # offset
{
    ethtool -d "$NETIF" raw on >"$ST_TMP/registers" || return 1
    od -An -v -tx4 -w4 -j "$1" -N 4 "$ST_TMP/registers" | tr -d ' '
}

registers()
{
    local status caps controller
    controller=$(register 0x04) && caps=$(register 0x08) && status=$(register 0x58) || return 1
    echo "controller $controller, capabilities $caps, status $status"
    [ "$(stat -c %s "$ST_TMP/registers")" = $((0x5c)) ] || { od -tx4 "$ST_TMP/registers"; return 1; }
    [ $((0x$controller & 0xffffff)) -ge 1 ] || return 1
    [ $((0x$caps >> 8 & 0xff)) -ge 32 ] && [ $((0x$caps >> 8 & 0xff)) -le 48 ] || return 1
    # Ready, no reset, no fatal error.
    [ $((0x$status & 0x29)) = 1 ]
}

# The test passes, and has reset the adapter so often.
passes() # online|offline resets
{
    local before
    before=$(stat_value total_resets)
    ethtool -t "$NETIF" "$1" || return 1
    [ $(($(stat_value total_resets) - before)) = "$2" ] ||
        { echo "$(($(stat_value total_resets) - before)) resets"; return 1; }
}

# While the interrupts of a vector get lost the test fails, at this line and no other.
finds() # vector line
{
    local status=0 failed
    need_monitor || return
    # It goes on to look after such a pair.
    log_allow 'completions without an interrupt: it is polled'
    adapter_set nic0 inject "interrupt-lost,vector=$1" || return 1
    ethtool -t "$NETIF" online >"$ST_TMP/test" || status=$?
    adapter_set nic0 inject none
    cat "$ST_TMP/test"
    [ $status != 0 ] || { echo "nothing was found"; return 1; }
    failed=$(sed -nE 's/^(.*[^[:space:]])[[:space:]]+[1-9][0-9]*$/\1/p' "$ST_TMP/test")
    [ "$failed" = "$2" ] || { echo "failed: $failed"; return 1; }
    # The vector stays masked until somebody looks: a reset is the way out.
    passes offline 1 && wait_for 15 can_ping
}

# Of one direction over all queues, as netlink and as "ethtool -S" have it.
queue_counters()
{
    local direction shown counted
    need_openena && need_kernel 6.10 || return
    python3 "$ST_DIR/qstats.py" "$NETIF" >"$ST_TMP/queues" || return 1
    cat "$ST_TMP/queues"
    for direction in rx tx; do
        shown=$(awk -v kind=$direction '$1 == kind { sum += $3 } END { print sum + 0 }' "$ST_TMP/queues")
        counted=$(ethtool -S "$NETIF" |
            awk "/queue_[0-9]+_${direction}_cnt:/ { sum += \$2 } END { print sum }")
        echo "$direction: $shown by netlink, then $counted by ethtool"
        # What came in between.
        [ "$shown" -gt 0 ] && [ $((counted - shown)) -ge 0 ] && [ $((counted - shown)) -le 50 ] || return 1
    done
}

# Packets of a queue that was closed are still in the total.
closed_queue()
{
    local before after queues
    need_openena && need_kernel 6.10 || return
    python3 "$ST_DIR/qstats.py" "$NETIF" >"$ST_TMP/queues" || return 1
    queues=$(ethtool_number -l current Combined)
    [ "$queues" -gt 1 ] || { echo "needs two queues"; return $KSFT_SKIP; }
    before=$(awk '$1 == "total" { print $3 }' "$ST_TMP/queues")
    defer "ethtool -L $NETIF combined $queues"
    ethtool -L "$NETIF" combined 1 && python3 "$ST_DIR/qstats.py" "$NETIF" >"$ST_TMP/queues" || return 1
    cat "$ST_TMP/queues"
    after=$(awk '$1 == "total" { print $3 }' "$ST_TMP/queues")
    [ "$after" -ge "$before" ] && [ "$(grep -c '^rx ' "$ST_TMP/queues")" = 1 ]
}

st_begin "diagnosis"
[ "$DRIVER" = openena ] || skip_all "$DRIVER has no self-test"
# Said of a test that fails, as it should here, and of the resets that are part of it.
log_allow 'test: .* queue pairs had no interrupt'
log_allow 'device reset wanted: asked by the user'
log_allow 'completed without its interrupt'
run "registers" registers
run "the test passes" passes online 0
run "the test with a reset passes" passes offline 1
run "traffic starts" traffic_start
run "the test passes under traffic" passes online 0
run "with a reset too" passes offline 1
run "traffic goes on" traffic_moves 30
run "no byte was lost" traffic_stop
run "it finds a queue without interrupts" finds 1 "queue interrupts"
run "it finds a management vector without interrupts" finds 0 "management interrupt"
run "counters of each queue by netlink" queue_counters
run "those of a closed queue stay in the total" closed_queue
st_end
