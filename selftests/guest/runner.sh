# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the tests listed in /openena/tests, one after the other, each on a freshly loaded driver.
#
# A test is a program that exits with 0 (passed), 4 (skipped) or anything else (failed); what it
# prints, TAP or not, is passed on behind "# ". A comment "# timeout: SECONDS" in its head sets its
# time limit; the file "settings" has the limit of those that say nothing.
#
# The kernel log during a test is the test's own affair, because it may provoke warnings on purpose.
# Warnings while the driver is loaded or removed, and a tainted kernel, are found here.
# shellcheck shell=bash

# Kernel lines that say nothing about the driver.
harmless='module taints kernel|module verification failed|clocksource: |tsc: |hrtimer: interrupt took'
harmless+='|perf: interrupt took'

# Taint bits that mean a bug: machine check 4, bad page 5, died 7, warned 9, soft lockup 14.
bug_taints=$((1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14))

tainted()
{
	echo $(($(cat /proc/sys/kernel/tainted) & bug_taints))
}

# Fails, and prints them, if there are kernel warnings since the log was last cleared by this.
log_is_clean()
{
	local lines

	lines=$(dmesg -c --level=emerg,alert,crit,err,warn | grep -vE "$harmless") || return 0
	printf '%s\n' "$lines" | sed "s/^/# dmesg while $1: /"
	return 1
}

# Runs the test program $1, whose path is below selftests/, for at most $2 s.
run_program()
{
	(cd "$(dirname "$1")" && timeout -k 5 "$2" "./$(basename "$1")" 2>&1 </dev/null) |
		sed -u 's/^/# /'
	return "${PIPESTATUS[0]}"
}

# Runs test $2 with a time limit of $3 s; its number in the plan is $1.
run_one()
{
	local number=$1 test=$2 limit=$3 status=0 before start=$SECONDS broken=

	before=$(tainted)
	dmesg -C
	if ! { load_driver && setup_network; } >/run/setup 2>&1; then
		sed 's/^/# set-up: /' /run/setup
		dmesg | tail -n 30 | sed 's/^/# dmesg: /'
		echo "not ok $number $test # the network could not be set up"
		teardown_network >/dev/null 2>&1
		return
	fi
	log_is_clean "loading $DRIVER" || broken=loading
	run_program "${test#selftests/}" "$limit" || status=$?
	dmesg -C
	teardown_network 2>&1 | sed 's/^/# teardown: /' || broken=removing
	log_is_clean "removing $DRIVER" || broken=removing
	[ "$(tainted)" = "$before" ] || broken=running
	case $status${broken:+ broken} in
	0) echo "ok $number $test # time=$((SECONDS - start))s" ;;
	4) echo "ok $number $test # SKIP" ;;
	*broken) echo "not ok $number $test # the kernel complained while $broken" ;;
	124 | 137) echo "not ok $number $test # no end after $limit s" ;;
	*) echo "not ok $number $test # exit=$status time=$((SECONDS - start))s" ;;
	esac
}

# Lets the launcher see that the guest is alive while a test is silent.
heartbeat()
{
	while sleep 5; do
		echo "# alive" >&3
	done
}

# Prints what the head of test $1 says after "# $2:".
head_says()
{
	head -n 40 "$1" | sed -n "s/^# $2: *//p"
}

run_tests()
{
	local tests number=0 limit default_limit

	set -o pipefail
	default_limit=$(sed -n 's/^timeout=//p' settings)
	mapfile -t tests </openena/tests
	heartbeat &
	echo "TAP version 13"
	echo "1..${#tests[@]}"
	for test in "${tests[@]}"; do
		number=$((number + 1))
		if [ ! -x "${test#selftests/}" ]; then
			echo "not ok $number $test # not an executable file"
			continue
		fi
		limit=$(head_says "${test#selftests/}" timeout)
		run_one "$number" "$test" "${limit:-$default_limit}"
	done
	echo "exit 0"
}
