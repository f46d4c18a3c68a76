#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest within the guest of bench/nested.sh: measures the network that it was given, and says on its
# console what it sees, in lines that begin with "inner: ". INNER_DRIVER, INNER_SECONDS and INNER_ONLY
# (latency, or nothing for all) are from the kernel's command line.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
DRIVER=$INNER_DRIVER
# shellcheck source=selftests/guest/network.sh
. guest/network.sh

say()
{
	echo "inner: $*"
}

# The interface's counters: packets and bytes, both ways.
passed() # packets|bytes
{
	echo $(($(cat "/sys/class/net/$netdev/statistics/rx_$1") + $(cat "/sys/class/net/$netdev/statistics/tx_$1")))
}

# Whoever counts from outside needs a while to look: the time around is idle.
measure() # name command [arguments]
{
	local what=$1 packets bytes
	shift
	say "mark $what begin"
	sleep 1
	packets=$(passed packets)
	bytes=$(passed bytes)
	"$@" >/tmp/said 2>&1 || say "failed $what $(tail -c 200 /tmp/said | tr '\n' ' ')"
	say "value $what packets $(($(passed packets) - packets))"
	say "value $what bytes $(($(passed bytes) - bytes))"
	sleep 1
	say "mark $what end"
}

latency()
{
	measure latency sockperf ping-pong -i "$REMOTE_V4" -p 11111 -m 64 --full-rtt -t "$INNER_SECONDS"
	sed -n 's/.*percentile \([0-9.]*\) *= *\([0-9.]*\).*/\1 \2/p' /tmp/said | while read -r percentile us; do
		say "value latency p${percentile}_us $us"
	done
}

# An iperf3 server ends with its client: another one takes its place.
tcp() # name [option]
{
	local what=$1
	shift
	wait_for 10 iperf3 -c "$REMOTE_V4" -p 5541 -n 1K
	sleep 1
	measure "$what" iperf3 -c "$REMOTE_V4" -p 5541 -f k -t "$INNER_SECONDS" "$@"
	say "value $what kbits_per_second $(awk '/receiver/ { for (i = 2; i <= NF; i++) if ($i == "Kbits/sec") print $(i - 1) }' /tmp/said)"
}

pktgen()
{
	local control=/proc/net/pktgen device=/proc/net/pktgen/$netdev word
	echo "add_device $netdev" >$control/kpktgend_0 || return 1
	for word in "count 20000" "pkt_size 60" "delay 0" "dst_mac $remote_mac" "dst 198.18.0.1"; do
		echo "$word" >"$device" || return 1
	done
	echo start >$control/pgctrl
	cat "$device"
}

exec >/dev/console 2>&1
dmesg -n 1
modprobe pktgen
load_driver || say "failed set-up $DRIVER does not load"
netdev=$(driver_netdevs)
ip link set lo up
ip addr add 192.168.77.50/24 dev "$netdev"
ip link set "$netdev" up
wait_for 10 has_carrier "$netdev" || say "failed set-up no carrier"
wait_for 30 ping -q -c 1 -W 2 "$REMOTE_V4" || say "failed set-up no answer from $REMOTE_V4"
remote_mac=$(ip neigh show "$REMOTE_V4" | awk '{ print $5 }')
sleep 2
measure idle sleep "$INNER_SECONDS"
latency
if [ -z "${INNER_ONLY:-}" ]; then
	measure idle_between sleep "$INNER_SECONDS"
	measure small pktgen
	say "value small per_second $(sed -n 's/.* \([0-9]*\)pps .*/\1/p' /tmp/said)"
	tcp tcp
	tcp tcp_back -R
fi
measure idle_after sleep "$INNER_SECONDS"
say "done"
