#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The adapter's hardware clock: switched on by devlink, read as /dev/ptpN, and switched off again.

. "$(dirname "$0")/lib.sh"

# More than the adapter answers in a second and in one burst together.
BURST=600

enabled() # true|false
{
    devlink dev param set "$handle" name enable_phc value "$1" cmode driverinit &&
        devlink dev reload "$handle" && net_setup
}

clock()
{
    ethtool -T "$NETIF" | sed -nE 's/^(PTP Hardware Clock|Hardware timestamp provider index): ([0-9]+)$/\2/p'
}

switch_on()
{
    enabled true || return 1
    [ -n "$(clock)" ] && [ -e "/dev/ptp$(clock)" ] || { ethtool -T "$NETIF"; return 1; }
}

ask() # command number
{
    python3 "$ST_DIR/phc_devlink.py" "$1" "/dev/ptp$(clock)" "$2"
}

refuses_too_many()
{
    local answers refused
    read -r answers refused <<<"$(ask burst "$BURST")"
    echo "answers: $answers, refused: $refused"
    [ "${answers:-0}" -gt 0 ] && [ "${refused:-0}" -gt 0 ] || return 1
    sleep 2
    ask compare 1
}

switch_off()
{
    enabled false || return 1
    [ -z "$(clock)" ] || { ethtool -T "$NETIF"; return 1; }
}

st_begin "the hardware clock"
command -v devlink >/dev/null || skip_all "no devlink on this system"
handle=pci/$(basename "$(readlink -f "/sys/class/net/$NETIF/device")")
devlink dev param show "$handle" name enable_phc >/dev/null 2>&1 ||
    skip_all "$DRIVER has no devlink parameter enable_phc"
[ -z "$(clock)" ] || skip_all "$NETIF has a clock already"
# The driver says so for each request that the adapter refuses.
log_allow '^ena .*PHC get time request'
defer "enabled false"
run "devlink switches it on" switch_on
run "it goes as time does" ask compare "$(seconds 2)"
run "too many requests are refused, and it recovers" refuses_too_many
run "traffic starts" traffic_start
run "it goes as time does, beside traffic" ask compare "$(seconds 2)"
run "no byte was lost" traffic_stop
run "devlink switches it off" switch_off
st_end
