#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in a Debian root of its own: tests/packages/root.sh install|remove RELEASE PACKAGE...
# RELEASE is a kernel that is installed with its headers.
set -u

# shellcheck source=tests/packages/lib.sh
. "$(dirname "$0")/lib.sh"

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

apt_get()
{
	apt-get -y -q -o DPkg::Use-Pty=0 --no-install-recommends "$@"
}

every_kernel_has_it()
{
	local kernel

	ls /lib/modules
	for kernel in /lib/modules/*; do
		compgen -G "$kernel/updates/dkms/openena.ko*" >/dev/null || {
			echo "no module for ${kernel##*/}"
			dkms status
			cat /var/lib/dkms/openena/*/build/make.log
			return 1
		}
	done
}

no_kernel_has_it()
{
	! find /lib/modules -name 'openena.ko*' | grep .
}

# All that the module binds to, and not more.
aliases_agree()
{
	local kernel=$1

	modinfo -k "$kernel" openena >/dev/null &&
		diff <(modinfo -k "$kernel" -F alias openena | sort) \
			<(sed -n 's/^alias \(pci:[^ ]*\) openena$/\1/p' /usr/lib/modprobe.d/openena.conf | sort)
}

in_initramfs()
{
	lsinitramfs "/boot/initrd.img-$1" | grep -q "$2"
}

asked_for_in_initramfs()
{
	echo openena >>/etc/initramfs-tools/modules
	update-initramfs -u -k "$1" && in_initramfs "$1" '/openena\.ko'
}

rebuilt_by_upgrade()
{
	local kernel=$1 package=$2 module before

	module=$(modinfo -k "$kernel" -n openena)
	before=$(stat -c %Y-%i "$module") &&
		apt_get install --reinstall "$package" &&
		[ "$(stat -c %Y-%i "$module")" != "$before" ]
}

says()
{
	local pattern=$1

	"${@:2}" 2>&1 | tee /dev/stderr | grep -q "$pattern"
}

# Exit status 2, with a sentence.
run_says_what_it_needs()
{
	local said

	said=$(openena run 2>&1)
	[ $? -eq 2 ] && [[ $said == *"OPENENA_LAUNCHER in the environment must name it"* ]] &&
		openena list
}

# offers EXPECTED WORD...: what a Tab behind openena and these words offers; the last may be empty.
offers()
{
	local offered

	# shellcheck disable=SC1091,SC2034
	offered=$(
		. /usr/share/bash-completion/completions/openena
		COMP_WORDS=(openena "${@:2}") COMP_CWORD=$(($# - 1))
		_openena openena "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf '%s\n' "${COMPREPLY[@]}" | sort -u | paste -sd' '
	)
	printf '%s\n' "$offered"
	[ "$offered" = "$1" ]
}

# Each has a manual page.
commands()
{
	find /usr/share/man/man1 -name 'openena-*' | sed 's/.*openena-\(.*\)\.1.*/\1/' |
		grep -vx 'exporter\|qemu' | sort | paste -sd' '
}

qemu_is_what_it_was_built_for()
{
	dpkg-query -W -f '${Depends}\n' openena-qemu
	dpkg-query -W -f '${Depends}' openena-qemu |
		grep -q "qemu-system-x86 (>= 1:$(qemu-system-x86_64 --version |
			sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p'))"
}

pages_are_there()
{
	local page link

	page=/usr/share/doc/openena-doc/html
	[ -s $page/index.html ] && [ -s $page/packages.html ] || return 1
	# What the pages share with Sphinx is linked to, and must be there.
	link=$(find $page -xtype l)
	[ -z "$link" ] || { echo "$link"; return 1; }
}

nothing_is_left()
{
	! dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'openena-*' 2>/dev/null | grep '^installed' &&
		! find / -xdev -path /packages -prune -o -name '*openena*' -print | grep .
}

install()
{
	local kernel=$1

	shift
	apt_get update >/dev/null
	check "before, the kernel's own driver takes the adapter" gives "$kernel" ena
	check "the packages install" apt_get install "$@"
	check "DKMS has built the module for every kernel" every_kernel_has_it
	check "the module's aliases are those of the preference" aliases_agree "$kernel"
	check "modprobe takes openena for the adapter, and nothing else" gives "$kernel" openena
	check "the kernel's own driver can be had by its name" \
		says '/ena\.ko' modprobe -S "$kernel" --show-depends ena
	check "an initramfs has the preference" in_initramfs "$kernel" 'modprobe.d/openena.conf'
	check "and no module that nobody asked for" eval "! in_initramfs $kernel '/openena\\.ko'"
	check "openena --help" says '^ *export' openena --help
	check "man -w openena" man -w openena openena-export openena-exporter openena-run openena-qemu
	check "a Tab offers the commands" offers "$(commands)" ""
	check "and the options of one" offers "--image --instance-type" run --i
	check "and the words that an option takes" offers "ena openena" run --driver ""
	check "and files" offers "/etc/debian_version" run --image = /etc/debian_v
	check "and nothing for a wrong word" eval 'offers "" zz && offers "" run --zz && offers "" zz --'
	check "openena run says that it needs the source tree" run_says_what_it_needs
	check "the plugin's package wants the QEMU it was built for" qemu_is_what_it_was_built_for
	check "openena-qemu -device ena,help" says 'sriov-vfs=' openena-qemu -device ena,help
	check "openena-qemu -device help" says '^name "ena"' openena-qemu -device help
	check "the HTML pages are there, with what they link to" pages_are_there
}

remove()
{
	local kernel=$1 package=$2

	check "an upgrade builds the module anew" rebuilt_by_upgrade "$kernel" "$package"
	check "a module that is asked for is in the initramfs" asked_for_in_initramfs "$kernel"
	sed -i '/^openena$/d' /etc/initramfs-tools/modules
	check "the driver's package goes" apt_get remove openena-dkms
	check "no kernel has the module" no_kernel_has_it
	check "the kernel's own driver takes the adapter again" gives "$kernel" ena
	check "an initramfs has no trace of it" eval "! in_initramfs $kernel openena"
	# As openena tune --apply does.
	mkdir -p /var/lib/openena && touch /var/lib/openena/tune-eth0.json
	check "all packages go" apt_get purge 'openena-*'
	check "nothing is left of them" nothing_is_left
}

"$@"
finish
