# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the selftests share: TAP output, the pair of adapters, traffic, and the
# verdict on the kernel log. A test sources this file, then calls
#
#	st_begin "what it is about"
#	run "name of a case" function [arguments]    once per case
#	st_end
#
# A case is a shell function: status 0 passes, 4 skips, any other one fails;
# what it prints becomes TAP comments.
#
# Environment: DRIVER, NETIF, REMOTE_IF, REMOTE_NS, LOCAL_V4, REMOTE_V4,
# LOCAL_V6, REMOTE_V6, MODULE (path of a .ko; otherwise modprobe finds it),
# SLOW (factor on time-outs, for emulated processors), MONITOR (a terminal line
# to whoever can do to the adapters what only their host can; in the test VM
# tools/vmlib/monitor.py).

set -u

ST_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ST_NAME=$(basename "$0")
KSFT_SKIP=4

DRIVER=${DRIVER:-openena}
MODULE=${MODULE:-}
SLOW=${SLOW:-1}
MONITOR=${MONITOR:-}
REMOTE_NS=${REMOTE_NS:-remote}
LOCAL_V4=${LOCAL_V4:-192.168.77.1}
REMOTE_V4=${REMOTE_V4:-192.168.77.2}
LOCAL_V6=${LOCAL_V6:-fd00:77::1}
REMOTE_V6=${REMOTE_V6:-fd00:77::2}
NETIF=${NETIF:-}
REMOTE_IF=${REMOTE_IF:-}

ST_TMP=
ST_COUNT=0
ST_FAILED=0
ST_PASSED=0
ST_DONE=0
ST_DEFERRED=()
ST_MARK=
ST_TAINT=
LOCAL_MAC=
REMOTE_MAC=

# Kernel lines above notice that say nothing about the driver under test.
ST_LOG_ALLOWED=(
    'loading out-of-tree module taints kernel'
    'module verification failed: signature and/or required key missing'
    'hrtimer: interrupt took'
    'clocksource: '
    'perf: interrupt took too long'
)
# Bits of /proc/sys/kernel/tainted that loading an unsigned out-of-tree module sets.
ST_TAINT_MODULE=$(((1 << 12) | (1 << 13)))

# ---- TAP --------------------------------------------------------------------

say()
{
    printf '# %s\n' "$*"
}

st_result() # ok|not-ok name [directive]
{
    ST_COUNT=$((ST_COUNT + 1))
    case $1 in
    ok)
        [ -z "${3:-}" ] && ST_PASSED=$((ST_PASSED + 1))
        echo "ok $ST_COUNT $2${3:+ # SKIP $3}"
        ;;
    *)
        ST_FAILED=$((ST_FAILED + 1))
        echo "not ok $ST_COUNT $2"
        ;;
    esac
}

# Run a case. The function can "return $KSFT_SKIP" after printing the reason.
run() # name function [arguments]
{
    local name=$1 status=0
    shift
    "$@" >"$ST_TMP/case" 2>&1 || status=$?
    [ ! -s "$ST_TMP/case" ] || sed 's/^/#   /' "$ST_TMP/case"
    case $status in
    0) st_result ok "$name" ;;
    "$KSFT_SKIP") st_result ok "$name" "$(tail -n 1 "$ST_TMP/case")" ;;
    *) st_result not-ok "$name" ;;
    esac
}

skip_all() # reason
{
    echo "1..0 # SKIP $*"
    ST_DONE=1
    exit $KSFT_SKIP
}

# Commands to run at the end, last one first, whatever happens.
defer()
{
    ST_DEFERRED+=("$*")
}

