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

# refuses SENTENCE COMMAND...: exit status 2, with this sentence.
refuses()
{
	local said status

	said=$("${@:2}" 2>&1)
	status=$?
	printf '%s\n' "$said"
	[ "$status" -eq 2 ] && [[ $said == *"$1"* ]]
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

marker="the boot sector runs"

# A disk whose boot sector says so on the serial port.
make_disk()
{
	{
		# cld; ds = 0; si = text; dx = port; loop: al = [si++]; if al: out dx, al; else: hlt for ever
		printf '\xfc\x31\xc0\x8e\xd8\xbe\x16\x7c\xba\xf8\x03\xac\x84\xc0\x74\x03\xee\xeb\xf8\xf4\xeb\xfd'
		printf '%s\r\n' "$marker"
		head -c 510 /dev/zero
	} | head -c 510
	printf '\x55\xaa'
	head -c 1M /dev/zero
}

nothing_new_below_usr()
{
	! find /usr -newer "$1" ! -type d | grep .
}

# call ACTION...: what the endpoint answers to whoever has its credential.
call()
{
	curl -sS --aws-sigv4 aws:amz:us-east-1:ec2 --data "Version=2016-11-15&Action=$1" \
		--user "$(sed -n 's/^aws_access_key_id *= *//p' "$ec2/credentials"):$(
			sed -n 's/^aws_secret_access_key *= *//p' "$ec2/credentials")" "$(
			sed -n 's/^openena: http/http/p' "$ec2.log")/" | tee /dev/stderr
}

# Of a user without a home, with the disk as an AMI; its state is in directory $1.
start_ec2()
{
	ec2=$1/openena/ec2
	mkdir -p "$ec2/images"
	ln -s /disk "$ec2/images/blank.raw"
	chown -R nobody "$1"
	XDG_STATE_HOME=$1 HOME=/nonexistent setpriv --reuid nobody --regid nogroup --clear-groups \
		openena ec2 --port 0 >"$ec2.log" 2>&1 &
}

ami()
{
	call 'DescribeImages&Filter.1.Name=name&Filter.1.Value.1=blank.raw' | grep -o 'ami-[0-9a-f]*' | head -n1
}

# Its console says so.
instance_boots()
{
	local id

	id=$(call "RunInstances&MinCount=1&MaxCount=1&InstanceType=c5n.large&ImageId=$(ami)" |
		grep -o '\<i-[0-9a-f]*' | head -n1)
	within says "$marker" openena console "$id" --log --state-dir "${ec2%/*}/machines" || {
		cat "$ec2/launches/$id"
		return 1
	}
	call "TerminateInstances&InstanceId.1=$id"
	within says '<name>terminated' call "DescribeInstances&InstanceId.1=$id"
}

machines()
{
	local state

	state=$(mktemp -d)
	chmod 755 "$state"
	make_disk >/disk
	export HOME=$state/home XDG_STATE_HOME=$state/run
	unset PYTHONDONTWRITEBYTECODE
	check "openena run without an image says where kernels of ours are" \
		refuses "come with OpenENA's source tree" openena run
	check "it names the package that makes overlays" \
		refuses "qemu-img is missing: install the package qemu-utils" openena run --detach --image /disk
	check "these packages install" apt_get install curl genisoimage qemu-utils
	openena stop --all >/dev/null
	touch "$state/begin"
	check "openena run starts an image" \
		openena run web --detach --image /disk --instance-type c5n.large
	check "it boots" within says "$marker" openena console web --log
	check "it runs" says 'web *running.*c5n.large.*disk' openena list
	check "on the adapter" says power-on openena events --vm web
	check "a Tab offers its name" offers web console w
	check "nothing was written below /usr" nothing_new_below_usr "$state/begin"
	check "openena stop ends it" openena stop web
	check "nothing is left of it" eval '[ -z "$(ls -A "$XDG_STATE_HOME/openena/machines")" ]'
	start_ec2 "$state/ec2"
	check "openena ec2 starts" within grep '^openena: http' "$ec2.log"
	check "the image is an AMI" says 'ami-' ami
	check "an instance of it boots" instance_boots
	kill %1
	wait
	rm -rf "$state" /disk
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
	machines
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
