# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the shell scripts here: messages, the tree's places, how to become root.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

topdir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$topdir/build

say()
{
	printf '%s\n' "openena: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# Prints one field of os-release, for instance VERSION_CODENAME.
os_release()
{
	(
		# shellcheck disable=SC1091
		. /etc/os-release
		printf '%s' "${!1:-}"
	)
}

# Runs a command as root: directly, or through sudo.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "\"$*\" needs root: run make as root, or install sudo."
	fi
}

# Holds a lock named $1 until the script ends, so that parallel make jobs do not build one thing twice.
hold_lock()
{
	mkdir -p "$build/.lock"
	exec 9>"$build/.lock/$1"
	flock 9
}

# Runs a command with its output in build/logs/$1.log; says what it does ($2), and on failure shows
# the log's end.
logged()
{
	local log=$build/logs/$1.log

	say "$2"
	mkdir -p "$build/logs"
	shift 2
	"$@" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		die "$* failed; all that it said is in ${log#"$topdir"/}"
	}
}