st_undo()
{
    local i
    for ((i = ${#ST_DEFERRED[@]} - 1; i >= 0; i--)); do
        eval "${ST_DEFERRED[i]}" >/dev/null 2>&1
    done
    ST_DEFERRED=()
}

st_exit()
{
    local status=$?
    if [ "$ST_DONE" = 0 ]; then
        st_undo
        echo "Bail out! $ST_NAME ended early, status $status"
        status=1
    fi
    [ -n "$ST_TMP" ] && rm -rf "$ST_TMP"
    exit $status
}

st_begin() # what the test is about
{
    echo "TAP version 13"
    trap st_exit EXIT
    trap 'exit 130' INT TERM
    ST_TMP=$(mktemp -d)
    say "$ST_NAME: $1 (driver $DRIVER)"
    [ "$(id -u)" = 0 ] || skip_all "needs root"
    local tool
    for tool in ip ethtool python3 ping; do
        command -v $tool >/dev/null || skip_all "no $tool on this system"
    done
    ST_MARK=$(log_mark begins)
    ST_TAINT=$(</proc/sys/kernel/tainted)
    net_find
    net_setup || skip_all "no traffic between $NETIF and $REMOTE_IF"
}

st_end()
{
    st_undo
    run "kernel log has nothing above notice" log_clean
    run "kernel taint unchanged" taint_unchanged
    echo "1..$ST_COUNT"
    say "pass:$ST_PASSED fail:$ST_FAILED skip:$((ST_COUNT - ST_PASSED - ST_FAILED))"
    ST_DONE=1
    [ $ST_FAILED = 0 ] || exit 1
    exit 0
}

# ---- kernel log -------------------------------------------------------------

# This test provokes kernel lines that match one of the extended regular expressions.
log_allow() # pattern ...
{
    ST_LOG_ALLOWED+=("$@")
}

# Writes a line into the log, and prints it: "log_since" knows it again.
log_mark() # text
{
    local mark="selftest $ST_NAME: $1 ($EPOCHREALTIME)"
    echo "<5>$mark" >/dev/kmsg && echo "$mark"
}

# All lines above notice since a mark, or else since the test began.
log_since() # [mark]
{
    dmesg --raw | awk -v mark="${1:-$ST_MARK}" '
        match($0, /^<[0-9]+>/) { level = substr($0, 2, RLENGTH - 2) % 8 }
        index($0, mark) { found = 1; lines = ""; next }
        found && level <= 4 { sub(/^<[0-9]+>(\[ *[0-9.]+\] )?/, ""); lines = lines $0 "\n" }
        END { printf "%s", found ? lines : "the kernel log overflowed after \"" mark "\"\n" }'
}

log_clean() # [mark]
{
    local lines
    lines=$(log_since "$@" | grep -vE "$(IFS='|'; echo "${ST_LOG_ALLOWED[*]}")")
    [ -z "$lines" ] || { echo "$lines"; return 1; }
}

taint_unchanged()
{
    local now new
    now=$(</proc/sys/kernel/tainted)
    new=$((now & ~ST_TAINT & ~ST_TAINT_MODULE))
    [ $new = 0 ] || { echo "taint was $ST_TAINT, is $now"; return 1; }
}

# ---- helpers ----------------------------------------------------------------

# Whether the driver implements the ENA interface.
is_ena()
{
    [ "$DRIVER" = openena ] || [ "$DRIVER" = ena ]
}

need_openena()
{
    [ "$DRIVER" = openena ] || { echo "openena only, this is $DRIVER"; return $KSFT_SKIP; }
}

# The running kernel is this one or a later one.
need_kernel() # release
{
    printf '%s\n%s\n' "$1" "$(uname -r)" | sort -VC || { echo "since Linux $1"; return $KSFT_SKIP; }
}

need_btf()
{
    [ -e /sys/kernel/btf/vmlinux ] || { echo "this kernel does not describe its types (BTF)"; return $KSFT_SKIP; }
}

need_tool()
{
    command -v "$1" >/dev/null || { echo "no $1 on this system"; return $KSFT_SKIP; }
}

# Seconds, stretched for slow machines.
seconds()
{
    echo $(($1 * SLOW))
}

# Poll a command until it succeeds.
wait_for() # seconds command [arguments]
{
    local deadline=$((SECONDS + $1 * SLOW))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.2
    done
}

# The command must fail, with a text that matches the extended regular expression.
refuses() # pattern command [arguments]
{
    local pattern=$1 text
    shift
    if text=$("$@" 2>&1); then
        echo "accepted: $*"
        return 1
    fi
    echo "$* -> $text"
    grep -qE "$pattern" <<<"$text" || { echo "expected: $pattern"; return 1; }
}

remote()
{
    ip netns exec "$REMOTE_NS" "$@"
}

# In the background; REMOTE_PID is the process itself.
remote_start()
{
    ip netns exec "$REMOTE_NS" "$@" &
    REMOTE_PID=$!
}

driver_of() # interface
{
    basename "$(readlink "/sys/class/net/$1/device/driver")"
}

# Set what "ethtool -K" sets, in silence when it works.
features() # name on|off ...
{
    ethtool -K "$NETIF" "$@" >"$ST_TMP/features" 2>&1 || { cat "$ST_TMP/features"; return 1; }
}

# on, off, or nothing if the interface has no such feature
feature() # name
{
    ethtool -k "$NETIF" | sed -nE "s/^[[:space:]]*$1: (on|off).*/\1/p"
}

# The numbers that "ethtool -g" or "-l" print: part is maximum or current.
ethtool_number() # -g|-l part field
{
    ethtool "$1" "$NETIF" 2>/dev/null | awk -v part="$2" -v field="$3:" '
        /maximum/ { section = "maximum" }
        /[Cc]urrent/ { section = "current" }
        section == part && index($0, field) == 1 { print $NF; exit }'
}

stat_value() # name
{
    ethtool -S "$NETIF" | awk -v name="$1:" '$1 == name { print $2 }'
}

# Packets received by each queue: "queue count" lines.
rx_queue_counts()
{
    ethtool -S "$NETIF" | sed -nE \
        -e 's/^ *queue_([0-9]+)_rx_cnt: ([0-9]+)$/\1 \2/p' \
        -e 's/^ *rx_queue_([0-9]+)_(xdp_)?packets: ([0-9]+)$/\1 \3/p' \
        -e 's/^ *rx([0-9]+)_packets: ([0-9]+)$/\1 \2/p' | sort -n -u -k1,1
}

# Which queue got most packets while the command ran, and how many others did.
queues_hit() # command [arguments]
{
    rx_queue_counts >"$ST_TMP/before"
    "$@" >/dev/null || return 1
    sleep 0.3
    rx_queue_counts | join "$ST_TMP/before" - |
        awk '{ n = $3 - $2; all += n; if (n > most) { most = n; queue = $1 } }
             END { print queue, most, all - most }'
}

# Interrupt lines of the interface's function.
irq_lines()
{
    local device
    device=$(readlink -f "/sys/class/net/$NETIF/device" 2>/dev/null) || return 0
    [ -d "$device/msi_irqs" ] || device=$(dirname "$device")
    find "$device/msi_irqs" -mindepth 1 -printf '%f\n' 2>/dev/null |
        # Linux 6.1 also lists a vector that has counted and has no handler any more.
        while read -r irq; do grep -E "^ *$irq:.*-edge +[^ ]" /proc/interrupts; done
}

# ---- memory --------------------------------------------------------------------

# Kernel memory that a leak would show in, in KiB.
memory_used()
{
    echo 3 >/proc/sys/vm/drop_caches
    awk '/^(SUnreclaim|PageTables|Percpu|VmallocUsed):/ { sum += $2 }
         END { print sum }' /proc/meminfo
}

# One leaked page a round would be seen; caches of the kernel may still settle.
memory_steady() # KiB-before KiB-after rounds
{
    local allowed=$(($3 * 4 + 1024))
    echo "unreclaimable memory went from $1 to $2 KiB in $3 rounds, allowed $allowed"
    [ $(($2 - $1)) -le $allowed ]
}

# ---- the pair of adapters -----------------------------------------------------

interfaces_of_driver()
{
    local path
    for path in /sys/class/net/*/device; do
        path=${path%/device}
        [ "$(driver_of "${path##*/}")" = "$DRIVER" ] && echo "${path##*/}"
    done
}

interface_by_mac()
{
    local path
    for path in /sys/class/net/*; do
        [ "$(cat "$path/address" 2>/dev/null)" = "${1,,}" ] && echo "${path##*/}" && return
    done
}

