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

# Up to a minute: the processor may be emulated.
within()
{
	local _

	for _ in $(seq 60); do
		if "$@" >/dev/null 2>&1; then
			return
		fi
		sleep 1
	done
	"$@"
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

# As after the installation of a kernel without headers.
lose_module()
{
	modprobe -r openena && find "/lib/modules/$(uname -r)/" -name 'openena.ko*' -delete && depmod &&
		udevadm trigger --action=add "$device"
}

check "udev has loaded openena for the adapter" within driven_by openena
check "and not the kernel's own driver" not_loaded ena
check "openena check looks at the interface" finds_nothing_wrong_with_the_driver
check "the exporter is not enabled" eval '! systemctl is-enabled openena-exporter'
check "the exporter starts" systemctl start openena-exporter
check "it serves the numbers of the interface" within metrics
check "it serves them without privileges" \
	eval '[ "$(systemctl show -P DynamicUser openena-exporter)" = yes ] && systemctl is-active openena-exporter'
check "the module goes" lose_module
check "without it the kernel's own driver serves the adapter" within driven_by ena
finish
echo "end of the checks: $failures failed"
