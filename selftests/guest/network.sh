# SPDX-License-Identifier: GPL-2.0-or-later
# Two adapters face to face: NETIF here, REMOTE_IF in the namespace REMOTE_NS.
# shellcheck shell=bash

# shellcheck disable=SC2086 # a list of names
export DRIVER KVER QUEUES MTU SLOW MONITOR ${TEST_ENV:-}
export REMOTE_NS=remote
export LOCAL_V4=${ADDRESS:-192.168.77.1} REMOTE_V4=192.168.77.2
export LOCAL_V6=fd00:77::1 REMOTE_V6=fd00:77::2
# The names that Linux's own drivers/net selftests use.
export REMOTE_TYPE=netns REMOTE_ARGS=remote

load_driver()
{
	modprobe "$DRIVER" || {
		echo "modprobe $DRIVER failed"
		return 1
	}
}

# Prints the network interfaces of the driver, in PCI order.
driver_netdevs()
{
	local device

	for device in /sys/class/net/*/device; do
		[ -e "$device" ] || continue
		# A virtio network device is one level below its PCI function.
		printf '%s %s\n' "$(readlink -f "$device" | grep -o '[0-9a-f:]*\.[0-7]' | tail -n1)" \
			"$(basename "$(dirname "$device")")"
	done | sort | cut -d' ' -f2
}

# Waits up to $1 seconds for the command that follows.
wait_for()
{
	local tries=$(($1 * 10))

	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

has_carrier()
{
	[ "$(cat "/sys/class/net/$1/carrier")" = 1 ]
}

remote_has_carrier()
{
	[ "$(ip netns exec "$REMOTE_NS" cat "/sys/class/net/$REMOTE_IF/carrier")" = 1 ]
}

enough_netdevs()
{
	[ "$(driver_netdevs | wc -l)" -ge "$NICS" ]
}

# Sets NETIF and REMOTE_IF, for as long as both are in one namespace.
name_netdevs()
{
	local netdevs

	if ! wait_for 10 enough_netdevs; then
		echo "$DRIVER made $(driver_netdevs | wc -l) of $NICS network interfaces"
		return 1
	fi
	mapfile -t netdevs < <(driver_netdevs)
	export NETIF=${netdevs[0]:-} REMOTE_IF=${netdevs[1]:-}
	printf 'export NETIF=%s REMOTE_IF=%s\n' "$NETIF" "$REMOTE_IF" >/run/netdevs
}

setup_network()
{
	name_netdevs || return 1
	[ "$NICS" -ge 1 ] || return 0
	sysctl -q -w net.ipv6.conf.default.accept_dad=0
	ip link set lo up
	ip link set "$NETIF" mtu "$MTU" up || return 1
	ip addr add "$LOCAL_V4/24" dev "$NETIF"
	ip addr add "$LOCAL_V6/64" dev "$NETIF" nodad
	[ -z "${GATEWAY:-}" ] || ip route add default via "$GATEWAY"
	if [ "$NICS" -ge 2 ]; then
		setup_remote || return 1
	fi
	if ! wait_for 10 has_carrier "$NETIF"; then
		echo "$NETIF has no link after 10 s"
		return 1
	fi
}

setup_remote()
{
	ip netns add "$REMOTE_NS"
	ip link set "$REMOTE_IF" netns "$REMOTE_NS"
	ip -n "$REMOTE_NS" link set lo up
	ip netns exec "$REMOTE_NS" sysctl -q -w net.ipv6.conf.default.accept_dad=0
	ip -n "$REMOTE_NS" link set "$REMOTE_IF" mtu "$MTU" up || return 1
	ip -n "$REMOTE_NS" addr add "$REMOTE_V4/24" dev "$REMOTE_IF"
	ip -n "$REMOTE_NS" addr add "$REMOTE_V6/64" dev "$REMOTE_IF" nodad
	if ! wait_for 10 remote_has_carrier; then
		echo "$REMOTE_IF has no link after 10 s"
		return 1
	fi
}

# Undoes all of it, so that every test starts from a freshly loaded driver.
teardown_network()
{
	local pids

	pids=$(ip netns pids "$REMOTE_NS" 2>/dev/null)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null
	ip netns delete "$REMOTE_NS" 2>/dev/null
	modprobe -r "$DRIVER"
}