# "ip" in the other namespace; less work than a command in it.
remote_ip()
{
    ip -n "$REMOTE_NS" "$@"
}

# Name, state, address and flags of an interface there, or of all.
remote_link() # [interface]
{
    remote_ip -br link show ${1:+dev "$1"} 2>/dev/null
}

# Settle NETIF and REMOTE_IF, and remember their addresses for after a reload.
net_find()
{
    local found
    mapfile -t found < <(interfaces_of_driver)
    NETIF=${NETIF:-${found[0]:-}}
    [ -n "$NETIF" ] || skip_all "no interface is driven by $DRIVER"
    [ -e "/sys/class/net/$NETIF" ] || skip_all "no interface $NETIF"
    [ -n "$REMOTE_IF" ] || REMOTE_IF=$(remote_link | awk '$1 != "lo" { print $1; exit }')
    REMOTE_IF=${REMOTE_IF:-${found[1]:-}}
    [ -n "$REMOTE_IF" ] || skip_all "needs a second adapter; only $NETIF is driven by $DRIVER"
    LOCAL_MAC=$(<"/sys/class/net/$NETIF/address")
    REMOTE_MAC=$(remote_link "$REMOTE_IF" | awk '{ print $3 }')
    if [ -z "$REMOTE_MAC" ]; then
        [ -e "/sys/class/net/$REMOTE_IF" ] || skip_all "no interface $REMOTE_IF"
        REMOTE_MAC=$(<"/sys/class/net/$REMOTE_IF/address")
    fi
    local driver
    driver=$(driver_of "$NETIF")
    [ "$driver" = "$DRIVER" ] || skip_all "$NETIF is driven by $driver, not $DRIVER"
}

