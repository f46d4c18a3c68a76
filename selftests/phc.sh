#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The adapter's hardware clock as a PTP clock: its time, its error bound, its limit of requests.
# Where the driver has the clock only on demand, devlink switches it on.

. "$(dirname "$0")/lib.sh"

# More than the adapter answers in a second and in one burst together.
BURST=600

enable()
{
    devlink dev param set "$HANDLE" name enable_phc value true cmode driverinit &&
        devlink dev reload "$HANDLE" && net_setup
}

# A reload by devlink that shall switch it off hangs for ever in Linux 7.3: clients.rst says why.
disable()
{
    [ -n "$(clock)" ] || return 0
    echo "${HANDLE#pci/}" >"/sys/bus/pci/drivers/$DRIVER/unbind" &&
        echo "${HANDLE#pci/}" >"/sys/bus/pci/drivers/$DRIVER/bind" && net_setup
}

clock()
{
    ethtool -T "$NETIF" | sed -nE 's/^(PTP Hardware Clock|Hardware timestamp provider index): ([0-9]+)$/\2/p'
}

has_clock()
{
    [ -n "$(clock)" ] && [ -c "/dev/ptp$(clock)" ] || { ethtool -T "$NETIF"; return 1; }
    cat "/sys/class/ptp/ptp$(clock)/clock_name"
}

switch_on()
{
    enable && has_clock
}

switch_off()
{
    disable || return 1
    [ -z "$(clock)" ] || { ethtool -T "$NETIF"; return 1; }
}

ask() # command number
{
    python3 "$ST_DIR/phc.py" "$1" "/dev/ptp$(clock)" "$2"
}

# Of the last reading, in ns.
error_bound()
{
    local bound file
    need_openena || return
    file=/sys/class/net/$NETIF/device/phc_error_bound
    ask compare 1 && bound=$(cat "$file") || return 1
    echo "$bound ns"
    [ "$bound" -gt 0 ]
}

# What the adapter refused: openena counts it beside the rest, Linux's own driver in debugfs.
refused_by_adapter()
{
    if [ "$DRIVER" = openena ]; then
        stat_value phc_err_ts
    else
        sed -n 's/^phc_err_ts: //p' "/sys/kernel/debug/${HANDLE#pci/}/phc_stats"
    fi
}

refuses_too_many()
{
    local answers refused before now
    # On a busy host an answer may come too late: then the driver does not ask for a while, and
    # the adapter has nothing to refuse.
    for _ in 1 2 3; do
        before=$(refused_by_adapter)
        read -r answers refused <<<"$(ask burst "$BURST")"
        now=$(refused_by_adapter)
        echo "answers: $answers, refused: $refused; refused by the adapter: $before, then $now"
        [ "${answers:-0}" -gt 0 ] && [ "${refused:-0}" -gt 0 ] || return 1
        sleep 2
        [ "$now" = "$before" ] || break
    done
    [ "$now" -gt "$before" ] && ask compare 1
}

down_and_up()
{
    ip link set "$NETIF" down && ask compare 1 && ip link set "$NETIF" up && net_setup && ask compare 1
}

st_begin "the hardware clock"
HANDLE=pci/$(basename "$(readlink -f "/sys/class/net/$NETIF/device")")
if [ "$DRIVER" != openena ]; then
    command -v devlink >/dev/null || skip_all "no devlink on this system"
    devlink dev param show "$HANDLE" name enable_phc >/dev/null 2>&1 ||
        skip_all "$DRIVER has no devlink parameter enable_phc"
    [ -z "$(clock)" ] || skip_all "$NETIF has a clock already"
    # The driver says so for each request that the adapter refuses.
    log_allow '^ena .*PHC get time request'
    defer disable
    run "devlink switches it on" switch_on
else
    run "there is a clock" has_clock
fi
run "it goes as time does" ask compare "$(seconds 2)"
run "nobody sets it" ask set 3600
run "its error bound" error_bound
run "too many requests are refused, and it recovers" refuses_too_many
run "traffic starts" traffic_start
run "it goes as time does, beside traffic" ask compare "$(seconds 2)"
run "no byte was lost" traffic_stop
run "it goes on over down and up" down_and_up
[ "$DRIVER" = openena ] || run "it is off after a new start of the driver" switch_off
st_end
