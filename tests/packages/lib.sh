# SPDX-License-Identifier: GPL-2.0-or-later
# A case a line, as TAP, for the checks of installed packages.
# shellcheck shell=bash

cases=0
failures=0

# check SENTENCE COMMAND...: the command says whether the sentence is true.
check()
{
	local said

	cases=$((cases + 1))
	if said=$("${@:2}" 2>&1); then
		echo "ok $cases $1"
	else
		printf '%s\n' "$said" | sed 's/^/# /'
		echo "not ok $cases $1"
		failures=$((failures + 1))
	fi
}

finish()
{
	echo "1..$cases"
	[ "$failures" -eq 0 ]
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

# The drivers that modprobe loads for an adapter, for the kernel $1, in their order.
drivers_for()
{
	local kernel=$1 id

	for id in 0EC2 1EC2 EC20 EC21 0051; do
		modprobe -S "$kernel" --show-depends \
			"pci:v00001D0Fd0000${id}sv00001D0Fsd0000${id}bc02sc00i00" |
			sed -n 's/^insmod .*\/\(openena\|ena\)\.ko.*/\1/p' | paste -sd' '
	done | sort -u | paste -sd,
}

gives()
{
	local drivers

	drivers=$(drivers_for "$1")
	echo "$1: $drivers"
	[ "$drivers" = "$2" ]
}