# Bring the pair into its normal state. Safe to repeat, also after a reload of
# the driver has put both interfaces back into this namespace.
net_setup()
{
    [ -e "/run/netns/$REMOTE_NS" ] || ip netns add "$REMOTE_NS" || return 1
    [ -e "/sys/class/net/$NETIF" ] || NETIF=$(interface_by_mac "$LOCAL_MAC")
    if [ -z "$REMOTE_IF" ] || [ -z "$(remote_link "$REMOTE_IF")" ]; then
        REMOTE_IF=$(interface_by_mac "$REMOTE_MAC")
        [ -n "$REMOTE_IF" ] || return 1
        ip link set "$REMOTE_IF" netns "$REMOTE_NS" || return 1
    fi
    [ -n "$NETIF" ] || return 1
    remote_ip -batch - <<<"link set lo up"$'\n'"link set $REMOTE_IF up" || return 1
    ip link set "$NETIF" up && net_addresses || return 1
    wait_for 10 carrier_both || { echo "no carrier on $NETIF or $REMOTE_IF"; return 1; }
    wait_for 10 can_ping
}

# IPv6 addresses go away with an MTU below 1280 and with the interface.
net_addresses()
{
    local near="addr replace $LOCAL_V4/24 dev $NETIF" far="addr replace $REMOTE_V4/24 dev $REMOTE_IF"
    if [ "$(mtu_of)" -ge 1280 ]; then
        near+=$'\n'"addr replace $LOCAL_V6/64 dev $NETIF nodad"
        far+=$'\n'"addr replace $REMOTE_V6/64 dev $REMOTE_IF nodad"
    fi
    ip -batch - <<<"$near" && remote_ip -batch - <<<"$far"
}

carrier_both()
{
    [ "$(cat "/sys/class/net/$NETIF/carrier" 2>/dev/null)" = 1 ] &&
        [[ $(remote_link "$REMOTE_IF") = *LOWER_UP* ]]
}

can_ping()
{
    ping -q -c 1 -W 2 "$REMOTE_V4" >/dev/null 2>&1
}

mtu_of()
{
    cat "/sys/class/net/$NETIF/mtu"
}

max_mtu()
{
    ip -d link show "$NETIF" | sed -nE 's/.* maxmtu ([0-9]+).*/\1/p'
}

set_mtu_both()
{
    ip link set "$NETIF" mtu "$1" && remote_ip link set "$REMOTE_IF" mtu "$1" && net_addresses
}

# Set the MTU of both ends for the rest of the test.
with_mtu()
{
    local before
    before=$(mtu_of)
    defer "set_mtu_both $before"
    set_mtu_both "$1"
}

# No page pool waits for pages of its own.
pools_empty()
{
    need_kernel 6.8 || return
    wait_for 10 python3 "$ST_DIR/pools.py"
}

# ---- the adapters from outside -------------------------------------------------

need_monitor()
{
    [ -c "$MONITOR" ] || { echo "no way to reach the adapters from outside"; return $KSFT_SKIP; }
}

# Ask the machine around us; prints its answer, fails with its sentence.
machine() # verb [words]
{
    need_monitor || return
    (
        local id=$BASHPID.$RANDOM line words
        flock 9
        printf -v words ' %q' "$@"
        exec 8<>"$MONITOR" && echo "$id$words" >&8 || exit 1
        # What is not ours answers a request that was given up.
        while IFS= read -r -t "$(seconds 30)" line <&8; do
            case $line in
            "$id ok "*)
                line=${line#"$id ok "}
                [ -z "$line" ] || printf '%s\n' "$line"
                exit 0
                ;;
            "$id error "*) echo "$1: ${line#"$id error "}"; exit 1 ;;
            esac
        done
        echo "$1: no answer within $(seconds 30) s"
        exit 1
    ) 9>/run/monitor.lock
}

# A property of an adapter by its id: nic0 is NETIF, nic1 is REMOTE_IF.
adapter_get() # id property
{
    machine qom-get "$1" "$2"
}

# A value that is JSON (a number, true, false) is set as that, any other as a string.
adapter_set() # id property value
{
    machine qom-set "$1" "$2" "$3"
}

# One of the counters of an adapter's "statistics".
adapter_total() # id name
{
    adapter_get "$1" statistics | sed -nE "s/.*\"$2\": ([0-9]+).*/\1/p"
}

# A number of a port (wire, pf, vf0, ...) of the adapter's switch.
switch_port() # id port field
{
    adapter_get "$1" switch-ports | python3 -c '
import json, sys
print(next(item[sys.argv[2]] for item in json.load(sys.stdin) if item["port"] == sys.argv[1]))' "$2" "$3"
}

# Pull the cable, or plug it in again.
adapter_link() # id on|off
{
    machine set_link "$1" "$2"
}

. "$ST_DIR/lib_traffic.sh"
