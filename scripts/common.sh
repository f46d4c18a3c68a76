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

# Runs mmdebstrap; with --mode=root as root. Root gives it mounts of its own: who walks over the file system meanwhile,
# such as updatedb, would keep /proc of the new root busy, and mmdebstrap would fail.
bootstrap()
{
	local run=()

	[[ " $* " != *" --mode=root "* ]] || run=(as_root)
	if "${run[@]}" unshare --mount true 2>/dev/null; then
		run+=(unshare --mount)
	fi
	"${run[@]}" mmdebstrap "$@"
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

# Prints the path of build/vm/$1-KEY.cpio, to be laid over the test VM's root file system. It is made,
# once, of the tree that function $2 puts into a directory; KEY is a digest of the script that calls
# this and of the words that follow.
guest_layer()
{
	local name=$1 fill=$2 key image

	shift 2
	key=$({ cat "$0" "$topdir/tools/vmlib/cpio.py"; printf '%s' "$*"; } | sha256sum | cut -c1-12)
	image=$build/vm/$name-$key.cpio
	hold_lock "$name"
	if [ ! -e "$image" ]; then
		mkdir -p "$build/vm"
		layer_work=$(mktemp -d "$build/vm/.$name.XXXXXX")
		trap 'rm -rf "$layer_work"' EXIT
		mkdir "$layer_work/tree"
		"$fill" "$layer_work/tree"
		tar -C "$layer_work/tree" -c . | python3 "$topdir/tools/vmlib/cpio.py" >"$layer_work/cpio"
		rm -f "$build/vm/$name"-*.cpio
		mv "$layer_work/cpio" "$image"
	fi
	printf '%s\n' "$image"
}
