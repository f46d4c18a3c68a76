#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The selftests of Linux itself, drivers/net and drivers/net/hw, on the pair of adapters. It needs the
# root file system that has them:
#     tools/openena-vm test --root linux-selftests --kver newest selftests/clients/linux.sh
#
# LINUX_TESTS names some of them (drivers/net:ping.py ...), LINUX_DRIVERS the drivers instead of
# DRIVER; scripts/check-linux-selftests judges what they say. Each starts on a freshly loaded driver. The
# variables that the tests read are those of
# guest/network.sh.
# timeout: 14400

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=selftests/guest/network.sh
. guest/network.sh

ROOT=/linux
LIMIT=200
# An IPv6 prefix that the tests with containers may use behind NETIF.
export LOCAL_PREFIX_V6=fd00:78::/64
HARMLESS='module taints kernel|module verification failed|clocksource: |hrtimer: interrupt|perf: interrupt'

# Some tests wait half a second for an answer of 65000 bytes: not enough for an emulated processor.
patient_ping()
{
    [ "$SLOW" -gt 1 ] || return 0
    mkdir -p /run/patient
    cat >/run/patient/ping <<-'EOF'
	#!/bin/bash
	exec /usr/bin/ping "${@/#-W[0-9]*/-W15}"
	EOF
    chmod +x /run/patient/ping
    PATH=/run/patient:$PATH
}

fresh_driver() # driver
{
    teardown_network
    DRIVER=$1
    load_driver && setup_network
}

run_one() # driver directory:program
{
    local directory=${2%%:*} program=${2#*:} status=0 start=$SECONDS
    echo "== begin $1 $2"
    if fresh_driver "$1"; then
        # As on a machine that has been up for a while.
        ip netns exec "$REMOTE_NS" ping -q -c 1 -W5 "$LOCAL_V6" >/dev/null
        ip -n "$REMOTE_NS" -6 route add "$LOCAL_PREFIX_V6" via "$LOCAL_V6"
        dmesg -C
        (cd "$ROOT/$directory" && timeout -k 10 $((LIMIT * SLOW)) "./$program" 2>&1 </dev/null) || status=$?
        dmesg --level=emerg,alert,crit,err,warn | grep -vE "$HARMLESS" | sed 's/^/== dmesg /'
    else
        status=255
    fi
    echo "== end $1 $2 status=$status seconds=$((SECONDS - start))"
}

[ -d "$ROOT/drivers/net" ] || { echo "1..0 # SKIP this guest has no selftests of Linux"; exit 4; }
patient_ping
# What Linux's own runner does for programs that came without the bit.
chmod +x "$ROOT"/drivers/net/*.{py,sh} "$ROOT"/drivers/net/hw/*.{py,sh}
# Its GRO is part of it.
modprobe pppoe
modprobe configfs && mount -t configfs configfs /sys/kernel/config
if [ -n "${LINUX_TESTS:-}" ]; then
    read -ra tests <<<"$LINUX_TESTS"
else
    mapfile -t tests < <(grep '^drivers/net' "$ROOT/kselftest-list.txt")
fi
read -ra drivers <<<"${LINUX_DRIVERS:-$DRIVER}"
last=$DRIVER
for test in "${tests[@]}"; do
    for driver in "${drivers[@]}"; do
        run_one "$driver" "$test"
    done
done
# Whoever started this takes away what it had loaded.
fresh_driver "$last"
