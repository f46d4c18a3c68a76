# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the selftests of virtual functions share, behind lib.sh: they are enabled, each goes into a
# namespace of its own, vf0, vf1, ..., with an address.

pf_device=
counted=2

vf_if() # number
{
    local path
    for path in "$pf_device/virtfn$1/net/"*; do
        [ -e "$path" ] && echo "${path##*/}" && return
    done
    return 1
}

in_vf() # number command [arguments]
{
    local number=$1
    shift
    ip netns exec "vf$number" "$@"
}

# Its interface, in its namespace.
name_in() # number
{
    in_vf "$1" ls /sys/class/net | grep -vx lo | head -n 1
}

vf_address() # number
{
    echo "192.168.77.$((100 + $1))"
}

enable()
{
    echo "$counted" >"$pf_device/sriov_numvfs" || return 1
    wait_for 10 vf_if $((counted - 1)) >/dev/null || { ls -l "$pf_device"; return 1; }
}

# Into a namespace, with an address; the interface keeps its name there.
set_up() # number
{
    local interface
    interface=$(wait_for 10 vf_if "$1" && vf_if "$1") || return 1
    interface=${interface##*$'\n'}
    ip netns add "vf$1" 2>/dev/null
    ip link set "$interface" netns "vf$1" || return 1
    in_vf "$1" ip addr add "$(vf_address "$1")/24" dev "$interface" &&
        in_vf "$1" ip link set "$interface" up mtu "${2:-1500}" || return 1
    wait_for 10 vf_has_carrier "$1" "$interface"
}

vf_has_carrier() # number interface
{
    [ "$(in_vf "$1" cat "/sys/class/net/$2/carrier" 2>/dev/null)" = 1 ]
}

set_up_all()
{
    local number
    for ((number = 0; number < counted; number++)); do
        set_up "$number" || { echo "function $number has no carrier"; return 1; }
    done
}

pings() # count size command-prefix... -- address
{
    local count=$1 size=$2 prefix=()
    shift 2
    while [ "$1" != -- ]; do
        prefix+=("$1")
        shift
    done
    "${prefix[@]}" ping -q -c "$count" -i 0.1 -W 5 -M "do" -s "$size" "$2"
}

disable()
{
    local number
    echo 0 >"$pf_device/sriov_numvfs" || return 1
    for ((number = 0; number < counted; number++)); do
        ip netns del "vf$number" 2>/dev/null
    done
    ! ls -d "$pf_device"/virtfn* 2>/dev/null
}

# Gives a PCI function to a driver, from whoever has it.
give_to() # function driver
{
    local device=/sys/bus/pci/devices/$1
    modprobe "$2" && echo "$2" >"$device/driver_override" || return 1
    [ ! -e "$device/driver" ] || echo "$1" >"$device/driver/unbind"
    echo "$1" >/sys/bus/pci/drivers_probe
    [ "$(basename "$(readlink "$device/driver")")" = "$2" ]
}

to_vfio() # function
{
    give_to "$1" vfio-pci
}

# Functions that no driver takes; prints the first one.
enable_without_drivers() # count
{
    echo 0 >"$pf_device/sriov_drivers_autoprobe" && echo "$1" >"$pf_device/sriov_numvfs" || return 1
    basename "$(readlink "$pf_device/virtfn0")"
}

# After st_begin: the adapter must have some.
vf_begin()
{
    pf_device=$(readlink -f "/sys/class/net/$NETIF/device")
    [ "$(cat "$pf_device/sriov_totalvfs" 2>/dev/null || echo 0)" -ge $counted ] ||
        skip_all "$NETIF has no $counted virtual functions (sriov-vfs=)"
}
