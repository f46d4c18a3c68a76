#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages that a page pool does not get back, and memory that kmemleak finds no owner of: left by the
# tests before this one, by every way to set the adapter up anew, and by the module when it is removed.
# timeout: 400

. "$(dirname "$0")/lib.sh"

ROUNDS=${ROUNDS:-3}

set_up_anew()
{
    local i
    for ((i = 1; i <= ROUNDS; i++)); do
        ip link set "$NETIF" down && ip link set "$NETIF" up || return 1
        ethtool -L "$NETIF" combined 1 && ethtool -L "$NETIF" combined "$queues" || return 1
        ethtool -G "$NETIF" rx 512 && ethtool -G "$NETIF" rx "$ring" || return 1
        set_mtu_both 9001 && set_mtu_both "$mtu" || return 1
        wait_for 20 can_ping || { echo "no traffic after round $i"; return 1; }
    done
}

traffic()
{
    traffic_start && sleep 2 && traffic_stop
}

remove()
{
    remote_ip link set "$REMOTE_IF" down
    modprobe -r "$DRIVER"
}

# What kmemleak has seen allocated and finds no pointer to; it believes an object to be 5 s old at least.
nothing_lost()
{
    local leaks=/sys/kernel/debug/kmemleak found
    [ -w "$leaks" ] || { echo "this kernel has no kmemleak"; return $KSFT_SKIP; }
    sleep 6
    echo scan >"$leaks" && echo scan >"$leaks" || return 1
    found=$(head -n 60 "$leaks")
    [ -z "$found" ] || { echo "$found"; return 1; }
}

st_begin "pages and memory that nobody gives back"
is_ena || skip_all "$DRIVER has other rings"
queues=$(ethtool_number -l current Combined)
ring=$(ethtool_number -g current RX)
mtu=$(mtu_of)
run "no page pool waits for its pages" pools_empty
run "set up anew in every way, $ROUNDS times" set_up_anew
run "traffic afterwards arrives byte for byte" traffic
run "no page pool waits after that" pools_empty
run "no memory is lost" nothing_lost
defer "modprobe $DRIVER; net_setup"
run "the module goes" remove
run "no page pool waits without the module" pools_empty
run "no memory is lost without the module" nothing_lost
st_end
