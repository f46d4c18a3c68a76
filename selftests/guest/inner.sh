#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest within the guest of nested.sh: drives the function that it was given, and says on its
# console what it sees, in lines that begin with "inner: ". INNER_DRIVER is from the kernel's command
# line. It goes on sending until it is killed.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
DRIVER=$INNER_DRIVER
# shellcheck source=selftests/guest/network.sh
. guest/network.sh

say()
{
	echo "inner: $*"
}

try() # name command [arguments]
{
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		say "ok $name"
	else
		say "failed $name: ${output//$'\n'/ | }"
	fi
}

exec >/dev/console 2>&1
dmesg -n 4
load_driver || say "failed to load $DRIVER"
netdev=$(driver_netdevs)
ip link set lo up
ip addr add 192.168.77.50/24 dev "$netdev"
ip link set "$netdev" up mtu 9001
try "driver $(ethtool -i "$netdev" | sed -n 's/^driver: //p')" wait_for 10 has_carrier "$netdev"
try "physical function" ping -q -c 5 -i 0.2 -W 5 "$LOCAL_V4"
try "wire" ping -q -c 5 -i 0.2 -W 5 "$REMOTE_V4"
try "jumbo frames" ping -q -c 3 -i 0.2 -W 5 -M 'do' -s 8973 "$REMOTE_V4"
try "TCP" iperf3 -c "$REMOTE_V4" -p 5541 -t 2
try "kernel log" test -z "$(dmesg --level=emerg,alert,crit,err)"
say "done"
ping -i 0.1 "$REMOTE_V4" >/dev/null
sleep infinity
