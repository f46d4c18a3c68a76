#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a virtual machine with systemd, on the adapter, where the packages are installed.
set -u

# shellcheck source=tests/packages/lib.sh
. "$(dirname "$0")/lib.sh"

device=$(dirname "$(grep -lx 0x1d0f /sys/bus/pci/devices/*/vendor)")

driver()
{
	basename "$(readlink "$device/driver")"
}

driven_by()
{
	echo "$device is driven by $(driver)"
	[ "$(driver)" = "$1" ]
}

not_loaded()
{
	! grep "^$1 " /proc/modules
}

metrics()
{
	exec 5<>/dev/tcp/127.0.0.1/9869 || return
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&5
	timeout 30 cat <&5 | tee /dev/stderr | grep -q '^openena_interface_up{.*driver="openena"'
}

finds_nothing_wrong_with_the_driver()
{
	openena check | tee /dev/stderr | grep -q openena
}

# As for a module without the signature that Secure Boot wants: modinfo finds it, the kernel does not take it.
spoil_module()
{
	local module

	module=$(modinfo -n openena)
	[[ $module != *.xz ]] || { unxz "$module" && module=${module%.xz} && depmod; } || return
	LC_ALL=C sed -i 's/\(vermagic=[^ ]*\) SMP/\1 UMP/' "$module" && modinfo openena
}

blacklist_module()
{
	echo 'blacklist openena' >/etc/modprobe.d/no-openena.conf
}

# As after the installation of a kernel without headers.
lose_module()
{
	find "/lib/modules/$(uname -r)/" -name 'openena.ko*' -delete && depmod
}

# ena_serves_it_after COMMAND: when the adapter comes anew, without a driver.
ena_serves_it_after()
{
	modprobe -r openena && modprobe -r ena && "$@" && udevadm control --reload &&
		udevadm trigger --action=add "$device" && within driven_by ena && not_loaded openena
}

check "udev has loaded openena for the adapter" within driven_by openena
check "and not the kernel's own driver" not_loaded ena
check "openena check looks at the interface" finds_nothing_wrong_with_the_driver
check "the exporter is not enabled" eval '! systemctl is-enabled openena-exporter'
check "the exporter starts" systemctl start openena-exporter
check "it serves the numbers of the interface" within metrics
check "it serves them without privileges" \
	eval '[ "$(systemctl show -P DynamicUser openena-exporter)" = yes ] && systemctl is-active openena-exporter'
check "if the module is on a blacklist, the kernel's own driver serves the adapter" \
	ena_serves_it_after blacklist_module
rm /etc/modprobe.d/no-openena.conf
check "if the kernel does not take the module, its own driver serves the adapter" ena_serves_it_after spoil_module
check "without the module, too" ena_serves_it_after lose_module
finish
echo "end of the checks: $failures failed"
